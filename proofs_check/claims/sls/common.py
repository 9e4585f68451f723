"""What several of these claims need."""

from __future__ import annotations

from fractions import Fraction as F
from typing import NamedTuple

from ...claim import at_most
from ...ours import Plain, moves


def exact_step(piece, x, c, beta, first):
    """One step of our search on exact numbers from the first trial ``first``."""
    plain = Plain(parts=[piece.part])
    return moves("sls", plain, (x,), [(0,)], c=c, beta=beta, first=first, reset=2, tries=400)[0]


def expected(pieces, x, c, beta, first, steps, best=F(0)):
    """E (x_T - x*)^2 over all paths of samples, exactly."""
    places = [x]
    for _ in range(steps):
        places = [exact_step(piece, x, c, beta, first).x[0] for x in places for piece in pieces]
    return sum((x - best) ** 2 for x in places) / len(places)


def linear_rate(pieces, c, beta, first):
    """The factor per step that is claimed; beta = 1 is the bound without backtracking."""
    mean = sum((piece.mu for piece in pieces), F(0)) / len(pieces)
    return 1 - mean * min(first, 2 * beta * (1 - c) / max(piece.L for piece in pieces))


def contracts(pieces, x, c, beta, first, steps, claimed=None):
    rate = linear_rate(pieces, c, beta if claimed is None else claimed, first)
    return at_most(expected(pieces, x, c, beta, first, steps), rate**steps * x**2)


HALF, ONE, TENTH, NINE = F(1, 2), F(1), F(1, 10), F(9, 10)
FLAT = F(3, 80)


class Piece(NamedTuple):
    """1/2 h (x - best)^2 with one curvature h to the left and one to the right: convex, smooth (G-ASYM)."""

    left: F
    right: F
    best: F = F(0)

    @property
    def mu(self):
        return min(self.left, self.right)

    @property
    def L(self):
        return max(self.left, self.right)

    def curvature(self, x):
        return self.right if x > self.best else self.left

    def f(self, x):
        return self.curvature(x) * (x - self.best) ** 2 / 2

    def slope(self, x):
        return self.curvature(x) * (x - self.best)

    @property
    def part(self):
        return (lambda x: self.f(x[0])), (lambda x: (self.slope(x[0]),))


MIRRORED = [Piece(FLAT, ONE), Piece(ONE, FLAT)]
