"""Convex functions that bend on either side of their minimum, and what one step of our rules makes of them."""

from __future__ import annotations

from math import asin, inf, pi, sqrt
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from .ours import on_rule, walk


class Bent(NamedTuple):
    """Samples f_i(x) = sum_j phi_ij(v_ij'x), minimum 0 at 0, and a start.

    On either side of 0 each phi has a curvature up to a knot and another one beyond: quadratics and G-ASYM among them.
    """

    inner: np.ndarray  # (2, m, k): right and left
    outer: np.ndarray
    knot: np.ndarray
    frames: np.ndarray  # (m, k, n), rows v_ij
    start: np.ndarray  # (n,)

    def both(self, theta, index):
        y = np.einsum("...bkn,...n->...bk", self.frames[index], theta)
        own = (y < 0).astype(int), index[..., None], np.arange(y.shape[-1])
        a, b, over = self.inner[own], self.outer[own], np.maximum(np.abs(y) - self.knot[own], 0)
        value = (a * y**2 + (b - a) * over**2) / 2
        slope = a * y + (b - a) * np.sign(y) * over
        gradient = np.einsum("...bk,...bkn->...n", slope, self.frames[index]) / index.shape[-1]
        return value.sum(-1).mean(-1), gradient

    def value(self, x):
        return self.both(x[None], np.arange(len(self.frames))[None])[0][0]


def one_step(case: Bent, rule):
    """A step of our rule on each sample, as lanes: the trace, and all x1 (m, n)."""
    own = np.arange(len(case.frames))[:, None]
    problem = tb.problems.FromFunction(case.both, len(case.start), len(own))
    found = walk(problem, on_rule(rule), case.start, sampler=lambda t, j: own, batch=1, seeds=range(len(own)))
    return found.trace, found.theta[1]


def value_ratio(case: Bent, rule) -> float:
    """f1 / f0."""
    return case.value(one_step(case, rule)[1][0]) / case.value(case.start)


def distance_ratio(case: Bent, rule) -> float:
    """Mean of |x1|^2 / |x0|^2 over samples."""
    return np.mean(np.sum(one_step(case, rule)[1] ** 2, axis=-1)) / np.sum(case.start**2)


def accepted_ratio(case: Bent, step: float, c: float) -> float:
    """f1 / f0 if our Armijo rule accepts its first trial; else -inf."""
    trace, (x1,) = one_step(case, methods.armijo.Armijo(c=c, first=step, reset=2, beta=0.5))
    return case.value(x1) / case.value(case.start) if trace.size[0, 0] == step else -inf


def contraction_constant(case: Bent) -> float:
    """The largest c, less 1e-9, with which our Armijo rule accepts the shortest step s that leads no nearer to 0.

    That step is 2 g'x / |g|^2. -inf where the rule accepts no c > 0, or s contracts by more than rounding.
    """
    value, slope = case.both(case.start[None], np.arange(len(case.frames))[None])
    g = slope[0]
    step = 2 * (g @ case.start) / (g @ g)
    c = (value[0] - case.value(case.start - step * g)) / (step * (g @ g)) - 1e-9
    if c <= 0:
        return -inf
    trace, (x1,) = one_step(case, methods.armijo.Armijo(c=c, first=step, reset=2, beta=0.5))
    leads_away = np.sum(x1**2) >= np.sum(case.start**2) * (1 - 1e-12)
    return c if trace.size[0, 0] == step and leads_away else -inf


def parabolas(curvatures, start) -> Bent:
    """Half the sum of curvature times x^2."""
    return sides(curvatures, curvatures, 0, curvatures, start)


def sides(inner, outer, knot, left, start) -> Bent:
    """One sample, a sum over variables: inner up to the knot and outer beyond it for x > 0, left for x < 0."""
    n = len(start)
    table = lambda *two: np.stack([np.broadcast_to(np.asarray(side, float), n) for side in two])[:, None]
    return Bent(
        table(inner, left), table(outer, left), table(knot, knot), np.eye(n)[None], np.asarray(start, dtype=float)
    )


@st.composite
def bent(draw, mu: float, L: float) -> Bent:
    """One sample, mu-strongly convex and L-smooth, in 1 to 3 variables. Turned axes would change nothing.

    Starts are drawn with balanced distances, values or slopes.
    """
    n = draw(st.integers(1, 3))
    inner, outer, knot = bends(draw, mu, L, 1, n)
    start = np.array(draw(st.lists(st.floats(0.01, 1), min_size=n, max_size=n)))
    return Bent(inner, outer, knot, np.eye(n)[None], start / inner[0, 0] ** draw(st.sampled_from([0, 0.5, 1])))


def straight(case: Bent) -> Bent:
    """The quadratic with its curvatures right of 0."""
    all_along = np.stack([case.inner[0]] * 2)
    return case._replace(inner=all_along, outer=all_along)


def bends(draw, low, L, m, k):
    """Curvatures low to L, often one of the two, and knots."""
    table = lambda numbers: np.array(draw(st.lists(numbers, min_size=2 * m * k, max_size=2 * m * k))).reshape(2, m, k)
    curvature = st.one_of(st.sampled_from([low, L]), st.floats(low, L))
    return table(curvature), table(curvature), table(st.floats(0, 1))


@st.composite
def families(draw, mu: float, L: float) -> Bent:
    """Two samples in two variables, each mu-strongly convex, their axes turned against each other."""
    angles = np.array(draw(st.lists(st.floats(0, pi), min_size=3, max_size=3)))
    rows = np.moveaxis(np.array([[np.cos(angles), np.sin(angles)], [-np.sin(angles), np.cos(angles)]]), -1, 0)
    return Bent(*bends(draw, mu, L, 2, 2), rows[:2], rows[2, 0])


@st.composite
def ridges(draw, mu: float, L: float) -> Bent:
    """Two samples in two variables, each bent along one direction only, their mean mu-strongly convex (mu <= L/2)."""
    angle = draw(st.floats(asin(sqrt(mu / L)), pi / 4))
    low, turn = min(mu / np.sin(angle) ** 2, L), draw(st.floats(-1, 1))
    rows = np.array([[[np.sin(angle), np.cos(angle)]], [[np.sin(angle), -np.cos(angle)]]])
    return Bent(*bends(draw, low, L, 2, 1), rows, np.array([np.cos(turn), np.sin(turn)]))
