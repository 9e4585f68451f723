"""Our rules on the worst functions, in fractions: what the certified rates are attained by."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import inf
from typing import Any

import toybox as tb
from toybox import methods

from .rows import ONE, Row
from .stored import Record
from .through import Place, Through, dot


class Ray:
    """The line along the negative gradient at the first of the places of a function, in multiples of it."""

    def __init__(self, row: Row, record: Record):
        least = Place([Fraction(0)] * len(record.places[0].x), [Fraction(0)] * len(record.places[0].x), Fraction(0))
        self.function = Through([least, *record.places], row.given["mu"], ONE)
        self.x = record.places[0].x
        self.f0, self.g = self.function.both(self.x)
        self.least = self.function.value(least.x)

    def point(self, s: Fraction) -> list[Fraction]:
        return [a - s * b for a, b in zip(self.x, self.g, strict=True)]

    def value(self, s: Fraction) -> Fraction:
        return self.function.value(self.point(s))

    def search(self, rule: Any) -> Any:
        return tb.search(rule, self.value, slope0=-dot(self.g, self.g))


def values(ray: Ray, s: Fraction) -> Fraction:
    """f1 / f0, above the least value."""
    return (ray.value(s) - ray.least) / (ray.f0 - ray.least)


def distances(ray: Ray, s: Fraction) -> Fraction:
    """|x1|^2 / |x0|^2."""
    return dot(ray.point(s), ray.point(s)) / dot(ray.x, ray.x)
