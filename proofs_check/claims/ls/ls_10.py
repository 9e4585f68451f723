r"""LS-10  Goldstein conditions

Where: dissertation, section 6.2 (printed <<Goldberg>>)
Claim: Along a descent direction of a smooth loss that is bounded below there are steps between the two Goldstein lines;
    on a parabola the minimum is always among them, on other functions it may not be.
Formula: f(0) + (1-c) s f'(0) \le f(s) \le f(0) + c s f'(0), \qquad 0 < c < \tfrac12
Verdict: holds
Kind: exact
Found: The conditions are those of Goldstein, not <<Goldberg>>.
Sampled: that there is a step rests on the intermediate value theorem, for every continuous loss; bisection finds it on
    quartics. What is said of parabolas, and that the minimum may be excluded elsewhere, is proved.
"""

from __future__ import annotations

from fractions import Fraction as F
from math import inf
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ... import of_code
from ...cases import positive, rationals
from ...claim import equal, holds, told
from ...ours import Plain, moves, on_rule, walk
from ...proof import Theorem, every, same
from .common import searched_curve

claim = told(__doc__)
claim.of_the_code(
    of_code.goldstein.accepts,
    of_code.goldstein.capped,
    of_code.goldstein.moves,
    of_code.goldstein.gives_up,
    of_code.goldstein.nowhere,
    of_code.goldstein.hands_on,
)


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

    def between(self, c, s):
        """Room in both conditions, divided by s |f'(0)|; negative where one is broken."""
        ratio = self.f(s) / (-s * self.D)  # 1 for s -> 0, at most 0 far away
        return ratio - c, 1 - c - ratio


EXAMPLE = Quartic(F(1, 4), F(0), F(0), F(1))


@claim.proof("on parabolas: an interval with the minimum", broken={"between c and 1 - c": {"share": 1}})
def on_parabolas(C, D, alpha, c, share=2):
    """Of the steps that are alpha times the way to the minimum of C s^2 - D s."""
    parabola, best = Quartic(0, 0, C, D), D / (2 * C)
    accepted = lambda s: every(*(r >= 0 for r in parabola.between(c, s)))
    ends = every(share * c <= alpha, alpha <= share * (1 - c))
    return Theorem(
        (C > 0, D > 0, alpha > 0, 0 < c, c < F(1, 2)),
        {"iff": same(accepted(alpha * best), ends), "minimum": accepted(best)},
    )


@claim.proof("the minimum of -s + s^4 / 4 is excluded iff c > 1/4", broken={"c > 1/3": {"least": F(1, 3)}})
def minimum_excluded(c, s, least=F(1, 4)):
    """It is at 1: nothing is lower."""
    excluded = min(EXAMPLE.between(0, F(1))) - c < 0
    return Theorem(
        (0 < c, c < F(1, 2)), {"excluded": same(excluded, c > least), "minimum": EXAMPLE.f(s) >= EXAMPLE.f(F(1))}
    )


QUARTICS = st.builds(Quartic, positive(), rationals(), rationals(), positive())


@claim.check(
    "bisection ends between the lines", st.tuples(QUARTICS, st.integers(1, 9).map(lambda k: F(k, 20))), examples=300
)
@claim.control("c > 1/2: no step", QUARTICS, c=F(11, 20))
def bisected(quartic, c, rounds=100):
    """Bisection of the ratio, which is continuous: room at the last step."""
    low, high, s = F(0), None, F(1)
    for _ in range(rounds):
        decrease, length = quartic.between(c, s)
        if min(decrease, length) >= 0:
            break
        low, high = (s, high) if length < 0 else (low, s)
        s = 2 * s if high is None else (low + high) / 2
    return min(quartic.between(c, s))


# --- our rule


@claim.check("the minimum excluded iff c > 1/4, by our rule", lambda budget: range(1, 32))
@claim.control("iff c > 1/3", lambda budget: range(1, 32), least=F(1, 3))
def rule_excludes(k, least=F(1, 4)):
    """It ends elsewhere, on a bare line, on arrays and on exact numbers (c dyadic)."""
    c = F(k, 64)
    once = methods.goldstein.Goldstein(c=c, first=F(1), max_step=inf, tries=1)
    alone = tb.search(once, EXAMPLE.f, slope0=-EXAMPLE.D).status == tb.Status.FOUND
    ours = searched_curve(Quartic(0.25, 0.0, 0.0, 1.0), methods.goldstein.Goldstein(c=float(c), beta=0.5, first=1.0))
    plain = Plain(lambda x: EXAMPLE.f(x[0]), lambda x: (EXAMPLE.slope(x[0]),))
    exactly = moves("sls-goldstein", plain, (F(0),), [(0,)], c=c, beta=F(1, 2), grow=2, first=F(1), max_step=10)[0]
    size = F(ours.size[0, 0])
    return {
        "alone": holds(alone == (c <= least)),
        "arrays": holds((size == 1) == (c <= least)),
        "exact": equal(size, exactly.step),
    }


@claim.check(
    "our rule on parabolas", st.tuples(st.integers(1, 40), st.integers(1, 21), st.integers(-20, 20)), examples=150
)
@claim.control("up to 1 - c", st.tuples(st.integers(1, 40), st.integers(1, 21), st.integers(-20, 20)), share=1)
def ours_on_parabolas(C, k, e, share=2):
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
        "admissible": min(alpha - share * c, share * (1 - c) - alpha),
        "arrays as exact numbers": equal([F(ours.size[0, 0]), int(ours.trials[0, 0])], [exactly.step, exactly.trials]),
    }
