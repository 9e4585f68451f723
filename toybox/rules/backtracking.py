"""Backtracking: start long, shrink until the loss has decreased enough.

Deviations
  Armijo   Algorithm 2 of the dissertation tests with ">=" and would loop for ever at a stationary point; here a step
           is accepted on "<=". All tries failing gives step 0 and EXHAUSTED; the shrunken step is carried over.
           ``sample=1`` measures loss and slope on a fresh batch along the gradient's direction (the paper's appendix);
           the default and the released code use the gradient's own batch.
           ``variant="released"`` (SLS code of Vaswani et al.): no update where |g| < 1e-8, which counts as 0
           (STATIONARY) while the step still grows, and a step of 1e-6 where all tries fail.
  Goldstein  The released search, since the paper gives none: the step stays within [SMALLEST, max_step], and where it
           cannot move or the tries are used up the last trial is taken (EXHAUSTED, or CAPPED at max_step).
"""

from __future__ import annotations

from math import inf
from typing import Any

from ..hyper import Hyper, choice, hyperparameters, integer, number
from ..rays import Ray, Status, Step, conclude, decreases, descends
from ..xp import Array


def first_trial(rule: Any, ray: Ray, s: Array) -> Array:
    """The first step to try, by ``reset``: the last one, that times gamma^(B/D), or ``first``; at most ``max_step``."""
    if rule.reset == 1:
        s = s * rule.gamma ** (1 / rule.steps_per_epoch if rule.steps_per_epoch else ray.fraction)
    return ray.xp.minimum(0 * s + rule.first if rule.reset == 2 else s, rule.max_step)


@hyperparameters
class Armijo:
    """Stochastic Armijo search with resets (Vaswani et al. 2019, Algorithm 1; dissertation, Algorithm 3).

    The first trial of a step is, by ``reset``: 0 the last step, 1 the last step times gamma^(B/D), 2 ``first`` again
    (Algorithm 2). s multiplies d.
    """

    c: Hyper = number(0.1, "(0, 1)")
    beta: Hyper = number(0.9, "(0, 1)")
    gamma: Hyper = number(2.0, "[1, inf)")
    first: Hyper = number(1.0, "(0, inf)")
    reset: int = choice(1, 0, 1, 2)
    steps_per_epoch: int | None = integer(None, 1)
    max_step: Hyper = number(inf, "(0, inf]")
    tries: int = integer(100, 1)
    sample: int = choice(0, 0, 1)
    variant: str = choice("paper", "paper", "released")

    @property
    def afresh(self):
        return self.sample > 0

    def init(self, xp, lanes):
        return xp.broadcast_to(self.first, lanes)

    def step(self, ray, s):
        xp, line = ray.xp, ray.line(self.sample)
        slope0, s = line.slope0, first_trial(self, ray, s)
        if self.variant == "released":
            slope0 = xp.where(ray.norm < 1e-8, 0 * slope0, slope0)
        decrease = self.c * slope0
        moving = seeking = descends(slope0)
        for _ in range(self.tries):
            change = line.change(s[..., None], where=seeking)[..., 0]
            seeking = seeking & ~decreases(change, s * decrease)
            if not xp.any(seeking):
                break
            s = xp.where(seeking, self.beta * s, s)
        size, status = conclude(xp, slope0, s, moving & ~seeking, s >= self.max_step)
        if self.variant == "released":
            size = xp.where(seeking, 1e-6, size)
        return Step(size, s, status)


@hyperparameters
class Goldstein:
    """Grow while the loss lies below both Goldstein lines, shrink while above both (Vaswani et al. 2019, released)."""

    c: Hyper = number(0.1, "(0, 0.5]")
    beta: Hyper = number(0.9, "(0, 1)")
    grow: Hyper = number(2.0, "(1, inf)")
    first: Hyper = number(1.0, "(0, inf)")
    max_step: Hyper = number(10.0, "(0, inf]")
    reset: int = choice(0, 0, 1, 2)
    gamma: Hyper = number(2.0, "[1, inf)")
    steps_per_epoch: int | None = integer(None, 1)
    tries: int = integer(100, 1)
    SMALLEST = 1e-8

    init = Armijo.init

    def step(self, ray, s):
        xp, line = ray.xp, ray.line()
        slope0, s = line.slope0, first_trial(self, ray, s)
        moving = asking = descends(slope0)
        failed = moving & ~moving
        for trial in range(1, self.tries + 1):
            change = line.change(s[..., None], where=asking)[..., 0]
            short = decreases(change, self.c * s * slope0)  # not too long
            asking = asking & ~(short & (change >= (1 - self.c) * s * slope0))  # Nocedal & Wright 2006, eq. 3.11
            after = xp.where(short, xp.minimum(self.grow * s, self.max_step), xp.maximum(self.beta * s, self.SMALLEST))
            stuck = asking & ((after == s) | (trial == self.tries))
            failed, asking = failed | (stuck & ~(short & (s >= self.max_step))), asking & ~stuck
            if not xp.any(asking):
                break
            s = xp.where(asking, after, s)
        size, status = conclude(xp, slope0, s, moving, s >= self.max_step)
        return Step(size, s, xp.where(failed, int(Status.EXHAUSTED), status))
