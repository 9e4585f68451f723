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

from hypothesis import strategies as st

from ...cases import rationals
from ...claim import Contrast, above, at_most, equal, only, told

claim = told(__doc__)


def quotient(f, x, y):
    return abs(f(x) - f(y)) / abs(x - y)


def gradient_is_lipschitz(slope, x, y):
    """|f'(x) - f'(y)| <= 2 |x - y|."""
    return at_most(quotient(slope, x, y), F(2))


RADII = lambda budget: [F(10) ** k for k in range(1, 40)]


@claim.check("quotients of the parabola", RADII)
def square_is_not(R):
    """x^2: quotients on [0, R] come up to 2 R; those of its slope 2 x are 2."""
    square, slope = lambda x: x * x, lambda x: 2 * x
    return {
        "f": above(quotient(square, R, R - F(1, 2)), 2 * R - 1),
        "f'": equal(quotient(slope, R, R - F(1, 2)), F(2)),
    }


PAIRS = st.tuples(rationals(), rationals()).filter(lambda pair: pair[0] != pair[1])

claim.check("any two points", PAIRS)(lambda x, y: gradient_is_lipschitz(lambda x: 2 * x, x, y))
claim.control("x^4: not even its gradient", PAIRS)(lambda x, y: gradient_is_lipschitz(lambda x: 4 * x**3, x, y))
claim.counterexample("|f(x) - f(y)| / |x - y| of x^2, which should not exceed L", only(F(10), F(10), F(9)))(
    lambda L, x, y: Contrast(L, quotient(lambda x: x * x, x, y), "at most")
)
