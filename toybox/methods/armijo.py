"""Armijo's backtracking: start long, shrink until the loss has decreased enough. Stochastic line search (SLS).

Deviations
  Algorithm 2 of the dissertation tests with ">=" and would loop for ever at a stationary point; here a step is accepted
  on "<=". All tries failing gives step 0 and EXHAUSTED; the shrunken step is carried over.
  ``sample=1`` measures loss and slope on a fresh batch along the gradient's direction (the paper's appendix); the
  default and the released code use the gradient's own batch.
  ``variant="released"`` (SLS code of Vaswani et al.): no update where |g| < 1e-8, which counts as 0 (STATIONARY) while
  the step still grows, and a step of 1e-6 where all tries fail.
"""

from __future__ import annotations

from dataclasses import KW_ONLY
from math import inf

from ..entry import decades, named, options
from ..hyper import Hyper, choice, hyperparameters, integer, number
from ..optimizer import Optimizer
from ..rays import decreases, descends
from ..text import Search, change, exhausted, found, nowhere
from .fixed import Gradient


@hyperparameters
class FirstTrial(Search):
    """The step that a search tries first: the last one, that grown, or always the same."""

    _: KW_ONLY
    first: Hyper = number(1.0, "(0, inf)", "the first trial of the first step")
    reset: int = choice(1, 0, 1, 2, meaning="the first trial: 0 the last step, 1 that times gamma^(B/D), 2 first again")
    gamma: Hyper = number(2.0, "[1, inf)", "growth of the first trial per epoch, with reset 1")
    steps_per_epoch: int | None = integer(None, 1, "steps in which the trial grows by gamma; none: D/B, an epoch")
    max_step: Hyper = number(inf, "(0, inf]", "the largest step")

    def begin(self):
        return self.first

    def first_trial(self, here, s):
        """After a search that ended with s."""
        if self.reset == 1:
            s = s * self.gamma ** (1 / self.steps_per_epoch if self.steps_per_epoch else here.fraction)
        return min(self.first if self.reset == 2 else s, self.max_step)


@hyperparameters
class Armijo(FirstTrial):
    """Stochastic Armijo search with resets (Vaswani et al. 2019, Algorithm 1; dissertation, Algorithms 2 and 3)."""

    c: Hyper = number(0.1, "(0, 1)", "share of the first-order decrease that is demanded")
    beta: Hyper = number(0.9, "(0, 1)", "factor from a trial to the next")
    tries: int = integer(100, 1, "trials at most")
    sample: int = choice(0, 0, 1, meaning="the batch that judges: 0 that of the gradient, 1 a fresh one")
    variant: str = choice("paper", "paper", "released", meaning="as printed, or as the authors' code has it")

    @property
    def batch(self):
        return self.sample

    @property
    def afresh(self):
        return self.sample > 0

    def search(self, here, s):
        """Algorithm 3; lambda is s."""
        s, slope0, released = self.first_trial(here, s), here.slope0, self.variant == "released"  # line 4
        if released and here.norm < 1e-8:
            slope0 = 0 * slope0
        if not descends(slope0):
            return nowhere(slope0, s)
        for _ in range(self.tries):  # line 5
            if decreases((yield change(s)), s * (self.c * slope0)):  # line 8, eq. 2.17
                return found(s, s, capped=s >= self.max_step)  # line 9
            s = self.beta * s  # line 6
        return exhausted(s, size=1e-6 if released else 0)


STRICT = (*decades(-4, -1, 2), 0.5)  # values of c that are tuned
GROWTH = ("gamma", "first", "reset", "steps_per_epoch")
NAMES = {
    "backtracking": named(
        lambda **armijo: Optimizer(Gradient(), Armijo(reset=2, **armijo)),
        options(Armijo, "c", "beta", "first", "tries", c=1e-4, tries=1000),
        "Armijo backtracking from the same first step",
        "the first s in first * beta^i with phi(s) - phi(0) <= c s phi'(0)",
        "1 gradient, 1 loss per trial",
        "D Algorithm 2",
        "armijo1966",
        deviations='accepts on "<="; step 0 where all tries fail',
        grid={"first": decades(-2, 2, 2), "c": (1e-4, 0.1)},
        least=(2, 0),
    ),
    "sls": named(
        lambda **armijo: Optimizer(Gradient(), Armijo(**armijo)),
        options(Armijo, "c", "beta", *GROWTH, "max_step", "tries", "sample", "variant"),
        "stochastic Armijo search with resets",
        "the first s in s_{t-1} gamma^(B/D) * beta^i with phi(s) - phi(0) <= c s phi'(0)",
        "1 gradient, 1 loss per trial",
        "D Algorithm 3, eq. 2.17",
        "vaswani2019",
        deviations="step 0 where all tries fail",
        grid={"c": STRICT, "gamma": (1.5, 2.0)},
        least=(2, 0),
    ),
}
