r"""LS-09  Algorithm 2 tests with ">="

Where: dissertation, Algorithm 2
Claim: Algorithm 2 shrinks a step until it decreases the loss sufficiently in the sense of eq. 2.17.
Formula: \mathrm{while}\ f(s) \ge f(0) + c_1 s f'(0):\ s \leftarrow \beta s
Verdict: corrected
Kind: exact
Found: Equality, which eq. 2.17 accepts, must not be rejected: it costs a reduction, and where the slope is 0 the
    printed loop never ends, not even at s = 0. With ">" it would end there, but only when f(s) has underflowed: a
    search must look at the slope first, as ours does. The text calls the factor rho, the table beta.
True: \mathrm{if}\ f'(0) < 0:\ \mathrm{while}\ f(s) > f(0) + c_1 s f'(0):\ s \leftarrow \beta s
"""

from __future__ import annotations

import operator
from fractions import Fraction as F

import numpy as np

import toybox as tb
from toybox import methods

from ...claim import Contrast, above, equal, only, told
from ...ours import moves, on_rule, walk
from .common import loop, unit_parabola

claim = told(__doc__)

DOWN = (lambda s: (1 - s) ** 2 / 2, -1)  # a line and its slope at 0
BOTTOM = (lambda s: s * s / 2, 0)


def takes_equality(step, made):
    """Of (1 - s)^2 / 2, 3/2 meets eq. 2.17 with equality: it is taken, at once."""
    return equal([step, made], [F(3, 2), 0])


@claim.check('">" ends by underflow', only(loop(BOTTOM, operator.gt, 1.5)[1], 3000))
def ends_when_stationary(made, cap):
    """At the bottom a search ends before the cap."""
    return above(cap, made)


@claim.counterexample("accepted step on (1 - s)^2 / 2, where the first meets eq. 2.17", only(F(3, 2)))
def accepted_as_printed(first):
    return Contrast(loop(DOWN, operator.ge, first)[0], loop(DOWN, operator.gt, first)[0])


@claim.counterexample("reductions on floats, at the minimum of s^2 / 2", only(1.5, 3000))
@claim.counterexample("reductions on fractions, at the minimum of s^2 / 2", only(F(3, 2), 200))
def made_as_printed(first, cap):
    """The printed loop should end before the cap."""
    return Contrast(cap, loop(BOTTOM, operator.ge, first, cap)[1], "less than")


def ours(x, first=F(3, 2)):
    """Steps, reductions and stationarity of our rule on exact numbers and on arrays, in this order."""
    exactly = moves("backtracking", *unit_parabola(x), c=F(1, 4), beta=F(1, 2), first=first)[0]
    rule = methods.armijo.Armijo(c=0.25, beta=0.5, first=float(first), reset=2)
    quadratic = tb.problems.NoisyQuadratic(np.eye(1), np.ones(1))
    trace = walk(quadratic, on_rule(rule), np.array([float(x)])).trace
    status = tb.Status(int(trace.status[0, 0]))
    return (exactly.step, exactly.trials, exactly.status), (F(trace.size[0, 0]), int(trace.trials[0, 0]), status)


@claim.check("our rule takes equality")
def ours_takes_equality():
    return {name: takes_equality(s, n - 1) for name, (s, n, _) in zip(("exact", "arrays"), ours(F(0)), strict=True)}


@claim.check("our rule at a stationary point")
def ours_is_guarded():
    """At the minimum our search measures nothing."""
    return min(equal([s, n, int(how == tb.Status.STATIONARY)], [0, 0, 1]) for s, n, how in ours(F(1)))


@claim.control("the slope unguarded, on exact numbers")
def unguarded(cap=200):
    """Without a look at the slope, at the minimum: on exact numbers no step underflows to 0."""
    return ends_when_stationary(loop(BOTTOM, operator.gt, F(1), cap)[1], cap)


claim.check('the loop with ">" takes equality')(lambda: takes_equality(*loop(DOWN, operator.gt, F(3, 2))))
claim.control("the condition a hair stricter")(
    lambda: takes_equality(*loop(DOWN, lambda f, bound: f > bound - F(1, 99), F(3, 2)))
)
