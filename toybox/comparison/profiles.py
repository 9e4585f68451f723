"""Performance profiles (Dolan & More 2002), their area up to a ratio (Dahl et al. 2023), and how far the ranking by it
depends on who takes part (Gould & Scott 2016)."""

from __future__ import annotations

import numpy as np

MOST = 4.0  # ratio up to which a profile is integrated


def ratios(costs: np.ndarray) -> np.ndarray:
    """Costs (methods, cases), infinite where the target was not reached, in multiples of the best of their case; of a
    case that nobody solved, all are infinite."""
    best = costs.min(axis=0)
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(costs), costs / best, np.inf)


def profile(ratio: np.ndarray, taus: np.ndarray) -> np.ndarray:
    """The share of cases in which a method's ratio (cases,) is at most tau, for each tau."""
    return (ratio[:, None] <= taus).mean(axis=0)


def area(ratio: np.ndarray) -> np.ndarray:
    """The integral of a method's profile from ratio 1 to MOST, in shares of the largest possible one: the mean over the
    cases (..., cases) of what is left of that way beyond the step of each."""
    return (np.maximum(0.0, MOST - ratio) / (MOST - 1)).mean(axis=-1)


def ranks(areas: np.ndarray) -> np.ndarray:
    """1 for the largest area, the same for equal ones."""
    return 1 + (areas[:, None] < areas).sum(axis=1)


def ranges(costs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The best and the worst rank of each method over the profiles of all, and of all without one other.

    Who is left out keeps the side of a method on which it stood among all, so that ranks differ only where the others
    change places.
    """
    everyone = area(ratios(costs))
    found = [ranks(everyone)]
    for out in range(len(costs)):
        others = np.delete(np.arange(len(costs)), out)
        without = np.copy(found[0])
        without[others] = ranks(area(ratios(costs[others]))) + (everyone[out] > everyone[others])
        found.append(without)
    return np.min(found, axis=0), np.max(found, axis=0)
