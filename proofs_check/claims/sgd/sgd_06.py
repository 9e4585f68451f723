r"""SGD-06  A batch k times as large, an update step k times shorter

Where: dissertation, section 5.6 and core result 3; Mutschler & Zell 2021 (ICANN), section 6
Claim: If the batch size is increased by a factor, the length of SGD's update step falls by the same factor.
Formula: \|\lambda g_{k\mathbb{B}}\| = \frac1k\,\|\lambda g_{\mathbb{B}}\|
Verdict: refuted
Kind: exact
Found: Where every batch defines its own direction, as in SGD as it is run, the factor is at most the square root of k
    for large data sets, and near 1 where the signal dominates: for a doubled batch 1.42 where g = 0, 1.02 to 1.07 where
    the noise is a tenth to a third of the signal.
True: \frac{\mathbf{E}\|g_{\mathbb{B}}\|^2}{\mathbf{E}\|g_{k\mathbb{B}}\|^2} = \frac{\|g\|^2 + (\frac1B -
    \frac1D)\mathrm{tr}\,\mathbf{S}}{\|g\|^2 + (\frac{1}{kB} - \frac1D)\mathrm{tr}\,\mathbf{S}} \le \frac{k(D - B)}{D -
    kB}
"""

from __future__ import annotations

from fractions import Fraction as F
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb

from ...cases import dot, mean, populations, positive
from ...claim import ERRORS, Contrast, at_most, close, equal, only, told
from ...ours import on_rule
from ..noise.common import apart, gradients, subsets
from .common import shrinks_by

claim = told(__doc__)


@claim.check("all batches", st.tuples(populations(), st.integers(2, 3)), examples=60)
def enumerated_bound(g, k):
    """The same for all batches of a population."""
    found: dict[Any, Any] = {}
    D = len(g)
    second = lambda B: mean([dot(v, v) for v in gradients(g, subsets(D, B))])
    for B in range(1, (D - 1) // k + 1):
        found[B] = at_most(second(B) * (D - k * B), k * (D - B) * second(k * B))
    return found or {"too few samples": 0}


@st.composite
def bounded(draw):
    B, k = draw(st.integers(1, 40)), draw(st.integers(2, 8))
    return draw(positive()) * draw(st.integers(0, 1)), draw(positive()), B, k, k * B + draw(st.integers(1, 1000))


@claim.check("the bound", bounded(), examples=200)
def at_most_root(square, noise, B, k, D):
    """E |g_B|^2 / E |g_kB|^2 <= k (D - B) / (D - k B), with equality for g = 0."""
    ratio = (square + apart(D, B) * noise) / (square + apart(D, k * B) * noise)
    return at_most(ratio, F(k * (D - B), D - k * B))


@claim.control("fixed lines")
def fixed_line_bound():
    """The fixed-line protocol where the rest is flat, k = 4 and D = 7: the square of 4 is beyond k (D - 1)/(D - 4)."""
    return at_most(shrinks_by(0, 4) ** 2, F(4 * 6, 3))


class Doubling(NamedTuple):
    """Lengths of our SGD's first steps with batches B and k B. noise: tr S / (B |g|^2), None for g = 0."""

    noise: float | None
    k: int
    many: int
    B: int = 2
    D: int = 200
    n: int = 20
    seed: int = 0

    def lengths(self, B, first):
        from toybox import methods

        g = np.random.default_rng(3).standard_normal((self.D, self.n))
        g -= g.mean(axis=0)
        if self.noise is not None:
            g[:, 0] += np.sqrt(np.trace(np.cov(g.T)) / (self.B * self.noise))
        problem = tb.problems.NoisyQuadratic(np.eye(self.n), -g)
        options = {"batch": B, "seeds": first + np.arange(self.many), "sampler": "fresh", "every": None}
        return tb.run(problem, on_rule(methods.fixed.Fixed(0.1)), steps=1, theta=np.zeros(self.n), **options).arc[0]

    @property
    def ratio(self):
        """Of the mean lengths, and its standard error."""
        first = 2 * self.many * self.seed
        small, large = self.lengths(self.B, first), self.lengths(self.k * self.B, first + self.many)
        ratio = small.mean() / large.mean()
        spread = [x.std() / x.mean() / np.sqrt(self.many) for x in (small, large)]
        return ratio, ratio * np.hypot(*spread)


@claim.counterexample("mean length of our SGD's steps, over that with a batch k times as large", only(2, 2, 200, 1000))
def divided_by_k(k, B, D, many):
    """For g = 0; up to ten standard errors."""
    ratio, error = Doubling(None, k, many, B, D).ratio
    return Contrast(k, ratio, rounding=10 * error)


def doublings(*cases):
    made = lambda budget, noise, k: Doubling(noise, k, budget.many(1_000, 4_000), seed=budget.seed)
    return lambda budget: [(made(budget, noise, k), *rest) for noise, k, *rest in cases]


@claim.check("our SGD, a doubled batch", doublings((None, 2, 1.42), (0.1, 2, 1.02), (0.35, 2, 1.07)))
def as_quoted(doubling, quoted):
    ratio, error = doubling.ratio
    return {"quoted": close(ratio, quoted, 0.005 + ERRORS * error), "k^.75": below_root(doubling)}


@claim.check("our SGD, a fourfold batch below k^.75", doublings((None, 4)))
def below_root(doubling):
    """By so many standard errors; the roots of second moments have a ratio of at most sqrt(k (D - B)/(D - k B))."""
    ratio, error = doubling.ratio
    return float((doubling.k**0.75 - ratio) / (ERRORS * error) - 1)


claim.check("equality for g = 0")(lambda: equal(at_most_root(0, F(3), 5, 2, 100), 0))
