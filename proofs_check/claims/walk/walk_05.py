r"""WALK-05  Alignment and batch size

Where: A Walk with SGD, sections 4.1 and 4.2
Claim: Gradients of larger batches are more aligned with the directions of high curvature.
Formula: B < B' \Rightarrow \frac{E[g_B^\top H g_B]}{E\|g_B\|^2} < \frac{E[g_{B'}^\top H g_{B'}]}{E\|g_{B'}\|^2}
Verdict: corrected
Kind: exact
Found: The ratio of expectations increases with B if and only if the mean gradient lies in sharper directions than the
    noise. Where the noise is in the sharp directions it falls, and so does the mean of eq. 4 over batches.
True: \frac{d}{dB} \frac{E[g_B^\top H g_B]}{E\|g_B\|^2} > 0 \Leftrightarrow \frac{g^\top H g}{\|g\|^2} >
    \frac{\mathrm{tr}\, H S}{\mathrm{tr}\, S}
"""

from __future__ import annotations

from fractions import Fraction as F

from ...cases import batches, dot, mean
from ...claim import Contrast, equal, only, told
from ...proof import Theorem, same
from .common import (
    ACROSS_NOISE,
    apart,
    clouds,
    cross,
    enumerated,
    falls,
    moments,
    moments_of,
    quadratic,
    rises,
    with_replacement,
)

claim = told(__doc__)


@claim.proof("it rises with B iff the mean is sharper than the noise", broken={"sharper than nothing": {"weight": 0}})
def decided(bent, square, bent_noise, noise, s, t, weight=1):
    """g'Hg, |g|^2, tr HS and tr S; 1/B - 1/N is s for a batch and t for a larger one, and both expectations are as
    below, since the covariance of g_B is s S (WALK-03). The derivative is the limit of the quotient."""
    ratio = lambda s: (bent + s * bent_noise) / (square + s * noise)
    sharper = bent * noise - weight * bent_noise * square
    change = (s - t) * sharper / ((square + s * noise) * (square + t * noise))
    return Theorem(
        (square > 0, noise > 0, t >= 0, s > t),
        {"larger batches": same(ratio(t) > ratio(s), sharper > 0), "by": ratio(t) - ratio(s) == change},
    )


QUOTED = ((F(10), F(0)), (F(0), F(1))), (F(0), F(1)), ((F(4), F(0)), (F(0), F(1, 10)))  # H, g, S


@claim.check("the quoted example", lambda budget: [(1, "8.06"), (10, "3.54"), (100, "1.31"), (1000, "1.00")])
@claim.control("another number", only(10, "3.55"))
def quoted(B, value, N=1000):
    """The ratio rounds to what is quoted."""
    return F(1, 200) - abs(moments_of(*QUOTED).ratio(apart(N, B)) - F(value))


EVEN_NOISE = cross((1, 0), (0, 1), mean=(3, 0))  # the mean is in the sharp direction, the noise everywhere


@claim.check("both expectations, of our gradients", clouds(), examples=60)
@claim.control("1/B for 1/B - 1/N", only(EVEN_NOISE, with_replacement))
def expectations(cloud, factor=apart):
    m, slack = moments(cloud), {}
    for B in range(1, cloud.N + 1):
        s = factor(cloud.N, B)
        slack[f"B = {B}"] = equal(enumerated(cloud, B), (m.bent + s * m.bent_noise, m.square + s * m.noise))
    return slack


def mean_alignments(cloud):
    """The mean of eq. 4 over all batches, by batch size: what the paper plots."""
    alignment = lambda v: quadratic(cloud.H, v) / dot(v, v)
    return [mean(map(alignment, cloud.gradients(batches(cloud.N, B)))) for B in range(1, cloud.N + 1)]


@claim.check("a population whose mean alignment falls", only(ACROSS_NOISE))
@claim.control("falling, though the mean is sharp and the noise even", only(EVEN_NOISE))
def alignment_falls(cloud):
    return falls(mean_alignments(cloud))


@claim.check("and one whose mean alignment rises", only(EVEN_NOISE))
@claim.control("rising, though the noise is in the sharp direction", only(ACROSS_NOISE))
def alignment_rises(cloud):
    return rises(mean_alignments(cloud))


@claim.counterexample("ratio of expectations for the batch N, against that for the batch 1", only(*QUOTED, 1000))
def printed_ratio(H, g, S, N):
    one, whole = (moments_of(H, g, S).ratio(apart(N, B)) for B in (1, N))
    return Contrast(one, whole, "more than")


@claim.counterexample("mean of eq. 4 for all samples as the batch, against that for one", only(ACROSS_NOISE))
def printed_alignment(cloud):
    alignments = mean_alignments(cloud)
    return Contrast(alignments[0], alignments[-1], "more than")
