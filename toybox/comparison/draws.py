"""What tuning costs: the end that is to be expected after k settings were drawn from a grid and tried."""

from __future__ import annotations

import math

import numpy as np


def chances(settings: int, k: int) -> np.ndarray:
    """The probability that the best of k settings, drawn without replacement, is the one of rank 0, 1, ... of all:
    C(settings - 1 - rank, k - 1) / C(settings, k), since the others come from behind it."""
    all = math.comb(settings, k)
    return np.array([math.comb(settings - 1 - rank, k - 1) / all for rank in range(settings)])


def order(scores: np.ndarray) -> np.ndarray:
    """Settings (G,) by their scores on the tuning seeds, the lowest first; of equal ones, the first of the grid."""
    return np.argsort(scores, kind="stable")


def expected(scores: np.ndarray, judged: np.ndarray, k: int) -> np.ndarray:
    """For every judging seed, the expected end (S,) of the setting that has the lowest score (G,) of k drawn ones;
    judged (S, G) holds the ends of all. Exact over the grid: nothing is drawn."""
    return judged[:, order(scores)] @ chances(len(scores), k)
