r"""WA-02  Curvature condition

Where: dissertation, eqs. 2.18 and 6.7
Claim: A step of alpha times the distance to the minimum of a parabola meets the curvature condition exactly for alpha
    from 1 - c2 on.
Formula: f'(y) \ge c_2 f'(0) \ \Leftrightarrow\ \alpha \ge 1 - c_2
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from ...claim import only, told
from ...proof import Theorem, same, size
from .common import lanes, strong_wolfe

claim = told(__doc__)


@claim.proof(
    "every parabola, alpha and constant",
    broken={"bent downwards": {"bend": -1}, "pointing uphill": {"fall": -1}, "from c2 on": {"least": lambda c2: c2}},
)
def accepted(a, b, alpha, c2, bend=1, fall=1, least=lambda c2: 1 - c2):
    """y is alpha times as far as the minimum of a s^2 + b s, ahead of 0; the sides differ by |b| (alpha - (1 - c2))."""
    y = alpha * size(b) / (2 * size(a))
    return Theorem((bend * a > 0, fall * b < 0), {"iff": same(2 * a * y + b >= c2 * b, alpha >= least(c2))})


@claim.check("undershoots accepted by the strong Wolfe search", only(lambda alpha, c2: alpha >= 1 - c2))
@claim.control("accepted from c2 on", only(lambda alpha, c2: alpha >= c2))
def undershoots(predicted):
    return strong_wolfe(lanes(alpha=1.0), predicted)
