r"""SGD-05  Enlarging a batch on a fixed line

Where: dissertation, section 5.6 and core result 3; Mutschler & Zell 2021 (ICANN), section 6
Claim: If the direction of a batch is kept and the batch grows by random samples to k times its size, the slope at the
    origin falls in the mean by k / (1 + (k - 1) rho), rho being the slope of the rest of the data over that of the
    batch: by k where the rest is flat along the line, not at all where it is as steep.
Formula: \mathbf{E}\,l'_{\mathbb{B}\cup\mathbb{A}}(0) = \frac1k\,l'_{\mathbb{B}}(0) + \left(1 - \frac1k\right)
    l'_{\mathbb{D}\setminus\mathbb{B}}(0)
Verdict: holds
Kind: exact
Found: This is what the factor k of the text means, for its protocol of fixed lines only (SGD-06). Smaller batches are
    made there by removing the samples with the highest slopes, which makes any batch steeper.
"""

from __future__ import annotations

from ...claim import equal, only, told
from ...proof import Theorem, implies
from ..noise.common import UNBIASED, unbiased
from .common import shrinks_by

claim = told(__doc__)

claim.proof("samples drawn from the rest have its slope in the mean", **UNBIASED)(unbiased)


@claim.proof("any batch, extension and slopes", broken={"the factor k": {"factor": lambda k, rho: k}})
def grown(B, k, own, rest, factor=lambda k, rho: k / (1 + (k - 1) * rho)):
    """own: the slope of the batch; rest: the mean slope of the (k - 1) B samples that are added."""
    mean = (B * own + (k - 1) * B * rest) / (k * B)
    rho = rest / own
    return Theorem(
        (B >= 1, k > 1, own < 0, rest <= 0),
        {
            "mean": mean == own / k + (1 - 1 / k) * rest,
            "factor": own == factor(k, rho) * mean,
            "flat": implies(rest == 0, own == k * mean),
            "as steep": implies(rest == own, own == mean),
        },
    )


@claim.proof("removing the highest slopes", broken={"the lowest": {"highest": False}})
def selected(kept, removed, mean_kept, mean_removed, border, highest=True):
    """Numbers of samples and their mean slopes: what is left is at least as steep, for any data and any direction."""
    apart = (mean_kept <= border, border <= mean_removed) if highest else (mean_removed <= border, border <= mean_kept)
    mean = (kept * mean_kept + removed * mean_removed) / (kept + removed)
    return Theorem((kept >= 1, removed >= 1, *apart), {"steeper": mean_kept <= mean})


@claim.check("our lines, a flat rest: k", lambda budget: [(0, k, k) for k in (2, 3, 4, 7)])
@claim.check("our lines, a rest as steep: 1", lambda budget: [(1, k, 1) for k in (2, 3, 4, 7)])
@claim.control("our lines, k where the rest is as steep", only(1, 2, 2))
def of_our_lines(rest, k, factor):
    return equal(shrinks_by(rest, k), factor)
