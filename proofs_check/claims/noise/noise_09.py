r"""NOISE-09  Batches of one epoch are negatively correlated

Where: dissertation, eq. 2.62
Claim: The gradients of two batches of one shuffled epoch have the covariance -S/D: the noise of successive steps is not
    independent, as the delta function of 2.62 has it.
Formula: \mathrm{Cov}(g_{\mathbb{B}_1}, g_{\mathbb{B}_2}) = -\frac1D\,\mathbf{S}
Verdict: holds
Kind: enumeration
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import permutations, product

from hypothesis import strategies as st

from ...cases import mean, populations
from ...claim import equal, only, told
from .common import TEN, S, errors, in_the_mean, outer, samplings, scaled, squares, subsets

claim = told(__doc__)


def partition(g, both):
    """Cov(g_B1, g_B2) = -S/D over all pairs of batches."""
    pairs = [(errors(g, [first])[0], errors(g, [second])[0]) for first, second in both]
    return equal(mean([outer(u, v) for u, v in pairs]), scaled(-F(1, len(g)), S(g)))


HALVES = [(order[:2], order[2:]) for order in permutations(range(4))]
INDEPENDENT = list(product(subsets(4, 2), repeat=2))


@claim.check("successive steps of our epochs", samplings(("epochs", 4, 2), ("epochs", 6, 2)))
@claim.check("nor between fresh batches", samplings(("fresh", 4, 2)), share=0.0)
@claim.control("our fresh batches", samplings(("fresh", 4, 2)))
def successive(drawn, times=(0, 1), share=-1.0):
    """The covariance of the errors of two steps of our sampler: share S / D."""
    first, second = (drawn.errors(t) for t in times)
    return in_the_mean(squares(first, second), share * drawn.S / drawn.D)


claim.check("all permutations, D = 4, B = 2", st.tuples(populations(st.just(4))), examples=40)(
    lambda g: partition(g, HALVES)
)
claim.check("first and last of an epoch", samplings(("epochs", 6, 2)))(lambda d: successive(d, (3, 5)))
claim.check("across epochs there is none", samplings(("epochs", 4, 2)))(lambda d: successive(d, (1, 2), 0.0))
claim.control("independent batches", only(TEN[:4]))(lambda g: partition(g, INDEPENDENT))
