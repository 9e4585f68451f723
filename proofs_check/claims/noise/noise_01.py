r"""NOISE-01  The error of a mini-batch gradient has mean zero

Where: dissertation, eqs. 2.53 to 2.56
Claim: The mini-batch gradient minus the full gradient is zero in the mean; the derivation passes through the full
    gradient times one minus |D|/|B|.
Formula: \mathbf{E}[\alpha] = \frac{|\mathbb{B}|}{|\mathbb{B}|}\nabla\mathcal{L} -
    \frac{|\mathbb{D}|}{|\mathbb{B}|}\nabla\mathcal{L} = 0
Verdict: corrected
Kind: enumeration
Found: The mean is zero, with and without replacement; the second fraction of the third line must be |D|/|D|. As printed
    the line is (1 - D/B) times the gradient: for D = 10 and B = 2 minus four times the gradient.
True: \mathbf{E}[\alpha] = \frac{|\mathbb{B}|}{|\mathbb{B}|}\nabla\mathcal{L} -
    \frac{|\mathbb{D}|}{|\mathbb{D}|}\nabla\mathcal{L} = 0
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import combinations

from hypothesis import strategies as st

from ...cases import add, mean, populations, scale
from ...claim import Contrast, equal, only, told
from .common import FOUR, LARGE, POPULATIONS, SMALL, TEN, gradients, in_the_mean, samplings, subsets, tuples

claim = told(__doc__)


def third_line(g, B, divisor, batches_of=subsets):
    """Of eq. 2.56: the mean of g_B minus the sum of all gradients over the divisor."""
    return add(mean(gradients(g, batches_of(len(g), B))), -F(len(g), divisor), mean(g))


@claim.check("without replacement, every batch of every size", POPULATIONS, examples=60)
def zero_mean(g, batches_of=subsets, largest=7):
    """It is 0 for the divisor D, for every size of batch."""
    D = len(g)
    return {B: equal(third_line(g, B, D, batches_of), (F(0),) * len(g[0])) for B in range(1, min(D, largest) + 1)}


@claim.counterexample("third line of 2.56, with the gradients g of all samples", only(FOUR, 2))
def printed_line(g, B):
    """Of its only coordinate."""
    return Contrast(third_line(g, B, divisor=B)[0], third_line(g, B, divisor=len(g))[0])


@claim.check("the printed line for D = 10, B = 2")
def literal_line():
    """The third line of 2.56 as printed, D = 10 and B = 2: (1 - D/B) g = -4 g."""
    return equal(third_line(TEN, 2, divisor=2), scale(-4, mean(TEN)))


claim.check("with replacement", st.tuples(populations(st.integers(2, 5))), examples=60)(
    lambda g: zero_mean(g, tuples, 3)
)
claim.check(
    "our samplers", samplings(*[(how, *size) for how in ("fresh", "epochs", "replacement") for size in (SMALL, LARGE)])
)(lambda drawn: in_the_mean(drawn.errors(), 0))
claim.control("batches that always hold the first sample", only(TEN[:4]))(
    lambda g: zero_mean(g, lambda D, B: (b for b in combinations(range(D), B) if 0 in b))
)
