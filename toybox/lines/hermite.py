"""Lines through values and slopes that somebody else saw."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..chebyshev import proxy
from ..xp import Array, lazy, namespace


class HermiteLine:
    """A captured line: cubic Hermite pieces through recorded (s, value, slope), straight beyond the ends. No lanes."""

    def __init__(
        self,
        s: Sequence[float],
        values: Sequence[float],
        slopes: Sequence[float],
        at: Callable[[Array], Any] | None = None,
    ):
        self.xp = namespace("numpy")
        self._s, self._f, self._g = (np.asarray(part, np.float64) for part in (s, values, slopes))
        if self._s.ndim != 1 or not self._s.shape == self._f.shape == self._g.shape or (np.diff(self._s) <= 0).any():
            raise ValueError(f"s={s!r} must increase and be as long as values and slopes")
        self.at = at or (lambda step: None)

    @lazy
    def value0(self):
        return self._evaluate(np.zeros(1), 0)[0]

    @lazy
    def slope0(self):
        return self._evaluate(np.zeros(1), 1)[0]

    def _evaluate(self, s, derivative):
        s = np.asarray(s, np.float64)
        i = np.clip(np.searchsorted(self._s, s, side="right") - 1, 0, len(self._s) - 2)
        inside = np.clip(s, self._s[0], self._s[-1])
        w = self._s[i + 1] - self._s[i]
        u, df = (inside - self._s[i]) / w, self._f[i + 1] - self._f[i]
        g0, g1 = w * self._g[i], w * self._g[i + 1]
        c2, c3 = 3 * df - 2 * g0 - g1, g0 + g1 - 2 * df
        value = self._f[i] + u * (g0 + u * (c2 + u * c3))
        slope = (g0 + u * (2 * c2 + u * 3 * c3)) / w
        if derivative == 0:
            return value + slope * (s - inside)
        return slope if derivative == 1 else np.where(s == inside, (2 * c2 + u * 6 * c3) / w**2, 0.0)

    def change(self, s):
        return self._evaluate(s, 0) - self.value0

    def slope(self, s):
        return self._evaluate(s, 1)

    def curvature(self, s):
        return self._evaluate(s, 2)

    proxy = proxy

    def samples(self, s):
        raise NotImplementedError("a captured line knows no per-example values")
