r"""WA-03  Wolfe interval

Where: dissertation, eqs. 2.17 and 2.18
Claim: On a parabola both Wolfe conditions hold exactly for alpha between 1 - c2 and 2 (1 - c1). There is such an alpha
    exactly if 2 c1 - c2 <= 1, of which c1 < c2 is more than enough.
Formula: 1 - c_2 \le \alpha \le 2(1 - c_1), \qquad 2 c_1 - c_2 \le 1
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np

from toybox import methods
from toybox.rays import Status

from ... import of_code
from ...claim import at_most, equal, told
from ...ours import moves
from ...proof import Theorem, every, implies, same
from .common import Parabola, differences, one_step

claim = told(__doc__)
claim.of_the_code(of_code.wolfe.ends_on_a_parabola)


def both(a, b, c, alpha, c1, c2):
    p = Parabola(a, b, c, alpha)
    return every(p.gain(c1) >= 0, p.rise(c2) >= 0)


@claim.proof("both conditions", broken={"from c2 on": {"low": lambda c2: c2}, "up to 2 - c1": {"high": 1}})
def between(a, b, c, alpha, c1, c2, low=lambda c2: 1 - c2, high=2):
    ends = every(low(c2) <= alpha, alpha <= 2 - high * c1)
    return Theorem((a > 0, b < 0, alpha > 0), {"iff": same(both(a, b, c, alpha, c1, c2), ends)})


@claim.proof("whether there is such an alpha", broken={"c1 < c2 as necessary": {"needed": lambda c1, c2: c1 < c2}})
def nonempty(a, b, c, alpha, c1, c2, needed=lambda c1, c2: 2 * c1 - c2 <= 1):
    """If any alpha meets both, 2 c1 - c2 <= 1; and then 1 - c2 does."""
    return Theorem(
        (a > 0, b < 0, alpha > 0, 0 < c1, c1 < 1, 0 < c2, c2 < 1),
        {
            "necessary": implies(both(a, b, c, alpha, c1, c2), needed(c1, c2)),
            "sufficient": implies(needed(c1, c2), both(a, b, c, 1 - c2, c1, c2)),
            "c1 < c2 is enough": implies(c1 < c2, needed(c1, c2)),
        },
    )


@claim.check("strong Wolfe searches end inside")
@claim.control("up to 1 - c1", high=1)
def searches_end_inside(high=2):
    """On arrays and on exact numbers the strong Wolfe search takes the same step, which meets both conditions."""
    j, k, first = (part.ravel() for part in np.meshgrid(np.arange(1, 16), np.arange(1, 16), 2.0 ** np.arange(-5, 6, 2)))
    j, k, first = (part[j < k] for part in (j, k, first))
    curvature, x = 2.0 ** (j % 5 - 2), -(2.0 ** -(k % 3))
    size, status, _, _ = one_step(methods.wolfe.StrongWolfe(j / 16, k / 16, first / curvature), curvature, x)
    slack, alpha = {}, [F(s) for s in size * curvature]
    for i, (c1, c2) in enumerate((F(a) / 16, F(b) / 16) for a, b in zip(j.tolist(), k.tolist(), strict=True)):
        p = Parabola(F(curvature[i]) / 2, F(curvature[i] * x[i]), F(0), alpha[i])
        exactly = moves("strong-wolfe", p.plain, (F(0),), [True], c1=c1, c2=c2, first=F(first[i] / curvature[i]))
        slack[f"{i}: exact"] = equal(exactly[0].step, F(size[i]))
        slack[f"{i}: low"], slack[f"{i}: high"] = at_most(1 - c2, alpha[i]), at_most(alpha[i], high * (1 - c1))
    return slack | {"found": differences(status, Status.FOUND)}
