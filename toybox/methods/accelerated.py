"""Armijo steps with Polyak's and Nesterov's acceleration.

Deviations
  Polyak     The step is vetted before momentum is added; the sum is not vetted again (as in the released code).
  Nesterov   The released recursion, whose first step counts for nothing: theta_1 = theta_0.
"""

from __future__ import annotations

from typing import Any

from ..entry import named, options
from ..hyper import Hyper, hyperparameters, number
from ..optimizer import Optimizer
from ..rays import Iterate
from ..xp import column
from .armijo import GROWTH, STRICT, Armijo
from .fixed import Gradient

KEEPING = Armijo(reset=0)
SEARCH = options(Armijo, "c", "beta", *GROWTH, "tries", reset=0)


@hyperparameters
class Polyak:
    """An Armijo step plus momentum: theta + s d + beta (theta - theta_prev) (Vaswani et al. 2019, sec. 6)."""

    momentum: Hyper = number(0.6, "[0, 1)", "how much of the move before is added")
    search: Any = KEEPING

    def init(self, xp, lanes):
        return self.search.init(xp, lanes), None

    def step(self, ray, state):
        s, previous = state
        step, theta = self.search.step(ray, s), ray.origin.theta
        moved = theta + step.size[..., None] * ray.d
        if previous is not None:
            moved = moved + column(self.momentum) * (theta - previous)
        return step._replace(state=(step.state, theta), point=Iterate(moved))


@hyperparameters
class Nesterov:
    """An Armijo step to y, then theta = (1 - tau) y + tau y_prev with Nesterov's tau (Vaswani et al. 2019, sec. 6)."""

    search: Any = KEEPING

    def init(self, xp, lanes):
        return self.search.init(xp, lanes), None, (0.0, 1.0, 1.0)

    def step(self, ray, state):
        s, previous, (lambda_old, lam, tau) = state
        step, theta = self.search.step(ray, s), ray.origin.theta
        y = theta + step.size[..., None] * ray.d
        moved = (1 - tau) * y + tau * (theta if previous is None else previous)
        lambda_old, lam = lam, (1 + (1 + 4 * lambda_old**2) ** 0.5) / 2
        return step._replace(state=(step.state, y, (lambda_old, lam, (1 - lambda_old) / lam)), point=Iterate(moved))


NAMES = {
    "sls-polyak": named(
        lambda momentum, **armijo: Optimizer(Gradient(), Polyak(momentum, Armijo(**armijo))),
        options(Polyak) | SEARCH,
        "Armijo step plus momentum",
        "theta_{t+1} = theta_t + s d + momentum (theta_t - theta_{t-1}), s as sls",
        "1 gradient, 1 loss per trial",
        "Vaswani section 6, released code",
        "vaswani2019",
        grid={"c": STRICT, "momentum": (0.4, 0.6, 0.8)},
        least=(2, 0),
    ),
    "sls-nesterov": named(
        lambda **armijo: Optimizer(Gradient(), Nesterov(Armijo(**armijo))),
        SEARCH,
        "Armijo steps with Nesterov's mixing",
        "y_t = theta_t + s d, theta_{t+1} = (1 - tau_t) y_t + tau_t y_{t-1}, s as sls",
        "1 gradient, 1 loss per trial",
        "Vaswani section 6, released code",
        "vaswani2019",
        deviations="the released recursion: its first step counts for nothing",
        grid={"c": STRICT, "beta": (0.7, 0.9)},
        least=(2, 0),
    ),
}
