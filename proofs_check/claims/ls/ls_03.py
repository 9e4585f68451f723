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

from hypothesis import strategies as st

from toybox import methods

from ...cases import EPS, add, dot, lines, rational_quadratics
from ...claim import close, equal, told
from ...ours import Quadratics, moves
from ...proof import Theorem, size, smaller
from .common import bend_up_to, curve, searched_curve

claim = told(__doc__)


@claim.proof("a slope other than 0 leads lower", broken={"an error as large as the slope": {"part": 1}})
def not_least(slope, r, ahead, behind, part=F(1, 2)):
    """A differentiable line changes by slope t within half of |slope t|, for all |t| up to some r > 0; at r, -r."""
    error = part * size(slope) * r
    within = size(ahead - slope * r) <= error, size(behind + slope * r) <= error
    return Theorem((slope != 0, r > 0, *within), {"lower": smaller(ahead, behind) < 0})


@claim.proof("consecutive gradients on a quadratic", broken={"9/10 of the step": {"part": F(9, 10)}})
def orthogonal(gg, gQg, part=1):
    """The exact step of steepest descent is g'g / g'Qg, and leads to the gradient g - s Q g."""
    s = part * gg / gQg
    return Theorem((gg > 0, gQg > 0), {"g'g_new": gg - s * gQg == 0})


# --- our rule, on exact numbers and on arrays


@claim.check("gradients before and after our steps", rational_quadratics(n=st.integers(1, 3)), examples=100)
@claim.control("9/10 of our steps", rational_quadratics(n=st.integers(1, 3)), part=F(9, 10))
def consecutive(q, part=1):
    """Of quadratics about the centre r, whose gradient is 2 Q (x - r)."""
    Q = tuple(tuple(2 * v for v in row) for row in q.Q)
    quadratic, x, slack = Quadratics([Q], [q.r]), q.x, []
    for move in moves("exact", quadratic, x, [(0,)] * 3):
        g = quadratic.gradient(x, (0,))
        slack.append(equal(dot(g, quadratic.gradient(add(x, -part * move.step, g), (0,))), 0))
        x = move.x
    return min(slack)


@claim.check("our rule on other lines", lines, examples=150)
@claim.control("9/10 of the step on other lines", lines, factor=0.9)
def exact_on_lines(line, factor=1):
    """Our rule on G-LINE: the slope is 0 up to rounding, its own and that of the step, some 16 eps s."""
    plain = curve(line)
    s = factor * searched_curve(plain, methods.exact.Exact()).size[0, 0]
    return close(line.slope(s), 0.0, plain.slope_noise(s) + 16 * EPS * s * bend_up_to(line, s))
