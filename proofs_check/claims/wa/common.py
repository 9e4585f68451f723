"""What several of these claims need."""

from __future__ import annotations

from fractions import Fraction as F
from typing import Any, NamedTuple

import numpy as np

import toybox as tb
from toybox import methods
from toybox.rays import Status

from ...ours import Plain, moves, on_rule, univariate, walk


class Parabola(NamedTuple):
    """l(s) = a s^2 + b s + c, and a step y that is alpha times the one to the vertex; of numbers or terms."""

    a: Any
    b: Any
    c: Any
    alpha: Any

    @property
    def y(self):
        return self.alpha * -self.b / (2 * self.a)

    def value(self, s):
        return self.a * s**2 + self.b * s + self.c

    def slope(self, s):
        return 2 * self.a * s + self.b

    def gain(self, w):
        """How far l(y) lies below the line of sufficient decrease: 2.17 holds where this is not negative."""
        return self.value(0) + w * self.y * self.slope(0) - self.value(self.y)

    def rise(self, w):
        """How far the slope at y exceeds w l'(0): 2.18 holds where this is not negative."""
        return self.slope(self.y) - w * self.slope(0)

    @property
    def plain(self):
        """The problem whose search from 0 along -l'(0) reaches y with the step alpha / (2 a)."""
        return Plain(lambda x: self.value(x[0]), lambda x: (self.slope(x[0]),))


def differences(condition, predicted):
    """Two conditions, or arrays of them, have the same truth value: minus the number of places where not."""
    return -int(np.count_nonzero(np.asarray(condition) != np.asarray(predicted)))


class Lanes(NamedTuple):
    """Parabolas whose trials are dyadic numbers of few digits, so that arrays evaluate them without rounding."""

    curvature: np.ndarray
    x: np.ndarray  # where the search starts; the vertex is at 0
    alpha: np.ndarray
    constant: np.ndarray

    @property
    def first(self):
        return self.alpha / self.curvature

    def exact(self, i):
        h, x = F(self.curvature[i]), F(self.x[i])
        return Parabola(h / 2, h * x, F(0), F(self.alpha[i])), F(self.constant[i])


def lanes(alpha=4.0, constant=1.0):
    """alpha in 1/16 .. ``alpha`` with constants 1/16 .. below ``constant``, on parabolas of many shapes."""
    k, j = (part.ravel() for part in np.meshgrid(np.arange(1, 16 * alpha + 1), np.arange(1, 16 * constant)))
    return Lanes(2.0 ** (k % 5 - 2), -(2.0 ** -(4 + j % 3)), k / 16, j / 16)


def one_step(rule, curvature, x):
    """Sizes, statuses, trials and ends of one step of a rule, every lane on its own parabola with vertex 0."""
    problem = univariate(lambda x: 0.5 * curvature * x * x, lambda x: curvature[:, None] * x)
    w = walk(problem, on_rule(rule), x[None, :, None])
    return w.trace.size[0, 0], w.trace.status[0, 0], w.trace.trials[0, 0], w.theta[-1, 0, :, 0]


def found(p, name, **hyper):
    """Whether a search on exact numbers accepts y, its first trial."""
    step = p.alpha / (2 * p.a)
    move = moves(name, p.plain, (F(0),), [True], first=step, **hyper)[0]
    return move.status == tb.Status.FOUND and move.step == step and move.trials == 1


def accepts(given, rule, name, option, predicted, **hyper):
    """On arrays and on exact numbers our rule accepts at once the alphas that ``predicted(alpha, constant)`` names."""
    size, status, trials, _ = one_step(
        rule(**{option: given.constant}, first=given.first, **hyper), given.curvature, given.x
    )
    arrays = (status == Status.FOUND) & (size == given.first) & (trials == 1)
    rational = {key: F(v) if isinstance(v, float) else v for key, v in hyper.items()}
    exact = [found(p, name, **{option: w}, **rational) for p, w in map(given.exact, range(len(given.x)))]
    return {
        "on arrays": differences(arrays, predicted(given.alpha, given.constant)),
        "exact": differences(exact, predicted(given.alpha, given.constant)),
    }


def strong_wolfe(given, predicted):
    """c1 is so small that it allows alpha up to 31/16."""
    return accepts(given, methods.wolfe.StrongWolfe, "strong-wolfe", "c2", predicted, c1=2.0**-5, tries=1)
