r"""NOISE-09  Batches of one epoch are negatively correlated

Where: dissertation, eq. 2.62
Claim: The gradients of two batches of one shuffled epoch have the covariance -S/D: the noise of successive steps is not
    independent, as the delta function of 2.62 has it.
Formula: \mathrm{Cov}(g_{\mathbb{B}_1}, g_{\mathbb{B}_2}) = -\frac1D\,\mathbf{S}
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from ...claim import told
from ...proof import Theorem
from .common import S, in_the_mean, samplings, squares

claim = told(__doc__)


@claim.proof("any data and size of batch", broken={"independent batches": {"once": False}})
def epoch(D, B, a, b, ab, once=True):
    """Of two coordinates, with their sums a and b over all samples and that of their products.

    No sample is in both batches, and the B^2 pairs of a sample of the first and one of the second are equally often any
    of the D (D - 1); of independent batches they are any of D^2.
    """
    pair = B**2 / (D * (D - 1) if once else D**2)
    product = pair * (a * b - (ab if once else 0)) / B**2
    return Theorem((D > 1, B >= 1), {"covariance": product - a * b / D**2 == -1 / D * S(D, a, b, ab)})


@claim.check("successive steps of our epochs", samplings(("epochs", 4, 2), ("epochs", 6, 2)), degree="simulated")
@claim.check("first and last of an epoch", samplings(("epochs", 6, 2)), degree="simulated", times=(3, 5))
@claim.check("across epochs there is none", samplings(("epochs", 4, 2)), degree="simulated", times=(1, 2), share=0.0)
@claim.check("nor between fresh batches", samplings(("fresh", 4, 2)), degree="simulated", share=0.0)
@claim.control("our fresh batches", samplings(("fresh", 4, 2)))
def successive(drawn, times=(0, 1), share=-1.0):
    """The covariance of the errors of two steps of our sampler: share S / D."""
    first, second = (drawn.errors(t) for t in times)
    return in_the_mean(squares(first, second), share * drawn.S / drawn.D)
