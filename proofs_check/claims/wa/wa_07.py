r"""WA-07  What the stochastic line searches choose on a parabola

Where: derived; dissertation, Algorithms 3, 4, 8 and 9
Claim: On a parabola PAL goes alpha times the way to the minimum and LABPAL 1.8 times. Backtracking from far enough ends
    within (2 beta (1 - c), 2 (1 - c)], by default (1.62, 1.8]. GOLS-I away from its limits ends within [1/2, 2):
    accepting at once in [1, 1.9], growing in [1, 2), shrinking in [1/2, 1); so the loss always decreases.
Formula: 2 \beta (1 - c) < \alpha_{\mathrm{SLS}} \le 2(1 - c), \qquad \tfrac12 \le \alpha_{\mathrm{GOLS}} < 2
Verdict: holds
Kind: property
Found: By their defaults SLS and LABPAL go too far by the same factor, 1.8.
"""

from __future__ import annotations

from fractions import Fraction as F
from math import inf
from typing import NamedTuple

import numpy as np

from toybox import methods

from ... import of_code
from ...cases import EPS
from ...claim import above, equal, only, told
from ...ours import moves
from ...proof import Theorem, every, implies, some
from .common import Parabola, one_step

claim = told(__doc__)
claim.of_the_code(of_code.golsi.on_a_parabola)


@claim.proof("backtracking", broken={"without beta": {"shrunk": lambda beta: 1}, "c < 0": {"side": -1}})
def backtracked(a, b, alpha, c, beta, shrunk=lambda beta: beta, side=1):
    """A step that is accepted while the one before, 1 / beta times as long, was not."""
    p, rejected = Parabola(a, b, 0, alpha), Parabola(a, b, 0, alpha / beta)
    return Theorem(
        (a > 0, b < 0, alpha > 0, 0 < beta, beta < 1, side * c > 0, p.gain(c) >= 0, rejected.gain(c) < 0),
        {
            "above": 2 * shrunk(beta) * (1 - c) < alpha,
            "up to": alpha <= 2 * (1 - c),
            "decrease": p.value(p.y) < p.value(0),
        },
    )


@claim.proof("GOLS-I", broken={"growing by 3": {"factor": 3}})
def golsi(a, b, alpha, c2=F(9, 10), factor=2):
    """Accepted at once; or grown until the slope is not negative, or shrunk until it is."""
    p = Parabola(a, b, 0, alpha)
    slope = lambda times: p.slope(times * p.y)
    at_once = every(0 <= slope(1), slope(1) <= -c2 * b)
    grown = every(slope(1 / factor) < 0, 0 <= slope(1))
    shrunk = every(slope(factor) >= 0, slope(1) < 0)
    return Theorem(
        (a > 0, b < 0, alpha > 0),
        {
            "at once": implies(at_once, every(1 <= alpha, alpha <= F(19, 10))),
            "grown": implies(grown, every(1 <= alpha, alpha < 2)),
            "shrunk": implies(shrunk, every(F(1, 2) <= alpha, alpha < 1)),
            "decrease": implies(some(at_once, grown, shrunk), p.value(p.y) < p.value(0)),
        },
    )


@claim.proof("PAL and LABPAL", broken={"the slope forgotten": {"known": 0}})
def fitted(a, b, c, mu, known=1):
    """Value and slope at 0 and a value or a slope at mu give the curvature of the parabola, whose minimum is y."""
    p = Parabola(a, b, c, 1)
    by_value = (p.value(mu) - p.value(0) - known * b * mu) / mu**2
    by_slope = (p.slope(mu) - known * b) / (2 * mu)
    return Theorem((a > 0, b < 0, mu > 0), {"PAL": by_value == a, "LABPAL": by_slope == a, "y": p.slope(p.y) == 0})


# --- on arrays, over six decades, where rounding moves the ends


class Choice(NamedTuple):
    """What a search made of parabolas: its alphas, and where the theory says that they lie."""

    name: str
    alpha: np.ndarray
    low: float
    high: float
    left: np.ndarray  # distance to the vertex afterwards, by the one before


def shapes(budget):
    """Vertices and first steps over six decades each."""
    return 10 ** budget.rng().uniform(-3, 3, (2, budget.many(3000, 60000)))


def sls_choices(budget, c=0.1, beta=0.9):
    """Backtracking from far enough takes the first power of beta below 2 (1 - c)."""
    vertex, first = shapes(budget)
    rule = methods.armijo.Armijo(c=c, beta=beta, first=2 * (1 - c) * vertex * (1 + first), reset=2, tries=400)
    size, _, _, end = one_step(rule, 1 / vertex, -vertex)
    return Choice("SLS", size / vertex, 2 * beta * (1 - c), 2 * (1 - c), np.abs(end / vertex))


def golsi_choices(budget, factor=2.0, low=(1.0, 1.0, 0.5), high=(1.9, 2.0, 1.0)):
    """GOLS-I away from its limits, by its exit: at once, grown, shrunk. Steps of 1e-9 keep |d| from limiting them."""
    vertex, first = shapes(budget)
    x = -1e-9 * vertex
    size, _, _, end = one_step(methods.golsi.GOLSI(factor=factor, first=first, smallest=1e-12), 1 / vertex, x)
    exits = {"at once": size == first, "grown": size > first, "shrunk": size < first}
    for (name, here), bottom, top in zip(exits.items(), low, high, strict=True):
        yield Choice(f"GOLS-I, {name}", (size / vertex)[here], bottom, top, np.abs(end / x)[here])


def lane_by_lane(*choices):
    """Every lane of every search: alpha, the share of the way to the vertex that is left, and alpha's interval."""
    for name, alpha, low, high, left in choices:
        yield from ((name, *row, low, high) for row in zip(alpha.tolist(), left.tolist(), strict=True))


def grown_by_three(budget):
    """Every lane that grew, by 3, but should be where growing by 2 leads."""
    return lane_by_lane(list(golsi_choices(budget, factor=3.0))[1])


@claim.check(
    "SLS and GOLS-I stay inside and decrease the loss",
    lambda budget: lane_by_lane(sls_choices(budget), *golsi_choices(budget)),
    degree="sampled",
)
@claim.control("GOLS-I growing by 3", grown_by_three)
@claim.control(
    "SLS inside with c = .2", lambda budget: lane_by_lane(sls_choices(budget, c=0.2)._replace(low=1.62, high=1.8))
)
def chosen(name, alpha, left, low, high):
    """alpha lies inside and the loss decreases. Boundaries are met up to 16 roundings of numbers below 2 high."""
    slop = 32 * EPS * high
    return {"low": alpha - low + slop, "high": high - alpha + slop, "decrease": above(1, left)}


PAL = [("pal", F(k, 10), {"alpha": F(k, 10), "beta": 0}) for k in range(5, 21)]
LABPAL = {"approximation_batches": 1}


@claim.check("PAL and LABPAL on exact numbers", lambda budget: [*PAL, ("labpal-nsgd", F(9, 5), LABPAL)])
@claim.control("LABPAL 1.7 times", only("labpal-nsgd", F(17, 10), LABPAL))
def goes(name, alpha, options):
    p = Parabola(F(2), F(-3), F(1), alpha)
    return equal(moves(name, p.plain, (F(0),), [(0,)], s_max=inf, **options)[0].arc, p.y)
