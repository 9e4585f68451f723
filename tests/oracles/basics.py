"""Numbers, vectors, lines; what a step reports."""

import math
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from functools import wraps
from math import inf
from typing import Any, NamedTuple, Protocol, TypeVar, cast

Number = float | Fraction
Vector = tuple[Number, ...]
Batch = Any
Batches = Iterable[Batch]
Moves = Iterator["Move"]
Phi = Callable[[Number], Number]
Fresh = Callable[[int, int], Batch]  # (t, j) -> the j-th further batch of step t, j >= 1

# What they mean stands in the package, class Status.
FOUND, CAPPED, EXHAUSTED, ASCENT = "FOUND", "CAPPED", "EXHAUSTED", "ASCENT"
STATIONARY, NONFINITE, UNMOVED = "STATIONARY", "NONFINITE", "UNMOVED"


class Move(NamedTuple):
    """One step: where it led, the multiple of d, how the search ended, its loss evaluations beside s = 0."""

    x: Vector
    step: Number
    status: str
    trials: int


Method = TypeVar("Method", bound=Callable[..., Moves])


def watched(method: Method) -> Method:
    """The method, which says UNMOVED in place of FOUND or CAPPED where x stays what it was."""

    @wraps(method)
    def walk(problem, x, batches, *more, **hyper):
        for move in method(problem, x, batches, *more, **hyper):
            stays = move.x == x and move.status in (FOUND, CAPPED)
            yield move._replace(status=UNMOVED) if stays else move
            x = move.x

    return cast(Method, walk)


class Problem(Protocol):
    def value(self, x: Vector, batch: Batch) -> Number: ...
    def gradient(self, x: Vector, batch: Batch) -> Vector: ...


# --- vectors and lines


def root(v: Number) -> Number:
    """Square root; of a Fraction (or int) it is exact where it is rational."""
    if not isinstance(v, float):
        p, q = math.isqrt(v.numerator), math.isqrt(v.denominator)
        if (p * p, q * q) == (v.numerator, v.denominator):
            return Fraction(p, q)
    return math.sqrt(v)


def dot(u, v) -> Number:
    return sum(a * b for a, b in zip(u, v, strict=True))


def norm(v: Vector) -> Number:
    return root(dot(v, v))


def scale(s: Number, v: Vector) -> Vector:
    return tuple(s * a for a in v)


def add(x: Vector, s: Number, d: Vector) -> Vector:
    """x + s d; x for s = 0, though d may be infinite."""
    return tuple(a + s * b for a, b in zip(x, d, strict=True)) if s != 0 else x


def mean(vectors: list[Vector]) -> Vector:
    return tuple(sum(column) / len(vectors) for column in zip(*vectors, strict=True))


def finite(v: Number) -> bool:
    return -inf < v < inf


def line(problem: Problem, x: Vector, d: Vector, batch: Batch) -> tuple[Phi, Phi]:
    """phi(s) = L_B(x + s d) and its slope (2.14, 2.15)."""
    phi = lambda s: problem.value(add(x, s, d), batch)
    slope = lambda s: dot(problem.gradient(add(x, s, d), batch), d)
    return phi, slope


def outlook(loss: Number, slope: Number) -> tuple[Number, str, int]:
    """How a search ends at s = 0: step 0, status, no trials. Status FOUND: it should go on."""
    if not (finite(loss) and finite(slope)):
        return 0, NONFINITE, 0
    return 0, FOUND if slope < 0 else STATIONARY if slope == 0 else ASCENT, 0


def decreases(phi: Phi, s: Number, wanted: Number) -> bool:
    """Sufficient decrease (2.17): phi(s) <= phi(0) + wanted; and phi(s) is lower at all, which rounding may hide."""
    return finite(phi(s)) and phi(s) < phi(0) and phi(s) <= phi(0) + wanted
