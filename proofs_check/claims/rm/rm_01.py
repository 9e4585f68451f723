r"""RM-01  Which power schedules satisfy 2.13

Where: dissertation, eq. 2.13
Claim: Learning rates c / t^p have an infinite sum and a finite sum of squares if and only if p is above one half and at
    most 1; the example 1 / t is one of them.
Formula: \sum_t c\,t^{-p} = \infty,\ \sum_t c^2 t^{-2p} < \infty \iff \tfrac12 < p \le 1
Verdict: holds
Kind: symbolic
Found: The printed sums begin at t = 0, where 1 / t is undefined: the schedule is 1 / (t + 1).
"""

from __future__ import annotations

import numpy as np
import sympy

import toybox as tb
from toybox import methods

from ...cases import EPS
from ...claim import close, holds, only, told
from ...ours import on_rule, walk
from .common import powers

claim = told(__doc__)

Q = sympy.Symbol("q", positive=True)


SUMS = [(1 + Q, True), (1, False), (1 - Q, False)]  # powers of t, and whether their sum is finite


@claim.check("sums: finite for p > 1 only", lambda budget: SUMS, degree="proved")
@claim.check("sums of squares, powers 2 p: for p > 1/2 only", lambda budget: SUMS, degree="proved")
@claim.control("a finite sum for p = 1", only(1, True))
@claim.control("an infinite sum for p > 1", only(1 + Q, False))
def by_integral(power, finite):
    """c t^-power falls (for power <= 0 no term is below c): the sum of its terms from 2 on is at most, that from 1 on
    at least its integral from 1 to infinity."""
    t = sympy.Symbol("t", positive=True)
    primitive = sympy.log(t) if power == 1 else t ** (1 - power) / (1 - power)
    total = sympy.limit(primitive - primitive.subs(t, 1), t, sympy.oo)
    return {
        "primitive": holds(sympy.simplify(primitive.diff(t) - t**-power) == 0),
        "limit": holds(total.is_finite is finite),
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
