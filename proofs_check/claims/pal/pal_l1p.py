r"""PAL-L1P  Steps of the proof of Lemma 1

Where: dissertation, A.1 to A.3
Claim: A function is quadratic iff the form of its third derivatives vanishes at every point and in every direction;
    that form is the third derivative along the line; half of the second one is the parabola's leading coefficient.
    (Printed without the third power of the numerator's d.)
Formula: \sum_{j,k,l} \partial_{jkl} f(p)\, d_j d_k d_l = \frac{d^3}{d s^3} f(p + s d)\Big|_{s=0}, \qquad d^\top W d =
    \frac12 d^\top H d = \frac12 \frac{d^2}{d s^2} f(p + s d) = a
Verdict: holds
Kind: symbolic
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import sympy as sp

from ...claim import told
from .common import terms

claim = told(__doc__)


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


@claim.check("which polynomials of degree 4 have no third derivatives", lambda budget: [2, 3], degree="proved")
def only_quadratics(n):
    """The sum vanishes for all p and d iff no coefficient of degree 3 or more is left: each stands alone somewhere.

    Three variables are as good as more, since every term of the sum has three at most; and polynomials as good as other
    functions, since third derivatives at a point are those of the polynomial there.
    """
    f = polynomial(n, 4)
    alone = {
        c for part in sp.Poly(f.third, *f.p, *f.d).coeffs() if len(part.free_symbols) == 1 for c in part.free_symbols
    }
    return {
        "quadratics": terms(polynomial(n, 2).third),
        "no others": -len({c for c, degree in f.coefficients.items() if degree >= 3} - alone),
    }


@claim.check("third derivatives along lines", lambda budget: [2, 3], degree="proved")
def line_derivative(n):
    f = polynomial(n, 4)
    return terms(f.third - f.along(3))


@claim.check("curvature along lines", lambda budget: [2, 3], degree="proved")
def curvatures_agree(n):
    """d'Wd with W half of the Hessian, half of the second derivative along d, and the coefficient of s^2."""
    f, s = polynomial(n, 2), sp.Symbol("s")
    d = sp.Matrix(f.d)
    W = f.at_p(sp.hessian(f.f, f.x)) / 2
    line = f.f.subs({x: p + s * v for x, p, v in zip(f.x, f.p, f.d, strict=True)}, simultaneous=True)
    a = sp.Poly(line, s).coeff_monomial(s**2)
    return {"half second derivative": terms((d.T * W * d)[0] - f.along(2) / 2), "a": terms((d.T * W * d)[0] - a)}


@claim.control("x^3 has no third derivative")
def cube():
    f = polynomial(2, 2)
    return terms(f._replace(f=f.x[0] ** 3).third)
