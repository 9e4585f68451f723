r"""WALK-01  Hessian decomposition for the negative log likelihood

Where: A Walk with SGD, eqs. 2 and 6 to 11
Claim: The Hessian of the mean of -log p_i is the covariance of the sample gradients, plus the outer product of the mean
    gradient with itself, plus a term with the second derivatives of the probabilities.
Formula: H = C + g g^\top + \frac1N \sum_{i=1}^N \frac{\partial L_i}{\partial p_i} \frac{\partial^2
    p_i}{\partial\theta^2}
Verdict: holds
Kind: symbolic
Found: True for all positive, twice differentiable p_i, where C has the divisor N and the slope of L is -1/p. The
    covariance of eq. 3 needs the divisor N - 1 (WALK-03): one C cannot serve both equations. The third term is no
    remainder: for a logistic p the first two make (1-p)^2, the third (1-p)(2p-1), which is 0 only at p = 1/2 and 1 and
    negative below 1/2.
"""

from __future__ import annotations

from fractions import Fraction as F

import mpmath
import numpy as np
import sympy as sp

from toybox import losses
from toybox.xp import namespace

from ...cases import EPS
from ...claim import close, equal, only, told
from .common import Likelihood, P, X, Y, fraction

claim = told(__doc__)

ANY = [tuple(sp.Function(f"p{i}", positive=True)(X, Y) for i in range(N)) for N in (1, 2, 3)]  # nothing known of them
RATIONAL = [
    (1 / (1 + X**2 + Y), (1 + Y) / (2 + X + 2 * Y)),
    ((1 + X * Y) / (3 + X**2 * Y**2), X / (1 + X + Y), 1 / (2 + Y**3)),
]
SMOOTH = (sp.exp(-X - X * Y**2) / 2, (2 + sp.sin(X + 3 * Y)) / 4, 1 / (1 + sp.exp(2 * X - Y)))


def zero(*entries):
    """Minus the number of sums, of products of powers of p and its derivatives, that are not 0 identically."""
    return -sum(sp.expand(entry) != 0 for entry in entries)


@claim.check("any functions p_i of two variables", lambda budget: [(p,) for p in ANY])
def vanishes(p, **other):
    return zero(*Likelihood(p, **other).residual)


@claim.check("rational functions", lambda budget: [(p,) for p in RATIONAL])
@claim.control("C with the divisor N - 1", only(RATIONAL[0]), lost=1)
@claim.control("the loss (1 - p)^2", only(RATIONAL[0]), loss=(1 - P) ** 2)
@claim.control("slope -p for -1/p", only(RATIONAL[0]), slope=-P)
def at_rational_places(p, **other):
    """The residual of rational functions is 0 exactly."""
    residual, slack = Likelihood(p, **other).residual, {}
    for x, y in ((F(1), F(2)), (F(1, 3), F(5, 2))):
        values = (entry.subs({X: sp.Rational(x), Y: sp.Rational(y)}) for entry in residual)
        slack[f"{x}, {y}"] = equal([fraction(v) for v in values], [F(0)] * 4)
    return slack


@claim.check("exp, sin and logistic to 40 digits", lambda budget: [(SMOOTH,)])
@claim.control("the same to 40 digits", only(SMOOTH), lost=1)
def to_forty_digits(p, **other):
    """Below 1e-35 in 40 digits, which leaves room for 1e5 roundings of numbers of order 1."""
    with mpmath.workdps(40):
        f = sp.lambdify((X, Y), Likelihood(p, **other).residual, "mpmath")
        worst = max(
            abs(entry) for x, y in ((1, 2), (3, 1), (7, 5)) for entry in f(mpmath.mpf(x) / 3, mpmath.mpf(y) / 4)
        )
        return float(1 - worst / mpmath.mpf("1e-35"))


@claim.check("derivatives of the loss in p", degree="proved")
@claim.control("slope -p for -1/p, directly", only(-P))
def facts(slope=-1 / P):
    """Of L = -log p: the slope, and that the second derivative is the square of the first."""
    first, second = sp.diff(-sp.log(P), P), sp.diff(-sp.log(P), P, 2)
    return {"slope": zero(first - slope), "1 / p^2": zero(second - 1 / P**2), "square": zero(second - first**2)}


@claim.check("a logistic p", lambda budget: [F(k, 8) for k in range(1, 8)])
def of_a_logistic(p):
    """p = e / (1 + e), e = exp(u): kept (1 - p)^2, neglected (1 - p)(2 p - 1), together p (1 - p)."""
    e = sp.Symbol("e", positive=True)
    logistic, by_u = e / (1 + e), lambda f: e * sp.diff(f, e)
    exact = lambda f: fraction(f.subs(e, sp.Rational(p / (1 - p))))
    neglected = exact(-by_u(by_u(logistic)) / logistic)
    return {
        "kept": equal(exact(by_u(-sp.log(logistic)) ** 2), (1 - p) ** 2),
        "neglected": equal(neglected, (1 - p) * (2 * p - 1)),
        "sum": equal(exact(by_u(by_u(-sp.log(logistic)))), p * (1 - p)),
        "negative below 1/2, positive above": equal(sign(neglected), sign(2 * p - 1)),
    }


@claim.check("our logistic loss", degree="proved")
def of_our_logistic():
    """The curvature of our logistic loss is the sum of both parts: its relative rounding is a few EPS of either."""
    z = np.linspace(-20, 20, 401)
    loss, xp, label = losses.Logistic(), namespace("numpy"), -np.ones(401)
    q, p = np.exp(-z) / (1 + np.exp(-z)), 1 / (1 + np.exp(-z))
    kept, neglected = loss.residual(xp, z, label) ** 2, q * (p - q)
    return close(loss.bend(xp, z, label, 1.0) - kept, neglected, 16 * EPS * (q * q + p * q))


def sign(v):
    return (v > 0) - (v < 0)


claim.check("zeros of its third term", degree="proved")(
    lambda: equal(sorted(sp.solve((1 - P) * (2 * P - 1), P)), [sp.Rational(1, 2), sp.Integer(1)])
)
