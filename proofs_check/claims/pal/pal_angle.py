r"""PAL-ANGLE  The angle test

Where: dissertation, section 4.3, footnote 1
Claim: Where the gradient is not 0, it is orthogonal to the direction of the line iff the line is stationary there. (A
    <<angle>> in the text: also an inflection.)
Formula: \cos(\nabla f(x + s d), d) = 0 \iff l'(s) = 0
Verdict: holds
Kind: property
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from ...cases import EPS, dot, positive, rational_quadratics, smooth_functions, times
from ...claim import close, equal, told
from .common import exact_pal

claim = told(__doc__)


class Slice:
    """A smooth function along a unit direction, with l' from the coefficients of the line, not from gradients."""

    def __init__(self, q, d):
        self.q, self.d = q, d
        self.linear, self.square, self.phase, self.speed = d @ q.H @ q.x, d @ q.H @ d, q.A @ q.x, q.A @ d

    def slope(self, s):
        return self.linear + s * self.square - np.sin(self.phase + np.multiply.outer(s, self.speed)) @ self.speed

    def gradient(self, s):
        return self.q.gradient(self.q.x + s * self.d)

    def noise(self, s):
        """Rounding of l' and of the gradient times d: T-dot of sums of n terms, and of the point, times L."""
        H, A, far, d = np.abs(self.q.H), np.abs(self.q.A), np.abs(self.q.x) + s * np.abs(self.d), np.abs(self.d)
        return 4 * (len(d) + 8) * EPS * (d @ H @ far + (A @ d) @ (1 + A @ far) + self.q.L * np.linalg.norm(far))

    def root(self, low, high):
        """A zero of l' by bisection down to neighbouring floats."""
        rising = self.slope(low) < 0
        while low < (middle := (low + high) / 2) < high:
            low, high = (middle, high) if (self.slope(middle) < 0) == rising else (low, middle)
        return low


@st.composite
def slices(draw):
    """A slice along the negative gradient or anywhere."""
    q = draw(smooth_functions(n=st.integers(2, 6)))
    d = (
        -q.gradient(q.x)
        if draw(st.booleans())
        else np.random.default_rng(draw(st.integers(0, 999))).standard_normal(len(q.x))
    )
    assume(np.linalg.norm(d) > 1e-9)
    return Slice(q, d / np.linalg.norm(d))


@claim.check("zeros and other points of slices", slices())
@claim.control("beside the zeros", slices(), examples=20, between=True)
def right_angles(line, between=False):
    """The cosine is 0, to rounding, where l' = 0, and l' / |g| elsewhere. between: asks for 0 next to a zero, too."""
    s = np.linspace(0, 4, 33)
    slopes = line.slope(s)
    turns = np.nonzero(slopes[:-1] * slopes[1:] < 0)[0]
    assume(len(turns))
    slack = {}
    for k, turn in enumerate([turns[0], 0, 32]):
        zero = k == 0
        at = line.root(s[turn], s[turn + 1]) if zero and not between else s[turn]
        g, allowed = line.gradient(at), line.noise(at) + 2 * line.q.L * np.spacing(at)
        size = np.linalg.norm(g)
        assume(allowed < 0.05 * size)
        slack[f"{at}"] = close(g @ line.d / size, 0.0 if zero else line.slope(at) / size, allowed / size)
    return slack


@claim.check("PAL's points on quadratics", st.tuples(rational_quadratics(), positive()), examples=100)
def pal_stops_at_right_angles(q, mu):
    """PAL's next gradient is exactly orthogonal to its direction, and 0, so that there is no angle, only if n = 1 or
    from an eigenvector."""
    g = q.gradient(q.x)
    assume(any(g))
    after = q.gradient(exact_pal(q, q.x, mu).x)
    Qg = times(q.Q, g)
    parallel = all(a * v == b * u for a, u in zip(Qg, g, strict=True) for b, v in zip(Qg, g, strict=True))
    return {"angle": equal(dot(after, g), 0), "defined": F(0) if any(after) != parallel else F(-1)}


@claim.control("a right angle is an extremum")
def inflection():
    """x^3 + y along x: a right angle at 0 with a gradient that is not 0, but no extremum: both neighbours are above,
    or both below."""
    f = lambda s: F(s) ** 3
    return (f(1) - f(0)) * (f(-1) - f(0))
