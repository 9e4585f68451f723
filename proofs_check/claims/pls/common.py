"""What several of these claims need."""

from __future__ import annotations

from fractions import Fraction as F
from math import nan, pi, sqrt
from typing import NamedTuple

import numpy as np
import sympy as sp
from hypothesis import strategies as st

from toybox import methods

from ... import belief as plain_belief
from ...cases import dot, positive, solve, tol_dot, tol_solve
from ...claim import holds

NODES, WEIGHTS = np.polynomial.legendre.leggauss(8)


def phi(x):
    return np.exp(-x * x / 2) / sqrt(2 * pi)


def panels(low, high, n):
    """Nodes and weights of Gauss and Legendre, 8 in each of n panels."""
    edges = np.linspace(low, high, n + 1)
    half = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + half + half * NODES).ravel(), (half * WEIGHTS).ravel()


def rows_of(belief, terms):
    """The covariances of terms (i, s) with what a belief on arrays has observed: (terms, 2 n)."""
    return np.stack([methods.belief.covariance(np.array([float(s)]), belief.s)[i] for i, s in terms])


def spreads(belief, x):
    """Lengths of G^-1 v for l(0), l'(0), l(x), l'(x): what residuals of T-solve are multiplied with."""
    rows = rows_of(belief, [(0, 0), (1, 0), (0, x), (1, x)])
    return np.linalg.norm(np.linalg.solve(belief.gram, rows.T), axis=0)


def kind(f):
    """a has three terms, b two."""
    return 0 if len(f) == 3 else 1


class Given(NamedTuple):
    """A plain belief in which l(u) is normal, and so are the two Wolfe variables: what it asks, and no more."""

    lowest: float = nan
    value: float = nan
    sd: float = nan
    ab: tuple = ()
    C: tuple = ()
    places: tuple = (0.0,)

    def change(self, place):
        return self.value if place else self.lowest

    def deviation(self, f):
        return self.sd if len(f) == 1 else max(sqrt(self.covariance(f, f)), plain_belief.TINY)

    def mean(self, f):
        return self.ab[kind(f)]

    def covariance(self, f, g):
        return self.C[kind(f)][kind(g)]


def for_arrays(value=0.0, sd=0.0, lowest=0.0, ab=(0.0, 0.0), C=((0.0, 0.0), (0.0, 0.0))):
    """The same belief on arrays at s = 1: l(0) = l'(0) = 0 are certain, so that l(1) = w, a = -w, b = w'."""
    means, covariances = np.zeros((1, 4)), np.zeros((1, 4, 4))
    means[0, 2:] = value - ab[0], ab[1]
    covariances[0, 2:, 2:] = [[sd**2 + C[0][0], -C[0][1]], [-C[1][0], C[1][1]]]
    return methods.belief.Posterior(np.ones(1), np.array([float(lowest)]), means, covariances)


def residual(belief, size):
    """T-solve of a solution of this length."""
    n = len(belief.weights)
    return tol_solve(belief.gram, np.full(n, size / n**0.5))


def rounding(belief, rows):
    """What b'w may be off, one b per row, where w = G^-1 y has a residual of T-solve: |G^-1 b| of it, and T-dot."""
    spread = np.linalg.norm(np.linalg.solve(belief.gram, rows.T), axis=0)
    return spread * tol_solve(belief.gram, belief.weights) + [tol_dot(b, belief.weights) for b in rows]


def improvement_room(belief, x):
    """What the improvement at x may be off: as much as both means, and the standard deviation by phi(0)."""
    means = rounding(belief, rows_of(belief, [(0, 0), (0, x), *((0, y) for y in belief.s)])).max()
    value0, slope0, value, _ = spreads(belief, x)
    spread = 2 * (value0 + float(x) * slope0) + value
    return 4 * means + residual(belief, spread) * spread / max(belief.at(np.array([float(x)])).value()[1][0], 1e-8)


NOISE = st.tuples(*[st.builds(F, st.integers(1, 20), st.integers(1, 10))] * 2)

ASKED = ((0, F(2, 3)), (1, F(9, 4)))


class Data(NamedTuple):
    """Values and slopes of a loss observed at places in order; multiples of a quarter, which floats hold exactly."""

    s: tuple
    values: tuple
    slopes: tuple


@st.composite
def observations(draw, n=st.integers(2, 5)) -> Data:
    n = draw(n)
    quarters = lambda low, high, **more: draw(st.lists(st.integers(low, high), min_size=n, max_size=n, **more))
    rows = sorted(quarters(0, 24, unique=True)), quarters(-12, 12), quarters(-12, 12)
    return Data(*(tuple(F(x, 4) for x in row) for row in rows))


variances = st.tuples(positive(), positive())  # of the errors of values and of slopes
EXAMPLE = Data((F(0), F(1), F(3)), (F(0), F(1), F(-1)), (F(-1), F(2), F(1)))
NOISY = (F(1, 2), F(1, 3))
EXACT = (F(0), F(0))


def prior(f, g, m2=F(1)):
    """Prior covariance of two terms (i, s): the i-th derivative of l at s (eq. 2.30). The kernel is the plain one."""
    return m2 * plain_belief.kernel(f[0], f[1] + 10, g[0], g[1] + 10)


class Exact(NamedTuple):
    """The posterior of eqs. 2.34 and 2.35, its inverse put back."""

    terms: tuple  # observed
    gram: tuple
    weights: tuple
    m2: F

    def row(self, f):
        """v of eq. 2.34."""
        return tuple(prior(f, g, self.m2) for g in self.terms)

    def mean(self, *f):
        return dot(self.row(f), self.weights)

    def covariance(self, f, g):
        return prior(f, g, self.m2) - dot(self.row(f), solve(self.gram, self.row(g)))


def exact(data: Data, noise=EXACT, m2=F(1), slopes=True) -> Exact:
    """From observations with errors of these variances; without ``slopes`` from the values alone."""
    terms = tuple((i, s) for i in range(1 + slopes) for s in data.s)
    diagonal = [noise[i] for i, _ in terms]
    gram = tuple(
        tuple(prior(f, g, m2) + (diagonal[k] if k == j else 0) for j, g in enumerate(terms))
        for k, f in enumerate(terms)
    )
    seen = data.values + data.slopes if slopes else data.values
    return Exact(terms, gram, solve(gram, seen), m2)


def floats(data):
    return [np.array(part, float) for part in data]


def plainly(data, noise=EXACT):
    return plain_belief.believe(*(list(map(float, part)) for part in data), *map(float, noise))


s, t, u, m = sp.symbols("s t u m", real=True)  # s, t: lambda + tau, lambda' + tau; of either sign
h, p, q = sp.symbols("h p q", positive=True)  # ways


def zero(*expressions):
    return holds([sp.expand(sp.cancel(e)) == 0 for e in expressions])


CELL = ((0, t), (0, t + p + q), (1, t), (1, t + p + q))  # observed at the ends of a cell; asked about is t + p
LAST = ((0, t), (1, t))  # observed at the last place; asked about is t + p
STRAIGHT = (1, p)  # their weights there


def hermite(v=p / (p + q), w=p + q):
    """The weights of the observations at the ends of a cell of width w in the cubic through them."""
    return (1 + 2 * v) * (1 - v) ** 2, v * v * (3 - 2 * v), w * v * (1 - v) ** 2, -w * v * v * (1 - v)


HERMITE = hermite()


def unexplained(weights, ends, f):
    """Of the prior covariance of l(t + p) with f, what the weighted covariances of the ends with f leave."""
    kernel = plain_belief.kernel
    return kernel(0, t + p, *f) - sum(w * kernel(*end, *f) for w, end in zip(weights, ends, strict=True))


def pivots(rows, simplified=lambda x: x):
    """The ratios of successive leading minors, by elimination."""
    rows, found = [list(row) for row in rows], []
    for k, top in enumerate(rows):
        found.append(top[k])
        if top[k] == 0:
            break
        for row in rows[k + 1 :]:
            factor = row[k] / top[k]
            row[k:] = [simplified(a - factor * b) for a, b in zip(row[k:], top[k:], strict=True)]
    return found
