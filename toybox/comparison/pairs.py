"""Two methods on the same seeds, which see the same batches: by how much one ends lower, and how often."""

from __future__ import annotations

import numpy as np
from scipy import stats

LEVEL = 0.95


def interval(values: np.ndarray) -> tuple[float, float, float]:
    """The mean of values (n,) with its t interval of LEVEL: exact for normal values, n >= 2. Differences of logarithms
    over seeds are sums of many small terms; of values that are all alike the interval is a point."""
    mean, n = float(np.mean(values)), len(values)
    reach = float(stats.t.ppf((1 + LEVEL) / 2, n - 1) * np.std(values, ddof=1) / n**0.5)
    return mean, mean - reach, mean + reach


def improvement(first: np.ndarray, second: np.ndarray) -> tuple[float, float, float]:
    """The share of pairs (any shape) in which the first is lower, ties counted half: the probability of improvement of
    Agarwal et al. 2021, of pairs that share their batches. With the interval of LEVEL of Clopper & Pearson 1934, which
    is not narrower than it says where pairs of several problems have chances of their own (Hoeffding 1956), and which
    is no point where all pairs agree."""
    n = first.size
    wins = float((first < second).sum() + 0.5 * (first == second).sum())
    tail = (1 - LEVEL) / 2
    lower = float(stats.beta.ppf(tail, wins, n - wins + 1)) if wins > 0 else 0.0
    upper = float(stats.beta.ppf(1 - tail, wins + 1, n - wins)) if wins < n else 1.0
    return wins / n, lower, upper
