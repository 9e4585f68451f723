"""The extragradient method with a Lipschitz search.

Deviations: shrinks until |g(theta - s g) - g| <= c |g|, the released test divided by s. Both gradients are taken on one
batch. All tries failing gives step 0 and EXHAUSTED.
"""

from __future__ import annotations

from ..entry import decades, named, options
from ..hyper import Hyper, hyperparameters, integer, number
from ..optimizer import Optimizer
from ..rays import Iterate, descends
from ..text import exhausted, found, nowhere, turn
from .armijo import GROWTH, FirstTrial
from .fixed import Gradient


@hyperparameters
class Extragradient(FirstTrial):
    """theta - s g(theta - s g) with a Lipschitz search for s (Vaswani et al. 2019, sec. 5)."""

    c: Hyper = number(0.9, "(0, 1)", "by how much of |g| the gradient may change on the way")
    beta: Hyper = number(0.9, "(0, 1)", "factor from a trial to the next")
    tries: int = integer(100, 1, "trials at most")

    def search(self, here, s):
        s = self.first_trial(here, s)
        if not descends(here.slope0):
            return nowhere(here.slope0, s)
        limit = self.c * here.norm  # d is -g
        for _ in range(self.tries):
            if (yield turn(s)) <= limit:
                return found(s, s, capped=s >= self.max_step)
            s = self.beta * s
        return exhausted(s)

    def leads(self, ray, size, extras):
        """Along the gradient that is ahead."""
        xp, theta = ray.xp, ray.origin.theta
        if ray.ahead is None:
            return {"point": Iterate(theta)}
        moves = (size > 0)[..., None]
        return {"point": Iterate(xp.where(moves, theta - size[..., None] * ray.ahead, theta))}


NAMES = {
    "seg": named(
        lambda **extragradient: Optimizer(Gradient(), Extragradient(**extragradient)),
        options(Extragradient, "c", "beta", *GROWTH, "max_step", "tries"),
        "extragradient, Lipschitz search",
        "theta_{t+1} = theta_t - s g(theta_t - s g), |g(theta_t - s g) - g| <= c |g|",
        "1 gradient, 1 more per trial",
        "Vaswani section 5",
        "vaswani2019",
        deviations="both gradients on one batch",
        grid={"c": (*decades(-3, -1, 2), 0.3, 0.9), "gamma": (1.5, 2.0)},
        least=(2, 0),
    )
}
