r"""WALK-02  The mean gradient is aligned with the top eigenvectors

Where: A Walk with SGD, section 4.1, after eq. 2
Claim: Where the mean gradient is large against the covariance of the gradients it must point along the top eigenvectors
    of the Hessian, if the term with second derivatives of the probabilities is left out.
Formula: \|C\| \ll \|g\|^2 \Rightarrow g \parallel v_{\max}(H)
Verdict: corrected
Kind: exact
Found: True of the Hessian without its third term, with a sharp bound on the angle: for the top eigenvector v and a unit
    vector w across it in the plane of v and g, w'(C + gg')v = 0 gives |g|^2 sin cos = |w'Cv|, which is at most |C|/2
    since C is positive semi-definite; below 45 degrees by continuity. Untrue of the whole Hessian: with one sample of p
    = exp(-a x - K y^2)/2, C is 0 and yet g lies across the only curved direction, for all a and K.
True: \sin 2\vartheta \le \frac{\|C\|}{\|g\|^2} < 1 \quad (H_0 = C + g g^\top)
"""

from __future__ import annotations

from fractions import Fraction as F

import sympy as sp

from ...claim import Contrast, equal, holds, only, told
from ...proof import Theorem
from .common import Likelihood, X, Y, fraction

claim = told(__doc__)


@claim.proof(
    "the angle to the top eigenvector of C + gg'",
    broken={"nine tenths of the bound": {"factor": F(9, 10)}, "C not semi-definite": {"definite": False}},
)
def aligned(a, b, vCv, wCw, wCv, C, factor=1, definite=True):
    """v is the top eigenvector, g = a v + b w, and C also stands for its norm: in the plane of v and w, C and
    norm - C are semi-definite. (A matrix [[p, r], [r, q]] is iff p, q >= 0 and p q >= r^2.)"""
    gg = a * a + b * b
    top = (wCv + a * b == 0, vCv + a * a >= wCw + b * b)
    upper = (C >= 0, vCv <= C, wCw <= C, (C - vCv) * (C - wCw) >= wCv * wCv)
    lower = (vCv >= 0, wCw >= 0, vCv * wCw >= wCv * wCv) if definite else ()
    small = (C < gg, a >= 0, b >= 0)
    return Theorem((*top, *upper, *lower, *small), {"2 sin cos": 2 * a * b <= factor * C, "below 45 degrees": b < a})


@claim.proof("the bound is attained, for every ratio", broken={"a larger one": {"factor": 2}})
def attained(r, c, s, x, y, factor=1):
    """|g| = 1 and C = r u u'; c and s are cosine and sine of the angle between g and u, x and y of theta."""
    turned = s * s - c * c == r
    unit = (c * c + s * s == 1, x * x + y * y == 1, c > 0, s > 0, x > y, y > 0)
    top = (1 + r * c * c - r * s * s) * x * y == r * c * s * (x * x - y * y)  # an eigenvector of C + gg'
    return Theorem((0 < r, r < 1, turned, *unit, top), {"sin 2 theta": 2 * x * y == factor * r})


@claim.proof("a bound of the angle itself", broken={"without the 1 - ratio": {"loss": 0}})
def sine(s, c, r, loss=1):
    """sin theta <= r / (2 (1 - r)) follows."""
    given = (s >= 0, c > s, s * s + c * c == 1, 2 * s * c <= r, r < 1)
    return Theorem(given, {"sine": 2 * s * (1 - loss * r) <= r})


SLOPE, BEND = sp.symbols("a K", positive=True)
ACROSS = Likelihood((sp.exp(-SLOPE * X - BEND * Y**2) / 2,))  # one sample, looked at in the origin


def at_the_origin(*entries):
    return [sp.simplify(f.subs({X: 0, Y: 0})) for f in entries]


@claim.check("the example with its third term, for all a and K", degree="proved")
@claim.control("the example without its third term", whole=False)
def orthogonal(whole=True):
    """The whole Hessian sends g to 0; without its third term g is the top eigenvector, C being 0."""
    H, C, gg, _ = (sp.Matrix(2, 2, at_the_origin(*term)) for term in ACROSS.terms)
    g = sp.Matrix(at_the_origin(*(sp.diff(-sp.log(ACROSS.p[0]), i) for i in (X, Y))))
    return {
        "across": holds((H if whole else C + gg) * g == sp.zeros(2, 1)),
        "H": holds(H == sp.diag(0, 2 * BEND)),
        "H0": holds(C + gg == g * g.T == sp.diag(SLOPE**2, 0)),
    }


@claim.counterexample(
    "squared sine between g and the top eigenvector for exp(-a x - K y^2) / 2, where C = 0", only(F(1), F(1))
)
def squared_sine(a, K):
    """The Hessian is diagonal there."""
    H, (gx, _, _, gy) = (
        [fraction(f.subs({SLOPE: sp.Rational(a), BEND: sp.Rational(K)})) for f in at_the_origin(*ACROSS.terms[k])]
        for k in (0, 2)
    )
    assert equal(H[1:3], [0, 0]) == 0
    return Contrast(0, (gy if H[0] > H[3] else gx) / (gx + gy))
