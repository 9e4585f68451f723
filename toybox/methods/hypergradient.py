"""SGD-HD: the rate itself descends.

Deviations: the rate moves before it is used, as in the authors' algorithm and code; ``variant="dissertation"``: a step
later, as the indices of eq. 2.49 have it. It may become negative. A product that is not finite leaves it alone.
"""

from __future__ import annotations

from ..entry import decades, named, options
from ..hyper import Hyper, choice, hyperparameters, number
from ..optimizer import Optimizer
from ..rays import Status, Step
from .fixed import Gradient
from .momentum import Momentum

FORMS = ("gradient", "momentum", "nesterov")


@hyperparameters
class Hypergradient:
    """The rate itself descends: lambda += h (g_t . u_{t-1}) (Baydin et al. 2018; dissertation, eqs. 2.48, 2.49).

    u is minus the direction: the gradient, the momentum vector or Nesterov's vector. variant: step t uses the new rate
    ("paper") or the one before it ("dissertation").
    """

    rate: Hyper = number(0.01, "[0, inf)", "the first step, in multiples of d")
    hyper_rate: Hyper = number(1e-6, "[0, inf)", "how fast the rate descends")
    variant: str = choice("paper", "paper", "dissertation", meaning="whether the rate moves before it is used")

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


@hyperparameters
class SGDHD:
    """What sgd-hd goes along."""

    form: str = choice("gradient", *FORMS, meaning="what the rate multiplies")
    momentum: Hyper = number(0.9, "[0, 1)", "of the forms with momentum: how much of the direction before is kept")


def sgd_hd(form, momentum, **rule):
    SGDHD(form, momentum)
    direction = Gradient() if form == "gradient" else Momentum(momentum, nesterov=form == "nesterov")
    return Optimizer(direction, Hypergradient(**rule))


NAMES = {
    "sgd-hd": named(
        sgd_hd,
        options(Hypergradient, "rate", "hyper_rate") | options(SGDHD) | options(Hypergradient, "variant"),
        "the rate itself descends",
        "rate += hyper_rate (g_t . u_{t-1}), s = rate",
        "1 gradient",
        "D eqs. 2.48, 2.49",
        "baydin2018",
        deviations="the rate moves before it is used",
        grid={"rate": decades(-4, 1, 2), "hyper_rate": (1e-6, 1e-4)},
    )
}
