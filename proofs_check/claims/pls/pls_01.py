r"""PLS-01  The kernel and its derivatives

Where: dissertation, eqs. 2.28 to 2.33
Claim: The covariance of an integrated Wiener process, written with minimum and modulus, is the printed cubic on either
    side of the diagonal; the three further kernels are its derivatives by the second argument, by the first and by
    both. All are continuous, and exchanging the arguments exchanges the two first derivatives.
Formula: k = m^2\left(\tfrac13 \tilde s^3 + \tfrac12 |\lambda - \lambda'|\, \tilde s^2\right), \quad \tilde s =
    \min(\lambda, \lambda') + \tau, \qquad k^\partial = \frac{\partial k}{\partial \lambda'}, \quad {}^\partial k =
    \frac{\partial k}{\partial \lambda}, \quad {}^\partial k^\partial = m^2 \tilde s
Verdict: holds
Kind: symbolic
Found: The simplification needs no lambda >= 0, as the text says; a covariance does (PLS-02).
"""

from __future__ import annotations

import numpy as np
import sympy as sp

from toybox import methods

from ... import belief as plain_belief
from ...claim import only, told
from .common import h, m, s, t, zero

claim = told(__doc__)

K28 = tuple(m**2 * (low**3 / 3 + gap * low**2 / 2) for low, gap in ((t, s - t), (s, t - s)))  # if s > t, if s <= t
K29 = (m**2 * (s * t**2 / 2 - t**3 / 6), m**2 * (s**2 * t / 2 - s**3 / 6))
K31 = (m**2 * (s * t - t**2 / 2), m**2 * s**2 / 2)
K32 = (m**2 * t**2 / 2, m**2 * (s * t - s**2 / 2))
K33 = (m**2 * t, m**2 * s)


@claim.check("each kernel is the derivative it is said to be", degree="proved")
@claim.control("2.31 with its branches exchanged", only(K31[::-1]))
def derivatives(K31=K31):
    return {
        "2.29 is 2.28": zero(*(a - b for a, b in zip(K28, K29, strict=True))),
        "2.31 by lambda'": zero(*(sp.diff(k, t) - d for k, d in zip(K29, K31, strict=True))),
        "2.32 by lambda": zero(*(sp.diff(k, s) - d for k, d in zip(K29, K32, strict=True))),
        "2.33 by both": zero(*(sp.diff(k, s, t) - d for k, d in zip(K29, K33, strict=True))),
    }


@claim.check("continuous across the diagonal", degree="proved")
@claim.check("so would 2.31 be with its branches exchanged", only(K31[::-1]), degree="proved")
@claim.control("s t in the place of s t - t^2 / 2", only((m**2 * s * t, K31[1])))
def continuous(K31=K31):
    """Both branches agree where s = t."""
    return zero(*((a - b).subs(t, s) for a, b in (K28, K29, K31, K32, K33)))


@claim.check("symmetry", degree="proved")
@claim.control("2.31 is not symmetric in itself", only(K31, K31))
def symmetric(one=K31, other=K32):
    """Exchanging the arguments exchanges the branches, and 2.31 with 2.32."""
    swap = lambda e: e.subs({s: t, t: s}, simultaneous=True)
    pairs = ((K28, K28), (K29, K29), (one, other), (K33, K33))
    return zero(*(swap(a) - b[1 - k] for pair, b in pairs for k, a in enumerate(pair)))


@claim.check("the plain kernel on symbols", degree="proved")
@claim.control("the plain kernel, 2.31 and 2.32 exchanged", only(K32, K31))
def plain_kernel(K31=K31, K32=K32):
    """The code itself, on symbols with s > t and s < t."""
    printed = {(0, 0): K29, (0, 1): K31, (1, 0): K32, (1, 1): K33}
    slack = {}
    for (i, j), (right, left) in printed.items():
        slack[f"{i}{j}, s > t"] = zero(plain_belief.kernel(i, t + h, j, t) - right.subs({m: 1, s: t + h}))
        slack[f"{i}{j}, s < t"] = zero(plain_belief.kernel(i, s, j, s + h) - left.subs({m: 1, t: s + h}))
    return slack


@claim.check("the four blocks of covariance on arrays", degree="proved")
@claim.control("the arrays' blocks of 2.31 and 2.32 exchanged", only(K32, K31))
def kernel_of_arrays(K31=K31, K32=K32):
    """``covariance`` without an error at multiples of 6, where floats divide by 2 and 3 exactly.

    The entries are cubic on either side of the diagonal, and a cubic in two variables is known from a triangle with
    four points a side: this is the whole function.
    """
    points = range(-18, 30, 6)
    places = np.array(points, float) - methods.belief.OFFSET
    found, n = methods.belief.covariance(places, places), len(points)
    slack = {}
    for name, rows, columns, printed in (
        ("2.29", slice(n), slice(n), K29),
        ("2.31", slice(n), slice(n, None), K31),
        ("2.32", slice(n, None), slice(n), K32),
        ("2.33", slice(n, None), slice(n, None), K33),
    ):
        right, left = (sp.lambdify((s, t), branch.subs(m, 1)) for branch in printed)
        expected = [[right(a, b) if a > b else left(a, b) for b in points] for a in points]
        slack[name] = -float(np.abs(found[rows, columns] - np.array(expected, float)).max())
    return slack
