r"""ERM-03  Estimation error vanishes for an infinite sample

Where: dissertation, section 2.1
Claim: The estimation error becomes 0 for an infinite training set with the distribution of the data.
Formula: |\mathbb T| \to \infty \Rightarrow L_{\mathcal D}(h_{\mathbb T}) \to L_{\mathcal D}(h^*_{\mathbb H})
Verdict: corrected
Kind: enumeration
Found: If the relative frequencies in the training set are the probabilities, no minimiser of its risk has an estimation
    error. An infinite independent sample alone does not suffice for every class: a predictor that memorises m of N
    inputs and errs elsewhere has the empirical risk 0, the true risk 1 - m/N and, among all predictors, the same
    estimation error, however large m is at a fixed m/N; for a continuous input, m/N is 0.
True: \mathbb T \sim \mathcal D \text{ exactly} \Rightarrow L_{\mathcal D}(h_{\mathbb T}) = L_{\mathcal D}(h^*_{\mathbb
    H})
"""

from __future__ import annotations

from fractions import Fraction as F

from ...claim import Contrast, equal, only, told
from .common import PAIRS, PREDICTORS, World, distributions, risk

claim = told(__doc__)

alone = distributions.map(lambda weights: (weights,))


def listed(weights):
    """Every pair as often as the distribution has it."""
    return tuple(pair for pair, w in zip(PAIRS, weights, strict=True) for _ in range(w))


def without_last(weights):
    """All but the last pair of the support, unless it is the only one."""
    T = listed(weights)
    return tuple(pair for pair in T if pair != T[-1]) or T


@claim.check("all minimisers in all classes", alone, examples=150)
def exact_sample(weights, sample=listed):
    """In each of the 255 classes, every minimiser of the risk on the sample has the least true risk."""
    true, found = World(weights, (), ()).risk, [risk(h, sample(weights)) for h in PREDICTORS]
    true_risks, worst = [true(h) for h in PREDICTORS], F(0)
    for mask in range(1, 256):
        members = [i for i in range(8) if mask >> i & 1]
        least = min(found[i] for i in members)
        chosen = max(true_risks[i] for i in members if found[i] == least)
        worst = max(worst, chosen - min(true_risks[i] for i in members))
    return equal(worst, F(0))


def shadow(m, N):
    """N inputs, equally likely, all of label 1; the memoriser of m of them, 0 elsewhere. Its two risks."""
    answers = [1] * m + [0] * (N - m)
    return F(answers[:m].count(0), m), F(answers.count(0), N)


SIZES = lambda budget: [1, 10, 100, 1000]


@claim.control("the memoriser of a tenth of the inputs", SIZES)
def memoriser_learns(m, share=10):
    """The estimation error of the memoriser, among all predictors of share * m inputs, is 0: the best one's risk is."""
    return equal(shadow(m, share * m)[1], F(0))


claim.check("risks of the memoriser", SIZES)(lambda m: equal(shadow(m, 7 * m + 1), (F(0), 1 - F(m, 7 * m + 1))))
claim.control("a sample that lacks a pair", alone, examples=20)(lambda w: exact_sample(w, without_last))
claim.counterexample("estimation error of the memoriser", only(1000, 10**6))(lambda m, N: Contrast(0, shadow(m, N)[1]))
