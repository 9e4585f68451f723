"""What is known of smooth, strongly convex functions at a few points: forms in values and inner products.

All that an argument about a few steps uses is linear in the values at the points and in the inner products of points
and gradients: that a function of the class goes through them, what a rule accepted, where a step led.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import permutations
from typing import Any, NamedTuple

Key = Any  # the name of a value or a vector; of an inner product two names of vectors, in order


class Sum:
    """A linear combination of named things with fractions."""

    def __init__(self, terms: dict[Key, Fraction]):
        self.terms = terms

    def __add__(self, other):
        return type(self)({key: self[key] + other[key] for key in dict.fromkeys([*self.terms, *other.terms])})

    def __sub__(self, other):
        return self + -1 * other

    def __mul__(self, number):
        return type(self)({key: term * Fraction(number) for key, term in self.terms.items()})

    __rmul__ = __mul__

    def __getitem__(self, key: Key) -> Fraction:
        return self.terms.get(key, Fraction(0))


class Form(Sum):
    """A combination of values and of inner products."""


class Vector(Sum):
    """A combination of vectors; times another one it is a form."""

    def __mul__(self, other):
        if not isinstance(other, Vector):
            return super().__mul__(other)
        product = Form({})
        for a, x in self.terms.items():
            for b, y in other.terms.items():
                product += Form({(min(a, b), max(a, b)): x * y})
        return product

    def squared(self) -> Form:
        return self * self


class Point(NamedTuple):
    """A place, the gradient and the value there."""

    x: Vector
    g: Vector
    f: Form


BEST = Point(Vector({}), Vector({}), Form({}))  # the minimiser: all is 0


def point(name: str, x: Vector | None = None) -> Point:
    """A point of which nothing is known but where it is; x None: not even that."""
    one = Fraction(1)
    return Point(x or Vector({f"x{name}": one}), Vector({f"g{name}": one}), Form({f"f{name}": one}))


def interpolation(points: Iterable[Point], mu: Fraction, L: Fraction) -> list[Form]:
    """Forms that are all <= 0 exactly if an L-smooth, mu-strongly convex function goes through the points.

    Taylor, Hendrickx and Glineur 2017, Theorem 4. With mu = -L they are necessary for every L-smooth function.
    """
    forms = []
    for a, b in permutations(points, 2):
        x, g = a.x - b.x, a.g - b.g
        bend = g.squared() * (1 / L) + mu * x.squared() - 2 * mu / L * (g * x)
        forms.append(b.f - a.f + b.g * x + 1 / (2 * (1 - mu / L)) * bend)
    return forms


class Worst(NamedTuple):
    """How large is ``metric`` at most in units of ``unit``, where ``below`` are all <= 0 and ``zero`` are all 0?

    points: the places that a function of the class is to go through, those of one function.
    """

    metric: Form
    unit: Form
    below: Sequence[Form]
    zero: Sequence[Form] = ()
    points: Sequence[Point] = ()

    @property
    def forms(self) -> list[Form]:
        return [*self.below, *self.zero]

    def names(self) -> tuple[list[str], list[str]]:
        """Those of values and those of vectors."""
        keys = dict.fromkeys(key for form in (self.metric, self.unit, *self.forms) for key in form.terms)
        pairs = [key for key in keys if isinstance(key, tuple)]
        return [key for key in keys if isinstance(key, str)], sorted({name for pair in pairs for name in pair})

    def slack(self, rate: Fraction, weights: Sequence[Fraction]) -> Form:
        """rate * unit + sum weight * form - metric."""
        total = rate * self.unit - self.metric
        for weight, form in zip(weights, self.forms, strict=True):
            total += weight * form
        return total


def matrix(form: Form, names: Sequence[str]) -> list[list[Fraction]]:
    """The symmetric S with form = <S, Gram matrix of the vectors>, values aside."""
    return [[form[min(a, b), max(a, b)] / (1 if a == b else 2) for b in names] for a in names]
