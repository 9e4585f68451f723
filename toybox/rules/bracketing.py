"""Searches that enclose a minimum between two slopes.

Deviations
  Exact   The dissertation's exact line search (section 4.6, and the optimal step of chapter 5) takes the lowest point
          of a grid; this one finds a root of the slope to rounding: the first minimum that its bracket encloses, on a
          convex line the only one. Where the slope is not finite from some step on, it goes up to there.
  StrongWolfe  Bisects where Nocedal & Wright interpolate; every trial costs a value and a slope.
  GOLSI   B_0 is the gradient's batch, B_i the i-th fresh one. The step tested before the limits (lines 15 and 21) is
          returned as printed: CAPPED above, EXHAUSTED below; nothing is measured there. Where both limits contradict
          each other the upper one wins. A slope that is not finite ends the lane. After ``tries`` slopes, which no
          published text counts, the step is 0 (EXHAUSTED), and the next search goes on from there.
          ``variant="released"``: line 4 is strict, a step at a limit goes no further, the slope beyond a limit is
          measured, and the batch that judged the accepted step gives the next gradient.
"""

from __future__ import annotations

from math import inf, nan

from ..hyper import Hyper, choice, hyperparameters, integer, number
from ..rays import Status, Step, conclude, decreases, descends


@hyperparameters
class Exact:
    """Exact line search on the gradient's batch or on the full data set (dissertation, sections 4.6 and 5.2).

    Slopes alone: outward by secant steps (at most tenfold, and tenfold every eighth time) until a slope is >= 0, then
    secant steps inside the bracket with a bisection every third time; on a parabola the first secant is exact. Stops
    when a bisection no longer changes the step; or a secant does not, where the slope has vanished.
    """

    s_max: Hyper = number(1e6, "(0, inf]")
    on: str = choice("batch", "batch", "full")
    ROUNDS, VANISHED = 200, 2.0**-20  # of the slope at 0
    scale_free = to_rounding = True

    @property
    def whole(self):
        return self.on == "full"

    def init(self, xp, lanes):
        return ()

    def step(self, ray, state):
        xp, line = ray.xp, ray.full() if self.whole else ray.line()
        slope0 = line.slope0
        moving = seeking = descends(slope0)
        eps, slope = float(xp.finfo(slope0.dtype).eps), slope0
        low, high = 0 * slope0, 0 * slope0 + inf  # slope < 0 at low, >= 0 at high
        before, slope_before, s = low, slope0, xp.minimum(low + 1.0, self.s_max)
        for turn in range(self.ROUNDS):
            slope = xp.where(seeking, line.slope(s[..., None], where=seeking)[..., 0], slope)
            falls = descends(slope)
            low, high = xp.where(falls, s, low), xp.where(falls, high, s)
            root = s - slope * (s - before) / (slope - slope_before)
            near = (xp.abs(root - s) <= 4 * eps * s) & (xp.abs(slope) > -self.VANISHED * slope0)  # of a very steep line
            inside = (root > low) & (root < high) & ~near
            outward = xp.minimum(xp.where(inside & (turn % 8 < 7), xp.minimum(root, 10 * s), 10 * s), self.s_max)
            inward = xp.where(inside & (turn % 3 < 2), root, (low + high) / 2)
            after = xp.where(high < inf, inward, outward)
            seeking = seeking & (slope != 0) & (xp.abs(after - s) > 4 * eps * s)
            if not xp.any(seeking):
                break
            before, slope_before, s = s, slope, xp.where(seeking, after, s)
        s = xp.where(xp.isfinite(slope), s, low)
        found = moving & ~seeking & (s > 0) & (s < inf) & (xp.isfinite(slope) | (high < inf))
        size, status = conclude(xp, slope0, s, found, low >= self.s_max)
        return Step(size, state, status)


@hyperparameters
class StrongWolfe:
    """Strong Wolfe conditions, the deterministic reference (Nocedal & Wright 2006, Algorithms 3.5 and 3.6).

    Doubles until a bracket is found, then bisects it. ``low`` is the lowest point so far that decreases enough; its
    slope points to ``high``.
    """

    c1: Hyper = number(1e-4, "(0, 1)")
    c2: Hyper = number(0.9, "(0, 1)")
    first: Hyper = number(1.0, "(0, inf)")
    max_step: Hyper = number(1e10, "(0, inf]")
    tries: int = integer(100, 1)

    def init(self, xp, lanes):
        return xp.broadcast_to(self.first, lanes)

    def step(self, ray, first):
        xp, line = ray.xp, ray.line()
        slope0, s = line.slope0, xp.minimum(first, self.max_step)
        low, lowest, high = 0 * s, 0 * s, 0 * s + inf
        moving = seeking = descends(slope0)
        for _ in range(self.tries):
            change, slope = (answer[..., 0] for answer in line.both(s[..., None], where=seeking))
            good = decreases(change, self.c1 * s * slope0) & (change < lowest)
            flat = good & (xp.abs(slope) <= -self.c2 * slope0)  # eq. 2.18
            capped = good & (slope < 0) & (high == inf) & (s >= self.max_step)
            seeking = seeking & ~flat & ~capped
            if not xp.any(seeking):
                break
            high = xp.where(good, xp.where(slope * (high - low) > 0, low, high), s)
            low, lowest = xp.where(good, s, low), xp.where(good, change, lowest)
            after = xp.where(high < inf, (low + high) / 2, xp.minimum(2 * s, self.max_step))
            s = xp.where(seeking, after, s)
        size, status = conclude(xp, slope0, s, moving & ~seeking, s >= self.max_step)
        return Step(size, first, status)


@hyperparameters
class GOLSI:
    """Gradient-only line search that is inexact (Kafka & Wilke 2019; dissertation, Algorithm 4): slopes alone, each on
    a fresh batch. ``smallest`` and min(1/|d|, 1e7) limit the first trial; the last may pass them by ``factor``.
    """

    c2: Hyper = number(0.9, "[0, inf)")
    factor: Hyper = number(2.0, "(1, inf)")
    first: Hyper = number(1e-8, "(0, inf)")
    smallest: Hyper = number(1e-8, "(0, inf)")
    tries: int = integer(1000, 1)
    variant: str = choice("paper", "paper", "released")

    @property
    def carries(self):
        return self.variant == "released"

    def init(self, xp, lanes):
        return xp.broadcast_to(self.first, lanes)

    def step(self, ray, state):
        xp, slope0, released = ray.xp, ray.line().slope0, self.variant == "released"
        moving, limit, judge = descends(slope0), -self.c2 * slope0, ray.sample(1)
        largest = xp.minimum(1 / xp.divisor(ray.norm), 1e7)  # line 1
        s = xp.minimum(xp.maximum(state, self.smallest), largest)  # line 2
        slope = ray.line(1, brief=True).slope(s[..., None], where=moving)[..., 0]
        grows = slope < 0
        accepted = (slope > 0) & (slope < limit) if released else (slope >= 0) & (slope <= limit)  # eq. 2.24, line 4
        passed = moving & ~accepted & xp.where(grows, s >= largest, s <= self.smallest) & released
        seeking = moving & ~accepted & ~passed
        for j in range(2, self.tries + 2):
            s = xp.where(seeking, xp.where(grows, s * self.factor, s / self.factor), s)  # lines 14 and 20
            beyond = seeking & ~xp.where(grows, s <= largest / self.factor, s >= self.smallest * self.factor)
            if not released:  # lines 15 and 21, first half
                passed, seeking = passed | beyond, seeking & ~beyond
            if j > self.tries or not xp.any(seeking):
                break
            slope = xp.where(seeking, ray.line(j, brief=True).slope(s[..., None], where=seeking)[..., 0], slope)
            judge = xp.where(seeking[..., None], ray.sample(j), judge) if released else judge
            turned = seeking & ((slope < 0) != grows)  # second half
            passed, seeking = passed | (seeking & beyond & ~turned), seeking & ~beyond & ~turned
        known = moving & xp.isfinite(slope)
        size, status = conclude(xp, slope0, xp.where(known, s, nan), moving & ~seeking, passed & grows)
        step = Step(size, xp.where(known, s, state), xp.where(passed & ~grows, int(Status.EXHAUSTED), status))
        if not released:
            return step
        return step._replace(point=ray.at(ray.origin.theta + size[..., None] * ray.d, judge), carry=True)
