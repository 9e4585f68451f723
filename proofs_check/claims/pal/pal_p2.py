r"""PAL-P2  Propositions 2 and 3: the average of minimisers

Where: dissertation, section 4.4.4, A.17 to A.20
Claim: If the quadratic losses of all batches share one positive definite Q, the minimiser of their mean is the mean of
    their minimisers.
Formula: \mathrm{arg}\min \mathcal L = \frac1m \sum_i \mathrm{arg}\min \mathcal L_{\mathbb B_i}
Verdict: holds
Kind: exact
Found: Of a Q that is not symmetric only the symmetric part matters: then the gradient has Q + Q' where A.17 to A.19
    print 2 Q; the conclusion stands.
"""

from __future__ import annotations

from hypothesis import strategies as st

from ...cases import RationalQuadratic, mean, positive
from ...claim import equal, only, told
from .common import UNEQUAL, ZERO, batches_of_quadratics, exact_pal, mean_gradient, package_agrees, plain_average

claim = told(__doc__)


def in_one_variable(strategy):
    return strategy.map(lambda members: [_first(q) for q in members])


def _first(q):
    return RationalQuadratic(((q.Q[0][0],),), q.r[:1], q.c, q.x[:1])


@claim.check("PAL in one variable", st.tuples(in_one_variable(batches_of_quadratics()), positive()), examples=100)
def pal_on_each(members, mu):
    """In one variable one step of PAL on each batch finds the minimisers."""
    found = [exact_pal(q, q.x, mu).x if any(q.gradient(q.x)) else q.x for q in members]
    return equal(mean_gradient(members, mean(found)), (ZERO,))


claim.check("equal Q", batches_of_quadratics(), examples=60)(plain_average)
claim.check("Q not symmetric", batches_of_quadratics(symmetric=False), examples=60)(plain_average)
claim.check("our problem's solution", batches_of_quadratics(), examples=60)(package_agrees)
claim.control("unequal Q", only(UNEQUAL))(plain_average)
claim.control(
    "2 Q for a Q that is not symmetric", batches_of_quadratics(symmetric=False), examples=20, symmetric=False
)(plain_average)
