r"""NOISE-02  Covariance of the error, sampling without replacement

Where: dissertation, eqs. 2.57 to 2.60; A Walk with SGD, section 3
Claim: The error of a batch of |B| of the |D| samples has the covariance K (|D|/|B| - 1) / |D|, K being the covariance
    matrix of a sample's gradient.
Formula: \mathbf{E}[\alpha\alpha^\top] = \frac{1}{|\mathbb{D}|}\left(\frac{|\mathbb{D}|}{|\mathbb{B}|} -
    1\right)\mathbf{K}
Verdict: corrected
Kind: enumeration
Found: For batches of distinct samples the matrix is S, with divisor |D| - 1. With the covariance K of one sample drawn
    from the data, divisor |D|, the printed right-hand side is too small by (|D| - 1) / |D|, for every batch smaller
    than the data.
True: \mathbf{E}[\alpha\alpha^\top] = \left(\frac1B - \frac1D\right)\mathbf{S} = \frac{D - B}{B\,(D - 1)}\,\mathbf{K}
"""

from __future__ import annotations

from fractions import Fraction as F

from ...cases import mean
from ...claim import Contrast, equal, only, told
from .common import (
    FOUR,
    LARGE,
    POPULATIONS,
    SMALL,
    TEN,
    K,
    S,
    apart,
    covariance_of_errors,
    errors,
    in_the_mean,
    one_step_risk,
    printed_with_K,
    samplings,
    scaled,
    squares,
    subsets,
    trace,
    tuples,
)

claim = told(__doc__)


def without(g, B):
    return scaled(apart(len(g), B), S(g))


@claim.counterexample("variance of the error, with the gradients g of all samples", only(FOUR, 2))
def printed_variance(g, B):
    """Of one coordinate: by 2.60, and over all batches."""
    return Contrast(printed_with_K(g, B)[0][0], mean([v[0] ** 2 for v in errors(g, subsets(len(g), B))]))


@claim.check("the three forms", POPULATIONS, examples=60)
def three_forms(g):
    """(1/B - 1/D) S, (1/D)(D/B - 1) S and (D - B) / (B (D - 1)) K are one matrix, D / (D - 1) times the printed one."""
    D, found = len(g), {}
    for B in range(1, D + 1):
        wanted = without(g, B)
        found[f"with S, B = {B}"] = equal(scaled(F(1, D) * (F(D, B) - 1), S(g)), wanted)
        found[f"with K, B = {B}"] = equal(scaled(F(D - B, B * (D - 1)), K(g)), wanted)
        found[f"off by, B = {B}"] = equal(scaled(F(D, D - 1), printed_with_K(g, B)), wanted)
    return found


@claim.check("our sampler of distinct samples", samplings(("fresh", *SMALL), ("fresh", *LARGE)))
@claim.check("batches of our epochs, one at a time", samplings(("epochs", *SMALL), ("epochs", *LARGE)))
@claim.control("our sampler with replacement", samplings(("replacement", *SMALL)))
def drawn_without(drawn):
    return in_the_mean(squares(drawn.errors()), (1 / drawn.B - 1 / drawn.D) * drawn.S)


claim.check("every batch of every size", POPULATIONS, examples=60)(lambda g: covariance_of_errors(g, without))
claim.check("our exact risk", POPULATIONS, examples=60)(
    lambda g: one_step_risk(g, "fresh", lambda g, B: trace(without(g, B)))
)
claim.control("batches with replacement", only(TEN[:4]))(lambda g: covariance_of_errors(g, without, tuples, 3))
