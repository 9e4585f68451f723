r"""MOM-02  Constant gradient

Where: dissertation, the text after eq. 2.40
Claim: If the gradient stays the same, the momentum vector tends to the gradient divided by 1 - beta.
Formula: m_T = \frac{g}{1-\beta}\left(1 - \beta^{T+1}\right) \to \frac{g}{1-\beta}
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise

from hypothesis import strategies as st

from ...cases import rationals
from ...claim import at_most, equal, only, told
from .common import BETAS, momenta

claim = told(__doc__)


def constant(g, beta, T):
    """m_0 .. m_T for the gradient g in every step."""
    return [m[0] for m in momenta([(g,)] * (T + 1), beta)]


@claim.check("at every step", st.tuples(rationals(), BETAS), examples=150)
def geometric(g, beta):
    return equal(constant(g, beta, 20), [g * (1 - beta ** (t + 1)) / (1 - beta) for t in range(21)])


@claim.check("the limit", st.tuples(rationals(nonzero=True), rationals(0, 9, 1).map(lambda k: k / 10)), examples=50)
@claim.control("beta = 1", lambda budget: [(F(3, 7), F(1))])
@claim.control("not divided by 1 - beta", only(F(3, 7), F(1, 2)), of="near", factor=lambda beta: 1)
def settles(g, beta, T=80, factor=lambda beta: 1 - beta):
    """(1 - beta) m_T comes as close to g as a 200th, for beta up to .9 (.9^81 < 1/200), and closer with every step."""
    gaps = [abs(factor(beta) * m - g) for m in constant(g, beta, T)]
    return {
        "near": at_most(gaps[-1], abs(g) / 200),
        "nearer": min(at_most(b, a) for a, b in pairwise(gaps)),
    }


claim.check("without drag it grows for ever", rationals(), examples=50)(
    lambda g: equal(constant(g, F(1), 20), [(t + 1) * g for t in range(21)])
)
