r"""SLS-06  Floor of the learning rate with resets

Where: dissertation, Algorithm 3
Claim: The learning rate never falls below its first trial or 2 beta (1 - c) / L, whichever is smaller. While no trial
    is rejected an epoch multiplies it by gamma; nothing bounds it from above.
Formula: \lambda_t \ge \min\left\{\lambda_{\mathrm{init}}\, \gamma^{|\mathbb B|/|\mathbb D|},
    \frac{2\beta(1-c)}{L_{\max}}\right\}
Verdict: holds
Kind: property
"""

from __future__ import annotations

import numpy as np

import toybox as tb
from toybox import methods

from ...cases import EPS
from ...claim import at_most, close, equal, told
from ...ours import on_rule, univariate

claim = told(__doc__)


def floors(budget):
    """Learning rates of Algorithm 3 on random parabolas with B/D = 1/100 .. 1, lane by lane, with what bounds them; of
    steps that were accepted: where a slope underflows, none is."""
    rng, lanes, steps = budget.rng(), budget.many(80, 400), 60
    for D, B in ((100, 1), (40, 1), (25, 2), (10, 1), (7, 2), (5, 2), (4, 3), (3, 3)):
        h = 10 ** rng.uniform(-2, 2, D)
        problem = tb.problems.NoisyQuadratic(h[:, None, None], rng.standard_normal((D, 1)))
        c, beta = rng.uniform(0.05, 0.95, lanes), rng.uniform(0.3, 0.95, lanes)
        first = 10 ** rng.uniform(-2, 2, lanes) / h.max()
        rule = methods.armijo.Armijo(c=c, beta=beta, first=first, tries=1000)
        trace = tb.run(problem, on_rule(rule), steps=steps, batch=B, theta=1.0, sampler="fresh", every=None)
        lowest = np.where(trace.size > 0, trace.size, np.inf)[:, 0].min(axis=0)
        for row in zip(lowest.tolist(), first.tolist(), c.tolist(), beta.tolist(), strict=True):
            yield *row, B / D, h.max()


@claim.check("floor of every lane", floors)
@claim.control("floor without beta", floors, shrunk=False)
def above_floor(lowest, first, c, beta, fraction, L, shrunk=True):
    """A trial that is rejected exceeds 2 (1 - c) / L, up to the rounding of its test; growth takes 60 products."""
    floor = min(first * 2**fraction, 2 * (beta if shrunk else 1) * (1 - c) / L)
    return lowest / floor - 1 + (16 / (1 - c) + 200) * EPS


def unrejected(D, steps, c=0.1):
    """Learning rates on a linear loss, where every trial is accepted."""
    problem = univariate(lambda x: x, lambda x: 0 * x + 1, size=D)
    rule = methods.armijo.Armijo(c=c)
    trace = tb.run(problem, on_rule(rule), steps=steps, batch=1, theta=0.0, sampler="fresh", every=None)
    return trace.size[:, 0]


@claim.check("growth per epoch", lambda budget: [1, 2, 3, 7, 20, 100])
def per_epoch(D):
    """One epoch multiplies the rate by gamma = 2, up to D rounded factors."""
    size = unrejected(D, 3 * D)
    return {
        "epoch": close(size[D:] / size[:-D], 2.0, 4 * D * EPS),
        "start": close(size[0], 2 ** (1 / D), 4 * EPS),
    }


claim.check("no bound: 400 epochs")(lambda: equal(float(unrejected(1, 400)[-1]), 2.0**400))
claim.control("bounded by 1e6")(lambda: at_most(float(unrejected(1, 400)[-1]), 1e6))
