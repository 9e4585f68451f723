"""What several of these claims need."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import count
from typing import Any, NamedTuple

import numpy as np

import toybox as tb
from toybox import methods

from ...ours import on_rule, univariate, walk

SCALE = 2.0**-6  # |d|, so that no limit is met below 2^6 = 1 / |d|


def search(value, slope, lanes, **hyper):
    """Steps and statuses (lanes,) of our rule on losses value(s), slope(s) along the line, up to the factor |d|^2."""
    problem = univariate(lambda x: SCALE**2 * value(x / SCALE), lambda x: SCALE * slope(x[..., 0] / SCALE)[..., None])
    w = walk(problem, on_rule(methods.golsi.GOLSI(**hyper)), np.zeros((1, lanes, 1)))
    return w.trace.size[0, 0], w.trace.status[0, 0], w.trace.trials[0, 0]


class Alone(NamedTuple):
    step: Any
    status: tb.Status
    trials: int


def alone(value, slope, **hyper):
    """The same for one bare line, on its own numbers; along -g, which is -slope(0) times as long as SCALE."""
    d = F(SCALE) if isinstance(hyper["first"], F) else SCALE
    k = -slope(0 * d)
    phi, dphi = lambda s: d * d * value(k * s), lambda s: d * d * k * slope(k * s)
    end = tb.search(methods.golsi.GOLSI(**hyper), phi, dphi, norm=d * abs(k))
    return Alone(end.step, end.status, len(end.questions))


SMALLEST = 1e-8


class Runs(NamedTuple):
    """One step of our rule per lane, with its limits."""

    mode: np.ndarray
    d: np.ndarray
    first: np.ndarray
    factor: np.ndarray
    size: np.ndarray
    trials: np.ndarray
    status: np.ndarray

    @property
    def largest(self):
        return np.minimum(1 / self.d, 1e7)

    @property
    def start(self):
        return np.minimum(np.maximum(self.first, SMALLEST), self.largest)


NOISE, FALLS, RISES, BOWL = range(4)


class Oracle(NamedTuple):
    """Slopes of all sorts in lanes, l'(0) = -d^2: noise, falling for ever, rising on all fresh batches, a parabola."""

    mode: np.ndarray
    d: np.ndarray
    first: np.ndarray
    factor: np.ndarray
    vertex: np.ndarray
    noise: np.ndarray  # (lanes, samples)

    def ratio(self, s, j):
        """l'(s) / l'(0) on the samples j (lanes,)."""
        drawn = self.noise[np.arange(len(self.d)), j]
        fresh = np.where(self.mode == RISES, -1.0, np.where(self.mode == BOWL, 1 - s / self.vertex, drawn))
        return np.where((j == 0) | (self.mode == FALLS), 1.0, fresh)

    def lane(self, i):
        return Oracle(*(part[i : i + 1] for part in self))

    def run(self):
        def f(theta, index):
            x, j = theta[..., 0], np.broadcast_to(index[..., 0], theta.shape[:-1])
            return 0 * x, (self.d * self.ratio(-x / self.d, j[0]))[..., None]

        problem = tb.problems.FromFunction(f, 1, self.noise.shape[1])
        rule = on_rule(methods.golsi.GOLSI(first=self.first, factor=self.factor))
        sampler = lambda t, j: np.full((1, len(self.d), 1), j % self.noise.shape[1])
        w = walk(problem, rule, np.zeros((1, len(self.d), 1)), sampler=sampler, batch=1)
        size, trials, status = (part[0, 0] for part in (w.trace.size, w.trace.trials, w.trace.status))
        return Runs(self.mode, self.d, self.first, self.factor, size, trials, status)

    def alone(self):
        """The step and the trials of one lane on its bare lines, one per batch."""
        d, batch = self.d[0].item(), count(1)
        slope = lambda s: -d * d * self.ratio(np.array([s]), np.array([next(batch) % self.noise.shape[1]]))[0].item()
        golsi = methods.golsi.GOLSI(first=self.first[0].item(), factor=self.factor[0].item(), smallest=SMALLEST)
        end = tb.search(golsi, lambda s: 0.0, slope, slope0=-d * d, norm=d)
        return end.step, len(end.questions)


def oracle(budget, lowest=-8.0, highest=7.0):
    rng, n = budget.rng(), budget.many(2000, 100000)
    d, first, vertex = (10 ** rng.uniform(low, high, n) for low, high in ((lowest, highest), (-12, 9), (-10, 8)))
    noise = rng.choice([-1.0, 1.0], (n, 97), p=[0.2, 0.8]) * rng.uniform(0.1, 3, (n, 97))
    return Oracle(rng.integers(4, size=n), d, first, rng.uniform(1.2, 4, n), vertex, noise)


class Lane(NamedTuple):
    mode: int
    d: float
    first: float
    factor: float
    size: float
    trials: int
    status: int
    largest: float
    start: float


def lane_by_lane(budget, **limits):
    runs = oracle(budget, **limits).run()
    largest, start = runs.largest, runs.start
    for i in range(len(runs.d)):
        yield Lane(*(part[i].item() for part in (*runs, largest, start)))
