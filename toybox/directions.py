"""Directions d(t) from the gradients of step 0 .. t. Frozen hyper-parameters; the state goes in and comes out.

    init(point) -> state            step(point, state) -> (d of shape (*lanes, dim), state)

What a direction or rule declares of itself, for the laws that hold for all but a few:

    per_coordinate   every coordinate is treated on its own: a rotated problem has other trajectories
    scale_free       the move along c d is that along d
    absolute_loss    the loss itself matters, not only its differences: adding a constant changes the steps
    whole            the rule asks for the line on the whole data set
    to_rounding      searches until nothing changes: how many evaluations that takes depends on the last bit
    afresh           compares losses on fresh batches, where the loss at 0 is one evaluation more
    belief           solves for a belief, with a matrix whose condition is about this number for three points; losses
                     that are not finite are walls in it, whose height drowns the digits of what lies below
    carries          the batch that judged a step gives the next gradient, too
    gradients(t)     how many gradients of its batch step t takes, where that is not one
    area             the losses that it compares differ by about area times a curvature: what subtraction leaves of it

Deviations
  Gradient, Momentum, Adam   none from Algorithms 1, 6, 7 of the dissertation; the learning rate is the rule's step.
                             Momentum adds g undamped (m = beta m + g), as PyTorch's SGD does.
  RMSProp                    none from eq. 2.47 (eps outside the root).
  Conjugate                  the dissertation names the formulas only (section 4.4.3). PR and HS are cut at 0; d is -g
                             again at every ``restart``-th step, where beta is not finite and where d does not descend.
                             The old gradient is kept, that of the batch before; section 2.7 wants that of the current
                             batch, one more gradient a step: ``old="current"``.
  Coin                       the released form, a fraction of the wealth linear in the sum of gradients (Algorithm 2 of
                             the paper), and the whole displacement: it goes with Fixed(1).
  Unit                       where d = 0 it stays 0 (the papers divide 0 by 0); the rule then sees slope 0: STATIONARY.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Protocol

from .hyper import Hyper, choice, hyperparameters, integer, number
from .xp import Array, column


def gradients(direction: Any, t: int) -> int:
    """How many gradients of its batch step t of a direction takes."""
    return direction.gradients(t) if hasattr(direction, "gradients") else 1


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

    The same vector is PAL's direction d_t = -g_t + beta d_{t-1} (eq. 4.3). nesterov: d = -(g + beta m).
    """

    beta: Hyper = number(0.9, "[0, 1)")
    nesterov: bool = choice(False, False, True)

    def init(self, xp, point):
        return xp.zeros_like(point.theta)

    def step(self, xp, point, m):
        m = column(self.beta) * m + point.gradient  # eq. 2.39
        return -(point.gradient + column(self.beta) * m) if self.nesterov else -m, m


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

    def gradients(self, t):
        return gradients(self.direction, t)

    def init(self, xp, point):
        return self.direction.init(xp, point)

    def step(self, xp, point, state):
        d, state = self.direction.step(xp, point, state)
        return d / xp.divisor(xp.norm(d))[..., None], state


@hyperparameters
class RMSProp:
    """d = -g / (sqrt(v) + eps), v the moving average of g^2 (Tieleman & Hinton 2012; dissertation, eq. 2.47)."""

    decay: Hyper = number(0.9, "[0, 1)")
    eps: Hyper = number(1e-8, "(0, inf)")
    per_coordinate = True

    def init(self, xp, point):
        return xp.zeros_like(point.theta)

    def step(self, xp, point, v):
        g, decay = point.gradient, column(self.decay)
        v = decay * v + (1 - decay) * g * g
        return -g / (xp.sqrt(v) + column(self.eps)), v


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

    formula: str = choice("FR", "FR", "PR", "HS", "DY")
    restart: int | None = integer(10, 1, none=True)
    old: str = choice("kept", "kept", "current")

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


class Wealth(NamedTuple):
    x0: Array
    largest: Array  # L, the largest |g| seen
    total: Array  # G, the sum of |g|
    sum: Array  # S, the sum of -g
    reward: Array  # R, at least 0


@hyperparameters
class Coin:
    """COCOB-Backprop: the whole displacement, coordinate by coordinate (Orabona & Tommasi 2017, Algorithm 2)."""

    alpha: Hyper = number(100.0, "(0, inf)")
    eps: Hyper = number(1e-8, "(0, inf)")
    per_coordinate = True

    def init(self, xp, point):
        zero = xp.zeros_like(point.theta)
        return Wealth(point.theta, zero + column(self.eps), zero, zero, zero)

    def step(self, xp, point, w):
        g, x = point.gradient, point.theta
        L = xp.maximum(w.largest, xp.abs(g))
        S, G = w.sum - g, w.total + xp.abs(g)
        R = xp.maximum(w.reward - g * (x - w.x0), 0.0)
        bet = S * (L + R) / (L * xp.maximum(G + L, column(self.alpha) * L))
        return w.x0 + bet - x, Wealth(w.x0, L, G, S, R)
