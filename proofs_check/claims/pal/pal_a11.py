r"""PAL-A11  A monotone sequence

Where: dissertation, A.11
Claim: On x'Qx the losses of PAL's iterates fall strictly, by g(x_i) in each step, and stay strictly positive.
Formula: 0 < f(x_{n+1}) < f(x_n) = f(x_0) - \sum_{i<n} g(x_i) < f(x_0)
Verdict: refuted
Kind: exact
Found: The sum and the decrease are right while x_n is not the minimum; but f(x_n+1) = 0 as soon as x_n is an
    eigenvector of Q, and only then. The proof of convergence survives with 0 <= and a stop where the gradient is 0;
    without the stop PAL would divide 0 by 0.
True: 0 \le f(x_{n+1}) = f(x_n) - g(x_n) < f(x_n), \qquad f(x_{n+1}) = 0 \iff Q x_n = \lambda x_n
"""

from __future__ import annotations

from fractions import Fraction as F

import toybox as tb

from ...claim import Contrast, equal, holds, only, told
from ...proof import Theorem, same, some
from .common import ZERO, diagonal, exact_pal

claim = told(__doc__)


@claim.proof("what a pair of eigenvectors adds", broken={"twice the square": {"factor": 4}})
def pair(p, q, x, y, factor=2):
    """x'Qx x'Q^3x - (x'Q^2x)^2 is the sum over all pairs of variables, in the basis of eigenvectors, of such terms.

    So it is 0 iff all variables that are not 0 have one eigenvalue.
    """
    added = (p * x**2) * (q**3 * y**2) + (p**3 * x**2) * (q * y**2) - factor * (p**2 * x**2) * (q**2 * y**2)
    return Theorem((p > 0, q > 0), {"not negative": added >= 0, "0": same(added == 0, some(p == q, x == 0, y == 0))})


@claim.proof("a step", broken={"with 9/10 of g": {"share": F(9, 10)}})
def falls(first, second, third, share=1):
    """By A.8 a step leaves x'Qx - (x'Q^2x)^2 / x'Q^3x. The sum of A.11 adds up one step after the other."""
    left = first - share * second**2 / third
    return Theorem(
        (second > 0, third > 0, first * third >= second**2),
        {"not negative": left >= 0, "falls": left < first, "0": same(left == 0, first * third == second**2)},
    )


@claim.check("from an eigenvector", only((2, 5), (3, 0), F(1)))
@claim.control("from elsewhere", only((2, 5), (3, 4), F(1)))
def rests(eigenvalues, x, mu):
    """PAL is at the minimum after one step, and stays there."""
    q = diagonal(eigenvalues, x)
    end = exact_pal(q, q.x, mu).x
    after = exact_pal(q, end, mu)
    return {"there": equal(end, (ZERO, ZERO)), "stays": holds(after == (end, 0, tb.Status.STATIONARY))}


@claim.counterexample("loss of x'diag(eigenvalues)x after a step from an eigenvector", only((2, 5), (3, 0), F(1)))
def stays_positive(eigenvalues, x, mu):
    """As it is printed, after a step on a diagonal Q."""
    q = diagonal(eigenvalues, x)
    return Contrast(ZERO, q.f(exact_pal(q, q.x, mu).x), "more than")
