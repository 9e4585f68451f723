r"""GOLS-04  Termination

Where: dissertation, Algorithm 4
Claim: Whatever slopes it sees, GOLS-I ends after a number of them that its limits bound. From its default first step of
    1e-8 it needs about 27 doublings to reach 1.
Formula: n \le \left\lceil \log_\eta \frac{\lambda_{\max}}{\lambda_{\min}} \right\rceil + 3
Verdict: holds
Kind: property
Found: The bound is generous: floor(log) - 1 slopes are enough, and sometimes needed.
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import count
from math import ceil, floor, log

import numpy as np

import toybox as tb
from toybox import methods

from ... import of_code
from ...cases import EPS
from ...claim import close, equal, only, told
from ...proof import Theorem, implies
from .common import SMALLEST, alone, lane_by_lane, search

claim = told(__doc__)
claim.of_the_code(of_code.golsi.gives_up, of_code.golsi.moves, of_code.golsi.hands_on)


@claim.proof("one change", broken={"floor(log) - 2": {"spare": 2}, "a factor of 1 or less": {"least": 0}})
def counted(s, power, factor, smallest, largest, spare=1, least=1):
    """Of a search that grows; one that shrinks has the limits exchanged, and 1 / s. power = factor^n after n changes.

    A slope is asked for after them only if factor^(n + 1) is at most largest / smallest: n <= log - 1.
    """
    again = factor * s
    return Theorem(
        (factor > least, power > 0, smallest > 0, s >= power * smallest),
        {
            "kept": again >= factor * power * smallest,
            "asked": implies(s <= largest / factor, power * factor**spare <= largest / smallest),
            "grows": factor * power > power,
        },
    )


@claim.check("as few as floor(log) - 1", lane_by_lane, degree="sampled")
@claim.control("our rule with floor(log) - 2", lane_by_lane, extra=-2)
def fewest(lane, extra=-1):
    """Slopes asked for after the first: at most floor(log(largest / smallest) / log factor) - 1, since what lies beyond
    a limit is not asked for."""
    return floor(log(lane.largest / SMALLEST) / log(lane.factor)) + extra - (lane.trials - 1)


@claim.check("27 doublings", degree="proved")
@claim.control("from 1e-7", start=F(1, 10**7))
def doublings(start=F(1, 10**8)):
    """From 1e-8 to the first power beyond 1, on arrays and on exact numbers; each asks once more, at the start."""
    value, slope = lambda s: (s - 1) ** 2 / 2, lambda s: s - 1
    size, _, trials = search(value, slope, 1, first=np.array([float(start)]))
    exactly = alone(value, slope, first=start, smallest=F(1, 10**8))
    return {
        "asked": equal((int(trials[0]), exactly.trials), (28, 28)),
        "arrays": close(size[0], 1e-8 * 2.0**27, EPS),
        "exact": equal(exactly.step, F(2**27, 10**8)),
        "27": equal(ceil(log(1e8, 2)), 27),
    }


@claim.check("a factor of 2 ends in time", only(2))
@claim.control("our rule with a factor of 1", only(1))
def never_growing(factor):
    """A slope that would turn at its 1000th question: how many may be asked?"""
    asked = count(1)
    golsi = tb.hyper.with_numbers(methods.golsi.GOLSI(), {"factor": float(factor)})  # 1 is refused, rightly
    slope = lambda s: -1.0 if next(asked) < 1000 else 1.0
    trials = len(tb.search(golsi, lambda s: 0.0, slope, slope0=-1.0, norm=1.0).questions)
    return ceil(log(1 / 1e-8, 2)) + 3 - (trials - 1)
