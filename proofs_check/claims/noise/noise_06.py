r"""NOISE-06  The norm of a mini-batch gradient falls with the batch size

Where: dissertation, section 5.6
Claim: The mean norm of the gradient of a batch of distinct samples does not rise with the size of the batch.
Formula: \mathbf{E}\|g_{\mathbb{B}'}\| \le \mathbf{E}\|g_{\mathbb{B}}\|, \quad |\mathbb{B}'| = |\mathbb{B}| + 1
Verdict: holds
Kind: enumeration
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

import toybox as tb

from ...cases import EPS, mean
from ...claim import below, equal, told
from .common import POPULATIONS, gradients, many_populations, subsets

claim = told(__doc__)


@claim.check("every batch", many_populations())
@claim.control("a batch that grows by one sample", many_populations(), examples=20, each=True)
def norms_fall(g, each=False):
    """E |g_B| does not rise with B; ``each``: neither does the norm of any batch that gets one more sample.

    Norms by our problem on arrays. A mean of B <= D gradients, n squares and a mean over the batches: D + n + batches
    dependent operations on numbers of at most the largest norm.
    """
    (D, n), found = g.shape, {}
    problem = tb.problems.NoisyQuadratic(np.eye(n), -g)
    norm = lambda index: np.linalg.norm(problem.at(np.zeros((len(index), n)), index).gradient, axis=-1)
    for B in range(1, D):
        larger = np.array(list(subsets(D, B + 1)))
        one_less = np.array([np.delete(larger, k, axis=1) for k in range(B + 1)])  # (B + 1, batches, B)
        before = norm(one_less.reshape(-1, B)).reshape(B + 1, -1)
        smaller = before if each else norm(np.array(list(subsets(D, B)))).mean()
        after = norm(larger) if each else norm(larger).mean()
        tolerance = 10 * (D + n + len(larger)) * EPS * np.linalg.norm(g, axis=1).max() + 5e-324
        found[B] = below(after, smaller, tolerance)
    return found


@claim.check("a batch is the mean of those with one sample less", POPULATIONS, examples=20)
def leave_one_out(g):
    """The reason: g_B' is the mean of the gradients of its batches with one sample less; norms are convex."""
    D, found = len(g), {}
    for B in range(2, D + 1):
        for batch in subsets(D, B):
            less = gradients(g, combinations(batch, B - 1))
            found[batch] = equal(gradients(g, [batch])[0], mean(less))
    return found
