r"""NOISE-03  Covariance of the error, sampling with replacement

Where: dissertation, eqs. 2.57 to 2.60
Claim: Batches drawn with replacement have errors of covariance K / B, whatever the size of the data set, also for B =
    D: eq. 2.60, which is then zero, does not hold for them.
Formula: \mathbf{E}[\alpha\alpha^\top] = \frac1B\,\mathbf{K}
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from ...claim import only, told
from ...proof import Theorem
from .common import (
    LARGE,
    SMALL,
    all_batches,
    counted,
    in_the_mean,
    occurrences,
    product_mean,
    samplings,
    squares,
)

claim = told(__doc__)


@claim.proof(
    "any data and size of batch",
    broken={"without replacement": {"replace": False}, "eq. 2.60": {"share": lambda D, B: 1 / D * (D / B - 1)}},
)
def with_replacement(D, B, a, b, ab, replace=True, share=lambda D, B: 1 / B):
    """Of two coordinates, with their sums a and b over all samples and that of their products. K has the divisor D."""
    found, K = product_mean(D, B, a, b, ab, replace) - a * b / D**2, (ab - a * b / D) / D
    return Theorem((D > 1, B >= 1), {"covariance": found == share(D, B) * K})


claim.check("how often samples and pairs are drawn, counted", all_batches(replace=True))(counted)
claim.control("distinct samples, counted", only(4, 2, True), predicted=lambda D, B, _: occurrences(D, B))(counted)


@claim.check(
    "our sampler, also for B = D",
    samplings(("replacement", *SMALL), ("replacement", *LARGE), ("replacement", 4, 4)),
    degree="simulated",
)
@claim.control("distinct samples", samplings(("fresh", *SMALL)))
def drawn_with(drawn):
    return in_the_mean(squares(drawn.errors()), drawn.K / drawn.B)
