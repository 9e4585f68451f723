"""What several of these claims need."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import sympy as sp
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import add, batches, dot, mean, populations, rational_quadratics, scale, solve, times
from ...claim import above
from ...ours import Quadratics, ends, on_rule, walk


class Cloud(NamedTuple):
    """L_i(x) = 1/2 (x - m_i)'H(x - m_i) with H m_i = -g_i: sample i has the gradient g_i at the origin."""

    H: tuple
    g: tuple

    @property
    def N(self):
        return len(self.g)

    @property
    def origin(self):
        return (F(0),) * len(self.H)

    @property
    def exactly(self):
        return Quadratics([self.H] * self.N, [solve(self.H, scale(-1, g)) for g in self.g])

    @property
    def mean(self):
        return mean(self.g)

    @property
    def covariance(self):
        """S, with the divisor N - 1."""
        away, axes = [add(v, -1, self.mean) for v in self.g], range(len(self.H))
        return tuple(tuple(sum(v[i] * v[j] for v in away) / (self.N - 1) for j in axes) for i in axes)

    def gradients(self, drawn):
        """The gradients of batches at the origin, on exact numbers."""
        problem = self.exactly
        return [problem.gradient(self.origin, batch) for batch in drawn]


@st.composite
def clouds(draw, size=st.integers(2, 6), dim=st.integers(1, 3)):
    """G-POP with a positive definite H; not all gradients are the same, nor is their mean 0."""
    g = draw(populations(size, dim))
    assume(len(set(g)) > 1 and any(mean(g)))
    return Cloud(draw(rational_quadratics(st.just(len(g[0])))).Q, g)


def cross(*deviations, mean=(0, 1), H=((10, 0), (0, 1))):
    """The mean gradient plus and minus each of the deviations."""
    g = [add(tuple(map(F, mean)), s, tuple(map(F, v))) for v in deviations for s in (1, -1)]
    return Cloud(tuple(tuple(map(F, row)) for row in H), tuple(g))


apart = lambda N, B: F(1, B) - F(1, N)
with_replacement = lambda N, B: F(1, B)


def quadratic(H, v):
    """v'Hv."""
    return dot(v, times(H, v))


class Moments(NamedTuple):
    """Of mini-batch gradients: signal g'Hg and |g|^2 of the mean, noise tr HS and tr S."""

    bent: F
    square: F
    bent_noise: F
    noise: F

    def ratio(self, s):
        """E[g_B'Hg_B] / E|g_B|^2 for s = 1/B - 1/N."""
        return (self.bent + s * self.bent_noise) / (self.square + s * self.noise)


def moments_of(H, g, S):
    return Moments(quadratic(H, g), dot(g, g), sum(map(dot, H, S)), sum(row[i] for i, row in enumerate(S)))


def moments(cloud) -> Moments:
    return moments_of(cloud.H, cloud.mean, cloud.covariance)


def enumerated(cloud, B):
    """E[g_B'Hg_B] and E|g_B|^2 over all batches of B distinct samples."""
    drawn = cloud.gradients(batches(cloud.N, B))
    return mean(quadratic(cloud.H, v) for v in drawn), mean(dot(v, v) for v in drawn)


def rises(values):
    return min(above(later, former) for former, later in pairwise(values))


def falls(values):
    return rises(values[::-1])


ACROSS_NOISE = cross((2, 0), (0, F(1, 4)))  # the noise is in the sharp direction, the mean across


def products(cloud, rate, B):
    """(g_B0, g_B1) of all pairs of batches of two steps of SGD from the origin, on exact numbers."""
    problem, both = cloud.exactly, []
    drawn = list(batches(cloud.N, B))
    for first, x in zip(drawn, ends("sgd", problem, [cloud.origin] * len(drawn), drawn, rate=rate), strict=True):
        g = problem.gradient(cloud.origin, first)
        both += [(g, problem.gradient(x, second)) for second in batches(cloud.N, B)]
    return both


few_clouds = clouds(st.integers(2, 4), st.integers(1, 2))


class Noisy(NamedTuple):
    """Six eigenvalues h between 2/19 and 1 and 100 minimisers whose mean is 0 and whose covariance S is the identity.

    SGD with batches of 10 distinct samples has noise of variance (1/10 - 1/100) h^2 along each eigenvector, and if that
    were normal the stationary variance would be eta (1/10 - 1/100) h / (2 - eta h).
    """

    eta: float
    many: int
    seed: int

    @property
    def h(self):
        return np.geomspace(2 / 19, 1, 6)

    def run(self, burn=20, keep=20):
        """Our SGD in many lanes: problem, and iterates (keep + 1, many, 6) after a while."""
        rng = np.random.default_rng(self.seed)
        m = rng.standard_normal((100, 6))
        m = (m - m.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(m.T))).T
        problem = tb.problems.NoisyQuadratic(np.diag(self.h), m)
        spread = np.sqrt(self.eta * (1 / 10 - 1 / 100) * self.h / (2 - self.eta * self.h))
        theta = spread * rng.standard_normal((self.many, 6))
        optimizer, lanes = on_rule(methods.fixed.Fixed(rate=self.eta)), range(self.many)
        steps = burn + keep
        path = walk(problem, optimizer, theta, steps, "fresh", 10, seeds=lanes).theta
        return problem, path[burn:]

    def lines(self):
        """The full-batch lines from each iterate to the next, whose step is 1."""
        problem, path = self.run()
        return problem.at(path[:-1], problem.population).along(np.diff(path, axis=0))


def noisy(*rates):
    return lambda budget: [Noisy(eta, budget.many(400, 1200), budget.seed) for eta in rates]


def bend_of(line):
    """The curvature of a line that has one."""
    return line.curvature(0 * line.slope0[..., None])[..., 0]


X, Y, P = sp.symbols("x y p", positive=True)


class Likelihood(NamedTuple):
    """Probabilities p_i(x, y) of N samples, and a loss of p."""

    p: tuple
    loss: Any = -sp.log(P)
    slope: Any = None  # dL/dp in the third term; None: the derivative of the loss
    lost: int = 0  # C has the divisor N - lost

    @property
    def terms(self):
        """Hessian H, covariance C of the gradients, outer product g g', third term of eq. 2: lists of four entries."""
        N, at = len(self.p), [(i, j) for i in (X, Y) for j in (X, Y)]
        L = [self.loss.subs(P, q) for q in self.p]
        g = {i: sum(sp.diff(f, i) for f in L) / N for i in (X, Y)}
        away = [{i: sp.diff(f, i) - g[i] for i in (X, Y)} for f in L]
        slope = sp.diff(self.loss, P) if self.slope is None else self.slope
        return (
            [sum(sp.diff(f, i, j) for f in L) / N for i, j in at],
            [sum(a[i] * a[j] for a in away) / (N - self.lost) for i, j in at],
            [g[i] * g[j] for i, j in at],
            [sum(slope.subs(P, q) * sp.diff(q, i, j) for q in self.p) / N for i, j in at],
        )

    @property
    def residual(self):
        """H - C - g g' - third term."""
        return [H - C - gg - third for H, C, gg, third in zip(*self.terms, strict=True)]


def fraction(v):
    """A rational number of SymPy's as one of ours."""
    return F(v.p, v.q)
