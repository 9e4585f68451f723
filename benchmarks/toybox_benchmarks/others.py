"""What is compared with other libraries: JAX's two Armijo searches, SciPy's line search and scalar minimisation.

SciPy gets the loss and the gradient of ``straight.py`` on the same batch; all start where loss and gradient are known.
``line_search`` finds a strong Wolfe step (c1 = 1e-4, c2 = 0.9, first trial 1) by interpolation where ours bisects;
``minimize_scalar`` is Brent's method on losses alone, to its tolerance of about 1e-8, where ours finds the root of the
slope to rounding. Ours know the line in closed form, which is the point of the comparison.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

import toybox as tb
from toybox import hyper
from toybox.rays import Ledger, Ray, Walk

from . import straight
from .measure import Row, interleaved, walk
from .rows import LANES, SLS, place

try:
    from . import jaxed
except ImportError as missing:
    jaxed, NO_JAX = None, f"no {missing.name}"  # type: ignore[assignment]
else:
    NO_JAX = ""

BATCHES = 20
JITTED = "jitted, a dispatch per step"


def jax(quick: bool) -> Iterator[Row]:
    """SLS against the same search of the two JAX libraries; nothing where they are not installed."""
    if not jaxed:
        return
    repeats, many = (5, 100) if quick else (15, 300)
    optimizer = tb.method("sls", **SLS)
    for name, what, seeds, steps in (
        ("factorization", "factorization, SLS, one run", 1, many),
        ("factorization", f"factorization, SLS, {LANES} lanes", LANES, many // 5),
        ("kernel", "mushrooms float64, SLS", 1, many // 3),
    ):
        here = place("mushrooms" if name == "kernel" else name)
        loss, theta = getattr(jaxed, name)(*here.tables, *here.make), here.problem.initial(range(seeds))
        start = theta if seeds > 1 else theta[0]
        others = {
            label: jaxed.walker(library(loss, here.growth), here.tables, start, steps, here.batch)
            for label, library in jaxed.LIBRARIES.items()
        }
        ours = partial(walk, here.problem, optimizer, steps, here.batch, range(seeds))
        cost = interleaved(repeats, {"ours": ours, **others})
        micros = 1e6 * float(np.median(cost["ours"])) / (steps * seeds)
        yield from (Row(what, f"{other}, {JITTED}", cost["ours"] / cost[other], micros) for other in others)


class Search(NamedTuple):
    """One search of ours and the same task as SciPy solves it, on the first batches of ``BATCHES`` seeds."""

    here: Any  # the Place
    rule: Any
    points: list  # with loss and gradient known
    functions: tuple  # loss and loss_gradient of straight.py

    def ours(self) -> np.ndarray:
        """The steps that our rule finds (BATCHES,)."""
        problem, size = self.here.problem, self.here.batch
        found = []
        for point in self.points:
            ray = Ray(Walk(problem, None, size, 1, Ledger()), point, -point.gradient, 0)
            found.append(self.rule.step(ray, self.rule.init(problem.xp, (1,))).size[0])
        return np.array(found)

    def _pieces(self, point) -> tuple:
        """theta, g (dim,) and the rows of the batch."""
        a, b = self.here.tables
        return point.theta[0], point.gradient[0], (a[point.sample[0]], b[point.sample[0]])

    def wolfe(self) -> np.ndarray:
        from scipy.optimize import line_search

        (loss, both), found = self.functions, []
        for point in self.points:
            theta, g, rows = self._pieces(point)
            gradient = lambda x, *rows: both(x, *rows)[1]
            value = float(point.value[0])
            found.append(line_search(loss, gradient, theta, -g, g, value, args=rows, c1=1e-4, c2=0.9)[0])
        return np.array(found, float)

    def brent(self) -> np.ndarray:
        from scipy.optimize import minimize_scalar

        (loss, _), found = self.functions, []
        for point in self.points:
            theta, g, rows = self._pieces(point)
            found.append(minimize_scalar(lambda s, theta=theta, g=g, rows=rows: loss(theta - s * g, *rows)).x)
        return np.array(found)


def search(name: str, method: str) -> Search:
    """A search of ours on "factorization" or "mushrooms", ready to run."""
    here, problem = (found := place(name)), found.problem
    rule = hyper.bind(tb.method(method).rule, problem.xp, problem.dtype)
    points = [problem.at(problem.initial([k]), problem.draw(np.array([k]), 0, 0, here.batch)) for k in range(BATCHES)]
    for point in points:
        point.value, point.gradient  # noqa: B018 - known from here on
    functions = getattr(straight, "kernel" if name == "mushrooms" else name)(*here.tables, *here.make)
    return Search(here, rule, points, functions)


def scipy(quick: bool) -> Iterator[Row]:
    """One search along the gradient of a batch."""
    for name, method, label, theirs in (
        ("factorization", "strong-wolfe", "line_search", Search.wolfe),
        ("mushrooms", "strong-wolfe", "line_search", Search.wolfe),
        ("factorization", "exact", "minimize_scalar", Search.brent),
    ):
        task = search(name, method)
        cost = interleaved(5 if quick else 15, {"ours": task.ours, "theirs": partial(theirs, task)})
        micros = 1e6 * float(np.median(cost["ours"])) / BATCHES
        yield Row(f"{name}, search of {method}", f"scipy {label}", cost["ours"] / cost["theirs"], micros)
