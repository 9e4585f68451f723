"""PAL: the minimum of a parabola through two losses and a slope.

Deviations: the cap comes after alpha, as in the authors' code. At a stationary point (b = 0) the step is 0 before
anything is normalised (the paper divides 0 by 0). ``exact_slope=False`` is the released option
calc_exact_directional_derivative=False: b = -|d|, true only without momentum; it needs the bare direction, not
``Unit``. The second loss is measured only where b < 0, where it is used; a lane ends where it is not finite (the paper
would step to it or, where it is infinite, by 0 for ever). Lengths are in theta-space whatever the length of d; the
returned step multiplies d.
"""

from __future__ import annotations

from ..entry import Entry, decades, named, options
from ..hyper import Hyper, choice, hyperparameters, number
from ..optimizer import Optimizer
from ..rays import descends
from ..text import ALL, Search, diverged, finite, found, nowhere, once
from .conjugate import Conjugate
from .fixed import Gradient, Unit
from .momentum import Momentum


@hyperparameters
class PAL(Search):
    """Parabolic approximation line search (Mutschler & Zell 2020; dissertation, Algorithm 8 and eq. 4.2)."""

    mu: Hyper = number(0.1, "(0, inf)", "where the second loss is measured, as a length")
    alpha: Hyper = number(1.0, "(0, inf)", "factor of the way to the parabola's minimum")
    s_max: Hyper = number(3.16, "(0, inf]", "the largest step, as a length")
    exact_slope: bool = choice(True, True, False, meaning="whether b is the slope along d, or -|d|")
    on: str = choice("batch", "batch", "full", meaning="whose losses: of the gradient's batch, or of all data")

    @property
    def scale_free(self):
        return self.exact_slope

    @property
    def whole(self):
        return self.on == "full"

    @property
    def batch(self):
        return ALL if self.whole else 0

    def search(self, here, state):
        """Algorithm 8; lines 4 to 6 are the run's and the direction's."""
        norm, mu = here.norm or 1, self.mu
        b = here.slope0 / norm if self.exact_slope else -here.norm  # line 8
        if not descends(b):
            return nowhere(b)  # line 15
        a = ((yield once(mu / norm)) - b * mu) / (mu * mu)  # lines 7 and 9, eq. 4.2
        if not finite(a):
            return diverged()
        s = -self.alpha * b / (2 * a) if a > 0 else mu  # lines 11 and 13
        return found(min(s, self.s_max) / norm, capped=s >= self.s_max)  # lines 17 to 20


def _conjugate(formula: str, directions: str, paper: str, deviations: str = "as pal-fr") -> Entry:
    return named(
        lambda restart, old, **pal: Optimizer(Unit(Conjugate(formula, restart, old)), PAL(**pal)),
        options(PAL, "mu", "alpha", "s_max") | options(Conjugate, "restart", "old"),
        f"PAL along {directions}",
        "s as pal, d_t = -g_t + beta_t d_{t-1}",
        "1 gradient, 1 loss",
        "D section 4.4.3",
        "mutschler2020",
        paper,
        deviations=deviations,
        grid={"mu": decades(-2, 1, 2), "alpha": (1.0, 1.66)},
        least=(2, 0),
    )


def _pal(beta, exact_slope, **pal):
    direction = Momentum(beta)
    return Optimizer(Unit(direction) if exact_slope else direction, PAL(exact_slope=exact_slope, **pal))


NAMES = {
    "pal": named(
        _pal,
        options(PAL, "mu", "alpha") | options(Momentum, "beta", beta=0.4) | options(PAL, "s_max", "exact_slope"),
        "parabola through two values and a slope",
        "s = alpha (-b / 2a), a = (l(mu) - l(0) - b mu) / mu^2, b = l'(0), d_t = -g_t + beta d_{t-1}",
        "1 gradient, 1 loss",
        "D Algorithm 8, eq. 4.2",
        "mutschler2020",
        deviations="tests for a stationary point before it normalises",
        grid={"mu": decades(-2, 1, 2), "alpha": (1.0, 1.66), "beta": (0.0, 0.4)},
        least=(2, 0),
    ),
    "pal-fr": _conjugate(
        "FR",
        "Fletcher-Reeves directions",
        "fletcher1964",
        "restarts every 10 steps and where d does not descend; keeps the gradient of the batch before",
    ),
    "pal-pr": _conjugate("PR", "Polak-Ribiere directions, cut at 0", "polak1969"),
    "pal-hs": _conjugate("HS", "Hestenes-Stiefel directions, cut at 0", "hestenes1952"),
    "pal-dy": _conjugate("DY", "Dai-Yuan directions", "dai1999"),
    "fbpal": named(
        lambda **pal: Optimizer(Unit(Gradient()), PAL(on="full", **pal)),
        options(PAL, "mu", "alpha", "s_max"),
        "PAL measured on all data",
        "s as pal, losses and slope of all data",
        "1 gradient, 1 loss and slope and 1 loss of all data",
        "D section 5.2",
        "mutschler2021",
        deviations="as pal",
        grid={"mu": decades(-2, 1, 2), "alpha": (1.0, 1.66)},
        least=(1, 1),
    ),
}
