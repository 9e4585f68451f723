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
from ...proof import Theorem

claim = told(__doc__)


@claim.proof(
    "any risks",
    broken={
        "a predictor that is not in the class": {"within": False},
        "any predictor for the best of all": {"best": False},
    },
)
def split(chosen, of_class, of_all, within=True, best=True):
    """True risks: of the trained predictor, of the best in its class, and of the best of all."""
    least = (chosen >= of_class,) if within else ()
    least_of_all = (of_class >= of_all, chosen >= of_all) if best else ()
    approximation, estimation = of_class - of_all, chosen - of_class
    return Theorem(
        (chosen >= 0, of_class >= 0, of_all >= 0, *least, *least_of_all),
        {
            "sum": chosen - of_all == approximation + estimation,
            "approximation": approximation >= 0,
            "estimation": estimation >= 0,
        },
    )
