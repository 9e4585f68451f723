"""What several of these claims need."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb

from ...cases import EPS, add, batches, dot, mean, populations, rotation, scale, seeds, tol_solve, vectors
from ...claim import ERRORS, close, equal, sigmas
from ...ours import Quadratics, ends


def stationary_variance(method, problem, drawn, centre, **hyper):
    """E (x - centre)^2 of a method whose steps are affine in x, one dimension, all batches equally likely.

    Two places at a distance a from the centre have the mean square p a^2 + q after a step; V = p V + q.
    """

    def after(a):
        places = [(x,) for x in (centre + a, centre - a) for _ in drawn]
        return mean([(x - centre) ** 2 for (x,) in ends(method, problem, places, 2 * drawn, **hyper)])

    q = after(F(0))
    return q / (1 - (after(F(1)) - q))


def nu(rate, B, D):
    return rate * (F(D, B) - 1)  # eq. 2.67


POPULATIONS = st.tuples(populations())  # a case is the tuple of its margin's arguments


@st.composite
def many_populations(draw):
    """The same by seed, which costs less, as floats (D, n)."""
    D, n, rng = draw(st.integers(2, 7)), draw(st.integers(1, 3)), np.random.default_rng(draw(seeds))
    return rng.integers(-9, 10, (D, n)) / rng.integers(1, 5, (D, n))


subsets = batches  # of B distinct samples, all equally likely


def tuples(D, B):
    """Batches drawn with replacement, all equally likely."""
    return product(range(D), repeat=B)


def exactly(g):
    """L_i(x) = |x + g_i|^2 / 2 on exact numbers: sample i has the gradient g_i at 0."""
    n = len(g[0])
    eye = tuple(tuple(F(i == j) for j in range(n)) for i in range(n))
    return Quadratics([eye] * len(g), [scale(-1, v) for v in g])


def gradients(g, drawn):
    """The gradients at 0 of batches, on exact numbers."""
    problem, origin = exactly(g), (F(0),) * len(g[0])
    return [problem.gradient(origin, batch) for batch in drawn]


def errors(g, drawn):
    """alpha = g_B - g of eq. 2.53."""
    centre = mean(g)
    return [add(v, -1, centre) for v in gradients(g, drawn)]


def outer(u, v):
    return tuple(tuple(a * b for b in v) for a in u)


def scaled(s, M):
    return tuple(scale(s, row) for row in M)


def covariance(g, divisor):
    """K for the divisor D, S for D - 1."""
    away = [add(v, -1, mean(g)) for v in g]
    return scaled(F(len(g), divisor), mean([outer(v, v) for v in away]))


def S(g):
    return covariance(g, len(g) - 1)


def K(g):
    return covariance(g, len(g))


def trace(M):
    return sum(M[i][i] for i in range(len(M)))


def apart(D, B):
    """1/B - 1/D."""
    return F(1, B) - F(1, D)


class Drawn(NamedTuple):
    """Batches of one step, drawn by a sampler of ours for ``many`` seeds from D samples with skewed gradients."""

    how: str
    D: int
    B: int
    many: int
    seed: int

    @property
    def g(self):
        return np.random.default_rng(self.seed).standard_exponential((self.D, 2)) * [1.0, 3.0]

    def errors(self, t=0, j=0):
        """alpha of every seed (many, 2), by our problem on arrays."""
        problem = tb.problems.NoisyQuadratic(np.eye(2), -self.g)
        lanes = self.seed * self.many + np.arange(self.many)
        index = problem.draw(lanes, t, j, self.B, self.how)
        return problem.at(np.zeros((self.many, 2)), index).gradient - self.g.mean(axis=0)

    @property
    def S(self):
        return np.cov(self.g.T)

    @property
    def K(self):
        return self.S * (self.D - 1) / self.D


def samplings(*cases, few=20_000):
    """Cases (how, D, B). The rows of distinct samples are made in two ways: 4 B <= D, and larger batches."""
    return lambda budget: [Drawn(*case, budget.many(few, 25 * few), budget.seed) for case in cases]


SMALL, LARGE = (8, 2), (5, 4)  # (D, B): a row without its repetitions, the head of a permutation


def in_the_mean(found, expected, limit=ERRORS):
    """The mean over seeds of numbers (many, ...) against an exact expectation, in standard errors."""
    return sigmas(found.mean(axis=0), expected, found.std(axis=0) / np.sqrt(len(found)), limit)


def squares(alpha, beta=None):
    """alpha beta' of every seed."""
    beta = alpha if beta is None else beta
    return alpha[:, :, None] * beta[:, None, :]


FOUR = ((F(1),), (F(2),), (F(3),), (F(6),))  # D = 4 gradients
TEN = tuple((F(i), F(i * i, 3)) for i in range(1, 11))  # D = 10 gradients


def covariance_of_errors(g, expected, batches_of=subsets, largest=7):
    """E alpha alpha' against ``expected(g, B)``, for every size of batch."""
    found = {}
    for B in range(1, min(len(g), largest) + 1):
        alpha = errors(g, batches_of(len(g), B))
        found[B] = equal(mean([outer(v, v) for v in alpha]), expected(g, B))
    return found


def printed_with_K(g, B):
    """Eq. 2.60 where K is the covariance of a gradient drawn from the data, divisor D."""
    return scaled(F(1, len(g)) * (F(len(g), B) - 1), K(g))


def dot_all(g):
    return sum(dot(v, v) for v in g)


def one_step_risk(g, sampler, factor):
    """Our exact risk after one SGD step of rate 1 from the minimiser is that of the full loss plus tr(C) / 2.

    Rounding: sums of D n products twice, an eigenvalue problem of an identity: 10 (D n + 10) dependent operations.
    """
    from toybox.problems import quadratic

    D, n = len(g), len(g[0])
    problem = tb.problems.NoisyQuadratic(np.eye(n), -np.array(g, float))
    found = {}
    for B in range(1, D + 1):
        risk = quadratic.expected_risk(problem, 1.0, B, 1, problem.solution, sampler)
        wanted, size = float(factor(g, B)) / 2, float(dot_all(g))
        tolerance = 10 * (D * n + 10) * EPS * size
        found[B] = close(risk[1] - risk[0], wanted, tolerance)
    return found


def weighted(p, value):
    return tuple(weighted(p, v) for v in value) if isinstance(value, tuple) else p * value


def total(values):
    return tuple(map(total, zip(*values, strict=True))) if isinstance(values[0], tuple) else sum(values)


class Law(NamedTuple):
    """A sample's gradient is one of three vectors, with these weights."""

    values: tuple
    weights: tuple

    @property
    def K(self):
        centre = self.expect(self.data(1), lambda data: data[0])
        return self.expect(self.data(1), lambda data: outer(add(data[0], -1, centre), add(data[0], -1, centre)))

    def data(self, D):
        """All data sets of D independent samples and their probabilities."""
        for chosen in product(range(3), repeat=D):
            weight = F(1)
            for i in chosen:
                weight *= self.weights[i]
            yield tuple(self.values[i] for i in chosen), weight

    def expect(self, cases, f):
        return total([weighted(p, f(data)) for data, p in cases])


@st.composite
def laws(draw):
    n, weights = draw(st.integers(1, 2)), draw(st.tuples(*[st.integers(1, 5)] * 3))
    return Law(draw(st.tuples(*[vectors(n)] * 3)), tuple(F(w, sum(weights)) for w in weights))


def solved(A, right):
    w = np.linalg.solve(A, right.ravel())
    return w.reshape(right.shape), tol_solve(A, w)


def discrete(H, C, rate):
    """Sigma = (I - rate H) Sigma (I - rate H) + rate^2 C, by Kronecker products. Returns the residual's scale, too."""
    A = np.eye(len(H)) - rate * H
    return solved(np.eye(len(H) ** 2) - np.kron(A, A), rate**2 * C)


class Place(NamedTuple):
    """Curvature H with the largest eigenvalue 1, covariance C of the gradient's noise, a rate in (0, 2)."""

    H: np.ndarray
    C: np.ndarray
    rate: float


@st.composite
def places(draw):
    """G-PDF by seed, three decades: the difference of both solutions must stand out of the rounding of either."""
    n, rng = draw(st.integers(1, 4)), np.random.default_rng(draw(seeds))
    eigenvalues, U, root = 10.0 ** rng.uniform(-3, 0, n), rotation(rng, n), rng.standard_normal((n, n))
    eigenvalues[0] = 1.0
    H = (U * eigenvalues) @ U.T
    return Place((H + H.T) / 2, root @ root.T, draw(st.floats(0.01, 1.95)))
