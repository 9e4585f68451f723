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

from ...claim import at_most, equal, told
from ...ours import moves
from .common import AHEAD, CONSTANTS, Parabola, one_step, parabola, same

claim = told(__doc__)


def triples(budget):
    """Random parabolas and pairs of constants, on the grid."""
    random = budget.random()
    for _ in range(budget.many(6000, 100000)):
        yield parabola(random, random.choice(AHEAD)), random.choice(CONSTANTS), random.choice(CONSTANTS)


@claim.check("both conditions", triples)
def both_iff(p, c1, c2, low=lambda c2: 1 - c2):
    return same(p.gain(c1) >= 0 and p.rise(c2) >= 0, low(c2) <= p.alpha <= 2 * (1 - c1))


TENTHS = tuple(F(k, 10) for k in range(1, 10))


def tenths(budget):
    return ((c1, c2) for c1 in TENTHS for c2 in TENTHS)


def wolfe_points(c1, c2):
    """The alphas in 1/20 .. 4 that meet both conditions; on this grid lie the ends of every interval."""
    tried = (Parabola(F(2), F(-3), F(1), alpha) for alpha in AHEAD)
    return [p.alpha for p in tried if p.gain(c1) >= 0 and p.rise(c2) >= 0]


@claim.check("whether there is such an alpha", tenths)
def nonempty_iff(c1, c2, predicted=lambda c1, c2: 2 * c1 - c2 <= 1):
    return same(bool(wolfe_points(c1, c2)), predicted(c1, c2))


@claim.check("c1 < c2 is enough", tenths)
def weaker(c1, c2):
    """Of all constants in (0, 1), c1 < c2 is enough."""
    return at_most(2 * c1 - c2, 1) if c1 < c2 else F(0)


@claim.check("strong Wolfe searches end inside")
def searches_end_inside():
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
        slack[f"{i}: low"], slack[f"{i}: high"] = at_most(1 - c2, alpha[i]), at_most(alpha[i], 2 * (1 - c1))
    return slack | {"found": same(status, Status.FOUND)}


claim.check("c1 = .9, c2 = .1: none")(lambda: equal(len(wolfe_points(F(9, 10), F(1, 10))), 0))
claim.control("from c2 on", triples)(lambda p, c1, c2: both_iff(p, c1, c2, low=lambda c2: c2))
claim.control("c1 < c2 as necessary", tenths)(lambda c1, c2: nonempty_iff(c1, c2, lambda c1, c2: c1 < c2))
