"""Rules that measure the loss on more than the gradient's batch.

Deviations
  LABPAL   Algorithm 9 is a sketch. As in the released code the direction is that of the search's own batch, which is
           one of the approximation batches, and the step after a search goes along the measured direction, so that a
           search is part of an update and ``reuse`` updates share it. The largest step holds after alpha. Where the
           direction does not descend theta stays, and the next step searches; where the parabola has no minimum ahead
           the last estimate stays in force (EXHAUSTED; without one theta stays, and the next step searches).
"""

from __future__ import annotations

from math import nan
from typing import Any

from ..hyper import Hyper, hyperparameters, integer, number
from ..rays import Step, conclude
from ..xp import Namespace

NEAR, FAR = 1e-4, 1e-2  # where the parabola is measured beside 0, as lengths


@hyperparameters
class LABPAL:
    """Large-batch parabolic approximation (Mutschler 2022; dissertation, Algorithm 9 and section 6.3).

    Every ``reuse`` updates the loss on ``approximation_batches`` batches is measured along the direction, and alpha
    times the step to the parabola's minimum is used from then on: as a rate with a bare direction (LABPAL&SGD), as a
    length with a unit one (LABPAL&NSGD).
    """

    alpha: Hyper = number(1.8, "(0, inf)")
    approximation_batches: int = integer(10, 1)
    reuse: int = integer(1000, 1)
    s_max: Hyper = number(1.0, "(0, inf]")

    def init(self, xp: Namespace, lanes: tuple[int, ...]) -> Any:
        return xp.broadcast_to(nan * self.alpha, lanes), xp.zeros(lanes, dtype=xp.int64)

    def step(self, ray, state):
        xp, (size, used) = ray.xp, state
        slope0, norm = ray.line().slope0, xp.divisor(ray.norm)
        searching = (used >= self.reuse) | ~xp.isfinite(size)  # line 32
        moving = searching & (slope0 < 0)
        failed = moving & ~moving
        if xp.any(moving):
            line = ray.pool(self.approximation_batches)  # lines 20 to 22
            near, far = (line.change((h / norm)[..., None], where=moving)[..., 0] / h for h in (NEAR, FAR))
            a = (far - near) / (FAR - NEAR)  # the parabola through three values, line 24
            b = near - a * NEAR
            s = xp.minimum(-self.alpha * b / (2 * a), self.s_max) / norm  # line 25, eq. 6.6
            good = moving & (a > 0) & (b < 0) & xp.isfinite(a)
            failed, size, used = moving & ~good, xp.where(good, s, size), xp.where(moving, 0 * used, used)
        capped = moving & (size * norm >= self.s_max)
        usable = xp.isfinite(size) & (ray.norm > 0) & ~(searching & ~moving)
        taken, status = conclude(xp, -ray.norm, size, usable, capped, failed)
        return Step(taken, (size, used + 1), status)
