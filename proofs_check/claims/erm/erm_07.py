r"""ERM-07  Mini-batch gradient is an unbiased gradient estimate

Where: dissertation, section 2.4
Claim: The gradient of a random batch has the gradient of the full loss as its mean.
Formula: E\, g_{\mathbb B} = \nabla \mathcal L
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import sampling

from ...cases import EPS, batches, populations, seeds
from ...claim import ERRORS, close, equal, sigmas, told
from ..noise.common import UNBIASED, exactly, unbiased

claim = told(__doc__)


claim.proof("any batches, with and without replacement", **UNBIASED)(unbiased)


def spread(G, B, how):
    """Standard deviations of the gradient of a batch: K / B, or S (1 / B - 1 / D) without replacement."""
    D = len(G)
    return G.std(axis=0) * np.sqrt(1 / B if how == "replacement" else (D - B) / (B * (D - 1)))


EPOCHS = st.tuples(seeds, st.integers(1, 5), st.integers(1, 5))


@claim.check("an epoch of ours", EPOCHS, examples=60)
@claim.control("fresh batches", EPOCHS, examples=20, how="fresh")
def our_epoch(seed, batch, steps, how="epochs"):
    """The batches of an epoch that they fill share out the samples: their mean gradient is exactly the full one."""
    D = batch * steps
    index = np.concatenate([sampling.draw(how, np.array([seed]), t, 0, batch, D)[0] for t in range(steps)])
    return equal(sorted(index.tolist()), list(range(D)))


HOW = lambda budget: [(seed, how) for seed in range(budget.many(2, 20)) for how in sampling.SAMPLERS]


@claim.check("our samplers", HOW, degree="simulated")
@claim.control("batches of large losses among ours", HOW, limit=10, biased=True)
def our_batches(seed, how, limit=ERRORS, biased=False):
    """Our batches: the mean gradient over many seeds; of biased ones, of those above a third of the losses."""
    G, B = np.random.default_rng(seed).standard_normal((9, 2)), 3
    problem, many = tb.problems.NoisyQuadratic(np.eye(2), -G), np.arange(20_000)
    index = sampling.draw(how, many, 0, 0, B, len(G))
    if biased:
        losses = problem.at(np.zeros((len(many), 2)), index).value
        index = index[losses > np.quantile(losses, 1 / 3)]
    found = problem.at(np.zeros((len(index), 2)), index).gradient.mean(axis=0)
    return sigmas(found, G.mean(axis=0), spread(G, B, how) / np.sqrt(len(index)), limit)


POPULATIONS = st.tuples(populations(), st.integers(1, 7))


@claim.check("gradients of these batches on arrays", POPULATIONS, examples=50)
@claim.control("at another place", POPULATIONS, examples=20, more=1)
def arrays_agree(gradients, B, more=0):
    """The batches without replacement as lanes: of each, B numbers of size at most M are added."""
    D, n = len(gradients), len(gradients[0])
    G, index = np.array(gradients, float), np.array(list(batches(D, min(B, D))))
    plain, problem = exactly(gradients), tb.problems.NoisyQuadratic(np.eye(n), -G)
    found = problem.at(np.zeros((len(index), n)), index).gradient
    exact = [plain.gradient((F(more),) * n, tuple(batch)) for batch in index.tolist()]
    return close(found, np.array(exact, float), (B + 2) * EPS * np.abs(G).max() + 5e-324)
