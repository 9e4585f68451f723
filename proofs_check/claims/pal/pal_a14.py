r"""PAL-A14  A lower bound on the decrease

Where: dissertation, A.12 to A.16
Claim: A PAL step on x'Qx gains at least the squared distance to the minimum times a constant made of the smallest and
    the largest eigenvalue of Q. The rate that follows is far slower than Kantorovich's.
Formula: g(x) \ge \frac{\lambda_{\min}^4}{\lambda_{\max}^3} \|x\|^2 \ \Rightarrow\ f(x^+) \le (1 - r^{-4}) f(x)
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F

from ...claim import told
from ...proof import Theorem

claim = told(__doc__)


@claim.proof("what an eigenvector adds", broken={"eigenvalues beyond the largest": {"beyond": 2}})
def term(low, high, q, x, beyond=1):
    """To x'Q^2x, x'Q^3x and x'Qx, whose sums keep these bounds."""
    return Theorem(
        (low > 0, low <= q, q <= beyond * high),
        {
            "square": q**2 * x**2 >= low**2 * x**2,
            "cube": q**3 * x**2 <= high**3 * x**2,
            "value": q * x**2 <= high * x**2,
        },
    )


@claim.proof("the decrease", broken={"eigenvalues exchanged": {"exchanged": True}, "1 % more": {"times": F(101, 100)}})
def enough(low, high, size, first, second, third, exchanged=False, times=1):
    """size = |x|^2; the others are x'Q^kx, and the decrease is A.8. A multiple of the identity attains the bound."""
    gain = second**2 / third
    one, other = (high, low) if exchanged else (low, high)
    return Theorem(
        (
            *(low > 0, high >= low, size > 0, third > 0),
            *(second >= low**2 * size, third <= high**3 * size, first <= high * size),
        ),
        {
            "bound": gain >= times * one**4 / other**3 * size,
            "rate": first - gain <= (1 - times * (one / other) ** 4) * first,
        },
    )
