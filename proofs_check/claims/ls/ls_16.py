r"""LS-16  Local convergence of PAL on non-quadratics

Where: dissertation, sections 2.5 and 4.4 (derived)
Claim: Next to a minimum PAL multiplies the distance by a factor that depends on the mean curvature as far as the
    measuring distance; it converges iff the curvature there is less than 4 / alpha times the fitted one.
Formula: \frac{x^+ - x^*}{x - x^*} \to 1 - \frac{\alpha f''(x^*)}{2\bar a}, \qquad \bar a = \frac{f(x^* \pm \mu) -
    f(x^*)}{\mu^2}
Verdict: holds
Kind: exact
Found: The measuring distance must not exceed the length over which the line is parabolic.
"""

from __future__ import annotations

from fractions import Fraction as F
from typing import NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from ...cases import positive, rationals
from ...claim import close, only, told
from ...proof import Theorem, same, size
from .common import SATURATING, Univariate

claim = told(__doc__)


@claim.proof("the factor", broken={"the whole of the curvature": {"share": 1}})
def factor(x, mean, fitted, alpha, share=F(1, 2)):
    """The minimum at 0, the slope at x > 0 as x times a mean curvature, and a fitted at x - mu: PAL's next point is x
    times the factor. As x -> 0 the mean curvature tends to f''(0) by its definition, and a, which is continuous, to the
    fitted curvature of the formula. Below 1 in size the factor makes iterates converge; above 1 they do not.
    """
    after = x - alpha * (mean * x) / (2 * fitted)
    ratio = 1 - share * alpha * mean / fitted
    return Theorem(
        (x > 0, mean > 0, fitted > 0, alpha > 0),
        {
            "factor": after == ratio * x,
            "converges iff": same(size(ratio) < 1, mean < 4 / alpha * fitted),
        },
    )


class Well(NamedTuple):
    """h / 2 x^2 + gamma x^3 + delta x^4, the minimum 0, seen from the side of the sign of ``side``."""

    h: F
    gamma: F
    delta: F
    mu: F
    alpha: F
    side: int

    @property
    def curve(self):
        return Univariate(
            lambda x: x * x * (self.h / 2 + x * (self.gamma + x * self.delta)),
            lambda x: x * (self.h + x * (3 * self.gamma + x * 4 * self.delta)),
        )

    def mean(self, side):
        """The curvature at the minimum, measured across it from this side."""
        return self.curve.f(-side * self.mu) / self.mu**2


WELLS = st.builds(
    Well,
    positive(),
    rationals(),
    positive(),
    positive(),
    st.integers(1, 40).map(lambda k: F(k, 20)),
    st.sampled_from((-1, 1)),
)


@claim.check("PAL next to a minimum", WELLS, examples=200)
@claim.control("measured on the wrong side", WELLS, across=-1)
def local_factor(well, across=1):
    """From 10^-9 next to the minimum: x_new / x is 1 - alpha h / (2 mean), within 10^-9 times 1.2e5.

    f'(x) / x and the fitted curvature differ from their limits by 3 * 9 |x| and (2 h / mu + 3 |gamma| + 4 delta mu)
    |x| <= 441 |x|, which the factor, of curvatures of at least 1/5, multiplies by 10 and by 225 at most.
    """
    assume(well.mean(well.side) >= F(1, 5))
    x = well.side * F(1, 10**9)
    ratio = well.curve.pal(x, well.mu, alpha=well.alpha)[1] / x
    return F(12, 10**5) - abs(ratio - (1 - well.alpha * well.h / (2 * well.mean(across * well.side))))


ENDS = {  # mu, alpha: where |x_n| ends from .05 on x^2 / (1 + |x|), whose factor is 1 - alpha (1 + mu)
    (0.5, 1.0): 0.0,
    (0.8, 1.0): 0.0,
    (0.95, 1.0): 0.0,
    (2.5, 0.5): 0.0,
    (1.05, 1.0): 0.0063,
    (1.5, 1.0): 0.067,
    (3.0, 1.0): 0.287,
}


@claim.check("x^2 / (1 + |x|): converges or cycles", only(*zip(*ENDS, strict=True), list(ENDS.values())))
@claim.control("mu = 1.5 converges", only([1.5], [1.0], [0.0]))
def runs(mu, alpha, expected):
    """The last two of 1500 steps of our rule: of opposite sign, and of the size said, to within half a unit of its last
    digit."""
    mu, alpha, expected = (np.array(v) for v in (mu, alpha, expected))
    last = SATURATING.arrays(0.05, 1500, mu=mu, alpha=alpha)[-2:]
    unit = np.where(expected == 0, 1e-14, np.where(expected < 0.01, 0.00005, 0.0005))
    same_side = np.max((last[0] * last[1])[expected > 0], initial=-1)
    return {"size": close(np.abs(last), np.broadcast_to(expected, last.shape), unit), "sides": -same_side}
