r"""PAL-P2N  Unequal curvatures: a weighted average

Where: dissertation, section 4.4.4, after Propositions 2 and 3
Claim: Where batches have different Q_i the mean of the minimisers is not the minimiser of the mean (2 against 3 for x^2
    and 3 (x - 4)^2); their mean with weights Q_i is.
Formula: \mathrm{arg}\min \mathcal L = \left(\sum_i Q_i\right)^{-1} \sum_i Q_i x_i^*
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F

from ...cases import mean, solve, times
from ...claim import above, equal, told
from .common import (
    UNEQUAL,
    ZERO,
    batches_of_quadratics,
    exact_pal,
    mean_gradient,
    minimiser,
    package_agrees,
    plain_average,
    twice,
)

claim = told(__doc__)


@claim.check("weighted", batches_of_quadratics(alike=False), examples=60)
def weighted_average(members):
    """The same of their mean with weights Q_i."""
    Qs = [twice(q.Q) for q in members]
    found = solve(
        tuple(tuple(map(sum, zip(*rows, strict=True))) for rows in zip(*Qs, strict=True)),
        tuple(map(sum, zip(*[times(Q, minimiser(q)) for Q, q in zip(Qs, members, strict=True)], strict=True))),
    )
    return equal(mean_gradient(members, found), (ZERO,) * len(found))


@claim.control("equal Q: they differ", batches_of_quadratics(), examples=5)
def differ(members):
    """How far the mean of the minimisers is from the minimiser of the mean."""
    return above(-plain_average(members), 0)


claim.check("our problem's solution", batches_of_quadratics(alike=False), examples=60)(package_agrees)
claim.check("the printed numbers")(
    lambda: {
        "plain": equal(mean([exact_pal(q, q.x, F(1)).x for q in UNEQUAL]), (F(2),)),
        "true": equal(mean_gradient(UNEQUAL, (F(3),)), (ZERO,)),
        "they differ": differ(UNEQUAL),
    }
)
