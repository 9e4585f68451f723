"""What every method and every problem of the package satisfies, tried on one of one's own: ``tb.check("mine.py:secant")``."""

from __future__ import annotations

from typing import Any

from .. import zoo
from ..optimizer import Optimizer
from . import methods
from .lines import line
from .report import Report, reported
from .walks import Method

__all__ = ["check", "line"]


def check(thing: Any) -> Report:
    if isinstance(thing, str):
        kind = "method" if thing in zoo.METHODS else "problem"
        return reported(thing, methods.LAWS, Method(zoo.method(thing), f"tb.method({thing!r})", zoo.entry(kind, thing).sources))
    return reported(repr(thing), methods.LAWS, Method(thing, "method"))
