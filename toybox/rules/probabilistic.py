"""Probabilistic line search: noisy values and slopes make a belief about the loss along a line, and the search ends at
a point that probably satisfies both Wolfe conditions.

Units: u multiplies the search's first trial; losses are shifted by l(0) and divided by |l'(0)| times that trial, so
that the slope at 0 is observed as -1 and the prior needs no scale (m = 1). The belief is computed with NumPy in float64
on the host, for all lanes at once; the losses stay where the problem keeps them.

Corrections of the dissertation's print
  Eq. 2.34 takes the slopes' own variance in its lower block; eq. 2.35 lacks the inverse of eq. 2.34; eq. 2.36 is
  E max(0, eta - l) with eta the lowest posterior mean at an *evaluated* point.
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

from typing import Any, NamedTuple

import numpy as np

from ..hyper import Hyper, hyperparameters, integer, number
from ..rays import Step, conclude, descends
from ..xp import column

OFFSET = 10.0  # tau of eq. 2.28
NUGGET = 1e-14  # relative variance added to every observation: the Gram matrix stays regular where points coincide
WALL = 1e3  # in the units above: the height from which a loss counts as a wall
CONTRADICTED = 10.0
TINY = 1e-150


def covariance(s, t, offset=OFFSET):
    """Prior covariance of l(s), l'(s) with l(t), l'(t), eq. 2.30: (*lanes, a), (*lanes, b) -> (*lanes, 2a, 2b).

    With offset 0 that of the rest w(s) = l(s) - l(0) - s l'(0), which does not depend on l(0) and l'(0).
    """
    s, t = s[..., :, None] + offset, t[..., None, :] + offset
    low = np.minimum(s, t)
    half = low * low / 2
    a, b = low.shape[-2:]
    blocks = np.empty((*low.shape[:-2], 2 * a, 2 * b))
    blocks[..., :a, :b] = low**3 / 3 + np.abs(s - t) * half  # eq. 2.28
    blocks[..., :a, b:] = s * low - half  # d/dt: eq. 2.31
    blocks[..., a:, :b] = t * low - half  # d/ds: eq. 2.32
    blocks[..., a:, b:] = low  # both: eq. 2.33
    return blocks


class Belief(NamedTuple):
    """The Gaussian process posterior of a loss l along a line, after n observations. Made by ``believe``.

    Arguments s have shape (*lanes, k), s >= 0. Differences lose no digit, however short the step: they are taken in
    l(s) = l(0) + s l'(0) + w(s), whose three parts are independent a priori but for l(0) and l'(0).
    """

    s: np.ndarray  # where l was observed (*lanes, n), in any order
    values: np.ndarray
    slopes: np.ndarray
    value_noise: np.ndarray  # variances
    slope_noise: np.ndarray
    gram: np.ndarray  # covariance of all observations (*lanes, 2n, 2n)
    weights: np.ndarray  # gram^-1 (values, slopes) (*lanes, 2n)

    def moments(self, s):
        """Posterior means of l(s) - l(0) and of l'(s), eq. 2.34: two of (*lanes, k)."""
        start, rest = covariance(0 * s[..., :1], self.s), covariance(s, self.s, 0)
        slope0 = (start @ self.weights[..., None])[..., 1, :]
        w, dw = np.split((rest @ self.weights[..., None])[..., 0], 2, axis=-1)
        return s * slope0 + w, slope0 + dw

    def bends(self, s):
        """Second and third derivative of the mean just right of s; the mean is cubic between observations."""
        right = self.s[..., None, :] - s[..., :, None]  # only observations further right bend it
        w, dw = np.split(self.weights[..., None, :], 2, axis=-1)
        return (np.maximum(right, 0) * w + (right > 0) * dw).sum(axis=-1), -((right > 0) * w).sum(axis=-1)

    def at(self, s):
        """All that is believed about l at s."""
        here, observed, prior = s[..., None], self.s[..., None, :], np.zeros((*s.shape, 4, 4))
        prior[..., :2, :2], prior[..., 2:, 2:] = covariance(0 * here, 0 * here), covariance(here, here, 0)
        v = np.concatenate([covariance(0 * here, observed), covariance(here, observed, 0)], axis=-2)
        flat = v.reshape(*s.shape[:-1], -1, v.shape[-1])
        solved = np.linalg.solve(self.gram, flat.mT).mT.reshape(v.shape)
        means, covariances = (v @ self.weights[..., None, :, None])[..., 0], prior - v @ solved.mT  # eqs. 2.34, 2.35
        return Posterior(s, self.moments(self.s)[0].min(axis=-1, keepdims=True), means, covariances)

    def minimizers(self):
        """The minimum of the mean between neighbouring observations (*lanes, n - 1); NaN where there is none."""
        s = np.sort(self.s, axis=-1)
        left, width = s[..., :-1], np.diff(s)
        first, (second, third) = self.moments(left)[1], self.bends(left)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            radicand = second * second - 2 * first * third  # 0: an inflection
            q = np.abs(second) + np.sqrt(radicand)
            step = np.where(second < 0, q / third, -2 * first / q)  # without cancellation for either sign
            return np.where((radicand > 0) & (0 < step) & (step < width), left + step, np.nan)


class Posterior(NamedTuple):
    """Beliefs about a loss l at points s; every answer has the shape (*lanes, k) of s."""

    s: np.ndarray
    lowest: np.ndarray  # mean of l - l(0) at the lowest observed point (*lanes, 1)
    means: np.ndarray  # of l(0), l'(0), w(s), w'(s): (*lanes, k, 4)
    covariances: np.ndarray  # (*lanes, k, 4, 4)

    def of(self, *terms):
        """Means (*lanes, k, m) and covariances (*lanes, k, m, m) of m linear terms: their coefficients, 4 each."""
        c = np.stack([np.stack(np.broadcast_arrays(self.s, *term)[1:], axis=-1) for term in terms], axis=-2)
        return (c @ self.means[..., None])[..., 0], c @ self.covariances @ c.mT

    def value(self):
        """Mean and standard deviation of l(s)."""
        mean, variance = self.of((1, self.s, 1, 0))
        return mean[..., 0], np.sqrt(np.maximum(variance[..., 0, 0], 0))

    def slope(self):
        """Mean and standard deviation of l'(s)."""
        mean, variance = self.of((0, 1, 0, 1))
        return mean[..., 0], np.sqrt(np.maximum(variance[..., 0, 0], 0))

    def change(self):
        """Mean of l(s) - l(0)."""
        return self.s * self.means[..., 1] + self.means[..., 2]

    def expected_improvement(self):
        """By how much l(s) is expected to fall below the lowest mean at an observed point, eq. 2.36."""
        from scipy.special import ndtr  # loaded on first use: a list of methods needs no SciPy

        gain, sd = self.lowest - self.change(), np.maximum(self.value()[1], TINY)
        with np.errstate(under="ignore", over="ignore"):
            z = gain / sd
            return np.maximum(gain * ndtr(z) + sd * np.exp(-z * z / 2) / np.sqrt(2 * np.pi), 0)

    def wolfe_terms(self, c1=0.05, c2=0.8):
        """Means and covariances of a = l(0) + c1 s l'(0) - l(s) and b = l'(s) - c2 l'(0), eq. 2.37."""
        return self.of((0, (c1 - 1) * self.s, -1, 0), (0, 1 - c2, 0, 1))

    def wolfe_probability(self, c1=0.05, c2=0.8):
        """P(a > 0 and b > 0), eq. 2.38; 0 or 1 where a and b are certain."""
        ab, covariances = self.wolfe_terms(c1, c2)
        sd = np.sqrt(np.maximum(np.diagonal(covariances, axis1=-2, axis2=-1), TINY))
        z, rho = ab / sd, covariances[..., 0, 1] / (sd[..., 0] * sd[..., 1])
        return bivariate(z[..., 0], z[..., 1], rho)


def believe(s, values, slopes, value_noise=0.0, slope_noise=0.0) -> Belief:
    """The belief about a loss observed at s >= 0 (*lanes, n): values, slopes, and the variances of their errors.

    Everything broadcasts to one shape. Scaled as said above where the belief shall have the units of its prior.
    """
    data = [np.asarray(x, np.float64) for x in np.broadcast_arrays(s, values, slopes, value_noise, slope_noise)]
    s, values, slopes, value_noise, slope_noise = data
    gram, i = covariance(s, s), np.arange(2 * s.shape[-1])
    gram[..., i, i] = gram[..., i, i] * (1 + NUGGET) + np.concatenate([value_noise, slope_noise], axis=-1)  # eq. 2.27
    weights = np.linalg.solve(gram, np.concatenate([values, slopes], axis=-1)[..., None])[..., 0]
    return Belief(s, values, slopes, value_noise, slope_noise, gram, weights)


def bivariate(h, k, rho):
    """P(x < h and y < k) for standard normal x, y with correlation rho (clipped to [-1, 1]), by Owen's T function."""
    from scipy.special import ndtr, owens_t

    h, k = (np.where(np.abs(x) < TINY, TINY, np.clip(x, -40, 40)) for x in (h, k))
    rho = np.clip(rho, -1, 1)
    root = np.maximum(np.sqrt((1 - rho) * (1 + rho)), TINY)
    with np.errstate(over="ignore"):
        corner = owens_t(h, (k - rho * h) / (h * root)) + owens_t(k, (h - rho * k) / (k * root))
    return np.clip((ndtr(h) + ndtr(k)) / 2 - corner - np.where((h < 0) != (k < 0), 0.5, 0), 0, 1)


class Trials(NamedTuple):
    """What one search leaves to the next (*lanes,): its first trial, and the running average of the steps taken."""

    first: np.ndarray
    average: np.ndarray


@hyperparameters
class PLS:
    """Probabilistic line search (Mahsereci & Hennig 2015; dissertation, Algorithm 5).

    threshold: of the probability that both Wolfe conditions hold (c_W). evaluations: fresh batches at most (N_max).
    first: the first trial of the first search; a search starts from 1.3 times the last step, or from the running
    average of all steps where that is a hundred times longer (it is never so much shorter). s multiplies d.
    """

    c1: Hyper = number(0.05, "(0, 1)")
    c2: Hyper = number(0.8, "(0, 1)")
    threshold: Hyper = number(0.3, "(0, 1)")
    evaluations: int = integer(10, 2)
    first: Hyper = number(1.0, "(0, inf)")
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


def promising(belief: Belief, c1: Any, c2: Any) -> np.ndarray:
    """The next u: a minimum of the mean, or twice the largest u so far, of largest EI times p_Wolfe (*lanes,)."""
    minima, furthest = belief.minimizers(), belief.s.max(axis=-1, keepdims=True)
    candidates = np.concatenate([np.where(np.isnan(minima), 2 * furthest, minima), 2 * furthest], axis=-1)
    there = belief.at(candidates)
    utility = there.expected_improvement() * there.wolfe_probability(c1, c2)
    nearest = np.where(belief.s > 0, belief.s, np.inf).min(axis=-1)
    uphill = np.isnan(minima[..., 0]) & (there.means[..., 0, 1] > 0)
    return np.where(uphill, nearest / 100, pick(candidates, utility.argmax(axis=-1, keepdims=True)))


def pick(x, index):
    """The elements of x (*lanes, n) at an index (*lanes, 1): (*lanes,)."""
    return np.take_along_axis(x, index, axis=-1)[..., 0]


def append(x, new):
    """x (*lanes, n) with one more column (*lanes,)."""
    return np.concatenate([x, new[..., None]], axis=-1)


def wall(x, height):
    """x clipped to +-height; ``height`` where it is not finite."""
    return np.where(np.isfinite(x), np.clip(x, -height, height), height)
