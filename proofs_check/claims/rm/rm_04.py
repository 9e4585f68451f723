r"""RM-04  Summable steps stall

Where: dissertation, eq. 2.13 (its first condition violated)
Claim: If the learning rates have a finite sum and none exceeds half the inverse curvature, SGD without noise stays away
    from the minimum of a parabola for ever.
Formula: \theta_T = \theta_0 \prod_{t<T} (1 - \lambda_t h) \ge \theta_0\, 4^{-h \sum_t \lambda_t} > 0
Verdict: holds
Kind: symbolic
"""

from __future__ import annotations

from fractions import Fraction as F

import mpmath
import sympy

from ...claim import holds, only, told
from ...ours import Plain, moves

claim = told(__doc__)

START = 2  # its square is 4


@claim.check("1 - u >= 4^-u for u <= 1/2", degree="proved")
@claim.control("2^-u", only(2))
def one_step(base=4):
    """A step of our SGD multiplies by 1 - u, u = lambda h. Of the logarithms, log(1 - u) + u log 4 is 0 at 0 and at 1/2
    and concave between: so it is not negative there."""
    u = sympy.Symbol("u")
    more = sympy.log(1 - u) + u * sympy.log(base)
    bend = sympy.together(more.diff(u, 2))
    return {
        "at 0": holds(more.subs(u, 0) == 0),
        "at 1/2": holds(sympy.simplify(sympy.expand_log(more.subs(u, F(1, 2)))) == 0),
        "concave": holds(sympy.simplify(bend + 1 / (1 - u) ** 2) == 0),
    }


def summable(p, share=F(1, 2), h=1):
    """lambda_t h = share / (t + 1)^p."""
    return lambda t: share / h / (t + 1) ** p


@claim.check(
    "our SGD", lambda budget: [(summable(p, h=h), float(mpmath.zeta(p)) / 2, h) for p in (2, 3) for h in (1, 4)]
)
@claim.control("a first step with lambda h = 1", only(summable(2, F(1)), float(mpmath.zeta(2)), 1))
@claim.control("1/(t + 2) reaches 0", only(lambda t: F(1, t + 2), float(mpmath.zeta(2)) / 2, 1))
def stalls(rate, total, h):
    """No iterate on h x^2 / 2 is below theta_0 4^-(sum of all lambda_t h), a number without T; 12 steps."""
    plain = Plain(lambda x: h * x[0] ** 2 / 2, lambda x: (h * x[0],))
    found = [move.x[0] for move in moves("sgd", plain, (F(START),), [0] * 12, rate=rate)]
    return float(min(found) / START) / 4.0**-total - 1
