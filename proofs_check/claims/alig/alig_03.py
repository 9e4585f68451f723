r"""ALIG-03  Fejer monotone under interpolation with minimum 0

Where: dissertation, the text before eq. 2.50
Claim: If all mini-batch losses are convex, with a common minimiser at which they are 0, no step of ALI-G increases the
    distance to it.
Formula: \|w^+ - w^*\|^2 \le \|w - w^*\|^2 - \lambda L_i(w), \qquad \lambda = \min\left(\frac{L_i}{\|g\|^2+\epsilon},
    \eta\right)
Verdict: holds
Kind: exact
Found: With equality where a loss is linear. Where the minimum is 1 and not 0, a step from w = .1 on w^2 / 2 + 1 ends at
    -9.95.
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ... import of_code
from ...cases import EPS, interpolating_sums, powers
from ...claim import below, equal, only, told
from ...estimation import for_all
from ...ours import Plain, on_rule, walk
from ...proof import Theorem, smaller
from .common import alig

claim = told(__doc__)
claim.of_the_code(of_code.alig.nears)
claim.proof("the worst step on smooth, strongly convex losses", broken={"more": {"loss": 4}})(for_all.half_polyak)


@claim.proof("a step", broken={"minimum 1": {"least": 1}, "a rate twice as large": {"times": 2}})
def nearer(distance, product, square, loss, eps, most, times=1, least=0):
    """distance = |w - w*|^2, square = |g|^2, product = g'(w - w*), which is at least L(w) - L(w*) of a convex loss."""
    rate = times * smaller(loss / (square + eps), most)
    return Theorem(
        (distance > 0, square > 0, loss >= 0, eps >= 0, most > 0, product >= loss - least),
        {"Fejer": distance - 2 * rate * product + rate**2 * square <= distance - rate * loss},
    )


@claim.proof("equality", broken={"with eps": {"eps": 1}})
def linear(distance, square, loss, eps=0):
    """Where the loss is linear up to its root: then product = loss."""
    rate = loss / (square + eps)
    after = distance - 2 * rate * loss + rate**2 * square
    return Theorem((square > 0, loss > 0), {"equal": after == distance - rate * loss})


CASES = st.tuples(interpolating_sums(), powers(-3, 3), st.sampled_from([0.0, 1e-5, 1.0]))


@claim.check("our rule", CASES, examples=200)
@claim.control("our rule, minimum 1", CASES, examples=20, least=1.0)
def fejer(sum_, max_rate, eps, least=0.0):
    """One step on every f_i. Rounding is relative to |e|^2: a gradient is off by n eps L |e|, and the rate is at most
    1 / (smallest positive eigenvalue); places have eps |w|."""
    A, lanes = sum_.A, np.arange(len(sum_.A))[:, None]
    problem = tb.problems.NoisyQuadratic(A, sum_.best, np.full(len(A), least))
    rule = on_rule(methods.alig.ALIG(max_rate, eps))
    found = walk(problem, rule, sum_.w, sampler=lambda t, j: lanes, batch=1, seeds=range(len(A)))
    e, after = sum_.w - sum_.best, found.theta[1] - sum_.best
    h = np.linalg.eigvalsh(A)
    spread = (h[:, -1] / np.where(h > 1e-9 * h[:, -1:], h, np.inf).min(1)).max()
    assume(spread < 1e6)
    far = (np.linalg.norm(sum_.w) + np.linalg.norm(sum_.best)) / np.linalg.norm(e)
    tolerance = 16 * (len(e) + 4) * EPS * (spread + far) * (e @ e)
    return below((after**2).sum(-1), e @ e - found.trace.size[0] * found.trace.loss[0], tolerance)


@claim.check("where a step from .1 ends", only(1), degree="proved")
@claim.control("with the minimum 0", only(0))
def thrown_away(least):
    """On w^2 / 2 + 1 a step from .1 ends at -9.95."""
    return equal(alig(Plain(lambda x: x[0] ** 2 / 2 + least, lambda x: x), (F(1, 10),), F(0)).x[0], F(-995, 100))
