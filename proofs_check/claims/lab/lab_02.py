r"""LAB-02  Cost of the line search

Where: dissertation, section 6.4.1
Claim: With 1280 samples per search, 128 per update and 100 updates per search, searches take 9 per cent of the training
    steps. Where a gradient averages 4 batches, a search makes 3 calls and draws 1536 samples.
Formula: \frac{10}{10+100} = 9.09\,\%, \qquad 4\left\lceil\frac{1280}{512}\right\rceil = 12
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F
from math import ceil

import numpy as np

import toybox as tb
from toybox import methods

from ...claim import equal, told

claim = told(__doc__)


def share(reuse, k=1, approximation=1280, batch=128):
    """Of the time units of one round of Algorithm 9, those of its search."""
    search = k * ceil(F(approximation, k * batch))
    return F(search, search + k * reuse)


@claim.check("the printed shares")
def printed_shares():
    return {
        "100 updates": equal(share(100), F(10, 110)),
        "9 %": equal(round(share(100), 2), F(9, 100)),
        "1000 updates": equal(round(share(1000), 4), F(99, 10000)),
        "k = 4": equal(4 * ceil(F(1280, 512)), 12),
        "samples": equal(12 * 128, 1536),
    }


def drawn(k, approximation_batches=10, steps=21, reuse=10):
    """The batches that our rule draws in each of ``steps`` updates."""
    rng = np.random.default_rng(1)
    problem = tb.problems.NoisyQuadratic(np.eye(3), 5 + 0.1 * rng.standard_normal((500, 3)))
    rule = methods.labpal.LABPAL(alpha=0.01, approximation_batches=approximation_batches, reuse=reuse)
    optimizer = tb.Optimizer(tb.methods.fixed.Gradient(), rule, batches=lambda steps: [k] * steps)
    trace = tb.run(problem, optimizer, steps=steps, batch=5, sampler="fresh", every=None)
    return np.diff(trace.cost("batches")[:, 0], prepend=0).tolist()


@claim.check("batches that our rule draws", lambda budget: [1, 2, 4, 5])
def ours(k):
    """A search every ``reuse`` updates draws ceil(10 / k) times k batches, every other update k.

    Algorithm 9 counts the search and its direction's update apart; ours makes the search part of an update (the head
    of methods/labpal.py), so a round is shorter by one batch of k.
    """
    search = k * ceil(F(10, k))
    return equal(drawn(k), [search if t % 10 == 0 else k for t in range(21)])


claim.control("k = 1 draws 10, not 12")(lambda: equal(1 * ceil(F(1280, 128)), 12))
claim.control("our rule with 9 approximation batches")(lambda: equal(drawn(1, 9)[0], 10))
