r"""WALK-03  Mini-batch gradient covariance

Where: A Walk with SGD, eq. 3
Claim: The covariance of a mini-batch gradient is 1/B - 1/N times the covariance C of the sample gradients, the one of
    eq. 2.
Formula: \mathrm{cov}(g_B, g_B) = \left(\frac1B - \frac1N\right) C
Verdict: corrected
Kind: exact
Found: True of distinct samples with the unbiased covariance S (divisor N - 1). With the C of eq. 2 (divisor N) the
    factor is (N - B) / (B (N - 1)). Of samples drawn with replacement the covariance is C / B, also at B = N.
True: \mathrm{cov}(g_B, g_B) = \left(\frac1B - \frac1N\right) S, \quad S = \frac{N}{N-1} C
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
import sympy as sp

import toybox as tb
from toybox import methods

from ...cases import batches, mean
from ...claim import ERRORS, Contrast, holds, only, sigmas, told
from ...ours import on_rule
from ...proof import Theorem
from .common import apart, with_replacement

claim = told(__doc__)


@claim.check("shares of the batches that hold a sample, and two of them", degree="proved")
@claim.control("shares with replacement", pair=lambda N, B: B**2 / N**2)
def shares(pair=lambda N, B: B * (B - 1) / (N * (N - 1))):
    """Of the binomial(N, B) batches."""
    N, B = sp.symbols("N B", positive=True, integer=True)
    share = lambda k: sp.combsimp(sp.binomial(N - k, B - k) / sp.binomial(N, B))
    return {"one": holds(sp.simplify(share(1) - B / N) == 0), "two": holds(sp.simplify(share(2) - pair(N, B)) == 0)}


@claim.proof(
    "distinct samples: S, and C with its factor; with replacement",
    broken={"S with replacement": {"factor": lambda N, B: 1 / B}, "C with the printed factor": {"lost": 0}},
)
def covariances(N, B, Q, factor=lambda N, B: 1 / B - 1 / N, lost=1):
    """Q is the sum of a_i b_i of two components of the samples' deviations from their mean. Of the batches' mean
    product, (1/B^2) sum of a_i b_j over all i and j in the batch, the terms i = j and i != j have the shares above;
    with replacement B terms have the mean Q / N, and the others, independent, none. The sums of a and b are 0, so that
    the products with i != j sum to -Q."""
    one, two = B / N, B * (B - 1) / (N * (N - 1))
    apart, replaced = (one * Q - two * Q) / B**2, B * (Q / N) / B**2
    return Theorem(
        (N >= 2, B >= 1, B <= N),
        {
            "distinct": apart == factor(N, B) * Q / (N - lost),
            "by C": apart == (N - B) / (B * (N - 1)) * Q / N,
            "with replacement": replaced == Q / N / B,
        },
    )


def steps_of(*settings, limit=ERRORS):
    return lambda budget: [(*setting, limit, budget.seed, budget.many(20_000, 500_000)) for setting in settings]


@claim.check(
    "steps of our SGD, by sampler",
    steps_of(("fresh", apart, 1), ("epochs", apart, 1), ("replacement", with_replacement, 0)),
    degree="simulated",
)
@claim.control("our sampler with replacement", steps_of(("replacement", apart, 1), limit=10))
@claim.control("our sampler of distinct samples, with C", steps_of(("fresh", apart, 0), limit=10))
def of_our_steps(sampler, factor, lost, limit, seed, many):
    """One step of our SGD with rate 1 in many lanes: second moments of its noise within so many standard errors."""
    rng, N, B = np.random.default_rng(seed), 5, 3
    g = rng.standard_exponential((N, 2)) * [1, 3]
    problem = tb.problems.NoisyQuadratic(np.eye(2), -g, start=np.zeros(2))
    optimizer = on_rule(methods.fixed.Fixed(rate=1.0))
    trace = tb.run(problem, optimizer, steps=1, batch=B, seeds=range(many), sampler=sampler, every=None)
    alpha = -trace.theta - g.mean(axis=0)
    squares = alpha[:, :, None] * alpha[:, None, :]
    expected = float(factor(N, B)) * np.cov(g.T, ddof=lost)
    return sigmas(squares.mean(axis=0), expected, squares.std(axis=0) / np.sqrt(many), limit)


@claim.counterexample("variance of g_B by C of eq. 2", only((F(2), F(-2), F(1), F(-1)), 2))
def as_in_equation_3(g, B):
    """The mean of the four gradients is 0."""
    variance = lambda values: mean(v * v for v in values)
    return Contrast(apart(len(g), B) * variance(g), variance(mean(g[i] for i in drawn) for drawn in batches(len(g), B)))
