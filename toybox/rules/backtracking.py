"""Backtracking: start long, shrink until the loss has decreased enough.

Deviations
  Armijo   Algorithm 2 of the dissertation tests with ">=" and would loop for ever at a stationary point; here a step
           is accepted on "<=". All tries failing gives step 0 and EXHAUSTED; the shrunken step is carried over.
           ``sample=1`` measures loss and slope on a fresh batch along the gradient's direction (the paper's appendix);
           the default and the released code use the gradient's own batch.
           ``variant="released"`` (SLS code of Vaswani et al.): no update where |g| < 1e-8 while the step still grows,
           and a step of 1e-6 where all tries fail.
"""

from __future__ import annotations

from math import inf

from ..hyper import Hyper, choice, hyperparameters, integer, number
from ..rays import Step, conclude


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

    def init(self, xp, lanes):
        return xp.broadcast_to(self.first, lanes)

    def trial(self, ray, s):
        """The first step to try."""
        if self.reset == 0:
            return s
        if self.reset == 2:
            return 0 * s + self.first
        return s * self.gamma ** (1 / self.steps_per_epoch if self.steps_per_epoch else ray.fraction)

    def step(self, ray, s):
        xp, line = ray.xp, ray.line(self.sample)
        slope0, s = line.slope0, xp.minimum(self.trial(ray, s), self.max_step)
        decrease, seeking = self.c * slope0, slope0 < 0
        if self.variant == "released":
            seeking = seeking & (ray.norm >= 1e-8)
        moving = seeking
        for _ in range(self.tries):
            change = line.change(s[..., None], where=seeking)[..., 0]
            seeking = seeking & ~(change <= s * decrease)  # sufficient decrease, eq. 2.17
            if not xp.any(seeking):
                break
            s = xp.where(seeking, self.beta * s, s)
        size, status = conclude(xp, slope0, s, moving & ~seeking, s >= self.max_step, seeking)
        if self.variant == "released":
            size = xp.where(seeking, 1e-6, size)
        return Step(size, s, status)
