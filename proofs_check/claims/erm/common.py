"""What several of these claims need."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product
from math import prod
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from ...cases import positive, rationals, vectors


class Law(NamedTuple):
    """Samples L_i(x) = 1/2 q_i (x - m_i)^2 + o_i with probabilities p_i, and a point x."""

    p: tuple
    q: tuple
    m: tuple
    o: tuple
    x: F

    def mean(self, values):
        return sum(p * value for p, value in zip(self.p, values, strict=True))

    def variance(self, values):
        return self.mean([(value - self.mean(values)) ** 2 for value in values])

    def draws(self, n):
        """All draws of n independent samples (paths, n), and their probabilities."""
        paths = [*product(range(len(self.p)), repeat=n)]
        return np.array(paths), np.array([prod(self.p[i] for i in path) for path in paths], float)


@st.composite
def laws(draw):
    k = draw(st.integers(2, 3))
    weights = draw(st.tuples(*[st.integers(1, 5)] * k))
    q, others = draw(st.tuples(*[positive()] * k)), [draw(vectors(k)) for _ in range(2)]
    return Law(tuple(F(w, sum(weights)) for w in weights), q, *others, draw(rationals()))


def mean_square(n, mean, square):
    """E of the square of the mean of n independent numbers, by the mean and the mean square of one: n squares, and n (n
    - 1) products of two."""
    return (n * square + n * (n - 1) * mean**2) / n**2
