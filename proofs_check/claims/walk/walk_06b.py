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
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from toybox import methods
from toybox.exact import root

from ...cases import EPS, batches, dot, mean, positive
from ...claim import Contrast, close, equal, only, told
from ...ours import on_rule, walk
from .common import (
    ACROSS_NOISE,
    Cloud,
    Moments,
    apart,
    clouds,
    cross,
    falls,
    few_clouds,
    moments,
    products,
    rises,
    sign,
    with_replacement,
)

claim = told(__doc__)


def smaller(values):
    return Contrast(values[0], values[-1], "less than")


def cosine_ratio(m: Moments, rate, s):
    """E[g_B0'g_B1] / E|g_B0|^2 for s = 1/B - 1/N."""
    return (m.square - rate * m.bent - rate * s * m.bent_noise) / (m.square + s * m.noise)


def mean_cosines(cloud, rate):
    """The mean of eq. 5 over all pairs of batches, by batch size; exact where the roots are."""
    cosine = lambda u, v: dot(u, v) / root(dot(u, u) * dot(v, v))
    return [
        sum(cosine(u, v) for u, v in both) / len(both)
        for both in (products(cloud, rate, B) for B in range(1, cloud.N + 1))
    ]


def cosine_ratios(cloud, rate):
    return [cosine_ratio(moments(cloud), rate, apart(cloud.N, B)) for B in range(1, cloud.N + 1)]


LINE = Cloud(((F(1),),), ((F(3),), (F(3),), (F(-1),), (F(-1),)))  # in one dimension cosines are signs
SHARP = cross((0, 2), (0, 1), mean=(1, 0))  # the mean gradient is sharp, the noise flat: R - tr HS / tr S = 9


@claim.check("all pairs of batches", st.tuples(few_clouds, positive(3, 9)), examples=40)
@claim.control("1/B for 1/B - 1/N", only(SHARP, F(1, 10), with_replacement))
def by_enumeration(cloud, rate, factor=apart):
    m, slack = moments(cloud), {}
    for B in range(1, cloud.N + 1):
        both = products(cloud, rate, B)
        found = mean(dot(u, v) for u, v in both) / mean(dot(u, u) for u, _ in both)
        slack[f"B = {B}"] = equal(found, cosine_ratio(m, rate, factor(cloud.N, B)))
    return slack


FACTORS = (F(1, 2), F(9, 10), F(1), F(11, 10), F(3))


@claim.check("the condition, at and around it", st.tuples(clouds(), st.sampled_from(FACTORS)), examples=150)
def cosine_decided(cloud, factor, limit=1):
    """From each batch size to the next the ratio falls iff eta (R - tr HS / tr S) > 1; rates at and around that."""
    m = moments(cloud)
    excess = m.bent / m.square - m.bent_noise / m.noise
    rate = factor / abs(excess) if excess else factor
    values = [cosine_ratio(m, rate, apart(cloud.N, B)) for B in range(1, cloud.N + 1)]
    down = sign(rate * excess - limit)
    return equal([sign(former - later) for former, later in pairwise(values)], [down] * (cloud.N - 1))


@claim.check("one dimension, small rate: it rises to 1")
def risen_to_one():
    """Any three of the four gradients have the sign of their mean already."""
    cosines = mean_cosines(LINE, F(1, 10))
    return {"rises": rises(cosines[:3]), "to 1": equal(cosines[2:], [F(1), F(1)])}


@claim.check("our SGD, a lane for each pair", few_clouds, examples=40)
def arrays_average(cloud, rate=F(1, 7)):
    """The same products from our SGD, every pair of batches in a lane of its own, the gradients read off its steps.

    Roundings: of a gradient H (x - m) at most (2 n + 6) EPS |H| (|x| + |m|), the second also eta |H| times that of the
    first; of a step EPS (|x| + |x'|), which the gradient read off it has divided by the rate.
    """
    B, eta, n = cloud.N // 2, float(rate), len(cloud.H)
    drawn = np.array(list(batches(cloud.N, B)))
    first, second = np.repeat(drawn, len(drawn), axis=0), np.tile(drawn, (len(drawn), 1))
    problem, sampler = cloud.arrays, lambda t, j: (first, second)[t]
    theta = walk(
        problem, on_rule(methods.fixed.Fixed(rate=eta)), np.zeros(n), 2, sampler, B, seeds=range(len(first))
    ).theta
    u, v = -np.diff(theta, axis=0) / eta
    exact = np.array([float(dot(a, b)) for a, b in products(cloud, rate, B)])
    H, x, m = np.linalg.norm(problem.Q), np.abs(theta).max() * np.sqrt(n), np.linalg.norm(problem.m)
    missed = (2 * n + 6) * EPS * H * (x + m) * (1 + eta * H) + 2 * EPS * x / eta
    return close((u * v).sum(axis=-1), exact, 2 * missed * (np.linalg.norm(u, axis=-1) + np.linalg.norm(v, axis=-1)))


claim.check("sharp mean, large rate: the mean cosine falls", only(mean_cosines(SHARP, F(19, 100))))(falls)
claim.control("falling at a small rate", only(cosine_ratios(SHARP, F(1, 1000))))(falls)
claim.control("the condition without the rate", st.tuples(clouds(), st.sampled_from(FACTORS)), examples=20)(
    lambda cloud, factor: cosine_decided(cloud, factor, 0)
)
claim.counterexample("mean cosine for all samples as the batch, against that for one", only(LINE, F(1, 10)))(
    lambda cloud, rate: smaller(mean_cosines(cloud, rate))
)
claim.counterexample(
    "expected product over expected square for all samples as the batch, against that for one",
    only(ACROSS_NOISE, F(1, 100)),
)(lambda cloud, rate: smaller(cosine_ratios(cloud, rate)))
