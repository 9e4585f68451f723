r"""ADAM-02  Ratio of moments is at most 1

Where: dissertation, the text after eq. 2.46
Claim: The size of an expectation is at most the root of the expected square.
Formula: \left|\frac{\mathrm{E}[g]}{\sqrt{\mathrm{E}[g^2]}}\right| \le 1
Verdict: holds
Kind: exact
Found: With equality for constants only.
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
from hypothesis import strategies as st

from toybox import methods

from ...claim import above, equal, told
from ...proof import Theorem, every, implies
from ..mom.common import EIGHTHS, WHOLE, fed

claim = told(__doc__)


@claim.proof("mixtures of two laws", broken={"the variance instead of the square": {"centred": True}})
def jensen(m1, s1, m2, s2, p, centred=False):
    """Means and second moments of two laws that meet the inequality. Their mixture does, and attains it only if they do
    and have one mean. Constants attain it; every law is a limit of mixtures of them."""
    m, s = (1 - p) * m1 + p * m2, (1 - p) * s1 + p * s2
    gap = s - m * m - (m * m if centred else 0)
    one_constant = every(m1 == m2, m1 * m1 == s1, m2 * m2 == s2)
    return Theorem(
        (p >= 0, p <= 1, m1 * m1 <= s1, m2 * m2 <= s2),
        {"at most 1": gap >= 0, "equality": implies(every(gap == 0, p > 0, p < 1), one_constant)},
    )


AVERAGED = st.tuples(WHOLE, EIGHTHS)


@claim.check("averages in our Adam's state", AVERAGED, examples=200)
@claim.control("averages in our Adam's state, uncorrected", AVERAGED, examples=20, corrected=False)
def ratio_of_averages(g, beta, corrected=True):
    """With beta1 = beta2 our Adam averages over one law: m^2 <= v (1 - beta^t), with equality for constants."""
    state = fed(methods.adam.Adam(float(beta), float(beta)), np.array(g, float))[1]
    m, v, total = state.m.tolist(), state.v.tolist(), 1 - beta ** len(g) if corrected else 1
    gaps = [F(b) * total - F(a) ** 2 for a, b in zip(m, v, strict=True)]
    differ = [len(set(column)) > 1 for column in zip(*g, strict=True)]
    return min(above(gap, F(0)) if d and beta else equal(gap, F(0)) for gap, d in zip(gaps, differ, strict=True))
