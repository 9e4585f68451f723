"""RMSProp. Deviations: none from eq. 2.47 (eps outside the root)."""

from __future__ import annotations

from ..entry import decades, named, options
from ..hyper import Hyper, hyperparameters, number
from ..optimizer import Optimizer
from ..xp import column
from .fixed import Fixed


@hyperparameters
class RMSProp:
    """d = -g / (sqrt(v) + eps), v the moving average of g^2 (Tieleman & Hinton 2012; dissertation, eq. 2.47)."""

    decay: Hyper = number(0.9, "[0, 1)", "of the mean of squared gradients v")
    eps: Hyper = number(1e-8, "(0, inf)", "what is added to the root of v")
    per_coordinate = True

    def init(self, xp, point):
        return xp.zeros_like(point.theta)

    def step(self, xp, point, v):
        g, decay = point.gradient, column(self.decay)
        v = decay * v + (1 - decay) * g * g
        return -g / (xp.sqrt(v) + column(self.eps)), v


NAMES = {
    "rmsprop": named(
        lambda rate, schedule, **rmsprop: Optimizer(RMSProp(**rmsprop), Fixed(rate, schedule)),
        options(Fixed, rate=0.01) | options(RMSProp),
        "root of squared gradients",
        "d = -g / (sqrt(v) + eps), s = rate * schedule(t)",
        "1 gradient",
        "D eq. 2.47",
        "tieleman2012",
        grid={"rate": decades(-4, 0, 2), "decay": (0.9, 0.95)},
    )
}
