r"""LAB-01  Rate and step forms agree

Where: dissertation, eq. 6.6
Claim: Dividing the estimated step by the length of the gradient turns it into the learning rate with which SGD goes
    exactly alpha times the distance to the minimum of the measured line.
Formula: \lambda = \frac{\alpha\, s_{\min}}{\|g_{\mathbb B}\|} \Rightarrow \|\lambda g_{\mathbb B}\| = \alpha\, s_{\min}
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods
from toybox.exact import root

from ...cases import add, dot, positive, rational_quadratics, solve, times
from ...claim import close, equal, told
from ...ours import Plain, moves, on_rule, walk

claim = told(__doc__)


class Place(NamedTuple):
    """f(x) = 1/2 (x - m)'Q(x - m), and a point where the length of the gradient is rational."""

    Q: tuple
    m: tuple
    x: tuple
    alpha: F

    def f(self, x):
        away = add(x, -1, self.m)
        return dot(away, times(self.Q, away)) / 2

    def gradient(self, x):
        return times(self.Q, add(x, -1, self.m))


@st.composite
def pythagorean(draw):
    """The gradient at x is a multiple of a Pythagorean vector; no step is longer than the search's largest, 1."""
    q = draw(rational_quadratics(n=st.just(2)))
    u, v = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)).filter(lambda uv: uv[0] != uv[1]))
    g = (F(u * u - v * v, 500), F(2 * u * v, 500))
    return Place(q.Q, q.r, add(q.r, 1, solve(q.Q, g)), draw(positive(9, 5)))


@claim.check("first steps on exact numbers", pythagorean(), examples=100)
def length_of_step(place):
    """LABPAL&SGD's first step on exact numbers has the length alpha s_min, and is LABPAL&NSGD's."""
    g = place.gradient(place.x)
    curvature = dot(g, times(place.Q, g)) / dot(g, g)
    wanted = min(place.alpha * length(g) / curvature, F(1))
    sgd, nsgd = (first_move(place, name) for name in ("labpal-sgd", "labpal-nsgd"))
    return {
        "rate times |g|": equal(sgd.step * length(g), wanted),
        "step along the unit direction": equal(nsgd.step, wanted),
        "same iterate": equal(sgd.x, nsgd.x),
    }


def labpal(place, name, steps):
    """Its moves on exact numbers, all batches alike."""
    return moves(name, Plain(place.f, place.gradient), place.x, [(0,)] * steps, alpha=place.alpha, schedule="constant")


def first_move(place, name):
    return labpal(place, name, 1)[0]


def length(g):
    return root(dot(g, g))


@claim.check("the rules on arrays, searching and reusing", pythagorean(), examples=100)
def arrays_agree(place):
    """The rules on arrays take that step, and reuse it as a rate or as a length.

    A parabola measured at 1e-4 and 1e-2 keeps 2^-52 f / 1e-4^2 / a of its curvature, which lines that know differences
    without cancellation do not lose; 1e-9 leaves room for the rounding of Q alone. A first step that ends in the
    minimum leaves a gradient of rounding errors, whose direction means nothing: there is no second one to compare.
    """
    arrived = not any(place.gradient(first_move(place, "labpal-sgd").x))
    steps = 1 if arrived else 2
    problem = tb.problems.NoisyQuadratic(np.array(place.Q, float)[None], np.array([place.m], float))
    slack = {}
    for keeps, name, direction in (
        ("rate", "labpal-sgd", tb.methods.fixed.Gradient()),
        ("length", "labpal-nsgd", tb.methods.fixed.Unit()),
    ):
        rule = methods.labpal.LABPAL(alpha=float(place.alpha), approximation_batches=1, keeps=keeps)
        found = walk(problem, on_rule(rule, direction), np.array(place.x, float), steps)
        wanted = np.array([move.x for move in labpal(place, name, steps)], float)
        slack[keeps] = close(found.theta[1:, 0], wanted, 1e-9 * (1 + np.abs(wanted).max()))
    return slack


@claim.control("reused where the gradient has another length")
def reused_elsewhere():
    """A rate measured where |g| = 5, used where |g| = 5/2: the way is half as long, not alpha s_min."""
    place = Place(((F(1), F(0)), (F(0), F(1))), (F(0), F(0)), (F(3, 5), F(4, 5)), F(1, 2))
    first, second = labpal(place, "labpal-sgd", 2)
    return equal(length(add(second.x, -1, first.x)), length(add(first.x, -1, place.x)))
