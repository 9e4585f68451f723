r"""SGD-03  The loss of the direction-defining batch is steeper

Where: dissertation, section 5.3 and fig. 5.2; Mutschler & Zell 2021 (ICANN), fig. 2
Claim: Around the origin of a line the loss of the mini-batch that defines the direction is always steeper than the
    full-batch loss.
Formula: |l_{\mathbb{B}}'(0)| > |l'(0)|
Verdict: corrected
Kind: enumeration
Found: In the mean. A batch is steeper just where its gradient lies outside the ball with the diameter 0 .. g, which
    many dimensions make likely: for normal noise of the size of the gradient .659, .82, .997 and 1.0000 of batches in
    1, 2, 10 and 100 dimensions.
True: \mathbf{E}|l_{\mathbb{B}}'(0)| = \mathbf{E}\|g_{\mathbb{B}}\| \ge \|g\| \ge \mathbf{E}[-l'(0)], \qquad
    \mathbf{E}[\|g_{\mathbb{B}}\|^2 - g^\top g_{\mathbb{B}}] = \mathrm{tr}\,\mathrm{Cov}(g_{\mathbb{B}}) \ge 0
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np

import toybox as tb

from ...cases import EPS, add, dot, mean
from ...claim import ERRORS, Contrast, at_most, below, close, equal, holds, only, told
from ..noise.common import POPULATIONS, S, apart, gradients, many_populations, subsets, trace
from .common import INSIDE, lines

claim = told(__doc__)


@claim.check("squares and the ball, every batch", POPULATIONS, examples=60)
def steeper(g):
    """On exact numbers, for all batches: E [|g_B|^2 - g'g_B] = tr Cov >= 0, and the ball."""
    D, centre, found = len(g), mean(g), {}
    for B in range(1, D + 1):
        drawn = gradients(g, subsets(D, B))
        excess = [dot(v, v) - dot(centre, v) for v in drawn]  # |g_B| (l'(0) - l_B'(0))
        spread = apart(D, B) * trace(S(g))
        found[f"mean, B = {B}"] = equal(mean(excess), spread)
        found[f"sign, B = {B}"] = at_most(0, spread)
        found[f"ball, B = {B}"] = holds([ball(v, centre) for v in drawn])
    return found


def ball(v, centre):
    """Steeper just where g_B is outside the ball with the diameter 0 .. g, and there |l_B'(0)| > |l'(0)|."""
    half = add(v, -F(1, 2), centre)
    outside = dot(half, half) > dot(centre, centre) / 4
    downhill = dot(v, v) > dot(centre, v)
    sizes = dot(v, v) ** 2 > dot(centre, v) ** 2
    return outside == downhill and (dot(centre, v) < 0 or outside == sizes)


@claim.check("slopes of our lines, every batch", many_populations())
@claim.control("without the mean", many_populations(), examples=20, each=True)
def slopes_in_the_mean(g, each=False):
    """E |l_B'(0)| >= |g| >= E [-l'(0)] by our lines; ``each``: without the mean.

    A slope is a sum of n products of numbers up to the largest norm, a gradient a mean of D: D + n + batches dependent
    operations.
    """
    (D, n), found = g.shape, {}
    problem, size = tb.problems.NoisyQuadratic(np.eye(n), -g), np.linalg.norm(g.mean(axis=0))
    for B in range(1, D + 1):
        index = np.array(list(subsets(D, B)))
        batch, whole = lines(problem, np.zeros((len(index), n)), index)
        tolerance = 10 * (D + n + len(index)) * EPS * np.linalg.norm(g, axis=1).max() + 5e-324
        norms = np.abs(batch.slope0)
        found[f"batch, B = {B}"] = below(size, norms if each else norms.mean(), tolerance)
        found[f"full, B = {B}"] = below(-whole.slope0.mean(), size, tolerance)
    return found


def fraction_steeper(n, seed, many=200_000):
    """Of gradients g + noise, tr Cov = |g|^2 = 1: how many have l_B'(0) < l'(0)."""
    total, rng = 0, np.random.default_rng((seed, n))
    for _ in range(10):
        batch = rng.standard_normal((many // 10, n)) / np.sqrt(n)
        batch[:, 0] += 1
        total += int(((batch**2).sum(axis=1) > batch[:, 0]).sum())
    return total / many


STEEPER = {1: (0.6587, 5e-5), 2: (0.82, 0.005), 10: (0.997, 5e-4), 100: (1.0, 5e-5)}  # fraction, half a last digit


@claim.check("fractions of normal batches", lambda b: [(b.many(200_000, 2_000_000), b.seed)])
def fractions(samples, seed):
    """n = 1: 1 - P(-1 < z < 0) = .6587; the others as quoted."""
    found = {}
    for n, (fraction, half) in STEEPER.items():
        many = samples if n < 100 else samples // 10
        error = np.sqrt(fraction * (1 - fraction) / many)
        found[n] = close(fraction_steeper(n, seed, many), fraction, half + ERRORS * error)
    return found


claim.control("every batch in one dimension")(lambda: close(fraction_steeper(1, 0), 1, 10 * 0.0011))
claim.counterexample("|l_B'(0)| of the first of two samples, against |l'(0)|", only(INSIDE))(
    lambda g: Contrast(abs(mean(g)[0]), abs(g[0][0]), "more than")
)
