"""How exactly the main hyper-parameter has to be hit."""

from __future__ import annotations

import numpy as np


def widths(values: np.ndarray) -> np.ndarray:
    """Decades that each of the sorted positive values (m,), m >= 2, stands for: up to half way to its neighbours, and
    as far beyond the outer ones as on their inner side."""
    steps = np.diff(np.log10(values))
    return (np.concatenate([steps[:1], steps]) + np.concatenate([steps, steps[-1:]])) / 2


def decades(values: np.ndarray, ends: np.ndarray, factor: float) -> float:
    """Decades of the values (m,) whose ends, log10 of a gap (m,), lie within ``factor`` of the best one, and below the
    start: where the best has come no further than that, those that have not moved, or are lost, count for nothing."""
    order = np.argsort(values)
    near = (ends <= ends.min() + np.log10(factor)) & (ends < 0)
    return float(widths(values[order])[near[order]].sum())
