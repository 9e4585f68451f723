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

import toybox as tb
from toybox.rays import Status

from ...cases import EPS
from ...claim import Contrast, close, equal, only, told
from .common import FALLS, RISES, SCALE, SMALLEST, Oracle, alone, lane_by_lane, oracle

claim = told(__doc__)


@claim.check("passed by the factor at most", lane_by_lane)
@claim.control("|d| > 1e8: the corrected limits", lambda budget: lane_by_lane(budget, lowest=8.1, highest=10.0))
def within(lane):
    """smallest / factor <= step <= factor largest, and after two or more changes even within the limits themselves.

    Products that would be equal are rounded differently.
    """
    slop = 4 * EPS
    slack = {
        "low": lane.size / (SMALLEST / lane.factor) - 1 + slop,
        "high": 1 - lane.size / (lane.factor * lane.largest) + slop,
    }
    if abs(log(lane.size / lane.start)) > 1.5 * log(lane.factor):
        slack |= {"chain low": lane.size / SMALLEST - 1 + slop, "chain high": 1 - lane.size / lane.largest + slop}
    return slack


@claim.check("and attained", lane_by_lane)
def attained(lane):
    """A slope that stays negative from the upper limit on ends beyond it, a positive one from the lower limit below.

    Neither has met a change of sign.
    """
    if lane.mode == FALLS and lane.first >= lane.largest:
        return {
            "high": close(lane.size, lane.factor * lane.largest, 4 * EPS * lane.size),
            "status": equal(lane.status, Status.CAPPED),
        }
    if lane.mode == RISES and lane.first <= SMALLEST:
        return {
            "low": close(lane.size, SMALLEST / lane.factor, 4 * EPS * lane.size),
            "status": equal(lane.status, Status.EXHAUSTED),
        }
    return 0.0


FALLING = (lambda s: -s), (lambda s: F(-1))  # value and slope


@claim.check("exactly")
def exactly():
    """On exact numbers: both ends, and a way |d| step of 2."""
    rises, hyper = (lambda s: F(-1) if s == 0 else F(1)), {"factor": 2, "smallest": F(1, 100)}
    high = alone(*FALLING, first=F(1000), **hyper)
    low = alone(FALLING[0], rises, first=F(1, 100), **hyper)
    return {
        "way": equal(high.step * F(SCALE), 2),
        "high": equal(high.step, 2 / F(SCALE)),
        "low": equal(low.step, F(1, 200)),
        "capped": equal(high.status == tb.Status.CAPPED, True),
        "exhausted": equal(low.status == tb.Status.EXHAUSTED, True),
    }


@claim.counterexample("way, where the slope stays negative", only(F(SCALE), F(1000), 2))
def as_meant(d, first, factor):
    return Contrast(1, d * alone(*FALLING, first=first, factor=factor).step, "at most")


@claim.check("where the limits contradict", lambda budget: [F(10) ** k + e for k in range(6, 11) for e in (-1, 0, 1)])
def contradiction(d):
    """largest < smallest just where |d| > 1e8."""
    return equal(min(1 / d, F(10**7)) < F(1, 10**8), d > 10**8)


def first_lanes(budget):
    """Steps and trials of the first lanes, in a run and on bare lines."""
    these = Oracle(*(part[:150] for part in oracle(budget)))
    runs = these.run()
    for i in range(150):
        yield runs.size[i].item(), runs.trials[i].item(), these.lane(i).alone()


@claim.check("bare lines go the same way", first_lanes)
def same_step(size, trials, alone):
    return {"step": equal(size, alone[0]), "trials": equal(trials, alone[1])}


claim.control("bounds of half a factor", lane_by_lane)(lambda lane: within(lane._replace(factor=lane.factor**0.5)))
