"""Adam. Deviations: none from Algorithm 7; the learning rate is the rule's step."""

from __future__ import annotations

from typing import NamedTuple

from ..entry import decades, named, options
from ..hyper import Hyper, hyperparameters, number
from ..optimizer import Optimizer
from ..xp import Array, column
from .fixed import Fixed


class Moments(NamedTuple):
    t: int  # steps made
    m: Array
    v: Array


@hyperparameters
class Adam:
    """Bias-corrected first moment over root second moment (Kingma & Ba 2015; dissertation, Algorithm 7)."""

    beta1: Hyper = number(0.9, "[0, 1)", "decay of the mean of gradients m")
    beta2: Hyper = number(0.999, "[0, 1)", "decay of the mean of squared gradients v")
    eps: Hyper = number(1e-8, "(0, inf)", "what is added to the root of v")
    per_coordinate = True

    def init(self, xp, point):
        return Moments(0, xp.zeros_like(point.theta), xp.zeros_like(point.theta))

    def step(self, xp, point, state):
        beta1, beta2, g, t = column(self.beta1), column(self.beta2), point.gradient, state.t + 1
        m = beta1 * state.m + (1 - beta1) * g
        v = beta2 * state.v + (1 - beta2) * g * g
        corrected_m, corrected_v = m / (1 - beta1**t), v / (1 - beta2**t)
        return -corrected_m / (xp.sqrt(corrected_v) + column(self.eps)), Moments(t, m, v)


NAMES = {
    "adam": named(
        lambda rate, schedule, **adam: Optimizer(Adam(**adam), Fixed(rate, schedule)),
        options(Fixed, rate=1e-3) | options(Adam),
        "bias-corrected moments",
        "d = -(m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps), s = rate * schedule(t)",
        "1 gradient",
        "D Algorithm 7",
        "kingma2015",
        grid={"rate": decades(-4, 0, 2), "beta1": (0.9, 0.95)},
    )
}
