"""What several of these claims need."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import combinations
from typing import NamedTuple

from hypothesis import strategies as st

from toybox.exact import root

from ...cases import add, dot, mean, positive, rational_quadratics, scale, solve, times, vectors
from ...ours import Quadratics, line


def shrinks_by(others, k):
    """How much the mean slope of the first sample's batch shrinks where the others have this slope, D = 7, B = 1."""
    problem = Quadratics([((F(1),),)] * 7, [(F(-1),)] + [(F(-others),)] * 6)
    slope = lambda samples: line(problem, (F(0),), (F(-1),), samples)[1](F(0))
    return slope((0,)) / mean([slope((0, *more)) for more in combinations(range(1, 7), k - 1)])


@st.composite
def unit_vectors(draw, n):
    """Rational vectors of length 1, by the inverse stereographic projection."""
    t = draw(vectors(n - 1, low=-4, high=4))
    square = dot(t, t)
    return tuple(v / (1 + square) for v in (*scale(2, t), 1 - square))


class Batch(NamedTuple):
    """A mini-batch loss 1/2 (x - m)'Q(x - m), the place x = 0, its gradient and the length of that, and a rate."""

    Q: tuple
    m: tuple
    g: tuple
    length: F
    rate: F

    @property
    def exactly(self):
        return Quadratics([self.Q], [self.m])

    @property
    def origin(self):
        return (F(0),) * len(self.g)

    @property
    def unit(self):
        return scale(-1 / self.length, self.g)


@st.composite
def minibatches(draw):
    q = draw(rational_quadratics(n=st.integers(1, 3)))
    length = draw(positive())
    g = scale(length, draw(unit_vectors(len(q.r))))
    return Batch(q.Q, scale(-1, solve(q.Q, g)), g, length, draw(positive(9, 9)))


def length(v):
    return root(dot(v, v))


class Pair(NamedTuple):
    """Two samples of one Hessian H; the first is the batch. g and g_B at x = 0, both of rational length."""

    H: tuple
    g: tuple
    g_B: tuple

    @property
    def exactly(self):
        other = add(scale(2, self.g), -1, self.g_B)
        return Quadratics([self.H] * 2, [scale(-1, solve(self.H, v)) for v in (self.g_B, other)])

    @property
    def s(self):
        """s_opt along the unit direction -g_B/|g_B|."""
        unit = scale(1 / length(self.g_B), self.g_B)
        return dot(self.g, unit) / dot(unit, times(self.H, unit))


@st.composite
def pairs(draw):
    H = draw(rational_quadratics(n=st.integers(1, 3))).Q
    first, second = draw(unit_vectors(len(H))), draw(unit_vectors(len(H)))
    g = scale(draw(positive()), first)
    return Pair(H, g, scale(draw(positive()), second))


INSIDE = ((F(1, 2),), (F(3, 2),))  # g = 1 and a batch with g_B = 1/2
