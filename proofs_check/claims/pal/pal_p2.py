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

from ...cases import add, scale, times
from ...claim import told
from ...proof import Theorem, every

claim = told(__doc__)


@claim.proof(
    "a mean of two minimisers",
    broken={"unequal Q": {"ratio": 2}, "2 Q for a Q that is not symmetric": {"transposed": False}},
)
def stationary(a, b, c, d, x1, y1, x2, y2, weight, ratio=1, transposed=True):
    """Of x'Qx + r'x in two variables: where Q + Q' and r cancel for each loss, they do for a mean of both.

    More variables add terms of the same form. More batches come one by one, each with its weight. ratio: of the second
    Q and the first.
    """
    symmetric = ((2 * a, b + c), (b + c, 2 * d))
    solved = symmetric if transposed else ((2 * a, 2 * b), (2 * c, 2 * d))
    mean = lambda u, v: add(scale(1 - weight, u), weight, v)
    one, two = (x1, y1), (x2, y2)
    there = mean(one, two)
    gradients = [scale(k, add(times(symmetric, there), -1, times(solved, own))) for k, own in ((1, one), (ratio, two))]
    return Theorem((), {"stationary": every(*(g == 0 for g in mean(*gradients)))})
