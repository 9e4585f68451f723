"""A smooth, strongly convex function through given points, on fractions."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from typing import NamedTuple

from .certify import solved

Coordinates = Sequence[Fraction]


class Place(NamedTuple):
    """A point in coordinates, the gradient and the value there."""

    x: Coordinates
    g: Coordinates
    f: Fraction


def dot(a: Coordinates, b: Coordinates) -> Fraction:
    return sum((x * y for x, y in zip(a, b, strict=True)), Fraction(0))


class Through:
    """The lowest L-smooth, mu-strongly convex function through all places, if there is one.

    mu/2 |x|^2 + h(x), h(x) = min over shares (>= 0, sum 1) of k/2 |x - sum share c|^2 + sum share v, k = L - mu: the
    Moreau envelope of a convex function, so k-smooth and convex whatever the c and v are. Each place has
    c = x - p / k and v = f - mu/2 |x|^2 - |p|^2 / (2 k), p = g - mu x. Where the interpolation inequalities hold for
    the places, value and gradient there are as given.
    """

    def __init__(self, places: Sequence[Place], mu: Fraction, L: Fraction):
        self.mu, self.k = mu, L - mu
        self.knots: list[tuple[Coordinates, Fraction]] = []
        for x, g, f in places:
            p = [b - mu * a for a, b in zip(x, g, strict=True)]
            centre = [a - b / self.k for a, b in zip(x, p, strict=True)]
            self.knots.append((centre, f - mu / 2 * dot(x, x) - dot(p, p) / (2 * self.k)))

    def both(self, x: Coordinates) -> tuple[Fraction, list[Fraction]]:
        """Value and gradient at x."""
        value, nearest = min(self._candidates(x))
        slope = [self.mu * a + self.k * (a - b) for a, b in zip(x, nearest, strict=True)]
        return self.mu / 2 * dot(x, x) + value, slope

    def value(self, x: Coordinates) -> Fraction:
        return self.both(x)[0]

    def _candidates(self, x: Coordinates):
        """h(x) and sum share c where only some of the shares are not 0: the minimum is one of a set of knots that are
        affinely independent."""
        for many in range(1, min(len(self.knots), len(x) + 1) + 1):
            for some in combinations(self.knots, many):
                shares = self._shares(x, some)
                if shares and min(shares) >= 0:
                    mean = [dot(shares, axis) for axis in zip(*(c for c, _ in some), strict=True)]
                    away = [a - b for a, b in zip(x, mean, strict=True)]
                    yield self.k / 2 * dot(away, away) + dot(shares, [v for _, v in some]), mean

    def _shares(self, x: Coordinates, some: Sequence[tuple[Coordinates, Fraction]]) -> list[Fraction]:
        """Where the derivatives by all shares are equal; [] where they are so on a whole line."""
        (c0, v0), rest = some[0], some[1:]
        edges = [[a - b for a, b in zip(c, c0, strict=True)] for c, _ in rest]
        to = [a - b for a, b in zip(x, c0, strict=True)]
        try:
            shares = solved(
                [
                    [*(self.k * dot(e, other) for other in edges), self.k * dot(e, to) - (v - v0)]
                    for e, (_, v) in zip(edges, rest, strict=True)
                ]
            )
        except ZeroDivisionError:
            return []
        return [1 - sum(shares, Fraction(0)), *shares]
