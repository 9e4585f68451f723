r"""RM-06  Conditions 2.13 plus a unique stationary point are not sufficient

Where: dissertation, eq. 2.13 and the text around it
Claim: SGD converges to the only stationary point of a loss if its rates have an infinite sum and a finite sum of
    squares.
Formula: \sum_t \lambda_t = \infty,\ \sum_t \lambda_t^2 < \infty \Rightarrow \theta_t \to \theta^*
Verdict: refuted
Kind: exact
Found: On the fourth power of x, without noise and with the rates 1/t, the iterates from 2 are 2, -30, 53970, ...
    Whenever the square of an iterate is at least t, the next one is at least 3 times as far away, so that this goes on
    for ever. The gradient must not grow faster than linearly, or the iterates must be bounded. And a stationary point
    may be a maximum, which only the word minimiser excludes.
True: x_t^2 \ge t \Rightarrow |x_{t+1}| = |x_t| \left(\frac{4 x_t^2}{t} - 1\right) \ge 3 |x_t|
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from toybox import methods

from ...cases import EPS, rationals
from ...claim import Contrast, at_most, equal, only, told
from ...ours import Plain, moves, on_rule, univariate, walk

claim = told(__doc__)

QUARTIC = Plain(lambda x: x[0] ** 4, lambda x: (4 * x[0] ** 3,))
HILL = Plain(lambda x: -(x[0] ** 2), lambda x: (-2 * x[0],))


def later(first=0):
    """1, 1/2, 1/3, ..., from the one numbered ``first``."""
    schedule: Any = methods.fixed.SCHEDULES["1/t"]
    return lambda t: schedule(F(t + first), None)


def iterates(plain, x, steps, first=0):
    """x and where our SGD without noise goes from it, on exact numbers."""
    return [x, *(move.x[0] for move in moves("sgd", plain, (x,), [0] * steps, rate=later(first)))]


@claim.check("five steps, each at least 3 times as far")
@claim.control("from 1/4", only(F(1, 4)))
@claim.control("5 times as far, from x^2 = t", only(F(1)), factor=5)
def grows(x=F(2), steps=5, factor=3):
    return min(at_most(factor * abs(a), abs(b)) for a, b in pairwise(iterates(QUARTIC, x, steps)))


@claim.check("the first iterates")
def first_iterates():
    found = iterates(QUARTIC, F(2), 2)
    return equal(found, [2, -30, 53970])


@claim.check("the step of the induction", st.tuples(st.integers(1, 50), rationals(-60, 60)))
def induction(t, x):
    """If x_t^2 >= t, then x_(t+1) is at least 3 times as far away, and x_(t+1)^2 >= t + 1."""
    assume(x * x >= t)
    after = iterates(QUARTIC, x, 1, first=t - 1)[1]
    return {
        "factor": equal(abs(after), abs(x) * (4 * x * x / t - 1)),
        "3": at_most(3 * abs(x), abs(after)),
        "once more": at_most(t + 1, after * after),
    }


@claim.check("our rule on arrays")
def diverges_on_arrays():
    """The rule on arrays takes the same steps, until a number is not finite.

    A step loses some 4 eps, and its cube triples what was lost before.
    """
    problem = univariate(lambda x: x**4, lambda x: 4 * x**3)
    found = walk(problem, on_rule(methods.fixed.Fixed(1.0, schedule="1/t")), [2.0], steps=12)
    exact = iterates(QUARTIC, F(2), 5)
    errors = [abs(F(float(x)) / wanted - 1) for x, wanted in zip(found.theta[:6, 0, 0], exact, strict=True)]
    return {
        "same": min(float(1 - error / F(6 * 3**k * EPS)) for k, error in enumerate(errors)),
        "ends": at_most(int(found.trace.ended[0]), 11),
    }


def nearer(plain, x):
    """Three steps on, the iterate would be nearer to the stationary point 0."""
    return Contrast(abs(x), abs(iterates(plain, x, 3)[-1]), "less than")


@claim.check("from 1/4 it is never farther", lambda budget: [F(1, 4), F(-1, 4), F(1, 2)])
@claim.control("never farther, from 2", only(F(2)))
def never_farther(x):
    return min(at_most(abs(b), abs(a)) for a, b in pairwise(iterates(QUARTIC, x, 5)))


claim.counterexample("distance from 0 after three steps from x on x^4", only(F(2)))(lambda x: nearer(QUARTIC, x))
claim.counterexample("distance from the maximum after three steps from x on -x^2", only(F(1, 10)))(
    lambda x: nearer(HILL, x)
)
