"""Plain SGD: a fixed rate, or one that follows a schedule, along minus the gradient or along its unit vector.

Deviations
  Fixed      where d = 0 the step is 0 and the status STATIONARY.
  Unit       where d = 0 it stays 0 (the papers divide 0 by 0); the rule then sees slope 0: STATIONARY.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..entry import decades, named, options
from ..hyper import Hyper, choice, hyperparameters, number
from ..optimizer import Optimizer
from ..parts import gradients
from ..rays import Status, Step

SCHEDULES: dict[str, Callable[[int, int], float]] = {  # factor of the rate at step t of T
    "constant": lambda t, T: 1.0,
    "piecewise": lambda t, T: 1.0 if 2 * t < T else 0.1 if 4 * t < 3 * T else 0.01,  # x 0.1 at 50 % and 75 %
    "cosine": lambda t, T: 0.5 * (1 + math.cos(math.pi * t / T)),
    "1/t": lambda t, T: 1 / (t + 1),
    "1/sqrt(t)": lambda t, T: 1 / math.sqrt(t + 1),
}


@hyperparameters
class Gradient:
    """d = -g, the negative mini-batch gradient (Robbins & Monro 1951; dissertation, Algorithm 1)."""

    def init(self, xp, point):
        return ()

    def step(self, xp, point, state):
        return -point.gradient, state


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
class Fixed:
    """s = rate times a schedule's factor: plain SGD, momentum, Adam, ... (dissertation, Algorithm 1 and eq. 2.12)."""

    rate: Hyper = number(0.1, "[0, inf)", "the step, in multiples of d")
    schedule: str = choice("constant", *SCHEDULES, meaning="what multiplies the rate as the run goes on")

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


NAMES = {
    "sgd": named(
        lambda **fixed: Optimizer(Gradient(), Fixed(**fixed)),
        options(Fixed),
        "fixed rate or schedule",
        "s = rate * schedule(t)",
        "1 gradient",
        "D Algorithm 1",
        "robbins1951",
        grid={"rate": decades(-4, 2, 2), "schedule": ("constant", "piecewise")},
    ),
    "nsgd": named(
        lambda **fixed: Optimizer(Unit(Gradient()), Fixed(**fixed)),
        options(Fixed),
        "fixed arc length along the gradient",
        "s = rate * schedule(t), d = -g / |g|",
        "1 gradient",
        "D section 6.3",
        "mutschler2022",
        deviations="step 0 where the gradient is 0",
        grid={"rate": decades(-4, 2, 2), "schedule": ("constant", "piecewise")},
    ),
}
