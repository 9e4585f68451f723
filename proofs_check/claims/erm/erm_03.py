r"""ERM-03  Estimation error vanishes for an infinite sample

Where: dissertation, section 2.1
Claim: The estimation error becomes 0 for an infinite training set with the distribution of the data.
Formula: |\mathbb T| \to \infty \Rightarrow L_{\mathcal D}(h_{\mathbb T}) \to L_{\mathcal D}(h^*_{\mathbb H})
Verdict: corrected
Kind: exact
Found: If the relative frequencies in the training set are the probabilities, no minimiser of its risk has an estimation
    error. An infinite independent sample alone does not suffice for every class: a predictor that memorises m of N
    inputs and errs elsewhere has the empirical risk 0, the true risk 1 - m/N and, among all predictors, the same
    estimation error, however large m is at a fixed m/N; for a continuous input, m/N is 0.
True: \mathbb T \sim \mathcal D \text{ exactly} \Rightarrow L_{\mathcal D}(h_{\mathbb T}) = L_{\mathcal D}(h^*_{\mathbb
    H})
"""

from __future__ import annotations

from fractions import Fraction as F

from ...claim import Contrast, only, told
from ...proof import Theorem

claim = told(__doc__)


@claim.proof("a sample that is distributed like the data", broken={"that lacks some pairs": {"complete": False}})
def exact_sample(m, p, q, wrong, wrong_best, complete=True):
    """A minimiser of the risk on m examples, and the best of the class. p and q: the probabilities of the pairs on
    which only the one or only the other errs; wrong: how many examples such pairs are."""
    sample = (wrong == m * p if complete else wrong <= m * p, wrong_best == m * q)
    return Theorem(
        (m >= 1, p >= 0, q >= 0, wrong >= 0, *sample, wrong <= wrong_best, q <= p), {"no estimation error": p == q}
    )


@claim.proof("the memoriser", broken={"of all inputs but one": {"unseen": lambda m, N: 1}})
def memoriser(m, N, k, unseen=lambda m, N: N - m):
    """It errs on the unseen of N inputs, which are equally likely; of k times as many, too. The best one never errs."""
    risk = unseen(m, N) / N
    return Theorem(
        (m >= 1, N > m, k > 1),
        {"risk": risk == 1 - m / N, "however large m is": unseen(k * m, k * N) / (k * N) == risk},
    )


@claim.counterexample("estimation error of the memoriser", only(1000, 10**6))
def remains(m, N):
    """N inputs, all of label 1; the memoriser of m of them answers 0 elsewhere."""
    return Contrast(0, F(([1] * m + [0] * (N - m)).count(0), N))
