r"""PAL-P2N  Unequal curvatures: a weighted average

Where: dissertation, section 4.4.4, after Propositions 2 and 3
Claim: Where batches have different Q_i the mean of the minimisers is not the minimiser of the mean (2 against 3 for x^2
    and 3 (x - 4)^2); their mean with weights Q_i is.
Formula: \mathrm{arg}\min \mathcal L = \left(\sum_i Q_i\right)^{-1} \sum_i Q_i x_i^*
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
from hypothesis import strategies as st

import toybox as tb

from ...cases import add, mean, rational_quadratics, scale, times, tol_solve
from ...claim import close, equal, told
from ...proof import Theorem, every
from .common import minimiser, twice

claim = told(__doc__)


@claim.proof("two batches in two variables", broken={"the plain mean": {"weighted": False}})
def stationary(a, b, c, d, e, f, x1, y1, x2, y2, x, y, weighted=True):
    """Q_1 (x - x_1) + Q_2 (x - x_2), half of a gradient, is 0 where (Q_1 + Q_2) x = Q_1 x_1 + Q_2 x_2.

    More variables and more batches add terms of the same form.
    """
    P, Q, one, two, there = ((a, b), (b, c)), ((d, e), (e, f)), (x1, y1), (x2, y2), (x, y)
    away = lambda Q, own: times(Q, add(there, -1, own))
    both = add(times(P, there), 1, times(Q, there)), add(times(P, one), 1, times(Q, two))
    plain = there, scale(F(1, 2), add(one, 1, two))
    given = [u == v for u, v in zip(*(both if weighted else plain), strict=True)]
    return Theorem(given, {"stationary": every(*(g == 0 for g in add(away(P, one), 1, away(Q, two))))})


@claim.check("x^2 and 3 (x - 4)^2", degree="proved")
@claim.control("x^2 and (x - 4)^2", ratio=1)
def printed_numbers(ratio=3):
    """The mean of the minimisers, and the minimiser of the mean that our problem reports."""
    found = tb.problems.NoisyQuadratic([[[2.0]], [[2.0 * ratio]]], [[0.0], [4.0]])
    return {"plain": equal(found.m.mean(), 2), "true": equal(found.solution.item(), 3)}


MEMBERS = st.integers(1, 4).flatmap(
    lambda n: st.lists(rational_quadratics(n=st.just(n)), min_size=2, max_size=5),
)


@claim.check("our problem's solution", MEMBERS, examples=60)
@claim.control("the plain mean", MEMBERS, examples=5, weighted=False)
def solution(members, weighted=True):
    """The solution that our problem reports, to T-solve."""
    Q, m = np.array([twice(q.Q) for q in members], float), np.array([minimiser(q) for q in members], float)
    x, A = tb.problems.NoisyQuadratic(Q, m).solution if weighted else m.mean(axis=0), Q.mean(axis=0)
    exact = np.array(mean([times(twice(q.Q), minimiser(q)) for q in members]), float)
    return close(A @ x, exact, tol_solve(A, x) + tol_solve(A, np.abs(m).max(axis=0)))
