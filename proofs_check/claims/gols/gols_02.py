"""GOLS-02  The enclosed minimum may be worse than the start

Where: dissertation, section 2.6.4
Claim: Powers of the factor can step over a hill: with slopes -1, 100, -1 and 1 from 0, .1, .4 and .6 on, the search
    that starts from .5 encloses a minimum at .6 and returns 1, where the loss is 30.1 higher than at 0.
Formula: l(1) - l(0) = -0.1 + 30 - 0.2 + 0.4 = 30.1
Verdict: holds
Kind: exact
Found: So a sign change indicates a minimum, but not one that is worth the step.
"""

from __future__ import annotations

from fractions import Fraction as F
from typing import NamedTuple

import numpy as np

import toybox as tb
from toybox.rays import Status

from ...claim import equal, only, told
from .common import alone, search

claim = told(__doc__)


class Stairs(NamedTuple):
    """l' is constant between the places where it changes."""

    places: tuple  # 0 first
    slopes: tuple

    def slope(self, s):
        return [slope for place, slope in zip(self.places, self.slopes, strict=True) if place <= s][-1]

    def value(self, s):
        ends = [*self.places[1:], max(s, self.places[-1])]
        parts = zip(self.places, ends, self.slopes, strict=True)
        return sum((max(min(s, end) - start, 0) * slope for start, end, slope in parts), F(0))


SKIPPED = Stairs((F(0), F(1, 10), F(4, 10), F(6, 10)), (-1, 100, -1, 1))
UNIMODAL = Stairs((F(0), F(7, 10)), (-1, 1))


@claim.check("a hill", only(SKIPPED), degree="proved")
@claim.control("one valley", only(UNIMODAL), of="rises")
def hill(line):
    """The search from 1/2 steps over it, on exact numbers and on arrays; the loss at 1 is -.1 + 30 - .2 + .4."""
    move = alone(line.value, line.slope, first=F(1, 2), factor=2)
    rise = line.value(move.step) - line.value(F(0))
    each = lambda f: lambda s: np.array([float(f(F(v))) for v in s.ravel()]).reshape(s.shape)
    size, status, _ = search(each(line.value), each(line.slope), 1, first=np.array([0.5]))
    return {
        "step": equal((move.step, F(size[0])), (1, 1)),
        "status": equal((int(move.status), status[0]), (int(tb.Status.FOUND), Status.FOUND)),
        "loss": equal(rise, F(301, 10)),
        "sum": equal(F(-1, 10) + 30 - F(2, 10) + F(4, 10), F(301, 10)),
        "rises": rise,
    }
