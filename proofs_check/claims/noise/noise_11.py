r"""NOISE-11  Noise adaptation

Where: dissertation, eq. 6.8
Claim: The factor (old batch times new data) / (new batch times old data) is the ratio of the noise scales of 6.5 at one
    learning rate; a batch enlarged by it has the old noise scale, 4 for batches of 32 and 16 for 8.
Formula: \epsilon = \frac{B_{\mathrm{ori}}\,D_{\mathrm{new}}}{B_{\mathrm{new}}\,D_{\mathrm{ori}}}, \qquad \nu(\lambda,
    \epsilon B_{\mathrm{new}}, D_{\mathrm{new}}) = \nu(\lambda, B_{\mathrm{ori}}, D_{\mathrm{ori}})
Verdict: holds
Kind: exact
Found: After the change both versions of nu agree exactly, though before it the ratio by 2.67 is another (4.0096 for 4).
    This is so for one batch of distinct samples; a gradient that averages several batches drawn afresh, as LABPAL's
    does, has the covariance (1/B - 1/D) S / epsilon, the same up to terms of the order of B/D.
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb

from ...cases import mean, populations, positive
from ...claim import at_most, equal, told
from .common import SMALL, S, apart, errors, in_the_mean, nu, outer, samplings, scaled, squares, subsets

claim = told(__doc__)


class Sizes(NamedTuple):
    B_ori: F
    D_ori: F
    B_new: F
    D_new: F

    @property
    def adaptation(self):
        """Eq. 6.8."""
        return (self.B_ori * self.D_new) / (self.B_new * self.D_ori)


@claim.check("quoted factors")
def quoted_adaptation():
    """Batches of 32 and 8 for 128 ask for 4 and 16; the exact ratio of noise scales for 32 is 4.0096."""
    of = lambda B: Sizes(F(128), F(40_000), F(B), F(40_000)).adaptation
    return {
        "B = 32": equal(of(32), 4),
        "B = 8": equal(of(8), 16),
        "exact ratio": at_most(abs(nu(1, 32, 40_000) / nu(1, 128, 40_000) - F(40_096, 10_000)), F(5, 100_000)),
    }


@claim.check("our schedule, rounded down", st.tuples(st.integers(1, 40), st.sampled_from([1, 2, 4])))
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


@claim.check("batches that our runs join", samplings(("fresh", *SMALL), few=10_000))
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


@claim.check("before and after", SIZES, examples=200)
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


FOURS = st.tuples(populations(st.just(4)), st.just(1), st.integers(2, 4))


@claim.check("a larger batch has its noise", FOURS, examples=30)
def original_noise(g, B, e, way=one_batch):
    """A batch e times as large leaves the covariance of that batch size, (1/(e B) - 1/D) S."""
    return equal(mean([outer(v, v) for v in errors(g, way(g, B, e))]), scaled(apart(len(g), B * e), S(g)))


claim.control("the square of the factor", SIZES, examples=20)(lambda sizes: adapted(sizes, 2))
claim.control("batches joined from independent ones", FOURS, examples=20)(
    lambda g, B, e: original_noise(g, B, e, joined)
)
