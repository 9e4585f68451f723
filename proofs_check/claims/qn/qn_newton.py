r"""QN-NEWTON  Newton's step reaches the minimum

Where: dissertation, section 2.7
Claim: On a positive definite quadratic one Newton step leads from anywhere to the minimiser.
Formula: \theta - (\nabla^2 E)^{-1} \nabla E(\theta) = \theta^*
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F

from ...cases import add, times
from ...claim import told
from ...proof import Theorem, every

claim = told(__doc__)


@claim.proof("quadratics", broken={"half a step": {"length": F(1, 2)}})
def arrives(a, b, c, x, y, r, s, p, q, length=1):
    """Two variables: the gradient is r + Hx, and the step -(p, q) solves H (p, q) = gradient. More add terms alike."""
    H = ((a, b), (b, c))
    gradient = lambda v: add((r, s), 1, times(H, v))
    return Theorem(
        [u == v for u, v in zip(times(H, (p, q)), gradient((x, y)), strict=True)],
        {"stationary": every(*(u == 0 for u in gradient(add((x, y), -length, (p, q)))))},
    )


@claim.proof("two thirds on x^4", broken={"to the minimum": {"left": 0}})
def on_quartic(x, step, left=2):
    """There the step leaves two thirds of the way."""
    return Theorem((x != 0, 12 * x**2 * step == 4 * x**3), {"left": 3 * (x - step) == left * x})
