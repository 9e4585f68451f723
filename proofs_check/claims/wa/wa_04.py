r"""WA-04  Strong Wolfe

Where: dissertation, eqs. 2.18 and 2.24
Claim: The strong curvature condition holds on a parabola exactly for alpha between 1 - c2 and 1 + c2.
Formula: |f'(y)| \le c_2 |f'(0)| \ \Leftrightarrow\ 1 - c_2 \le \alpha \le 1 + c_2
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from ...claim import only, told
from .common import CONSTANTS, TWENTIETHS, grid, lanes, same, strong_wolfe

claim = told(__doc__)


@claim.check("every alpha and constant", grid(TWENTIETHS, CONSTANTS))
def strong_iff(p, w, size=abs):
    return same(size(p.slope(p.y)) <= -w * p.b, 1 - w <= p.alpha <= 1 + w)


claim.check(
    "accepted by the strong Wolfe search", only(lanes(), lambda alpha, c2: (1 - c2 <= alpha) & (alpha <= 1 + c2))
)(strong_wolfe)
claim.control("without the absolute value", grid(TWENTIETHS, CONSTANTS))(lambda p, w: strong_iff(p, w, lambda v: v))
claim.control("accepted up to 1 + c2, from 0 on", only(lanes(), lambda alpha, c2: alpha <= 1 + c2))(strong_wolfe)
