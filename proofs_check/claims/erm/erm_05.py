r"""ERM-05  Mini-batch loss is unbiased with standard error sigma / sqrt(B)

Where: dissertation, after eq. 2.10, and section 6.3.2
Claim: The loss of a batch of B independent samples, at parameters that do not depend on them, has the true loss as its
    mean, and sigma over the root of B as its standard deviation.
Formula: E\,\mathcal L_{\mathbb B} = \mathcal L, \qquad \mathrm{Var}\,\mathcal L_{\mathbb B} = \frac{\sigma^2}{B}
Verdict: holds
Kind: enumeration
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

import toybox as tb

from ...cases import EPS
from ...claim import close, told
from ...proof import Theorem
from .common import laws, mean_square

claim = told(__doc__)


@claim.proof("any losses and size of batch", broken={"the same sample B times": {"independent": False}})
def of_batches(B, mean, square, independent=True):
    """By the mean and the mean square of the loss of a sample; the mean of the sum is the sum of the means."""
    second = mean_square(B, mean, square) if independent else square
    return Theorem((B >= 1, square >= mean**2), {"variance": second - mean**2 == (square - mean**2) / B})


SIZED = st.tuples(laws(), st.integers(1, 4))


@claim.check("all batches on arrays", SIZED, examples=150)
@claim.control("the variance of one sample", SIZED, examples=20, share=lambda B: 1)
def on_arrays(law, B, share=lambda B: B):
    """Each loss is a sum of B + 2 products of size at most M, the mean over batches one more sum; of the variance 2
    M."""
    index, p = law.draws(B)
    m = np.array(law.m, float)[:, None]
    problem = tb.problems.NoisyQuadratic(np.array(law.q, float)[:, None, None], m, np.array(law.o, float))
    values = problem.at(np.full((len(index), 1), float(law.x)), index).value
    losses = [q * (law.x - m) ** 2 / 2 + o for q, m, o in zip(law.q, law.m, law.o, strict=True)]
    M = float(max(q * (abs(law.x) + abs(m)) ** 2 / 2 + abs(o) for q, m, o in zip(law.q, law.m, law.o, strict=True)))
    tol, centre = (len(index) + B + 10) * EPS * M, p @ values
    return {
        "mean": close(centre, float(law.mean(losses)), tol),
        "variance": close(p @ (values - centre) ** 2, float(law.variance(losses) / share(B)), 4 * M * tol),
    }
