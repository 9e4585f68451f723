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

from hypothesis import strategies as st

from ...cases import add, dot, positive, rational_quadratics, times
from ...claim import equal, told
from ...proof import Theorem
from .common import ZERO, arrays_take, exact_pal, step_of

claim = told(__doc__)

CENTRED = rational_quadratics().map(lambda q: q._replace(r=(ZERO,) * len(q.x), c=ZERO)).filter(lambda q: any(q.x))
STARTS = st.tuples(CENTRED, positive())


@claim.proof("A.6", broken={"a matrix that is not symmetric": {"skew": 1}})
def expansion(a, b, c, x, y, rate, skew=0):
    """Of two variables. In the basis of the eigenvectors every variable adds terms of its own: two are as good as n."""
    Q, v = ((a, b), (b + skew, c)), (x, y)
    moved = add(v, -2 * rate, times(Q, v))
    Qv = times(Q, v)
    cubic, square, value = dot(Qv, times(Q, Qv)), dot(Qv, Qv), dot(v, Qv)
    return Theorem((), {"A.6": dot(moved, times(Q, moved)) == 4 * cubic * rate**2 - 4 * square * rate + value})


@claim.proof("A.7 and A.8", broken={"half the slope": {"factor": 2}})
def minimum(value, square, cubic, length, mu, factor=4):
    """On that parabola, with length = |f'(x)|: s = rate |f'(x)| is the length of a step, and mu is one, too."""
    f = lambda s: 4 * cubic * (s / length) ** 2 - 4 * square * (s / length) + value
    step = step_of(f(0), f(mu), -factor * square / length, mu)
    rate = square / (2 * cubic)
    return Theorem(
        (square > 0, cubic > 0, length > 0, mu > 0),
        {
            "A.7": step == rate * length,
            "A.8": f(rate * length) == value - square**2 / cubic,
            "g(x) > 0": square**2 / cubic > 0,
        },
    )


@claim.check("PAL on exact numbers", STARTS, examples=60)
@claim.control("relaxed", STARTS, examples=10, alpha=F(1, 2))
def where_pal_goes(q, mu, alpha=1):
    """PAL's step is A.7, its decrease A.8, and the next gradient is orthogonal to this one."""
    Qx = times(q.Q, q.x)
    square, cubic = dot(Qx, Qx), dot(Qx, times(q.Q, Qx))
    move, g = exact_pal(q, q.x, mu, alpha=alpha), q.gradient(q.x)
    return {
        "A.7": equal(move.rate, square / (2 * cubic)),
        "A.8": equal(q.f(move.x), q.f(q.x) - square**2 / cubic),
        "orthogonal": equal(dot(q.gradient(move.x), g), 0),
    }


@claim.check("PAL on arrays", STARTS, examples=60)
@claim.control("relaxed arrays", STARTS, examples=10, alpha=0.5)
def on_arrays(q, mu, alpha=1.0):
    return arrays_take(q, mu, exact_pal(q, q.x, mu).rate, alpha=alpha)
