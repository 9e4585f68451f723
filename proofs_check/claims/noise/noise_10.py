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

from fractions import Fraction as F
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb

from ...cases import EPS, mean, populations, positive
from ...claim import Contrast, close, equal, only, told
from ...ours import Quadratics, ends
from .common import nu, stationary_variance, subsets

claim = told(__doc__)


class Exchange(NamedTuple):
    """D = 6 parabolas of one curvature; a batch B and a rate, both times k."""

    c: tuple
    h: F
    rate: F
    B: int
    k: int

    def variance(self, rate, B):
        problem = Quadratics([((self.h,),)] * 6, self.c)
        return stationary_variance("sgd", problem, list(subsets(6, B)), mean(self.c)[0], rate=rate)

    def drift(self, rate, B):
        problem = Quadratics([((self.h,),)] * 6, self.c)
        drawn = list(subsets(6, B))
        return mean(ends("sgd", problem, [(F(0),)] * len(drawn), drawn, rate=rate))[0]


@st.composite
def exchanges(draw):
    c = draw(populations(st.just(6), st.just(1)).filter(lambda c: len(set(c)) > 1))
    k, h, share = draw(st.integers(2, 3)), draw(positive()), draw(positive(19, 10).filter(lambda s: s < 2))
    return Exchange(c, h, share / (k * h), draw(st.integers(1, 6 // k)), k)


def factor(rate, B, D, h, k):
    """Of the stationary variance, when rate and batch grow by k."""
    return F(D - k * B, D - B) * (2 - rate * h) / (2 - k * rate * h)


@claim.check("noise scale, variance and drift of our SGD", exchanges(), examples=30)
def exchanged(case):
    rate, B, k = case.rate, case.B, case.k
    return {
        "noise scale": equal(nu(k * rate, k * B, 6), F(6 - k * B, 6 - B) * nu(rate, B, 6)),
        "variance": equal(case.variance(k * rate, k * B), factor(rate, B, 6, case.h, k) * case.variance(rate, B)),
        "drift": equal(case.drift(k * rate, k * B), k * case.drift(rate, B)),
        "printed": equal(nu(rate, k * B, 6) * (6 - B), nu(rate / k, B, 6) * (6 - k * B)),
    }


@claim.check("a large data set")
def large_data():
    """k = 2, D = 1000, B = 10, rate .01, curvature 1: .99490, exactly and by our exact risk.

    The risk settles to (1 - .01)^4000 < 1e-17 of it in 2000 steps; a rounding at each of them, on numbers of the risk.
    """
    from toybox.problems import quadratic

    exact = factor(F(1, 100), 10, 1000, 1, 2)
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


WHOLE = Exchange(((F(0),), (F(1),), (F(2),), (F(3),), (F(4),), (F(8),)), F(1), F(1, 10), 2, 3)  # k B = D


@claim.control("k B = D", only(WHOLE))
def invariant(case):
    """As printed: the noise of rate / k with B is that of the rate with k B."""
    return {
        "noise scale": equal(nu(case.rate, case.k * case.B, 6), nu(case.rate / case.k, case.B, 6)),
        "variance": equal(case.variance(case.rate, case.k * case.B), case.variance(case.rate / case.k, case.B)),
    }


claim.check("no noise for k B = D")(lambda: equal(WHOLE.variance(F(3, 10), 6), 0))
claim.counterexample(
    "stationary variance with the batch times k, against that with the rate over k", only(WHOLE._replace(k=2))
)(lambda case: Contrast(case.variance(case.rate / case.k, case.B), case.variance(case.rate, case.k * case.B)))
