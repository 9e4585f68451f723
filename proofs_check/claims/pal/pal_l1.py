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

from ...cases import add, dot, times
from ...claim import Contrast, only, told
from ...ours import through
from ...proof import Theorem, every
from .common import ZERO

claim = told(__doc__)


def third_difference(phi, first=0):
    """Over first .. first + 3; 0 for every parabola."""
    return sum((-1) ** (3 - k) * comb(3, k) * phi(F(first + k)) for k in range(4))


@claim.proof("a parabola on every line", broken={"axis-parallel lines only": {"slanted": False}})
def quadratic(u, v, w, a, b, c, r, s, z, slanted=True):
    """Parabolas on all lines parallel to the axes are, by interpolation, u x^2y^2 + v x^2y + w xy^2 and a quadratic.

    On two slanted lines they leave no u, v, w. More than two variables: on every plane through a point f is a
    quadratic, which gives its even part the law of parallelograms, and with that a bilinear form.
    """
    f = lambda x, y: u * x**2 * y**2 + v * x**2 * y + w * x * y**2 + a * x**2 + b * x * y + c * y**2 + r * x + s * y + z
    lines = (lambda t: f(t, t), lambda t: f(t, -t)) if slanted else (lambda t: f(t, 1), lambda t: f(1, t))
    given = [third_difference(phi, first) == 0 for phi in lines for first in (0, 1)]
    return Theorem(given, {"quadratic": every(u == 0, v == 0, w == 0)})


@claim.proof("and back", broken={"bent upwards with an indefinite Q": {"definite": False}})
def parabola(a, b, c, r1, r2, x, y, d1, d2, s, definite=True):
    """On its lines a quadratic is the parabola that its form promises, bent upwards iff Q is positive definite."""
    Q, r, p, d = ((a, b), (b, c)), (r1, r2), (x, y), (d1, d2)
    f = lambda x: dot(r, x) + dot(x, times(Q, x))
    bend, slope = dot(d, times(Q, d)), dot(r, d) + 2 * dot(p, times(Q, d))
    given = [a > 0, a * c > b * b] if definite else [a * c < b * b]
    return Theorem(
        (*given, d1**2 + d2**2 > 0), {"parabola": f(add(p, s, d)) == bend * s**2 + slope * s + f(p), "bent": bend > 0}
    )


@claim.proof("(x^4 + y^4) / (x^2 + y^2) on lines through 0", broken={"on other lines": {"off": 1}})
def quotient_on_lines(d1, d2, s, off=0):
    """It is a parabola there, bent upwards. Were it twice continuously differentiable, all these parabolas would be
    those of its expansion at 0, a quadratic."""
    a = quotient((d1, d2))
    return Theorem(
        (d1**2 + d2**2 > 0, (off + s * d1) ** 2 + (s * d2) ** 2 > 0),
        {"bent": a > 0, "parabola": quotient((off + s * d1, s * d2)) == a * s**2 + off},
    )


def quotient(x):
    """(x^4 + y^4) / (x^2 + y^2) off 0: continuously differentiable once, with the value 0 there."""
    return sum(v**4 for v in x) / dot(x, x)


def rebuilt(f, p):
    """At p, the quadratic whose terms are those that f would have, from its values beside 0, where it is 0."""
    n = len(p)
    e = [tuple(F(i == j) for j in range(n)) for i in range(n)]
    even = lambda d: (f(d) + f(tuple(-v for v in d))) / 2 if any(d) else ZERO
    odd = lambda d: (f(d) - f(tuple(-v for v in d))) / 2
    Q = tuple(tuple((even(add(u, 1, v)) - even(add(u, -1, v))) / 4 for v in e) for u in e)
    return dot(tuple(map(odd, e)), p) + dot(p, times(Q, p))


@claim.counterexample("leading coefficient of |x|^2 on the line p + s d", only((F(1), F(2)), (ZERO, ZERO)))
def bent_upwards(p, d):
    phi = lambda s: dot(add(p, s, d), add(p, s, d))
    return Contrast(ZERO, through(phi, F(1), F(2))[0], "more than")


@claim.counterexample("(x^4 + y^4) / (x^2 + y^2) at p, rebuilt as a quadratic", only((F(1), F(2))))
def is_quadratic(p):
    return Contrast(rebuilt(quotient, p), quotient(p))
