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

import numpy as np
import sympy as sp

from ...claim import close, holds, only, told
from ...proof import Theorem, same, size
from .common import SATURATING

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


@claim.check("any polynomial of degree four", degree="proved")
@claim.control("measured on the wrong side", across=-1)
def limit_of_the_factor(across=1):
    """Of h / 2 x^2 + gamma x^3 + delta x^4 from the right; from the left gamma has the other sign."""
    x, h, gamma, delta, mu, alpha = sp.symbols("x h gamma delta mu alpha", positive=True)
    f = lambda x: h / 2 * x**2 + gamma * x**3 + delta * x**4
    slope = f(x).diff(x)
    fitted = (f(x - mu) - f(x) + slope * mu) / mu**2
    factor = sp.limit(sp.simplify(1 - alpha * slope / x / (2 * fitted)), x, 0)
    return holds(sp.simplify(factor - (1 - alpha * h / (2 * f(-across * mu) / mu**2))) == 0)
