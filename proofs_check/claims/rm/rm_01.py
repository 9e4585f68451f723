r"""RM-01  Which power schedules satisfy 2.13

Where: dissertation, eq. 2.13
Claim: Learning rates c / t^p have an infinite sum and a finite sum of squares if and only if p is above one half and at
    most 1; the example 1 / t is one of them.
Formula: \sum_t c\,t^{-p} = \infty,\ \sum_t c^2 t^{-2p} < \infty \iff \tfrac12 < p \le 1
Verdict: holds
Kind: highprec
Found: The printed sums begin at t = 0, where 1 / t is undefined: the schedule is 1 / (t + 1).
"""

from __future__ import annotations

from math import ceil, exp, inf

import mpmath
import numpy as np

import toybox as tb
from toybox import methods

from ...cases import EPS
from ...claim import below, close, only, told
from ...ours import on_rule, walk
from .common import LONG, powers

claim = told(__doc__)


def needed(p, M):
    """The T at which the integral of t^-p from 1 to T is M, at most LONG."""
    T = exp(M) if p == 1 else (1 + (1 - p) * M) ** (1 / (1 - p)) if p < 1 else inf
    return ceil(min(T, LONG))


@claim.check("sums to infinity")
def limits():
    """The sums to infinity lie between those of LONG terms and these plus the integral of the rest."""
    first = float(powers(2).sum())
    tails = {p: mpmath.zeta(p) - mpmath.mpf(float(powers(p).sum())) for p in (1.5, 2, 3)}
    rest = {p: LONG ** (1 - p) / (p - 1) for p in tails}
    error = {p: 1e-15 * float(mpmath.zeta(p)) for p in tails}  # pairwise sums of 10^6 terms: 20 roundings
    return {
        "1.645 for p = 2": close(first, 1.645, 5e-4),
        "not less": min(below(0, float(tails[p]), 20 * error[p]) for p in tails),
        "not more": min(below(float(tails[p]), rest[p], 20 * error[p]) for p in tails),
    }


@claim.check("our schedules", lambda budget: [("1/t", 1), ("1/sqrt(t)", 0.5), ("constant", 0)])
@claim.control("1/sqrt(t) for 1/t", only("1/sqrt(t)", 1))
def our_schedules(name, p):
    """What our rules make of the rate 2: 2 (t + 1)^-p at step t = 0, 1, ... Two or three roundings."""
    steps = 60
    wanted = 2 * powers(p, steps)
    problem = tb.problems.NoisyQuadratic(np.eye(1) / 4, np.zeros((1, 1)))
    trace = walk(problem, on_rule(methods.fixed.Fixed(2.0, schedule=name)), [1.0], steps=steps).trace
    return close(trace.size[:, 0], wanted, 4 * EPS * wanted)


FACTORS = [0.5, 1.0, 3.0]
INSIDE = lambda budget: [0.51, 0.6, 0.75, 0.9, 1]


@claim.check("p > 1/2: the squares stay below a number", INSIDE)
@claim.control("p = 1/2: squares below what holds for 0.55", only(0.5, 0.55))
@claim.control("constant: squares below what holds for 0.55", only(0, 0.55))
def squares_stay(p, claimed=None):
    return stays(2 * p, 2 * claimed if claimed else None)


UP_TO_1 = lambda budget: [(p, c, M) for p in (0, 0.3, 0.5, 0.75, 1) for c in FACTORS for M in (1, 3, 6)]


@claim.check("p <= 1: the sum reaches any number", UP_TO_1)
@claim.control("p = 2: the sum reaches 2", only(2, 1.0, 2))
def reaches(p, c, M):
    """The sum of c t^-p is at least its integral, and so M at an explicit T."""
    return float(c * powers(p, needed(p, M / c)).sum() - M)


UP_TO_HALF = lambda budget: [(p, c, M) for p in (0, 0.25, 0.4, 0.5) for c in FACTORS for M in (0.5, 1, 3)]


@claim.check("p <= 1/2: the squares do not", UP_TO_HALF)
def squares_reach(p, c, M):
    return reaches(2 * p, c * c, M)


ABOVE_1 = lambda budget: [1.05, 1.5, 2, 3]


@claim.check("p > 1: the sum does not", ABOVE_1)
def stays(p, claimed=None):
    """For p > 1 the sum of t^-p stays below 1 + 1 / (p - 1)."""
    return float(1 - powers(p).sum() / (1 + 1 / ((claimed or p) - 1)))
