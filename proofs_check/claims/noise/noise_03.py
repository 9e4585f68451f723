r"""NOISE-03  Covariance of the error, sampling with replacement

Where: dissertation, eqs. 2.57 to 2.60
Claim: Batches drawn with replacement have errors of covariance K / B, whatever the size of the data set, also for B =
    D: eq. 2.60, which is then zero, does not hold for them.
Formula: \mathbf{E}[\alpha\alpha^\top] = \frac1B\,\mathbf{K}
Verdict: holds
Kind: enumeration
"""

from __future__ import annotations

from fractions import Fraction as F

from hypothesis import strategies as st

from ...cases import populations
from ...claim import only, told
from .common import (
    LARGE,
    POPULATIONS,
    SMALL,
    TEN,
    K,
    covariance_of_errors,
    in_the_mean,
    one_step_risk,
    printed_with_K,
    samplings,
    scaled,
    squares,
    trace,
    tuples,
)

claim = told(__doc__)


@claim.check(
    "our sampler, also for B = D", samplings(("replacement", *SMALL), ("replacement", *LARGE), ("replacement", 4, 4))
)
@claim.control("distinct samples", samplings(("fresh", *SMALL)))
def drawn_with(drawn):
    return in_the_mean(squares(drawn.errors()), drawn.K / drawn.B)


claim.check("all tuples", st.tuples(populations(st.integers(2, 5), st.integers(1, 2))), examples=25)(
    lambda g: covariance_of_errors(g, lambda g, B: scaled(F(1, B), K(g)), tuples, 4)
)
claim.check("our exact risk", POPULATIONS, examples=60)(
    lambda g: one_step_risk(g, "replacement", lambda g, B: trace(K(g)) / B)
)
claim.control("eq. 2.60", only(TEN[:4]))(lambda g: covariance_of_errors(g, printed_with_K, tuples, 4))
