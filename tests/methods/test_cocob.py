"""COCOB by hand, on gradients that are given: -1, -1, 2."""

from fractions import Fraction as F

import numpy as np
import pytest

import toybox as tb
from toybox.problems import FromFunction

GRADIENTS = [-1, -1, 2]
PLACE = FromFunction(
    lambda theta, index: (0 * theta[..., 0], np.array(GRADIENTS, float)[index[..., :1]] + 0 * theta), 1, 3
)


def bets(alpha, x=F(5)):
    """Algorithm 2 of Orabona & Tommasi 2017 in fractions, all bets from x: L, G, reward and sum of gradients."""
    largest, total, reward, away, start = F(0), F(0), F(0), F(0), x
    yield x
    for g in GRADIENTS:
        largest, total = max(largest, abs(g)), total + abs(g)
        reward, away = max(reward - g * (x - start), 0), away - g
        x = start + away / (largest * max(total + largest, alpha * largest)) * (largest + reward)
        yield x


@pytest.mark.parametrize("alpha", [1.5, 2.5, 100.0])
def test_three_bets(alpha):
    iterate = tb.Probe("theta", lambda look: look.theta)
    trace = tb.run(
        PLACE, tb.method("cocob", alpha=alpha), steps=3, batch=1, theta=[5.0], probes=[iterate],
        sampler=lambda t, j: np.array([[t]]),
    )  # fmt: skip
    expected = [float(x) for x in bets(F(alpha))]
    assert trace.probes["theta"].ravel() == pytest.approx(expected, rel=2**-48)
