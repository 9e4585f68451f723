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

import numpy as np
from hypothesis import strategies as st

import toybox as tb

from ...claim import at_most, equal, only, told
from ...proof import Theorem
from .common import SMALL, F, apart, in_the_mean, nu, samplings, squares

claim = told(__doc__)


def adaptation(B_ori, D_ori, B_new, D_new):
    """Eq. 6.8."""
    return (B_ori * D_new) / (B_new * D_ori)


@claim.proof("all sizes", broken={"the square of the factor": {"factor": lambda *sizes: adaptation(*sizes) ** 2}})
def adapted(rate, B_ori, D_ori, B_new, D_new, factor=adaptation):
    """The ratio of the noise scales of 6.5; a batch times it has nu_ori by 6.5 and by 2.67."""
    e = factor(B_ori, D_ori, B_new, D_new)
    linear, exact = (lambda D, B: rate * D / B), (lambda D, B: rate * (D / B - 1))
    return Theorem(
        (rate > 0, B_ori > 0, D_ori > 0, B_new > 0, D_new > 0),
        {
            "ratio": linear(D_new, B_new) == e * linear(D_ori, B_ori),
            "after, eq. 6.5": linear(D_new, e * B_new) == linear(D_ori, B_ori),
            "after, eq. 2.67": exact(D_new, e * B_new) == exact(D_ori, B_ori),
        },
    )


@claim.proof("several batches", broken={"as one batch of as many samples": {"joined": lambda D, B, e: apart(D, e * B)}})
def several(D, B, e, joined=lambda D, B, e: apart(D, B) / e):
    """The mean of e independent errors has the e-th part of the covariance: more than one batch of as many samples,
    (1/(e B) - 1/D) S, by the part (e - 1) B/(D - B) of it."""
    more = joined(D, B, e) - apart(D, e * B)
    return Theorem(
        (B >= 1, e > 1, D >= e * B), {"more": more > 0, "order of B/D": more == (e - 1) * B / (D - B) * joined(D, B, e)}
    )


@claim.check("quoted factors", only(adaptation))
@claim.control("old and new exchanged", only(lambda B_ori, D_ori, B_new, D_new: adaptation(B_new, D_new, B_ori, D_ori)))
def quoted_adaptation(factor):
    """Batches of 32 and 8 for 128 ask for 4 and 16; the exact ratio of noise scales for 32 is 4.0096."""
    of = lambda B: factor(F(128), F(40_000), F(B), F(40_000))
    return {
        "B = 32": equal(of(32), 4),
        "B = 8": equal(of(8), 16),
        "exact ratio": at_most(abs(nu(1, 32, 40_000) / nu(1, 128, 40_000) - F(40_096, 10_000)), F(5, 100_000)),
    }


SCHEDULES = st.tuples(st.integers(1, 40), st.sampled_from([1, 2, 4]))


@claim.check("our schedule, rounded down", SCHEDULES)
@claim.control("our schedule, rounded up", SCHEDULES, more=1)
def schedule_of_ours(numerator, denominator, more=0):
    """Our schedule of batches is the printed one times the factor, rounded down, at least 1; time counts batches."""
    from toybox import methods

    e, T, t, made = F(numerator, denominator), 40, 0, []
    printed = lambda t: 1 if t <= T // 2 else 2 if t <= 3 * T // 4 else 4
    while t < T:
        made.append(max(1, int(e * printed(t)) + more))
        t += made[-1]
    once = methods.labpal.LABPAL(approximation_batches=1)  # its search draws no further batch
    found = methods.labpal.BatchSchedule(once, methods.labpal.SCHEDULES["doubling"](T), float(e))
    return equal(found(len(made)), made)


@claim.check("batches that our runs join", samplings(("fresh", *SMALL), few=10_000), degree="simulated")
@claim.control("one batch of as many samples", samplings(("fresh", *SMALL)), joined=lambda D, B, e: 1 / (e * B) - 1 / D)
def joined_noise(drawn, e=2, joined=lambda D, B, e: (1 / B - 1 / D) / e):
    """What our runs do with a factor e: e batches, independent of each other, (1/B - 1/D) S / e."""
    from toybox import methods

    batches = methods.labpal.BatchSchedule(methods.labpal.LABPAL(), "constant", e)
    optimizer = tb.Optimizer(tb.methods.fixed.Gradient(), methods.fixed.Fixed(1.0), batches=batches)
    problem = tb.problems.NoisyQuadratic(np.eye(2), -drawn.g)
    seeds = range(drawn.many * drawn.seed, drawn.many * (drawn.seed + 1))
    run = tb.run(problem, optimizer, steps=1, batch=drawn.B, seeds=seeds, theta=[0, 0], sampler="fresh", every=None)
    return in_the_mean(squares(-run.theta - drawn.g.mean(axis=0)), joined(drawn.D, drawn.B, e) * drawn.S)
