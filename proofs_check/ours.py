"""What claims need of toybox: its methods on functions of one's own, on arrays and on exact numbers.

Claims about an algorithm check the code of the package. They look names up when they run (``methods.pal.PAL``, not an
imported ``PAL``), so that a change of the code is a change of what is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

import toybox as tb
from toybox.exact import exact


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


# --- exact numbers


class OnTuples:
    """A problem on exact numbers, asked about points and batches that are tuples."""

    def __init__(self, problem: Any):
        self.problem = problem

    def on(self, dim: int) -> Any:
        return self.problem

    def value(self, x, batch):
        return self._at(x, batch).value[0]

    def gradient(self, x, batch):
        return tuple(self._at(x, batch).gradient[0])

    def _at(self, x, batch):
        return self.problem.at(exact([x]), np.array([tuple(batch)]))


class Quadratics(OnTuples):
    """L_i(x) = 1/2 (x - m_i)' Q_i (x - m_i) + offset_i."""

    def __init__(self, Q, m, offsets=None):
        self.m = m
        super().__init__(tb.problems.NoisyQuadratic(Q, m, offsets, backend="exact"))


class Factorization(OnTuples):
    """Squared error of W2 W1 x, or of W x where rank is None."""

    def __init__(self, X, Y, rank):
        super().__init__(tb.problems.Factorization(X, Y, rank, backend="exact"))


class Plain(NamedTuple):
    """A function f(x) with gradient(x) of one's own, of tuples of fractions.

    ``parts`` gives one (f, gradient) per sample instead, and batches are sample numbers.
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

    def on(self, dim: int) -> Any:
        """The same as a problem of the package's."""

        def both(theta, index):
            rows = np.broadcast_to(index, (len(theta), index.shape[-1])).tolist()
            places = list(zip(map(tuple, theta.tolist()), rows, strict=True))
            return exact([self.value(*at) for at in places]), exact([self.gradient(*at) for at in places])

        return tb.problems.FromFunction(both, dim, len(self.parts or [0]), backend="exact")


class Move(NamedTuple):
    """One step: where it led, the multiple of d and the length, how the search ended and what it asked."""

    x: tuple
    step: Any
    arc: Any
    status: tb.Status
    trials: int


def moves(method: Any, problem: Any, x: tuple, batches: Iterable, fresh: Any = None, **hyper) -> list[Move]:
    """The steps of a method on exact numbers, one per batch; fresh: (t, j) -> the j-th further batch of step t, j >= 1,
    by default its own again.

    method: an optimizer, or a name. A rate may be a function of t.
    """
    batches = list(batches)
    if callable(rate := hyper.get("rate")):
        made: list[Move] = []
        for t, batch in enumerate(batches):
            made += moves(method, problem, made[-1].x if made else x, [batch], **hyper | {"rate": rate(t)})
        return made
    optimizer = tb.method(method, **hyper) if isinstance(method, str) else method
    rows = [np.array([batch if isinstance(batch, tuple) else (0,)]) for batch in batches]
    sampler = lambda t, j: np.array([fresh(t, j)]) if j and fresh else rows[t]
    trace, theta = walk(problem.on(len(x)), optimizer, x, len(rows), sampler, rows[0].shape[1])
    steps = (trace.size, trace.arc, trace.status, trace.trials)
    columns = zip(theta[1:, 0].tolist(), *(column[:, 0].tolist() for column in steps), strict=True)
    return [Move(tuple(x), step, arc, tb.Status(status), trials) for x, step, arc, status, trials in columns]


def ends(method: str, problem: Any, places: list, batches: list, **hyper) -> list[tuple]:
    """Where one step on exact numbers leads from each of these places, on the batch beside it: lanes of one run."""
    index = np.array(batches)
    trace = tb.run(
        problem.on(len(places[0])),
        tb.method(method, **hyper),
        steps=1,
        batch=index.shape[1],
        seeds=range(len(places)),
        theta=exact(places),
        sampler=lambda t, j: index,
        every=None,
    )
    return list(map(tuple, trace.theta.tolist()))


def line(problem: Any, x: tuple, d: tuple, batch: tuple) -> tuple[Callable, Callable]:
    """phi(s) and phi'(s) of the package's line along d."""
    index = np.array([batch if len(batch) else (0,)])
    along = problem.on(len(x)).at(exact([x]), index).along(exact([d]))
    ask = lambda question, s: question(exact([[s]]))[0, 0]
    return lambda s: along.value0[0] + ask(along.change, s), lambda s: ask(along.slope, s)


def through(phi: Callable, h1: Any, h2: Any) -> tuple[Any, Any]:
    """a and b of the parabola a s^2 + b s + c through phi(0), phi(h1), phi(h2), by LABPAL's formula."""
    return tb.methods.labpal.through_points([phi(h) - phi(0) for h in (h1, h2)], h1, h2)
