r"""ERM-02  True error = approximation error + estimation error

Where: dissertation, eq. 2.5
Claim: How much a trained predictor is worse than the best of all is what its class costs, plus what choosing from the
    class by a sample costs. Both are at least 0.
Formula: L_{\mathcal D}(h) - L_{\mathcal D}(h^*) = [L_{\mathcal D}(h^*_{\mathbb H}) - L_{\mathcal D}(h^*)] +
    [L_{\mathcal D}(h) - L_{\mathcal D}(h^*_{\mathbb H})]
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from ...claim import told
from ...proof import Theorem, smaller

claim = told(__doc__)


@claim.proof(
    "any risks",
    broken={
        "a predictor that is not in the class": {"chosen": lambda h, other, outside: outside},
        "any predictor for the best of all": {"best": lambda of_class, outside: outside},
    },
)
def split(h, other, outside, chosen=lambda h, other, outside: h, best=smaller):
    """True risks: of the trained predictor, of another one of its class, the best of all but it, and of the best
    outside."""
    of_class, trained = smaller(h, other), chosen(h, other, outside)
    of_all = best(of_class, outside)
    approximation, estimation = of_class - of_all, trained - of_class
    return Theorem(
        (h >= 0, other >= 0, outside >= 0),
        {
            "sum": trained - of_all == approximation + estimation,
            "approximation": approximation >= 0,
            "estimation": estimation >= 0,
        },
    )
