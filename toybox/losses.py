"""Losses of predictions z: value, residual, and exact differences along a line z + h.

Each loss is a set of functions on per-example predictions; a problem composes them with its own z(theta). Shapes: z and
h (..., outputs) for ``Softmax``, (...) for the others; y as ``targets`` prepares it. Examples lie
along ``axis`` of z; all results are per example.

``change(z, y, h) = loss(z + h) - loss(z)`` is the primitive: near a minimum the plain subtraction loses every digit.
"""

from __future__ import annotations

import numpy as np

from .xp import Array, Namespace


class Square:
    """(z - y)^2."""

    name, axis = "square", -1

    def targets(self, y: np.ndarray) -> np.ndarray:
        return np.asarray(y, np.float64)

    def value(self, xp: Namespace, z: Array, y: Array) -> Array:
        return (z - y) ** 2

    def residual(self, xp: Namespace, z: Array, y: Array) -> Array:
        """d loss / d z."""
        return 2 * (z - y)

    def change(self, xp: Namespace, z: Array, y: Array, h: Array) -> Array:
        return h * (2 * (z - y) + h)

    def bend(self, xp: Namespace, z: Array, y: Array, v: Array) -> Array:
        """Second derivative applied to v: (d^2 loss / d z^2) v."""
        return 2 * v + 0 * z


class Logistic:
    """log(1 + exp(-(2y - 1) z)) for labels y in {0, 1}; targets are the signs 1 - 2y: softplus(y z)."""

    name, axis = "logistic", -1

    def targets(self, y: np.ndarray) -> np.ndarray:
        return 1.0 - 2.0 * np.asarray(y, np.float64)

    def value(self, xp: Namespace, z: Array, y: Array) -> Array:
        return xp.softplus(y * z)

    def residual(self, xp: Namespace, z: Array, y: Array) -> Array:
        return y * xp.sigmoid(y * z)

    def change(self, xp: Namespace, z: Array, y: Array, h: Array) -> Array:
        """log1p(sigma(a) expm1(h)) for -1 < h < 16, plain subtraction beyond (where nothing cancels)."""
        a, h = y * z, y * h
        near = (h > -1) & (h < 16)
        if xp.eager and xp.all(near):
            return xp.log1p(xp.sigmoid(a) * xp.expm1(h))
        gentle = xp.log1p(xp.sigmoid(a) * xp.expm1(xp.where(near, h, 0.0 * h)))
        return xp.where(near, gentle, xp.softplus(a + h) - xp.softplus(a))

    def bend(self, xp: Namespace, z: Array, y: Array, v: Array) -> Array:
        return xp.sigmoid(z) * xp.sigmoid(-z) * v  # not p (1 - p): that is 0 where p rounds to 1


class Softmax:
    """-log softmax(z)_y; targets are one-hot rows."""

    name, axis = "softmax", -2

    def targets(self, y: np.ndarray) -> np.ndarray:
        return np.eye(int(np.max(y)) + 1 if len(y) else 1)[np.asarray(y, np.int64)]

    def _p(self, xp: Namespace, z: Array) -> Array:
        e = xp.exp(z - xp.max(z, axis=-1, keepdims=True))
        return e / xp.rowsum(e)[..., None]

    def value(self, xp: Namespace, z: Array, y: Array) -> Array:
        """log sum_c exp(z_c - z_y): the true class contributes exactly 1, so a tiny loss keeps its digits."""
        others = z - xp.rowsum(z * y)[..., None]
        top = xp.max(xp.where(y > 0, 0.0 * others, others), axis=-1)
        shift = xp.where(top > 0, top, 0.0 * top)
        rest = xp.rowsum(xp.exp(others - shift[..., None]) * (1 - y))
        return shift + xp.log1p(rest + xp.expm1(-shift))

    def residual(self, xp: Namespace, z: Array, y: Array) -> Array:
        """p - y, with the true class as minus the sum of the others (no cancellation when p_y rounds to 1)."""
        rest = self._p(xp, z) * (1 - y)
        return rest - y * xp.rowsum(rest)[..., None]

    def change(self, xp: Namespace, z: Array, y: Array, h: Array) -> Array:
        """log1p(sum_c p_c expm1(h_c - h_y)) while nothing grows e^30-fold and the sum stays above -1/2 (a class that
        runs away but hardly matters must not cost the others their digits); plain subtraction beyond."""
        h = h - xp.rowsum(h * y)[..., None]  # relative to the true class, whose term is then exactly 0
        gentle = xp.max(h, axis=-1) < 30
        gain = xp.rowsum(self._p(xp, z) * xp.expm1(xp.where(gentle[..., None], h, 0.0 * h)))
        near = gentle & (gain > -0.5)
        if xp.eager and xp.all(near):
            return xp.log1p(gain)
        beyond = self.value(xp, z + h, y) - self.value(xp, z, y)
        return xp.where(near, xp.log1p(xp.where(near, gain, 0.0 * gain)), beyond)

    def bend(self, xp: Namespace, z: Array, y: Array, v: Array) -> Array:
        p, top = self._p(xp, z), xp.astype(z == xp.max(z, axis=-1, keepdims=True), z.dtype)
        v = (
            v - (xp.rowsum(v * top) / xp.rowsum(top))[..., None]
        )  # a constant makes no difference; this one saves digits
        return p * (v - xp.rowsum(p * v)[..., None])


class SquaredHinge:
    """max(0, 1 - (2y - 1) z)^2 for labels y in {0, 1}; targets are the signs 2y - 1."""

    name, axis = "squared_hinge", -1

    def targets(self, y: np.ndarray) -> np.ndarray:
        return 2.0 * np.asarray(y, np.float64) - 1.0

    def _gap(self, xp: Namespace, m: Array) -> Array:
        return xp.where(m < 1, 1 - m, 0.0 * m)

    def value(self, xp: Namespace, z: Array, y: Array) -> Array:
        return self._gap(xp, y * z) ** 2

    def residual(self, xp: Namespace, z: Array, y: Array) -> Array:
        return -2 * y * self._gap(xp, y * z)

    def change(self, xp: Namespace, z: Array, y: Array, h: Array) -> Array:
        m, h = y * z, y * h
        before, after = self._gap(xp, m), self._gap(xp, m + h)
        difference = xp.where((m < 1) & (m + h < 1), -h, after - before)
        return difference * (after + before)

    def bend(self, xp: Namespace, z: Array, y: Array, v: Array) -> Array:
        return xp.where(y * z < 1, 2 * v, 0.0 * v)


LOSSES = {loss.name: loss for loss in (Square(), Logistic(), Softmax(), SquaredHinge())}
