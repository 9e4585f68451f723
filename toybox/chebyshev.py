"""A line as one polynomial: the adaptive Chebyshev interpolant of its slope, integrated.

Smooth lines need a few dozen evaluations, whatever is asked of them afterwards: values, slopes, curvatures, all minima
and all crossings of a level. Interpolating the slope keeps ``change(0) = 0`` and costs less than interpolating values:
a slope of logistic terms needs no logarithm.

The error is estimated as usual for such series, by the size of the coefficients at the end (Trefethen, Approximation
Theory and Approximation Practice, chapters 7 and 8). It is an estimate for analytic lines, not a bound for all lines:
lines with kinks do not converge, and the proxy says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from .xp import Array, Namespace

FIRST, TAIL = 20, 3  # nodes at first; coefficients at the end that must have become negligible


class Proxy(NamedTuple):
    """phi(s) - phi(0) on the window [low, high], in the units of its line. Outside the window it is nan."""

    xp: Namespace
    value0: Array  # (*lanes,)
    coefficients: Array  # of phi', (*lanes, degree + 1)
    low: Array  # (*lanes,)
    high: Array
    anchor: Array  # (*lanes,): change(s) is the integral of phi' plus this
    slope_error: Array  # (*lanes,) estimated largest error of slope
    converged: Array  # (*lanes,) bool

    @property
    def error(self) -> Array:
        """Estimated largest error of ``change`` (*lanes,)."""
        return self.slope_error * (self.high - self.low)

    @property
    def slope0(self) -> Array:
        return self.slope(0 * self.low[..., None])[..., 0]

    def change(self, s: Array) -> Array:
        """phi(s) - phi(0) for s (*lanes, k) inside the window."""
        half = (self.high - self.low) / 2
        return half[..., None] * self._series(_integral(self.xp, self.coefficients), s) + self.anchor[..., None]

    def changes(self, x: np.ndarray) -> Array:
        """``change`` at the same places x (k,) of all windows, from -1 (low) to 1 (high): (*lanes, k)."""
        c = _integral(self.xp, self.coefficients)
        basis = np.cos(np.outer(np.arange(c.shape[-1]), np.arccos(x)))
        half = (self.high - self.low) / 2
        return half[..., None] * self.xp.matmul(c, self.xp.asarray(basis, dtype=c.dtype)) + self.anchor[..., None]

    def slope(self, s: Array) -> Array:
        return self._series(self.coefficients, s)

    def curvature(self, s: Array) -> Array:
        half = (self.high - self.low) / 2
        return self._series(_derivative(self.xp, self.coefficients), s) / half[..., None]

    def _series(self, c: Array, s: Array) -> Array:
        """sum c_k T_k(x) with T_k(x) = cos(k arccos x); nan outside the window."""
        xp, low, high = self.xp, self.low[..., None], self.high[..., None]
        x = (2 * s - (low + high)) / (high - low)
        edge = xp.abs(x) <= 1 + 16 * xp.finfo(x.dtype).eps  # as far as rounding leads
        angle = xp.acos(xp.where(edge, xp.maximum(xp.minimum(x, 1.0), -1.0), xp.nan))
        k = xp.arange(c.shape[-1], dtype=c.dtype)
        return xp.matmul(xp.cos(angle[..., None] * k), c[..., None])[..., 0]

    def polynomials(self) -> np.ndarray:
        """``change`` as objects of numpy.polynomial.Chebyshev, with the window as domain: (*lanes,) of objects."""
        host = self.xp.to_host
        c, anchor = host(_integral(self.xp, self.coefficients)), host(self.anchor)
        low, high = host(self.low), host(self.high)
        found = np.empty(anchor.shape, object)
        for lane in np.ndindex(anchor.shape):
            scaled = (high[lane] - low[lane]) / 2 * c[lane]
            scaled[0] += anchor[lane]
            found[lane] = np.polynomial.Chebyshev(scaled, domain=(low[lane], high[lane]))
        return found

    def minima(self) -> np.ndarray:
        """All interior minima of each lane, increasing: (*lanes,) of arrays."""
        return self._roots(lambda p: p.deriv(), lambda p, s: p.deriv(2)(s) > 0)

    def crossings(self, level: Any = 0.0) -> np.ndarray:
        """All s where ``change`` is at a level (number or (*lanes,)), increasing: (*lanes,) of arrays."""
        level = np.broadcast_to(np.asarray(level), self.low.shape)
        return self._roots(lambda p, at: p - at, lambda p, s: np.ones(len(s), bool), level)

    def _roots(self, of: Any, keep: Any, *given: np.ndarray) -> np.ndarray:
        polynomials = self.polynomials()
        found = np.empty(polynomials.shape, object)
        for lane in np.ndindex(polynomials.shape):
            p = polynomials[lane]
            s = roots(of(p, *(g[lane] for g in given)))
            found[lane] = s[keep(p, s)]
        return found


def stacked(proxies: Sequence[Proxy]) -> Proxy:
    """Interpolants of the same lanes as one, with a new first axis; shorter series are continued by zeros."""
    xp, longest = proxies[0].xp, max(p.coefficients.shape[-1] for p in proxies)

    def continued(c):
        more = longest - c.shape[-1]
        return c if not more else xp.concat([c, xp.zeros((*c.shape[:-1], more), dtype=c.dtype)], axis=-1)

    columns = [xp.stack(column) for column in list(zip(*proxies, strict=True))[3:]]
    first = xp.stack([p.value0 for p in proxies]), xp.stack([continued(p.coefficients) for p in proxies])
    return Proxy(xp, *first, *columns)


def roots(p: np.polynomial.Chebyshev) -> np.ndarray:
    """The real roots of p inside its domain, increasing: eigenvalues of the colleague matrix, then Newton's method."""
    p = p.trim(np.finfo(float).eps * np.abs(p.coef).max(initial=0.0))
    low, high = p.domain
    found = p.roots()
    width = high - low
    near = found.real[(np.abs(found.imag) < 1e-7 * width) & (found.real >= low) & (found.real <= high)]
    slope = p.deriv()
    for _ in range(3):
        rise = slope(near)
        step = np.where(rise == 0, 0.0, p(near) / np.where(rise == 0, 1.0, rise))
        near = np.clip(np.where(np.abs(step) < 1e-4 * width, near - step, near), low, high)
    near = np.sort(near)
    return near[np.diff(near, prepend=-np.inf) > 1e-13 * width]


def proxy(line: Any, window: tuple[Any, Any], tolerance: float = 1e-12, largest: int = 512) -> Proxy:
    """The adaptive Chebyshev interpolant of a line on ``window`` = (low, high), numbers or (*lanes,).

    Starts with 20 nodes (the extrema of a Chebyshev polynomial) and halves the angles between them, keeping what was
    evaluated, until the last coefficients of all lanes are below ``tolerance`` times the largest one (or what the dtype
    allows); ``converged`` is False in the lanes where that takes a degree of more than ``largest``. Raises
    ``ValueError`` for a window that is empty or not finite.
    """
    xp, value0 = line.xp, line.value0
    lanes, dtype = value0.shape, value0.dtype
    low, high = (xp.zeros(lanes, dtype=dtype) + xp.asarray(end, dtype=dtype) for end in window)
    if not xp.all(xp.isfinite(low) & xp.isfinite(high) & (low < high)):
        raise ValueError(f"window={window!r} is not accepted; accepted: finite (low, high) with low < high")
    floor = max(tolerance, 8 * float(xp.finfo(dtype).eps))

    def evaluate(angles: np.ndarray) -> Array:
        x = xp.asarray(np.cos(angles), dtype=dtype)
        return line.slope((low + high)[..., None] / 2 + (high - low)[..., None] / 2 * x)

    degree = FIRST - 1
    values = evaluate(np.arange(FIRST) * np.pi / degree)
    while True:
        c = xp.matmul(values[..., None, :], xp.asarray(_transform(degree), dtype=dtype))[..., 0, :]
        error = xp.max(xp.abs(c[..., -TAIL:]), axis=-1)
        converged = error <= floor * xp.max(xp.abs(c), axis=-1)
        if xp.all(converged) or 2 * degree > largest:
            break
        between = evaluate((np.arange(degree) + 0.5) * np.pi / degree)
        pairs = xp.reshape(xp.stack([values[..., :-1], between], axis=-1), (*lanes, 2 * degree))
        degree, values = 2 * degree, xp.concat([pairs, values[..., -1:]], axis=-1)
    found = Proxy(xp, value0, c, low, high, 0 * low, error, converged)
    nearest = xp.where(low > 0, low, xp.where(high < 0, high, 0 * low))[..., None]  # 0, where it is inside
    anchor = -found.change(nearest)
    if not xp.all(nearest == 0):
        anchor = anchor + line.change(nearest)
    return found._replace(anchor=anchor[..., 0])


@lru_cache
def _transform(degree: int) -> np.ndarray:
    """Values at the extrema of T_degree to coefficients: (degree + 1, degree + 1)."""
    k = np.arange(degree + 1)
    ends = np.where(k % degree == 0, 0.5, 1.0)  # the weights of the first and last node and coefficient
    return 2 / degree * np.cos(np.outer(k, k) * np.pi / degree) * np.outer(ends, ends)


def _integral(xp: Namespace, c: Array) -> Array:
    """Coefficients of an antiderivative: (c_{k-1} - c_{k+1}) / 2k, with c_0 counted twice."""
    n, kind = c.shape[-1], c.dtype
    nothing = xp.zeros((*c.shape[:-1], 2), dtype=kind)
    before = xp.concat([2 * c[..., :1], c[..., 1:]], axis=-1)
    after = xp.concat([c[..., 2:], nothing], axis=-1)
    k = xp.asarray(np.arange(1, n + 1), dtype=kind)
    return xp.concat([nothing[..., :1], (before - after) / (2 * k)], axis=-1)


def _derivative(xp: Namespace, c: Array) -> Array:
    """Coefficients of the derivative by x: d_{k-1} = d_{k+1} + 2k c_k, with d_0 halved."""
    n = c.shape[-1]
    d = [0 * c[..., 0]] * (n + 1)
    for k in range(n - 1, 0, -1):
        d[k - 1] = d[k + 1] + 2 * k * c[..., k]
    return xp.stack([d[0] / 2, *d[1 : n - 1]], axis=-1) if n > 1 else 0 * c
