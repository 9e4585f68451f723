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

from ...cases import EPS, dot, mean, positive, rational_quadratics, scale, solve
from ...claim import close, equal, only, told
from ...ours import on_rule, walk
from ...proof import Theorem, implies, same
from .common import ACROSS_NOISE, apart, few_clouds, moments, products, quadratic

claim = told(__doc__)


@claim.proof("signs on either side of 1 / R", broken={"a step twice as long": {"times": 2}})
def turning(low, h, high, x, y, z, rate, times=1):
    """The gradient has the components x, y, z in eigenvectors of the smallest eigenvalue, of another one and of the
    largest: further ones between add what y does. A step multiplies each component by 1 - rate * eigenvalue."""
    modes = (low, x), (h, y), (high, z)
    square = sum(g * g for _, g in modes)
    R = sum(e * g * g for e, g in modes) / square
    product = sum(g * (1 - times * rate * e) * g for e, g in modes)
    return Theorem(
        (low > 0, low <= h, h <= high, square > 0, rate > 0),
        {
            "product": product == square * (1 - rate * R),
            "obtuse": same(product < 0, rate * R > 1),
            "never": implies(rate * high < 1, product > 0),
            "always": implies(rate * low > 1, product < 0),
        },
    )


@claim.proof("smaller batches: more negative, and longer", broken={"noise without curvature": {"bent": 0}})
def smaller_batches(square, signal, bent_noise, noise, rate, s, t, bent=1):
    """Of the expectations below and in WALK-05: 1/B - 1/N is s for a batch and t for a larger one."""
    product = lambda s: square - rate * signal - rate * s * bent * bent_noise
    length = lambda s: square + s * noise
    given = (s > t, t >= 0, rate > 0, bent_noise > 0, noise > 0)
    return Theorem(given, {"product": product(s) < product(t), "length": length(s) > length(t)})


unstill = rational_quadratics(st.integers(1, 4)).filter(lambda q: any(q.gradient(q.x)))


@claim.check("our SGD on arrays", unstill, examples=60)
@claim.control("our SGD on arrays, a step twice as long", unstill, examples=10, times=2)
def arrays_turn(q, times=1):
    """Our SGD with rates around 1 / R, all in one run: products of gradients before and after a step.

    Roundings: a gradient H (x - m) misses at most (2 n + 6) EPS |H| (|x| + |m| + eta |g|), and the one after the step
    also eta |H| times that of the first.
    """
    exact = q.gradient(q.x)
    bent = 2 * quadratic(q.Q, exact)
    rates = [factor * dot(exact, exact) / bent for factor in (F(1, 9), F(99, 100), F(1), F(101, 100), F(9))]
    eta, H, x = np.array(rates, float), 2 * np.array(q.Q, float), np.array(q.x, float)
    centre = np.array(solve(q.Q, scale(F(-1, 2), q.r)), float)
    problem = tb.problems.NoisyQuadratic(H, centre)
    theta = walk(problem, on_rule(methods.fixed.Fixed(rate=times * eta)), x).theta[:, 0]
    g, later = (problem.at(place, problem.population).gradient for place in theta)
    expected = np.array([dot(exact, exact) - rate * bent for rate in rates], float)
    size, length = np.linalg.norm(H), np.linalg.norm(g, axis=-1)
    missed = (2 * len(x) + 6) * EPS * size * (np.linalg.norm(x) + np.linalg.norm(centre) + eta * length)
    missed *= (1 + eta * size) * (length + np.linalg.norm(later, axis=-1))
    return close((g * later).sum(axis=-1), expected, 2 * missed)


@claim.check("with noise, all pairs of batches of our SGD", st.tuples(few_clouds, positive(3, 9)), examples=40)
@claim.control("with noise, without its term", only(ACROSS_NOISE, F(1, 20)), noisy=0)
def with_noise(cloud, rate, noisy=1):
    """The expected product is g'(I - eta H)g - eta tr(H Sigma_B), Sigma_B the covariance of the batch gradient."""
    m, sizes = moments(cloud), range(1, cloud.N + 1)
    found = [mean(dot(u, v) for u, v in products(cloud, rate, B)) for B in sizes]
    term = lambda B: noisy * rate * apart(cloud.N, B) * m.bent_noise
    return equal(found, [m.square - rate * m.bent - term(B) for B in sizes])
