"""Lines whose questions are charged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..chebyshev import proxy


class Metered:
    """A line that charges a ledger what a black box would pay; per lane that asked, with no influence on the answers.

    A change costs one loss value, a slope one value and one gradient (a forward and a backward pass), a curvature one
    value and two gradients. On the batch that gave the gradient phi(0) and phi'(0) are known; on any other they are
    charged when first used, and so is the drawing of the batch. where (*lanes,): the lanes that ask, None for all.

    make: gives the line when it is first asked for. brief: for a line that is asked once; it is not kept beyond its
    answer, nor is what it holds, and asked again it is made anew.
    """

    def __init__(
        self,
        make: Callable[[], Any],
        ledger: Any,
        size: int,
        known: bool,
        drawn: bool = True,
        brief: bool = False,
    ):
        self._make, self._ledger, self._size, self._brief = make, ledger, size, brief
        self._value_known = self._slope_known = known
        self._drawn: Any = drawn  # whose batch is paid for: True, False, or a mask over lanes
        self._kept: Any = None

    @property
    def _line(self):
        if self._kept is not None:
            return self._kept
        line = self._make()
        if not self._brief:
            self._kept = line
        return line

    @property
    def at(self):
        return self._line.at

    @property
    def xp(self):
        return self._line.xp

    def _charge(self, kind, count=1, where=None):
        if self._drawn is not True:
            new = where if self._drawn is False else ~self._drawn if where is None else where & ~self._drawn
            self._ledger.charge("batches", self._size, 1, new)
            self._drawn = True if where is None else where | self._drawn
        self._ledger.charge(kind, self._size, count, where)

    @property
    def value0(self):
        if not self._value_known:
            self._value_known = True
            self._charge("values")
        return self._line.value0

    @property
    def slope0(self):
        if not self._slope_known:
            self._charge("backward" if self._value_known else "slopes")
            self._slope_known = self._value_known = True
        return self._line.slope0

    def change(self, s, where=None):
        if not self._value_known:
            self._value_known = True
            self._charge("values", 1, where)
        self._charge("values", s.shape[-1], where)
        return self._line.change(s)

    def once(self, s, where=None):
        """The change at one step s (*lanes,) for a rule that asks no more: a line may answer without expanding."""
        if not self._value_known:
            self._value_known = True
            self._charge("values", 1, where)
        self._charge("values", 1, where)
        line = self._line
        answer = getattr(line, "once", None)
        return line.change(s[..., None])[..., 0] if answer is None else answer(s)

    def slope(self, s, where=None):
        self._charge("slopes", s.shape[-1], where)
        return self._line.slope(s)

    def both(self, s, where=None):
        """Change and slope at the same steps for the price of the slope: a black box has the loss with its gradient."""
        if not self._value_known:
            self._value_known = True
            self._charge("values", 1, where)
        self._charge("slopes", s.shape[-1], where)
        line = self._line
        answer = getattr(line, "both", None)
        return answer(s) if answer else (line.change(s), line.slope(s))

    def curvature(self, s):
        self._charge("curvatures", s.shape[-1])
        return self._line.curvature(s)

    proxy = proxy

    def samples(self, s, where=None):
        self._charge("slopes", s.shape[-1], where)
        return self._line.samples(s)
