r"""NOISE-05  Second moment of the norm of a mini-batch gradient

Where: dissertation, section 5.6 with eq. 2.60
Claim: The mean squared norm exceeds that of the full gradient by (1/B - 1/D) times the trace of S, and falls strictly
    as the batch grows unless all samples have one gradient.
Formula: \mathbf{E}\|g_{\mathbb{B}}\|^2 = \|g\|^2 + \left(\frac1B - \frac1D\right)\mathrm{tr}\,\mathbf{S}
Verdict: holds
Kind: exact
"""

from __future__ import annotations

import numpy as np

from ...claim import told
from ...proof import Theorem, implies, same
from .common import LARGE, SMALL, S, apart, in_the_mean, product_mean, samplings

claim = told(__doc__)


@claim.proof("any data and size of batch", broken={"with replacement": {"replace": True}})
def second_moment(D, B, square, squares, replace=False):
    """Of the sum of all gradients and of each of them: the square of the norm, and the sum of squares. The first is at
    most D times the second, with equality where all are alike."""
    trace, found = S(D, square, 1, squares), product_mean(D, B, square, 1, squares, replace)
    return Theorem(
        (D > 1, B >= 1, square >= 0, square <= D * squares), {"moment": found == square / D**2 + apart(D, B) * trace}
    )


@claim.proof("with replacement tr K / B remains", broken={"distinct samples": {"replace": False}})
def with_replacement(D, B, square, squares, replace=True):
    found = product_mean(D, B, square, 1, squares, replace)
    return Theorem(
        (D > 1, B >= 1, square >= 0, square <= D * squares),
        {"moment": found == square / D**2 + (squares / D - square / D**2) / B},
    )


@claim.proof(
    "strictly falling, unless all samples have one gradient",
    broken={"then, too": {"spread": lambda D, square, squares: square <= D * squares}},
)
def falling(D, B, more, square, squares, spread=lambda D, square, squares: square < D * squares):
    """From a batch of B to a larger one."""
    before, after = (product_mean(D, size, square, 1, squares) for size in (B, more))
    return Theorem(
        (D >= more, more > B, B >= 1, square >= 0, square <= D * squares),
        {
            "falls": same(after < before, spread(D, square, squares)),
            "stays": implies(square == D * squares, after == before),
        },
    )


@claim.check("our sampler of distinct samples", samplings(("fresh", *SMALL), ("fresh", *LARGE)), degree="simulated")
@claim.check(
    "our sampler with replacement",
    samplings(("replacement", *SMALL), ("replacement", *LARGE)),
    degree="simulated",
    replace=True,
)
@claim.control("our sampler with replacement", samplings(("replacement", *LARGE)))
def drawn_square_norm(drawn, replace=False):
    centre = drawn.g.mean(axis=0)
    noise = np.trace(drawn.K) / drawn.B if replace else (1 / drawn.B - 1 / drawn.D) * np.trace(drawn.S)
    return in_the_mean(((drawn.errors() + centre) ** 2).sum(-1), centre @ centre + noise)
