"""What several of these claims need."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction as F
from itertools import product
from typing import Any, NamedTuple

import numpy as np

import toybox as tb

from ...cases import batches, mean, scale
from ...claim import ERRORS, equal, sigmas
from ...ours import Quadratics, ends
from ...proof import Theorem

# --- means over all batches, of any size B from any number D of samples
#
# g_B is the sum of n_i g_i / B, n_i being how often sample i is in the batch. All samples are alike, and so are all
# pairs of them, so that a mean over the batches depends on the means of n_i, n_i^2 and n_i n_j only.


def occurrences(D, B, replace=False):
    """E n_i, E n_i^2 and E n_i n_j: the n_i add up to B; B (B - 1) pairs of draws fall on any of D^2 pairs of samples,
    or without replacement on D (D - 1)."""
    pair = B * (B - 1) / (D**2 if replace else D * (D - 1))
    return B / D, B / D + (pair if replace else 0), pair


def product_mean(D, B, a, b, ab, replace=False):
    """E of the product of two linear functions of g_B, two coordinates for example: ``a`` and ``b`` are the sums of
    both over all samples, ``ab`` is that of their products. Likewise of inner products: |g_B|^2 and g_B'H g_B."""
    _, twice, pair = occurrences(D, B, replace)
    return (twice * ab + pair * (a * b - ab)) / B**2


def S(D, a, b, ab):
    """The entry of the covariance with divisor D - 1; K has D."""
    return (ab - a * b / D) / (D - 1)


def apart(D, B):
    """1/B - 1/D."""
    return F(1) / B - F(1) / D


def unbiased(D, B, first, others, chance: Callable = lambda D, B: B / D):
    """The mean over a batch has the mean over all D samples as its mean, with and without replacement.

    Of any quantity: ``first`` is that of one sample, ``others`` the sum of the other ones. chance: E n of the first.
    """
    of_first = chance(D, B)
    found = (of_first * first + (B - of_first) / (D - 1) * others) / B
    return Theorem((D > 1, B >= 1), {"mean": found == (first + others) / D})


UNBIASED: dict = {"broken": {"the first sample in every batch": {"chance": lambda D, B: F(1)}}}


def all_batches(replace):
    """Cases (D, B, replace)."""
    return lambda budget: [(D, B, replace) for D in range(2, 8) for B in range(1, D + 1) if not replace or D**B < 3000]


def counted(D, B, replace, predicted=occurrences):
    """The means of n_0, n_0^2 and n_0 n_1, counted in all batches."""
    drawn = [*(product(range(D), repeat=B) if replace else batches(D, B))]
    found = [mean([F(b.count(0) * b.count(i)) for b in drawn]) for i in (0, 1)]
    return equal([mean([F(b.count(0)) for b in drawn]), *found], [*predicted(F(D), F(B), replace)])


# --- on exact numbers

subsets = batches  # of B distinct samples, all equally likely

FOUR = ((F(1),), (F(2),), (F(3),), (F(6),))  # D = 4 gradients


def exactly(g):
    """L_i(x) = |x + g_i|^2 / 2 on exact numbers: sample i has the gradient g_i at 0."""
    n = len(g[0])
    eye = tuple(tuple(F(i == j) for j in range(n)) for i in range(n))
    return Quadratics([eye] * len(g), [scale(-1, v) for v in g])


def gradients(g, drawn):
    """The gradients at 0 of batches, on exact numbers."""
    problem, origin = exactly(g), (F(0),) * len(g[0])
    return [problem.gradient(origin, batch) for batch in drawn]


def variance(g, divisor):
    """Of the only coordinate: S for the divisor D - 1, K for D."""
    centre = mean(g)[0]
    return sum((v - centre) ** 2 for (v,) in g) / divisor


def nu(rate, B, D):
    return rate * (F(D, B) - 1)  # eq. 2.67


def stationary_variance(method, problem, drawn, centre, **hyper):
    """E (x - centre)^2 of a method whose steps are affine in x, one dimension, all batches equally likely.

    Two places at a distance a from the centre have the mean square p a^2 + q after a step; V = p V + q.
    """

    def after(a):
        places = [(x,) for x in (centre + a, centre - a) for _ in drawn]
        return mean([(x - centre) ** 2 for (x,) in ends(method, problem, places, 2 * drawn, **hyper)])

    q = after(F(0))
    return q / (1 - (after(F(1)) - q))


# --- on arrays


class Drawn(NamedTuple):
    """Batches of one step, drawn by a sampler of ours for ``many`` seeds from D samples with skewed gradients."""

    how: str
    D: int
    B: int
    many: int
    seed: int

    @property
    def g(self):
        return np.random.default_rng(self.seed).standard_exponential((self.D, 2)) * [1.0, 3.0]

    def errors(self, t=0, j=0):
        """alpha = g_B - g of every seed (many, 2), by our problem on arrays."""
        problem = tb.problems.NoisyQuadratic(np.eye(2), -self.g)
        lanes = self.seed * self.many + np.arange(self.many)
        index = problem.draw(lanes, t, j, self.B, self.how)
        return problem.at(np.zeros((self.many, 2)), index).gradient - self.g.mean(axis=0)

    @property
    def S(self):
        return np.cov(self.g.T)

    @property
    def K(self):
        return self.S * (self.D - 1) / self.D


def samplings(*cases, few=20_000):
    """Cases (how, D, B). The rows of distinct samples are made in two ways: 4 B <= D, and larger batches."""
    return lambda budget: [Drawn(*case, budget.many(few, 25 * few), budget.seed) for case in cases]


SMALL, LARGE = (8, 2), (5, 4)  # (D, B): a row without its repetitions, the head of a permutation


def in_the_mean(found, expected, limit=ERRORS):
    """The mean over seeds of numbers (many, ...) against an exact expectation, in standard errors."""
    return sigmas(found.mean(axis=0), expected, found.std(axis=0) / np.sqrt(len(found)), limit)


def squares(alpha, beta=None):
    """alpha beta' of every seed."""
    beta = alpha if beta is None else beta
    return alpha[:, :, None] * beta[:, None, :]


def stationary(H, C, rate):
    """Sigma = (I - rate H) Sigma (I - rate H) + rate^2 C, in the eigenbasis of H."""
    return _by_pairs(H, C, lambda h, k: rate**2 / (1 - (1 - rate * h) * (1 - rate * k)))


def diffusion(H, C, rate):
    """H Sigma + Sigma H = rate C."""
    return _by_pairs(H, C, lambda h, k: rate / (h + k))


def _by_pairs(H, C, factor: Any):
    """C with every entry in the eigenbasis of H times a factor of both eigenvalues."""
    h, U = np.linalg.eigh(H)
    return U @ (factor(h[:, None], h) * (U.T @ C @ U)) @ U.T
