r"""MOM-02  Constant gradient

Where: dissertation, the text after eq. 2.40
Claim: If the gradient stays the same, the momentum vector tends to the gradient divided by 1 - beta.
Formula: m_T = \frac{g}{1-\beta}\left(1 - \beta^{T+1}\right) \to \frac{g}{1-\beta}
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F

from hypothesis import strategies as st

from ...cases import rationals
from ...claim import equal, told
from ...proof import Theorem, size
from .common import BETAS, momenta

claim = told(__doc__)


@claim.proof(
    "one more step", broken={"not divided by 1 - beta": {"factor": lambda beta: 1}, "beta may be above 1": {"below": 2}}
)
def settles(m, g, beta, power, factor=lambda beta: 1 - beta, below=1):
    """power = beta^(T+1), 1 before the first step, where m is 0. The distance from g / (1 - beta) is multiplied by
    beta, so that it tends to 0."""
    given = (factor(beta) * m == g * (1 - power), g != 0, beta >= 0, beta < below)
    new = beta * m + g
    gap = lambda m: size(factor(beta) * m - g)
    return Theorem(
        given,
        {
            "formula": factor(beta) * new == g * (1 - beta * power),
            "gap": gap(new) == beta * gap(m),
            "falls": gap(new) <= gap(m),
        },
    )


@claim.check("our momentum", st.tuples(rationals(), BETAS), examples=100)
@claim.control("one power less", st.tuples(rationals(nonzero=True), BETAS), examples=20, less=1)
def geometric(g, beta, less=0):
    found = [m[0] * (1 - beta) for m in momenta([(g,)] * 21, beta)]
    return equal(found, [g * (1 - beta ** (t + 1 - less)) for t in range(21)])


@claim.check("without drag it grows for ever", rationals(), examples=50)
@claim.control("with drag", rationals(nonzero=True), examples=5, beta=F(1, 2))
def grows(g, beta=F(1)):
    return equal(momenta([(g,)] * 21, beta), [((t + 1) * g,) for t in range(21)])
