r"""ALIG-02  Clipped Newton root and Polyak step

Where: dissertation, the text after eq. 2.50
Claim: ALI-G is Newton's method for a root of the loss in gradient direction, bounded by a largest step, and its rate is
    the step size of Polyak.
Formula: \lambda = 0 - \frac{\phi(0)}{\phi'(0)} = \frac{\mathcal L_{\mathbb B}(\theta) - 0}{\|g\|^2}, \qquad
    \phi(\lambda) = \mathcal L_{\mathbb B}(\theta - \lambda g)
Verdict: holds
Kind: exact
Found: For eps = 0 one Newton step, and Polyak's with the minimum 0. It hits the root of linear losses; on quadratic
    ones it halves the distance to the minimum. All of this for losses that are not negative.
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import dot, positive, rationals, vectors
from ...claim import equal, told
from ...ours import Plain, line, on_rule, walk
from .common import PLACES, alig

claim = told(__doc__)


@claim.check("one Newton step", st.tuples(PLACES, positive()), examples=150)
def newton(q, max_rate):
    """eps = 0: one Newton step from 0 for the root along -g, the Polyak step with f* = 0; at most max_rate."""
    plain, g = Plain(q.f, q.gradient), q.gradient(q.x)
    assume(any(g) and q.f(q.x) >= 0)
    phi, slope = line(plain, q.x, tuple(-a for a in g), (0,))
    free, capped = alig(plain, q.x, F(0)), alig(plain, q.x, F(0), max_rate)
    root = 0 - phi(F(0)) / slope(F(0))
    return {
        "Newton": equal(free.step, root),
        "Polyak": equal(free.step, (q.f(q.x) - 0) / dot(g, g)),
        "clipped": equal(capped.step, min(root, max_rate)),
    }


@claim.check("linear losses", st.tuples(vectors(3), rationals(), vectors(3)), examples=150)
@claim.control("a step that is clipped", st.just(((F(1), F(2)), F(9), (F(3), F(1)), F(1))), examples=1)
def hits_root(a, b, x, max_rate=float("inf")):
    """The loss |a'x + b| is 0 after one step."""
    assume(any(a))
    if dot(a, x) + b < 0:
        a, b = tuple(-c for c in a), -b
    end = alig(Plain(lambda x: dot(a, x) + b, lambda x: a), x, F(0), max_rate).x
    return equal(dot(a, end) + b, F(0))


@claim.check("quadratic losses", st.tuples(positive(), vectors(3)), examples=150)
@claim.control("a minimum that is not 0", st.just((F(1), (F(2), F(1)), F(1))), examples=1)
def halves(h, x, least=F(0)):
    """On h |x|^2 / 2 (+ its minimum) the rate is 1 / (2 h), x is halved and the loss quartered."""
    assume(any(x))
    f = lambda x: h * dot(x, x) / 2 + least
    step = alig(Plain(f, lambda x: tuple(h * a for a in x)), x, F(0))
    return {
        "rate": equal(step.step, 1 / (2 * h)),
        "x": equal(step.x, tuple(a / 2 for a in x)),
        "loss": equal(f(step.x), f(x) / 4),
    }


@claim.check("quadratic losses on arrays", st.tuples(st.integers(-5, 5), st.integers(-9, 9).filter(bool)), examples=50)
def halves_on_arrays(k, x):
    """The same on arrays, for h = 2^k and whole x in one dimension, exactly; and clipped at a rate of 1/4."""
    problem = tb.problems.NoisyQuadratic(np.full((1, 1, 1), 2.0**k), np.zeros((1, 1)))
    free, capped = (
        walk(problem, on_rule(methods.alig.ALIG(max_rate, eps=0.0)), np.array([float(x)]), 3)
        for max_rate in (np.inf, 0.25)
    )
    return {
        "halves": equal([F(float(v)) for v in free.theta[:, 0, 0]], [F(x) / 2**t for t in range(4)]),
        "clipped": equal(capped.trace.size[:, 0].tolist(), [min(0.5 / 2.0**k, 0.25)] * 3),
    }
