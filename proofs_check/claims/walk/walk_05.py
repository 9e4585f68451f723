r"""WALK-05  Alignment and batch size

Where: A Walk with SGD, sections 4.1 and 4.2
Claim: Gradients of larger batches are more aligned with the directions of high curvature.
Formula: B < B' \Rightarrow \frac{E[g_B^\top H g_B]}{E\|g_B\|^2} < \frac{E[g_{B'}^\top H g_{B'}]}{E\|g_{B'}\|^2}
Verdict: corrected
Kind: enumeration
Found: The ratio of expectations increases with B if and only if the mean gradient lies in sharper directions than the
    noise. Where the noise is in the sharp directions it falls, and so does the mean of eq. 4 over batches.
True: \frac{d}{dB} \frac{E[g_B^\top H g_B]}{E\|g_B\|^2} > 0 \Leftrightarrow \frac{g^\top H g}{\|g\|^2} >
    \frac{\mathrm{tr}\, H S}{\mathrm{tr}\, S}
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise

from ...cases import batches, dot, mean
from ...claim import Contrast, equal, only, told
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
    sign,
    trace,
    with_replacement,
)

claim = told(__doc__)


def sharper_than_noise(m):
    """Whether the mean gradient is in sharper directions than the noise."""
    return m.bent * m.noise - m.bent_noise * m.square


def against_the_mean_eigenvalue(cloud):
    """Right only for noise that is the same in all directions."""
    m = moments(cloud)
    return m.bent * len(cloud.H) - trace(cloud.H) * m.square


def mean_alignments(cloud):
    """The mean of eq. 4 over all batches, by batch size: what the paper plots."""
    alignment = lambda v: quadratic(cloud.H, v) / dot(v, v)
    return [mean(map(alignment, cloud.gradients(batches(cloud.N, B)))) for B in range(1, cloud.N + 1)]


def ratios(cloud):
    return [moments(cloud).ratio(apart(cloud.N, B)) for B in range(1, cloud.N + 1)]


def larger(values):
    """The last one would be larger than the first."""
    return Contrast(values[0], values[-1], "more than")


QUOTED = ((F(10), F(0)), (F(0), F(1))), (F(0), F(1)), ((F(4), F(0)), (F(0), F(1, 10)))  # H, g, S


@claim.check("the quoted example", lambda budget: [(1, "8.06"), (10, "3.54"), (100, "1.31"), (1000, "1.00")])
def quoted(B, value, N=1000):
    """The ratio rounds to what is quoted."""
    return F(1, 200) - abs(moments_of(*QUOTED).ratio(apart(N, B)) - F(value))


SHARPER_NOISE = cross((2, 0), (0, F(1, 4)), mean=(3, 2))  # both are sharper than the mean eigenvalue


@claim.check("the condition", clouds(), examples=60)
@claim.control("compared with the mean eigenvalue", only(SHARPER_NOISE, against_the_mean_eigenvalue))
def decided(cloud, criterion=lambda cloud: sharper_than_noise(moments(cloud))):
    """From each batch size to the next the ratio of expectations moves the way of the criterion's sign."""
    up = sign(criterion(cloud))
    ratios = [bent / square for bent, square in (enumerated(cloud, B) for B in range(1, cloud.N + 1))]
    return equal([sign(later - former) for former, later in pairwise(ratios)], [up] * (cloud.N - 1))


EVEN_NOISE = cross((1, 0), (0, 1), mean=(3, 0))  # the mean is in the sharp direction, the noise everywhere


@claim.check("both expectations", clouds(), examples=60)
@claim.control("1/B for 1/B - 1/N", only(EVEN_NOISE, with_replacement))
def expectations(cloud, factor=apart):
    m, slack = moments(cloud), {}
    for B in range(1, cloud.N + 1):
        s = factor(cloud.N, B)
        slack[f"B = {B}"] = equal(enumerated(cloud, B), (m.bent + s * m.bent_noise, m.square + s * m.noise))
    return slack


claim.check("a population whose ratio falls", only(ratios(ACROSS_NOISE)))(falls)
claim.check("and its mean alignment", only(mean_alignments(ACROSS_NOISE)))(falls)
claim.check("a population whose alignment rises", only(mean_alignments(EVEN_NOISE)))(rises)
claim.control("falling, though the mean is sharp and the noise even", only(ratios(EVEN_NOISE)))(falls)
claim.counterexample("ratio of expectations for the batch N, against that for the batch 1", only(*QUOTED, 1000))(
    lambda H, g, S, N: larger([moments_of(H, g, S).ratio(apart(N, B)) for B in (1, N)])
)
claim.counterexample("mean of eq. 4 for all samples as the batch, against that for one", only(ACROSS_NOISE))(
    lambda cloud: larger(mean_alignments(cloud))
)
