"""Section K, concluded: batch size against learning rate, noise adaptation, the central limit (dissertation, 2.10)."""

from __future__ import annotations

from fractions import Fraction as F
from functools import partial
from itertools import pairwise, product
from math import factorial
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb

from ..cases import EPS, mean, populations, positive
from ..claim import ERRORS, Check, Claim, Contrast, at_most, close, equal, only
from ..ours import Quadratics, ends
from .k_noise import (
    SMALL,
    S,
    apart,
    errors,
    gradients,
    in_the_mean,
    laws,
    outer,
    samplings,
    scaled,
    squares,
    subsets,
    tuples,
)

# --- NOISE-10: batch size for learning rate


def stationary_variance(method, problem, drawn, centre, **hyper):
    """E (x - centre)^2 of a method whose steps are affine in x, one dimension, all batches equally likely.

    Two places at a distance a from the centre have the mean square p a^2 + q after a step; V = p V + q.
    """

    def after(a):
        places = [(x,) for x in (centre + a, centre - a) for _ in drawn]
        return mean([(x - centre) ** 2 for (x,) in ends(method, problem, places, 2 * drawn, **hyper)])

    q = after(F(0))
    return q / (1 - (after(F(1)) - q))


class Exchange(NamedTuple):
    """D = 6 parabolas of one curvature; a batch B and a rate, both times k."""

    c: tuple
    h: F
    rate: F
    B: int
    k: int

    def variance(self, rate, B):
        problem = Quadratics([((self.h,),)] * 6, self.c)
        return stationary_variance("sgd", problem, list(subsets(6, B)), mean(self.c)[0], rate=rate)

    def drift(self, rate, B):
        problem = Quadratics([((self.h,),)] * 6, self.c)
        drawn = list(subsets(6, B))
        return mean(ends("sgd", problem, [(F(0),)] * len(drawn), drawn, rate=rate))[0]


@st.composite
def exchanges(draw):
    c = draw(populations(st.just(6), st.just(1)).filter(lambda c: len(set(c)) > 1))
    k, h, share = draw(st.integers(2, 3)), draw(positive()), draw(positive(19, 10).filter(lambda s: s < 2))
    return Exchange(c, h, share / (k * h), draw(st.integers(1, 6 // k)), k)


def nu(rate, B, D):
    return rate * (F(D, B) - 1)  # eq. 2.67


def factor(rate, B, D, h, k):
    """Of the stationary variance, when rate and batch grow by k."""
    return F(D - k * B, D - B) * (2 - rate * h) / (2 - k * rate * h)


def exchanged(case):
    rate, B, k = case.rate, case.B, case.k
    return {
        "noise scale": equal(nu(k * rate, k * B, 6), F(6 - k * B, 6 - B) * nu(rate, B, 6)),
        "variance": equal(case.variance(k * rate, k * B), factor(rate, B, 6, case.h, k) * case.variance(rate, B)),
        "drift": equal(case.drift(k * rate, k * B), k * case.drift(rate, B)),
        "printed": equal(nu(rate, k * B, 6) * (6 - B), nu(rate / k, B, 6) * (6 - k * B)),
    }


def large_data():
    """k = 2, D = 1000, B = 10, rate .01, curvature 1: .99490, exactly and by our exact risk.

    The risk settles to (1 - .01)^4000 < 1e-17 of it in 2000 steps; a rounding at each of them, on numbers of the risk.
    """
    from toybox.problems import quadratic

    exact = factor(F(1, 100), 10, 1000, 1, 2)
    problem = tb.problems.NoisyQuadratic(np.eye(1), np.random.default_rng(1).standard_normal((1000, 1)))
    risks = [
        quadratic.expected_risk(problem, k * 0.01, k * 10, 2000, problem.solution, "fresh")[-1] - problem.floor
        for k in (1, 2)
    ]
    tolerance = 10 * (1000 + 2000) * EPS * problem.floor / risks[0]
    return {
        "quoted": close(float(exact), 0.99490, 5e-6),
        "risk": close(risks[1] / risks[0], float(exact), tolerance),
    }


def invariant(case):
    """As printed: the noise of rate / k with B is that of the rate with k B."""
    return {
        "noise scale": equal(nu(case.rate, case.k * case.B, 6), nu(case.rate / case.k, case.B, 6)),
        "variance": equal(case.variance(case.rate, case.k * case.B), case.variance(case.rate / case.k, case.B)),
    }


WHOLE = Exchange(((F(0),), (F(1),), (F(2),), (F(3),), (F(4),), (F(8),)), F(1), F(1, 10), 2, 3)  # k B = D

NOISE_10 = Claim(
    id="NOISE-10",
    title="A larger batch for a smaller learning rate",
    source="dissertation, section 2.10",
    statement="Multiplying the batch size by a factor has the same effect as dividing the learning rate by it.",
    formula=r"\nu(\lambda, kB) = \nu(\lambda/k, B)",
    kind="exact",
    verdict="corrected",
    finding="To first order in B/D and in rate times curvature, and for the scale of the noise alone: rate and batch"
    " times k change nu by (D - kB)/(D - B) and the stationary variance by a further (2 - rate h)/(2 - k rate h), while"
    " the drift per step grows k-fold. With k B = D no noise is left.",
    corrected=r"\frac{\Sigma(k\lambda, kB)}{\Sigma(\lambda, B)} ="
    r" \frac{D - kB}{D - B}\cdot\frac{2 - \lambda h}{2 - k\lambda h}",
    checks=[
        Check("noise scale, variance and drift of our SGD", exchanged, exchanges(), examples=30),
        Check("a large data set", large_data),
        Check("no noise for k B = D", lambda: equal(WHOLE.variance(F(3, 10), 6), 0)),
    ],
    controls=[Check("k B = D", lambda: invariant(WHOLE))],
    counterexamples=[
        Check(
            "stationary variance with the batch times k, against that with the rate over k",
            lambda case: Contrast(case.variance(case.rate / case.k, case.B), case.variance(case.rate, case.k * case.B)),
            only(WHOLE._replace(k=2)),
        )
    ],
)

# --- NOISE-11: the noise adaptation factor


class Sizes(NamedTuple):
    B_ori: F
    D_ori: F
    B_new: F
    D_new: F

    @property
    def adaptation(self):
        """Eq. 6.8."""
        return (self.B_ori * self.D_new) / (self.B_new * self.D_ori)


def adapted(sizes, power=1):
    """The factor is the ratio of the noise scales of 6.5; a batch times it has nu_ori by 6.5 and by 2.67."""
    e = sizes.adaptation
    linear = lambda D, B: D / B
    exact = lambda D, B: D / B - 1
    B = sizes.B_new * e**power
    return {
        "ratio": equal(linear(sizes.D_new, sizes.B_new) / linear(sizes.D_ori, sizes.B_ori), e),
        "after, eq. 6.5": equal(linear(sizes.D_new, B), linear(sizes.D_ori, sizes.B_ori)),
        "after, eq. 2.67": equal(exact(sizes.D_new, B), exact(sizes.D_ori, sizes.B_ori)),
    }


def quoted_adaptation():
    """Batches of 32 and 8 for 128 ask for 4 and 16; the exact ratio of noise scales for 32 is 4.0096."""
    of = lambda B: Sizes(F(128), F(40_000), F(B), F(40_000)).adaptation
    return {
        "B = 32": equal(of(32), 4),
        "B = 8": equal(of(8), 16),
        "exact ratio": at_most(abs(nu(1, 32, 40_000) / nu(1, 128, 40_000) - F(40_096, 10_000)), F(5, 100_000)),
    }


def schedule_of_ours(numerator, denominator):
    """Our schedule of batches is the printed one times the factor, rounded down, at least 1; time counts batches."""
    from toybox import methods

    e, T, t, made = F(numerator, denominator), 40, 0, []
    printed = lambda t: 1 if t <= T // 2 else 2 if t <= 3 * T // 4 else 4
    while t < T:
        made.append(max(1, int(e * printed(t))))
        t += made[-1]
    once = methods.labpal.LABPAL(approximation_batches=1)  # its search draws no further batch
    found = methods.labpal.BatchSchedule(once, methods.labpal.SCHEDULES["doubling"](T), float(e))
    return equal(found(len(made)), made)


def one_batch(g, B, e):
    """e B distinct samples."""
    return subsets(len(g), B * e)


def joined(g, B, e):
    """e batches of B, each drawn afresh."""
    return [sum(parts, ()) for parts in product(subsets(len(g), B), repeat=e)]


def original_noise(g, B, e, way=one_batch):
    """A batch e times as large leaves the covariance of that batch size, (1/(e B) - 1/D) S."""
    return equal(mean([outer(v, v) for v in errors(g, way(g, B, e))]), scaled(apart(len(g), B * e), S(g)))


def joined_noise(drawn, e=2):
    """What our runs do with a factor e: e batches, independent of each other, (1/B - 1/D) S / e."""
    from toybox import methods

    batches = methods.labpal.BatchSchedule(methods.labpal.LABPAL(), "constant", e)
    optimizer = tb.Optimizer(tb.methods.fixed.Gradient(), methods.fixed.Fixed(1.0), batches=batches)
    problem = tb.problems.NoisyQuadratic(np.eye(2), -drawn.g)
    seeds = range(drawn.many * drawn.seed, drawn.many * (drawn.seed + 1))
    run = tb.run(problem, optimizer, steps=1, batch=drawn.B, seeds=seeds, theta=[0, 0], sampler="fresh", every=None)
    return in_the_mean(squares(-run.theta - drawn.g.mean(axis=0)), (1 / drawn.B - 1 / drawn.D) * drawn.S / e)


SIZES = st.builds(Sizes, positive(200), positive(50_000), positive(200), positive(50_000))
FOURS = st.tuples(populations(st.just(4)), st.just(1), st.integers(2, 4))

NOISE_11 = Claim(
    id="NOISE-11",
    title="Noise adaptation",
    source="dissertation, eq. 6.8",
    statement="The factor (old batch times new data) / (new batch times old data) is the ratio of the noise scales of"
    " 6.5 at one learning rate; a batch enlarged by it has the old noise scale, 4 for batches of 32 and 16 for 8.",
    formula=r"\epsilon = \frac{B_{\mathrm{ori}}\,D_{\mathrm{new}}}{B_{\mathrm{new}}\,D_{\mathrm{ori}}}, \qquad"
    r" \nu(\lambda, \epsilon B_{\mathrm{new}}, D_{\mathrm{new}}) = \nu(\lambda, B_{\mathrm{ori}}, D_{\mathrm{ori}})",
    kind="exact",
    verdict="holds",
    finding="After the change both versions of nu agree exactly, though before it the ratio by 2.67 is another (4.0096"
    " for 4). This is so for one batch of distinct samples; a gradient that averages several batches drawn afresh, as"
    " LABPAL's does, has the covariance (1/B - 1/D) S / epsilon, the same up to terms of the order of B/D.",
    checks=[
        Check("before and after", adapted, SIZES, examples=200),
        Check("quoted factors", quoted_adaptation),
        Check(
            "our schedule, rounded down", schedule_of_ours, st.tuples(st.integers(1, 40), st.sampled_from([1, 2, 4]))
        ),
        Check("a larger batch has its noise", original_noise, FOURS, examples=30),
        Check("batches that our runs join", joined_noise, samplings(("fresh", *SMALL), few=10_000)),
    ],
    controls=[
        Check("the square of the factor", lambda sizes: adapted(sizes, 2), SIZES, examples=20),
        Check(
            "batches joined from independent ones", lambda g, B, e: original_noise(g, B, e, joined), FOURS, examples=20
        ),
    ],
)

# --- NOISE-12: the central limit theorem


def exponential(u):
    return -np.log1p(-u)


def cauchy(u):
    return np.tan(np.pi * (u - 0.5))


def rising(B, k):
    """E X^k of a sum X of B exponentials: B (B + 1) ... (B + k - 1)."""
    return F(factorial(B + k - 1), factorial(B - 1))


def skewness_of_mean(B, power=1):
    """Squared, to stay rational: 4 / B^power; the third central moment is that of the sum."""
    one, two, three = (rising(B, k) for k in (1, 2, 3))
    third, variance = three - 3 * one * two + 2 * one**3, two - one**2
    return {"third moment": equal(third, 2 * B), "skewness": equal(third**2 / variance**3, F(4, B**power))}


def third_moment(law, B):
    """Of the mean of B independent gradients of a three-point law: that of one of them over B^2, by enumeration."""
    value, weight = [v[0] for v in law.values], law.weights
    centre = sum((v * p for v, p in zip(value, weight, strict=True)), F(0))
    alone = sum((p * (v - centre) ** 3 for v, p in zip(value, weight, strict=True)), F(0))
    g, found = tuple((v,) for v in value), F(0)
    for batch in tuples(3, B):
        chance = np.prod([weight[i] for i in batch])
        found += chance * (gradients(g, [batch])[0][0] - centre) ** 3
    return equal(found, alone / B**2)


def batch_means(quantile, B, many, seed, D=20_000):
    """Mini-batch gradients of our problem and sampler: D quantiles of a distribution, drawn with replacement."""
    g = quantile((np.arange(D) + 0.5) / D)[:, None]
    problem = tb.problems.NoisyQuadratic(np.eye(1), -g)
    index = problem.draw(many * seed + np.arange(many), 0, 0, B, "replacement")
    return problem.at(np.zeros((many, 1)), index).gradient[:, 0]


def distance_to_normal(x):
    """Kolmogorov and Smirnov's, of standardised numbers."""
    from scipy.special import ndtr

    x = np.sort(x)
    steps = np.arange(len(x) + 1) / len(x)
    return max(np.max(steps[1:] - ndtr(x)), np.max(ndtr(x) - steps[:-1]))


def erlang_to_normal(B):
    """The same of the standardised mean of B exponentials, exactly."""
    from scipy.special import gammainc, ndtr

    x = np.linspace(-6, 6, 20_001)
    return np.abs(gammainc(B, np.maximum(B + np.sqrt(B) * x, 0)) - ndtr(x)).max()


def towards_normal(many, seed, quantile=exponential):
    """The distances at B = 1, 4 and 16 are those of Erlang's distributions, which fall by more than may be missed.

    Dvoretzky, Kiefer and Wolfowitz: an empirical distribution misses by sqrt(log(2/p) / (2 many)) with a chance of at
    most p, here that of 7 standard errors. The D quantiles stand for the exponential distribution up to 1/(2 D) for one
    sample.
    """
    sizes, miss = (1, 4, 16), np.sqrt(np.log(2 / 2.6e-12) / (2 * many))
    found = [distance_to_normal(np.sqrt(B) * (batch_means(quantile, B, many, seed) - 1)) for B in sizes]
    exact = [erlang_to_normal(B) for B in sizes]
    falls = {f"B = {B}": float((a - b) / (2 * miss) - 1) for B, (a, b) in zip(sizes, pairwise(exact), strict=False)}
    return falls | {"Erlang": close(found, exact, miss + 16 / 40_000)}


def quartile_range(x):
    low, high = np.quantile(x, [0.25, 0.75])
    return high - low


def shrinks(quantile, many, seed):
    """Four times the batch: half the range between the quartiles. A range has the relative error 1.17 / sqrt(many) at
    the normal distribution; at B = 16 the exponential's differs from its limit by less than 1/B^2 more."""
    before, after = (quartile_range(batch_means(quantile, B, many, seed)) for B in (16, 64))
    return close(after / before, 0.5, 0.5 * (ERRORS * 1.17 * np.sqrt(2 / many) + 1 / 16**2))


LAWS = st.tuples(laws(), st.integers(1, 4))
MANY = lambda budget: [(budget.many(60_000, 600_000), budget.seed)]

NOISE_12 = Claim(
    id="NOISE-12",
    title="The error is normal in the limit",
    source="dissertation, section 2.10, before eq. 2.54",
    statement="By the central limit theorem the error of a mini-batch gradient, times the root of the batch size,"
    " becomes normal as the batch grows, if gradients are independent and of finite variance; for a finite batch it is"
    " not normal: the mean of B exponential numbers has the skewness 2 / sqrt(B).",
    formula=r"\sqrt{B}\,\alpha \to \mathcal{N}(0, \mathbf{K}), \qquad"
    r" \frac{\mathbf{E}\alpha^3}{(\mathbf{E}\alpha^2)^{3/2}} = \frac{2}{\sqrt{B}}",
    kind="montecarlo",
    verdict="holds",
    checks=[
        Check("skewness of the exponential mean", skewness_of_mean, lambda budget: range(1, budget.many(60, 400))),
        Check("third moments by enumeration", third_moment, LAWS, examples=30),
        Check("distance to the normal distribution", towards_normal, MANY),
        Check("quartiles of exponential means", partial(shrinks, exponential), MANY),
    ],
    controls=[
        Check("quartiles of Cauchy means", partial(shrinks, cauchy), MANY),
        Check("skewness 2 / B", lambda: skewness_of_mean(4, 2)),
        Check("distance of Cauchy means", partial(towards_normal, quantile=cauchy), MANY),
    ],
)

CLAIMS = (NOISE_10, NOISE_11, NOISE_12)
