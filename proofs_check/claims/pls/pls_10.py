r"""PLS-10  Candidates for the next step

Where: dissertation, section 2.6.5 and Algorithm 5
Claim: Between two neighbours the mean has at most one minimum, found from its derivatives there by a square root. After
    N evaluations there are at most N minima, and one more candidate beyond the last place.
Formula: t = \frac{-\mu'' + R}{\mu'''} = \frac{-2 \mu'}{\mu'' + R}, \quad R = \sqrt{{(\mu'')}^2 - 2 \mu' \mu'''}
Verdict: holds
Kind: exact
Found: At most N - 1 minima in fact: there are N - 1 cells, and beyond the last place the mean is straight. Only the
    second form keeps its digits where the cubic is nearly a parabola.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import Any

import numpy as np
import sympy as sp
from hypothesis import strategies as st

from toybox import methods

from ... import belief as plain_belief
from ...cases import EPS, seeds, tol_dot
from ...claim import at_most, below, close, holds, only, told
from ...proof import Theorem, every
from .common import h, improvement_room, rows_of, t, zero

claim = told(__doc__)


@claim.proof("one minimum in a cell", broken={"zeros of the slope of either kind": {"minima": False}})
def one_minimum(first, second, third, x, y, R, minima=True):
    """Two places of minima are one. There mu'' is R, and both forms give it where their denominators are not 0."""
    slope, bend = lambda x: first + second * x + third * x * x / 2, lambda x: second + third * x
    up = (bend(x) > 0, bend(y) > 0) if minima else ()
    root = (R >= 0, R * R == second**2 - 2 * first * third)
    forms = every(third * x == -second + R, (second + R) * x == -2 * first)
    return Theorem(
        (slope(x) == 0, slope(y) == 0, *up, *root), {"one": x == y, "both forms": forms, "bend": bend(x) == R}
    )


@claim.check("N - 1 cells, and a straight line", degree="proved")
@claim.control("N - 1 cells, and a line within", ahead=-1)
def straight_beyond(ahead=1):
    """The mean is a sum of kernels, which are straight ahead of the place observed."""
    return zero(*(sp.diff(plain_belief.kernel(0, t + ahead * h, j, t), h, 2) for j in (0, 1)))


@dataclass(frozen=True)
class Cell:
    """From 0 to 16, with a mean of these derivatives at 0: what either belief is asked for its minimum."""

    first: Any
    second: Any
    third: Any
    s = np.array([0.0, 16.0])
    terms = [(1, 0, 16.0)], [(1, 1, 16.0)]  # observed at the right end, with weights that make the derivatives

    @property
    def weights(self):
        return [-self.third, self.second + 16 * self.third]

    def mean(self, f):
        return self.first

    def moments(self, s):
        return None, self.first

    def bends(self, s):
        return self.second, self.third


def first_form(first, second, third):
    """(-mu'' + root) / mu'''."""
    return (-second + sqrt(second**2 - 2 * first * third)) / third


def second_form(first, second, third):
    """-2 mu' / (mu'' + root)."""
    return -2 * first / (second + sqrt(second**2 - 2 * first * third))


def by_arrays(*derivatives):
    cell: Any = Cell(*np.array(derivatives)[:, None])
    return float(methods.belief.Belief.minimizers(cell)[0])


def plainly(*derivatives):
    cell: Any = Cell(*derivatives)
    return plain_belief.Belief.minimum(cell, 0.0, 16.0)


@claim.check("nearly a parabola", lambda budget: [second_form, by_arrays, plainly])
@claim.control("nearly a parabola, first form", only(first_form))
def nearly_parabolic(form, third=1e-12):
    """mu' = -1, mu'' = 1: the slope at the minimum, in floats, is 0 within 16 eps of its terms."""
    x = form(-1.0, 1.0, third)
    return close(-1 + x + third * x * x / 2, 0.0, 16 * EPS * (1 + abs(x)))


def random_belief(number, n, quiet):
    rng = np.random.default_rng(number)
    s = np.concatenate([[0.0], np.cumsum(rng.uniform(0.1, 2, n - 1))])
    noise = (0.0, 0.0) if quiet else 10.0 ** rng.uniform(-3, 0, 2)
    seen = s, rng.standard_normal(n), rng.standard_normal(n)
    return methods.belief.believe(*seen, *noise), plain_belief.believe(*map(list, seen), *noise)


def third(belief):
    """The largest third derivative of the mean: a slope 1e-3 to either side differs by its 1e-6 / 2 from a line."""
    return np.abs(belief.bends(belief.s)[1]).max()


def slope_room(belief, x):
    """Three sums over weights at the left end (T-dot) are entered: slope, and bends times powers of the way."""
    row = np.abs(rows_of(belief, [(1, x)])[0])
    ahead = np.concatenate([belief.s, np.ones_like(belief.s)])
    return 8 * (tol_dot(row, belief.weights) + (1 + x) * tol_dot(ahead, belief.weights) * (1 + belief.s[-1]))


def turning(belief):
    """Of each cell, whether the slope changes from clearly negative to clearly positive on a grid."""
    grid = np.linspace(belief.s[:-1], belief.s[1:], 34)[1:-1].T
    slope = belief.moments(grid.ravel())[1].reshape(grid.shape)
    room = slope_room(belief, belief.s[-1])
    return ((slope[:, :-1] < -room) & (slope[:, 1:] > room)).any(axis=-1)


SEEN = st.tuples(seeds, st.integers(2, 4))


@claim.check("the next trial", SEEN, examples=60)
@claim.control("the furthest candidate always", SEEN, examples=20, by=lambda belief: 2 * belief.s[-1])
def next_trial(number, n, by=None):
    """Among minima and twice the furthest place, the largest product; the plain belief judges both choices.

    Where the mean rises at 0 and the first cell has no minimum, a hundredth of that cell, which no product chose.
    """
    belief, plain = random_belief(number, n, False)
    minima = belief.minimizers()
    found = {
        "arrays": [*minima[~np.isnan(minima)], 2 * belief.s[-1]],
        "plain": [x for x in (plain.minimum(*cell) for cell in pairwise(plain.places)) if x] + [2 * plain.places[-1]],
    }
    rises = np.isnan(minima[0]) and belief.moments(np.zeros(1))[1][0] > 0
    choices = (
        [by(belief)]
        if by
        else [float(methods.belief.promising(belief, 0.05, 0.8)), plain_belief.promising(plain, 0.05, 0.8)]
    )
    if rises:
        return {"a hundredth": close(choices, belief.s[1] / 100, 4 * EPS * belief.s[1])}
    utility = lambda x: (
        plain_belief.expected_improvement(plain, x) * plain_belief.wolfe_probability(plain, x, 0.05, 0.8)
    )
    room = max(improvement_room(belief, x) for x in found["arrays"]) + 1e-10
    slack: dict[str, float] = {}
    for (name, candidates), u in zip(found.items(), choices, strict=False):
        slack[f"{name}, a candidate"] = holds(u in candidates)
        slack[f"{name}, the best"] = below(max(map(utility, candidates)), utility(u), room)
    return slack


BELIEFS = st.tuples(seeds, st.integers(2, 5), st.booleans())


@claim.check("minima of posterior means", BELIEFS, examples=200)
@claim.control("one minimum less", BELIEFS, examples=20, fewer=1)
def minima_of_the_mean(number, n, quiet, fewer=0):
    """At most n - 1 among n places, none beyond the last; slopes there are 0, and no other change from - to +."""
    belief, plain = random_belief(number, n, quiet)
    found = belief.minimizers()
    there = found[~np.isnan(found)]
    by_plain = [plain.minimum(a, b) for a, b in pairwise(plain.places)]
    beyond = belief.s[-1] + np.array([0.0, 1.0, 7.0])
    slack = {
        "count": at_most(len(there), n - 1 - fewer),
        "count, plain": at_most(sum(x is not None for x in by_plain), n - 1 - fewer),
        "straight beyond": holds(np.array(belief.bends(beyond)) == 0),
        "all of them": holds([~np.isnan(x) for x, turns in zip(found, turning(belief), strict=True) if turns]),
    }
    for name, places, slopes in (
        ("arrays", there, [belief.moments(there[[k]])[1][0] for k in range(len(there))]),
        ("plain", by_plain, [plain.mean([(1, 1, x)]) for x in by_plain if x is not None]),
    ):
        for x, slope in zip((x for x in places if x is not None), slopes, strict=True):
            slack[f"{name}, slope at {x:.3g}"] = close(slope, 0.0, slope_room(belief, x))
            curvature = (belief.moments(np.array([x + 1e-3]))[1] - belief.moments(np.array([x - 1e-3]))[1])[0]
            slack[f"{name}, bends up at {x:.3g}"] = below(0.0, curvature, slope_room(belief, x) + 1e-6 * third(belief))
    return slack
