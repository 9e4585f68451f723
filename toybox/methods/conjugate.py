"""Conjugate directions.

Deviations: the dissertation names the formulas only (section 4.4.3). PR and HS are cut at 0; d is -g again at every
``restart``-th step, where beta is not finite and where d does not descend. The old gradient is kept, that of the batch
before; section 2.7 wants that of the current batch, one more gradient a step: ``old="current"``.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from ..hyper import choice, hyperparameters, integer
from ..xp import Array


class Walked(NamedTuple):
    t: int  # steps made
    theta: Array  # before the last of them, with its gradient and direction
    gradient: Array
    d: Array


@hyperparameters
class Conjugate:
    """d_t = -g_t + beta_t d_{t-1} with a conjugate-gradient formula (dissertation, section 4.4.3).

    Restarts from -g at every ``restart``-th step (None: never), and in a lane whose beta is not finite or whose
    direction would not descend on its batch: with changing batches plain conjugate directions diverge. old: the
    gradient before is the one of then, or that of the current batch at the theta of then (section 2.7).
    """

    formula: str = choice("FR", "FR", "PR", "HS", "DY", meaning="that of beta_t, by its authors")
    restart: int | None = integer(10, 1, "steps from one d = -g to the next; none: never again", none=True)
    old: str = choice("kept", "kept", "current", meaning="the batch on which the gradient before is taken")

    def restarts(self, t):
        return t % (self.restart or math.inf) == 0

    def gradients(self, t):
        return 1 if self.old == "kept" or self.restarts(t) else 2

    def init(self, xp, point):
        return Walked(0, point.theta, point.gradient, -point.gradient)

    def step(self, xp, point, state):
        t, theta_old, g_old, d_old = state
        theta, g = point.theta, point.gradient
        if self.restarts(t):
            return -g, Walked(t + 1, theta, g, -g)
        if self.old == "current":
            g_old = point.along(theta_old - theta).at(0 * point.value + 1).gradient
        y, dot = g - g_old, xp.vecdot
        beta = {
            "FR": lambda: dot(g, g) / dot(g_old, g_old),  # Fletcher & Reeves 1964
            "PR": lambda: xp.maximum(dot(g, y) / dot(g_old, g_old), 0.0),  # Polak & Ribiere 1969, cut at 0
            "HS": lambda: xp.maximum(dot(g, y) / dot(d_old, y), 0.0),  # Hestenes & Stiefel 1952, cut at 0
            "DY": lambda: dot(g, g) / dot(d_old, y),  # Dai & Yuan 1999
        }[self.formula]()
        d = -g + beta[..., None] * d_old
        good = xp.isfinite(beta) & (dot(g, d) < 0)
        d = xp.where(good[..., None], d, -g)
        return d, Walked(t + 1, theta, g, d)
