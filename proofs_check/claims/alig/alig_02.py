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

from ... import of_code
from ...cases import dot, positive, rational_quadratics
from ...claim import equal, told
from ...ours import Plain, on_rule, walk
from ...proof import Theorem, smaller
from .common import alig

claim = told(__doc__)
claim.of_the_code(of_code.alig.is_polyak, of_code.alig.halves)


@claim.proof("one Newton step", broken={"Polyak's step with another minimum": {"least": 1}})
def newton(loss, square, max_rate, least=0):
    """The line's value and slope at 0 are the loss and -|g|^2 = -square; the bound is laid on both."""
    root, polyak = 0 - loss / -square, (loss - least) / square
    return Theorem(
        (loss >= 0, square > 0, max_rate > 0), {"step": smaller(root, max_rate) == smaller(polyak, max_rate)}
    )


@claim.proof("linear losses", broken={"a step that is clipped": {"share": F(1, 2)}})
def hits_root(loss, square, share=1):
    """Along -g such a loss falls by |g|^2 per rate: it is 0 after one step."""
    rate = share * loss / square
    return Theorem((loss >= 0, square > 0), {"root": loss - rate * square == 0})


@claim.proof("quadratic losses", broken={"a minimum that is not 0": {"least": 1}})
def halves(h, x, y, least=0):
    """On h |x|^2 / 2 (+ its minimum), here of two variables, x is halved, and so is every further one."""
    loss, square = h * (x**2 + y**2) / 2 + least, (h * x) ** 2 + (h * y) ** 2
    rate = loss / square
    return Theorem((h > 0, x != 0), {"rate": rate == 1 / (2 * h), "halved": x - rate * h * x == x / 2})


@claim.check("our rule", st.tuples(rational_quadratics(n=st.integers(1, 4)), positive()), examples=100)
@claim.control("our rule with eps", st.tuples(rational_quadratics(), positive()), examples=20, eps=F(1))
def ours(q, max_rate, eps=F(0)):
    """On exact numbers, with and without a bound."""
    plain, g = Plain(q.f, q.gradient), q.gradient(q.x)
    assume(any(g) and q.f(q.x) > 0)
    root = q.f(q.x) / dot(g, g)
    found = alig(plain, q.x, eps).step, alig(plain, q.x, eps, max_rate).step
    return equal(found, (root, min(root, max_rate)))


@claim.check("quadratic losses on arrays", st.tuples(st.integers(-5, 5), st.integers(-9, 9).filter(bool)), examples=50)
@claim.control("with eps on arrays", st.just((0, 1)), eps=1.0)
def halves_on_arrays(k, x, eps=0.0):
    """The same on arrays, for h = 2^k and whole x in one dimension, exactly; and clipped at a rate of 1/4."""
    problem = tb.problems.NoisyQuadratic(np.full((1, 1, 1), 2.0**k), np.zeros((1, 1)))
    free, capped = (
        walk(problem, on_rule(methods.alig.ALIG(max_rate, eps=eps)), np.array([float(x)]), 3)
        for max_rate in (np.inf, 0.25)
    )
    return {
        "halves": equal([F(float(v)) for v in free.theta[:, 0, 0]], [F(x) / 2**t for t in range(4)]),
        "clipped": equal(capped.trace.size[:, 0].tolist(), [min(0.5 / 2.0**k, 0.25)] * 3),
    }
