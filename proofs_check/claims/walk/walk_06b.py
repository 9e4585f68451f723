r"""WALK-06b  Cosine and batch size

Where: A Walk with SGD, section 4.2 and fig. 7
Claim: The cosine between the gradients of consecutive steps is smaller for larger batches, which turn back more.
Formula: B < B' \Rightarrow \cos(g_{B,t-1}, g_{B,t}) > \cos(g_{B',t-1}, g_{B',t})
Verdict: corrected
Kind: exact
Found: For a step with noise of covariance (1/B - 1/N) S and an independent batch after it, the expected product over
    the expected square falls with B if and only if the mean gradient is in sharper directions than the noise and the
    rate is large enough. With small rates it rises towards 1; so does the mean cosine itself.
True: \frac{d}{dB} \frac{E[g_{B,t-1}^\top g_{B,t}]}{E\|g_{B,t-1}\|^2} < 0 \Leftrightarrow \eta \left(R(g) -
    \frac{\mathrm{tr}\, H S}{\mathrm{tr}\, S}\right) > 1
"""

from __future__ import annotations

from fractions import Fraction as F

from toybox.exact import root

from ...cases import dot
from ...claim import Contrast, equal, only, told
from ...proof import Theorem, same
from .common import (
    ACROSS_NOISE,
    Cloud,
    Moments,
    apart,
    cross,
    falls,
    moments,
    products,
    rises,
)

claim = told(__doc__)


def cosine_ratio(m: Moments, rate, s):
    """E[g_B0'g_B1] / E|g_B0|^2 for s = 1/B - 1/N, as our SGD has them (WALK-06, WALK-05)."""
    return (m.square - rate * m.bent - rate * s * m.bent_noise) / (m.square + s * m.noise)


@claim.proof("it falls with B iff eta (R - tr HS / tr S) > 1", broken={"the condition without the rate": {"limit": 0}})
def decided(bent, square, bent_noise, noise, s, t, rate, limit=1):
    """g'Hg, |g|^2, tr HS and tr S; 1/B - 1/N is s for a batch and t for a larger one. The derivative is the limit of
    the quotient."""
    m = Moments(bent, square, bent_noise, noise)
    ratio = lambda s: cosine_ratio(m, rate, s)
    excess = rate * (bent / square - bent_noise / noise)
    change = (s - t) * square * noise * (1 - excess) / ((square + s * noise) * (square + t * noise))
    return Theorem(
        (square > 0, noise > 0, t >= 0, s > t, rate > 0),
        {"larger batches": same(ratio(t) < ratio(s), excess > limit), "by": ratio(t) - ratio(s) == change},
    )


LINE = Cloud(((F(1),),), ((F(3),), (F(3),), (F(-1),), (F(-1),)))  # in one dimension cosines are signs
SHARP = cross((0, 2), (0, 1), mean=(1, 0))  # the mean gradient is sharp, the noise flat: R - tr HS / tr S = 9


def mean_cosines(cloud, rate):
    """The mean of eq. 5 over all pairs of batches, by batch size; exact where the roots are."""
    cosine = lambda u, v: dot(u, v) / root(dot(u, u) * dot(v, v))
    return [
        sum(cosine(u, v) for u, v in both) / len(both)
        for both in (products(cloud, rate, B) for B in range(1, cloud.N + 1))
    ]


@claim.check("one dimension, small rate: the mean cosine rises to 1", only(F(1, 10)))
@claim.control("one dimension, large rate", only(F(29, 10)))
def risen_to_one(rate):
    """Any three of the four gradients have the sign of their mean already."""
    cosines = mean_cosines(LINE, rate)
    return {"rises": rises(cosines[:3]), "to 1": equal(cosines[2:], [F(1), F(1)])}


@claim.check("sharp mean, large rate: the mean cosine falls", only(F(19, 100)))
@claim.control("falling at a small rate", only(F(1, 1000)))
def fallen(rate):
    return falls(mean_cosines(SHARP, rate))


@claim.counterexample("mean cosine for all samples as the batch, against that for one", only(LINE, F(1, 10)))
def printed_mean(cloud, rate):
    cosines = mean_cosines(cloud, rate)
    return Contrast(cosines[0], cosines[-1], "less than")


@claim.counterexample(
    "expected product over expected square for all samples as the batch, against that for one",
    only(ACROSS_NOISE, F(1, 100)),
)
def printed_ratio(cloud, rate):
    one, whole = (cosine_ratio(moments(cloud), rate, apart(cloud.N, B)) for B in (1, cloud.N))
    return Contrast(one, whole, "less than")
