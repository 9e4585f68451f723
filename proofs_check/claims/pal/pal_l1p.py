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

claim = told(__doc__)


def terms(expression):
    """Minus the number of terms that remain: 0 of an expression that vanishes."""
    expression = sp.expand(expression)
    return 0 if expression == 0 else -len(sp.Add.make_args(expression))


class Polynomial(NamedTuple):
    """A polynomial with a symbol for every coefficient, at p, and a direction d."""

    x: tuple
    p: tuple
    d: tuple
    f: sp.Expr
    coefficients: dict  # symbol -> degree of its monomial

    def form(self, order):
        """The sum of derivatives at p times d_j d_k ..."""
        total = sp.Integer(0)
        for chosen in product(range(len(self.x)), repeat=order):
            total += sp.diff(self.f, *(self.x[j] for j in chosen)) * sp.prod(self.d[j] for j in chosen)
        return total.subs(dict(zip(self.x, self.p, strict=True)), simultaneous=True)

    def line(self, s):
        return self.f.subs({x: p + s * d for x, p, d in zip(self.x, self.p, self.d, strict=True)}, simultaneous=True)


def polynomial(n, degree):
    x, p, d = (sp.symbols(f"{name}:{n}") for name in "xpd")
    powers = [e for e in product(range(degree + 1), repeat=n) if sum(e) <= degree]
    c = {e: sp.Symbol("c" + "".join(map(str, e))) for e in powers}
    f = sum(c[e] * sp.prod(v**k for v, k in zip(x, e, strict=True)) for e in powers)
    return Polynomial(x, p, d, f, {c[e]: sum(e) for e in powers})


@claim.check("which polynomials of degree 4 have no third derivatives", lambda budget: [2, 3], degree="proved")
@claim.control("those of degree 3", lambda budget: [2], degree_of_none=3)
def only_quadratics(n, degree_of_none=2):
    """The sum vanishes for all p and d iff no coefficient of degree 3 or more is left: each stands alone somewhere.

    Three variables are as good as more, since every term of the sum has three at most; and polynomials as good as other
    functions, since third derivatives at a point are those of the polynomial there.
    """
    f = polynomial(n, 4)
    parts = [part.free_symbols for part in sp.Poly(f.form(3), *f.p, *f.d).coeffs()]
    alone = {c for symbols in parts if len(symbols) == 1 for c in symbols}
    return {
        "these": terms(polynomial(n, degree_of_none).form(3)),
        "no others": -len({c for c, degree in f.coefficients.items() if degree > degree_of_none} - alone),
    }


@claim.check("derivatives along lines", lambda budget: product((2, 3), (2, 3)), degree="proved")
@claim.control("third derivatives for second ones", lambda budget: [(2, 2)], of_form=3)
def along(n, order, of_form=None):
    s = sp.Symbol("s")
    f = polynomial(n, 4)
    return terms(f.form(of_form or order) - sp.diff(f.line(s), s, order).subs(s, 0))


@claim.check("the leading coefficient", lambda budget: [2, 3], degree="proved")
@claim.control("without the half", lambda budget: [2], part=1)
def leading(n, part=2):
    """d'Wd of a quadratic, W half of the Hessian, is the coefficient of s^2."""
    s, f = sp.Symbol("s"), polynomial(n, 2)
    return terms(f.form(2) / part - sp.Poly(f.line(s), s).coeff_monomial(s**2))
