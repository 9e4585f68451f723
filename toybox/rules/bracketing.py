"""Searches that enclose a minimum between two slopes.

Deviations
  Exact   The dissertation's exact line search (section 4.6, and the optimal step of chapter 5) takes the lowest point
          of a grid; this one finds a root of the slope to rounding: the first minimum that its bracket encloses, on a
          convex line the only one.
"""

from __future__ import annotations

from math import inf

from ..hyper import Hyper, choice, hyperparameters, number
from ..rays import Step, conclude


@hyperparameters
class Exact:
    """Exact line search on the gradient's batch or on the full data set (dissertation, sections 4.6 and 5.2).

    Slopes alone: outward by secant steps (at most tenfold) until a slope is >= 0, then secant steps inside the bracket
    with a bisection every third time; on a parabola the first secant is exact. Stops when the step no longer changes.
    """

    s_max: Hyper = number(1e6, "(0, inf]")
    on: str = choice("batch", "batch", "full")
    ROUNDS = 200
    scale_free = to_rounding = True

    @property
    def whole(self):
        return self.on == "full"

    def init(self, xp, lanes):
        return ()

    def step(self, ray, state):
        xp, line = ray.xp, ray.full() if self.whole else ray.line()
        slope0 = line.slope0
        seeking, eps = slope0 < 0, float(xp.finfo(slope0.dtype).eps)
        low, high = 0 * slope0, 0 * slope0 + inf  # slope < 0 at low, >= 0 at high
        before, slope_before, s = low, slope0, xp.minimum(low + 1.0, self.s_max)
        for turn in range(self.ROUNDS):
            slope = line.slope(s[..., None], where=seeking)[..., 0]
            low, high = xp.where(slope < 0, s, low), xp.where(slope < 0, high, s)
            root = s - slope * (s - before) / (slope - slope_before)
            inside = (root > low) & (root < high)
            outward = xp.minimum(xp.where(inside, xp.minimum(root, 10 * s), 10 * s), self.s_max)
            inward = xp.where(inside & (turn % 3 < 2), root, (low + high) / 2)
            after = xp.where(high < inf, inward, outward)
            seeking = seeking & (slope != 0) & (xp.abs(after - s) > 4 * eps * s)
            if not xp.any(seeking):
                break
            before, slope_before, s = s, slope, xp.where(seeking, after, s)
        size, status = conclude(xp, slope0, s, slope0 < 0, low >= self.s_max)
        return Step(size, state, status)
