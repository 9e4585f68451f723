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

from ... import of_code
from ...claim import equal, told

claim = told(__doc__)
claim.of_the_code(of_code.labpal.asks, of_code.labpal.capped, of_code.labpal.falls_back, of_code.labpal.nowhere)


@claim.check("the printed numbers", degree="proved")
@claim.control("k = 1 draws 10, not 12", k=1)
def printed_numbers(k=4):
    """The share that a search has of the time units of one round of Algorithm 9, and what it draws."""
    share = lambda reuse: F(10, 10 + reuse)
    drawn = k * ceil(F(1280, k * 128))
    return {
        "10 batches": equal(ceil(F(1280, 128)), 10),
        "100 updates": equal(share(100), F(10, 110)),
        "9 %": equal(round(share(100), 2), F(9, 100)),
        "1000 updates": equal(round(share(1000), 4), F(99, 10000)),
        "3 calls": equal(drawn, 3 * 4),
        "samples": equal(drawn * 128, 1536),
    }


@claim.check("batches that our rule draws", lambda budget: [1, 2, 4, 5])
@claim.control("9 approximation batches", lambda budget: [1], approximation_batches=9)
def ours(k, approximation_batches=10):
    """A search every 10 updates draws ceil(10 / k) times k batches, every other update k.

    Algorithm 9 counts the search and its direction's update apart; ours makes the search part of an update (the head
    of methods/labpal.py), so a round is shorter by one batch of k.
    """
    rng = np.random.default_rng(1)
    problem = tb.problems.NoisyQuadratic(np.eye(3), 5 + 0.1 * rng.standard_normal((500, 3)))
    rule = methods.labpal.LABPAL(alpha=0.01, approximation_batches=approximation_batches, reuse=10)
    optimizer = tb.Optimizer(tb.methods.fixed.Gradient(), rule, batches=lambda steps: [k] * steps)
    trace = tb.run(problem, optimizer, steps=21, batch=5, sampler="fresh", every=None)
    drawn = np.diff(trace.cost("batches")[:, 0], prepend=0).tolist()
    return equal(drawn, [k * ceil(F(10, k)) if t % 10 == 0 else k for t in range(21)])
