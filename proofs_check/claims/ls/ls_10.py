r"""LS-10  Goldstein conditions

Where: dissertation, section 6.2 (printed <<Goldberg>>)
Claim: Along a descent direction of a smooth loss that is bounded below there are steps between the two Goldstein lines;
    on a parabola the minimum is always among them, on other functions it may not be.
Formula: f(0) + (1-c) s f'(0) \le f(s) \le f(0) + c s f'(0), \qquad 0 < c < \tfrac12
Verdict: holds
Kind: exact
Found: The conditions are those of Goldstein, not <<Goldberg>>.
"""

from __future__ import annotations

from fractions import Fraction as F
from math import inf
from typing import Any, NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import positive, rationals
from ...claim import equal, told
from ...ours import Plain, moves, on_rule, walk
from .common import SOME, curves, enough, room, searched_curve

claim = told(__doc__)


class Quartic(NamedTuple):
    """A s^4 + B s^3 + C s^2 - D s with A, D > 0: bounded below, descending at 0."""

    A: Any
    B: Any
    C: Any
    D: Any

    def f(self, s):
        return s * (s * (s * (s * self.A + self.B) + self.C) - self.D)

    def slope(self, s):
        return s * (s * (s * 4 * self.A + 3 * self.B) + 2 * self.C) - self.D

    def ratio(self, s):
        """(f(s) - f(0)) / (s f'(0)): 1 for s -> 0, at most 0 far away; Goldstein wants it in [c, 1 - c]."""
        return self.f(s) / (-s * self.D)


quartics = st.builds(Quartic, positive(), rationals(), rationals(), positive())
EXAMPLE = Quartic(F(1, 4), F(0), F(0), F(1))
twentieths = st.integers(1, 9).map(lambda k: F(k, 20))


def between(quartic, c, s):
    """Room in both conditions, divided by s |f'(0)|."""
    return min(quartic.ratio(s) - c, 1 - c - quartic.ratio(s))


@claim.check("bisection ends between the lines", st.tuples(quartics, twentieths), examples=300)
def bisected(quartic, c, rounds=100):
    """Bisection of the ratio, which is continuous: room at the last step."""
    low, high, s = F(0), None, F(1)
    for _ in range(rounds):
        if between(quartic, c, s) >= 0:
            break
        low, high = (s, high) if quartic.ratio(s) > 1 - c else (low, s)
        s = 2 * s if high is None else (low + high) / 2
    return between(quartic, c, s)


def accepts(quartic, c, s):
    """Whether our rule accepts s at the first try."""
    rule = methods.goldstein.Goldstein(c=c, first=s, max_step=inf, tries=1)
    return tb.search(rule, quartic.f, slope0=-quartic.D).status == tb.Status.FOUND


@claim.check("minimum excluded iff c > 1/4", lambda budget: range(1, 40))
def minimiser_excluded(k):
    """-s + s^4 / 4, c = k / 80: the minimum s = 1, f = -3/4, is excluded iff c > 1/4."""
    c = F(k, 80)
    return {
        "minimum": equal([EXAMPLE.f(F(1)), EXAMPLE.slope(F(1))], [F(-3, 4), F(0)]),
        "lower bound": equal((1 - c) * EXAMPLE.slope(F(0)), -(1 - c)),
        "excluded": equal(int(not accepts(EXAMPLE, c, F(1))), int(c > F(1, 4))),
    }


@claim.check("on arrays", lambda budget: range(1, 32))
def arrays_exclude(k):
    """The same by our rule on arrays: it ends elsewhere iff c > 1/4, and so it does on exact numbers (c dyadic)."""
    c = F(k, 64)
    rule = methods.goldstein.Goldstein(c=float(c), beta=0.5, first=1.0)
    ours = searched_curve(Quartic(0.25, 0.0, 0.0, 1.0), rule)
    plain = Plain(lambda x: EXAMPLE.f(x[0]), lambda x: (EXAMPLE.slope(x[0]),))
    exactly = moves("sls-goldstein", plain, (F(0),), [(0,)], c=c, beta=F(1, 2), grow=2, first=F(1), max_step=10)[0]
    return equal([int(ours.size[0, 0] != 1), F(ours.size[0, 0])], [int(c > F(1, 4)), exactly.step])


@st.composite
def shares(draw):
    """A parabola, alpha (the step as a multiple of the way to the minimum) and c, all in steps that meet the limits."""
    parabola = Quartic(F(0), F(0), draw(positive()), draw(positive()))
    return parabola, F(draw(st.integers(1, 50)), 20), draw(twentieths)


@claim.check("a parabola's interval", shares(), examples=300)
def on_parabolas(parabola, alpha, c, c_claimed=None):
    """Accepted iff 2 c <= alpha <= 2 (1 - c)."""
    claimed = c if c_claimed is None else c_claimed
    s = alpha * parabola.D / (2 * parabola.C)
    return equal(int(accepts(parabola, c, s)), int(2 * claimed <= alpha <= 2 * (1 - claimed)))


@claim.check(
    "our rule on parabolas", st.tuples(st.integers(1, 40), st.integers(1, 21), st.integers(-20, 20)), examples=150
)
def ours_on_parabolas(C, k, e):
    """On C x^2 from -1, with c = k / 64, our rule ends within the interval whatever the first step 2^e: for beta = 1/2
    shrinking cannot leap over it, beta (1 - c) >= c. All these numbers are exact floats.
    """
    c, first = F(k, 64), F(2) ** e
    plain = Plain(lambda x: C * x[0] * x[0], lambda x: (2 * C * x[0],))
    options = {"c": c, "beta": F(1, 2), "grow": 2, "first": first, "max_step": inf}
    exactly = moves("sls-goldstein", plain, (F(-1),), [(0,)], **options)[0]
    rule = methods.goldstein.Goldstein(c=float(c), beta=0.5, first=float(first), max_step=inf)
    quadratic = tb.problems.NoisyQuadratic(np.full((1, 1), 2.0 * C), np.zeros(1))
    ours = walk(quadratic, on_rule(rule), -np.ones(1)).trace
    alpha = exactly.step * 2 * C  # along -g the minimum is at 1 / (2 C)
    return {
        "admissible": min(alpha - 2 * c, 2 * (1 - c) - alpha),
        "arrays as exact numbers": equal([F(ours.size[0, 0]), int(ours.trials[0, 0])], [exactly.step, exactly.trials]),
    }


@claim.check("what our rule finds on G-LINE", curves, examples=150)
def found_is_admissible(line):
    """Where our rule says FOUND both conditions hold, up to rounding."""
    trace = searched_curve(line, methods.goldstein.Goldstein(c=SOME, first=1.0))
    found = trace.status[0, 0] == tb.Status.FOUND
    assume(found.any())
    s, c = trace.size[0, 0][found], SOME[found]
    lowest = room((1 - c) * s * line.slope0, line.change(s), line.noise(s), s * -line.slope0)
    return {"decrease": np.min(enough(line, s, c)), "not too short": np.min(lowest)}


claim.control("c > 1/2: no step", quartics)(lambda quartic: bisected(quartic, F(11, 20)))
claim.control("the interval of another c", shares())(lambda p, alpha, c: on_parabolas(p, alpha, c, c / 2))
