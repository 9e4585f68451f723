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

from ...claim import above, at_most, equal, told
from ..mom.common import EIGHTHS, WHOLE, fed, laws

claim = told(__doc__)


@claim.check("laws with two values", laws(), examples=200)
@claim.control("the variance instead of the square", laws(), examples=20, of="at most 1", centred=True)
def jensen(law, centred=False):
    """(E g)^2 <= E g^2; the difference is p (1 - p) (a - b)^2, which is 0 for constants only."""
    second = law.variance if centred else law.mean(lambda g: g * g)
    gap = second - law.mean() ** 2
    return {
        "at most 1": at_most(law.mean() ** 2, second),
        "gap": equal(gap, law.p * (1 - law.p) * (law.a - law.b) ** 2),
    }


@claim.check("averages in our Adam's state", st.tuples(WHOLE, EIGHTHS), examples=200)
def ratio_of_averages(g, beta):
    """With beta1 = beta2 our Adam averages over one law: m^2 <= v (1 - beta^t), with equality for constants."""
    state = fed(methods.adam.Adam(float(beta), float(beta)), np.array(g, float))[1]
    m, v, total = state.m.tolist(), state.v.tolist(), 1 - beta ** len(g)
    gaps = [F(b) * total - F(a) ** 2 for a, b in zip(m, v, strict=True)]
    differ = [len(set(column)) > 1 for column in zip(*g, strict=True)]
    return min(above(gap, F(0)) if d and beta else equal(gap, F(0)) for gap, d in zip(gaps, differ, strict=True))
