"""What claims need of toybox: its methods on functions of one's own, on arrays and on exact numbers.

Claims about an algorithm check the code of the package. They look names up when they run (``methods.pal.PAL``, not an
imported ``PAL``), so that a change of the code is a change of what is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

import toybox as tb


class Walk(NamedTuple):
    """A run of one or more lanes: its trace and all iterates (steps + 1, *lanes, dim)."""

    trace: Any
    theta: np.ndarray


def walk(problem, optimizer, theta, steps: int = 1, sampler: Any = None, batch: int | None = None, **options) -> Walk:
    """Let an optimizer walk from theta. sampler: (t, j) -> index array; None: the whole data set, in order."""
    batch = batch or problem.size
    whole = np.arange(problem.size)[None]
    probe = tb.Probe("theta", lambda look: look.theta)
    trace = tb.run(
        problem,
        optimizer,
        steps=steps,
        batch=batch,
        theta=theta,
        sampler=sampler or (lambda t, j: whole),
        probes=[probe],
        **options,
    )
    return Walk(trace, trace.probes["theta"])


def on_rule(rule: Any, direction: Any = None) -> tb.Optimizer:
    """An optimizer of a rule along a direction (default: the negative gradient)."""
    return tb.Optimizer(direction or tb.methods.fixed.Gradient(), rule)


def function(f: Callable, gradient: Callable, dim: int, size: int = 1) -> tb.problems.FromFunction:
    """A problem of f(x) and gradient(x), x (dim,), the same for all samples; one lane at a time is evaluated."""

    def both(theta, index):
        flat = theta.reshape(-1, dim)
        values = np.array([f(x) for x in flat]).reshape(theta.shape[:-1])
        return values, np.array([gradient(x) for x in flat]).reshape(theta.shape)

    return tb.problems.FromFunction(both, dim, size)


def univariate(f: Callable, slope: Callable, size: int = 1) -> tb.problems.FromFunction:
    """A problem of one variable; f and slope take arrays."""
    return tb.problems.FromFunction(lambda theta, index: (f(theta[..., 0]), slope(theta)), 1, size)


class Plain(NamedTuple):
    """A problem for the twins on plain numbers (toybox.tiny), floats or fractions: f(x) and gradient(x) of tuples.

    A batch is anything true; ``parts`` gives one (f, gradient) per sample instead, and batches are sample numbers.
    """

    f: Any = None
    gradient_of: Any = None
    parts: Any = None

    def value(self, x, batch):
        if self.parts is None:
            return self.f(x)
        return sum(self.parts[i][0](x) for i in batch) / len(batch)

    def gradient(self, x, batch):
        if self.parts is None:
            return tuple(self.gradient_of(x))
        rows = [self.parts[i][1](x) for i in batch]
        return tuple(sum(column) / len(rows) for column in zip(*rows, strict=True))


def moves(twin: Callable, problem: Any, x: tuple, batches: Iterable, **hyper) -> list:
    """The moves of a twin (``tb.tiny.pal``, ...), one per batch."""
    return list(twin(problem, x, list(batches), **hyper))
