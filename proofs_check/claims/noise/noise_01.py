r"""NOISE-01  The error of a mini-batch gradient has mean zero

Where: dissertation, eqs. 2.53 to 2.56
Claim: The mini-batch gradient minus the full gradient is zero in the mean; the derivation passes through the full
    gradient times one minus |D|/|B|.
Formula: \mathbf{E}[\alpha] = \frac{|\mathbb{B}|}{|\mathbb{B}|}\nabla\mathcal{L} -
    \frac{|\mathbb{D}|}{|\mathbb{B}|}\nabla\mathcal{L} = 0
Verdict: corrected
Kind: exact
Found: The mean is zero, with and without replacement; the second fraction of the third line must be |D|/|D|. As printed
    the line is (1 - D/B) times the gradient: for D = 10 and B = 2 minus four times the gradient.
True: \mathbf{E}[\alpha] = \frac{|\mathbb{B}|}{|\mathbb{B}|}\nabla\mathcal{L} -
    \frac{|\mathbb{D}|}{|\mathbb{D}|}\nabla\mathcal{L} = 0
"""

from __future__ import annotations

from fractions import Fraction as F

from ...cases import add, mean, scale
from ...claim import Contrast, equal, only, told
from ...proof import Theorem
from .common import FOUR, LARGE, SMALL, UNBIASED, gradients, in_the_mean, samplings, subsets, unbiased

claim = told(__doc__)

claim.proof("any data and batches, with and without replacement", **UNBIASED)(unbiased)


@claim.proof("third line of 2.56", broken={"as printed": {"divisor": lambda D, B: B}})
def third_line(D, B, g, divisor=lambda D, B: D):
    """B/B times the full gradient g, which is E g_B by the theorem above, minus the sum of all D over the divisor."""
    return Theorem((D > 0, B > 0), {"zero": B / B * g - D / divisor(D, B) * g == 0})


def on_exact_numbers(g, B, divisor):
    """The third line of 2.56, from all batches."""
    return add(mean(gradients(g, subsets(len(g), B))), -F(len(g), divisor), mean(g))


TEN = tuple((F(i),) for i in range(1, 11))  # D = 10 gradients


@claim.check("the printed line for D = 10, B = 2, exactly", only(2))
@claim.control("and with the divisor D", only(10))
def literal_line(divisor):
    """(1 - D/B) g = -4 g."""
    return equal(on_exact_numbers(TEN, 2, divisor), scale(-4, mean(TEN)))


@claim.counterexample("third line of 2.56, with the gradients g of all samples", only(FOUR, 2))
def printed_line(g, B):
    """Of its only coordinate."""
    return Contrast(on_exact_numbers(g, B, divisor=B)[0], on_exact_numbers(g, B, divisor=len(g))[0])


@claim.check(
    "our samplers",
    samplings(*[(how, *size) for how in ("fresh", "epochs", "replacement") for size in (SMALL, LARGE)]),
    degree="simulated",
)
@claim.control("batches that err to one side", samplings(("fresh", *SMALL)), kept=lambda alpha: alpha[:, 0] > 0)
def sampled(drawn, kept=lambda alpha: slice(None)):
    alpha = drawn.errors()
    return in_the_mean(alpha[kept(alpha)], 0)
