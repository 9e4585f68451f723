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

from ...claim import only, told
from .common import CONSTANTS, TWENTIETHS, Parabola, accepts, found, grid, lanes, same

claim = told(__doc__)


@claim.check("accepted by GOLS-I", only(lambda alpha, c2: (1 <= alpha) & (alpha <= 1 + c2)))
@claim.control("the vertex itself is not", only(lambda alpha, c2: (1 < alpha) & (alpha <= 1 + c2)))
def golsi(predicted):
    return accepts(lanes(constant=2.0), methods.golsi.GOLSI, "golsi", "c2", predicted)


@claim.check("every alpha and constant", grid(TWENTIETHS, CONSTANTS))
def immediate_iff(p, w, low=F(1)):
    return same(0 <= p.slope(p.y) <= -w * p.b, low <= p.alpha <= 1 + w)


@claim.check("by default 1 .. 1.9", lambda budget: [F(k, 20) for k in range(20, 39)])
@claim.control(".99 is accepted", lambda budget: [F(99, 100)])
@claim.control("1.91 is accepted", lambda budget: [F(191, 100)])
def at_once(alpha):
    """-1 unless GOLS-I with its default constant accepts this step at once."""
    p = Parabola(F(2), F(-1, 8), F(0), alpha)
    return same(found(p, "golsi", c2=F(9, 10)), True)


claim.control("undershoots, too", grid(TWENTIETHS, CONSTANTS))(lambda p, w: immediate_iff(p, w, 1 - w))
