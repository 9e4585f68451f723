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
from functools import partial
from typing import NamedTuple

import numpy as np

import toybox as tb
from toybox import methods

from ...cases import EPS
from ...claim import above, close, told
from ...ours import Plain, moves, on_rule, walk
from .common import one_step

claim = told(__doc__)


class Choice(NamedTuple):
    """What a search made of parabolas: its alphas, and where the theory says that they lie."""

    name: str
    alpha: np.ndarray
    low: float
    high: float
    left: np.ndarray  # distance to the vertex afterwards, by the one before


def shapes(budget):
    """Vertices and first steps over six decades each."""
    rng = budget.rng()
    return 10 ** rng.uniform(-3, 3, (2, budget.many(3000, 60000)))


def sls_choices(budget, c=0.1, beta=0.9):
    """Backtracking from far enough takes the first power of beta below 2 (1 - c)."""
    vertex, first = shapes(budget)
    far = 2 * (1 - c) * vertex * (1 + first)
    size, _, _, end = one_step(
        methods.armijo.Armijo(c=c, beta=beta, first=far, reset=2, tries=400), 1 / vertex, -vertex
    )
    return Choice("SLS", size / vertex, 2 * beta * (1 - c), 2 * (1 - c), np.abs(end / vertex))


def golsi_choices(budget, factor=2.0, low=(1.0, 1.0, 0.5), high=(1.9, 2.0, 1.0)):
    """GOLS-I away from its limits, by its exit: at once, grown, shrunk. Steps of 1e-9 keep |d| from limiting them."""
    vertex, first = shapes(budget)
    x = -1e-9 * vertex
    size, _, _, end = one_step(methods.golsi.GOLSI(factor=factor, first=first, smallest=1e-12), 1 / vertex, x)
    exits = {"at once": size == first, "grown": size > first, "shrunk": size < first}
    for (name, here), bottom, top in zip(exits.items(), low, high, strict=True):
        yield Choice(f"GOLS-I, {name}", (size / vertex)[here], bottom, top, np.abs(end / x)[here])


def choices(budget):
    return [sls_choices(budget), *golsi_choices(budget)]


def lane_by_lane(budget):
    """Every lane of every search: alpha, its interval, and the share of the way to the vertex that is left."""
    for name, alpha, low, high, left in choices(budget):
        yield from ((name, *row, low, high) for row in zip(alpha.tolist(), left.tolist(), strict=True))


def intervals(wider=0.0):
    """Searches, by what a trial is multiplied to come before the last one, and where they end."""
    return lambda budget: [
        ("SLS", 1 / 0.9, 1.62, 1.8 + wider),
        ("GOLS-I", 1.0, 1.0, 1.9 + wider),
        ("GOLS-I", 0.5, 1.0, 2.0 + wider),
        ("GOLS-I", 2.0, 0.5, 1.0 + wider),
    ]


@claim.check("and reach every alpha inside", intervals())
def reaches(search, factor, low, high):
    """Every alpha of an interval: from alpha times the vertex, times ``factor`` 2 to 9 times, the search ends there.

    The alphas keep 2^-30 of the width away from both ends: more than the at most 24 roundings of a step, 12 eps.
    """
    count = 997
    vertex, times = 10 ** np.linspace(-3, 3, count), np.arange(count) % 8 + 2
    wanted = low + (high - low) * np.linspace(2**-30, 1 - 2**-30, count)
    first = wanted * vertex * factor**times
    rules = {
        "SLS": methods.armijo.Armijo(c=0.1, beta=0.9, first=first, reset=2, tries=400),
        "GOLS-I": methods.golsi.GOLSI(first=first, smallest=1e-12),
    }
    size = one_step(rules[search], 1 / vertex, -1e-9 * vertex)[0]
    return close(size / vertex, wanted, 16 * EPS * wanted)


def grown_by_three(budget):
    """Growing by 3, every lane that grew: alpha should stay below 2 and the loss decrease."""
    name, alpha, _, _, left = list(golsi_choices(budget, factor=3.0))[1]
    return ((name, *row, 1.0, 2.0) for row in zip(alpha.tolist(), left.tolist(), strict=True))


@claim.check("SLS and GOLS-I stay inside and decrease the loss", lane_by_lane)
@claim.control("GOLS-I growing by 3", grown_by_three)
@claim.control(
    "SLS inside with c = .2",
    lambda budget: (("SLS", a, 0.0, 1.62, 1.8) for a in sls_choices(budget, c=0.2).alpha.tolist()),
)
def chosen(name, alpha, left, low, high):
    """alpha lies inside and the loss decreases. Boundaries are met up to 16 roundings of numbers below 2 high."""
    slop = 32 * EPS * high
    return {"low": alpha - low + slop, "high": high - alpha + slop, "decrease": above(1, left)}


def parabolic_choices(budget):
    """PAL and LABPAL, each lane with a sample of its own; the vertex lies 1e-3 .. 1e2 away."""
    rng, n = budget.rng(), budget.many(600, 1200)
    vertex, alpha = 10 ** rng.uniform(-3, 2, n), rng.uniform(0.5, 2, n)
    problem = tb.problems.NoisyQuadratic(10 ** rng.uniform(-2, 2, (n, 1, 1)), np.zeros((n, 1)))
    rules = {
        "PAL": (methods.pal.PAL(mu=0.1, alpha=alpha, s_max=1e9), alpha, 0.1),
        "LABPAL": (
            methods.labpal.LABPAL(s_max=1e9 + 0 * alpha, approximation_batches=1, keeps="length"),
            0 * alpha + 1.8,
            0.01,
        ),
    }
    for name, (rule, wanted, reach) in rules.items():
        own = np.arange(n)[None, :, None]
        unit = on_rule(rule, tb.methods.fixed.Unit())
        w = walk(problem, unit, -vertex[None, :, None], sampler=lambda t, j, own=own: own, batch=1)
        for row in zip((w.trace.size[0, 0] / vertex).tolist(), wanted.tolist(), vertex.tolist(), strict=True):
            yield name, *row, reach


@claim.check("PAL and LABPAL", parabolic_choices)
def parabola_hit(name, found, alpha, vertex, reach):
    """alpha is what was asked for. Measured at mu, the curvature keeps 4 eps (1 + 2 vertex / mu); LABPAL subtracts two
    slopes, and does so twice."""
    return close(found, alpha, 16 * EPS * (1 + 2 * vertex / reach) * alpha)


def starts(budget):
    """Our rules on arrays and on exact numbers, from the same starts."""
    vertex, first = shapes(budget)[:, :40]
    far = 2 * vertex * (1 + first)
    size = one_step(methods.armijo.Armijo(c=0.1, beta=0.9, first=far, reset=2, tries=400), 1 / vertex, -vertex)[0]
    yield "SLS", vertex, far, 1.0, size, partial(moves, "sls", reset=2, tries=400)
    size = one_step(methods.golsi.GOLSI(first=first, smallest=1e-12), 1 / vertex, -1e-9 * vertex)[0]
    yield (
        "GOLS-I", vertex, first, 1e-9, size,
        partial(moves, "golsi", smallest=F(1, 10**12)),
    )  # fmt: skip


@claim.check("steps on exact numbers", starts)
def agree(name, vertex, first, scale, size, exactly):
    """The steps are equal up to the roundings of at most 100 factors beta."""
    steps = []
    for v, start in zip(vertex.tolist(), first.tolist(), strict=True):
        h = 1 / F(v)
        plain = Plain(lambda x, h=h: h * x[0] ** 2 / 2, lambda x, h=h: (h * x[0],))
        steps.append(float(exactly(plain, (-F(scale) * F(v),), [True], first=F(start))[0].step))
    return close(size, steps, 100 * EPS * size)


for i in range(4):
    claim.control(f"alphas beyond, {i}", lambda budget, i=i: intervals(0.1)(budget)[i : i + 1])(reaches)
