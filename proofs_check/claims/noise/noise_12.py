r"""NOISE-12  The error is normal in the limit

Where: dissertation, section 2.10, before eq. 2.54
Claim: By the central limit theorem the error of a mini-batch gradient, times the root of the batch size, becomes normal
    as the batch grows, if gradients are independent and of finite variance; for a finite batch it is not normal: the
    mean of B exponential numbers has the skewness 2 / sqrt(B).
Formula: \sqrt{B}\,\alpha \to \mathcal{N}(0, \mathbf{K}), \qquad \frac{\mathbf{E}\alpha^3}{(\mathbf{E}\alpha^2)^{3/2}} =
    \frac{2}{\sqrt{B}}
Verdict: holds
Kind: montecarlo
Sampled: The skewness is proved for every batch size. The central limit theorem is a limit, which no finite
    computation settles: simulated are the distances to the normal distribution for batches of 1, 4 and 16.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

import toybox as tb

from ...claim import close, told
from ...proof import Theorem

claim = told(__doc__)


def exponential(u):
    return -np.log1p(-u)


def cauchy(u):
    return np.tan(np.pi * (u - 0.5))


@claim.proof("skewness of the exponential mean, for every B", broken={"2 / B": {"power": 2}})
def skewness_of_mean(B, power=1):
    """Squared: 4 / B^power. The third central moment over the root of the variance cubed is that of the sum, of which
    E X^k = B (B + 1) ... (B + k - 1)."""
    one, two, three = B, B * (B + 1), B * (B + 1) * (B + 2)
    third, variance = three - 3 * one * two + 2 * one**3, two - one**2
    return Theorem((B >= 1,), {"positive": third > 0, "skewness": third**2 * B**power == 4 * variance**3})


def batch_means(quantile, B, many, seed, D=20_000):
    """Mini-batch gradients of our problem and sampler: D quantiles of a distribution, drawn with replacement."""
    g = quantile((np.arange(D) + 0.5) / D)[:, None]
    problem = tb.problems.NoisyQuadratic(np.eye(1), -g)
    index = problem.draw(many * seed + np.arange(many), 0, 0, B, "replacement")
    return problem.at(np.zeros((many, 1)), index).gradient[:, 0]


def distance_to_normal(x):
    """Kolmogorov and Smirnov's, of standardised numbers."""
    from scipy.special import ndtr

    x = np.sort(x)
    steps = np.arange(len(x) + 1) / len(x)
    return max(np.max(steps[1:] - ndtr(x)), np.max(ndtr(x) - steps[:-1]))


def erlang_to_normal(B):
    """The same of the standardised mean of B exponentials, exactly."""
    from scipy.special import gammainc, ndtr

    x = np.linspace(-6, 6, 20_001)
    return np.abs(gammainc(B, np.maximum(B + np.sqrt(B) * x, 0)) - ndtr(x)).max()


MANY = lambda budget: [(budget.many(60_000, 600_000), budget.seed)]


@claim.check("distance to the normal distribution", MANY, degree="simulated")
@claim.control("distance of Cauchy means", MANY, quantile=cauchy)
def towards_normal(many, seed, quantile=exponential):
    """The distances at B = 1, 4 and 16 are those of Erlang's distributions, which fall by more than may be missed.

    Dvoretzky, Kiefer and Wolfowitz: an empirical distribution misses by sqrt(log(2/p) / (2 many)) with a chance of at
    most p, here that of 7 standard errors. The D quantiles stand for the exponential distribution up to 1/(2 D) for one
    sample.
    """
    sizes, miss = (1, 4, 16), np.sqrt(np.log(2 / 2.6e-12) / (2 * many))
    found = [distance_to_normal(np.sqrt(B) * (batch_means(quantile, B, many, seed) - 1)) for B in sizes]
    exact = [erlang_to_normal(B) for B in sizes]
    falls = {f"B = {B}": float((a - b) / (2 * miss) - 1) for B, (a, b) in zip(sizes, pairwise(exact), strict=False)}
    return falls | {"Erlang": close(found, exact, miss + 16 / 40_000)}
