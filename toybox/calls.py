"""Things as the calls that make them again: ``eval(repr(thing), {"tb": toybox})``.

Numbers are written with all their digits. What no text makes again stands in angle brackets, which no Python accepts:
functions, objects without a text of their own, and arrays of more than MOST elements.
"""

from __future__ import annotations

import dataclasses
import inspect
import math
import sys
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import numpy as np

MOST = 1000  # elements of an array that are written out


def written(value: Any) -> str:
    """A value as an expression; NumPy's arrays and numbers as lists and numbers."""
    if getattr(value, "ndim", 0):
        small = isinstance(value, np.ndarray) and value.size <= MOST
        return written(value.tolist()) if small else f"<array of shape {tuple(value.shape)}>"
    if isinstance(value, np.generic | np.ndarray):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return f"float('{value}')"
    if isinstance(value, list) or type(value) is tuple:
        inside = ", ".join(map(written, value))
        return f"[{inside}]" if isinstance(value, list) else f"({inside}{',' * (len(value) == 1)})"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _record(value)
    if inspect.isroutine(value):
        return f"<function {value.__name__}>"
    return repr(value)


def _record(record: Any) -> str:
    """A dataclass by the fields that differ from their defaults."""
    fields = [field for field in dataclasses.fields(record) if field.init]
    return call(
        place(type(record)),
        {field.name: getattr(record, field.name) for field in fields},
        {field.name: field.default for field in fields},
    )


def call(function: str, given: Mapping[str, Any], defaults: Mapping[str, Any], *first: Any) -> str:
    """A call by the arguments that differ from their defaults, after those that are ``first``."""
    texts = {name: written(value) for name, value in given.items()}
    chosen = [f"{n}={t}" for n, t in texts.items() if n not in defaults or t != written(defaults[n])]
    return f"{function}({', '.join([*map(written, first), *chosen])})"


def place(kind: type) -> str:
    """Where a class is found: of toybox's the shortest way from ``tb`` on."""
    name, parts = kind.__qualname__, kind.__module__.split(".")
    if parts[0] != "toybox":
        return name
    ways = (parts[:depth] for depth in range(1, len(parts) + 1))
    way = next((way for way in ways if getattr(sys.modules[".".join(way)], name, None) is kind), parts)
    return ".".join(["tb", *way[1:], name])


def remembered(init: Callable[..., None]) -> Callable[..., None]:
    """An ``__init__`` that leaves its arguments as ``given``: arrays and lists as they were then, those too long to be
    written out as their text. A derived class that has an ``__init__`` of its own has no ``given``."""
    signature = inspect.signature(init)

    @wraps(init)
    def keeping(self: Any, *values: Any, **named: Any) -> None:
        init(self, *values, **named)
        if type(self).__init__ is keeping:
            arguments = signature.bind(self, *values, **named).arguments
            self.given = {name: _kept(value) for name, value in list(arguments.items())[1:]}

    return keeping


class _Text(str):
    """What stands for a value, and is its own text."""

    __repr__ = str.__str__


def _kept(value: Any) -> Any:
    if type(value) in (list, tuple):
        return type(value)(map(_kept, value))
    if getattr(value, "ndim", 0):
        return value.copy() if isinstance(value, np.ndarray) and value.size <= MOST else _Text(written(value))
    return value


def written_call(made: Any) -> str:
    """The call of its class that made something, where its arguments were ``remembered``; else its class."""
    if not hasattr(made, "given"):
        return f"<{place(type(made))}>"
    parameters = inspect.signature(type(made)).parameters
    return call(place(type(made)), made.given, {name: p.default for name, p in parameters.items()})
