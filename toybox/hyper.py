"""Hyper-parameters: frozen records whose numbers are checked by name, and bound to arrays over lanes.

    @hyperparameters
    class Armijo:
        c: Hyper = number(0.1, "(0, 1)", "demanded decrease")

A number may be given as an array: every element is then a lane of its own.
"""

from __future__ import annotations

import copy
import dataclasses
import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, TypeVar, dataclass_transform

import numpy as np

from .calls import written
from .exact import FRACTIONS
from .xp import Namespace, near

MOST = 2**53  # whole numbers up to here are counters of any backend, and floats
Hyper = Any  # a float, or an array of floats over lanes
T = TypeVar("T")


def number(default: float, interval: str, meaning: str = "") -> Any:
    """A hyper-parameter with its accepted interval, such as "(0, 1]" or "[0, inf)"."""
    return dataclasses.field(default=default, metadata={"interval": interval, "meaning": meaning})


def choice(default: Any, *accepted: Any, meaning: str = "") -> Any:
    """A hyper-parameter that takes one of a few values; never an array."""
    return dataclasses.field(default=default, metadata={"accepted": accepted, "meaning": meaning})


def integer(default: int | None, least: int, meaning: str = "", none: bool = False) -> Any:
    """A whole number from ``least`` to MOST, or None where ``none`` or the default says so; never an array."""
    told = {"least": least, "none": none or default is None, "meaning": meaning}
    return dataclasses.field(default=default, metadata=told)


@dataclass_transform(frozen_default=True, field_specifiers=(number, choice, integer))
def hyperparameters(cls: type[T]) -> type[T]:
    """A frozen dataclass that refuses bad values with their name, their value and what would be accepted, and shows
    itself by the call that makes it again."""
    if "__repr__" not in vars(cls):
        cls.__repr__ = written  # type: ignore[method-assign]
    cls.__post_init__ = _check  # type: ignore[attr-defined]
    return dataclasses.dataclass(frozen=True)(cls)


def _check(record: Any) -> None:
    for field in dataclasses.fields(record):
        value, rule = getattr(record, field.name), field.metadata
        if "interval" in rule:
            object.__setattr__(record, field.name, numbers(field.name, value, rule["interval"]))
        elif "accepted" in rule and not is_one_of(value, rule["accepted"]):
            raise ValueError(
                f"{field.name}={shown(value)} is not accepted by {type(record).__name__}; accepted: "
                f"{', '.join(map(repr, rule['accepted']))}" + near(value, rule["accepted"])
            )
        elif "least" in rule and not (value is None and rule["none"]):
            whole = is_whole(value, rule["least"])
            if not whole or value > MOST:
                raise ValueError(
                    f"{field.name}={shown(value)} is not accepted by {type(record).__name__}; accepted: a whole number "
                    f"of at {'most 2^53' if whole else 'least ' + str(rule['least'])}"
                    + (", or None" if rule["none"] else "")
                )


def numbers(name: str, value: Any, interval: str) -> Any:
    """The value as a float or an array of floats, or an error that names the first one outside the interval. Fractions
    remain what they are."""
    try:
        values = np.asarray(value)
        fractions = values.dtype == FRACTIONS and any(isinstance(v, Fraction) for v in values.flat)
        if values.dtype.kind not in "iuf" and not fractions:  # no booleans, no text
            raise TypeError
        floats = np.array(values, np.float64)  # a copy: the record is frozen
        values = np.array(values) if fractions else floats
    except (TypeError, ValueError):
        raise ValueError(
            f"{name}={shown(value)} is not a number; accepted: numbers in {interval}, or an array of them"
        ) from None
    wrong = ~_within(values, interval)
    if wrong.any():
        raise ValueError(f"{name}={float(values[wrong].flat[0])} is outside its range; accepted: {interval}")
    if values.ndim == 0:
        return values.item()
    if values.size == 0:
        raise ValueError(f"{name} is an empty array; accepted: numbers in {interval}, or a non-empty array of them")
    return values


def _within(values: np.ndarray, interval: str) -> Any:
    """Which values lie in an interval such as "(0, 1]"."""
    low, high = (float(end) for end in interval[1:-1].split(","))
    above = values >= low if interval[0] == "[" else values > low
    return np.asarray(above & (values <= high if interval[-1] == "]" else values < high))


def is_whole(value: Any, least: int) -> bool:
    """Whether the value is a whole number of at least ``least``."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(value >= least)


def is_one_of(value: Any, accepted: Iterable[Any]) -> bool:
    """Whether the value is one of a few; an array never is, and True is not 1."""
    return not getattr(value, "ndim", 0) and any(
        value is a or (isinstance(value, bool) == isinstance(a, bool) and bool(value == a)) for a in accepted
    )


def shown(value: Any) -> str:
    """A value for an error message, in one short line; of an array its shape."""
    if getattr(value, "ndim", 0):
        return f"array of shape {tuple(value.shape)}"
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else text[:77] + "..."


def fields(record: Any) -> dict[str, Any]:
    """The hyper-parameters of a direction or rule by name, those of wrapped records included."""
    found: dict[str, Any] = {}
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        found |= fields(value) if dataclasses.is_dataclass(value) else {field.name: value}
    return found


def lanes(*records: Any) -> tuple[int, ...]:
    """The lane axes that the hyper-parameters of these records span together."""
    arrays = {name: v for record in records for name, v in fields(record).items() if isinstance(v, np.ndarray)}
    try:
        return np.broadcast_shapes(*(v.shape for v in arrays.values()))
    except ValueError:
        shapes = ", ".join(f"{name} {v.shape}" for name, v in arrays.items())
        raise ValueError(
            f"hyper-parameters of shapes that do not broadcast: {shapes}; accepted: one common shape"
        ) from None


def bind(record: T, xp: Namespace, dtype: Any) -> T:
    """The same record with every number an array of the run's backend and dtype. Raises ``ValueError`` for a number
    that rounding to the dtype takes out of its interval: 1 + 1e-8 is 1 in float32.

    A lone number becomes a 0-d array, so that it goes through the same arithmetic as a lane of many would. A record
    that says ``on_host`` gets NumPy's arrays of floats: it computes there, whatever the backend.
    """
    on_host = getattr(record, "on_host", False)
    bound = copy.copy(record)
    bound.__dict__.pop("_alone", None)
    for field in dataclasses.fields(record):  # type: ignore[arg-type]
        value = getattr(record, field.name)
        if dataclasses.is_dataclass(value):
            object.__setattr__(bound, field.name, bind(value, xp, dtype))
        elif "interval" in field.metadata:
            given = value if dtype is FRACTIONS else np.asarray(value, np.float64)[()]  # a fraction becomes a float
            array = xp.asarray(given, dtype=dtype)
            rounded = xp.to_host(array)
            _check_rounded(field.name, value, rounded, field.metadata["interval"])
            floats = rounded.astype(np.float64) if dtype is FRACTIONS else rounded
            object.__setattr__(bound, field.name, floats if on_host else array)
    return bound


def _check_rounded(name: str, value: Any, rounded: np.ndarray, interval: str) -> None:
    wrong = ~_within(rounded, interval)
    if wrong.any():
        given, is_then = (float(np.broadcast_to(x, wrong.shape)[wrong][0]) for x in (value, rounded))
        raise ValueError(
            f"{name}={given!r} is {is_then!r} in {rounded.dtype}, outside its range; accepted: numbers rounded to one "
            f"in {interval}, or another dtype of the problem"
        )


def alone(record: T, xp: Namespace, lanes: tuple[int, ...]) -> list[T]:
    """The record of every lane: a bound one whose arrays are plain numbers. Kept with the record."""
    kept = record.__dict__.setdefault("_alone", {})
    if lanes not in kept:
        arrays = {}
        for field in dataclasses.fields(record):  # type: ignore[arg-type]
            value = getattr(record, field.name)
            if "interval" in field.metadata and hasattr(value, "ndim"):
                host = xp.to_host(value)
                arrays[field.name] = plain(np.broadcast_to(host, lanes) if host.ndim else host)
        many = math.prod(lanes)
        apart = any(len(numbers) > 1 for numbers in arrays.values())
        one = lambda lane: with_numbers(record, {name: v[lane if len(v) > 1 else 0] for name, v in arrays.items()})
        kept[lanes] = [one(lane) for lane in range(many)] if apart else [one(0)] * many
    return kept[lanes]


def with_numbers(record: T, numbers: dict[str, Any]) -> T:
    changed = copy.copy(record)
    changed.__dict__.pop("_alone", None)
    changed.__dict__.update(numbers)
    return changed


def plain(array: np.ndarray) -> list:
    """The elements of an array as numbers of Python's; those of float32 stay such, so that they are rounded like it."""
    return list(array.reshape(-1)) if array.dtype == np.float32 else array.reshape(-1).tolist()


def refuse_unknown(what: str, name: Any, known: Iterable[str]) -> None:
    """Raises ``ValueError`` for a name that is not known, with a near miss and the names that are."""
    known = list(known)
    if not is_one_of(name, known):
        raise ValueError(f"{what} {shown(name)} is unknown{near(name, known)}; accepted: {', '.join(known)}")
