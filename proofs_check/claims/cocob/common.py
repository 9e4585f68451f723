"""What several of these claims need."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from ...cases import powers, seeds


class Game(NamedTuple):
    """Rounds of lanes. After round t the wealth is wealth[t] and the position w[t], from which g[t] is tossed."""

    L: float
    g: np.ndarray  # (T, lanes)
    w: np.ndarray  # (T + 1, lanes), from the start w_1 = 0
    fraction: np.ndarray  # (T + 1, lanes), of the wealth
    wealth: np.ndarray  # (T + 1, lanes)


def bet(toss, L, T, lanes):
    """The tanh bettor: wealth L + sum of w g, and the next w is tanh(theta / (G + L)) / L of it."""
    G, theta, wealth, w = np.full(lanes, L), np.zeros(lanes), np.full(lanes, L), np.zeros(lanes)
    rows = [(0 * w, w, 0 * w, wealth)]
    for t in range(T):
        g = toss(t, w)
        wealth = wealth + w * g
        G, theta = G + np.abs(g), theta + g
        fraction = np.tanh(theta / (G + L)) / L
        w = fraction * wealth
        rows.append((g, w, fraction, wealth))
    g, w, fraction, wealth = (np.stack(column) for column in zip(*rows, strict=True))
    return Game(L, g[1:], w, fraction, wealth)


def mixed(rng, L, T):
    """Tosses up to L: random ones, always against the position, and random signs; four lanes each."""
    uniform, signs = rng.uniform(-1, 1, (T, 4)), rng.choice([-1.0, 1.0], (T, 4))
    hard = rng.uniform(0, 1, 4) ** np.array([0, 1, 1, 4])  # how hard the adversary tosses
    against = lambda w: -np.where(w < 0, -1.0, 1.0) * hard
    return bet(lambda t, w: L * np.concatenate([uniform[t], against(w[4:8]), signs[t]]), L, T, 12)


@st.composite
def games(draw):
    return mixed(np.random.default_rng(draw(seeds)), draw(powers(-2, 2)), draw(st.sampled_from((1, 2, 3, 5, 10, 30))))


def long_games(budget):
    rng = budget.rng()
    return [mixed(rng, L, 200) for L in (0.01, 0.1, 1.0, 10.0, 100.0) for _ in range(budget.many(2, 20))]


def too_large():
    """A game of two rounds with L = 1: 50, then -50."""
    return bet(lambda t, w: np.array([50.0 - 100 * t]), 1.0, 2, 1)
