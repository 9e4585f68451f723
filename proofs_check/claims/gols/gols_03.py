r"""GOLS-03  The limits are not respected

Where: dissertation, Algorithm 4
Claim: The step that GOLS-I returns lies between its smallest and its largest step, so that the way is at most 1.
Formula: \lambda_{\min} \le \lambda \le \lambda_{\max} = \min\{1 / \|d\|,\ 10^7\}
Verdict: refuted
Kind: property
Found: Limits are tested after the step was multiplied or divided, so it may pass both by the factor, and does: where
    the slope stays negative from the largest step on, and where it stays positive from the smallest on. A way may be 2.
    From the second change on the limits are kept. Such an exit has seen no sign change. For |d| > 1e8 the limits
    contradict each other.
True: \lambda_{\min} / \eta \le \lambda \le \eta \lambda_{\max} \quad (\|d\| \le 10^8)
"""

from __future__ import annotations

from fractions import Fraction as F
from math import log

from toybox.rays import Status

from ... import of_code
from ...cases import EPS
from ...claim import Contrast, close, equal, only, told
from ...proof import Theorem, every, implies, same, smaller
from .common import FALLS, RISES, SCALE, SMALLEST, alone, lane_by_lane

claim = told(__doc__)
claim.of_the_code(of_code.golsi.within, of_code.golsi.capped)


@claim.proof("one change", broken={"the limits themselves": {"beyond": lambda factor: 1}})
def within(s, factor, smallest, largest, beyond=lambda factor: factor):
    """A step within the limits is multiplied or divided (lines 14 and 20), which leads beyond them by a factor at most.
    Another change follows only where that keeps it within them (lines 15 and 21)."""
    grown, shrunk = s * factor, s / factor
    return Theorem(
        (factor > 1, smallest > 0, smallest <= s, s <= largest),
        {
            "grown": every(smallest <= grown, grown <= beyond(factor) * largest),
            "shrunk": every(smallest / beyond(factor) <= shrunk, shrunk <= largest),
            "grown again": implies(s <= largest / factor, grown <= largest),
            "shrunk again": implies(s >= smallest * factor, shrunk >= smallest),
        },
    )


@claim.proof("where the limits contradict", broken={"from 1e7 on": {"least": F(1, 10**7)}})
def contradiction(length, least=F(1, 10**8)):
    return Theorem((length > 0,), {"iff": same(smaller(1 / length, 10**7) < least, length > 10**8)})


@claim.check("our rule", lane_by_lane, degree="sampled")
@claim.control("|d| > 1e8", lambda budget: lane_by_lane(budget, lowest=8.1, highest=10.0))
@claim.control("bounds of half a factor", lane_by_lane, power=0.5)
def ours(lane, power=1.0):
    """smallest / factor <= step <= factor largest, and after two or more changes even within the limits themselves.

    Products that would be equal are rounded differently.
    """
    slop, beyond = 4 * EPS, lane.factor**power
    slack = {"low": lane.size / (SMALLEST / beyond) - 1 + slop, "high": 1 - lane.size / (beyond * lane.largest) + slop}
    if abs(log(lane.size / lane.start)) > 1.5 * log(lane.factor):
        slack |= {"chain low": lane.size / SMALLEST - 1 + slop, "chain high": 1 - lane.size / lane.largest + slop}
    return slack


@claim.check("and attained", lane_by_lane, degree="sampled")
@claim.control("with half a factor", lane_by_lane, power=0.5)
def attained(lane, power=1.0):
    """A slope that stays negative from the upper limit on ends beyond it, a positive one from the lower limit below.

    Neither has met a change of sign.
    """
    if lane.mode == FALLS and lane.first >= lane.largest:
        end, status = lane.factor**power * lane.largest, Status.CAPPED
    elif lane.mode == RISES and lane.first <= SMALLEST:
        end, status = SMALLEST / lane.factor**power, Status.EXHAUSTED
    else:
        return 0.0
    return {"end": close(lane.size, end, 4 * EPS * lane.size), "status": equal(lane.status, status)}


@claim.counterexample("way, where the slope stays negative", only(F(SCALE), F(1000), 2))
def as_meant(d, first, factor):
    return Contrast(1, d * alone(lambda s: -s, lambda s: F(-1), first=first, factor=factor).step, "at most")
