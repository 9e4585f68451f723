r"""LS-03  Exact line search: orthogonality

Where: dissertation, eq. 2.16 and the footnote of section 4.3
Claim: Where a loss is least along a line its gradient is orthogonal to the line; gradients of consecutive exact
    steepest descent steps are orthogonal.
Formula: \nabla f(\theta + s^* d)^T d = 0
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import EPS, add, dot, lines, rational_quadratics, vectors
from ...claim import close, equal, told
from ...ours import Quadratics, moves, on_rule, walk
from .common import bend_up_to, curve, searched_curve

claim = told(__doc__)


@st.composite
def lines_of_quadratics(draw):
    """G-PDQ and a direction other than 0."""
    q = draw(rational_quadratics(n=st.integers(1, 4)))
    d = draw(vectors(len(q.x)).filter(any))
    return q, d


@claim.check("along any direction", lines_of_quadratics(), examples=200)
def orthogonal(q, d, factor=F(1)):
    """At the minimum of the parabola through three values of f along d, or at factor times the way, g'd = 0."""
    value = lambda s: q.f(add(q.x, s, d))
    a, b = (value(1) + value(-1)) / 2 - value(0), (value(1) - value(-1)) / 2
    return equal(dot(q.gradient(add(q.x, -factor * b / (2 * a), d)), d), F(0))


@claim.check("consecutive gradients", rational_quadratics(n=st.integers(1, 3)), examples=100)
def consecutive(q, factor=F(1)):
    """Gradients before and after exact steps along -g, on exact numbers: g'g_new = (1 - factor) |g|^2.

    The centre of the quadratics is q.r, so that their gradient is 2 Q (x - r).
    """
    Q = tuple(tuple(2 * v for v in row) for row in q.Q)
    quadratic, slack, x = Quadratics([Q], [q.r]), [], q.x
    for move in moves("exact", quadratic, x, [(0,)] * 3):
        g = quadratic.gradient(x, (0,))
        after = quadratic.gradient(add(x, -factor * move.step, g), (0,))
        slack.append(equal(dot(g, after), (1 - factor) * dot(g, g)))
        x = move.x
    return min(slack)


@claim.check("our rule on quadratics", rational_quadratics(), examples=150)
def exact_on_arrays(q):
    """Our rule's point against the slope's own rounding: (4 n + 16) eps |d|'|Q|(|x| + |m| + |s d|)."""
    Q, m, x = (np.array(v, float) for v in (q.Q, q.r, q.x))
    found = walk(tb.problems.NoisyQuadratic(2 * Q, m), on_rule(methods.exact.Exact()), x)
    d, s = -2 * Q @ (x - m), found.trace.size[0, 0]
    size = np.abs(d) @ np.abs(2 * Q) @ (np.abs(x) + np.abs(m) + np.abs(s * d))
    return close(2 * (found.theta[1, 0] - m) @ Q @ d, 0.0, (4 * len(x) + 16) * EPS * size)


@claim.check("our rule on other lines", lines, examples=150)
def exact_on_lines(line, factor=1):
    """Our rule on G-LINE: the slope is 0 up to rounding, its own and that of the step, some 16 eps s."""
    plain = curve(line)
    s = factor * searched_curve(plain, methods.exact.Exact()).size[0, 0]
    return close(line.slope(s), 0.0, plain.slope_noise(s) + 16 * EPS * s * bend_up_to(line, s))


claim.check("share left by 9/10 of the step", rational_quadratics(st.just(2)), examples=50)(
    lambda q: consecutive(q, F(9, 10))
)
claim.control("9/10 of the step", lines_of_quadratics())(lambda q, d: orthogonal(q, d, F(9, 10)))
claim.control("9/10 of the step on other lines", lines)(lambda line: exact_on_lines(line, 0.9))
