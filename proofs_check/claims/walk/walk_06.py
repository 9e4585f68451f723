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

from hypothesis import strategies as st

from ...cases import dot, mean, positive
from ...claim import equal, only, told
from ...proof import Theorem, implies, same
from .common import ACROSS_NOISE, apart, few_clouds, moments, products

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


@claim.check("with noise, all pairs of batches of our SGD", st.tuples(few_clouds, positive(3, 9)), examples=40)
@claim.control("with noise, without its term", only(ACROSS_NOISE, F(1, 20)), noisy=0)
def with_noise(cloud, rate, noisy=1):
    """The expected product is g'(I - eta H)g - eta tr(H Sigma_B), Sigma_B the covariance of the batch gradient."""
    m, sizes = moments(cloud), range(1, cloud.N + 1)
    found = [mean(dot(u, v) for u, v in products(cloud, rate, B)) for B in sizes]
    term = lambda B: noisy * rate * apart(cloud.N, B) * m.bent_noise
    return equal(found, [m.square - rate * m.bent - term(B) for B in sizes])
