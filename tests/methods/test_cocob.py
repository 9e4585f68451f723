"""COCOB by hand, told the gradients -1, -1 and 2."""

from fractions import Fraction as F

import pytest

from places import told

GRADIENTS = [-1, -1, 2]


def bets(alpha, start=F(5)):
    """Algorithm 2 of Orabona & Tommasi 2017 in fractions, all bets from the start: L, G, reward, sum of gradients."""
    largest, total, reward, away, x = F(0), F(0), F(0), F(0), start
    yield x
    for g in GRADIENTS:
        largest, total = max(largest, abs(g)), total + abs(g)
        reward, away = max(reward - g * (x - start), 0), away - g
        x = start + away / (largest * max(total + largest, alpha * largest)) * (largest + reward)
        yield x


@pytest.mark.parametrize("alpha", [1.5, 2.5, 100.0])
def test_three_bets(alpha):
    expected = [float(x) for x in bets(F(alpha))]
    assert told("cocob", GRADIENTS, 5.0, alpha=alpha) == pytest.approx(expected, rel=2**-48)
