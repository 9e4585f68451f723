"""The mean of lines."""

from __future__ import annotations

from collections.abc import Sequence

from ..chebyshev import proxy
from ..xp import Namespace
from .line import Line


class MeanLine:
    """The mean of lines along the same d: the loss on the union of equally large batches.

    weights: how many such batches each of the lines is the mean of, where they are not all the same.
    """

    def __init__(self, xp: Namespace, lines: Sequence[Line], weights: Sequence[int] | None = None):
        self.xp, self.lines = xp, tuple(lines)
        self._weights = None if weights is None or len(set(weights)) == 1 else tuple(weights)

    def _mean(self, parts):
        if self._weights is None:
            return sum(parts[1:], start=parts[0]) / len(parts)
        parts = [weight * part for weight, part in zip(self._weights, parts, strict=True)]
        return sum(parts[1:], start=parts[0]) / sum(self._weights)

    @property
    def at(self):
        return self.lines[0].at

    @property
    def value0(self):
        return self._mean([line.value0 for line in self.lines])

    @property
    def slope0(self):
        return self._mean([line.slope0 for line in self.lines])

    def change(self, s, *who):  # asks, where the lines are metered
        return self._mean([line.change(s, *who) for line in self.lines])

    def slope(self, s, *who):
        return self._mean([line.slope(s, *who) for line in self.lines])

    def curvature(self, s):
        return self._mean([line.curvature(s) for line in self.lines])

    proxy = proxy

    def samples(self, s):
        parts = [line.samples(s) for line in self.lines]
        return tuple(self.xp.concat(part, axis=-1) for part in zip(*parts, strict=True))
