r"""PAL-ANGLE  The angle test

Where: dissertation, section 4.3, footnote 1
Claim: Where the gradient is not 0, it is orthogonal to the direction of the line iff the line is stationary there. (A
    <<angle>> in the text: also an inflection.)
Formula: \cos(\nabla f(x + s d), d) = 0 \iff l'(s) = 0
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F

from hypothesis import assume
from hypothesis import strategies as st

from ...cases import dot, positive, rational_quadratics
from ...claim import equal, told
from ...proof import Theorem, same
from .common import exact_pal

claim = told(__doc__)


@claim.proof("by the chain rule", broken={"a gradient that may be 0": {"least": -1}})
def right_angle(cosine, size, length, slope, least=0):
    """l'(s) is the gradient's product with d, and that is the cosine times both lengths."""
    given = (size >= 0, size > least, length > 0, slope == cosine * size * length)
    return Theorem(given, {"iff": same(cosine == 0, slope == 0)})


@claim.check("PAL's points on quadratics", st.tuples(rational_quadratics(), positive()), examples=100)
@claim.control("after half a step", st.tuples(rational_quadratics(), positive()), examples=20, alpha=F(1, 2))
def pal_stops_at_right_angles(q, mu, alpha=1):
    """PAL's next gradient is exactly orthogonal to its direction."""
    g = q.gradient(q.x)
    assume(any(g))
    return equal(dot(q.gradient(exact_pal(q, q.x, mu, alpha=alpha).x), g), 0)


@claim.control("a right angle is an extremum")
def inflection():
    """x^3 + y along x: a right angle at 0 with a gradient that is not 0, but no extremum: both neighbours are above,
    or both below."""
    f = lambda s: F(s) ** 3
    return (f(1) - f(0)) * (f(-1) - f(0))
