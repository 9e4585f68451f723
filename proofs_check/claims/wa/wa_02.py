r"""WA-02  Curvature condition

Where: dissertation, eqs. 2.18 and 6.7
Claim: A step of alpha times the distance to the minimum of a parabola meets the curvature condition exactly for alpha
    from 1 - c2 on.
Formula: f'(y) \ge c_2 f'(0) \ \Leftrightarrow\ \alpha \ge 1 - c_2
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from ...claim import equal, only, told
from .common import AHEAD, CONSTANTS, TWENTIETHS, Parabola, grid, lanes, same, strong_wolfe

claim = told(__doc__)


@claim.check("every alpha and constant", grid(TWENTIETHS, CONSTANTS))
def curvature_iff(p, w):
    """2.18 holds iff alpha >= 1 - c2: its sides differ by |b| (alpha - (1 - c2))."""
    return {
        "iff": same(p.rise(w) >= 0, p.alpha >= 1 - w),
        "difference": equal(p.rise(w), -p.b * (p.alpha - (1 - w))),
    }


class Hill(Parabola):
    """A line that bends downwards: y lies ahead, alpha times as far as the maximum lies behind."""

    @property
    def y(self):
        return -super().y


claim.check(
    "undershoots accepted by the strong Wolfe search", only(lanes(alpha=1.0), lambda alpha, c2: alpha >= 1 - c2)
)(strong_wolfe)
claim.control("bent downwards", grid(AHEAD, CONSTANTS))(lambda p, w: curvature_iff(Hill(-p.a, *p[1:]), w))
claim.control("pointing uphill", grid(AHEAD, CONSTANTS))(lambda p, w: curvature_iff(p._replace(b=-p.b), w)["iff"])
claim.control("accepted from c2 on", only(lanes(alpha=1.0), lambda alpha, c2: alpha >= c2))(strong_wolfe)
