"""Lines that are polynomials of the step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from ..chebyshev import proxy
from ..xp import Array, Namespace, lazy, slices


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

    def change(self, s):
        return self._each(lambda s: s * _horner(self._c, s), s)

    def slope(self, s):
        c = [(p + 1) * c for p, c in enumerate(self._c)]
        return self._each(lambda s: _horner(c, s), s)

    def curvature(self, s):
        c = [(p + 1) * (p + 2) * c for p, c in enumerate(self._c[1:])]
        return self._each(lambda s: _horner(c, s), s)

    def _each(self, f, s):
        """f of all steps, a few at a time where there are many: they stay in the cache."""
        if s.shape[-1] == 1:
            return f(s)
        few = max(1, self.ELEMENTS * (1 if self.xp.eager else 64) // prod(self.value0.shape))
        if s.shape[-1] <= few:
            return f(s)
        return self.xp.concat([f(s[..., part]) for part in slices(s.shape[-1], few)], axis=-1)

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
