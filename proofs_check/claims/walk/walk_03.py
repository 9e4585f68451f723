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
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import add, batches, mean, populations, scale
from ...claim import ERRORS, Contrast, equal, holds, only, sigmas, told
from ...ours import Quadratics, on_rule
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


def outer(away, divisor):
    """The sum of v v' over the divisor, row after row."""
    n = len(away[0])
    return [sum(v[i] * v[j] for v in away) / divisor for i in range(n) for j in range(n)]


def of_samples(g, lost):
    return outer([add(v, -1, mean(g)) for v in g], len(g) - lost)


def of_batches(g, B):
    """The gradients are those of L_i(x) = |x + g_i|^2 / 2 at 0, on exact numbers."""
    n, centre = len(g[0]), mean(g)
    eye, origin = tuple(tuple(F(i == j) for j in range(n)) for i in range(n)), (F(0),) * n
    problem = Quadratics([eye] * len(g), [scale(-1, v) for v in g])
    away = [add(problem.gradient(origin, batch), -1, centre) for batch in batches(len(g), B)]
    return outer(away, len(away))


@claim.check("gradients of all our batches", st.tuples(populations()), examples=60)
@claim.control("gradients of all our batches, with C", st.tuples(populations()), examples=20, lost=0)
def of_our_batches(g, lost=1):
    N = len(g)
    return {
        f"B = {B}": equal(of_batches(g, B), [apart(N, B) * c for c in of_samples(g, lost)]) for B in range(1, N + 1)
    }


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


SQUARE = ((F(2), F(1)), (F(-2), F(1)), (F(1), F(4)), (F(-1), F(0)))  # four gradients


@claim.counterexample("variance of the first coordinate of g_B, by C of eq. 2", only(SQUARE, 2))
def as_in_equation_3(g, B):
    return Contrast(apart(len(g), B) * of_samples(g, lost=0)[0], of_batches(g, B)[0])
