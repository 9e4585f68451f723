r"""NOISE-05  Second moment of the norm of a mini-batch gradient

Where: dissertation, section 5.6 with eq. 2.60
Claim: The mean squared norm exceeds that of the full gradient by (1/B - 1/D) times the trace of S, and falls strictly
    as the batch grows unless all samples have one gradient.
Formula: \mathbf{E}\|g_{\mathbb{B}}\|^2 = \|g\|^2 + \left(\frac1B - \frac1D\right)\mathrm{tr}\,\mathbf{S}
Verdict: holds
Kind: enumeration
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from ...cases import dot, mean, populations
from ...claim import above, equal, only, told
from .common import (
    LARGE,
    POPULATIONS,
    SMALL,
    TEN,
    K,
    S,
    apart,
    gradients,
    in_the_mean,
    samplings,
    subsets,
    trace,
    tuples,
)

claim = told(__doc__)


def square_norms(g, batches_of=subsets, largest=7):
    """E |g_B|^2 by the size of the batch."""
    sizes = range(1, min(len(g), largest) + 1)
    return [mean([dot(v, v) for v in gradients(g, batches_of(len(g), B))]) for B in sizes]


def predicted(g, replace=False):
    """|g|^2 + (1/B - 1/D) tr S, or + tr K / B with replacement, for B = 1 .. D."""
    D, centre = len(g), mean(g)
    noise = [trace(K(g)) / B if replace else apart(D, B) * trace(S(g)) for B in range(1, D + 1)]
    return [dot(centre, centre) + v for v in noise]


@claim.check("strictly falling", POPULATIONS, examples=60)
@claim.check("all gradients alike", only((TEN[3],) * 5))
def strictly_falling(g):
    found = square_norms(g)
    alike = all(v == g[0] for v in g)
    compare = equal if alike else above
    return min(compare(a, b) for a, b in pairwise(found))


@claim.check("our sampler of distinct samples", samplings(("fresh", *SMALL), ("fresh", *LARGE)))
@claim.check("our sampler with replacement", samplings(("replacement", *SMALL), ("replacement", *LARGE)), replace=True)
@claim.control("our sampler with replacement", samplings(("replacement", *LARGE)))
def drawn_square_norm(drawn, replace=False):
    centre = drawn.g.mean(axis=0)
    noise = np.trace(drawn.K) / drawn.B if replace else (1 / drawn.B - 1 / drawn.D) * np.trace(drawn.S)
    return in_the_mean(((drawn.errors() + centre) ** 2).sum(-1), centre @ centre + noise)


claim.check("every batch", POPULATIONS, examples=60)(lambda g: equal(square_norms(g), predicted(g)))
claim.check("with replacement tr K / B remains", st.tuples(populations(st.integers(2, 5))), examples=60)(
    lambda g: equal(square_norms(g, tuples, 3), predicted(g, replace=True)[:3])
)
claim.control("with replacement", only(TEN[:4]))(lambda g: equal(square_norms(g, tuples, 3), predicted(g)[:3]))
