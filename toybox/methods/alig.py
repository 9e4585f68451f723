"""ALI-G: the loss over the squared gradient, clipped.

Deviations: where g = 0 the step is 0 (l / eps times 0 would be the same, but not with adjusted momentum). The rule is
meant for losses >= 0: a negative one counts as 0, so that the step is 0, never uphill.
"""

from __future__ import annotations

import math

from ..entry import decades, named, options
from ..hyper import Hyper, choice, hyperparameters, number
from ..optimizer import Optimizer
from ..rays import Iterate, Status, Step
from ..xp import column
from .fixed import Gradient


@hyperparameters
class ALIG:
    """Adaptive learning rates for interpolation with gradients (Berrada et al. 2020; dissertation, eq. 2.50)."""

    max_rate: Hyper = number(math.inf, "(0, inf]", "the largest step")
    eps: Hyper = number(1e-5, "[0, inf)", "what is added to |g|^2")
    momentum: Hyper = number(0.0, "[0, 1)", "how much of the velocity is kept (Nesterov's form)")
    adjusted: bool = choice(False, False, True, meaning="whether the velocity is of gradients, not of moves")
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


NAMES = {
    "ali-g": named(
        lambda **alig: Optimizer(Gradient(), ALIG(**alig)),
        options(ALIG),
        "loss over squared gradient, clipped",
        "s = min(l(0) / (|g|^2 + eps), max_rate)",
        "1 gradient",
        "D eq. 2.50",
        "berrada2020",
        deviations="the sign of eq. 2.50",
        grid={"max_rate": decades(-2, 2, 2), "momentum": (0.0, 0.9)},
    )
}
