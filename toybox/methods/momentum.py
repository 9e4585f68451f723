"""Heavy-ball momentum.

Deviations: none from Algorithm 6; g is added undamped (m = beta m + g), as PyTorch's SGD has it.
"""

from __future__ import annotations

from ..entry import decades, named, options
from ..hyper import Hyper, choice, hyperparameters, number
from ..optimizer import Optimizer
from ..xp import column
from .fixed import Fixed


@hyperparameters
class Momentum:
    """m = beta m + g, d = -m (Polyak 1964; dissertation, Algorithm 6, eq. 2.39).

    The same vector is PAL's direction d_t = -g_t + beta d_{t-1} (eq. 4.3). nesterov: d = -(g + beta m).
    """

    beta: Hyper = number(0.9, "[0, 1)", "how much of the direction before is kept")
    nesterov: bool = choice(False, False, True, meaning="whether d looks one step ahead")

    def init(self, xp, point):
        return xp.zeros_like(point.theta)

    def step(self, xp, point, m):
        m = column(self.beta) * m + point.gradient  # eq. 2.39
        return -(point.gradient + column(self.beta) * m) if self.nesterov else -m, m


NAMES = {
    "momentum": named(
        lambda beta, **fixed: Optimizer(Momentum(beta), Fixed(**fixed)),
        options(Fixed, rate=0.01) | options(Momentum, "beta"),
        "heavy-ball momentum",
        "m = beta m + g, d = -m, s = rate * schedule(t)",
        "1 gradient",
        "D Algorithm 6, eq. 2.39",
        "polyak1964",
        grid={"rate": decades(-4, 1, 2), "beta": (0.0, 0.4, 0.9)},
    )
}
