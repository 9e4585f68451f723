"""What several of these claims need."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods
from toybox.hyper import hyperparameters, number
from toybox.xp import namespace

from ...cases import add, dot, rationals
from ...ours import Plain, moves, walk


def fed(direction, g):
    """Directions (T, *lanes, n) of the gradients g (T, *lanes, n), and the last state."""
    xp, made, state = namespace("numpy"), [], None
    for each in g:
        point = SimpleNamespace(theta=np.zeros_like(each), gradient=each)
        state = direction.init(xp, point) if state is None else state
        d, state = direction.step(xp, point, state)
        made.append(d)
    return np.stack(made), state


def walked(direction, g, rate=1.0):
    """A run from 0 on linear losses with the gradients g (T, n), one a step."""
    there = lambda index: g[np.ravel(index)[0]]
    f = lambda theta, index: (theta @ there(index), 0 * theta + there(index))
    problem, optimizer = (
        tb.problems.FromFunction(f, g.shape[1], len(g)),
        tb.Optimizer(direction, methods.fixed.Fixed(rate)),
    )
    return walk(problem, optimizer, np.zeros(g.shape[1]), len(g), lambda t, j: np.array([[t]]), batch=1)


def unbounded(direction, **numbers):
    """The same with numbers that its record might refuse: eps = 0, beta = 1."""
    kind: Any = type(direction)
    free = {name: number(0, "(-inf, inf)") for name in numbers}
    extended: Any = type(kind.__name__, (kind,), {"__annotations__": dict.fromkeys(numbers, Any), **free})
    return hyperparameters(extended)(**tb.hyper.fields(direction) | numbers)


def exactly(name, g, **numbers):
    """The directions of a method on exact numbers, by its moves of rate 1 on linear losses with the gradients g."""
    plain = Plain(parts=[(lambda x, g=each: dot(g, x), lambda x, g=each: g) for each in g])
    start = tuple(0 * a for a in g[0])
    method = tb.method(name, rate=1)
    method = method._replace(direction=unbounded(method.direction, **numbers))
    path = moves(method, plain, start, [(t,) for t in range(len(g))])
    return [add(b, -1, a) for a, b in pairwise([start, *(move.x for move in path)])]


BETAS = rationals(0, 19, 20).filter(lambda beta: beta < 1)
EIGHTHS = st.integers(0, 7).map(lambda k: F(k, 8))  # with these and small whole numbers floats are exact
WHOLE = st.lists(st.tuples(*[st.integers(-9, 9).map(F)] * 2), min_size=1, max_size=12)


def momenta(g, beta):
    """m_0 .. m_T on exact numbers."""
    return [tuple(-a for a in d) for d in exactly("momentum", g, beta=beta)]


class Law(NamedTuple):
    """A gradient that is b with probability p, else a."""

    a: F
    b: F
    p: F

    def mean(self, f=lambda g: g):
        return (1 - self.p) * f(self.a) + self.p * f(self.b)

    @property
    def variance(self):
        return self.mean(lambda g: g * g) - self.mean() ** 2

    def paths(self, T):
        """All sequences of T gradients (T, 2^T) as choices 0 and 1, and their probabilities."""
        choice = np.arange(2**T) >> np.arange(T)[:, None] & 1
        return choice, [self.p**k * (1 - self.p) ** (T - k) for k in choice.sum(axis=0).tolist()]


def laws(values=None):
    values = rationals() if values is None else values
    return st.builds(
        Law,
        values,
        values,
        st.integers(1, 5).map(lambda k: F(k, 6)),
    )


def average(values, probabilities):
    return sum((p * v for v, p in zip(values, probabilities, strict=True)), F(0))
