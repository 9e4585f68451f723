"""Mathematical objects to try claims on: Hypothesis strategies, and where all of them are wanted, enumerations.

Rational ones are exact; the float ones are drawn by seed, since what matters of a random matrix is its spectrum.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from toybox.exact import root

EPS = 2.0**-52
Rational = Fraction
seeds = st.integers(0, 2**32 - 1)


# --- rational


def rationals(low: int = -9, high: int = 9, denominators: int = 5, nonzero: bool = False) -> st.SearchStrategy:
    """Fractions with numerators low .. high and denominators 1 .. denominators."""
    numerators = st.integers(low, high)
    numerators = numerators.filter(bool) if nonzero else numerators
    return st.builds(Fraction, numerators, st.integers(1, denominators))


def positive(high: int = 9, denominators: int = 5) -> st.SearchStrategy:
    """Positive fractions."""
    return rationals(1, high, denominators)


def vectors(n: int, **options) -> st.SearchStrategy:
    """Tuples of n fractions."""
    return st.tuples(*[rationals(**options)] * n)


class RationalQuadratic(NamedTuple):
    """f(x) = c + r'x + x'Qx with Q symmetric positive definite, and a point x (G-PDQ). Gradient r + 2 Q x."""

    Q: tuple[tuple[Fraction, ...], ...]
    r: tuple[Fraction, ...]
    c: Fraction
    x: tuple[Fraction, ...]

    def f(self, x):
        return self.c + dot(self.r, x) + dot(x, times(self.Q, x))

    def gradient(self, x):
        return tuple(a + 2 * b for a, b in zip(self.r, times(self.Q, x), strict=True))


@st.composite
def rational_quadratics(draw, n=st.integers(1, 5)) -> RationalQuadratic:
    """G-PDQ: Q = M M' + diag(1/k)."""
    n = draw(n)
    M = draw(st.tuples(*[vectors(n, low=-3, high=3, denominators=3)] * n))
    k = draw(st.tuples(*[st.integers(1, 5)] * n))
    Q = tuple(tuple(dot(a, b) + Fraction(i == j, k[i]) for j, b in enumerate(M)) for i, a in enumerate(M))
    return RationalQuadratic(Q, draw(vectors(n)), draw(rationals()), draw(vectors(n)))


@st.composite
def populations(draw, size=st.integers(2, 7), dim=st.integers(1, 3)) -> tuple[tuple[Fraction, ...], ...]:
    """G-POP: D rational vectors (gradients of samples)."""
    D, n = draw(size), draw(dim)
    return draw(st.tuples(*[vectors(n, denominators=4)] * D))


def batches(D: int, B: int):
    """All B-subsets of 0 .. D-1."""
    return combinations(range(D), B)


def dot(u, v):
    return sum((a * b for a, b in zip(u, v, strict=True)), Fraction(0))


def times(Q, v):
    return tuple(dot(row, v) for row in Q)


def add(u, s, v):
    """u + s v."""
    return tuple(a + s * b for a, b in zip(u, v, strict=True))


def scale(s, v):
    return tuple(s * a for a in v)


def norm(v):
    """|v|: exact where it is rational, else a float."""
    return root(dot(v, v))


def mean(rows):
    """The mean of numbers or of vectors."""
    rows = list(rows)
    if isinstance(rows[0], tuple):
        return tuple(mean(column) for column in zip(*rows, strict=True))
    return sum(rows, Fraction(0)) / len(rows)


def solve(Q, y):
    """Q^-1 y by Gauss and Jordan, exactly."""
    rows = [[*map(Fraction, row), Fraction(v)] for row, v in zip(Q, y, strict=True)]
    n = len(rows)
    for i in range(n):
        pivot = next(k for k in range(i, n) if rows[k][i])
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [v / rows[i][i] for v in rows[i]]
        for k in range(n):
            if k != i and rows[k][i]:
                rows[k] = [a - rows[k][i] * b for a, b in zip(rows[k], rows[i], strict=True)]
    return tuple(row[-1] for row in rows)


# --- floats


class FloatQuadratic(NamedTuple):
    """f(x) = c + r'x + x'Qx, Q symmetric positive definite, a point x and a measuring distance mu (G-PDF)."""

    Q: np.ndarray  # (n, n)
    r: np.ndarray
    c: float
    x: np.ndarray
    mu: float
    eigenvalues: np.ndarray  # of Q, ascending

    @property
    def condition(self):
        return self.eigenvalues[-1] / self.eigenvalues[0]

    def f(self, x):
        return self.c + self.r @ x + x @ self.Q @ x

    def gradient(self, x):
        return self.r + 2 * self.Q @ x


def rotation(rng: np.random.Generator, n: int) -> np.ndarray:
    """A random orthogonal matrix."""
    return np.linalg.qr(rng.standard_normal((n, n)))[0]


def powers(low: float, high: float) -> st.SearchStrategy:
    """10 to the power of low .. high."""
    return st.floats(low, high).map(lambda p: 10.0**p)


@st.composite
def float_quadratics(draw, n=st.integers(1, 8), decades=6.0, centered=False) -> FloatQuadratic:
    """G-PDF: eigenvalues sigma 10^u, u in [0, decades]; centered: r = 0, c = 0."""
    n, rng = draw(n), np.random.default_rng(draw(seeds))
    u = np.array(draw(st.lists(st.floats(0, decades), min_size=n, max_size=n)))
    sigma, scale, mu = draw(powers(-3, 3)), draw(powers(-3, 3)), draw(powers(-4, 1))
    U, eigenvalues = rotation(rng, n), sigma * 10.0**u
    Q = (U * eigenvalues) @ U.T
    r, c = (np.zeros(n), 0.0) if centered else (rng.standard_normal(n), draw(st.floats(-1e3, 1e3)))
    return FloatQuadratic((Q + Q.T) / 2, r, c, scale * rng.standard_normal(n), mu, np.sort(eigenvalues))


class Smooth(NamedTuple):
    """f(x) = 1/2 x'Hx + sum of cos(a_j'x): L-smooth, non-convex unless H outweighs the cosines (G-SMOOTH)."""

    H: np.ndarray
    A: np.ndarray  # rows a_j
    x: np.ndarray
    L: float

    def f(self, x):
        return 0.5 * x @ self.H @ x + np.cos(self.A @ x).sum()

    def gradient(self, x):
        return self.H @ x - np.sin(self.A @ x) @ self.A


@st.composite
def smooth_functions(draw, n=st.integers(1, 6), definite=False) -> Smooth:
    """G-SMOOTH; definite: H positive definite, so that f is bounded below."""
    n, rng = draw(n), np.random.default_rng(draw(seeds))
    eigenvalues = rng.uniform(0.1, 3, n) * (1 if definite else rng.choice([-1, 1], n))
    U = rotation(rng, n)
    H, A = (U * eigenvalues) @ U.T, draw(powers(-1, 0.7)) * rng.standard_normal((draw(st.integers(1, 3)), n))
    H = (H + H.T) / 2
    L = float(np.linalg.norm(H, 2) + np.linalg.norm(A, 2) ** 2)
    return Smooth(H, A, draw(powers(-1, 1)) * rng.standard_normal(n), L)


class Line(NamedTuple):
    """f(s) = A s^4 + B s^3 + C s^2 + sin(w s + p) - 5 s: bounded below (G-LINE)."""

    A: float
    B: float
    C: float
    w: float
    p: float

    def f(self, s):
        return self.A * s**4 + self.B * s**3 + self.C * s**2 + np.sin(self.w * s + self.p) - 5 * s

    def slope(self, s):
        return 4 * self.A * s**3 + 3 * self.B * s**2 + 2 * self.C * s + self.w * np.cos(self.w * s + self.p) - 5


lines = st.builds(
    Line, st.floats(0.01, 2), st.floats(-1, 1), st.floats(-2, 2), st.floats(0.5, 6), st.floats(0, 6.28)
).filter(lambda line: line.slope(0.0) < -1e-3)


class Interpolating(NamedTuple):
    """f_i(w) = 1/2 (w - w*)'A_i(w - w*), all with the minimiser w* (G-INT)."""

    A: np.ndarray  # (m, n, n)
    best: np.ndarray
    w: np.ndarray


@st.composite
def interpolating_sums(draw, n=st.integers(1, 5), m=st.integers(1, 6)) -> Interpolating:
    """G-INT: A_i = B_i'B_i of random rank 1 .. n."""
    n, m, rng = draw(n), draw(m), np.random.default_rng(draw(seeds))
    B = [rng.standard_normal((rng.integers(1, n + 1), n)) for _ in range(m)]
    best = rng.standard_normal(n)
    return Interpolating(np.stack([b.T @ b for b in B]), best, best + draw(powers(-2, 2)) * rng.standard_normal(n))


# --- tolerances


def tol_dot(a, b) -> float:
    """T-dot: of an inner product of n terms."""
    a, b = np.asarray(a), np.asarray(b)
    return (a.shape[-1] + 2) * EPS * float(np.abs(a) @ np.abs(b))


def tol_curvature(q: FloatQuadratic, x, d, mu) -> float:
    """T-a: of the curvature a = (l(mu) - l(0) - b mu) / mu^2 fitted along a unit direction d."""
    M = lambda v: np.abs(v) @ np.abs(q.Q) @ np.abs(v)
    size = 2 * abs(q.c) + M(x) + M(x + mu * d) + np.linalg.norm(q.gradient(x)) * mu
    size += np.abs(q.r) @ (np.abs(x) + np.abs(x + mu * d))
    return (2 * len(x) + 8) * EPS * float(size) / mu**2


def tol_eigen(n: int, largest: float) -> float:
    """T-eig: of a Rayleigh quotient against the eigenvalues of a symmetric matrix."""
    return 8 * n * EPS * largest


def tol_solve(A, w) -> float:
    """T-solve: of the residual of A w = y."""
    return 64 * len(w) * EPS * float(np.linalg.norm(A, 2) * np.linalg.norm(w))
