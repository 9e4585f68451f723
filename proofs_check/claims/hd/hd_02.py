r"""HD-02  SGD-HD moves the rate towards the line's minimum

Where: dissertation, the text after eq. 2.49
Claim: The hypergradient changes the learning rate such that a step comes closer to the minimum of the line.
Formula: \lambda^+ - \lambda^* = (1 - \alpha\, g^\top H g)(\lambda - \lambda^*)
Verdict: holds
Kind: exact
Found: On a fixed quadratic line, and if and only if alpha is positive and below 2 / g'Hg.
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import dot, positive, rational_quadratics
from ...claim import above, equal, told
from ...ours import Plain, Quadratics, moves, on_rule, walk
from ..alig.common import wholes

claim = told(__doc__)


def step_of_rate(q, rate, hyper_rate):
    """The rate that leaves the second place, on one and the same loss (at its minimum there is none)."""
    plain = Plain(q.f, q.gradient)
    second = moves("sgd-hd", plain, q.x, [(0,)] * 2, rate=rate, hyper_rate=hyper_rate)[1]
    assume(second.status == tb.Status.FOUND)
    return second.step


def to_minimum(q):
    """The rate that leads to the minimum of the line along -g, and the curvature g'Hg (here H = 2 Q)."""
    g = q.gradient(q.x)
    assume(any(g))
    bend = 2 * dot(g, tuple(dot(row, g) for row in q.Q))
    return dot(g, g) / bend, bend


@claim.check("the rule on arrays", wholes(), examples=100)
def same_on_arrays(case):
    M = np.array(case.M, float)
    problem = tb.problems.NoisyQuadratic((M @ M.T + np.eye(len(M)))[None], np.array([case.m], float))
    rule = methods.hypergradient.Hypergradient(float(case.rate), float(case.hyper_rate))
    sizes = walk(problem, on_rule(rule), np.array(case.x, float), 2).trace.size[:, 0].tolist()
    Q = [tuple(dot(a, b) + (i == j) for j, b in enumerate(case.M)) for i, a in enumerate(case.M)]
    plain = Quadratics([Q], [case.m])
    exact = moves("sgd-hd", plain, case.x, [(0,)] * 2, rate=case.rate, hyper_rate=case.hyper_rate)
    return equal([F(size) for size in sizes], [move.step for move in exact])


QUADRATICS = rational_quadratics(n=st.integers(1, 3))
INSIDE = st.integers(1, 19).map(lambda k: F(k, 10))  # of (0, 2)


@claim.check("closer", st.tuples(QUADRATICS, positive(), INSIDE), examples=80)
@claim.control("at the limit", st.tuples(QUADRATICS, positive(), st.just(F(2))), examples=5)
@claim.control("alpha beyond the limit", st.tuples(QUADRATICS, positive(), st.just(F(5, 2))), examples=5)
@claim.control("alpha = 0", st.tuples(QUADRATICS, positive(), st.just(F(0))), examples=5)
def approaches(q, rate, share):
    """The distance to the best rate falls."""
    best, bend = to_minimum(q)
    assume(rate != best)
    return above(abs(rate - best), abs(step_of_rate(q, rate, share / bend) - best))


@claim.check("contraction", st.tuples(QUADRATICS, positive(), INSIDE), examples=80)
@claim.check("the factor, also beyond", st.tuples(QUADRATICS, positive(), positive()), examples=80)
def contracts_by(q, rate, share, rounds=3):
    """With alpha = share / g'Hg the distance to the best rate changes by 1 - share, in every step from this place."""
    best, bend = to_minimum(q)
    slack = []
    for _ in range(rounds):
        new = step_of_rate(q, rate, share / bend)
        slack.append(equal(new - best, (1 - share) * (rate - best)))
        rate = new
        if rate < 0:  # from which no run begins
            break
    return min(slack)
