"""A loss restricted to a line, as an object: phi(s) = L(theta + s d; sample).

Every line has ``value0`` and ``slope0`` (*lanes,), and at steps s of shape (*lanes, k), in multiples of d,

    change(s)     phi(s) - phi(0) without cancellation: the primitive     (*lanes, k)
    slope(s)      phi'(s)                                                 (*lanes, k)
    curvature(s)  phi''(s)                                                (*lanes, k)
    samples(s)    values and slopes of every example                      two of (*lanes, k, n)
    at(s)         the Point at theta + s d, for s of shape (*lanes,)
    proxy(window) the line on (low, high) as one Chebyshev polynomial

``where`` (*lanes,) names the lanes that really ask; the answers of the others mean nothing. Lines are immutable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from typing import Any, Protocol

import numpy as np

from .chebyshev import Proxy, proxy
from .xp import Array, Namespace, lazy, namespace


class Line(Protocol):
    @property
    def value0(self) -> Array: ...
    @property
    def slope0(self) -> Array: ...

    def change(self, s: Array, where: Array | None = None) -> Array: ...
    def slope(self, s: Array, where: Array | None = None) -> Array: ...
    def curvature(self, s: Array, where: Array | None = None) -> Array: ...
    def samples(self, s: Array) -> tuple[Array, Array]: ...
    @property
    def at(self) -> Callable[[Array], Any]: ...
    def proxy(self, window: tuple[Any, Any]) -> Proxy: ...


class PolynomialLine:
    """phi(s) - phi(0) = c_1 s + c_2 s^2 + ... + c_p s^p, exact for quadratics (p = 2) and factorizations (p = 4).

    ``coefficients`` may be a function that gives them when they are needed; ``slope0`` must then be known already.
    ``examples`` gives the same coefficients for every example, (n values at 0, then one (*lanes, n) array per power).
    ``once(s)`` answers for one step (*lanes,) without the coefficients.
    """

    ELEMENTS = 1 << 12  # steps computed at once, of all lanes together; 64 times as many off NumPy

    def __init__(
        self,
        xp: Namespace,
        value0: Array,
        coefficients: Sequence[Array] | Callable[[], Sequence[Array]],
        at: Callable[[Array], Any],
        examples: Callable[[], tuple[Array, Sequence[Array]]] | None = None,
        slope0: Array | None = None,
        once: Callable[[Array], Array] | None = None,
    ):
        self.xp, self.value0, self.at, self.once = xp, value0, at, once
        self.slope0 = coefficients[0] if slope0 is None else slope0  # type: ignore[index]
        self._coefficients, self._examples = coefficients, examples

    @lazy
    def _c(self):
        given = self._coefficients
        return [c[..., None] for c in (given() if callable(given) else given)]

    def change(self, s, where=None):
        return self._each(lambda s: s * _horner(self._c, s), s)

    def slope(self, s, where=None):
        c = [(p + 1) * c for p, c in enumerate(self._c)]
        return self._each(lambda s: _horner(c, s), s)

    def curvature(self, s, where=None):
        c = [(p + 1) * (p + 2) * c for p, c in enumerate(self._c[1:])]
        return self._each(lambda s: _horner(c, s), s)

    def _each(self, f, s):
        """f of all steps, a few at a time where there are many: they stay in the cache."""
        if s.shape[-1] == 1:
            return f(s)
        few = max(1, self.ELEMENTS * (1 if self.xp.eager else 64) // prod(self.value0.shape))
        if s.shape[-1] <= few:
            return f(s)
        return self.xp.concat([f(s[..., part]) for part in _slices(s.shape[-1], few)], axis=-1)

    proxy = proxy

    def polynomials(self) -> np.ndarray:
        """``change`` as objects of numpy.polynomial.Polynomial: (*lanes,) of objects."""
        c = [self.xp.to_host(part)[..., 0].astype(np.float64) for part in self._c]
        rows: np.ndarray = np.stack(np.broadcast_arrays(0 * c[0], *c), axis=-1)
        found = np.empty(rows.shape[:-1], object)
        for lane in np.ndindex(found.shape):
            found[lane] = np.polynomial.Polynomial(rows[lane])
        return found

    def samples(self, s):
        if self._examples is None:
            raise NotImplementedError("this line knows no per-example values")
        value0, coefficients = self._examples()
        c = [c[..., None, :] for c in coefficients]
        s = s[..., None]
        return value0[..., None, :] + s * _horner(c, s), _horner([(p + 1) * cp for p, cp in enumerate(c)], s)


def _horner(c: Sequence[Array], s: Array) -> Array:
    """c[0] + c[1] s + c[2] s^2 + ..."""
    total = c[-1] if len(c) > 1 else c[-1] + 0 * s
    for coefficient in c[-2::-1]:
        total = total * s + coefficient
    return total


class CompositeLine:
    """phi(s) = mean_i loss(z0_i + s z1_i, y_i): any loss of predictions that are linear along the line.

    z0, z1, y: (*lanes, n), or (*lanes, n, outputs) for a loss with outputs; lanes broadcast. ``fused``: the backend's
    own kernels for all of this; None where it has none, or where the arrays' own operations shall answer.
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
    ):
        self.xp, self.loss, self.at, self.fused = xp, loss, at, xp.composite
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

    def change(self, s, where=None):
        return self._mean("change", s)

    def slope(self, s, where=None):
        return self._mean("slope", s)

    def curvature(self, s, where=None):
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
        steps = _slices(s.shape[-1], max(1, self._most() // (few * size)))
        arrays = [_flat(self.xp, a, lanes, 1 - self._axis) for a in self._aligned(s)]
        for row in _slices(rows, few):
            *predictions, t = (a if a.shape[0] == 1 else a[row, ...] for a in arrays)
            for part in _slices(self._n, self._span()):
                z0, z1, y = (a[:, :, part, ...] for a in predictions)
                for step in steps:
                    yield (row, step, part), (z0, z1, y, t[:, step, ...])


def _flat(xp: Namespace, a: Array, lanes: tuple[int, ...], inner: int) -> Array:
    """(*lanes, ...) with the lanes as one axis, of length 1 where all share the same; ``inner`` axes follow them."""
    own, rest = a.shape[:-inner], tuple(a.shape[-inner:])
    if prod(own) == 1:
        return xp.reshape(a, (1, *rest))
    return xp.reshape(xp.broadcast_to(a, (*lanes, *rest)), (prod(lanes), *rest))


def _slices(length: int, most: int) -> list[slice]:
    return [slice(start, min(start + most, length)) for start in range(0, length, most)]


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

    def _each(self, s, where, *answers):
        if where is not None and self.xp.eager and not self.xp.any(where):
            return [0 * s for _ in answers]  # nobody asked
        points = [self.at(s[..., k]) for k in range(s.shape[-1])]
        return [self.xp.stack([answer(point) for point in points], axis=-1) for answer in answers]

    def _change(self, point):
        return point.value - self.value0

    def _slope(self, point):
        return self.xp.vecdot(point.gradient, self._d)

    def change(self, s, where=None):
        return self._each(s, where, self._change)[0]

    def slope(self, s, where=None):
        return self._each(s, where, self._slope)[0]

    def both(self, s, where=None):
        """Change and slope, from the same points."""
        return self._each(s, where, self._change, self._slope)

    def curvature(self, s, where=None):
        return self._each(s, where, lambda point: self.xp.vecdot(point.hvp(self._d), self._d))[0]

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


class MeanLine:
    """The mean of lines along the same d: the loss on the union of equally large batches.

    weights: how many such batches each of the lines is the mean of, where they are not all the same.
    """

    def __init__(self, xp: Namespace, lines: Sequence[Line], weights: Sequence[int] | None = None):
        self.xp, self.lines, self.at = xp, tuple(lines), lines[0].at
        self._weights = None if weights is None or len(set(weights)) == 1 else tuple(weights)

    def _mean(self, parts):
        if self._weights is None:
            return sum(parts[1:], start=parts[0]) / len(parts)
        parts = [weight * part for weight, part in zip(self._weights, parts, strict=True)]
        return sum(parts[1:], start=parts[0]) / sum(self._weights)

    @property
    def value0(self):
        return self._mean([line.value0 for line in self.lines])

    @property
    def slope0(self):
        return self._mean([line.slope0 for line in self.lines])

    def change(self, s, where=None):
        return self._mean([line.change(s, where) for line in self.lines])

    def slope(self, s, where=None):
        return self._mean([line.slope(s, where) for line in self.lines])

    def curvature(self, s, where=None):
        return self._mean([line.curvature(s, where) for line in self.lines])

    proxy = proxy

    def samples(self, s):
        parts = [line.samples(s) for line in self.lines]
        return tuple(self.xp.concat(part, axis=-1) for part in zip(*parts, strict=True))


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

    def change(self, s, where=None):
        return self._evaluate(s, 0) - self.value0

    def slope(self, s, where=None):
        return self._evaluate(s, 1)

    def curvature(self, s, where=None):
        return self._evaluate(s, 2)

    proxy = proxy

    def samples(self, s):
        raise NotImplementedError("a captured line knows no per-example values")


class Metered:
    """A line that charges a ledger what a black box would pay; per lane that asked, with no influence on the answers.

    A change costs one loss value, a slope one value and one gradient (a forward and a backward pass), a curvature one
    value and two gradients. On the batch that gave the gradient phi(0) and phi'(0) are known; on any other they are
    charged when first used, and so is the drawing of the batch.
    """

    def __init__(self, line: Line, ledger: Any, size: int, known: bool, drawn: bool = True):
        self._line, self._ledger, self._size = line, ledger, size
        self._value_known = self._slope_known = known
        self._drawn: Any = drawn  # whose batch is paid for: True, False, or a mask over lanes
        self.at, self.xp = line.at, getattr(line, "xp", None)

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
        return self._line.change(s, where)

    def once(self, s, where=None):
        """The change at one step s (*lanes,) for a rule that asks no more: a line may answer without expanding."""
        answer = getattr(self._line, "once", None)
        if answer is None:
            return self.change(s[..., None], where)[..., 0]
        if not self._value_known:
            self._value_known = True
            self._charge("values", 1, where)
        self._charge("values", 1, where)
        return answer(s)

    def slope(self, s, where=None):
        self._charge("slopes", s.shape[-1], where)
        return self._line.slope(s, where)

    def both(self, s, where=None):
        """Change and slope at the same steps for the price of the slope: a black box has the loss with its gradient."""
        if not self._value_known:
            self._value_known = True
            self._charge("values", 1, where)
        self._charge("slopes", s.shape[-1], where)
        answer = getattr(self._line, "both", None)
        return answer(s, where) if answer else (self._line.change(s, where), self._line.slope(s, where))

    def curvature(self, s, where=None):
        self._charge("curvatures", s.shape[-1], where)
        return self._line.curvature(s, where)

    proxy = proxy

    def samples(self, s, where=None):
        self._charge("slopes", s.shape[-1], where)
        return self._line.samples(s)
