r"""NOISE-04  The printed derivation is about data drawn from a distribution

Where: dissertation, eqs. 2.57 to 2.60
Claim: Where the data set itself consists of independent draws and the batch is a part of it, the mean over both gives
    2.60 with the covariance of the distribution; the gradients need not be normal.
Formula: \mathbf{E}[\alpha\alpha^\top] = \left(\frac1B - \frac1D\right)\mathbf{K}_{\mathrm{pop}}
Verdict: holds
Kind: exact
Found: Normality is not needed: three-point laws satisfy it exactly.
"""

from __future__ import annotations

from ...claim import told
from ...proof import Theorem

claim = told(__doc__)


@claim.proof("a batch of the data set", broken={"a batch outside of the data set": {"inside": False}})
@claim.proof(
    "a batch outside of it has 1/B + 1/D",
    broken={"the difference for such a batch": {"sign": -1}},
    inside=False,
    sign=1,
)
def independent(D, B, K, inside=True, sign=-1):
    """E alpha alpha' = (1/B + sign/D) K: one entry, for data that are independent draws of any law.

    alpha weighs every draw: 1/B - 1/D what is in the batch and in the data, 1/B what is in the batch only, -1/D the
    other data. The weights add up to 0, so that the mean of the law does not matter, and what is left of independent
    draws is K times the sum of squared weights.
    """
    weights = [(B, 1 / B - 1 / D), (D - B, -1 / D)] if inside else [(B, 1 / B), (D, -1 / D)]
    total = sum(many * weight for many, weight in weights)
    found = sum(many * weight**2 for many, weight in weights) * K
    return Theorem((B >= 1, D >= B), {"sum of weights": total == 0, "covariance": found == (1 / B + sign / D) * K})
