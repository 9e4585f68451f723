"""How it is measured: pieces of code that take turns in one process, ratios with quartiles, slopes on log-log axes."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

import toybox as tb
from toybox import sampling
from toybox.optimizer import group

Key = TypeVar("Key", bound=Hashable)
HEAD = ["| measured | µs | against | ratio | quartiles | at most |", "|---|--:|---|--:|--:|--:|"]


class Row(NamedTuple):
    """A line of the table: the time of ``what`` over that of ``against``."""

    what: str
    against: str
    ratios: np.ndarray  # one per repetition
    micros: float  # median time of ``what``, per run and step
    target: float | None = None  # largest ratio wanted


def markdown(row: Row) -> str:
    """The row of the table; a ratio above its target stands out."""
    low, middle, high = (f"{ratio:.3g}" for ratio in np.quantile(row.ratios, (0.25, 0.5, 0.75)))
    target = "" if row.target is None else f"{row.target:.3g}"
    missed = row.target is not None and np.median(row.ratios) > row.target
    ratio = f"**{middle}**" if missed else middle
    return f"| {row.what} | {row.micros:.1f} | {row.against} | {ratio} | {low} .. {high} | {target} |"


def interleaved(repeats: int, pieces: Mapping[Key, Callable[[], Any]]) -> dict[Key, np.ndarray]:
    """Seconds of the processor that every piece took, by repetition; the pieces take turns, so that what else runs on
    the machine disturbs them alike. A piece may measure itself and return a float."""
    seconds: dict[Key, list[float]] = {name: [] for name in pieces}
    for repetition in range(repeats + 1):
        for name, piece in pieces.items():
            began = time.process_time()
            own = piece()
            if repetition:  # the first round warms up
                seconds[name].append(own if isinstance(own, float) else time.process_time() - began)
    return {name: np.array(column) for name, column in seconds.items()}


def walk(problem: Any, optimizer: Any, steps: int, batch: int, seeds: Sequence[int] = (0,)) -> float:
    """Seconds of ``steps`` steps of all seeds, drawing included: a run of steps + 1 less one of a single step on a
    given batch, so that setting up and the full losses at both ends cancel; in the groups of seeds that ``tb.run``
    makes. Shuffled epochs that the repetition before drew are forgotten: they would cost nothing."""
    many = group(problem, optimizer, batch)
    if len(seeds) > many:
        return sum(walk(problem, optimizer, steps, batch, seeds[i : i + many]) for i in range(0, len(seeds), many))
    options = {"batch": batch, "seeds": seeds, "every": None}
    given = problem.draw(np.asarray(seeds), 0, 0, batch)
    began = time.process_time()
    tb.run(problem, optimizer, steps=1, sampler=lambda t, j: given, **options)
    ends = time.process_time()
    sampling._epochs.cache_clear()
    tb.run(problem, optimizer, steps=steps + 1, **options)
    return (time.process_time() - ends) - (ends - began)


def slope(x: Sequence[float], seconds: Sequence[float]) -> float:
    """The slope of the straight line through (log x, log seconds) with the least squares. Raises ``ValueError`` for
    fewer than two points, or values that have no logarithm."""
    x, seconds = np.asarray(x, float), np.asarray(seconds, float)
    if x.shape != seconds.shape or x.ndim != 1 or len(x) < 2 or not ((x > 0).all() and (seconds > 0).all()):
        raise ValueError(
            f"x={x.tolist()}, seconds={seconds.tolist()} is not accepted; accepted: two or more positive pairs"
        )
    return float(np.polyfit(np.log(x), np.log(seconds), 1)[0])
