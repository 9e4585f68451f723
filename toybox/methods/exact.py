"""Exact searches, on the gradient's batch or on all data.

Deviations: the dissertation's exact line search (section 4.6, and the optimal step of chapter 5) takes the lowest point
of a grid; this one finds a root of the slope to rounding: the first minimum that its bracket encloses, on a convex line
the only one. Where the slope is not finite from some step on, it goes up to there.
"""

from __future__ import annotations

from math import inf

from ..entry import named, options
from ..hyper import Hyper, choice, hyperparameters, number
from ..optimizer import Optimizer
from ..rays import descends
from ..text import ALL, Search, exhausted, finite, found, nowhere, slope
from .fixed import Gradient


@hyperparameters
class Exact(Search):
    """Exact line search on the gradient's batch or on the full data set (dissertation, sections 4.6 and 5.2).

    Slopes alone: outward by secant steps (at most tenfold, and tenfold every eighth time) until a slope is >= 0, then
    secant steps inside the bracket with a bisection every third time; on a parabola the first secant is exact. Stops
    when a bisection no longer changes the step; or a secant does not, where the slope has vanished.
    """

    s_max: Hyper = number(1e6, "(0, inf]", "the largest step")
    on: str = choice("batch", "batch", "full", meaning="whose minimum: of the gradient's batch, or of all data")
    ROUNDS, VANISHED = 200, 2.0**-20  # of the slope at 0
    scale_free = to_rounding = True

    @property
    def whole(self):
        return self.on == "full"

    @property
    def batch(self):
        return ALL if self.whole else 0

    def search(self, here, state):
        slope0, near = here.slope0, 4 * here.eps
        if not descends(slope0):
            return nowhere(slope0)
        low, high = 0 * slope0, inf  # slope < 0 at low, >= 0 at high
        before, rise_before, s = low, slope0, min(low + 1, self.s_max)
        for turn in range(self.ROUNDS):
            rise = yield slope(s)
            low, high = (s, high) if descends(rise) else (low, s)
            bend = rise - rise_before
            root = s - rise * (s - before) / bend if bend else inf
            stalled = abs(root - s) <= near * s and abs(rise) > -self.VANISHED * slope0  # of a very steep line
            inside = low < root < high and not stalled
            if high < inf:
                after = root if inside and turn % 3 < 2 else (low + high) / 2
            else:
                after = min(root if inside and turn % 8 < 7 else inf, 10 * s, self.s_max)
            if rise == 0 or not abs(after - s) > near * s:
                s = s if finite(rise) else low
                ends = 0 < s < inf and (finite(rise) or high < inf)
                return found(s, capped=low >= self.s_max) if ends else exhausted()
            before, rise_before, s = s, rise, after
        return exhausted()


def _exact(on):
    return lambda s_max: Optimizer(Gradient(), Exact(s_max, on))


NAMES = {
    "exact": named(
        _exact("batch"),
        options(Exact, "s_max"),
        "minimum of the batch's line",
        "phi'(s) = 0",
        "1 gradient, 1 loss and slope per trial",
        "D section 4.6",
        "mutschler2022",
        deviations="the root of the slope, not the lowest of a grid",
        least=(2, 0),
    ),
    "exact-full": named(
        _exact("full"),
        options(Exact, "s_max"),
        "minimum of the full-batch line",
        "phi'(s) = 0 on all data",
        "1 gradient, 1 loss and slope of all data per trial",
        "D section 5.2",
        "mutschler2021",
        deviations="as exact",
        least=(1, 1),
    ),
}
