"""Rules that need no search: fixed rates with schedules, PAL's one extra measurement, ALI-G and hypergradients.

Deviations
  Fixed      where d = 0 the step is 0 and the status STATIONARY.
  PAL        Algorithm 8 with the cap after alpha, as in its code. At a stationary point (b = 0) the step is 0 before
             anything is normalised (the paper divides 0 by 0). ``exact_slope=False`` is the released option
             calc_exact_directional_derivative=False: b = -|d|, true only without momentum; it needs the bare direction,
             not ``Unit``. The second loss is measured only where b < 0, where it is used; a lane ends where it is not
             finite (the paper would step to it or, where it is infinite, by 0 for ever). Lengths are in theta-space
             whatever the length of d; the returned step multiplies d.
  ALIG       where g = 0 the step is 0 (l / eps times 0 would be the same, but not with adjusted momentum). The rule is
             meant for losses >= 0: a negative one counts as 0, so that the step is 0, never uphill.
  Hypergradient  the rate moves before it is used, as in the authors' algorithm and code; ``variant="dissertation"``: a
             step later, as the indices of eq. 2.49 have it. It may become negative. A product that is not finite
             leaves it alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

from ..hyper import Hyper, choice, hyperparameters, number
from ..rays import Iterate, Ray, Status, Step, conclude, descends
from ..xp import Namespace, column

SCHEDULES: dict[str, Callable[[int, int], float]] = {  # factor of the rate at step t of T
    "constant": lambda t, T: 1.0,
    "piecewise": lambda t, T: 1.0 if 2 * t < T else 0.1 if 4 * t < 3 * T else 0.01,  # x 0.1 at 50 % and 75 %
    "cosine": lambda t, T: 0.5 * (1 + math.cos(math.pi * t / T)),
    "1/t": lambda t, T: 1 / (t + 1),
    "1/sqrt(t)": lambda t, T: 1 / math.sqrt(t + 1),
}


class Rule(Protocol):
    """A step rule. ``init`` gives its first state; ``step`` answers for all lanes at once."""

    def init(self, xp: Namespace, lanes: tuple[int, ...]) -> Any: ...
    def step(self, ray: Ray, state: Any) -> Step: ...


@hyperparameters
class Fixed:
    """s = rate times a schedule's factor: plain SGD, momentum, Adam, ... (dissertation, Algorithm 1 and eq. 2.12)."""

    rate: Hyper = number(0.1, "[0, inf)")
    schedule: str = choice("constant", *SCHEDULES)

    def init(self, xp, lanes):
        rate = xp.broadcast_to(self.rate, lanes)
        return rate, xp.astype(xp.zeros_like(rate), xp.int8)  # FOUND

    def step(self, ray, state):
        xp, (rate, found) = ray.xp, state
        size = rate * SCHEDULES[self.schedule](xp.whole(ray.t), ray.steps)
        if xp.eager and xp.all(ray.norm):
            return Step(size, state, found)
        still = ray.norm == 0
        return Step(xp.where(still, 0.0, size), state, xp.where(still, int(Status.STATIONARY), found))


@hyperparameters
class PAL:
    """Parabolic approximation line search (Mutschler & Zell 2020; dissertation, Algorithm 8 and eq. 4.2)."""

    mu: Hyper = number(0.1, "(0, inf)")
    alpha: Hyper = number(1.0, "(0, inf)")
    s_max: Hyper = number(3.16, "(0, inf]")
    exact_slope: bool = choice(True, True, False)
    on: str = choice("batch", "batch", "full")

    @property
    def scale_free(self):
        return self.exact_slope

    @property
    def whole(self):
        return self.on == "full"

    def init(self, xp, lanes):
        return ()

    def step(self, ray, state):
        xp, line = ray.xp, ray.full() if self.whole else ray.line()
        norm = xp.divisor(ray.norm)
        b = line.slope0 / norm if self.exact_slope else -ray.norm  # line 8
        moving = descends(b)
        change = line.once(self.mu / norm, where=moving)  # l(mu) - l(0), line 7
        a = (change - b * self.mu) / (self.mu * self.mu)  # eq. 4.2, line 9
        s = xp.where(a > 0, -self.alpha * b / (2 * a), self.mu)  # lines 11 and 13
        s = s + 0 * a  # nan where l(mu) is not finite
        size, status = conclude(xp, b, xp.minimum(s, self.s_max) / norm, moving, s >= self.s_max)  # lines 15 and 17
        return Step(size, state, status)


@hyperparameters
class ALIG:
    """Adaptive learning rates for interpolation with gradients (Berrada et al. 2020; dissertation, eq. 2.50)."""

    max_rate: Hyper = number(math.inf, "(0, inf]")
    eps: Hyper = number(1e-5, "[0, inf)")
    momentum: Hyper = number(0.0, "[0, 1)")
    adjusted: bool = choice(False, False, True)
    absolute_loss = True

    def init(self, xp, lanes):
        return None  # no velocity yet

    def step(self, ray, velocity):
        xp, theta, g = ray.xp, ray.origin.theta, ray.origin.gradient
        eta = ray.origin.value / (ray.norm * ray.norm + self.eps)  # eq. 2.50
        eta = xp.where(ray.norm > 0, xp.minimum(xp.maximum(eta, 0.0), self.max_rate), 0.0)
        capped = eta >= self.max_rate
        move, beta = eta[..., None] * g, column(self.momentum)
        velocity = -(g if self.adjusted else move) + (0 * g if velocity is None else beta * velocity)
        moved = theta - move + beta * (eta[..., None] * velocity if self.adjusted else velocity)
        still = (ray.norm == 0) & xp.all(velocity == 0, axis=-1)
        status = xp.where(still, int(Status.STATIONARY), xp.astype(capped, xp.int8))  # CAPPED = 1
        return Step(eta, velocity, status, Iterate(moved))


@hyperparameters
class Hypergradient:
    """The rate itself descends: lambda += h (g_t . u_{t-1}) (Baydin et al. 2018; dissertation, eqs. 2.48, 2.49).

    u is minus the direction: the gradient, the momentum vector or Nesterov's vector. variant: step t uses the new rate
    ("paper") or the one before it ("dissertation").
    """

    rate: Hyper = number(0.01, "[0, inf)")
    hyper_rate: Hyper = number(1e-6, "[0, inf)")
    variant: str = choice("paper", "paper", "dissertation")

    def init(self, xp, lanes):
        return xp.broadcast_to(self.rate, lanes), None

    def step(self, ray, state):
        xp, (before, u) = ray.xp, state
        rate = before
        if u is not None:
            h = xp.vecdot(ray.origin.gradient, u)  # eq. 2.48
            rate = xp.where(xp.isfinite(h), before + self.hyper_rate * h, before)  # eq. 2.49
        still = ray.norm == 0
        status = xp.where(still, int(Status.STATIONARY), xp.astype(still, xp.int8))
        used = rate if self.variant == "paper" else before
        return Step(xp.where(still, 0.0, used), (rate, -ray.d), status)
