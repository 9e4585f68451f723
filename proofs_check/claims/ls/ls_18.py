r"""LS-18  Definition of Lipschitz continuity

Where: dissertation, section 2.5
Claim: The convergence theorem for Wolfe steps is for functions that are Lipschitz continuous.
Formula: |f(x_1) - f(x_2)| \le L |x_1 - x_2|
Verdict: corrected
Kind: exact
Found: It is the gradient that must be Lipschitz: the parabola, to which the theorem surely applies, is not Lipschitz
    itself.
True: \|\nabla f(x_1) - \nabla f(x_2)\| \le L \|x_1 - x_2\|
"""

from __future__ import annotations

from fractions import Fraction as F

from ...claim import Contrast, only, told
from ...proof import Theorem, size

claim = told(__doc__)


@claim.proof("no constant suffices for x^2", broken={"near 0": {"reach": 0}})
def square_is_not(L, reach=1):
    """From L to L + 1/2 it changes by more than L / 2."""
    x, y = reach * L, reach * L + F(1, 2)
    return Theorem((L > 0,), {"more than L |x - y|": size(x**2 - y**2) > L * size(x - y)})


@claim.proof("2 does for its slope", broken={"x^4: not even its gradient": {"slope": lambda x: 4 * x**3}})
def gradient_is_lipschitz(x, y, slope=lambda x: 2 * x):
    return Theorem((x != y,), {"at most 2 |x - y|": size(slope(x) - slope(y)) <= 2 * size(x - y)})


@claim.counterexample("|f(x) - f(y)| / |x - y| of x^2, which should not exceed L", only(F(10), F(10), F(9)))
def quotient(L, x, y):
    return Contrast(L, abs(x**2 - y**2) / abs(x - y), "at most")
