"""GOLS-I: slopes alone, each on a fresh batch, until one changes its sign.

Deviations
  B_0 is the gradient's batch, B_i the i-th fresh one. The step tested before the limits (lines 15 and 21) is returned
  as printed: CAPPED above, EXHAUSTED below; nothing is measured there. Where both limits contradict each other the
  upper one wins. A slope that is not finite ends the lane. After ``tries`` slopes, which no published text counts, the
  step is 0 (EXHAUSTED), and the next search goes on from there.
  ``variant="released"``: line 4 is strict, a step at a limit goes no further, the slope beyond a limit is measured, and
  the batch that judged the accepted step gives the next gradient.
"""

from __future__ import annotations

import numpy as np

from ..entry import decades, named, options
from ..hyper import Hyper, choice, hyperparameters, integer, number
from ..optimizer import Optimizer
from ..rays import descends
from ..text import Search, diverged, exhausted, finite, found, nowhere, slope
from .fixed import Gradient


@hyperparameters
class GOLSI(Search):
    """Gradient-only line search that is inexact (Kafka & Wilke 2019; dissertation, Algorithm 4).

    ``smallest`` and min(1/|d|, 1e7) limit the first trial; the last may pass them by ``factor``.
    """

    c2: Hyper = number(0.9, "[0, inf)", "share of |slope| at 0 up to which the first trial's slope is accepted")
    factor: Hyper = number(2.0, "(1, inf)", "from a trial to the next (eta)")
    first: Hyper = number(1e-8, "(0, inf)", "the first trial of the first step")
    smallest: Hyper = number(1e-8, "(0, inf)", "the smallest first trial (lambda_min)")
    tries: int = integer(1000, 1, "slopes at most")
    variant: str = choice("paper", "paper", "released", meaning="as printed, or as the authors' code has it")

    @property
    def carries(self):
        return self.variant == "released"

    def begin(self):
        return self.first

    def search(self, here, state):
        if not descends(here.slope0):
            return nowhere(here.slope0, state, extra=1)
        largest = min(1 / (here.norm or 1), 10**7)  # line 1
        s = min(max(state, self.smallest), largest)  # line 2
        end = yield from (_released if self.carries else _printed)(self, s, -self.c2 * here.slope0, largest)
        return end if end.state is not None else end._replace(state=state)

    def leads(self, ray, size, extras):
        """Where the batches that judged, by number, give the next gradient."""
        if not self.carries:
            return {}
        xp, sample, judges = ray.xp, ray.sample(1), np.reshape([j or 1 for j in extras], (*size.shape, 1))
        for j in {*judges.ravel().tolist()} - {1}:
            sample = xp.where(xp.asarray(judges == j), ray.sample(j), sample)
        return {"point": ray.at(ray.origin.theta + size[..., None] * ray.d, sample), "carry": True}


def _printed(rule, s, limit, largest):
    """Algorithm 4 from line 3 on; lambda is s, eta the factor. Without a state where no slope is known."""
    rise = yield slope(s, batch=1)  # line 3
    if 0 <= rise <= limit:  # line 4, eq. 2.24
        return found(s, s)  # line 5
    grows = rise < 0  # lines 6 to 10
    for j in range(2, rule.tries + 2):  # line 11; line 12 with the questions
        s = s * rule.factor if grows else s / rule.factor  # lines 14 and 20
        beyond = not (s <= largest / rule.factor if grows else s >= rule.smallest * rule.factor)
        if beyond:  # lines 15 and 21, first half
            break
        if j > rule.tries:
            return exhausted(s if finite(rise) else None)
        rise = yield slope(s, batch=j)
        if (rise < 0) != grows:  # lines 15 and 21, second half
            break
    if not finite(rise):
        return diverged()
    if beyond and not grows:
        return exhausted(s, size=s)  # line 22
    return found(s, s, capped=beyond)  # line 16


def _released(rule, s, limit, largest):
    """What the authors' code makes of it; ``extra`` is the number of the batch that judged."""
    rise = yield slope(s, batch=1)
    if 0 < rise < limit:
        return found(s, s, extra=1)
    grows, j = rise < 0, 1
    beyond = s >= largest if grows else s <= rule.smallest
    turned = False
    while not beyond and not turned:
        s, j = s * rule.factor if grows else s / rule.factor, j + 1
        if j > rule.tries:
            return exhausted(s if finite(rise) else None, extra=j - 1)
        beyond = not (s <= largest / rule.factor if grows else s >= rule.smallest * rule.factor)
        rise = yield slope(s, batch=j)
        turned = (rise < 0) != grows
    if not finite(rise):
        return diverged(extra=j)
    if beyond and not turned and not grows:
        return exhausted(s, size=s, extra=j)
    return found(s, s, capped=beyond and not turned, extra=j)


NAMES = {
    "golsi": named(
        lambda **golsi: Optimizer(Gradient(), GOLSI(**golsi)),
        options(GOLSI),
        "sign change of slopes on fresh batches",
        "s grows while phi_j'(s) < 0, else shrinks while phi_j'(s) >= 0, by factor, a fresh batch j each time",
        "1 gradient, 1 loss and slope of a fresh batch per trial",
        "D Algorithm 4, eq. 2.24",
        "kafka2019",
        deviations="the upper limit wins where limits contradict each other; step 0 where all tries fail",
        grid={"first": decades(-8, 0), "factor": (1.5, 2.0)},
        least=(2, 0),
    )
}
