r"""WA-04  Strong Wolfe

Where: dissertation, eqs. 2.18 and 2.24
Claim: The strong curvature condition holds on a parabola exactly for alpha between 1 - c2 and 1 + c2.
Formula: |f'(y)| \le c_2 |f'(0)| \ \Leftrightarrow\ 1 - c_2 \le \alpha \le 1 + c_2
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from ... import of_code
from ...claim import only, told
from ...proof import Theorem, every, same, size
from .common import Parabola, lanes, strong_wolfe

claim = told(__doc__)
claim.of_the_code(of_code.wolfe.on_a_parabola)


@claim.proof("every alpha and constant", broken={"without the absolute value": {"size": lambda slope: slope}})
def flat(a, b, c, alpha, c2, size=size):
    p = Parabola(a, b, c, alpha)
    ends = every(1 - c2 <= alpha, alpha <= 1 + c2)
    return Theorem((a > 0, b < 0), {"iff": same(size(p.slope(p.y)) <= -c2 * b, ends)})


@claim.check("accepted by the strong Wolfe search", only(lambda alpha, c2: (1 - c2 <= alpha) & (alpha <= 1 + c2)))
@claim.control("accepted up to 1 + c2, from 0 on", only(lambda alpha, c2: alpha <= 1 + c2))
def searched(predicted):
    return strong_wolfe(lanes(), predicted)
