r"""LS-15  On what parabolic approximations do diverge

Where: dissertation, section 2.5 (what can be said instead of LS-14)
Claim: They diverge on convex functions that flatten far out, such as x^2 / (1 + |x|) and sqrt(1 + x^2), and Newton on
    powers between 1 and 3/2. A measuring distance at which the loss rises keeps steps below half of it.
Formula: f(x) = \frac{x^2}{1+|x|}:\ \frac{x^+}{x} = 1 - \frac{(1+x)(2+x)}{2}; \qquad l(\mu) \ge l(0) \Leftrightarrow s
    \le \frac{\mu}{2}
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise

import sympy as sp

from ... import of_code
from ...claim import holds, only, told
from ...proof import Theorem, same, size
from .common import QUARTIC, SATURATING, SMALL, newton_factor

claim = told(__doc__)
claim.of_the_code(of_code.pal.long_enough)


@claim.check("Newton's steps", degree="proved")
@claim.control("Newton's steps on |x|^p with f' / f'' = x / p", newton=lambda p: 1 - 1 / p)
def newton_steps(newton=newton_factor):
    """Newton's factors x_new / x for x > 0, and f'' of x^2 / (1 + |x|), which is in (0, 2]."""
    x, p = sp.symbols("x p", positive=True)
    factor = lambda f: 1 - sp.diff(f, x) / (x * sp.diff(f, x, 2))
    differences = {
        "f''": sp.diff(x**2 / (1 + x), x, 2) - 2 / (1 + x) ** 3,
        "x^2 / (1 + |x|)": factor(x**2 / (1 + x)) - (1 - (1 + x) * (2 + x) / 2),
        "sqrt(1 + x^2)": factor(sp.sqrt(1 + x**2)) + x**2,
        "|x|^p": factor(x**p) - newton(p),
    }
    return {name: holds(sp.simplify(difference) == 0) for name, difference in differences.items()}


@claim.proof("where Newton diverges", broken={"sqrt 16 for sqrt 17": {"root": 16}})
def newton_diverges(x, p, root=17):
    """|factor| > 1 iff x > (sqrt 17 - 3) / 2; for sqrt(1 + x^2) iff x > 1; for |x|^p, p > 1, iff p < 3/2.

    From there on |factor| only grows with |x|, so that the iterates do without bound.
    """
    flattens = lambda x: size(1 - (1 + x) * (2 + x) / 2)
    return Theorem(
        (x > 0, p > 1),
        {
            "x^2 / (1 + |x|)": same(flattens(x) > 1, (2 * x + 3) ** 2 > root),
            "sqrt(1 + x^2)": same(size(-(x**2)) > 1, x > 1),
            "|x|^p": same(size(newton_factor(p)) > 1, p < F(3, 2)),
        },
    )


@claim.proof("where PAL diverges on x^2 / (1 + |x|)", broken={"from 1/4": {"least": F(1, 4)}})
def saturating(x, mu, least=1):
    """With |x| >= 1 and mu <= 1/2 every iterate is 5/4 times as far as the one before, on the other side, and so on."""
    f, slope = lambda x: x * x / (1 + x), x * (2 + x) / (1 + x) ** 2
    a = (f(x - mu) - f(x) + slope * mu) / mu**2
    after = x - slope / (2 * a)
    return Theorem((x >= least, mu > 0, mu <= F(1, 2), mu < x), {"a > 0": a > 0, "farther": after <= -F(5, 4) * x})


@claim.proof("where PAL diverges on sqrt(1 + x^2)", broken={"from 1/2": {"least": F(1, 2)}})
def hyperbola(x, mu, product, least=2):
    """With |x| >= 2 and mu <= 1/2 every iterate is 3 times as far as the one before, on the other side, and so on.

    product = f(x) f(x - mu). The fitted a is (product - (1 + x^2 - x mu)) / (f(x) mu^2), the slope x / f(x).
    """
    curvature = product - (1 + x**2 - x * mu)  # a f(x) mu^2
    after = x - x * mu**2 / (2 * curvature)
    return Theorem(
        (x >= least, mu > 0, mu <= F(1, 2), product > 0, product**2 == (1 + x**2) * (1 + (x - mu) ** 2)),
        {"a > 0": curvature > 0, "farther": after <= -3 * x},
    )


@claim.proof("the safeguard", broken={"a quarter for half": {"half": F(1, 4)}})
def safeguard(l0, l1, b, mu, half=F(1, 2)):
    """With a > 0: s > 0; s > mu iff l falls by more than half of what its slope says; s <= mu / 2 iff it rises."""
    a = (l1 - l0 - b * mu) / mu**2
    s = -b / (2 * a)
    return Theorem(
        (b < 0, mu > 0, a > 0),
        {
            "s > 0": s > 0,
            "s > mu": same(s > mu, l1 - l0 < half * b * mu),
            "s <= mu / 2": same(s <= mu / 2, l1 >= l0),
        },
    )


# --- our PAL on exact numbers


@claim.check("growth on x^2 / (1 + |x|)", lambda budget: [(F(1), SMALL), (F(1), F(1, 2)), (F(2), F(1))])
@claim.control("from 1/4", only(F(1, 4), SMALL))
@claim.control("mu = 2 |x|: 0 in one step", only(F(7, 3), F(14, 3)))
@claim.control("x^4", only(F(1), SMALL, QUARTIC))
def diverges(x, mu, curve=SATURATING):
    """Every iterate of 6 steps is 1.2 times the one before and more, all along parabolas with a > 0."""
    path = curve.pal(x, mu, 6)
    return {
        "growth": min(abs(after) - F(6, 5) * abs(before) for before, after in pairwise(path)),
        "a > 0": min(curve.curvature(x, mu) for x in path[:-1]),
    }
