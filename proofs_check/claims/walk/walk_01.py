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

import numpy as np
import sympy as sp

from toybox import losses
from toybox.xp import namespace

from ...cases import EPS
from ...claim import close, only, told
from ...proof import Theorem
from .common import Likelihood, P, X, Y

claim = told(__doc__)


def zero(*entries):
    """Minus the number of sums, of products of powers of p and its derivatives, that are not 0 identically."""
    return -sum(sp.expand(entry) != 0 for entry in entries)


def unknown(N):
    """Functions of two variables, of which nothing is known but that they are positive."""
    return tuple(sp.Function(f"p{i}", positive=True)(X, Y) for i in range(N))


@claim.check("any functions of one, two and three samples", lambda budget: map(unknown, (1, 2, 3)), degree="proved")
@claim.control("C with the divisor N - 1", only(*unknown(2)), lost=1)
@claim.control("the loss (1 - p)^2", only(*unknown(2)), loss=(1 - P) ** 2)
@claim.control("slope -p for -1/p", only(*unknown(1)), slope=-P)
def vanishes(*p, **other):
    return zero(*Likelihood(p, **other).residual)


@claim.proof("any number of samples", broken={"the divisor N - 1": {"lost": 1}})
def products(N, u, v, uv, lost=0):
    """C + gg' is the mean of the products of two derivatives, whose sums are u, v and uv. So what is left of eq. 2 is
    the mean of what is left of it for each sample by itself, where C is 0."""
    C = (uv - v * u / N - u * v / N + N * (u / N) * (v / N)) / (N - lost)
    return Theorem((N >= 2,), {"mean": C + (u / N) * (v / N) == uv / N})


LOGISTIC = X / (1 + X)  # X is exp(u)


@claim.check("a logistic p", degree="proved")
@claim.control("an exponential p", only(X))
def of_a_logistic(p=LOGISTIC):
    """Of -log p: kept (1 - p)^2, neglected (1 - p)(2 p - 1), whose zeros are 1/2 and 1, together p (1 - p)."""
    by_u = lambda f: X * sp.diff(f, X)
    kept, neglected = by_u(-sp.log(p)) ** 2, -by_u(by_u(p)) / p
    found = (kept - (1 - p) ** 2, neglected - (1 - p) * (2 * p - 1), by_u(by_u(-sp.log(p))) - p * (1 - p))
    return zero(*map(sp.cancel, found))


@claim.check("our logistic loss")
@claim.control("our logistic loss, without the third term", third=0)
def of_our_logistic(third=1):
    """The curvature of our logistic loss is the sum of both parts: its relative rounding is a few EPS of either."""
    z = np.linspace(-20, 20, 401)
    loss, xp, label = losses.Logistic(), namespace("numpy"), -np.ones(401)
    q, p = np.exp(-z) / (1 + np.exp(-z)), 1 / (1 + np.exp(-z))
    kept, neglected = loss.residual(xp, z, label) ** 2, q * (p - q)
    return close(loss.bend(xp, z, label, 1.0) - kept, third * neglected, 16 * EPS * (q * q + p * q))
