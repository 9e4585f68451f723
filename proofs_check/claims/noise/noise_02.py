r"""NOISE-02  Covariance of the error, sampling without replacement

Where: dissertation, eqs. 2.57 to 2.60; A Walk with SGD, section 3
Claim: The error of a batch of |B| of the |D| samples has the covariance K (|D|/|B| - 1) / |D|, K being the covariance
    matrix of a sample's gradient.
Formula: \mathbf{E}[\alpha\alpha^\top] = \frac{1}{|\mathbb{D}|}\left(\frac{|\mathbb{D}|}{|\mathbb{B}|} -
    1\right)\mathbf{K}
Verdict: corrected
Kind: exact
Found: For batches of distinct samples the matrix is S, with divisor |D| - 1. With the covariance K of one sample drawn
    from the data, divisor |D|, the printed right-hand side is too small by (|D| - 1) / |D|, for every batch smaller
    than the data.
True: \mathbf{E}[\alpha\alpha^\top] = \left(\frac1B - \frac1D\right)\mathbf{S} = \frac{D - B}{B\,(D - 1)}\,\mathbf{K}
"""

from __future__ import annotations

from ...cases import mean
from ...claim import Contrast, only, told
from ...proof import Theorem
from .common import (
    FOUR,
    LARGE,
    SMALL,
    F,
    all_batches,
    apart,
    counted,
    gradients,
    in_the_mean,
    occurrences,
    product_mean,
    samplings,
    squares,
    subsets,
    variance,
)

claim = told(__doc__)


@claim.proof(
    "any data and size of batch",
    broken={"with replacement": {"replace": True}, "2.60 with the divisor D": {"divisor": lambda D: D}},
)
def without_replacement(D, B, a, b, ab, replace=False, divisor=lambda D: D - 1):
    """Of two coordinates, with their sums a and b over all samples and that of their products, in all forms."""
    found, products = product_mean(D, B, a, b, ab, replace) - a * b / D**2, ab - a * b / D
    S, K = products / divisor(D), products / D
    forms = {
        "(1/B - 1/D) S": apart(D, B) * S,
        "1/D (D/B - 1) S": 1 / D * (D / B - 1) * S,
        "(D - B) / (B (D - 1)) K": (D - B) / (B * (D - 1)) * K,
        "D / (D - 1) times 2.60 with K": D / (D - 1) * (1 / D * (D / B - 1) * K),
    }
    return Theorem((D > 1, B >= 1), {form: found == wanted for form, wanted in forms.items()})


claim.check("how often samples and pairs are drawn, counted", all_batches(replace=False))(counted)
claim.control("with replacement, counted", only(4, 2, False), predicted=lambda D, B, _: occurrences(D, B, True))(
    counted
)


@claim.check("our sampler of distinct samples", samplings(("fresh", *SMALL), ("fresh", *LARGE)), degree="simulated")
@claim.check("batches of our epochs", samplings(("epochs", *SMALL), ("epochs", *LARGE)), degree="simulated")
@claim.control("our sampler with replacement", samplings(("replacement", *SMALL)))
def drawn_without(drawn):
    return in_the_mean(squares(drawn.errors()), (1 / drawn.B - 1 / drawn.D) * drawn.S)


@claim.counterexample("variance of the error, with the gradients g of all samples", only(FOUR, 2))
def printed_variance(g, B):
    """Of one coordinate: by 2.60, and over all batches."""
    D, centre = len(g), mean(g)[0]
    true = mean([(v - centre) ** 2 for (v,) in gradients(g, subsets(D, B))])
    return Contrast(F(1, D) * (F(D, B) - 1) * variance(g, D), true)
