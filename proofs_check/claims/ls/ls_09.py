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

from ... import of_code
from ...claim import Contrast, above, equal, only, told
from ...ours import moves, on_rule, walk
from ...proof import Theorem, no
from .common import loop, unit_parabola

claim = told(__doc__)
claim.of_the_code(of_code.armijo.backtracks, of_code.armijo.gives_up, of_code.armijo.nowhere)


@claim.proof("equality is taken", broken={"as printed": {"rejects": operator.ge}})
def takes_equality(b, c1, s, change, rejects=operator.gt):
    return Theorem((b < 0, c1 > 0, s > 0, change == c1 * s * b), {"taken": no(rejects(change, c1 * s * b))})


@claim.proof('where the slope is 0, at a minimum, ">=" rejects every step', broken={'">"': {"rejects": operator.gt}})
def never_ends(c1, s, change, rejects=operator.ge):
    return Theorem((c1 > 0, s >= 0, change >= 0), {"rejected": rejects(change, c1 * s * 0)})


DOWN = (lambda s: (1 - s) ** 2 / 2, -1)  # a line and its slope at 0
BOTTOM = (lambda s: s * s / 2, 0)


@claim.check('">" ends by underflow', only(1.5, 3000))
@claim.control("the slope unguarded, on exact numbers: no underflow", only(F(1), 200))
def ends_when_stationary(first, cap):
    """At the bottom the loop ends before the cap."""
    return above(cap, loop(BOTTOM, operator.gt, first, cap)[1])


@claim.counterexample("accepted step on (1 - s)^2 / 2, where the first meets eq. 2.17", only(F(3, 2)))
def accepted_as_printed(first):
    return Contrast(loop(DOWN, operator.ge, first)[0], loop(DOWN, operator.gt, first)[0])


@claim.counterexample("reductions on floats, at the minimum of s^2 / 2", only(1.5, 3000))
@claim.counterexample("reductions on fractions, at the minimum of s^2 / 2", only(F(3, 2), 200))
def made_as_printed(first, cap):
    """The printed loop should end before the cap."""
    return Contrast(cap, loop(BOTTOM, operator.ge, first, cap)[1], "less than")


@claim.check("our rule takes equality", only(F(0), F(3, 2), 1, tb.Status.FOUND))
@claim.check("our rule measures nothing at a stationary point", only(F(1), 0, 0, tb.Status.STATIONARY))
@claim.control("it halves where there is equality", only(F(0), F(3, 4), 2, tb.Status.FOUND))
def ours(x, step, trials, status):
    """Our rule on (1 - s)^2 / 2, where 3/2 meets eq. 2.17 with equality, or at the minimum; exactly and on arrays."""
    exactly = moves("backtracking", *unit_parabola(x), c=F(1, 4), beta=F(1, 2), first=F(3, 2))[0]
    rule = methods.armijo.Armijo(c=0.25, beta=0.5, first=1.5, reset=2)
    trace = walk(tb.problems.NoisyQuadratic(np.eye(1), np.ones(1)), on_rule(rule), np.array([float(x)])).trace
    wanted = [step, trials, int(status)]
    return {
        "exact": equal([exactly.step, exactly.trials, int(exactly.status)], wanted),
        "arrays": equal([F(trace.size[0, 0]), int(trace.trials[0, 0]), int(trace.status[0, 0])], wanted),
    }
