"""Section D, first part: which losses are quadratic (dissertation, Assumption 3, Lemma 1, A.1 to A.3).

Everywhere f(x) = c + r'x + x'Qx with the gradient r + 2 Q x.
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product
from math import comb
from typing import NamedTuple

import sympy as sp
from hypothesis import strategies as st

from ..cases import RationalQuadratic, add, dot, rational_quadratics, rationals, times, vectors
from ..claim import Check, Claim, Contrast, above, equal, only
from ..ours import through

ZERO = F(0)

# --- PAL-L1: parabolic on every line


def reconstruct(f, n):
    """Constant, linear and quadratic term from values alone."""
    e = [tuple(F(i == j) for j in range(n)) for i in range(n)]
    zero = (ZERO,) * n
    even = lambda d: (f(d) + f(tuple(-v for v in d))) / 2 - f(zero)
    odd = lambda d: (f(d) - f(tuple(-v for v in d))) / 2
    Q = tuple(tuple((even(add(u, 1, v)) - even(add(u, -1, v))) / 4 for v in e) for u in e)
    return f(zero), tuple(odd(v) for v in e), Q


def rebuilt(f, p):
    """At p, the quadratic with these terms."""
    z, r, Q = reconstruct(f, len(p))
    return z + dot(r, p) + dot(p, times(Q, p))


def is_quadratic(f, points):
    """f is its reconstruction: minus the largest difference at some points."""
    return equal([f(p) for p in points], [rebuilt(f, p) for p in points])


@st.composite
def quadratics_and_points(draw):
    q = draw(rational_quadratics())
    return q, draw(st.lists(vectors(len(q.x)), min_size=3, max_size=3))


@st.composite
def quadratics_and_lines(draw):
    q = draw(rational_quadratics())
    d = draw(vectors(len(q.x)).filter(any))
    h = draw(st.tuples(rationals(nonzero=True), rationals(nonzero=True)).filter(lambda h: h[0] != h[1]))
    return q, d, h


def third_difference(phi, first=0):
    """Over first .. first + 3; 0 for every parabola."""
    return sum((-1) ** (3 - k) * comb(3, k) * phi(F(first + k)) for k in range(4))


def parabola_of(q, d, h):
    """Along p + s d, q is the parabola that its form promises, and bent upwards."""
    phi = lambda s: q.f(add(q.x, s, d))
    a, b = through(phi, *h)
    Qd = times(q.Q, d)
    return {
        "a": equal(a, dot(d, Qd)),
        "b": equal(b, dot(q.r, d) + 2 * dot(q.x, Qd)),
        "third difference": equal(third_difference(phi), 0),
        "a > 0": above(a, 0),
    }


def bent_upwards(p, d):
    phi = lambda s: dot(add(p, s, d), add(p, s, d))
    return Contrast(ZERO, through(phi, F(1), F(2))[0], "more than")


def quotient(x):
    """(x^4 + y^4) / (x^2 + y^2): continuously differentiable once, a parabola on all lines through 0."""
    squares = dot(x, x)
    return sum(v**4 for v in x) / squares if squares else ZERO


def quotient_on_lines(d):
    phi = lambda s: quotient(add((ZERO, ZERO), s, d))
    on_one = lambda y: quotient((F(1), y))
    a, _ = through(phi, F(1), F(-2))
    return {
        "third difference": equal(third_difference(phi), 0),
        "a > 0": above(a, 0),
        "off 0": equal(third_difference(on_one, 1), F(-24, 85)),
        "a coincidence": equal(third_difference(on_one, 0), 0),
    }


DIAGONAL = [(F(k), F(k)) for k in range(1, 4)]
INDEFINITE = RationalQuadratic(((F(1), ZERO), (ZERO, F(-1))), (ZERO, ZERO), ZERO, (ZERO, ZERO))

PAL_L1 = Claim(
    id="PAL-L1",
    title="Lemma 1: parabolic on every line means quadratic",
    source="dissertation, Assumption 3, Lemma 1, A.1 to A.3",
    statement="A k times differentiable loss whose restriction to every line is a parabola with a positive leading"
    " coefficient is a quadratic with a positive definite matrix. (Assumption 3 admits the direction 0, Lemma 1 does"
    " not say through which points the lines go, and k is left open.)",
    formula=r"f(p + s d) = a s^2 + b s + c,\ a > 0 \ \Rightarrow\ f(x) = z + r^\top x + x^\top Q x,\ Q \succ 0",
    kind="exact",
    verdict="corrected",
    finding="True for twice continuously differentiable f and all directions d other than 0. For d = 0 the line is"
    " constant, so that no f meets Assumption 3 as printed. Lines through one point suffice if f is twice continuously"
    " differentiable; (x^4 + y^4) / (x^2 + y^2), which is so only once, is a parabola on all lines through 0.",
    corrected=r"f \in C^2,\ \forall p\ \forall d \ne 0\ \exists a > 0, b, c: f(p + s d) = a s^2 + b s + c"
    r" \ \Rightarrow\ f(x) = z + r^\top x + x^\top Q x,\ Q \succ 0",
    checks=[
        Check(
            "a quadratic from a black box",
            lambda q, points: is_quadratic(q.f, points),
            quadratics_and_points(),
            examples=80,
        ),
        Check("parabolas on its lines", parabola_of, quadratics_and_lines(), examples=80),
        Check("the quotient on lines", lambda *d: quotient_on_lines(d), vectors(2).filter(any), examples=100),
    ],
    controls=[
        Check(
            "axis-parallel lines only",
            lambda: is_quadratic(lambda x: dot(x, x) + x[0] ** 2 * x[1] ** 2, DIAGONAL),
        ),
        Check("an indefinite Q is bent upwards", lambda: parabola_of(INDEFINITE, (F(1), F(2)), (F(1), F(2)))["a > 0"]),
    ],
    counterexamples=[
        Check("leading coefficient of |x|^2 on the line p + s d", bent_upwards, only((F(1), F(2)), (ZERO, ZERO))),
        Check(
            "(x^4 + y^4) / (x^2 + y^2) at p, rebuilt as a quadratic",
            lambda p: Contrast(rebuilt(quotient, p), quotient(p)),
            only((F(1), F(2))),
        ),
    ],
)


# --- PAL-L1P: the steps of its proof


class Polynomial(NamedTuple):
    """A polynomial with a symbol for every coefficient."""

    x: tuple
    p: tuple
    d: tuple
    f: sp.Expr
    coefficients: dict  # symbol -> degree of its monomial

    @property
    def third(self):
        """The sum of third derivatives at p times d_j d_k d_l."""
        total = sp.Integer(0)
        for j, k, m in product(range(len(self.x)), repeat=3):
            total += sp.diff(self.f, self.x[j], self.x[k], self.x[m]) * self.d[j] * self.d[k] * self.d[m]
        return self.at_p(total)

    def at_p(self, expression):
        return expression.subs(dict(zip(self.x, self.p, strict=True)), simultaneous=True)

    def along(self, order):
        """The derivative of f(p + s d) at s = 0."""
        s = sp.Symbol("s")
        line = {x: p + s * d for x, p, d in zip(self.x, self.p, self.d, strict=True)}
        return sp.diff(self.f.subs(line, simultaneous=True), s, order).subs(s, 0)


def polynomial(n, degree):
    x, p, d = (sp.symbols(f"{name}:{n}") for name in "xpd")
    powers = [e for e in product(range(degree + 1), repeat=n) if sum(e) <= degree]
    c = {e: sp.Symbol("c" + "".join(map(str, e))) for e in powers}
    f = sum(c[e] * sp.prod(v**k for v, k in zip(x, e, strict=True)) for e in powers)
    return Polynomial(x, p, d, f, {c[e]: sum(e) for e in powers})


def terms(expression):
    """Minus the number of terms that remain: 0 of an expression that vanishes."""
    expression = sp.expand(expression)
    return 0 if expression == 0 else -len(sp.Add.make_args(expression))


def only_quadratics(n):
    """The sum vanishes for all p and d iff no coefficient of degree 3 or more is left: each stands alone somewhere."""
    f = polynomial(n, 4)
    alone = {
        c for part in sp.Poly(f.third, *f.p, *f.d).coeffs() if len(part.free_symbols) == 1 for c in part.free_symbols
    }
    return {
        "quadratics": terms(polynomial(n, 2).third),
        "no others": -len({c for c, degree in f.coefficients.items() if degree >= 3} - alone),
    }


def line_derivative(n):
    f = polynomial(n, 4)
    return terms(f.third - f.along(3))


def curvatures_agree(n):
    """d'Wd with W half of the Hessian, half of the second derivative along d, and the coefficient of s^2."""
    f, s = polynomial(n, 2), sp.Symbol("s")
    d = sp.Matrix(f.d)
    W = f.at_p(sp.hessian(f.f, f.x)) / 2
    line = f.f.subs({x: p + s * v for x, p, v in zip(f.x, f.p, f.d, strict=True)}, simultaneous=True)
    a = sp.Poly(line, s).coeff_monomial(s**2)
    return {"half second derivative": terms((d.T * W * d)[0] - f.along(2) / 2), "a": terms((d.T * W * d)[0] - a)}


def cube():
    f = polynomial(2, 2)
    return terms(f._replace(f=f.x[0] ** 3).third)


PAL_L1P = Claim(
    id="PAL-L1P",
    title="Steps of the proof of Lemma 1",
    source="dissertation, A.1 to A.3",
    statement="A function is quadratic iff the form of its third derivatives vanishes at every point and in every"
    " direction; that form is the third derivative along the line; half of the second one is the parabola's leading"
    " coefficient. (Printed without the third power of the numerator's d.)",
    formula=r"\sum_{j,k,l} \partial_{jkl} f(p)\, d_j d_k d_l = \frac{d^3}{d s^3} f(p + s d)\Big|_{s=0}, \qquad"
    r" d^\top W d = \frac12 d^\top H d = \frac12 \frac{d^2}{d s^2} f(p + s d) = a",
    kind="symbolic",
    verdict="holds",
    checks=[
        Check("which polynomials of degree 4 have no third derivatives", only_quadratics, lambda budget: [2, 3]),
        Check("third derivatives along lines", line_derivative, lambda budget: [2, 3]),
        Check("curvature along lines", curvatures_agree, lambda budget: [2, 3]),
    ],
    controls=[Check("x^3 has no third derivative", cube)],
)

CLAIMS = (PAL_L1, PAL_L1P)
