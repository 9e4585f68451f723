"""What is compared: our steps and lines against plain NumPy loops, torch closures and what cannot be avoided.

A step is counted with the drawing of its batch, the full losses at both ends of a run are not: the baselines measure
none. Loops and closures draw from NumPy's generator, so that batches differ, but not what they are: shuffled epochs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np

import toybox as tb

from . import straight
from .measure import Row, interleaved, walk

try:
    import torch

    from . import closures
except ImportError as missing:
    closures, NO_TORCH = None, f"no {missing.name}"  # type: ignore[assignment]
else:
    NO_TORCH = ""
    torch.set_num_threads(1)

LANES = 64
SLS, PAL = {"gamma": 1.5}, {"s_max": 10**0.5}
METHODS = (("SLS", SLS), ("PAL", PAL))


class Place(NamedTuple):
    """A problem with what the baselines need to know of it."""

    problem: Any
    batch: int
    tables: tuple[np.ndarray, np.ndarray]  # whose rows are gathered
    make: tuple = ()  # what else the baselines' functions take: the rank

    @property
    def theta(self) -> np.ndarray:
        return self.problem.initial([0])[0]

    @property
    def growth(self) -> float:
        """By which the released resets multiply the step: gamma^(B/D)."""
        return SLS["gamma"] ** (self.batch / self.problem.size)


def place(name: str, dtype: str = "float64") -> Place:
    """One of the three problems that are measured."""
    if name == "factorization":
        problem = tb.problem(name, rank=4)
        return Place(problem, 100, (problem.X, problem.Y), (4,))
    if name == "quadratic":
        problem = tb.problem(name, dim=10, size=100)
        return Place(problem, 10, (problem.Q, np.array(problem.m)))
    problem = tb.problem("mushrooms", dtype=dtype)
    return Place(problem, 100, (problem._K, 2 * problem.y.astype(dtype) - 1))


def baselines(name: str, here: Place, method: str, many: int) -> dict[str, Callable[[], Any]]:
    """The same rule as a plain loop and, where there is torch, as an optimizer with a closure: ``many`` steps each."""
    functions = getattr(straight, name)(*here.tables, *here.make)
    found = {"straight NumPy": partial(getattr(straight, method.lower()), functions, here.tables, here.theta, many)}
    if closures:
        make = partial(closures.SLS, growth=here.growth) if method == "SLS" else closures.PAL
        start = getattr(closures, name)(*here.tables, *here.make, here.theta)
        found["torch closure"] = partial(closures.run, make, start, here.tables, many)
    return {label: partial(piece, here.batch) for label, piece in found.items()}


def small(name: str, targets: Mapping[tuple[str, str], float], quick: bool) -> Iterator[Row]:
    """Cost per run and step of SLS and PAL, alone and in lanes."""
    repeats, many = (5, 100) if quick else (15, 300)
    here, few = place(name), many // 5
    for method, hyper in METHODS:
        ours = partial(walk, here.problem, tb.method(method.lower(), **hyper), batch=here.batch)
        cost = interleaved(repeats, {
            "one run": partial(ours, steps=many),
            "lanes": partial(ours, steps=few, seeds=range(LANES)),
            **baselines(name, here, method, many),
        })  # fmt: skip
        for label, own, n in (("one run", "one run", many), (f"{LANES} lanes", "lanes", few * LANES)):
            for other in [key for key in cost if key not in ("one run", "lanes")]:
                ratios = (cost[own] / n) / (cost[other] / many)
                micros = 1e6 * float(np.median(cost[own])) / n
                yield Row(f"{name}, {method}, {label}", other, ratios, micros, targets.get((own, other)))


def factorization(quick: bool) -> Iterator[Row]:
    torch, plain = "torch closure", "straight NumPy"
    wanted = {("one run", torch): 1 / 2.5, ("lanes", torch): 1 / 12, ("one run", plain): 2.0, ("lanes", plain): 0.5}
    return small("factorization", wanted, quick)


def quadratic(quick: bool) -> Iterator[Row]:
    torch, plain = "torch closure", "straight NumPy"
    return small("quadratic", {("one run", torch): 1 / 2.5, ("lanes", torch): 1 / 12, ("lanes", plain): 0.25}, quick)


def mushrooms(quick: bool) -> Iterator[Row]:
    """A step on kernel rows, the gather of these rows included everywhere."""
    repeats, many = (5, 30) if quick else (11, 100)
    for dtype in ("float64", "float32"):
        here = place("mushrooms", dtype)
        K, (theta, d) = here.problem._K, here.problem.initial([0, 1])
        v = np.ones(here.batch, dtype)

        def floor(K=K, theta=theta, d=d, v=v) -> None:
            rng = np.random.default_rng(0)
            for _ in range(many):
                rows = K.take(rng.integers(0, len(K), len(v)), axis=0)
                rows @ theta, v @ rows, rows @ d

        for method, hyper in METHODS:
            ours = partial(walk, here.problem, tb.method(method.lower(), **hyper), many, here.batch)
            others = {"gather + three products": floor, **baselines("kernel", here, method, many)}
            cost = interleaved(repeats, {"ours": ours, **others})
            micros, targets = 1e6 * float(np.median(cost["ours"])) / many, {"torch closure": 1 / 1.8}
            for other in others:
                target = 1.4 if other.startswith("gather") else targets.get(other)
                yield Row(f"mushrooms {dtype}, {method}", other, cost["ours"] / cost[other], micros, target)


def line(quick: bool, points: int = 167) -> Iterator[Row]:
    """The full loss at 167 places of a line of mushrooms, from theta and d, against evaluations of the full loss."""
    for dtype in ("float64", "float32"):
        problem = place("mushrooms", dtype).problem
        theta, whole = problem.initial([0]), problem.population
        d = -problem.at(theta, whole).gradient
        d = d * (2 / problem.logits(d).std())  # predictions change by about 2 over the window
        s = np.linspace(0, 1, points, dtype=dtype)[None]

        def ours(problem=problem, theta=theta, d=d, s=s) -> Any:
            return problem.at(theta, problem.population).along(d).proxy((0.0, 1.0)).change(s)

        def one(problem=problem, theta=theta) -> Any:
            return problem.at(theta, problem.population).value

        def all_of_them(problem=problem, theta=theta, d=d, s=s) -> list:
            return [problem.at(theta + step * d, problem.population).value for step in s[0]]

        for against, piece, repeats, target in (
            ("one full loss", one, 15 if quick else 45, 1.6),
            (f"{points} full losses", all_of_them, 5, 1 / 50),
        ):
            cost = interleaved(repeats, {"ours": ours, against: piece})
            micros = 1e6 * float(np.median(cost["ours"]))
            yield Row(
                f"mushrooms {dtype}, full line at {points} points",
                against,
                cost["ours"] / cost[against],
                micros,
                target,
            )
