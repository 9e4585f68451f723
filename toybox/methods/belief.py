"""What a probabilistic line search believes: a Gaussian process posterior of the loss along a line, from noisy values
and slopes. Computed with NumPy in float64 on the host, for all lanes at once.

Corrections of the dissertation's print: eq. 2.34 takes the slopes' own variance in its lower block; eq. 2.35 lacks the
inverse of eq. 2.34; eq. 2.36 is E max(0, eta - l) with eta the lowest posterior mean at an *evaluated* point.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

OFFSET = 10.0  # tau of eq. 2.28
NUGGET = 1e-14  # relative variance added to every observation: the Gram matrix stays regular where points coincide
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
