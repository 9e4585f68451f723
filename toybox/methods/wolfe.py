"""The strong Wolfe conditions, the deterministic reference.

Deviations: bisects where Nocedal & Wright interpolate; every trial costs a value and a slope.
"""

from __future__ import annotations

from math import inf

from ..entry import decades, named, options
from ..hyper import Hyper, hyperparameters, integer, number
from ..optimizer import Optimizer
from ..rays import decreases, descends
from ..text import Search, both, exhausted, found, nowhere
from .fixed import Gradient


@hyperparameters
class StrongWolfe(Search):
    """Strong Wolfe conditions (Nocedal & Wright 2006, Algorithms 3.5 and 3.6; dissertation, eqs. 2.17 and 2.18).

    Doubles until a bracket is found, then bisects it. ``low`` is the lowest point so far that decreases enough; its
    slope points to ``high``.
    """

    c1: Hyper = number(1e-4, "(0, 1)", "share of the first-order decrease that is demanded")
    c2: Hyper = number(0.9, "(0, 1)", "share of the slope at 0 that may be left, in absolute value")
    first: Hyper = number(1.0, "(0, inf)", "the first trial of every step")
    max_step: Hyper = number(1e10, "(0, inf]", "the largest step")
    tries: int = integer(100, 1, "trials at most")

    def search(self, here, state):
        slope0, s = here.slope0, min(self.first, self.max_step)
        if not descends(slope0):
            return nowhere(slope0)
        low, lowest, high = 0, 0, inf
        for _ in range(self.tries):
            fall, rise = yield both(s)
            good = decreases(fall, self.c1 * s * slope0) and fall < lowest  # eq. 2.17
            capped = good and rise < 0 and high == inf and s >= self.max_step
            if capped or (good and abs(rise) <= -self.c2 * slope0):  # eq. 2.18
                return found(s, capped=s >= self.max_step)
            if not good:
                high = s
            else:
                high = low if rise * (high - low) > 0 else high
                low, lowest = s, fall
            s = (low + high) / 2 if high < inf else min(2 * s, self.max_step)
        return exhausted()


NAMES = {
    "strong-wolfe": named(
        lambda **wolfe: Optimizer(Gradient(), StrongWolfe(**wolfe)),
        options(StrongWolfe),
        "strong Wolfe conditions, the deterministic reference",
        "phi(s) - phi(0) <= c1 s phi'(0) and |phi'(s)| <= c2 |phi'(0)|",
        "1 gradient, 1 loss and slope per trial",
        "D eqs. 2.17, 2.18",
        "nocedal2006",
        deviations="bisects where the book interpolates",
        grid={"first": decades(-2, 1, 2), "c2": (0.1, 0.9)},
        least=(2, 0),
    )
}
