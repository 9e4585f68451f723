r"""LS-02  Sign of the angle condition

Where: dissertation, eq. 2.19
Claim: Convergence asks that the cosine, gradient times direction over their lengths, stays above a positive number.
Formula: \cos\alpha_t = \frac{\nabla f(\theta_t)^T d_t}{\|\nabla f(\theta_t)\|\,\|d_t\|} \ge \delta > 0
Verdict: corrected
Kind: exact
Found: A minus sign is missing: as printed every descent direction has a negative cosine, so that the condition admits
    ascent directions alone.
True: \cos\alpha_t = -\frac{\nabla f(\theta_t)^T d_t}{\|\nabla f(\theta_t)\|\,\|d_t\|} \ge \delta > 0
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import dot, vectors
from ...claim import Contrast, holds, only, told
from ...ours import on_rule, walk
from ...proof import Theorem, every, implies
from .common import Along

claim = told(__doc__)


@claim.proof("descent directions have positive cosines", broken={"as printed": {"sign": 1}, "ascent": {"way": -1}})
def descends(gd, gg, dd, long_g, long_d, sign=-1, way=1):
    """Of steepest descent, where g'd = -|g|^2 and |d| = |g|, the cosine is 1; the largest, by Cauchy and Schwarz."""
    cosine = sign * gd / (long_g * long_d)
    return Theorem(
        (long_g > 0, long_d > 0, long_g**2 == gg, long_d**2 == dd, gd**2 <= gg * dd, way * gd < 0),
        {
            "positive": cosine > 0,
            "at most 1": cosine <= 1,
            "steepest": implies(every(gd == -gg, dd == gg), cosine == 1),
        },
    )


@st.composite
def rational_directions(draw):
    """A gradient, any vector, and a direction that is not orthogonal to it."""
    n = draw(st.integers(1, 4))
    g, d = draw(vectors(n)), draw(vectors(n))
    assume(dot(g, d) != 0)
    return g, d


@claim.check("our rules search where it is positive", rational_directions(), examples=150)
@claim.control("as printed", rational_directions(), sign=1)
def searched_where_positive(g, d, sign=-1):
    """Our rules search along d iff the corrected cosine is positive, and say ASCENT elsewhere."""
    positive = sign * dot(g, d) > 0
    g_, d_ = np.array(g, float), np.array(d, float)
    linear = tb.problems.FromFunction(lambda theta, index: (theta @ g_, 0 * theta + g_), len(g), 1)
    rules = (methods.armijo.Armijo(reset=2), methods.goldstein.Goldstein(tries=1), methods.wolfe.StrongWolfe(tries=1))
    alone = tb.search("backtracking", lambda s: s * dot(g, d), slope0=dot(g, d)).status
    slack = {"alone": holds((alone == tb.Status.FOUND) == positive)}
    for rule in rules:
        status = walk(linear, on_rule(rule, Along(lambda g, t: 0 * g + d_)), np.zeros(len(g))).trace.status[0, 0]
        slack[type(rule).__name__] = holds((status != tb.Status.ASCENT) == positive)
    return slack


def signed_square(g, d, sign):
    """cos |cos| of the angle between d and sign g: rational, and of the sign of the cosine."""
    p = sign * dot(g, d)
    return p * abs(p) / (dot(g, g) * dot(d, d))


@claim.counterexample("cosine of steepest descent", only((F(3), F(4)), (F(-3), F(-4))))
@claim.counterexample("cosine of a descent direction, squared with its sign", only((F(3), F(4)), (F(-1), F(0))))
def without_sign(g, d):
    return Contrast(signed_square(g, d, sign=1), signed_square(g, d, sign=-1))
