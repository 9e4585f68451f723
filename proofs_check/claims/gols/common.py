"""What several of these claims need."""

from __future__ import annotations

from fractions import Fraction as F
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


NOISE, FALLS, RISES, BOWL = range(4)


class Lane(NamedTuple):
    """One step of our rule, with its limits, for slopes l'(s) / l'(0) of all sorts, l'(0) = -d^2."""

    mode: int
    d: float
    first: float
    factor: float
    size: float
    trials: int
    status: int
    largest: float
    start: float


def lane_by_lane(budget, lowest=-8.0, highest=7.0):
    """Noise, falling for ever, rising on all fresh batches, and parabolas."""
    rng, n = budget.rng(), budget.many(2000, 100000)
    d, first, vertex = (10 ** rng.uniform(low, high, n) for low, high in ((lowest, highest), (-12, 9), (-10, 8)))
    noise = rng.choice([-1.0, 1.0], (97, n), p=[0.2, 0.8]) * rng.uniform(0.1, 3, (97, n))
    mode, factor = rng.integers(4, size=n), rng.uniform(1.2, 4, n)

    def f(theta, index):
        s, j = -theta[..., 0] / d, index.ravel()[0]
        fresh = np.where(mode == RISES, -1.0, np.where(mode == BOWL, 1 - s / vertex, noise[j]))
        return 0 * s, (d * np.where((j == 0) | (mode == FALLS), 1.0, fresh))[..., None]

    problem, rule = tb.problems.FromFunction(f, 1, len(noise)), on_rule(methods.golsi.GOLSI(first=first, factor=factor))
    sampler = lambda t, j: np.full((1, n, 1), j % len(noise))
    trace = walk(problem, rule, np.zeros((1, n, 1)), sampler=sampler, batch=1).trace
    largest = np.minimum(1 / d, 1e7)
    start = np.minimum(np.maximum(first, SMALLEST), largest)
    of_run = (trace.size[0, 0], trace.trials[0, 0], trace.status[0, 0])
    yield from map(Lane, *(part.tolist() for part in (mode, d, first, factor, *of_run, largest, start)))
