"""Cases and numbers as they are shown to a reader: x = 1/3, mu = 2."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np

DIGITS = 6  # of numbers that are not written out
EXACT = 11  # characters up to which a fraction is
LONG = 8  # items up to which a sequence is


def case_in_words(function: Callable, case: Any) -> str:
    """A case, one argument of the function or a tuple of them, by the names of its parameters."""
    arguments = case if type(case) is tuple else (case,)
    return by_name(inspect.signature(function).bind(*arguments).arguments)


def by_name(values: Mapping) -> str:
    """Values and their names, without those that are functions."""
    return ", ".join(f"{name} = {spoken(value)}" for name, value in values.items() if not inspect.isroutine(value))


def spoken(value: Any) -> str:
    """A value in short: fractions as such, floats to six digits, records by field, of a long sequence both ends."""
    if isinstance(value, np.generic | np.ndarray) and not value.ndim:
        value = value.item()
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, int | Fraction):
        exact = str(value)
        return exact if len(exact) <= EXACT else spoken(mpmath.mpf(value.numerator) / value.denominator)
    if isinstance(value, mpmath.mpf):
        return mpmath.nstr(value, DIGITS).removesuffix(".0")
    if isinstance(value, float | complex):
        return f"{value:.{DIGITS}g}"
    if hasattr(value, "_asdict"):
        return f"({by_name(value._asdict())})"
    if is_dataclass(value):
        return f"({by_name({field.name: getattr(value, field.name) for field in fields(value)})})"
    if isinstance(value, Mapping):
        return f"({by_name(value)})"
    if isinstance(value, list | tuple | range | np.ndarray):
        items = (
            map(spoken, value) if len(value) <= LONG else [*map(spoken, value[: LONG - 2]), "...", spoken(value[-1])]
        )
        return f"({', '.join(items)})"
    return type(value).__name__ if "<" in str(value) else str(value)
