"""Section D, second part: one PAL step on a quadratic and what it gains (dissertation, A.4 to A.16).

Everywhere f(x) = c + r'x + x'Qx with the gradient r + 2 Q x.
"""

from __future__ import annotations

from fractions import Fraction as F
from math import inf, sqrt

import numpy as np
import sympy as sp
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ..cases import (
    EPS,
    FloatQuadratic,
    RationalQuadratic,
    add,
    dot,
    float_quadratics,
    positive,
    rational_quadratics,
    rationals,
    times,
    tol_curvature,
    vectors,
)
from ..claim import Check, Claim, Contrast, above, below, close, equal, only
from ..ours import Plain, function, moves, on_rule, through, walk
from .d_quadratics import ZERO, terms

# --- PAL on exact numbers and on floats


def exact_pal(q, x, mu, alpha=1, s_max=inf):
    """One step of PAL on exact numbers; the move's step is a learning rate.

    PAL divides by |g|, which is hardly ever rational. But F(Y) = f(Y g), of a matrix Y with Y g = x, has the gradient
    g g', and that has the length |g|^2. A step s along -g g' / |g|^2 moves Y g by -s g. So PAL on F is PAL on f that
    measures at the distance mu |g|, and its step is s_upd / |g|.
    """
    g, n = q.gradient(x), len(x)
    u = g if any(g) else (F(1),) + (ZERO,) * (n - 1)
    product_of = lambda y: tuple(dot(y[i : i + n], u) for i in range(0, n * n, n))
    outer = lambda v: tuple(a * b for a in v for b in u)
    plain = Plain(lambda y: q.f(product_of(y)), lambda y: outer(q.gradient(product_of(y))))
    start = tuple(v / dot(u, u) for v in outer(x))
    move = moves("pal", plain, start, [(0,)], mu=mu, alpha=alpha, beta=0, s_max=s_max)[0]
    return move._replace(x=product_of(move.x))


def exact_walk(q, mu, steps, **hyper):
    """The iterates and the moves of some such steps, from q.x."""
    xs, moves = [q.x], []
    for _ in range(steps):
        moves.append(exact_pal(q, xs[-1], mu, **hyper))
        xs.append(moves[-1].x)
    return xs, moves


def float_pal(q: FloatQuadratic, **hyper):
    """One step of our rule along -g on values and gradients of floats: its length and its status."""
    rule = methods.pal.PAL(**{"mu": q.mu, "s_max": inf, **hyper})
    trace = walk(function(q.f, q.gradient, len(q.x)), on_rule(rule), q.x, every=None).trace
    return float(trace.arc[0, 0]), int(trace.status[0, 0])


def step_error(q: FloatQuadratic):
    """T-s: relative error of PAL's step from q.x: that of a, and that of the gradient, which b, d and a depend on."""
    g, n = q.gradient(q.x), len(q.x)
    size = float(np.linalg.norm(g))
    d = g / size
    a, wrong = d @ q.Q @ d, (2 * n + 6) * EPS * np.linalg.norm(np.abs(q.r) + 2 * np.abs(q.Q) @ np.abs(q.x))
    turned = (1 + 2 * np.linalg.norm(q.Q, 2) / a) * wrong / size
    return (tol_curvature(q, q.x, -d, q.mu) + wrong / q.mu) / a + turned + 4 * EPS


def floats(q: RationalQuadratic, mu) -> FloatQuadratic:
    Q = np.array(q.Q, float)
    return FloatQuadratic(
        Q, np.array(q.r, float), float(q.c), np.array(q.x, float), float(mu), np.linalg.eigvalsh((Q + Q.T) / 2)
    )


def arrays_take(q, mu, rate, **hyper):
    """Our rule on floats goes ``rate`` times the length of the gradient, to T-s."""
    wanted, near = float(rate) * sqrt(dot(q.gradient(q.x), q.gradient(q.x))), floats(q, mu)
    return close(float_pal(near, **hyper)[0], wanted, step_error(near) * wanted)


def centred(q):
    """The same without linear and constant term."""
    return q._replace(r=(ZERO,) * len(q.x), c=ZERO)


def forms(q, x):
    """x'Qx, x'Q^2x and x'Q^3x."""
    Qx = times(q.Q, x)
    return dot(x, Qx), dot(Qx, Qx), dot(Qx, times(q.Q, Qx))


def decrease(q, x):
    """g(x) of A.8, the decrease of an exact line search."""
    _, second, third = forms(q, x)
    return second * second / third


starts = rational_quadratics().map(centred).filter(lambda q: any(q.x))
small_starts = rational_quadratics(n=st.integers(1, 3)).map(centred).filter(lambda q: any(q.x))


# --- PAL-A6: the line along the negative gradient


def expansion(q, x, h):
    """A.6: the coefficients of f(x - 2 Q x s), as a parabola through three of its points has them."""
    first, second, third = forms(q, x)
    phi = lambda s: q.f(add(x, -s, q.gradient(x)))
    a, b = through(phi, *h)
    return {"a": equal(a, 4 * third), "b": equal(b, -4 * second), "c": equal(phi(ZERO), first)}


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


def in_symbols(symmetric=True):
    """A.6 for two variables."""
    a, b, c, d, x, y, s = sp.symbols("a b c d x y s")
    Q, v = sp.Matrix([[a, b], [b if symmetric else c, d]]), sp.Matrix([x, y])
    f = lambda v: (v.T * Q * v)[0]
    form = lambda k: (v.T * Q**k * v)[0]
    return terms(f(v - 2 * s * Q * v) - (4 * form(3) * s**2 - 4 * form(2) * s + form(1)))


SKEW = RationalQuadratic(((F(2), F(1)), (F(-1), F(3))), (ZERO, ZERO), ZERO, (F(1), F(2)))

PAL_A6 = Claim(
    id="PAL-A6",
    title="The line along the negative gradient",
    source="dissertation, A.4 to A.10",
    statement="Along its negative gradient, x'Qx is the parabola with these coefficients in the learning rate; its"
    " minimum, which PAL finds whatever its measuring distance, is below f(x) by g(x) > 0. The step divided by the"
    " length of the gradient is that rate. (A.10 prints the rate where the step is meant.)",
    formula=r"f(x - 2 Q x \hat s) = 4 x^\top Q^3 x\, \hat s^2 - 4 x^\top Q^2 x\, \hat s + x^\top Q x, \quad"
    r" \hat s_{\min} = \frac{x^\top Q^2 x}{2 x^\top Q^3 x} = \frac{s_{\mathrm{upd}}}{\|f'(x)\|}, \quad"
    r" g(x) = \frac{(x^\top Q^2 x)^2}{x^\top Q^3 x}",
    kind="exact",
    verdict="holds",
    checks=[
        Check(
            "the coefficients",
            lambda q, a, b: expansion(q, q.x, (a, -b)),
            st.tuples(starts, positive(), positive()),
            100,
        ),
        Check("two variables in symbols", in_symbols),
        Check("PAL on exact numbers", where_pal_goes, st.tuples(starts, positive(), positive()), examples=60),
        Check(
            "PAL on arrays",
            lambda q, mu: arrays_take(q, mu, exact_pal(q, q.x, mu).step),
            st.tuples(starts, positive()),
            examples=60,
        ),
    ],
    controls=[
        Check("a matrix that is not symmetric", lambda: expansion(SKEW, SKEW.x, (F(1), F(2)))),
        Check("the same in symbols", lambda: in_symbols(symmetric=False)),
    ],
)


# --- PAL-A11: a monotone sequence


def falls(q, mu, steps=2, share=1):
    """0 <= f(x_n+1) = f(x_n) - g(x_n) < f(x_n) while x_n is not 0, and the sum of A.11."""
    xs, _ = exact_walk(q, mu, steps)
    xs = [x for k, x in enumerate(xs) if k == 0 or any(xs[k - 1])]
    f, gains = [q.f(x) for x in xs], [share * decrease(q, x) for x in xs[:-1]]
    return {
        "each": min(min(equal(b, a - g), above(a, b), b) for a, b, g in zip(f[:-1], f[1:], gains, strict=True)),
        "sum": equal(f[-1], f[0] - sum(gains)),
    }


def ends_at_eigenvectors(q, mu):
    """f(x+) = 0 iff x is an eigenvector of Q: where the inequality of Cauchy and Schwarz is an equality."""
    Qx, f = times(q.Q, q.x), q.f(exact_pal(q, q.x, mu).x)
    parallel = all(a * v == b * u for a, u in zip(Qx, q.x, strict=True) for b, v in zip(Qx, q.x, strict=True))
    return equal(f, 0) if parallel else above(f, 0)


@st.composite
def eigenvectors(draw):
    """A start on an axis of a diagonal Q."""
    n = draw(st.integers(1, 5))
    k, q, v = draw(st.integers(0, n - 1)), draw(st.tuples(*[positive()] * n)), draw(rationals(nonzero=True))
    return centred(diagonal(q, tuple(v * (i == k) for i in range(n))))


def diagonal(entries, x):
    n = len(entries)
    Q = tuple(tuple(F(entries[i]) * (i == j) for j in range(n)) for i in range(n))
    return RationalQuadratic(Q, (ZERO,) * n, ZERO, tuple(map(F, x)))


def rests(q, mu):
    """From the minimum PAL goes nowhere, on exact numbers and on arrays."""
    end = exact_pal(q, q.x, mu).x
    after = exact_pal(q, end, mu)
    arc, status = float_pal(floats(q._replace(x=end), mu))
    stays = (after.x, after.status, status) == (end, tb.Status.STATIONARY, int(tb.Status.STATIONARY))
    return {"there": equal(end, (ZERO,) * len(end)), "stays": F(0) if stays else F(-1), "arrays": equal(arc, 0)}


def stays_positive(eigenvalues, x, mu):
    """As it is printed, after a step on a diagonal Q."""
    q = diagonal(eigenvalues, x)
    return Contrast(ZERO, q.f(exact_pal(q, q.x, mu).x), "more than")


PAL_A11 = Claim(
    id="PAL-A11",
    title="A monotone sequence",
    source="dissertation, A.11",
    statement="On x'Qx the losses of PAL's iterates fall strictly, by g(x_i) in each step, and stay strictly positive.",
    formula=r"0 < f(x_{n+1}) < f(x_n) = f(x_0) - \sum_{i<n} g(x_i) < f(x_0)",
    kind="exact",
    verdict="refuted",
    finding="The sum and the decrease are right while x_n is not the minimum; but f(x_n+1) = 0 as soon as x_n is an"
    " eigenvector of Q, and only then. The proof of convergence survives with 0 <= and a stop where the gradient is 0;"
    " without the stop PAL would divide 0 by 0.",
    corrected=r"0 \le f(x_{n+1}) = f(x_n) - g(x_n) < f(x_n), \qquad f(x_{n+1}) = 0 \iff Q x_n = \lambda x_n",
    checks=[
        Check("two steps", falls, st.tuples(small_starts, positive()), examples=60),
        Check("one step from anywhere", ends_at_eigenvectors, st.tuples(starts, positive()), examples=60),
        Check("one step from eigenvectors", ends_at_eigenvectors, st.tuples(eigenvectors(), positive()), examples=60),
        Check("and one more", rests, st.tuples(eigenvectors(), positive()), examples=60),
    ],
    controls=[Check("with 9/10 of g", lambda: falls(diagonal((2, 5), (3, 4)), F(1), share=F(9, 10)))],
    counterexamples=[
        Check(
            "loss of x'diag(eigenvalues)x after a step from an eigenvector", stays_positive, only((2, 5), (3, 0), F(1))
        )
    ],
)


# --- PAL-A14: a lower bound on the decrease


@st.composite
def weighted_starts(draw, n=st.integers(1, 8)):
    """G-PDF around 0; the start weighs the eigenvectors by powers of their eigenvalues, which comes near the bound."""
    q = draw(float_quadratics(n, centered=True))
    h, U = np.linalg.eigh(q.Q)
    assume(h[0] > 0)
    x = U @ (U.T @ q.x * (h / h[-1]) ** draw(st.floats(-1.5, 0.5)))
    return q._replace(x=x, eigenvalues=h)


def enough(q, exchanged=False):
    """g(x) >= C |x|^2, and what PAL gains, which is g(x) up to the square of its step's relative error.

    Rounding of x'Q^kx and of the eigenvalues: T-eig, relative to the smallest eigenvalue.
    """
    low, high = (q.eigenvalues[0], q.eigenvalues[-1])[:: -1 if exchanged else 1]
    r, n, off = q.condition, len(q.x), step_error(q)
    assume(off < 0.05)
    Qx = q.Q @ q.x
    gain = (Qx @ Qx) ** 2 / (Qx @ q.Q @ Qx)
    bound = low**4 / high**3 * (q.x @ q.x)
    arc, _ = float_pal(q)
    d = Qx / np.linalg.norm(Qx)
    taken = arc * (2 * np.linalg.norm(Qx) - d @ q.Q @ d * arc)
    tolerance = 64 * n * EPS * r
    return {
        "C": below(bound, gain, bound * tolerance),
        "rate": below(r**-4 * q.f(q.x), gain, gain * tolerance),
        "PAL": below(bound, taken, bound * (tolerance + off**2)),
        "PAL gains g": close(taken, gain, gain * (tolerance + off**2)),
    }


def multiple_of_identity(q, x):
    """Q = q I: g(x) = q |x|^2, which is the bound."""
    return equal(decrease(diagonal((q,) * len(x), x), x), q**4 / q**3 * dot(x, x))


PAL_A14 = Claim(
    id="PAL-A14",
    title="A lower bound on the decrease",
    source="dissertation, A.12 to A.16",
    statement="A PAL step on x'Qx gains at least the squared distance to the minimum times a constant made of the"
    " smallest and the largest eigenvalue of Q. The rate that follows is far slower than Kantorovich's.",
    formula=r"g(x) \ge \frac{\lambda_{\min}^4}{\lambda_{\max}^3} \|x\|^2 \ \Rightarrow\ f(x^+) \le (1 - r^{-4}) f(x)",
    kind="property",
    verdict="holds",
    checks=[
        Check("floats", enough, weighted_starts()),
        Check(
            "equality for multiples of the identity",
            multiple_of_identity,
            st.tuples(positive(), vectors(3).filter(any)),
            examples=100,
        ),
    ],
    controls=[Check("eigenvalues exchanged", lambda q: enough(q, exchanged=True)["C"], weighted_starts(), 20)],
)

CLAIMS = (PAL_A6, PAL_A11, PAL_A14)
