"""Probabilistic line search: noisy values and slopes make a belief about the loss along a line, and the search ends at
a point that probably satisfies both Wolfe conditions.

Units: u multiplies the search's first trial; losses are shifted by l(0) and divided by |l'(0)| times that trial, so
that the slope at 0 is observed as -1 and the prior needs no scale (m = 1). The belief is computed with NumPy in float64
on the host, for all lanes at once; the losses stay where the problem keeps them.

Deviations
  Algorithm 5 leaves open which of several acceptable points is returned: here that with the lowest posterior mean.
  Where the budget ends without one, the lowest mean among the evaluated points s > 0 is taken, with status EXHAUSTED
  (point 0 is no step in the authors' MATLAB code either). Noise: the spread of losses and of directional derivatives
  within the gradient's batch at 0, kept for the whole line, at the price of one more pass through that batch; the
  authors estimate the slope's from the variances of single coordinates. Both carry the factor 1 - B/D of sampling
  without replacement, so that on the full batch this is a deterministic search with cubic interpolation. A batch of
  one sample shows no spread: there it is that of two, its own and the first fresh one, at the price of another pass.
  Losses and slopes that are not finite, or beyond WALL, are entered as a wall, which is never accepted, however large
  the noise. Nor is a point whose own loss or slope, as observed, violates a condition by more than CONTRADICTED
  deviations of the noise: there trials are so close together that the belief is made of rounding. Where all trials were
  walls there is no step, and the next search begins with the shortest of them.
  From the authors' code: where the mean rises at 0 and has no minimum in the first cell, the next trial is a
  hundredth of that cell; they end the search there. Their running average of steps begins with the first trial, ours
  with the first step, so that a bad first trial is forgotten. Their code further differs from their paper and from
  this file: c2 = .5, 6 or 7 evaluations, an upper bound on the slope (strong Wolfe), the last point is returned at once
  if it is acceptable, and its gradient is that of the next step, where Algorithm 5 draws a new batch.
Another lineage
  The TensorFlow and PyTorch ports in circulation are different methods: no expected improvement, only the last point
  is tested, a window [-.1, 1.1] for relative slopes in place of the second Wolfe condition, candidates where the mean
  slope is half of that at 0, 20 evaluations. They are not built here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..entry import decades, named, options
from ..hyper import Hyper, hyperparameters, integer, number
from ..optimizer import Optimizer
from ..rays import Step, conclude, descends
from ..xp import column
from .belief import TINY, believe, pick, promising
from .fixed import Gradient

WALL = 1e3  # in the units above: the height from which a loss counts as a wall
CONTRADICTED = 10.0


class Trials(NamedTuple):
    """What one search leaves to the next (*lanes,): its first trial, and the running average of the steps taken."""

    first: np.ndarray
    average: np.ndarray


@hyperparameters
class PLS:
    """Probabilistic line search (Mahsereci & Hennig 2015; dissertation, Algorithm 5).

    A search starts from 1.3 times the last step, or from the running average of all steps where that is a hundred times
    longer (it is never so much shorter).
    """

    c1: Hyper = number(0.05, "(0, 1)", "share of the first-order decrease that is demanded")
    c2: Hyper = number(0.8, "(0, 1)", "share of the slope at 0 that may be left")
    threshold: Hyper = number(0.3, "(0, 1)", "of the probability that both conditions hold (c_W)")
    evaluations: int = integer(10, 2, "fresh batches at most (N_max)")
    first: Hyper = number(1.0, "(0, inf)", "the first trial of the first search")
    on_host = True
    belief = 2.0**20  # the Gram matrix of values and slopes at 0, 1, 1.3; at 0, 1, .5 it is 2^18

    def init(self, xp, lanes):
        first = np.array(np.broadcast_to(self.first, lanes), np.float64)
        return Trials(first, np.nan * first)

    def step(self, ray, state):
        xp, slope0 = ray.xp, ray.line().slope0
        c1, c2, threshold = map(column, (self.c1, self.c2, self.threshold))
        observe = Scaled(ray, state.first)
        downhill = seeking = observe.downhill
        size, u = np.zeros(downhill.shape), np.ones(downhill.shape)  # line 4
        s, values, slopes = size[..., None], size[..., None], size[..., None] - 1  # lines 1 to 3
        for j in range(1, self.evaluations + 1):
            value, slope = observe(j, u, xp.asarray(seeking))  # lines 6 and 7
            s, values, slopes = append(s, u), append(values, value), append(slopes, slope)
            free = (values < WALL)[..., 1:] & (slopes < 3 * WALL)[..., 1:]
            belief = believe(s, values, slopes, *observe.noise)  # line 8
            tried = belief.at(s[..., 1:])
            good = tried.wolfe_probability(c1, c2) > threshold  # lines 9 and 10
            good = good & free & observe.allows(s, values, slopes, c1, c2)[..., 1:]
            found = good.any(axis=-1, keepdims=True)
            lowest = np.where(np.where(found, good, free), tried.change(), np.inf).argmin(axis=-1, keepdims=True)
            best = np.where(free.any(axis=-1), pick(tried.s, lowest), 0.0)
            size = np.where(seeking, best, size)  # line 11; at last line 19
            seeking = seeking & ~found[..., 0]
            if not seeking.any():
                break
            u = promising(belief, c1, c2)  # lines 13 to 16
        size = size * state.first
        found = xp.asarray(downhill & ~seeking)
        _, status = conclude(xp, slope0, slope0, found, xp.zeros_like(found))
        after = self.next(state, size, s[..., 1:].min(axis=-1) * state.first, downhill)
        return Step(xp.asarray(size, dtype=slope0.dtype), after, status)

    def next(self, state, size, shortest, downhill):
        """The first trial of the next search: where nothing was searched, that of this one; after nothing but walls the
        shortest trial of this one."""
        average = np.where(np.isnan(state.average), size, 0.95 * state.average + 0.05 * size)
        first = np.where(1.3 * size < average / 100, average, 1.3 * size)
        walked = downhill & (size > 0)
        first = np.where(walked, first, np.where(downhill, np.maximum(shortest, TINY), state.first))
        return Trials(first, np.where(walked, average, state.average))


class Scaled:
    """The losses along a ray in the units of the prior: called with (j, u), the value and the slope at u of batch j.

    ``noise`` holds the variances of both, each (*lanes, 1); ``downhill`` (*lanes,) says where the ray descends. One
    transfer to the host when it is made, and one per call.
    """

    def __init__(self, ray, first):
        self.ray, self.first = ray, first
        examples, xp = self.examples(0, 0 * first), ray.xp
        n, shown = examples[0].shape[-1], examples
        if n == 1 and ray.fraction < 1:
            shown = [xp.concat(both, axis=-1) for both in zip(examples, self.examples(1, 0 * first), strict=True)]
        m = shown[0].shape[-1]
        squares = [(x - xp.mean(x, axis=-1, keepdims=True)) ** 2 for x in shown]
        known = (*self.means(examples), *self.means(squares), ray.line().slope0)
        self.value0, slope0, *variances, slope = self.to_host(*known)
        self.downhill, self.steep = descends(slope), np.where(slope0 < 0, -slope0, 1.0)
        self.unit = self.steep * first
        shrink = (
            (1 - float(ray.fraction)) * m / max(m - 1, 1) / n
        )  # of the mean of squares, to the variance of a mean of n
        self.noise = [
            np.fmin(variance * shrink / unit**2, WALL**2)[..., None]
            for variance, unit in zip(variances, (self.unit, self.steep), strict=True)
        ]

    def __call__(self, j, u, where=None):
        value, slope = self.to_host(*self.means(self.examples(j, u * self.first, where)))
        return wall((value - self.value0) / self.unit, WALL), wall(slope / self.steep, 3 * WALL)

    def allows(self, u, values, slopes, c1, c2):
        """Where the observations do not contradict the Wolfe conditions, as far as their noise explains."""
        value_error, slope_error = (CONTRADICTED * np.sqrt(variance) for variance in self.noise)
        return (values + c1 * u <= value_error) & (slopes + c2 >= -slope_error)

    def examples(self, j, s, where=None):
        """Losses and slopes of every example of batch j at s (*lanes,): two of (*lanes, n)."""
        s = self.ray.xp.asarray(s, dtype=self.ray.d.dtype)
        return [x[..., 0, :] for x in self.ray.line(j, brief=True).samples(s[..., None], where)]

    def means(self, examples):
        """Their means (*lanes,)."""
        return [self.ray.xp.rowsum(x) / x.shape[-1] for x in examples]

    def to_host(self, *arrays):
        """Arrays (*lanes,) in NumPy's memory, in one transfer."""
        return self.ray.xp.to_host(self.ray.xp.stack(arrays)).astype(np.float64)


def append(x, new):
    """x (*lanes, n) with one more column (*lanes,)."""
    return np.concatenate([x, new[..., None]], axis=-1)


def wall(x, height):
    """x clipped to +-height; ``height`` where it is not finite."""
    return np.where(np.isfinite(x), np.clip(x, -height, height), height)


NAMES = {
    "pls": named(
        lambda **pls: Optimizer(Gradient(), PLS(**pls)),
        options(PLS),
        "Gaussian process belief, probability of Wolfe",
        "the s of lowest mean with P(Wolfe) > threshold; next s of largest EI * P(Wolfe)",
        "1 gradient, its batch's losses and slopes once more, 1 loss and slope of a fresh batch per trial",
        "D Algorithm 5, eqs. 2.26-2.38",
        "mahsereci2015",
        deviations="eqs. 2.34-2.36 corrected; noise of slopes from directional derivatives, of a batch of one sample "
        "from two",
        grid={"first": decades(-3, 0, 2), "threshold": (0.1, 0.3)},
        least=(3, 0),
    )
}
