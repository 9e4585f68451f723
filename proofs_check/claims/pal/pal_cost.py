r"""PAL-COST  What a step of PAL costs

Where: dissertation, section 4.4.1
Claim: A step of PAL takes two values of the loss and one gradient, all on one batch with the same random numbers: two
    forward passes and one backward pass.
Formula: l(0),\ l(\mu),\ l'(0)
Verdict: holds
Kind: exact
Found: An error that differs between the two values moves the fitted a by that difference over mu squared.
"""

from __future__ import annotations

from fractions import Fraction as F
from math import inf
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import positive, rationals
from ...claim import above, equal, told
from ...ours import on_rule

claim = told(__doc__)


@claim.check("exact numbers", st.tuples(positive(), rationals(), rationals(), positive()), examples=100)
def exact_cost(a, b, x, mu):
    """Per step the loss at two points and the slope at one of them, on the step's own batch: here of a x^4 + b x."""
    slack = []
    for _ in range(3):
        slope, points = 4 * a * x**3 + b, list[Any]()
        way = -1 if slope > 0 else 1

        def loss(s, x=x, way=way, points=points):
            points.append(s)
            return a * (x + way * s) ** 4 + b * (x + way * s)

        end = tb.search(methods.pal.PAL(mu=mu, s_max=inf), loss, slope0=-abs(slope))
        asked = [(0, mu)] if slope else []  # nothing more where the gradient is 0
        slack.append(equal(points, [0, *(s for _, s in asked)]))
        slack.append(F(0) if [(one.batch, one.s) for one in end.questions] == asked else F(-1))
        x = x + way * end.step
    return min(slack)


class Bill(NamedTuple):
    """Calls of a batch's loss, per step the batches of the calls, and what the trace says."""

    calls: list
    trace: tb.Trace


def bill(rule, steps=4, size=6, batch=2):
    """Our rule on a function that writes down the batches of its calls; the whole data set is another matter."""
    rng = np.random.default_rng(0)
    centres, calls = rng.standard_normal((size, 3)), []

    def both(x, index):
        if index.shape[-1] == batch:
            calls.append(tuple(index.ravel()))
        away = x[..., None, :] - centres[index]
        return (away * away).sum(-1).mean(-1) / 2, away.mean(-2)

    def samples(x, index):
        away = x[..., None, :] - centres[index]
        return (away * away).sum(-1) / 2, away

    problem = tb.problems.FromFunction(both, 3, size, samples=samples)
    trace = tb.run(problem, on_rule(rule), steps=steps, batch=batch, sampler="epochs", every=None)
    return Bill(calls, trace)


def costs(trace, kind):
    return np.diff(trace.cost(kind)[:, 0], prepend=0).tolist()


@claim.check("our rule on arrays")
def pal_cost():
    """Two calls per step, both on one batch; the trace says two forward passes and one backward pass."""
    calls, trace = bill(methods.pal.PAL())
    pairs = list(zip(calls[::2], calls[1::2], strict=True))
    return {
        "values": equal(costs(trace, "values"), [2] * 4),
        "gradients": equal(costs(trace, "gradients"), [1] * 4),
        "calls": equal(len(calls), 8),
        "one batch": F(0) if all(a == b for a, b in pairs) and len(set(calls)) > 1 else F(-1),
    }


@claim.check("a backtracking search")
def sls_cost():
    """The same instruments: Armijo's search costs one more value than it has trials."""
    calls, trace = bill(methods.armijo.Armijo(first=8.0))
    trials = trace.trials[:, 0].tolist()
    return {
        "values": equal(costs(trace, "values"), [1 + n for n in trials]),
        "calls": equal(len(calls), 4 + sum(trials)),
        "more than one": above(max(trials), 1),
    }


@claim.check("a probabilistic search")
def pls_cost():
    """The probabilistic search evaluates at most N_max times, and once its own batch again for the noise."""
    calls, trace = bill(methods.pls.PLS(evaluations=3))
    return {
        "trials": 1 + 3 - max(trace.trials[:, 0].tolist()),
        "calls": 4 * (1 + 3) - len(calls),
    }


def shaken(mu, noise):
    """How far noise that differs between the two losses moves the fitted a, which is 2: by noise / mu^2."""
    loss = lambda s: 2 * (3 - s) ** 2 + (noise if s else 0)
    return F(12) / (2 * tb.search(methods.pal.PAL(mu=mu, s_max=inf), loss, slope0=F(-12)).step) - 2


claim.check(
    "noise over mu^2", st.tuples(positive(9, 9), positive(9, 9)).map(lambda t: (t[0], t[0] ** 2 * t[1])), examples=50
)(lambda mu, noise: equal(shaken(mu, noise), noise / mu**2))
claim.control("noise drawn anew for every value")(lambda: equal(shaken(F(1, 100), F(1, 1000)), 0))
