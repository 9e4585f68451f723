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
from math import inf
from typing import NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import positive, rationals
from ...claim import above, close, equal, only, told
from .common import QUARTIC, SATURATING, SMALL, Univariate, newton_factor

claim = told(__doc__)

HYPERBOLA = Univariate(lambda x: (1 + x * x) ** 0.5, lambda x: x / (1 + x * x) ** 0.5)

PRINTED = {  # first iterates, to within half a unit of their last digit
    (F(1), SMALL): [("-1.99", "0.005"), ("9.78", "0.005"), ("-611", "0.5"), ("1e8", "0.5e8")],
    (F(1), F(1, 2)): [("-1.25", "0"), ("2.3", "0.05"), ("-11.6", "0.05"), ("945", "0.5")],
    (F(2), F(1)): [("-6", "0"), ("138", "0")],
}


@claim.check("x^2 / (1 + |x|): growth", lambda budget: list(PRINTED))
@claim.control("from 1/4", only(F(1, 4), SMALL))
@claim.control("x^4", only(F(1), SMALL, QUARTIC))
def diverges(x, mu, curve=SATURATING):
    """Every iterate of 6 steps is 1.2 times the one before and more, all along parabolas with a > 0."""
    path = curve.pal(x, mu, 6)
    return {
        "growth": min(abs(b) / abs(a) for a, b in pairwise(path)) - F(6, 5),
        "a > 0": min(curve.curvature(x, mu) for x in path[:-1]),
    }


@claim.check("the quoted iterates", lambda budget: [(start,) for start in PRINTED])
def printed(start):
    """The iterates as they are quoted."""
    path = SATURATING.pal(*start, len(PRINTED[start]))[1:]
    return min(F(unit) - abs(x - F(text)) for x, (text, unit) in zip(path, PRINTED[start], strict=True))


@claim.check("where it converges")
def converges():
    """From 1/4 it converges; a distance of 2 |x_0| hits 0 in one step."""
    path = SATURATING.pal(F(1, 4), SMALL, 5)
    return {"1/4": F(1, 10**7) - abs(path[-1]), "2 |x_0|": equal(SATURATING.pal(F(7, 3), F(14, 3))[1], F(0))}


@claim.check("Newton's steps")
def newton_steps():
    """Newton's factors x_new / x for x > 0, and f'' of x^2 / (1 + |x|), which is in (0, 2]: all differences are 0."""
    import sympy as sp

    x, p = sp.symbols("x p", positive=True)
    factor = lambda f: 1 - sp.diff(f, x) / (x * sp.diff(f, x, 2))
    differences = {
        "f''": sp.diff(x**2 / (1 + x), x, 2) - 2 / (1 + x) ** 3,
        "x^2 / (1 + |x|)": factor(x**2 / (1 + x)) - (1 - (1 + x) * (2 + x) / 2),
        "sqrt(1 + x^2)": factor(sp.sqrt(1 + x**2)) + x**2,
        "|x|^p": factor(x**p) - newton_factor(p),
    }
    return {name: 0 if sp.simplify(difference) == 0 else -1 for name, difference in differences.items()}


@claim.check("where Newton diverges", positive(400, 200), examples=300)
def newton_diverges(x, root=17):
    """|factor| > 1 iff x > (sqrt 17 - 3) / 2; for |x|^p, p = 1 + x, iff p < 3/2; for sqrt(1 + x^2) iff x > 1."""
    return {
        "x^2 / (1 + |x|)": equal(int(abs(1 - (1 + x) * (2 + x) / 2) > 1), int((2 * x + 3) ** 2 > root)),
        "|x|^p": equal(int(abs(newton_factor(1 + x)) > 1), int(1 + x < F(3, 2))),
        "sqrt(1 + x^2)": equal(int(abs(-(x**3)) > x), int(x > 1)),
    }


@claim.check("sqrt(1 + x^2), many digits", only(2))
@claim.control("sqrt(1 + x^2) from 1/2", only(0.5))
def hyperbola(x):
    """PAL with mu = 1/100 on sqrt(1 + x^2), 5 steps with 500 digits: the least growth, beyond 1.2."""
    import mpmath as mp

    with mp.workdps(500):
        curve = Univariate(lambda x: mp.sqrt(1 + x * x), lambda x: x / mp.sqrt(1 + x * x))
        path = curve.digits(mp.mpf(x), mp.mpf(1) / 100, 5)
        return float(min(abs(b / a) for a, b in pairwise(path))) - 1.2


@claim.check("sqrt(1 + x^2), floats")
def stagnates():
    """On arrays it stops at 1e8, where the curvature is lost in rounding: for 30 steps within 1 %."""
    path = np.abs(HYPERBOLA.arrays(2.0, 40, mu=0.01))
    return {"far": path[10] / 1e8 - 1, "and no farther": close(path[10:], path[10], path[10] / 100)}


class Measured(NamedTuple):
    """l(0), l(mu), l'(0) < 0 and mu > 0: any numbers."""

    l0: F
    l1: F
    b: F
    mu: F


@claim.check("a largest step")
@claim.control("a largest step, but mu = 1", mu=1.0)
def oscillates(mu=1e-4, s_max=10**0.5):
    """From 2 every step soon has the length s_max: from -1.59 to 1.57 and back, for ever.

    Exactly there: the cycle is what Newton's step from 2 - s_max, to (s_max - 2)^3, leaves; mu shifts it by some mu.
    """
    ours = HYPERBOLA.arrays(2.0, 400, mu=mu, s_max=s_max)[-2:]
    top = (s_max - 2) ** 3
    cycle = [top - s_max, top]
    return {
        "arrays": close(np.sort(ours), cycle, 1e-3),
        "quoted": close(cycle, [-1.59, 1.57], 0.005),
    }


measured = st.builds(Measured, rationals(), rationals(), positive().map(lambda b: -b), positive())


@claim.check("the safeguard", measured, examples=300)
def safeguard(m, half=F(1, 2)):
    """With a > 0: s > 0; s > mu iff l falls by more than half of what its slope says; s <= mu / 2 iff it rises."""
    assume(m.l1 - m.l0 > m.b * m.mu)
    pal = methods.pal.PAL(mu=m.mu, alpha=1, s_max=inf)
    s = tb.search(pal, {0: m.l0, m.mu: m.l1}.__getitem__, slope0=m.b).step
    return {
        "s > 0": above(s, 0),
        "s > mu": equal(int(s > m.mu), int(m.l1 - m.l0 < half * m.b * m.mu)),
        "s <= mu / 2": equal(int(s <= half * m.mu), int(m.l1 >= m.l0)),
    }


claim.control("mu = 2 |x_0|")(lambda: min(abs(x) for x in SATURATING.pal(F(1), F(2))[1:]) - F(6, 5))
claim.control("sqrt 16 for sqrt 17", lambda budget: [F(53, 100)])(lambda x: newton_diverges(x, 16))
claim.control("a quarter for half", measured)(lambda m: safeguard(m, F(1, 4)))
