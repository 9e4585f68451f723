"""Lines along which the predictions are linear, under any loss."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from ..chebyshev import proxy
from ..xp import Array, Namespace, slices


class CompositeLine:
    """phi(s) = mean_i loss(z0_i + s z1_i, y_i): any loss of predictions that are linear along the line.

    z0, z1, y: (*lanes, n), or (*lanes, n, outputs) for a loss with outputs; lanes broadcast. ``fused``: the backend's
    own kernels for all of this; None where it has none, or where the arrays' own operations shall answer.
    walked(theta, s): the point at theta, which is at(s) or, where s is 0, has stayed, whatever d is there: its
    predictions are known. None where they are not.
    """

    ELEMENTS = 1 << 14  # per-example numbers computed at once: they stay in the cache. 64 times as many off NumPy
    SPAN = 1 << 17  # the most of them where a single step has more than ELEMENTS: this bounds the memory

    def __init__(
        self,
        xp: Namespace,
        loss: Any,
        z0: Array,
        z1: Array,
        y: Array,
        at: Callable[[Array], Any],
        value0: Array | None = None,
        slope0: Array | None = None,
        walked: Callable[[Array, Array], Any] | None = None,
    ):
        self.xp, self.loss, self.at, self.walked, self.fused = xp, loss, at, walked, xp.composite
        self._z0, self._z1, self._y, self._value0, self._slope0 = z0, z1, y, value0, slope0
        self._axis = loss.axis  # of the examples
        self._n = z0.shape[self._axis]

    @property
    def value0(self):
        if self._value0 is None:
            self._value0 = self._mean("value", self._origin)[..., 0]
        return self._value0

    @property
    def slope0(self):
        if self._slope0 is None:
            self._slope0 = self._mean("slope", self._origin)[..., 0]
        return self._slope0

    @property
    def _origin(self):
        return self.xp.zeros((*self._lanes(), 1), dtype=self._z0.dtype)

    def change(self, s):
        return self._mean("change", s)

    def slope(self, s):
        return self._mean("slope", s)

    def curvature(self, s):
        return self._mean("curvature", s)

    proxy = proxy

    def samples(self, s):
        found = self._kernel("samples", s)
        if found is not None:
            return found
        if self._small(s):
            return self._samples(*self._aligned(s))
        lanes = self._lanes(s.shape[:-1])
        shape = (prod(lanes), s.shape[-1], self._n)
        values, slopes = (self.xp.empty(shape, dtype=self._z0.dtype) for _ in range(2))
        for place, piece in self._pieces(lanes, s):
            values[place], slopes[place] = self._samples(*piece)
        return tuple(self.xp.reshape(part, (*lanes, *shape[1:])) for part in (values, slopes))

    def _mean(self, what, s):
        """The mean over the examples of one of the four sums below: (*lanes, k)."""
        found = self._kernel(what, s)
        if found is not None:
            return found
        total = getattr(self, f"_{what}")
        if self._small(s):
            return total(*self._aligned(s)) / self._n
        lanes = self._lanes(s.shape[:-1])
        sums = self.xp.zeros((prod(lanes), s.shape[-1]), dtype=self._z0.dtype)
        for (row, step, _), piece in self._pieces(lanes, s):
            sums[row, step] += total(*piece)
        return self.xp.reshape(sums, (*lanes, s.shape[-1])) / self._n

    def _kernel(self, what, s):
        return None if self.fused is None else self.fused(self.loss.name, what, self._z0, self._z1, self._y, s)

    # Sums over the examples, of arrays as ``_aligned`` prepares them

    def _value(self, z0, z1, y, s):
        return self.xp.rowsum(self.loss.value(self.xp, z0 + s * z1, y))

    def _change(self, z0, z1, y, s):
        return self.xp.rowsum(self.loss.change(self.xp, z0, y, s * z1))

    def _slope(self, z0, z1, y, s):
        return self._dot(self.loss.residual(self.xp, z0 + s * z1, y), z1)

    def _curvature(self, z0, z1, y, s):
        return self._dot(self.loss.bend(self.xp, z0 + s * z1, y, z1), z1)

    def _dot(self, a, b):
        """Inner products over examples (and outputs)."""
        return self.xp.vecdot(a, b) if self._axis == -1 else self.xp.rowsum(self.xp.rowsum(a * b))

    def _samples(self, z0, z1, y, s):
        z = z0 + s * z1
        values, slopes = self.loss.value(self.xp, z, y), self.loss.residual(self.xp, z, y) * z1
        return values, slopes if self._axis == -1 else self.xp.rowsum(slopes)

    def _aligned(self, s):
        """z0, z1 and y with an axis for the steps, and s ready to multiply them."""
        z0, z1, y = self._z0, self._z1, self._y
        if self._axis == -1:
            return z0[..., None, :], z1[..., None, :], y[..., None, :], s[..., None]
        return z0[..., None, :, :], z1[..., None, :, :], y[..., None, :, :], s[..., None, None]

    # Many lanes, steps or examples: one piece of them after the other

    def _lanes(self, *lanes):
        arrays = self._z0, self._z1, self._y
        return np.broadcast_shapes(*lanes, *(tuple(a.shape[: self._axis]) for a in arrays))

    def _most(self):
        return self.ELEMENTS * (1 if self.xp.eager else 64)

    def _span(self):
        return max(self.SPAN, self._most())

    def _small(self, s):
        """Whether one piece is enough."""
        numbers = prod(self._z0.shape) * s.shape[-1]
        return numbers <= self._most() or (s.shape[-1] == 1 and numbers <= self._span())

    def _pieces(self, lanes, s):
        """(lanes, steps, examples), slices of a result whose lanes are one axis, and z0, z1, y and s there, aligned."""
        rows, size = prod(lanes), prod(self._z0.shape[self._axis :])
        few = min(rows, max(1, self._span() // size))
        steps = slices(s.shape[-1], max(1, self._most() // (few * size)))
        arrays = [_flat(self.xp, a, lanes, 1 - self._axis) for a in self._aligned(s)]
        for row in slices(rows, few):
            *predictions, t = (a if a.shape[0] == 1 else a[row, ...] for a in arrays)
            for part in slices(self._n, self._span()):
                z0, z1, y = (a[:, :, part, ...] for a in predictions)
                for step in steps:
                    yield (row, step, part), (z0, z1, y, t[:, step, ...])


def _flat(xp: Namespace, a: Array, lanes: tuple[int, ...], inner: int) -> Array:
    """(*lanes, ...) with the lanes as one axis, of length 1 where all share the same; ``inner`` axes follow them."""
    own, rest = a.shape[:-inner], tuple(a.shape[-inner:])
    if prod(own) == 1:
        return xp.reshape(a, (1, *rest))
    return xp.reshape(xp.broadcast_to(a, (*lanes, *rest)), (prod(lanes), *rest))
