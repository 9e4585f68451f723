r"""WA-05  GOLS-I immediate accept

Where: dissertation, eq. 2.24
Claim: GOLS-I accepts its first step on a parabola exactly for alpha between 1 and 1 + c2; by default between 1 and 1.9,
    never before the minimum.
Formula: 0 \le l'(y) \le c_2 |l'(0)| \ \Leftrightarrow\ 1 \le \alpha \le 1 + c_2
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F

from toybox import methods

from ... import of_code
from ...claim import holds, only, told
from ...proof import Theorem, every, same
from .common import Parabola, accepts, found, lanes

claim = told(__doc__)
claim.of_the_code(of_code.golsi.accepts)


@claim.proof("every alpha and constant", broken={"undershoots, too": {"low": lambda c2: 1 - c2}})
def accepted(a, b, c, alpha, c2, low=lambda c2: 1):
    p = Parabola(a, b, c, alpha)
    rise = p.slope(p.y)
    ends = every(low(c2) <= alpha, alpha <= 1 + c2)
    return Theorem((a > 0, b < 0), {"iff": same(every(0 <= rise, rise <= -c2 * b), ends)})


@claim.check("accepted by GOLS-I", only(lambda alpha, c2: (1 <= alpha) & (alpha <= 1 + c2)))
@claim.control("the vertex itself is not", only(lambda alpha, c2: (1 < alpha) & (alpha <= 1 + c2)))
def golsi(predicted):
    return accepts(lanes(constant=2.0), methods.golsi.GOLSI, "golsi", "c2", predicted)


@claim.check("by default 1 .. 1.9", lambda budget: [F(k, 20) for k in range(20, 39)])
@claim.control(".99 is accepted", lambda budget: [F(99, 100)])
@claim.control("1.91 is accepted", lambda budget: [F(191, 100)])
def at_once(alpha):
    """GOLS-I with its default constant accepts this step at once."""
    return holds(found(Parabola(F(2), F(-1, 8), F(0), alpha), "golsi", c2=F(9, 10)))
