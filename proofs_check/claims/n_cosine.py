"""Section N, second part: batch size, alignment and turning back (A Walk with SGD, section 4)."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods
from toybox.exact import root

from ..cases import (
    EPS,
    RationalQuadratic,
    add,
    batches,
    dot,
    mean,
    populations,
    positive,
    rational_quadratics,
    scale,
    solve,
    times,
)
from ..claim import Check, Claim, Contrast, above, at_most, close, equal, only
from ..ours import Plain, Quadratics, ends, moves, on_rule, walk

# --- populations of gradients g_i at the origin, on losses with a common Hessian


class Cloud(NamedTuple):
    """L_i(x) = 1/2 (x - m_i)'H(x - m_i) with H m_i = -g_i: sample i has the gradient g_i at the origin."""

    H: tuple
    g: tuple

    @property
    def N(self):
        return len(self.g)

    @property
    def origin(self):
        return (F(0),) * len(self.H)

    @property
    def centres(self):
        return [solve(self.H, scale(-1, g)) for g in self.g]

    @property
    def exactly(self):
        return Quadratics([self.H] * self.N, self.centres)

    @property
    def arrays(self):
        return tb.problems.NoisyQuadratic(np.array(self.H, float), np.array(self.centres, float))

    @property
    def mean(self):
        return mean(self.g)

    def covariance(self, lost=1):
        """Divisor N - lost: 1 for S, 0 for K (the C of eq. 2)."""
        away, axes = [add(v, -1, self.mean) for v in self.g], range(len(self.H))
        return tuple(tuple(sum(v[i] * v[j] for v in away) / (self.N - lost) for j in axes) for i in axes)

    def gradients(self, drawn):
        """The gradients of batches at the origin, on exact numbers."""
        problem = self.exactly
        return [problem.gradient(self.origin, batch) for batch in drawn]


@st.composite
def clouds(draw, size=st.integers(2, 6), dim=st.integers(1, 3)):
    """G-POP with a positive definite H; not all gradients are the same, nor is their mean 0."""
    g = draw(populations(size, dim))
    assume(len(set(g)) > 1 and any(mean(g)))
    return Cloud(draw(rational_quadratics(st.just(len(g[0])))).Q, g)


def cross(*deviations, mean=(0, 1), H=((10, 0), (0, 1))):
    """The mean gradient plus and minus each of the deviations."""
    g = [add(tuple(map(F, mean)), s, tuple(map(F, v))) for v in deviations for s in (1, -1)]
    return Cloud(tuple(tuple(map(F, row)) for row in H), tuple(g))


apart = lambda N, B: F(1, B) - F(1, N)
with_replacement = lambda N, B: F(1, B)


def sign(v):
    return (v > 0) - (v < 0)


def trace(A, B=None):
    """tr A, or tr AB of symmetric matrices."""
    return sum(row[i] for i, row in enumerate(A)) if B is None else sum(map(dot, A, B))


def quadratic(H, v):
    """v'Hv."""
    return dot(v, times(H, v))


# --- WALK-05: alignment and batch size


class Moments(NamedTuple):
    """Of mini-batch gradients: signal g'Hg and |g|^2 of the mean, noise tr HS and tr S."""

    bent: F
    square: F
    bent_noise: F
    noise: F

    def ratio(self, s):
        """E[g_B'Hg_B] / E|g_B|^2 for s = 1/B - 1/N."""
        return (self.bent + s * self.bent_noise) / (self.square + s * self.noise)


def moments_of(H, g, S):
    return Moments(quadratic(H, g), dot(g, g), trace(H, S), trace(S))


def moments(cloud) -> Moments:
    return moments_of(cloud.H, cloud.mean, cloud.covariance())


def enumerated(cloud, B):
    """E[g_B'Hg_B] and E|g_B|^2 over all batches of B distinct samples."""
    drawn = cloud.gradients(batches(cloud.N, B))
    return mean(quadratic(cloud.H, v) for v in drawn), mean(dot(v, v) for v in drawn)


def expectations(cloud, factor=apart):
    m, slack = moments(cloud), {}
    for B in range(1, cloud.N + 1):
        s = factor(cloud.N, B)
        slack[f"B = {B}"] = equal(enumerated(cloud, B), (m.bent + s * m.bent_noise, m.square + s * m.noise))
    return slack


def sharper_than_noise(m):
    """Whether the mean gradient is in sharper directions than the noise."""
    return m.bent * m.noise - m.bent_noise * m.square


def decided(cloud, criterion=lambda cloud: sharper_than_noise(moments(cloud))):
    """From each batch size to the next the ratio of expectations moves the way of the criterion's sign."""
    up = sign(criterion(cloud))
    ratios = [bent / square for bent, square in (enumerated(cloud, B) for B in range(1, cloud.N + 1))]
    return equal([sign(later - former) for former, later in pairwise(ratios)], [up] * (cloud.N - 1))


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


def rises(values):
    return min(above(later, former) for former, later in pairwise(values))


def falls(values):
    return rises(values[::-1])


def larger(values):
    """The last one would be larger than the first."""
    return Contrast(values[0], values[-1], "more than")


def smaller(values):
    return Contrast(values[0], values[-1], "less than")


QUOTED = ((F(10), F(0)), (F(0), F(1))), (F(0), F(1)), ((F(4), F(0)), (F(0), F(1, 10)))  # H, g, S


def quoted(B, value, N=1000):
    """The ratio rounds to what is quoted."""
    return F(1, 200) - abs(moments_of(*QUOTED).ratio(apart(N, B)) - F(value))


ACROSS_NOISE = cross((2, 0), (0, F(1, 4)))  # the noise is in the sharp direction, the mean across
SHARPER_NOISE = cross((2, 0), (0, F(1, 4)), mean=(3, 2))  # both are sharper than the mean eigenvalue
EVEN_NOISE = cross((1, 0), (0, 1), mean=(3, 0))  # the mean is in the sharp direction, the noise everywhere

WALK_05 = Claim(
    id="WALK-05",
    title="Alignment and batch size",
    source="A Walk with SGD, sections 4.1 and 4.2",
    statement="Gradients of larger batches are more aligned with the directions of high curvature.",
    formula=r"B < B' \Rightarrow \frac{E[g_B^\top H g_B]}{E\|g_B\|^2} <"
    r" \frac{E[g_{B'}^\top H g_{B'}]}{E\|g_{B'}\|^2}",
    kind="enumeration",
    verdict="corrected",
    finding="The ratio of expectations increases with B if and only if the mean gradient lies in sharper directions"
    " than the noise. Where the noise is in the sharp directions it falls, and so does the mean of eq. 4 over batches.",
    corrected=r"\frac{d}{dB} \frac{E[g_B^\top H g_B]}{E\|g_B\|^2} > 0 \Leftrightarrow"
    r" \frac{g^\top H g}{\|g\|^2} > \frac{\mathrm{tr}\, H S}{\mathrm{tr}\, S}",
    checks=[
        Check("both expectations", expectations, clouds(), examples=60),
        Check("the condition", decided, clouds(), examples=60),
        Check(
            "the quoted example",
            quoted,
            lambda budget: [(1, "8.06"), (10, "3.54"), (100, "1.31"), (1000, "1.00")],
        ),
        Check("a population whose ratio falls", lambda: falls(ratios(ACROSS_NOISE))),
        Check("and its mean alignment", lambda: falls(mean_alignments(ACROSS_NOISE))),
        Check("a population whose alignment rises", lambda: rises(mean_alignments(EVEN_NOISE))),
    ],
    controls=[
        Check("1/B for 1/B - 1/N", lambda: expectations(EVEN_NOISE, with_replacement)),
        Check(
            "compared with the mean eigenvalue",
            lambda: decided(SHARPER_NOISE, against_the_mean_eigenvalue),
        ),
        Check("falling, though the mean is sharp and the noise even", lambda: falls(ratios(EVEN_NOISE))),
    ],
    counterexamples=[
        Check(
            "ratio of expectations for the batch N, against that for the batch 1",
            lambda H, g, S, N: larger([moments_of(H, g, S).ratio(apart(N, B)) for B in (1, N)]),
            only(*QUOTED, 1000),
        ),
        Check(
            "mean of eq. 4 for all samples as the batch, against that for one",
            lambda cloud: larger(mean_alignments(cloud)),
            only(ACROSS_NOISE),
        ),
    ],
)

# --- WALK-06: cosine of consecutive gradients


def curvature(q: RationalQuadratic, g):
    """The Rayleigh quotient R of the Hessian 2 Q."""
    return 2 * quadratic(q.Q, g) / dot(g, g)


def after(q, rate):
    """The gradient before and after a step of gradient descent, on exact numbers."""
    step = moves("sgd", Plain(q.f, q.gradient), q.x, [(0,)], rate=rate)[0]
    return q.gradient(q.x), q.gradient(step.x)


def norm_bound(Q):
    """The largest row sum: at least the largest eigenvalue."""
    return max(sum(map(abs, row)) for row in Q)


def inverse(Q):
    n = len(Q)
    return [solve(Q, tuple(F(i == j) for j in range(n))) for i in range(n)]


def rates(q):
    """Of interest: below 1 / largest eigenvalue, 1 / R, a little to either side, above 1 / smallest eigenvalue."""
    R = curvature(q, q.gradient(q.x))
    return {
        "small": F(99, 100) / (2 * norm_bound(q.Q)),
        "under": F(99, 100) / R,
        "exact": 1 / R,
        "over": F(101, 100) / R,
        "large": F(101, 100) * norm_bound(inverse(q.Q)) / 2,
    }


def turning(q, shift=F(1)):
    """g_{t-1}'g_t = |g|^2 (1 - eta R): positive below 1 / largest eigenvalue, negative above 1 / smallest."""
    slack, expected = {}, {"small": 1, "under": 1, "exact": 0, "over": -1, "large": -1}
    for name, rate in rates(q).items():
        g, later = after(q, shift * rate)
        slack[name] = equal(sign(dot(g, later)), expected[name])
        slack["product, " + name] = equal(dot(g, later), dot(g, g) * (1 - shift * rate * curvature(q, g)))
    return slack


def at_an_eigenvector(h, k, rate):
    """Diagonal H: along an eigenvector the cosine is the sign of 1 - eta h (0 / 0 where that is 0)."""
    x = tuple(F(j == k) for j in range(len(h)))
    Q = tuple(tuple(v / 2 * (i == j) for j, v in enumerate(h)) for i, _ in enumerate(h))
    g, later = after(RationalQuadratic(Q, (F(0),) * len(h), F(0), x), rate)
    return equal(dot(g, later) / root(dot(g, g) * dot(later, later)), sign(1 - rate * h[k]))


diagonals = st.integers(1, 4).flatmap(
    lambda n: st.tuples(st.tuples(*[positive()] * n), st.integers(0, n - 1), positive(9, 9))
)
unstill = rational_quadratics(st.integers(1, 4)).filter(lambda q: any(q.gradient(q.x)))


def arrays_turn(q):
    """The same products from our SGD on arrays, all rates in one run.

    Roundings: a gradient H (x - m) misses at most (2 n + 6) EPS |H| (|x| + |m| + eta |g|), and the one after the step
    also eta |H| times that of the first.
    """
    n, names = len(q.x), rates(q)
    eta, H, x = np.array([float(v) for v in names.values()]), 2 * np.array(q.Q, float), np.array(q.x, float)
    centre = np.array(solve(q.Q, scale(F(-1, 2), q.r)), float)
    problem = tb.problems.NoisyQuadratic(H, centre)
    theta = walk(problem, on_rule(methods.fixed.Fixed(rate=eta)), x).theta[:, 0]
    g, later = (problem.at(place, problem.population).gradient for place in theta)
    exact = [dot(*after(q, rate)) for rate in names.values()]
    size, length = np.linalg.norm(H), np.linalg.norm(g, axis=-1)
    missed = (2 * n + 6) * EPS * size * (np.linalg.norm(x) + np.linalg.norm(centre) + eta * length) * (1 + eta * size)
    return close(
        (g * later).sum(axis=-1), np.array(exact, float), 2 * missed * (length + np.linalg.norm(later, axis=-1))
    )


def products(cloud, rate, B):
    """(g_B0, g_B1) of all pairs of batches of two steps of SGD from the origin, on exact numbers."""
    problem, both = cloud.exactly, []
    drawn = list(batches(cloud.N, B))
    for first, x in zip(drawn, ends("sgd", problem, [cloud.origin] * len(drawn), drawn, rate=rate), strict=True):
        g = problem.gradient(cloud.origin, first)
        both += [(g, problem.gradient(x, second)) for second in batches(cloud.N, B)]
    return both


def product_expected(cloud, rate, B, noisy=1):
    """g'(I - eta H)g - eta tr(H Sigma_B), Sigma_B the covariance of the batch gradient."""
    m = moments(cloud)
    return m.square - rate * m.bent - noisy * rate * apart(cloud.N, B) * m.bent_noise


def with_noise(cloud, rate, noisy=1):
    """The expected product; smaller batches have a lower one and longer gradients."""
    sizes = range(1, cloud.N + 1)
    found = [mean(dot(u, v) for u, v in products(cloud, rate, B)) for B in sizes]
    return {
        "product": equal(found, [product_expected(cloud, rate, B, noisy) for B in sizes]),
        "falls": rises(found),
        "lengths": falls([enumerated(cloud, B)[1] for B in sizes]),
    }


few_clouds = clouds(st.integers(2, 4), st.integers(1, 2))

WALK_06 = Claim(
    id="WALK-06",
    title="Cosine of consecutive gradients",
    source="A Walk with SGD, eq. 5",
    statement="Gradient descent on a quadratic turns back, its consecutive gradients being at an obtuse angle, exactly"
    " where the rate exceeds the inverse curvature along the gradient: never below the inverse of the largest"
    " eigenvalue, always above that of the smallest.",
    formula=r"g_{t-1}^\top g_t = \|g_{t-1}\|^2 (1 - \eta R(g_{t-1})), \qquad"
    r" R(g) = \frac{g^\top H g}{\|g\|^2}",
    kind="exact",
    verdict="holds",
    finding="With independent batches the expected product has the further term -eta tr(H Sigma_B), which is more"
    " negative for smaller batches, while their gradients are longer.",
    checks=[
        Check("signs on either side of 1 / R", turning, unstill, examples=60),
        Check(
            "along eigenvectors, as in one dimension",
            at_an_eigenvector,
            diagonals.filter(lambda case: case[0][case[1]] * case[2] != 1),
            examples=100,
        ),
        Check("our SGD on arrays", arrays_turn, unstill, examples=60),
        Check("with noise, all pairs of batches", with_noise, st.tuples(few_clouds, positive(3, 9)), examples=40),
    ],
    controls=[
        Check("rates twice as large", lambda q: turning(q, F(2)), unstill, examples=10),
        Check("with noise, without its term", lambda: with_noise(ACROSS_NOISE, F(1, 20), noisy=0)["product"]),
        Check(
            "with noise, the sign of 1 - eta R",
            lambda: at_most(F(0), mean(dot(u, v) for u, v in products(ACROSS_NOISE, F(1, 20), 1))),
        ),
    ],
)

# --- WALK-06b: cosine and batch size


def cosine_ratio(m: Moments, rate, s):
    """E[g_B0'g_B1] / E|g_B0|^2 for s = 1/B - 1/N."""
    return (m.square - rate * m.bent - rate * s * m.bent_noise) / (m.square + s * m.noise)


def by_enumeration(cloud, rate, factor=apart):
    m, slack = moments(cloud), {}
    for B in range(1, cloud.N + 1):
        both = products(cloud, rate, B)
        found = mean(dot(u, v) for u, v in both) / mean(dot(u, u) for u, _ in both)
        slack[f"B = {B}"] = equal(found, cosine_ratio(m, rate, factor(cloud.N, B)))
    return slack


def cosine_decided(cloud, factor, limit=1):
    """From each batch size to the next the ratio falls iff eta (R - tr HS / tr S) > 1; rates at and around that."""
    m = moments(cloud)
    excess = m.bent / m.square - m.bent_noise / m.noise
    rate = factor / abs(excess) if excess else factor
    values = [cosine_ratio(m, rate, apart(cloud.N, B)) for B in range(1, cloud.N + 1)]
    down = sign(rate * excess - limit)
    return equal([sign(former - later) for former, later in pairwise(values)], [down] * (cloud.N - 1))


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
FACTORS = (F(1, 2), F(9, 10), F(1), F(11, 10), F(3))


def risen_to_one():
    """Any three of the four gradients have the sign of their mean already."""
    cosines = mean_cosines(LINE, F(1, 10))
    return {"rises": rises(cosines[:3]), "to 1": equal(cosines[2:], [F(1), F(1)])}


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


WALK_06B = Claim(
    id="WALK-06b",
    title="Cosine and batch size",
    source="A Walk with SGD, section 4.2 and fig. 7",
    statement="The cosine between the gradients of consecutive steps is smaller for larger batches, which turn back"
    " more.",
    formula=r"B < B' \Rightarrow \cos(g_{B,t-1}, g_{B,t}) > \cos(g_{B',t-1}, g_{B',t})",
    kind="exact",
    verdict="corrected",
    finding="For a step with noise of covariance (1/B - 1/N) S and an independent batch after it, the expected product"
    " over the expected square falls with B if and only if the mean gradient is in sharper directions than the noise"
    " and the rate is large enough. With small rates it rises towards 1; so does the mean cosine itself.",
    corrected=r"\frac{d}{dB} \frac{E[g_{B,t-1}^\top g_{B,t}]}{E\|g_{B,t-1}\|^2} < 0 \Leftrightarrow"
    r" \eta \left(R(g) - \frac{\mathrm{tr}\, H S}{\mathrm{tr}\, S}\right) > 1",
    checks=[
        Check("all pairs of batches", by_enumeration, st.tuples(few_clouds, positive(3, 9)), examples=40),
        Check(
            "the condition, at and around it",
            cosine_decided,
            st.tuples(clouds(), st.sampled_from(FACTORS)),
            examples=150,
        ),
        Check("our SGD, a lane for each pair", arrays_average, few_clouds, examples=40),
        Check("sharp mean, large rate: the mean cosine falls", lambda: falls(mean_cosines(SHARP, F(19, 100)))),
        Check("one dimension, small rate: it rises to 1", risen_to_one),
    ],
    controls=[
        Check("falling at a small rate", lambda: falls(cosine_ratios(SHARP, F(1, 1000)))),
        Check("1/B for 1/B - 1/N", lambda: by_enumeration(SHARP, F(1, 10), with_replacement)),
        Check(
            "the condition without the rate",
            lambda cloud, factor: cosine_decided(cloud, factor, 0),
            st.tuples(clouds(), st.sampled_from(FACTORS)),
            examples=20,
        ),
    ],
    counterexamples=[
        Check(
            "mean cosine for all samples as the batch, against that for one",
            lambda cloud, rate: smaller(mean_cosines(cloud, rate)),
            only(LINE, F(1, 10)),
        ),
        Check(
            "expected product over expected square for all samples as the batch, against that for one",
            lambda cloud, rate: smaller(cosine_ratios(cloud, rate)),
            only(ACROSS_NOISE, F(1, 100)),
        ),
    ],
)

CLAIMS = (WALK_05, WALK_06, WALK_06B)
