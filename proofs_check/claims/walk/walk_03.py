r"""WALK-03  Mini-batch gradient covariance

Where: A Walk with SGD, eq. 3
Claim: The covariance of a mini-batch gradient is 1/B - 1/N times the covariance C of the sample gradients, the one of
    eq. 2.
Formula: \mathrm{cov}(g_B, g_B) = \left(\frac1B - \frac1N\right) C
Verdict: corrected
Kind: enumeration
Found: True of distinct samples with the unbiased covariance S (divisor N - 1). With the C of eq. 2 (divisor N) the
    factor is (N - B) / (B (N - 1)). Of samples drawn with replacement the covariance is C / B, also at B = N.
True: \mathrm{cov}(g_B, g_B) = \left(\frac1B - \frac1N\right) S, \quad S = \frac{N}{N-1} C
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import add, batches, mean, populations, scale
from ...claim import ERRORS, Contrast, equal, only, sigmas, told
from ...ours import Quadratics, on_rule

claim = told(__doc__)


def tuples(N, B):
    """Batches drawn with replacement."""
    return product(range(N), repeat=B)


apart = lambda N, B: F(1, B) - F(1, N)
with_replacement = lambda N, B: F(1, B)
with_K = lambda N, B: F(N - B, B * (N - 1))


def outer(away, divisor):
    """The sum of v v' over the divisor, row after row."""
    n = len(away[0])
    return [sum(v[i] * v[j] for v in away) / divisor for i in range(n) for j in range(n)]


def of_samples(g, lost):
    return outer([add(v, -1, mean(g)) for v in g], len(g) - lost)


def of_batches(g, drawn):
    """The gradients are those of L_i(x) = |x + g_i|^2 / 2 at 0, on exact numbers."""
    n, centre = len(g[0]), mean(g)
    eye, origin = tuple(tuple(F(i == j) for j in range(n)) for i in range(n)), (F(0),) * n
    problem = Quadratics([eye] * len(g), [scale(-1, v) for v in g])
    away = [add(problem.gradient(origin, batch), -1, centre) for batch in drawn]
    return outer(away, len(away))


POPULATIONS = st.tuples(populations())  # a case is the tuple of its margin's arguments


def steps_of(*settings, limit=ERRORS):
    return lambda budget: [(*setting, limit, budget.seed, budget.many(20_000, 500_000)) for setting in settings]


@claim.check(
    "steps of our SGD, by sampler",
    steps_of(("fresh", apart, 1), ("epochs", apart, 1), ("replacement", with_replacement, 0)),
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
    N = len(g)
    return Contrast(apart(N, B) * of_samples(g, lost=0)[0], of_batches(g, batches(N, B))[0])


@claim.check("all batches of distinct samples, with S", POPULATIONS, examples=60)
@claim.check("the same, with C", POPULATIONS, examples=60, factor=with_K, lost=0)
@claim.control("eq. 3 for samples with replacement", only(SQUARE, tuples, apart))
def covariances(g, drawn=batches, factor=apart, lost=1, most=7):
    """The covariance of the gradients of all batches of a size is factor(N, B) times that of the samples.

    lost: the latter has the divisor N - lost.
    """
    N, expected = len(g), of_samples(g, lost)
    return {
        f"B = {B}": equal(of_batches(g, drawn(N, B)), [factor(N, B) * c for c in expected])
        for B in range(1, min(N, most) + 1)
    }


claim.check("all batches with replacement", st.tuples(populations(st.integers(2, 5), st.integers(1, 2))), examples=20)(
    lambda g: covariances(g, tuples, with_replacement, lost=0, most=3)
)
