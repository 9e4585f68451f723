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
import sympy as sp

import toybox as tb
from toybox import methods

from ... import of_code
from ...cases import EPS
from ...claim import close, holds, only, told
from ...ours import on_rule, univariate
from ...proof import Theorem, every, smaller, some

claim = told(__doc__)
claim.of_the_code(of_code.armijo.floor, of_code.armijo.starts, of_code.armijo.capped)


@claim.proof("the floor", broken={"without beta": {"shrunk": lambda beta: 1}, "gamma < 1": {"least": 0}})
def stays_above(first, growth, bar, beta, last, rate, rejected, least=1, shrunk=lambda beta: beta):
    """By induction: growth = gamma^(B/D) multiplies the last rate, which was above the floor, or the very first. This
    trial is taken, or beta times one that was rejected, which no step up to bar = 2 (1 - c) / L is (SLS-01).
    """
    floor = smaller(first * growth, shrunk(beta) * bar)
    taken = some(rate == growth * first, every(last >= floor, rate == growth * last))
    shorter = every(rejected > bar, rate == beta * rejected)
    return Theorem(
        (first > 0, growth > least, bar > 0, 0 < beta, beta < 1, some(taken, shorter)), {"floor": rate >= floor}
    )


@claim.check("gamma per epoch", degree="proved")
@claim.control("per two epochs", epochs=2)
def multiplied(epochs=1):
    """The D / B steps of an epoch multiply by gamma^(B/D) each; so the rates of many have no bound."""
    gamma, B, D = sp.symbols("gamma B D", positive=True)
    return holds(sp.simplify((gamma ** (B / D)) ** (epochs * D / B) - gamma) == 0)


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


@claim.check("floor of every lane", floors, degree="sampled")
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
@claim.control("by 1.9", lambda budget: [1], gamma=1.9)
def per_epoch(D, gamma=2):
    """One epoch multiplies the rate by gamma, up to D rounded factors."""
    size = unrejected(D, 3 * D)
    return {
        "epoch": close(size[D:] / size[:-D], gamma, 4 * D * EPS),
        "start": close(size[0], gamma ** (1 / D), 4 * EPS),
    }


@claim.check("no bound: 400 epochs", only(2.0**400))
@claim.control("bounded by 1e6", only(1e6, -1))
def unbounded(bound, sign=1):
    """The rate of the last of 400 epochs reaches this (sign=-1: stays below)."""
    return sign * (float(unrejected(1, 400)[-1]) - bound)
