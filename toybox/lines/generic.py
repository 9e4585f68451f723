"""Lines that evaluate the problem, and the choice between them and closed ones."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ..chebyshev import proxy
from ..xp import Array, Namespace, lazy
from .line import Line


class GenericLine:
    """Evaluates the problem at theta + s d: the oracle of the closed lines, and the line of a user's own problem.

    ``at(s)`` gives the Point at theta + s d; its optional ``examples(d)`` gives per-example values and slopes.
    """

    def __init__(self, xp: Namespace, origin: Any, d: Array, at: Callable[[Array], Any]):
        self.xp, self.at, self._origin, self._d = xp, at, origin, d

    @lazy
    def value0(self):
        return self._origin.value

    @lazy
    def slope0(self):
        return self.xp.vecdot(self._origin.gradient, self._d)

    def _each(self, s, *answers):
        points = [self.at(s[..., k]) for k in range(s.shape[-1])]
        return [self.xp.stack([answer(point) for point in points], axis=-1) for answer in answers]

    def _change(self, point):
        return point.value - self.value0

    def _slope(self, point):
        return self.xp.vecdot(point.gradient, self._d)

    def change(self, s):
        return self._each(s, self._change)[0]

    def slope(self, s):
        return self._each(s, self._slope)[0]

    def both(self, s):
        """Change and slope, from the same points."""
        return self._each(s, self._change, self._slope)

    def curvature(self, s):
        return self._each(s, lambda point: self.xp.vecdot(point.hvp(self._d), self._d))[0]

    proxy = proxy

    def samples(self, s):
        pairs = [self.at(s[..., k]).examples(self._d) for k in range(s.shape[-1])]
        return tuple(self.xp.stack(part, axis=-2) for part in zip(*pairs, strict=True))


def along(point: Any, d: Array) -> Line:
    """The line from a point of a problem with closed lines: its ``closed(d)``, or the generic one where asked for."""
    problem = point.problem
    return GenericLine(problem.xp, point, d, partial(point._at, d)) if problem.line == "generic" else point.closed(d)


def examples(point: Any, d: Array) -> tuple[Array, Array]:
    """Values and slopes along d of every example, at a point of a problem with closed lines: two of (*lanes, n)."""
    zero = 0 * d[..., :1]
    values, slopes = point.closed(d).samples(zero)
    return values[..., 0, :], slopes[..., 0, :]
