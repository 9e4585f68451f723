"""Directions d(t) from the gradients of step 0 .. t. Frozen hyper-parameters; the state goes in and comes out.

    init(point) -> state            step(point, state) -> (d of shape (*lanes, dim), state)

What a direction or rule declares of itself, for the laws that hold for all but a few:

    per_coordinate   every coordinate is treated on its own: a rotated problem has other trajectories
    scale_free       the move along c d is that along d
    absolute_loss    the loss itself matters, not only its differences: adding a constant changes the steps
    whole            the rule asks for the line on the whole data set
    to_rounding      searches until nothing changes: how many evaluations that takes depends on the last bit

Deviations
  Gradient, Momentum, Adam   none from Algorithms 1, 6, 7 of the dissertation; the learning rate is the rule's step.
                             Momentum adds g undamped (m = beta m + g), as PyTorch's SGD does.
  Unit                       where d = 0 it stays 0 (the papers divide 0 by 0); the rule then sees slope 0: STATIONARY.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from .hyper import Hyper, hyperparameters, number
from .xp import Array, column


class Direction(Protocol):
    def init(self, xp: Any, point: Any) -> Any: ...
    def step(self, xp: Any, point: Any, state: Any) -> tuple[Array, Any]: ...


@hyperparameters
class Gradient:
    """d = -g, the negative mini-batch gradient (Robbins & Monro 1951; dissertation, Algorithm 1)."""

    def init(self, xp, point):
        return ()

    def step(self, xp, point, state):
        return -point.gradient, state


@hyperparameters
class Momentum:
    """m = beta m + g, d = -m (Polyak 1964; dissertation, Algorithm 6, eq. 2.39).

    The same vector is PAL's direction d_t = -g_t + beta d_{t-1} (eq. 4.3).
    """

    beta: Hyper = number(0.9, "[0, 1)")

    def init(self, xp, point):
        return xp.zeros_like(point.theta)

    def step(self, xp, point, m):
        m = column(self.beta) * m + point.gradient  # eq. 2.39
        return -m, m


class Moments(NamedTuple):
    t: int  # steps made
    m: Array
    v: Array


@hyperparameters
class Adam:
    """Bias-corrected first moment over root second moment (Kingma & Ba 2015; dissertation, Algorithm 7)."""

    beta1: Hyper = number(0.9, "[0, 1)")
    beta2: Hyper = number(0.999, "[0, 1)")
    eps: Hyper = number(1e-8, "(0, inf)")
    per_coordinate = True

    def init(self, xp, point):
        return Moments(0, xp.zeros_like(point.theta), xp.zeros_like(point.theta))

    def step(self, xp, point, state):
        beta1, beta2, g, t = column(self.beta1), column(self.beta2), point.gradient, state.t + 1
        m = beta1 * state.m + (1 - beta1) * g
        v = beta2 * state.v + (1 - beta2) * g * g
        corrected_m, corrected_v = m / (1 - beta1**t), v / (1 - beta2**t)
        return -corrected_m / (xp.sqrt(corrected_v) + column(self.eps)), Moments(t, m, v)


@hyperparameters
class Unit:
    """Another direction divided by its length, so that a step is an arc length (dissertation, eq. 4.1)."""

    direction: Any = Gradient()
    scale_free = True

    def init(self, xp, point):
        return self.direction.init(xp, point)

    def step(self, xp, point, state):
        d, state = self.direction.step(xp, point, state)
        norm = xp.sqrt(xp.vecdot(d, d))
        return d / xp.divisor(norm)[..., None], state
