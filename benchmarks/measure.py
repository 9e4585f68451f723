"""What is measured: pairs of pieces of code run in turn in one process, and the ratios of their times."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import straight

import toybox as tb

try:
    import closures
    import torch
except ImportError as missing:
    closures, NO_TORCH = None, f"no {missing.name}"  # type: ignore[assignment]
else:
    torch.set_num_threads(1)

LANES = 64


class Row(NamedTuple):
    """A line of the table: the time of ``what`` over that of ``against``."""

    what: str
    against: str
    ratios: np.ndarray  # one per repetition
    micros: float  # median time of ``what``, per run and step
    target: float | None = None  # largest ratio wanted


def markdown(row: Row) -> str:
    """The row of the table; a ratio above its target stands out."""
    low, middle, high = np.quantile(row.ratios, (0.25, 0.5, 0.75))
    target = "" if row.target is None else f"{row.target:g}"
    ratio = f"**{middle:.2f}**" if row.target and middle > row.target else f"{middle:.2f}"
    return f"| {row.what} | {row.micros:.1f} | {row.against} | {ratio} | {low:.2f} .. {high:.2f} | {target} |"


def interleaved(repeats: int, pieces: Mapping[str, Callable[[], Any]]) -> dict[str, np.ndarray]:
    """Seconds of the processor that every piece took, by repetition; the pieces take turns, so that what else runs on
    the machine disturbs them alike. A piece may measure itself and return a float."""
    seconds: dict[str, list[float]] = {name: [] for name in pieces}
    for repetition in range(repeats + 1):
        for name, piece in pieces.items():
            began = time.process_time()
            own = piece()
            if repetition:  # the first round warms up
                seconds[name].append(own if isinstance(own, float) else time.process_time() - began)
    return {name: np.array(column) for name, column in seconds.items()}


def steps(name: str, repeats: int, many: int) -> Iterator[Row]:
    """Cost per run and step of SLS and PAL, alone and in lanes, against the straight and the closure-style loops."""
    if name == "factorization":
        problem, batch, wanted = tb.problem(name, rank=4), 100, {"solo": 2.0, "lanes": 0.5}
        tables, rank = (problem.X, problem.Y), [4]
    else:
        problem, batch, wanted = tb.problem(name, dim=10, size=100), 10, {"lanes": 0.25}
        tables, rank = (problem.Q, problem.m), []
    theta, few = problem.initial([0])[0], many // 5
    for method, hyper in (("SLS", {"gamma": 1.5}), ("PAL", {})):
        walk = partial(tb.run, problem, tb.method(method.lower(), **hyper), batch=batch, every=None)
        loop = partial(getattr(straight, method.lower()), getattr(straight, name)(*tables, *rank))
        pieces = {
            "straight NumPy": partial(loop, tables, theta, many, batch),
            "solo": partial(walk, steps=many),
            "lanes": partial(walk, steps=few, seeds=range(LANES)),
        }
        if closures:
            make = partial(closures.SLS, growth=1.5 ** (batch / problem.size)) if method == "SLS" else closures.PAL
            start = getattr(closures, name)(*tables, *rank, theta)
            pieces["torch closure"] = partial(closures.run, make, start, tables, many, batch)
        cost = interleaved(repeats, pieces)
        for ours, label, n in (("solo", "one run", many), ("lanes", f"{LANES} lanes", few * LANES)):
            for other in ("straight NumPy", "torch closure"):
                if other in cost:
                    ratios, target = (
                        (cost[ours] / n) / (cost[other] / many),
                        None if "torch" in other else wanted.get(ours),
                    )
                    yield Row(
                        f"{name}, {method}, {label}", other, ratios, 1e6 * float(np.median(cost[ours])) / n, target
                    )


def kernel(dtype: str, repeats: int, many: int, points: int = 167) -> Iterator[Row]:
    """mushrooms: an SLS step against its row gather and three products, and a full-batch line against full losses."""
    problem, optimizer = tb.problem("mushrooms", dtype=dtype), tb.method("sls", gamma=1.5)
    K, rng, batch = problem._K, np.random.default_rng(0), 100
    theta, v = problem.initial([0, 1]), np.ones(batch, dtype)

    def floor() -> None:
        for _ in range(many):
            rows = K.take(rng.integers(0, problem.size, batch), axis=0)
            rows @ theta[0], v @ rows, rows @ theta[1]

    def step() -> float:
        """What ``many`` steps add to a run of one, whose two full-batch measurements are not a step's."""
        began = time.process_time()
        tb.run(problem, optimizer, steps=1, batch=batch, every=None)
        ends = time.process_time()
        tb.run(problem, optimizer, steps=many + 1, batch=batch, every=None)
        return (time.process_time() - ends) - (ends - began)

    cost = interleaved(repeats, {"floor": floor, "step": step})
    micros = 1e6 * float(np.median(cost["step"])) / many
    yield Row(f"mushrooms {dtype}, SLS", "gather + three products", cost["step"] / cost["floor"], micros, 1.5)

    theta, whole = theta[:1], problem.population
    d = -problem.at(theta, whole).gradient
    d = d * (2 / problem.logits(d).std())  # predictions change by about 2 over the window
    s = np.linspace(0, 1, points, dtype=dtype)[None]

    def loss() -> None:
        problem.at(theta, whole).value  # noqa: B018

    def line() -> None:
        problem.at(theta, whole).along(d).proxy((0.0, 1.0)).change(s)

    cost = interleaved(3 * repeats, {"loss": loss, "line": line})
    micros = 1e6 * float(np.median(cost["line"]))
    yield Row(
        f"mushrooms {dtype}, full line at {points} points", "one full loss", cost["line"] / cost["loss"], micros, 1.6
    )
