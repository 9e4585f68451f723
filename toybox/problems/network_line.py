"""The loss of a network along a line, by forward passes.

Along W + s D, b + s e every layer's change h(s) = z(s) - z(0) obeys

    h(s) = da(s) (W + s D)' + s v      with da(s) = act(z + h(s)) - act(z)  and  v = a D' + e,

in which nothing cancels. v is computed once, and da = 0 in the first layer: the widest product of most networks is not
repeated for every step. Derivatives by s follow by the rules for products and compositions.
"""

from __future__ import annotations

from functools import partial
from math import prod
from typing import Any

from ..chebyshev import proxy
from ..xp import Array, lazy


class NetworkLine:
    """phi(s) from a point of a network along d, all steps at once."""

    ELEMENTS = 1 << 16  # numbers of the widest layer computed at once, 64 times as many off NumPy

    def __init__(self, point: Any, d: Array):
        self.problem, self.xp, self._point, self._d = point.problem, point.problem.xp, point, d
        self.at = partial(point._at, d)

    @property
    def value0(self):
        return self._point.value

    @lazy
    def slope0(self):
        return self.xp.vecdot(self._point.gradient, self._d)

    @lazy
    def _start(self):
        """Of every layer, with an axis for the steps: W, D, v, and a, z at s = 0; and the targets."""
        point = self._point
        rows = zip(point._layers, point.turns(self._d), *point._forward, strict=True)
        steps = lambda x: x[..., None, :, :]
        return [tuple(map(steps, (W, D, v, a, z))) for (W, _), (D, v), a, z in rows], steps(point._y)

    def _jet(self, s, order):
        """h(s) and its first ``order`` derivatives by s, of the predictions: each (*lanes, k, b, outputs).

        Leibniz' rule for the product of a(s) and W + s D; a' = act' z', a'' = act' z'' + act'' z' z'.
        """
        xp, activation, s = self.xp, self.problem.activation, s[..., None, None]
        (_, _, v, _, z), *rest = self._start[0]
        jet = [s * v, v, xp.zeros_like(v)][: order + 1]
        for W, D, v, a, next_z in rest:
            moved = activation.value(xp, z + jet[0])
            inputs = [activation.change(xp, z, jet[0], a, moved)]
            if order > 0:
                slope = activation.slope(xp, moved)
                inputs.append(slope * jet[1])
            if order > 1:
                inputs.append(slope * jet[2] + activation.bend(xp, moved) * jet[1] * jet[1])
            turned = (W + s * D).mT
            jet = [xp.matmul(x, turned) for x in inputs]
            jet[0] = jet[0] + s * v
            if order > 0:
                jet[1] = jet[1] + xp.matmul(inputs[0], D.mT) + v
            if order > 1:
                jet[2] = jet[2] + 2 * xp.matmul(inputs[1], D.mT)
            z = next_z
        return jet

    def _change(self, jet, z0, y):
        return self.problem.each(self.problem.loss.change(self.xp, z0, y, jet[0]))

    def _value(self, jet, z0, y):
        return self.problem.each(self.problem.loss.value(self.xp, z0 + jet[0], y))

    def _slope(self, jet, z0, y):
        return self.xp.rowsum(self.problem.residual(z0 + jet[0], y) * jet[1])

    def _curvature(self, jet, z0, y):
        z = z0 + jet[0]
        return self.xp.rowsum(self.problem.bend(z, y, jet[1]) * jet[1] + self.problem.residual(z, y) * jet[2])

    def _each(self, s, order, *answers):
        """What is asked of every sample (*lanes, k, b), a few steps at a time where the arrays would be large."""
        layers, y = self._start
        z0 = layers[-1][-1]
        many = self.ELEMENTS * (1 if self.xp.eager else 64) // (prod(z0.shape[:-1]) * max(self.problem.widths[1:]))

        def piece(s):
            jet = self._jet(s, order)
            return [answer(jet, z0, y) for answer in answers]

        k, many = s.shape[-1], max(1, many)
        if k <= many:
            return piece(s)
        pieces = [piece(s[..., i : i + many]) for i in range(0, k, many)]
        return [self.xp.concat(parts, axis=-2) for parts in zip(*pieces, strict=True)]

    def _means(self, s, order, *answers):
        return [self.xp.rowsum(each) / each.shape[-1] for each in self._each(s, order, *answers)]

    def change(self, s):
        return self._means(s, 0, self._change)[0]

    def slope(self, s):
        return self._means(s, 1, self._slope)[0]

    def both(self, s):
        """Change and slope, from the same pass."""
        return self._means(s, 1, self._change, self._slope)

    def curvature(self, s):
        return self._means(s, 2, self._curvature)[0]

    def samples(self, s):
        return tuple(self._each(s, 1, self._value, self._slope))

    proxy = proxy
