r"""PAL-L1  Lemma 1: parabolic on every line means quadratic

Where: dissertation, Assumption 3, Lemma 1, A.1 to A.3
Claim: A k times differentiable loss whose restriction to every line is a parabola with a positive leading coefficient
    is a quadratic with a positive definite matrix. (Assumption 3 admits the direction 0, Lemma 1 does not say through
    which points the lines go, and k is left open.)
Formula: f(p + s d) = a s^2 + b s + c,\ a > 0 \ \Rightarrow\ f(x) = z + r^\top x + x^\top Q x,\ Q \succ 0
Verdict: corrected
Kind: exact
Found: True for twice continuously differentiable f and all directions d other than 0. For d = 0 the line is constant,
    so that no f meets Assumption 3 as printed. Lines through one point suffice if f is twice continuously
    differentiable; (x^4 + y^4) / (x^2 + y^2), which is so only once, is a parabola on all lines through 0.
True: f \in C^2,\ \forall p\ \forall d \ne 0\ \exists a > 0, b, c: f(p + s d) = a s^2 + b s + c \ \Rightarrow\ f(x) = z
    + r^\top x + x^\top Q x,\ Q \succ 0
"""

from __future__ import annotations

from fractions import Fraction as F
from math import comb

from hypothesis import strategies as st

from ...cases import RationalQuadratic, add, dot, rational_quadratics, rationals, times, vectors
from ...claim import Contrast, above, equal, only, told
from ...ours import through
from .common import ZERO

claim = told(__doc__)


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


@claim.counterexample("leading coefficient of |x|^2 on the line p + s d", only((F(1), F(2)), (ZERO, ZERO)))
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


@claim.control("axis-parallel lines only", only(lambda x: dot(x, x) + x[0] ** 2 * x[1] ** 2, DIAGONAL))
def is_quadratic(f, points):
    """f is its reconstruction: minus the largest difference at some points."""
    return equal([f(p) for p in points], [rebuilt(f, p) for p in points])


INDEFINITE = RationalQuadratic(((F(1), ZERO), (ZERO, F(-1))), (ZERO, ZERO), ZERO, (ZERO, ZERO))


@claim.check("parabolas on its lines", quadratics_and_lines(), examples=80)
@claim.control("an indefinite Q is bent upwards", only(INDEFINITE, (F(1), F(2)), (F(1), F(2))), of="a > 0")
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


claim.check("a quadratic from a black box", quadratics_and_points(), examples=80)(
    lambda q, points: is_quadratic(q.f, points)
)
claim.check("the quotient on lines", vectors(2).filter(any), examples=100)(lambda *d: quotient_on_lines(d))
claim.counterexample("(x^4 + y^4) / (x^2 + y^2) at p, rebuilt as a quadratic", only((F(1), F(2))))(
    lambda p: Contrast(rebuilt(quotient, p), quotient(p))
)
