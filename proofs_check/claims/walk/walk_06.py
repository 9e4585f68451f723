r"""WALK-06  Cosine of consecutive gradients

Where: A Walk with SGD, eq. 5
Claim: Gradient descent on a quadratic turns back, its consecutive gradients being at an obtuse angle, exactly where the
    rate exceeds the inverse curvature along the gradient: never below the inverse of the largest eigenvalue, always
    above that of the smallest.
Formula: g_{t-1}^\top g_t = \|g_{t-1}\|^2 (1 - \eta R(g_{t-1})), \qquad R(g) = \frac{g^\top H g}{\|g\|^2}
Verdict: holds
Kind: exact
Found: With independent batches the expected product has the further term -eta tr(H Sigma_B), which is more negative for
    smaller batches, while their gradients are longer.
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods
from toybox.exact import root

from ...cases import EPS, RationalQuadratic, dot, mean, positive, rational_quadratics, scale, solve
from ...claim import at_most, close, equal, only, told
from ...ours import Plain, moves, on_rule, walk
from .common import ACROSS_NOISE, apart, enumerated, falls, few_clouds, moments, products, quadratic, rises, sign

claim = told(__doc__)


def curvature(q: RationalQuadratic, g):
    """The Rayleigh quotient R of the Hessian 2 Q."""
    return 2 * quadratic(q.Q, g) / dot(g, g)


def after(q, rate):
    """The gradient before and after a step of gradient descent, on exact numbers."""
    step = moves("sgd", Plain(q.f, q.gradient), q.x, [(0,)], rate=rate)[0]
    return q.gradient(q.x), q.gradient(step.x)


def norm_bound(Q):
    """The largest row sum: at least the largest eigenvalue."""
    return max(sum(map(abs, row)) for row in Q)


def inverse(Q):
    n = len(Q)
    return [solve(Q, tuple(F(i == j) for j in range(n))) for i in range(n)]


def rates(q):
    """Of interest: below 1 / largest eigenvalue, 1 / R, a little to either side, above 1 / smallest eigenvalue."""
    R = curvature(q, q.gradient(q.x))
    return {
        "small": F(99, 100) / (2 * norm_bound(q.Q)),
        "under": F(99, 100) / R,
        "exact": 1 / R,
        "over": F(101, 100) / R,
        "large": F(101, 100) * norm_bound(inverse(q.Q)) / 2,
    }


diagonals = st.integers(1, 4).flatmap(
    lambda n: st.tuples(st.tuples(*[positive()] * n), st.integers(0, n - 1), positive(9, 9))
)


@claim.check(
    "along eigenvectors, as in one dimension",
    diagonals.filter(lambda case: case[0][case[1]] * case[2] != 1),
    examples=100,
)
def at_an_eigenvector(h, k, rate):
    """Diagonal H: along an eigenvector the cosine is the sign of 1 - eta h (0 / 0 where that is 0)."""
    x = tuple(F(j == k) for j in range(len(h)))
    Q = tuple(tuple(v / 2 * (i == j) for j, v in enumerate(h)) for i, _ in enumerate(h))
    g, later = after(RationalQuadratic(Q, (F(0),) * len(h), F(0), x), rate)
    return equal(dot(g, later) / root(dot(g, g) * dot(later, later)), sign(1 - rate * h[k]))


unstill = rational_quadratics(st.integers(1, 4)).filter(lambda q: any(q.gradient(q.x)))


@claim.check("signs on either side of 1 / R", unstill, examples=60)
def turning(q, shift=F(1)):
    """g_{t-1}'g_t = |g|^2 (1 - eta R): positive below 1 / largest eigenvalue, negative above 1 / smallest."""
    slack, expected = {}, {"small": 1, "under": 1, "exact": 0, "over": -1, "large": -1}
    for name, rate in rates(q).items():
        g, later = after(q, shift * rate)
        slack[name] = equal(sign(dot(g, later)), expected[name])
        slack["product, " + name] = equal(dot(g, later), dot(g, g) * (1 - shift * rate * curvature(q, g)))
    return slack


@claim.check("our SGD on arrays", unstill, examples=60)
def arrays_turn(q):
    """The same products from our SGD on arrays, all rates in one run.

    Roundings: a gradient H (x - m) misses at most (2 n + 6) EPS |H| (|x| + |m| + eta |g|), and the one after the step
    also eta |H| times that of the first.
    """
    n, names = len(q.x), rates(q)
    eta, H, x = np.array([float(v) for v in names.values()]), 2 * np.array(q.Q, float), np.array(q.x, float)
    centre = np.array(solve(q.Q, scale(F(-1, 2), q.r)), float)
    problem = tb.problems.NoisyQuadratic(H, centre)
    theta = walk(problem, on_rule(methods.fixed.Fixed(rate=eta)), x).theta[:, 0]
    g, later = (problem.at(place, problem.population).gradient for place in theta)
    exact = [dot(*after(q, rate)) for rate in names.values()]
    size, length = np.linalg.norm(H), np.linalg.norm(g, axis=-1)
    missed = (2 * n + 6) * EPS * size * (np.linalg.norm(x) + np.linalg.norm(centre) + eta * length) * (1 + eta * size)
    return close(
        (g * later).sum(axis=-1), np.array(exact, float), 2 * missed * (length + np.linalg.norm(later, axis=-1))
    )


def product_expected(cloud, rate, B, noisy=1):
    """g'(I - eta H)g - eta tr(H Sigma_B), Sigma_B the covariance of the batch gradient."""
    m = moments(cloud)
    return m.square - rate * m.bent - noisy * rate * apart(cloud.N, B) * m.bent_noise


@claim.check("with noise, all pairs of batches", st.tuples(few_clouds, positive(3, 9)), examples=40)
@claim.control("with noise, without its term", only(ACROSS_NOISE, F(1, 20)), of="product", noisy=0)
def with_noise(cloud, rate, noisy=1):
    """The expected product; smaller batches have a lower one and longer gradients."""
    sizes = range(1, cloud.N + 1)
    found = [mean(dot(u, v) for u, v in products(cloud, rate, B)) for B in sizes]
    return {
        "product": equal(found, [product_expected(cloud, rate, B, noisy) for B in sizes]),
        "falls": rises(found),
        "lengths": falls([enumerated(cloud, B)[1] for B in sizes]),
    }


claim.control("rates twice as large", unstill, examples=10)(lambda q: turning(q, F(2)))
claim.control("with noise, the sign of 1 - eta R")(
    lambda: at_most(F(0), mean(dot(u, v) for u, v in products(ACROSS_NOISE, F(1, 20), 1)))
)
