"""Numbers and names as a caption puts them; whatever it says of results is computed from what is drawn."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def listed(parts: Iterable) -> str:
    """Such as: a, b and c."""
    *first, last = map(str, parts)
    return f"{', '.join(first)} and {last}" if first else last


def span(values, form: str = "z.2f", quantiles=(0.0, 1.0)) -> str:
    """Such as: 0.50 to 0.52. From the least to the largest, or between quantiles; one number where both read alike."""
    return " to ".join(dict.fromkeys(f"{end:{form}}" for end in np.quantile(values, quantiles)))


def places(scores: Iterable[float]) -> list[int]:
    """The place of each score, 1 the lowest."""
    return [int(place) + 1 for place in np.argsort(np.argsort(list(scores), kind="stable"), kind="stable")]
