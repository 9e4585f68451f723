"""What several of these claims need."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product
from math import prod
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb

from ...cases import positive, rationals, vectors
from ...ours import Quadratics


def parabolas_of(gradients):
    """Parabolas 1/2 |x + g_i|^2, which have these gradients at 0."""
    n = len(gradients[0])
    eye = tuple(tuple(F(i == j) for j in range(n)) for i in range(n))
    return Quadratics([eye] * len(gradients), [tuple(-v for v in g) for g in gradients])


class Law(NamedTuple):
    """Samples L_i(x) = 1/2 q_i (x - m_i)^2 + o_i with probabilities p_i, and a point x."""

    p: tuple
    q: tuple
    m: tuple
    o: tuple
    x: F

    @property
    def plain(self):
        return Quadratics([((q,),) for q in self.q], [(m,) for m in self.m], self.o)

    @property
    def arrays(self):
        column = np.array(self.m, float)[:, None]
        return tb.problems.NoisyQuadratic(np.array(self.q, float)[:, None, None], column, np.array(self.o, float))

    def paths(self, n):
        """All samples of n, with their probabilities."""
        return [(path, prod(self.p[i] for i in path)) for path in product(range(len(self.p)), repeat=n)]


@st.composite
def laws(draw, size=st.integers(2, 3)):
    k = draw(size)
    weights = draw(st.tuples(*[st.integers(1, 5)] * k))
    q, others = draw(st.tuples(*[positive()] * k)), [draw(vectors(k)) for _ in range(2)]
    return Law(tuple(F(w, sum(weights)) for w in weights), q, *others, draw(rationals()))


def moments(pairs):
    """Mean and variance of (value, probability)."""
    pairs = list(pairs)
    centre = sum(v * p for v, p in pairs)
    return centre, sum((v - centre) ** 2 * p for v, p in pairs)


PAIRS = [*product(range(3), range(2))]
PREDICTORS = [*product(range(2), repeat=3)]


def risk(h, T):
    """The share of wrong answers on T (2.3)."""
    return F(sum(h[x] != y for x, y in T), len(T))


class World(NamedTuple):
    """A distribution over the pairs, by integer weights, a class of predictors and a training set."""

    weights: tuple[int, ...]
    H: tuple
    T: tuple

    def risk(self, h):
        """The true risk (2.1)."""
        wrong = sum(w for (x, y), w in zip(PAIRS, self.weights, strict=True) if h[x] != y)
        return F(wrong, sum(self.weights))

    def best(self, H):
        return min(H, key=self.risk)

    def minimiser(self):
        """Of the empirical risk in the class."""
        return min(self.H, key=lambda h: risk(h, self.T))


distributions = st.tuples(*[st.integers(0, 5)] * 6).filter(any)
