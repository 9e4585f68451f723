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

from ...cases import EPS
from ...claim import close, equal, told
from .common import laws, moments

claim = told(__doc__)

SIZED = st.tuples(laws(), st.integers(1, 4))


@claim.check("all samples, arrays", SIZED, examples=150)
def batches_of_arrays(law, B):
    """The same of all batches as lanes.

    Each loss is a sum of B + 2 products of size at most M, the mean over batches one more sum; of the variance 2 M.
    """
    paths = law.paths(B)
    index, p = np.array([path for path, _ in paths]), np.array([p for _, p in paths], float)
    problem = law.arrays
    values = problem.at(np.full((len(index), 1), float(law.x)), index).value
    M = float(max(q * (abs(law.x) + abs(m)) ** 2 / 2 + abs(o) for q, m, o in zip(law.q, law.m, law.o, strict=True)))
    tol = (len(paths) + B + 10) * EPS * M
    exact = moments((law.plain.value((law.x,), path), p) for path, p in paths)
    centre = p @ values
    return {"mean": close(centre, float(exact[0]), tol), "variance": close(p @ (values - centre) ** 2,
            float(exact[1]), 4 * M * tol)}  # fmt: skip


@claim.check("all samples, exact numbers", SIZED, examples=150)
def of_batches(law, B, members=lambda path: path):
    """Mean sigma^2 / B, from all batches of B independent samples."""
    plain, x = law.plain, (law.x,)
    centre, variance = moments((plain.value(x, (i,)), p) for (i,), p in law.paths(1))
    found = moments((plain.value(x, members(path)), p) for path, p in law.paths(B))
    return {"mean": equal(found[0], centre), "variance": equal(found[1], variance / B)}


claim.control("the same sample B times", SIZED, examples=20)(
    lambda law, B: of_batches(law, B, lambda path: path[:1] * B)
)
