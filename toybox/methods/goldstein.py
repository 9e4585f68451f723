"""Goldstein's search: grow while the loss lies below both Goldstein lines, shrink while it lies above both.

Deviations: the released search, since the paper gives none: the step stays within [SMALLEST, max_step], and where it
cannot move or the tries are used up the last trial is taken (EXHAUSTED, or CAPPED at max_step).
"""

from __future__ import annotations

from dataclasses import KW_ONLY

from ..entry import named, options
from ..hyper import Hyper, choice, hyperparameters, integer, number
from ..optimizer import Optimizer
from ..rays import decreases, descends
from ..text import change, exhausted, found, nowhere
from .armijo import GROWTH, STRICT, FirstTrial
from .fixed import Gradient


@hyperparameters
class Goldstein(FirstTrial):
    """Between the two lines of Goldstein (Nocedal & Wright 2006, eq. 3.11; Vaswani et al. 2019, released code)."""

    c: Hyper = number(0.1, "(0, 0.5]", "slopes of the lines are c and 1 - c times that at 0")
    beta: Hyper = number(0.9, "(0, 1)", "factor of a step that is too long")
    grow: Hyper = number(2.0, "(1, inf)", "factor of a step that is too short")
    tries: int = integer(100, 1, "trials at most")
    _: KW_ONLY
    max_step: Hyper = number(10.0, "(0, inf]", "the largest step")
    reset: int = choice(0, 0, 1, 2, meaning="the first trial: 0 the last step, 1 that times gamma^(B/D), 2 first again")
    SMALLEST = 1e-8

    def search(self, here, s):
        s, slope0, smallest = self.first_trial(here, s), here.slope0, min(self.SMALLEST, self.max_step)
        if not descends(slope0):
            return nowhere(slope0, s)
        for trial in range(1, self.tries + 1):
            fall = yield change(s)
            short = decreases(fall, self.c * s * slope0)  # not too long
            if short and fall >= (1 - self.c) * s * slope0:  # nor too short
                return found(s, s, capped=s >= self.max_step)
            after = min(self.grow * s, self.max_step) if short else max(self.beta * s, smallest)
            if after == s or trial == self.tries:
                return found(s, s, capped=True) if short and s >= self.max_step else exhausted(s, size=s)
            s = after


NAMES = {
    "sls-goldstein": named(
        lambda **goldstein: Optimizer(Gradient(), Goldstein(**goldstein)),
        options(Goldstein, "c", "beta", "grow", *GROWTH, "max_step", "tries"),
        "between the two Goldstein lines",
        "(1 - c) s phi'(0) <= phi(s) - phi(0) <= c s phi'(0)",
        "1 gradient, 1 loss per trial",
        "D section 6.2, Nocedal & Wright eq. 3.11",
        "vaswani2019",
        "nocedal2006",
        deviations="the released search: the paper gives none",
        grid={"c": STRICT, "grow": (1.5, 2.0)},
        least=(2, 0),
    )
}
