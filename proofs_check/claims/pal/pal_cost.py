r"""PAL-COST  What a step of PAL costs

Where: dissertation, section 4.4.1
Claim: A step of PAL takes two values of the loss and one gradient, all on one batch with the same random numbers: two
    forward passes and one backward pass.
Formula: l(0),\ l(\mu),\ l'(0)
Verdict: holds
Kind: exact
Found: An error that differs between the two values moves the fitted a by that difference over mu squared.
Sampled: That a step costs no more is a statement about a program, here ours, whose questions are counted on examples;
    only the sentence about errors is algebra, and proved.
"""

from __future__ import annotations

from fractions import Fraction as F
from math import inf
from typing import Any

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ... import of_code
from ...cases import positive, rationals
from ...claim import equal, holds, only, told
from ...ours import on_rule
from ...proof import Theorem
from .common import fitted

claim = told(__doc__)
claim.of_the_code(of_code.pal.asks_once)


@claim.proof("noise over mu^2", broken={"noise drawn anew for every value": {"moved": 0}})
def shaken(a, b, c, mu, noise, moved=1):
    """On any parabola, where the second loss is off by ``noise``."""
    found = fitted(c, a * mu**2 + b * mu + c + noise, b, mu)
    return Theorem((mu > 0,), {"by that much": found - a == moved * noise / mu**2})


@claim.check("exact numbers", st.tuples(positive(), rationals(), rationals(), positive()), examples=100)
@claim.control("a backtracking search", only(F(1), F(0), F(3), F(1)), rule=methods.armijo.Armijo(first=F(8)))
def exact_cost(a, b, x, mu, rule=None):
    """Per step the loss at two points and the slope at one of them, on the step's own batch: here of a x^4 + b x."""
    slope, points = 4 * a * x**3 + b, list[Any]()
    way = -1 if slope > 0 else 1

    def loss(s):
        points.append(s)
        return a * (x + way * s) ** 4 + b * (x + way * s)

    end = tb.search(rule or methods.pal.PAL(mu=mu, s_max=inf), loss, slope0=-abs(slope))
    asked = [(0, mu)] if slope else []  # nothing more where the gradient is 0
    return {
        "points": holds(points == [0, *(s for _, s in asked)]),
        "questions": holds([(one.batch, one.s) for one in end.questions] == asked),
    }


@claim.check("our rule on arrays", only(methods.pal.PAL()))
@claim.control("a backtracking search on arrays", only(methods.armijo.Armijo(first=8.0)))
def pal_cost(rule, steps=4, size=6, batch=2):
    """On a function that writes down the batches of its calls there are two calls a step, both on one batch; the trace
    says two forward passes and one backward pass."""
    centres, calls = np.random.default_rng(0).standard_normal((size, 3)), []

    def both(x, index):
        if index.shape[-1] == batch:  # the whole data set is another matter
            calls.append(tuple(index.ravel()))
        away = x[..., None, :] - centres[index]
        return (away * away).sum(-1).mean(-1) / 2, away.mean(-2)

    problem = tb.problems.FromFunction(both, 3, size)
    trace = tb.run(problem, on_rule(rule), steps=steps, batch=batch, sampler="epochs", every=None)
    costs = lambda kind: np.diff(trace.cost(kind)[:, 0], prepend=0)
    return {
        "values": holds(costs("values") == 2),
        "gradients": holds(costs("gradients") == 1),
        "calls": equal(len(calls), 2 * steps),
        "one batch": holds(calls[::2] == calls[1::2] and len(set(calls)) > 1),
    }
