r"""LS-16  Local convergence of PAL on non-quadratics

Where: dissertation, sections 2.5 and 4.4 (derived)
Claim: Next to a minimum PAL multiplies the distance by a factor that depends on the mean curvature as far as the
    measuring distance; it converges iff the curvature there is less than 4 / alpha times the fitted one.
Formula: \frac{x^+ - x^*}{x - x^*} \to 1 - \frac{\alpha f''(x^*)}{2\bar a}, \qquad \bar a = \frac{f(x^* \pm \mu) -
    f(x^*)}{\mu^2}
Verdict: holds
Kind: highprec
Found: The measuring distance must not exceed the length over which the line is parabolic.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction as F
from typing import NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from ...cases import positive, rationals
from ...claim import close, equal, only, told
from .common import SATURATING, Univariate

claim = told(__doc__)


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

    @property
    def mean(self):
        """The fitted curvature at the minimum, measured across it."""
        return self.curve.f(-self.side * self.mu) / self.mu**2


wells = st.builds(
    Well,
    positive(),
    rationals(),
    positive(),
    positive(),
    st.integers(1, 40).map(lambda k: F(k, 20)),
    st.sampled_from((-1, 1)),
)


@claim.check("the factor next to a minimum", wells, examples=300)
def local_factor(well, across=1):
    """From 10^-9 next to the minimum: x_new / x is 1 - alpha h / (2 mean), within 10^-9 times 1.2e5.

    f'(x) / x and the fitted curvature differ from their limits by 3 * 9 |x| and (2 h / mu + 3 |gamma| + 4 delta mu)
    |x| <= 441 |x|, which the factor, of curvatures of at least 1/5, multiplies by 10 and by 225 at most.
    """
    assume(well.mean >= F(1, 5))
    x = well.side * F(1, 10**9)
    mean = well._replace(side=across * well.side).mean
    ratio = well.curve.pal(x, well.mu, alpha=well.alpha)[1] / x
    return F(12, 10**5) - abs(ratio - (1 - well.alpha * well.h / (2 * mean)))


@claim.check("on a parabola", wells, examples=200)
def on_parabola(well, factor=lambda well: 1 - well.alpha):
    """Without the terms beyond the second it is 1 - alpha, whatever mu."""
    flat = well._replace(gamma=F(0), delta=F(0))
    x = flat.side * F(1, 10)
    return equal(flat.curve.pal(x, flat.mu, alpha=flat.alpha)[1] / x, factor(flat))


ENDS = {  # mu, alpha: where |x_n| ends from .05 on x^2 / (1 + |x|), whose factor is 1 - alpha (1 + mu)
    (0.5, 1.0): 0.0,
    (0.8, 1.0): 0.0,
    (0.95, 1.0): 0.0,
    (2.5, 0.5): 0.0,
    (1.05, 1.0): 0.0063,
    (1.5, 1.0): 0.067,
    (3.0, 1.0): 0.287,
}


def ends(paths, expected):
    """Two last iterates: of opposite sign, and of the size said, to within half a unit of its last digit."""
    size = np.abs(paths)
    unit = np.where(expected == 0, 1e-14, np.where(expected < 0.01, 0.00005, 0.0005))
    same_side = np.max((paths[0] * paths[1])[expected > 0], initial=-1)
    return {"size": close(size, np.broadcast_to(expected, size.shape), unit), "sides": -same_side}


@claim.control("mu = 1.5 converges", only([1.5], [1.0], [0.0]))
def runs(mu, alpha, expected):
    """1500 steps of our rule on arrays, and of eq. 4.2 with 40 digits."""
    mu, alpha, expected = (np.array(v) for v in (mu, alpha, expected))
    ours = SATURATING.arrays(0.05, 1500, mu=mu, alpha=alpha)
    with localcontext() as context:
        context.prec = 40
        start, cases = Decimal("0.05"), zip(mu, alpha, strict=True)
        last = np.array([SATURATING.digits(start, Decimal(m), 1500, Decimal(a))[-2:] for m, a in cases], float).T
    return {"arrays": min(ends(ours[-2:], expected).values()), "digits": min(ends(last, expected).values())}


@claim.check("x^2 / (1 + |x|): converges or cycles")
def known_ends():
    return runs(*zip(*ENDS, strict=True), list(ENDS.values()))


claim.control("measured on the wrong side", wells)(lambda well: local_factor(well, -1))
claim.control("the factor -mu on a parabola", wells)(lambda well: on_parabola(well, lambda w: -w.mu))
