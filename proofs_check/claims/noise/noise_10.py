r"""NOISE-10  A larger batch for a smaller learning rate

Where: dissertation, section 2.10
Claim: Multiplying the batch size by a factor has the same effect as dividing the learning rate by it.
Formula: \nu(\lambda, kB) = \nu(\lambda/k, B)
Verdict: corrected
Kind: exact
Found: To first order in B/D and in rate times curvature, and for the scale of the noise alone: rate and batch times k
    change nu by (D - kB)/(D - B) and the stationary variance by a further (2 - rate h)/(2 - k rate h), while the drift
    per step grows k-fold. With k B = D no noise is left.
True: \frac{\Sigma(k\lambda, kB)}{\Sigma(\lambda, B)} = \frac{D - kB}{D - B}\cdot\frac{2 - \lambda h}{2 - k\lambda h}
"""

from __future__ import annotations

import numpy as np

import toybox as tb
from toybox.problems import quadratic

from ...cases import EPS
from ...claim import Contrast, close, equal, only, told
from ...ours import Quadratics
from ...proof import Theorem
from .common import F, apart, stationary_variance, subsets

claim = told(__doc__)


def factor(rate, B, D, h, k):
    """Of the stationary variance, when rate and batch grow by k."""
    return (D - k * B) / (D - B) * (2 - rate * h) / (2 - k * rate * h)


@claim.proof(
    "any parabolas, rates and batches",
    broken={"the batch alone": {"faster": lambda k: 1}, "as printed": {"exchanged": lambda *_: 1}},
)
def exchange(rate, B, D, h, k, s, before, after, gradient, faster=lambda k: k, exchanged=factor):
    """Rate and batch times k. s: the variance S of the minimisers; before, after: the stationary variances, where
    errors (1/B - 1/D) h^2 S are added and 1 - rate h multiplies; gradient: the mean one, by which SGD drifts."""
    scale = lambda rate, B: rate * (D / B - 1)
    settled = lambda e, rate, B: e == (1 - rate * h) ** 2 * e + rate**2 * h**2 * apart(D, B) * s
    fast = faster(k) * rate
    stable = (h > 0, s > 0, rate > 0, B >= 1, k > 1, D > k * B, k * rate * h < 2, fast * h < 2)
    return Theorem(
        (*stable, settled(before, rate, B), settled(after, fast, k * B)),
        {
            "noise scale": scale(fast, k * B) * (D - B) == (D - k * B) * scale(rate, B),
            "variance": after == exchanged(rate, B, D, h, k) * before,
            "drift": fast * gradient == k * (rate * gradient),
        },
    )


BOWLS = Quadratics([((F(1),),)] * 6, [(F(c),) for c in (0, 1, 2, 3, 4, 8)])


def variance(rate, B):
    """Stationary variance of our SGD on x^2 / 2 about 0, 1, 2, 3, 4 and 8, which settles about 3."""
    return stationary_variance("sgd", BOWLS, list(subsets(6, B)), F(3), rate=rate)


@claim.check("our SGD on exact numbers", lambda budget: [(F(1, 10), 1, 4), (F(2, 3), 1, 2), (F(1, 5), 2, 2)])
@claim.check("no noise for k B = D", only(F(1, 10), 2, 3))
@claim.control("as printed, for k B = D", only(F(1, 10), 2, 3), exchanged=lambda *_: 1)
def of_our_sgd(rate, B, k, exchanged=factor):
    return equal(variance(k * rate, k * B), exchanged(rate, F(B), 6, 1, k) * variance(rate, B))


@claim.check("a large data set", only(factor(F(1, 100), F(10), 1000, 1, 2)))
@claim.control("a large data set, no difference", only(F(1)))
def large_data(exact):
    """k = 2, D = 1000, B = 10, rate .01, curvature 1: .99490, exactly and by our exact risk.

    The risk settles to (1 - .01)^4000 < 1e-17 of it in 2000 steps; a rounding at each of them, on numbers of the risk.
    """
    problem = tb.problems.NoisyQuadratic(np.eye(1), np.random.default_rng(1).standard_normal((1000, 1)))
    risks = [
        quadratic.expected_risk(problem, k * 0.01, k * 10, 2000, problem.solution, "fresh")[-1] - problem.floor
        for k in (1, 2)
    ]
    tolerance = 10 * (1000 + 2000) * EPS * problem.floor / risks[0]
    return {
        "quoted": close(float(exact), 0.99490, 5e-6),
        "risk": close(risks[1] / risks[0], float(exact), tolerance),
    }


@claim.counterexample(
    "stationary variance on x^2 / 2 about 0, 1, 2, 3, 4, 8 with the batch times k, against that with the rate over k",
    only(F(1, 10), 2, 2),
)
def as_printed(rate, B, k):
    return Contrast(variance(rate / k, B), variance(rate, k * B))
