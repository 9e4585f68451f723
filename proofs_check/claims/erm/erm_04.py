r"""ERM-04  Cross entropy decomposes and is minimised by the label distribution

Where: dissertation, eq. 2.7
Claim: Cross entropy is the entropy of the labels plus the divergence of the prediction from them; it is least, and
    equals the entropy, where the prediction is the distribution of the labels.
Formula: -y^\top \log q = H(y) + \mathrm{KL}(y \| q) \ge H(y)
Verdict: holds
Kind: property
Found: With the natural logarithm the unit is nats; the <<number of bits>> takes the base 2, a factor log 2.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import losses

from ...cases import EPS, powers, seeds
from ...claim import below, close, told

claim = told(__doc__)


class Labels(NamedTuple):
    """Two distributions over labels, and a direction in which the sum over q of them keeps 1: q (1 + t w)."""

    y: np.ndarray
    q: np.ndarray
    w: np.ndarray


@st.composite
def labels(draw):
    n, spread, rng = draw(st.integers(2, 8)), draw(powers(-1, 0)), np.random.default_rng(draw(seeds))
    y, q = (np.maximum(rng.dirichlet([spread] * n), 1e-12) for _ in range(2))
    return Labels(y / y.sum(), q / q.sum(), rng.standard_normal(n))


def cross_entropy(y, q):
    """In nats (2.7)."""
    return -(y * np.log(q)).sum()


def slack_for(y, q):
    """n (n + 2) / n eps per sum of n products: CE, H and KL add up to at most 4 CE, and n + 2 <= 2 n."""
    return 8 * len(y) * EPS * max(1.0, abs(cross_entropy(y, q)))


def decomposes(case):
    y, q, tol = case.y, case.q, slack_for(case.y, case.q)
    CE, H, KL = cross_entropy(y, q), cross_entropy(y, y), (y * np.log(y / q)).sum()
    return {
        "sum": close(CE, H + KL, tol),
        "equal for q = y": close(cross_entropy(y, y), H, tol),
        "more, unless q = y": below(np.abs(y - q).sum() ** 2 / 2, CE - H, tol),  # Pinsker's bound of KL
    }


def above_entropy(case, factor=1.0):
    y, q = case.y, factor * case.q
    return below(cross_entropy(y, y), cross_entropy(y, q), slack_for(y, q))


def falls(case):
    """Without normalisation, larger q make CE as small as one likes: by the logarithm of the factor."""
    logs = np.arange(0, 60, 10) * np.log(10)
    found = [cross_entropy(case.y, np.exp(log) * case.q) for log in logs]
    CE = cross_entropy(case.y, case.q)
    return close(found, CE - logs, 8 * len(case.y) * EPS * (max(1.0, CE) + logs))


def stationary(case, at=lambda case: case.y):
    """The gradient on the simplex is 0 at q = y: along a line in it, CE changes in the second order only.

    -log(1 + u) + u lies between 0 and u^2 / (2 (1 - t)^2) for |u| <= t.
    """
    y, q, t = case.y, at(case), 1e-3
    w = case.w - case.w @ q
    w = w / np.abs(w).max()
    change = cross_entropy(y, q * (1 + t * w)) - cross_entropy(y, q)
    return below(abs(change), (t / (1 - t)) ** 2 / 2 * (y @ w**2), slack_for(y, q))


def in_bits(case, unit=0.6931471805599453):
    bits = -(case.y * np.log2(case.q)).sum()
    return close(cross_entropy(case.y, case.q), unit * bits, slack_for(case.y, case.q))


def our_softmax(case):
    """The loss of our classifiers is the cross entropy for certain labels; logits z lose eps |z| in differences."""
    z, xp = np.log(case.q), tb.xp.namespace("numpy")
    certain = np.eye(len(z))
    found = losses.Softmax().value(xp, np.broadcast_to(z, certain.shape), certain)
    return close(found, -z, 8 * len(z) * EPS * max(1.0, np.abs(z).max()))


@claim.check("sum, minimum, unit, our loss", labels())
def entropies(case):
    return {
        **decomposes(case),
        "at least the entropy": above_entropy(case),
        "stationary on the simplex": stationary(case),
        "nats and bits": in_bits(case),
        "our loss of softmax": our_softmax(case),
        "unbounded without normalisation": falls(case),
    }


claim.control("q without normalisation", labels(), examples=20)(lambda case: above_entropy(case, 100.0))
claim.control("stationary elsewhere", labels(), examples=20)(lambda case: stationary(case, lambda case: case.q))
claim.control("nats for bits", labels(), examples=20)(lambda case: in_bits(case, 1.0))
