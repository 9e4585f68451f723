"""Our rules on the worst functions, in fractions: what is certified is attained.

Each takes the line of a function, a row's parameters and the worst step; -inf where the rule does not end with that.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import inf
from typing import Any

import toybox as tb
from toybox import methods

from .through import Place, Through, dot

HALF, ONE = Fraction(1, 2), Fraction(1)
Given = dict[str, Fraction]


class Ray:
    """The line along the negative gradient at the first place, in multiples of it, of a function through all of them
    and the minimiser."""

    def __init__(self, mu: Fraction, places: Sequence[Place]):
        zero = [Fraction(0)] * len(places[0].x)
        self.function = Through([Place(zero, zero, Fraction(0)), *places], mu, ONE)
        self.x = places[0].x
        self.f0, self.g = self.function.both(self.x)
        self.least = self.function.value(zero)

    def point(self, s: Fraction) -> list[Fraction]:
        return [a - s * b for a, b in zip(self.x, self.g, strict=True)]

    def value(self, s: Fraction) -> Fraction:
        return self.function.value(self.point(s))

    def search(self, rule: Any) -> Any:
        return tb.search(rule, self.value, slope0=-dot(self.g, self.g))

    def decrease(self, s: Fraction) -> Any:
        """f1 / f0, counted from the minimum."""
        return (self.value(s) - self.least) / (self.f0 - self.least)

    def shift(self, s: Fraction) -> Any:
        """|x1|^2 / |x0|^2."""
        return dot(self.point(s), self.point(s)) / dot(self.x, self.x)


def takes(ray: Ray, c: Fraction, s: Fraction, beta: Fraction = HALF, first: Fraction | None = None) -> bool:
    """Whether our Armijo rule accepts s; as its first trial, or after one rejection of ``first``."""
    found = ray.search(methods.armijo.Armijo(c=c, beta=beta, first=first or s, reset=2))
    return found.step == s and len(found.questions) == (2 if first else 1)


def accepted(ray: Ray, given: Given, s: Fraction) -> Any:
    return ray.decrease(given["s"]) if takes(ray, given["c"], given["s"]) else -inf


def backtracked(ray: Ray, given: Given, s: Fraction) -> Any:
    beta = given["beta"]
    return ray.decrease(s) if takes(ray, given["c"], s, beta, s / beta) else -inf


def parabola(ray: Ray, given: Given, s: Fraction) -> Any:
    found = ray.search(methods.pal.PAL(mu=given["measure"], s_max=inf))
    return ray.decrease(found.step)


def contracted(ray: Ray, given: Given, s: Fraction) -> Any:
    return ray.shift(s) if takes(ray, given["c"], s) else -inf


def fejer(ray: Ray, given: Given, s: Fraction) -> Any:
    gain = given["mu"] * s + s * (2 - 1 / given["c"]) * (ray.f0 - ray.least) / dot(ray.x, ray.x)
    return contracted(ray, given, s) + gain
