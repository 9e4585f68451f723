"""How cost grows: one quantity at a time, at sizes where overhead no longer rules, beside the floor of every point.

A curve times whole steps of all lanes, or one line; its sizes take turns. The slope is fitted to the logarithms of its
largest sizes; where a cost that the theory calls linear is not, the slope shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np

import toybox as tb

from .measure import interleaved, slope, walk
from .rates import Work, floor
from .rows import SLS

Made = tuple[Callable[[], float], float, Work]  # seconds of so many units, how many, the work of one unit
POINTS = 167


class Curve(NamedTuple):
    """What is timed against what, with the slope that theory predicts."""

    name: str
    what: str
    axis: str
    sizes: tuple[int, ...]
    predicted: float
    make: Callable[[int], Made]
    top: int = 4  # how many of the largest sizes the slope is fitted to


class Measured(NamedTuple):
    """A curve's times and floors (sizes,) in seconds per unit, and the slope over its largest sizes."""

    curve: Curve
    sizes: np.ndarray
    seconds: np.ndarray  # medians
    quartiles: np.ndarray  # (2, sizes)
    floors: np.ndarray
    slope: float

    @property
    def floor_slope(self) -> float:
        """That of the floors: above the prediction where the data leave a cache."""
        top = slice(-self.curve.top, None)
        return slope(self.sizes[top], self.floors[top])

    @property
    def off(self) -> bool:
        """Whether the slope misses its prediction by more than 10 % (by more than 0.1 where that is 0)."""
        return abs(self.slope - self.curve.predicted) > 0.1 * (self.curve.predicted or 1)


def measured(curve: Curve, quick: bool) -> Measured:
    """Time a curve; quick: without its two largest sizes, three repetitions."""
    sizes = curve.sizes[:-2] if quick else curve.sizes
    made = {size: curve.make(size) for size in sizes}
    cost = interleaved(3 if quick else 7, {size: piece for size, (piece, _, _) in made.items()})
    each = np.stack([cost[size] / made[size][1] for size in sizes])
    low, seconds, high = np.quantile(each, (0.25, 0.5, 0.75), axis=1)
    floors = np.array([floor(made[size][2]) for size in sizes])
    top = slice(-curve.top, None)
    return Measured(curve, np.array(sizes), seconds, np.stack([low, high]), floors, slope(sizes[top], seconds[top]))


# --- what is timed: a size -> the piece, its units, the work of one


@cache
def _problem(kind: str, *size: int) -> Any:
    """Problems of any size, with random numbers for data; "mushrooms" is the real one."""
    rng = np.random.default_rng(0)
    if kind == "kernel":
        (n,) = size
        return tb.problems.KernelClassifier(rng.standard_normal((n, 2)), np.arange(n) % 2, 1.0)
    if kind == "factorization":
        X = rng.standard_normal((size[0], 6))
        return tb.problems.Factorization(X, X @ rng.standard_normal((6, 10)), 4)
    if kind == "common":
        (n,) = size
        v = rng.standard_normal(n)
        return tb.problems.NoisyQuadratic(np.eye(n) + np.outer(v, v) / n, np.zeros((200, n)))
    return tb.problem(kind)


def _steps(problem: Any, steps: int, batch: int, lanes: int, work: Work) -> Made:
    """SLS steps of all lanes."""
    return partial(walk, problem, tb.method("sls", **SLS), steps, batch, range(lanes)), steps, work


def _kernel_rows(problem: Any, batch: int) -> Work:
    """A step's gather of rows of K and three products with them."""
    rows = 8 * batch * problem.size
    return Work(copied=2 * rows, source=8 * problem.size**2, read=3 * rows, held=rows, flops=6 * batch * problem.size)


def batch(size: int) -> Made:
    problem = _problem("mushrooms")
    return _steps(problem, max(4, 4000 // size), size, 1, _kernel_rows(problem, size))


def factorization_batch(size: int) -> Made:
    """A step, over one epoch."""
    problem = _problem("factorization", 200_000)
    return _steps(problem, 200_000 // size, size, 1, _factorization_rows(size, 1, problem))


def dimension(n: int) -> Made:
    problem = _problem("kernel", n)
    return _steps(problem, max(150, 400_000 // n), 100, 1, _kernel_rows(problem, 100))


def quadratic_dimension(n: int, batch: int = 100) -> Made:
    """Q_i e_i for the batch with one common Q, and the products Q d and Q g of one vector."""
    problem = _problem("common", n)
    work = Work(read=8 * n * n, held=8 * n * n, flops=2 * (batch + 1) * n * n)
    return _steps(problem, max(4, 400_000 // n**2), batch, 1, work)


def _factorization_rows(batch: int, lanes: int, problem: Any) -> Work:
    """The gather of x and y, the residuals, their gradient and one trial: three products with x."""
    row, product = problem.inputs + problem.outputs, 2 * problem.inputs * problem.outputs
    return Work(
        copied=16 * lanes * batch * row,
        source=8 * problem.size * row,
        flops=3 * lanes * batch * product,
    )


def data(size: int) -> Made:
    """A step, over whole epochs."""
    problem = _problem("factorization", size)
    return _steps(problem, max(300, size // 100), 100, 1, _factorization_rows(100, 1, problem))


def _epochs(lanes: int) -> int:
    """Steps of whole epochs, so many that the clock sees them."""
    return 20 * max(1, 512 // lanes)


def lanes(many: int) -> Made:
    problem = _problem("factorization", 200)
    return _steps(problem, _epochs(many), 100, many, _factorization_rows(100, many, problem))


def quadratic_lanes(many: int, batch: int = 10, n: int = 10) -> Made:
    """The gather of Q_i and m_i, and three products with each Q_i."""
    problem, row = _problem("quadratic"), n * n + n
    rows = 8 * many * batch * row
    work = Work(copied=2 * rows, source=8 * problem.size * row, flops=6 * many * batch * n * n)
    return _steps(problem, _epochs(many), batch, many, work)


def _line(problem: Any, units: int, work: Work) -> Made:
    """The full loss along a line at 167 places, from theta and d."""
    theta, whole = problem.initial([0]), problem.population
    d = -problem.at(theta, whole).gradient
    if hasattr(problem, "logits"):
        d = d * (2 / problem.logits(d).std())  # predictions change by about 2 over the window
    s = np.linspace(0, 1, POINTS)[None]

    def piece() -> None:
        for _ in range(units):
            problem.at(theta, whole).along(d).proxy((0.0, 1.0)).change(s)

    return piece, units, work


def line_data(size: int) -> Made:
    problem = _problem("factorization", size)
    row = problem.inputs + problem.outputs
    work = Work(read=8 * size * row, held=8 * size * row, flops=6 * size * problem.inputs * problem.outputs)
    return _line(problem, max(1, 100_000 // size), work)


def line_dimension(n: int) -> Made:
    """What makes a full line: the predictions of theta and d, in one pass over K."""
    problem, units = _problem("kernel", n), max(1, (4000 // n) ** 2)
    theta, d = problem.initial([0]), problem.initial([1])

    def piece() -> None:
        for _ in range(units):
            problem.at(theta, problem.population).along(d).slope0  # noqa: B018

    return piece, units, Work(read=8 * n * n, held=8 * n * n, flops=4 * n * n)


def _changes(problem: Any, batch: int, many: int, work: Work) -> Made:
    """``change`` at so many steps of one line on a batch, once the line is known."""
    point = problem.at(problem.initial([0]), problem.draw(np.array([0]), 0, 0, batch))
    line, s, units = point.along(-point.gradient), np.linspace(0, 1, many)[None], max(1, 30_000 // many)
    line.change(s[:, :1])

    def piece() -> None:
        for _ in range(units):
            line.change(s)

    return piece, units, work


def steps(many: int) -> Made:
    """At least one exponential for each example and step."""
    return _changes(_problem("mushrooms"), 100, many, Work(exponentials=100 * many))


def polynomial(many: int) -> Made:
    """Steps are read, values written, and a quartic takes eight operations at each."""
    work = Work(copied=16 * many, source=8 * many)
    return _changes(_problem("factorization", 1000), 100, many, work)


BATCHES = (250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000)
LANES = tuple(2**k for k in range(4, 13))
DIMENSIONS = (1000, 2000, 4000, 5657, 8000, 11314)
SIZES = (10_000, 50_000, 200_000, 400_000, 800_000, 1_600_000)
CURVES = {
    curve.name: curve
    for curve in (
        Curve("data", "SLS step, factorization, B = 100", "D", (1000, 3000, 10_000, 30_000, 100_000), 0, data),
        Curve("line-data", "full line, factorization", "D", SIZES, 1, line_data),
        Curve("batch", "SLS step, mushrooms", "B", (25, 50, 100, 200, 400, 800, 1600, 3200, 6400), 1, batch),
        Curve("factorization-batch", "SLS step, factorization", "B", BATCHES, 1, factorization_batch),
        Curve("dimension", "SLS step, kernel, B = 100", "n", DIMENSIONS, 1, dimension),
        Curve("line-dimension", "value and slope of a full line, kernel", "n", DIMENSIONS, 2, line_dimension),
        Curve("quadratic-dimension", "SLS step, quadratic, B = 100", "n", LANES[3:], 2, quadratic_dimension),
        Curve("lanes", "SLS step, factorization, B = 100", "lanes", LANES, 1, lanes, 7),
        Curve("quadratic-lanes", "SLS step, quadratic, n = B = 10", "lanes", LANES, 1, quadratic_lanes, 7),
        Curve("steps", "line on a batch, mushrooms, B = 100", "S", (300, 1000, 3000, 10_000, 30_000), 1, steps),
        Curve(
            "polynomial-steps",
            "line, factorization",
            "S",
            (1000, 10_000, 50_000, 100_000, 200_000, 400_000),
            1,
            polynomial,
        ),
    )
}


def summary(found: list[Measured]) -> Iterator[str]:
    """One line of Markdown per curve; a slope off its prediction stands out."""
    yield "| cost of | against | sizes fitted | slope | predicted | floor's | largest: ms | floor: ms | ratio |"
    yield "|---|---|---|--:|--:|--:|--:|--:|--:|"
    for m in found:
        top, mark = m.sizes[-m.curve.top :], "**" if m.off else ""
        yield (
            f"| {m.curve.what} | {m.curve.axis} | {top[0]} .. {top[-1]} | {mark}{m.slope:.2f}{mark} | "
            f"{m.curve.predicted:g} | {m.floor_slope:.2f} | {1e3 * m.seconds[-1]:.3g} | {1e3 * m.floors[-1]:.3g} | "
            f"{m.seconds[-1] / m.floors[-1]:.1f} |"
        )


def points(found: list[Measured]) -> Iterator[str]:
    """One line of Markdown per point; lanes also by lane."""
    yield "| cost of | size | ms | quartiles | µs per lane | floor: ms | ratio |"
    yield "|---|--:|--:|---|--:|--:|--:|"
    for m in found:
        for size, t, low, high, least in zip(m.sizes, m.seconds, *m.quartiles, m.floors, strict=True):
            lane = f"{1e6 * t / size:.2f}" if m.curve.axis == "lanes" else ""
            yield (
                f"| {m.curve.what} | {m.curve.axis} = {size} | {1e3 * t:.4g} | {1e3 * low:.4g} .. {1e3 * high:.4g} | "
                f"{lane} | {1e3 * least:.3g} | {t / least:.1f} |"
            )
