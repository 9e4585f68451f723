r"""NOISE-04  The printed derivation is about data drawn from a distribution

Where: dissertation, eqs. 2.57 to 2.60
Claim: Where the data set itself consists of independent draws and the batch is a part of it, the mean over both gives
    2.60 with the covariance of the distribution; the gradients need not be normal.
Formula: \mathbf{E}[\alpha\alpha^\top] = \left(\frac1B - \frac1D\right)\mathbf{K}_{\mathrm{pop}}
Verdict: holds
Kind: enumeration
Found: Normality is not needed: three-point laws satisfy it exactly.
"""

from __future__ import annotations

from fractions import Fraction as F

from hypothesis import strategies as st

from ...cases import add, mean
from ...claim import equal, told
from .common import errors, gradients, laws, outer, scaled, subsets

claim = told(__doc__)


def inside(law, D, B):
    """E alpha alpha' over all data sets and their batches."""
    return law.expect(law.data(D), lambda g: mean([outer(v, v) for v in errors(g, subsets(D, B))]))


def outside(law, D, B):
    """The same for a batch that is not of the data set: a row of B + D independent samples."""

    def square(row):
        alpha = add(gradients(row, [range(B)])[0], -1, mean(row[B:]))
        return outer(alpha, alpha)

    return law.expect(law.data(B + D), square)


@claim.check("all data sets and batches", st.tuples(laws(), st.integers(2, 4)), examples=12)
def superpopulation(law, D, second=inside, sign=-1):
    """E alpha alpha' = (1/B + sign/D) K."""
    return {B: equal(second(law, D, B), scaled(F(1, B) + F(sign, D), law.K)) for B in range(1, D + 1)}


claim.check("a batch outside of the data set has 1/B + 1/D", laws(), examples=12)(
    lambda law: superpopulation(law, 2, outside, 1)
)
claim.control("a batch outside of the data set", laws(), examples=20)(lambda law: superpopulation(law, 2, outside))
