r"""PAL-A6  The line along the negative gradient

Where: dissertation, A.4 to A.10
Claim: Along its negative gradient, x'Qx is the parabola with these coefficients in the learning rate; its minimum,
    which PAL finds whatever its measuring distance, is below f(x) by g(x) > 0. The step divided by the length of the
    gradient is that rate. (A.10 prints the rate where the step is meant.)
Formula: f(x - 2 Q x \hat s) = 4 x^\top Q^3 x\, \hat s^2 - 4 x^\top Q^2 x\, \hat s + x^\top Q x, \quad \hat s_{\min} =
    \frac{x^\top Q^2 x}{2 x^\top Q^3 x} = \frac{s_{\mathrm{upd}}}{\|f'(x)\|}, \quad g(x) = \frac{(x^\top Q^2
    x)^2}{x^\top Q^3 x}
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F

import sympy as sp
from hypothesis import strategies as st

from ...cases import RationalQuadratic, add, dot, positive
from ...claim import above, equal, only, told
from ...ours import through
from .common import ZERO, arrays_take, decrease, exact_pal, forms, starts, terms

claim = told(__doc__)


@claim.check("PAL on exact numbers", st.tuples(starts, positive(), positive()), examples=60)
def where_pal_goes(q, mu, other):
    """PAL's step is A.7 for every mu, its decrease A.8, and the next gradient is orthogonal to this one."""
    first, second, third = forms(q, q.x)
    move, g = exact_pal(q, q.x, mu), q.gradient(q.x)
    # the slope per learning rate is b = -|g|^2 = -4 x'Q^2x, and the step -b / (2 a) shows the a that PAL has fitted
    return {
        "fitted a": equal(dot(g, g) / (2 * move.step), 4 * third),
        "A.7": equal(move.step, second / (2 * third)),
        "another mu": equal(exact_pal(q, q.x, other).step, move.step),
        "A.8": equal(q.f(move.x), first - decrease(q, q.x)),
        "g(x) > 0": above(decrease(q, q.x), 0),
        "orthogonal": equal(dot(q.gradient(move.x), g), 0),
    }


@claim.check("two variables in symbols")
@claim.control("the same in symbols", symmetric=False)
def in_symbols(symmetric=True):
    """A.6 for two variables."""
    a, b, c, d, x, y, s = sp.symbols("a b c d x y s")
    Q, v = sp.Matrix([[a, b], [b if symmetric else c, d]]), sp.Matrix([x, y])
    f = lambda v: (v.T * Q * v)[0]
    form = lambda k: (v.T * Q**k * v)[0]
    return terms(f(v - 2 * s * Q * v) - (4 * form(3) * s**2 - 4 * form(2) * s + form(1)))


SKEW = RationalQuadratic(((F(2), F(1)), (F(-1), F(3))), (ZERO, ZERO), ZERO, (F(1), F(2)))


@claim.control("a matrix that is not symmetric", only(SKEW, SKEW.x, (F(1), F(2))))
def expansion(q, x, h):
    """A.6: the coefficients of f(x - 2 Q x s), as a parabola through three of its points has them."""
    first, second, third = forms(q, x)
    phi = lambda s: q.f(add(x, -s, q.gradient(x)))
    a, b = through(phi, *h)
    return {"a": equal(a, 4 * third), "b": equal(b, -4 * second), "c": equal(phi(ZERO), first)}


claim.check("the coefficients", st.tuples(starts, positive(), positive()), examples=100)(
    lambda q, a, b: expansion(q, q.x, (a, -b))
)
claim.check("PAL on arrays", st.tuples(starts, positive()), examples=60)(
    lambda q, mu: arrays_take(q, mu, exact_pal(q, q.x, mu).step)
)
