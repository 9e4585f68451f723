"""Exact numbers as arrays: object arrays of fractions, of which ``namespace("exact")`` makes one more backend.

Sums, products, quotients and powers of fractions are exact, so that a run on a problem of ``backend="exact"`` takes the
steps that a method would take without any rounding: methods, problems and lines are those that run on floats. A float
that is given stands for the decimal that it prints as: 0.1 is 1/10. A square root that is not rational is a float, and
so is whatever is computed from it but its square. Beside fractions stand the floats inf and nan: they answer where
something is divided by 0.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

Number = Fraction | float
FRACTIONS = np.dtype(object)


def fraction(v: Any) -> Number:
    """A number as a fraction: a float as the decimal that it prints as; inf and nan remain."""
    if isinstance(v, Fraction):
        return v
    if isinstance(v, float | np.floating):
        return Fraction(repr(float(v))) if math.isfinite(v) else float(v)
    return Fraction(int(v))


def alike(x: Number, *constants: float) -> tuple:
    """Constants of a text as numbers of the kind of x: as fractions, unless it is a float, or whole."""
    return constants if isinstance(x, float | int | np.floating) else tuple(map(fraction, constants))


class Root(float):
    """The square root of a fraction that has no rational one: a float whose square is known exactly."""

    square: Fraction

    def __mul__(self, other):
        same = isinstance(other, Root) and other.square == self.square
        return self.square if same else super().__mul__(other)


def root(v: Number) -> Number:
    """The square root: exact where it is rational, else a float."""
    if not isinstance(v, Fraction) or v < 0:
        return math.sqrt(v) if v >= 0 else math.nan
    p, q = math.isqrt(v.numerator), math.isqrt(v.denominator)
    if (p * p, q * q) == (v.numerator, v.denominator):
        return Fraction(p, q)
    found = Root(math.sqrt(v))
    found.square = v
    return found


def quotient(a: Number, b: Number) -> Number:
    """a / b; where b is 0 it is nan, inf or -inf."""
    return a / b if b != 0 else math.nan if a == 0 else a * math.inf


def _larger(a: Number, b: Number) -> Number:
    return a if a != a or a >= b else b


def _smaller(a: Number, b: Number) -> Number:
    return a if a != a or a <= b else b


_OURS = {  # what NumPy does not do for objects, or other than for floats
    np.true_divide: np.frompyfunc(quotient, 2, 1),
    np.sqrt: np.frompyfunc(root, 1, 1),
    np.maximum: np.frompyfunc(_larger, 2, 1),
    np.minimum: np.frompyfunc(_smaller, 2, 1),
    np.isfinite: np.frompyfunc(lambda v: not isinstance(v, float) or math.isfinite(v), 1, 1),
}


class Exact(np.ndarray):
    """An array of fractions, inf and nan. A number that a formula names, such as .5, is a fraction, too."""

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        plain = [fraction(x) if type(x) in (int, float, np.float64) else _bare(x) for x in inputs]
        if out is not None:
            options["out"] = tuple(map(_bare, out))
        try:
            with np.errstate(invalid="ignore"):  # nan compared
                found = getattr(_OURS.get(ufunc, ufunc), method)(*plain, **options)
        except TypeError as unknown:
            raise ValueError(
                f"backend='exact' does not do {ufunc.__name__}; accepted: what needs sums, products, quotients, "
                "powers, comparisons and square roots alone"
            ) from unknown
        if ufunc is np.isfinite:
            return np.asarray(found, bool)
        return _dressed(np.asarray(found))

    def __array_function__(self, function, types, inputs, options):
        return _dressed(super().__array_function__(function, types, inputs, options))


def _bare(x: Any) -> Any:
    return x.view(np.ndarray) if isinstance(x, Exact) else x


def _dressed(x: Any) -> Any:
    return x.view(Exact) if type(x) is np.ndarray and x.dtype == FRACTIONS else x


def exact(values: Any) -> Exact:
    """Numbers, lists or arrays of them, as an exact array; always a copy."""
    given = np.asarray(values)
    array = np.empty(given.shape, object)
    array.reshape(-1)[:] = [fraction(v) for v in given.reshape(-1).tolist()]
    return array.view(Exact)
