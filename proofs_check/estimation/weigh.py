"""Finding weights and worst functions, by CLARABEL (extra ``pep``): ``python -m proofs_check.certificates --renew``."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, log
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar

from toybox.extras import install

from .certify import cancelled, certify
from .forms import Worst, matrix
from .rows import ROWS, Row
from .stored import Record, Weights, write
from .through import Place

ROOM = Fraction(1, 10**6)  # of functions on which a rule is to decide as it was assumed to
FINE = 10**9  # coordinates are multiples of its inverse
LEFT = 5e-7  # between the largest rate and one that is to be certified: what rounding may use up


class Program(NamedTuple):
    """The search for weights: names, the unknowns, and what they have to meet."""

    values: list[str]
    vectors: list[str]
    rate: Any
    weights: Any
    cancel: Any
    slack: Any

    @property
    def conditions(self) -> list:
        return [self.cancel, self.slack >> 0]


def program(cp: Any, question: Worst, rate: Any) -> Program:
    values, vectors = question.names()
    gram = lambda form: np.array(matrix(form, vectors), float)
    row = lambda form: np.array([float(form[name]) for name in values])
    weights = cp.Variable(len(question.forms))
    total = lambda of: rate * of(question.unit) - of(question.metric)
    slack = total(gram) + sum(weights[i] * gram(form) for i, form in enumerate(question.forms))
    cancel = total(row) + np.array([row(form) for form in question.forms]).T @ weights == 0
    return Program(values, vectors, rate, weights, cancel, slack)


def solver() -> Any:
    try:
        import cvxpy
    except ImportError as missing:
        raise ImportError(f"new weights need a solver: {install('pep')}") from missing
    return cvxpy


class Solved(NamedTuple):
    """The largest rate, weights that show it, values and inner products that attain it; all as the solver has them."""

    rate: float
    weights: np.ndarray
    values: dict[str, float]
    vectors: list[str]
    gram: np.ndarray


def solve(question: Worst) -> Solved:
    """The smallest rate that weights can show, which is the largest that occurs."""
    cp = solver()
    p = program(cp, question, cp.Variable())
    conditions = [*p.conditions, p.weights[: len(question.below)] >= 0]
    _run(cp, cp.Problem(cp.Minimize(p.rate), conditions))
    values = dict(zip(p.values, -p.cancel.dual_value, strict=True))
    return Solved(float(p.rate.value), p.weights.value, values, p.vectors, conditions[1].dual_value)


def _run(cp: Any, problem: Any) -> None:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it may be inaccurate: what matters is checked
        problem.solve(solver=cp.CLARABEL, tol_feas=1e-10, tol_gap_abs=1e-10, tol_gap_rel=1e-10)
    if problem.status not in ("optimal", "optimal_inaccurate"):
        raise ArithmeticError(f"the solver ends with {problem.status}")


def weigh(question: Worst, rate: Fraction) -> Weights:
    """Weights that certify a rate, which is larger than the worst: as far as can be from what they must not pass, and
    then as short numbers as still certify."""
    cp = solver()
    p = program(cp, question, float(rate))
    room = cp.Variable()
    away = [p.weights[: len(question.below)] >= room, p.slack >> room * np.eye(len(p.vectors)), room <= 1]
    _run(cp, cp.Problem(cp.Maximize(room), [p.cancel, *away]))
    return shortened(question, rate, p.weights.value)


def shortened(question: Worst, rate: Fraction, weights: Sequence[float]) -> Weights:
    """The weights rounded to as few digits as still certify the rate."""
    for unit in (10**digits for digits in range(1, 14)):
        rounded = [round(float(weight) * unit) for weight in weights]
        exact = cancelled(question, rate, [Fraction(n, unit) for n in rounded])
        if not certify(question, rate, exact).counterexample:
            return Weights(unit, rounded)
    raise ArithmeticError(f"rate={float(rate):.9g} is not certified by the solver's weights")


# --- what is stored


def renewed(row: Row) -> Record:
    s, worst = worst_step(row)
    rate = row.rate
    if rate is None and row.bounded:
        unit, more = (10**6, 1.0) if row.span is None or s == row.span[0] else (200, 0.5)  # pieces must not be narrow
        rate = Fraction(ceil(worst.rate * unit + more), unit)
    cuts, weights = list[Fraction](), list[Weights]()
    if rate is not None:
        cuts = covered(row, *row.span, rate) if row.span else []
        weights = [weigh(piece, rate) for piece in row.pieces(cuts)]
    return Record(rate, cuts, weights, s, places(row.strict(s, ROOM)) if row.replay else [])


def worst_step(row: Row) -> tuple[Fraction | None, Solved]:
    """Where the rate is largest: the best of 49 steps, after a local search around each that tops its neighbours."""
    if row.span is None:
        return None, solve(row.at(None))
    low, high = row.span
    if low == high:
        return low, solve(row.at(low))

    def step(t: float) -> Fraction:
        return min(max(Fraction(round(float(np.exp(t)) * 2**20), 2**20), low), high)

    rate = lambda t: solve(row.at(step(t))).rate
    grid = np.linspace(log(low), log(high), 49)
    rates = np.array([rate(t) for t in grid])
    padded = np.concatenate([[-np.inf], rates, [-np.inf]])
    humps = [i for i in range(49) if padded[i + 1] > max(padded[i], padded[i + 2]) and rates[i] > 0.9 * rates.max()]
    found = [(rates[i], grid[i]) for i in humps]
    for i in humps:
        ends = grid[max(i - 1, 0)], grid[min(i + 1, 48)]
        top = minimize_scalar(lambda t: -rate(t), bounds=ends, options={"xatol": 1e-4})
        found.append((-top.fun, top.x))
    s = step(max(found)[1])
    return s, solve(row.at(s))


def covered(row: Row, low: Fraction, high: Fraction, rate: Fraction, depth: int = 0) -> list[Fraction]:
    """Cuts between which the rate is certified at both ends."""
    if low == high or all(solve(piece).rate < rate - LEFT for piece in row.pieces([low, high])):
        return [low, high]
    if depth > 12:
        raise ArithmeticError(f"{row.name}: rate={float(rate):g} is too small for steps from {float(low):g}")
    middle = (low + high) / 2
    return [*covered(row, low, middle, rate, depth + 1)[:-1], *covered(row, middle, high, rate, depth + 1)]


def places(question: Worst) -> list[Place]:
    """The points of the worst function, in coordinates: all but the minimiser, the start first."""
    worst = solve(question)
    size, axes = np.linalg.eigh(worst.gram)
    kept = size > 1e-7 * size[-1]
    coordinates = dict(zip(worst.vectors, axes[:, kept] * np.sqrt(size[kept]), strict=True))
    short = lambda x: Fraction(round(float(x) * FINE), FINE)

    def place(vector) -> list[Fraction]:
        parts = (float(share) * coordinates[name] for name, share in vector.terms.items())
        return [short(x) for x in sum(parts, np.zeros(kept.sum()))]

    value = lambda form: short(sum(float(share) * worst.values[name] for name, share in form.terms.items()))
    return [Place(place(point.x), place(point.g), value(point.f)) for point in question.points[1:]]


def renew(words: Sequence[str] = ()) -> None:
    """Find what is stored anew, of all rows whose names have all of these words."""
    for row in ROWS.values():
        if all(word in row.name for word in words):
            write({row.name: renewed(row)})
            print(row.name, flush=True)
