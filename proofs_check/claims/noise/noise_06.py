r"""NOISE-06  The norm of a mini-batch gradient falls with the batch size

Where: dissertation, section 5.6
Claim: The mean norm of the gradient of a batch of distinct samples does not rise with the size of the batch.
Formula: \mathbf{E}\|g_{\mathbb{B}'}\| \le \mathbf{E}\|g_{\mathbb{B}}\|, \quad |\mathbb{B}'| = |\mathbb{B}| + 1
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from ...claim import told
from ...proof import Theorem

claim = told(__doc__)


@claim.proof("a batch is the mean of those with one sample less", broken={"two samples less": {"fewer": 2}})
def leave_one_out(B, total, fewer=1):
    """Of a batch with this sum of B + 1 gradients, by coordinates: removing each of them in turn removes the sum once.
    So every batch of B is met equally often, too, if all batches of B + 1 are."""
    found = ((B + 1) * total - fewer * total) / (B + 1) / B
    return Theorem((B >= 1,), {"mean": found == total / (B + 1)})


@claim.proof("norms are convex", broken={"without Cauchy and Schwarz": {"uv_at_most": 2}})
def triangle(u, v, uv, length, t, uv_at_most=1):
    """Lengths of two vectors, their inner product, and the length of a mean of them: at most that of their lengths.
    So it is for means of more vectors, one after the other."""
    mean = ((1 - t) * u) ** 2 + 2 * t * (1 - t) * uv + (t * v) ** 2
    given = (u >= 0, v >= 0, length >= 0, t >= 0, t <= 1, uv <= uv_at_most * u * v, length**2 == mean)
    return Theorem(given, {"length": length <= (1 - t) * u + t * v})
