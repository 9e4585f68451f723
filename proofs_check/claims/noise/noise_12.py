r"""NOISE-12  The error is normal in the limit

Where: dissertation, section 2.10, before eq. 2.54
Claim: By the central limit theorem the error of a mini-batch gradient, times the root of the batch size, becomes normal
    as the batch grows, if gradients are independent and of finite variance; for a finite batch it is not normal: the
    mean of B exponential numbers has the skewness 2 / sqrt(B).
Formula: \sqrt{B}\,\alpha \to \mathcal{N}(0, \mathbf{K}), \qquad \frac{\mathbf{E}\alpha^3}{(\mathbf{E}\alpha^2)^{3/2}} =
    \frac{2}{\sqrt{B}}
Verdict: holds
Kind: montecarlo
"""

from __future__ import annotations

from fractions import Fraction as F
from functools import partial
from itertools import pairwise
from math import factorial

import numpy as np
from hypothesis import strategies as st

import toybox as tb

from ...claim import ERRORS, close, equal, only, told
from .common import gradients, laws, tuples

claim = told(__doc__)


def exponential(u):
    return -np.log1p(-u)


def cauchy(u):
    return np.tan(np.pi * (u - 0.5))


def rising(B, k):
    """E X^k of a sum X of B exponentials: B (B + 1) ... (B + k - 1)."""
    return F(factorial(B + k - 1), factorial(B - 1))


@claim.check("skewness of the exponential mean", lambda budget: range(1, budget.many(60, 400)), degree="simulated")
@claim.control("skewness 2 / B", only(4, 2))
def skewness_of_mean(B, power=1):
    """Squared, to stay rational: 4 / B^power; the third central moment is that of the sum."""
    one, two, three = (rising(B, k) for k in (1, 2, 3))
    third, variance = three - 3 * one * two + 2 * one**3, two - one**2
    return {"third moment": equal(third, 2 * B), "skewness": equal(third**2 / variance**3, F(4, B**power))}


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


def quartile_range(x):
    low, high = np.quantile(x, [0.25, 0.75])
    return high - low


def shrinks(quantile, many, seed):
    """Four times the batch: half the range between the quartiles. A range has the relative error 1.17 / sqrt(many) at
    the normal distribution; at B = 16 the exponential's differs from its limit by less than 1/B^2 more."""
    before, after = (quartile_range(batch_means(quantile, B, many, seed)) for B in (16, 64))
    return close(after / before, 0.5, 0.5 * (ERRORS * 1.17 * np.sqrt(2 / many) + 1 / 16**2))


LAWS = st.tuples(laws(), st.integers(1, 4))


@claim.check("third moments by enumeration", LAWS, examples=30, degree="simulated")
def third_moment(law, B):
    """Of the mean of B independent gradients of a three-point law: that of one of them over B^2, by enumeration."""
    value, weight = [v[0] for v in law.values], law.weights
    centre = sum((v * p for v, p in zip(value, weight, strict=True)), F(0))
    alone = sum((p * (v - centre) ** 3 for v, p in zip(value, weight, strict=True)), F(0))
    g, found = tuple((v,) for v in value), F(0)
    for batch in tuples(3, B):
        chance = np.prod([weight[i] for i in batch])
        found += chance * (gradients(g, [batch])[0][0] - centre) ** 3
    return equal(found, alone / B**2)


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


claim.check("quartiles of exponential means", MANY, degree="simulated")(partial(shrinks, exponential))
claim.control("quartiles of Cauchy means", MANY)(partial(shrinks, cauchy))
