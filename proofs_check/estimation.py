"""Worst cases of a few steps as semidefinite programs whose answer is checked exactly, without the solver.

All that is known of a function at a few points is linear in its values there and in the inner products of points and
gradients: that it is L-smooth and mu-strongly convex (``interpolation``), what a rule accepted, where a step led. To
show that ``metric <= rate * unit`` follows from forms that are <= 0 and others that are 0, it is enough to weigh them:

    rate * unit + sum weight * form - metric  =  <S, Gram matrix>,    weights of those <= 0 are >= 0,  S is psd.

Both sides are compared coefficient by coefficient in fractions, and S is decomposed in fractions (``certify``): whoever
found the weights (``weigh``, by CLARABEL) need not be trusted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import permutations
from typing import Any, NamedTuple

import numpy as np

from toybox.extras import install

from .proof import Proof

Key = Any  # the name of a vector or a value, or two names of vectors in order
FINEST = 10**12  # weights are multiples of its inverse, before they are put right


# --- forms


class Sum:
    """A linear combination of named things with fractions."""

    def __init__(self, terms: dict[Key, Fraction]):
        self.terms = terms

    def __add__(self, other):
        names = dict.fromkeys([*self.terms, *other.terms])
        return type(self)({key: self[key] + other[key] for key in names})

    def __sub__(self, other):
        return self + other * -1

    def __mul__(self, number):
        return type(self)({key: value * Fraction(number) for key, value in self.terms.items()})

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


def vector(name: str) -> Vector:
    return Vector({name: Fraction(1)})


def value(name: str) -> Form:
    return Form({name: Fraction(1)})


class Point(NamedTuple):
    """A place, the gradient and the value there."""

    x: Vector
    g: Vector
    f: Form


BEST = Point(Vector({}), Vector({}), Form({}))  # the minimiser, where all is 0


def point(name: str, x: Vector | None = None) -> Point:
    """A new point of a function, at x (None: anywhere)."""
    return Point(x or vector(f"x{name}"), vector(f"g{name}"), value(f"f{name}"))


def interpolation(points: Iterable[Point], mu: Fraction, L: Fraction) -> list[Form]:
    """Forms that are <= 0 exactly if an L-smooth, mu-strongly convex function goes through the points.

    Taylor, Hendrickx and Glineur 2017, Theorem 4; with mu = -L all L-smooth functions, Remark 3.14 of Taylor's thesis.
    """
    forms = []
    for a, b in permutations(points, 2):
        x, g = a.x - b.x, a.g - b.g
        bend = Fraction(1, 2) / (1 - mu / L) * (g.squared() * (1 / L) + mu * x.squared() - 2 * mu / L * (g * x))
        forms.append(b.f - a.f + b.g * x + bend)
    return forms


class Worst(NamedTuple):
    """The question how large ``metric`` is at most in units of ``unit``, where all of ``below`` are <= 0 and all of
    ``zero`` are 0."""

    metric: Form
    unit: Form
    below: Sequence[Form]
    zero: Sequence[Form] = ()

    @property
    def forms(self) -> list[Form]:
        return [*self.below, *self.zero]

    def keys(self) -> tuple[list[str], list[str]]:
        """Names of values and of vectors."""
        names = dict.fromkeys(key for form in (self.metric, self.unit, *self.forms) for key in form.terms)
        pairs = [key for key in names if isinstance(key, tuple)]
        return [key for key in names if isinstance(key, str)], sorted({name for pair in pairs for name in pair})

    def slack(self, rate: Fraction, weights: Sequence[Fraction]) -> Form:
        """rate * unit + sum weight * form - metric."""
        total = self.unit * rate - self.metric
        for weight, form in zip(weights, self.forms, strict=True):
            total += form * weight
        return total


# --- the exact check


def matrix(form: Form, names: Sequence[str]) -> list[list[Fraction]]:
    """The symmetric S with form = <S, Gram matrix>, values aside."""
    half = lambda a, b: form[min(a, b), max(a, b)] / (1 if a == b else 2)
    return [[half(a, b) for b in names] for a in names]


def indefinite(S: Sequence[Sequence[Fraction]]) -> str:
    """Why a symmetric matrix of fractions is not positive semidefinite, "" if it is: by elimination, pivot by pivot."""
    rows = [list(row) for row in S]
    for k, row in enumerate(rows):
        pivot = row[k]
        if pivot < 0:
            return f"pivot {k} is {float(pivot):g}"
        if pivot == 0:
            if any(row[k:]):
                return f"pivot {k} is 0, its row is not"
            continue
        for below in rows[k + 1 :]:
            share = below[k] / pivot
            if share:
                below[k:] = [x - share * y for x, y in zip(below[k:], row[k:], strict=True)]
    return ""


def certify(problem: Worst, rate: Fraction, weights: Sequence[Fraction]) -> Proof:
    """The proof that metric <= rate * unit: no weight is negative, values cancel, what remains is a sum of squares."""
    values, vectors = problem.keys()
    slack = problem.slack(rate, weights)
    negative = [i for i, weight in enumerate(weights[: len(problem.below)]) if weight < 0]
    left = [name for name in values if slack[name] != 0]
    bent = indefinite(matrix(slack, vectors))
    wrong = [
        *([f"weight {negative[0]} is negative"] if negative else []),
        *([f"{left[0]} does not cancel"] if left else []),
        *([f"slack is not psd: {bent}"] if bent else []),
    ]
    return Proof(3, "; ".join(wrong))


# --- finding weights


class Solved(NamedTuple):
    """The worst rate as the solver has it, and inner products and values that come near to it."""

    rate: float
    vectors: list[str]
    gram: np.ndarray
    values: dict[str, float]


def solve(problem: Worst) -> Solved:
    """The smallest rate that weights can certify, which is the largest that occurs; by CLARABEL."""
    cp, program = _program(problem)
    solution = cp.Problem(cp.Minimize(program.rate), program.conditions)
    solution.solve(solver=cp.CLARABEL)
    if solution.status not in ("optimal", "optimal_inaccurate"):
        raise ArithmeticError(f"the program is {solution.status}")
    cancel, psd = program.conditions[-2:]
    return Solved(
        float(program.rate.value), program.vectors, psd.dual_value, dict(zip(program.values, cancel.dual_value, strict=True))
    )


def weigh(problem: Worst, rate: Fraction) -> list[Fraction]:
    """Weights that certify a rate, which is a little larger than the smallest: as far from their limits as they can be,
    so that they survive rounding."""
    cp, program = _program(problem, float(rate))
    room = cp.Variable()
    inside = [program.weights[: len(problem.below)] >= room, program.slack >> room * np.eye(len(program.vectors))]
    solution = cp.Problem(cp.Maximize(room), [*program.conditions, *inside, room <= 1])
    solution.solve(solver=cp.CLARABEL, tol_feas=1e-12, tol_gap_abs=1e-12, tol_gap_rel=1e-12)
    if program.weights.value is None or room.value <= 0:
        raise ArithmeticError(f"rate={float(rate):g} leaves no room for weights ({solution.status}, {room.value})")
    rounded = [Fraction(round(w * FINEST), FINEST) for w in program.weights.value]
    return cancelled(problem, rate, rounded)


class _Program(NamedTuple):
    values: list[str]
    vectors: list[str]
    rate: Any
    weights: Any
    slack: Any
    conditions: list


def _program(problem: Worst, rate: float | None = None) -> tuple[Any, _Program]:
    try:
        import cvxpy as cp
    except ImportError as missing:
        raise ImportError(f"new weights need cvxpy: {install('pep')}") from missing
    values, vectors = problem.keys()
    forms, free = problem.forms, cp.Variable() if rate is None else rate
    weights = cp.Variable(len(forms))
    floats = lambda form: np.array(matrix(form, vectors), float)
    row = lambda form: np.array([float(form[name]) for name in values])
    slack = free * floats(problem.unit) - floats(problem.metric)
    slack = slack + sum(weights[i] * floats(form) for i, form in enumerate(forms))
    left = free * row(problem.unit) - row(problem.metric) + np.array([row(f) for f in forms]).T @ weights
    conditions = [weights[: len(problem.below)] >= 0, left == 0, slack >> 0]
    return cp, _Program(values, vectors, free, weights, slack, conditions)


def cancelled(problem: Worst, rate: Fraction, weights: Sequence[Fraction]) -> list[Fraction]:
    """The nearest weights with which all values cancel exactly."""
    values, _ = problem.keys()
    rows = [[form[name] for form in problem.forms] for name in values]
    slack = problem.slack(rate, weights)
    products = [[sum(x * y for x, y in zip(a, b, strict=True)) for b in rows] for a in rows]
    shares = eliminated([[*row, slack[name]] for row, name in zip(products, values, strict=True)])
    return [w - sum(s * row[i] for s, row in zip(shares, rows, strict=True)) for i, w in enumerate(weights)]


def eliminated(rows: list[list[Fraction]]) -> list[Fraction]:
    """The solution of linear equations, each a row that ends with its right side."""
    for k in range(len(rows)):
        at = next(i for i in range(k, len(rows)) if rows[i][k])
        rows[k], rows[at] = rows[at], rows[k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for i, row in enumerate(rows):
            if i != k and row[k]:
                rows[i] = [x - row[k] * y for x, y in zip(row, rows[k], strict=True)]
    return [row[-1] for row in rows]
