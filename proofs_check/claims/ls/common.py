"""What several of these claims need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction as F
from math import inf
from typing import Any, NamedTuple

import numpy as np

import toybox as tb
from toybox import methods

from ...cases import EPS, Smooth, lines
from ...ours import Plain, moves, on_rule, univariate, walk


def unit_parabola(x=F(0)):
    """(1 - x)^2 / 2 on exact numbers: problem, start, one batch."""
    return Plain(lambda x: (1 - x[0]) ** 2 / 2, lambda x: (x[0] - 1,)), (x,), [(0,)]


def loop(line, rejects, first, cap=3000):
    """Algorithm 2 with c = 1/4, beta = 1/2: the accepted step, and the reductions (cap: no end)."""
    (f, slope0), s, made = line, first, 0
    while made < cap and rejects(f(s), f(0) + s * slope0 / 4):
        s, made = s / 2, made + 1
    return s, made


class Univariate(NamedTuple):
    """A function of one variable and its slope, on numbers of any kind."""

    f: Any
    slope: Any

    def pal(self, x, mu, steps=1, alpha=1, s_max=inf):
        """Iterates of PAL on exact numbers, x among them."""
        plain = Plain(lambda x: self.f(x[0]), lambda x: (self.slope(x[0]),))
        made = moves("pal", plain, (x,), [(0,)] * steps, mu=mu, alpha=alpha, beta=0, s_max=s_max)
        return [x, *(move.x[0] for move in made)]

    def arrays(self, x, steps=1, **hyper):
        """Iterates of our rule on arrays (steps + 1, *lanes); its numbers may be arrays."""
        rule = methods.pal.PAL(**{"s_max": inf} | hyper)
        return walk(univariate(self.f, self.slope), on_rule(rule), np.array([x]), steps).theta[:, 0, ..., 0]

    def curvature(self, x, mu):
        """The a of eq. 4.2 along the descent direction."""
        way = -1 if self.slope(x) > 0 else 1
        return (self.f(x + way * mu) - self.f(x) - way * self.slope(x) * mu) / mu**2


QUARTIC = Univariate(lambda x: x**4, lambda x: 4 * x**3)
SATURATING = Univariate(lambda x: x * x / (1 + abs(x)), lambda x: x * (2 + abs(x)) / (1 + abs(x)) ** 2)


def newton_factor(p):
    """Newton's x_new / x on |x|^p, where f' / f'' = x / (p - 1)."""
    return 1 - 1 / (p - 1)


SMALL = F(1, 100)


class Curve(NamedTuple):
    """A function of the step alone, and what rounding may do to its value and slope."""

    f: Callable
    slope: Callable
    noise: Callable = lambda s: 0.0
    slope_noise: Callable = lambda s: 0.0

    @property
    def slope0(self):
        return self.slope(0.0)

    def change(self, s):
        return self.f(s) - self.f(0.0)


def curve(line):
    """A G-LINE; each of its terms goes through at most 16 operations."""
    size = lambda s: line.A * s**4 + abs(line.B * s**3) + abs(line.C) * s**2 + 1 + abs(line.w * s + line.p) + 5 * s
    steep = lambda s: (
        4 * line.A * s**3 + 3 * abs(line.B) * s**2 + 2 * abs(line.C) * s + line.w * (1 + abs(line.w * s + line.p)) + 5
    )
    return Curve(line.f, line.slope, lambda s: 16 * EPS * (size(s) + 1), lambda s: 16 * EPS * steep(s))


curves = lines.map(curve)


@dataclass(frozen=True)
class Along:
    """A direction of one's own: way(g, t) at gradient g and step t."""

    way: Callable

    def init(self, xp, point):
        return 0

    def step(self, xp, point, t):
        return self.way(point.gradient, t), t + 1


def searched_curve(curve, rule):
    """The first step of a rule along a curve, where s is the parameter itself; its trace."""
    return walk(univariate(curve.f, curve.slope), on_rule(rule, Along(lambda g, t: 0 * g + 1)), np.zeros(1)).trace


def room(small, large, noise, scale):
    """small <= large up to noise: what is left of it, as a fraction of scale."""
    return (large - small + noise) / scale


def enough(line, s, c1):
    """Room in the sufficient decrease (eq. 2.17) at s > 0."""
    return room(line.change(s), c1 * s * line.slope0, line.noise(s), s * abs(line.slope0))


def bend_up_to(line, s):
    """The largest |f''| on [0, s]."""
    return 12 * line.A * s**2 + 6 * abs(line.B) * s + 2 * abs(line.C) + line.w**2


def both(q, X):
    """Values and gradients of a smooth function at X (..., n)."""
    Z = X @ q.A.T
    return 0.5 * ((X @ q.H) * X).sum(-1) + np.cos(Z).sum(-1), X @ q.H - np.sin(Z) @ q.A


def problem(q):
    return tb.problems.FromFunction(lambda theta, index: both(q, theta), len(q.x), 1)


class Descent(NamedTuple):
    """A smooth function along a direction; ``bend`` bounds its curvature there.

    Noise is what rounding may do: every term of a value, of size |y|'|H||y|, 1 or |a_j|'|y|, has gone through at most
    4 n + 16 operations, those that made y included; every term of a slope through 4 n + 16.
    """

    q: Smooth
    d: np.ndarray

    @property
    def slope0(self):
        return self.q.gradient(self.q.x) @ self.d

    @property
    def bend(self):
        return self.q.L * (self.d @ self.d)

    def change(self, s):
        return both(self.q, self.at(s))[0] - self.q.f(self.q.x)

    def slope(self, s):
        return both(self.q, self.at(s))[1] @ self.d

    def at(self, s):
        return self.q.x + np.asarray(s)[..., None] * self.d

    def reach(self, s):
        return np.abs(self.q.x) + np.abs(np.asarray(s)[..., None] * self.d)

    def noise(self, s):
        y, A = self.reach(s), np.abs(self.q.A)
        size = ((y @ np.abs(self.q.H)) * y).sum(-1) + len(A) + (y @ A.T).sum(-1)
        return (4 * y.shape[-1] + 16) * EPS * size

    def slope_noise(self, s):
        y, A, d = self.reach(s), np.abs(self.q.A), np.abs(self.d)
        return (4 * y.shape[-1] + 16) * EPS * (y @ np.abs(self.q.H) @ d + (1 + y @ A.T) @ (A @ d))
