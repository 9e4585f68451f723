"""Steps that leave the line: Polyak and Nesterov accelerations of the Armijo search, and the extragradient method.

Deviations
  Polyak         The step is vetted before momentum is added; the sum is not vetted again (as in the released code).
  Nesterov       The released recursion, whose first step counts for nothing: theta_1 = theta_0.
  Extragradient  Shrinks until |g(theta - s g) - g| <= c |g|, the released test divided by s. Both
                 gradients are taken on one batch. All tries failing gives step 0 and EXHAUSTED.
"""

from __future__ import annotations

from math import inf
from typing import Any

from ..hyper import Hyper, choice, hyperparameters, integer, number
from ..rays import Iterate, Step, conclude, descends
from ..xp import column
from .backtracking import Armijo, first_trial

KEEPING = Armijo(reset=0)  # type: ignore[call-arg]


@hyperparameters
class Polyak:
    """An Armijo step plus momentum: theta + s d + beta (theta - theta_prev) (Vaswani et al. 2019, sec. 6)."""

    momentum: Hyper = number(0.6, "[0, 1)")
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


@hyperparameters
class Extragradient:
    """theta - s g(theta - s g) with a Lipschitz search for s (Vaswani et al. 2019, sec. 5)."""

    c: Hyper = number(0.9, "(0, 1)")
    beta: Hyper = number(0.9, "(0, 1)")
    gamma: Hyper = number(2.0, "[1, inf)")
    first: Hyper = number(1.0, "(0, inf)")
    reset: int = choice(1, 0, 1, 2)
    steps_per_epoch: int | None = integer(None, 1)
    max_step: Hyper = number(inf, "(0, inf]")
    tries: int = integer(100, 1)

    init = Armijo.init

    def step(self, ray, s):
        xp, g = ray.xp, ray.origin.gradient
        s, slope0 = first_trial(self, ray, s), ray.line().slope0
        moving = seeking = descends(slope0)
        limit = self.c * xp.norm(g)
        ahead = g
        for _ in range(self.tries):
            ahead = xp.where(seeking[..., None], ray.gradient(s, where=seeking), ahead)
            seeking = seeking & ~(xp.norm(ahead - g) <= limit)
            if not xp.any(seeking):
                break
            s = xp.where(seeking, self.beta * s, s)
        found = moving & ~seeking
        size, status = conclude(xp, slope0, s, found, s >= self.max_step)
        moved = xp.where(found[..., None], ray.origin.theta - size[..., None] * ahead, ray.origin.theta)
        return Step(size, s, status, Iterate(moved))
