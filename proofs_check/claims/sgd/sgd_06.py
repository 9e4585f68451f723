r"""SGD-06  A batch k times as large, an update step k times shorter

Where: dissertation, section 5.6 and core result 3; Mutschler & Zell 2021 (ICANN), section 6
Claim: If the batch size is increased by a factor, the length of SGD's update step falls by the same factor.
Formula: \|\lambda g_{k\mathbb{B}}\| = \frac1k\,\|\lambda g_{\mathbb{B}}\|
Verdict: refuted
Kind: exact
Found: Where every batch defines its own direction, as in SGD as it is run, the root mean square length falls by at most
    about the square root of k for large data sets, and hardly where the signal dominates: mean lengths, for a doubled
    batch, by 1.42 where g = 0, by 1.02 to 1.07 where the noise is a tenth to a third of the signal.
True: \frac{\mathbf{E}\|g_{\mathbb{B}}\|^2}{\mathbf{E}\|g_{k\mathbb{B}}\|^2} = \frac{\|g\|^2 + (\frac1B -
    \frac1D)\mathrm{tr}\,\mathbf{S}}{\|g\|^2 + (\frac{1}{kB} - \frac1D)\mathrm{tr}\,\mathbf{S}} \le \frac{k(D - B)}{D -
    kB}
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

import toybox as tb

from ...claim import ERRORS, Contrast, close, only, told
from ...ours import on_rule
from ...proof import Theorem, implies
from ..noise.common import S, apart, product_mean

claim = told(__doc__)


@claim.proof(
    "any data and batches",
    broken={"k without (D - B)/(D - k B)": {"bound": lambda *_: 1}, "few data": {"least": 0}},
)
def bounded(D, B, k, square, squares, bound=lambda D, B, k: (D - B) / (D - k * B), least=1):
    """E |g_B|^2 is at most k (D - B)/(D - k B) times E |g_kB|^2, with equality for g = 0. That is below k^2, which it
    would be if lengths fell by k, as soon as there are more than (k + 1) B samples.

    Of the sum of all gradients and of each of them: the square of the norm, and the sum of squares (NOISE-05).
    """
    before, after = (product_mean(D, size, square, 1, squares) for size in (B, k * B))
    limit = k * bound(D, B, k)
    signal, trace = square / D**2, S(D, square, 1, squares)
    enough = D > (k + least) * B
    return Theorem(
        (D > 1, B >= 1, k > 1, D > k * B, square >= 0, squares > 0, square <= D * squares),
        {
            "moment": after == signal + apart(D, k * B) * trace,
            "at most": before <= limit * after,
            "g = 0": implies(square == 0, before == limit * after),
            "below k": implies(enough, before < k**2 * after),
        },
    )


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
    return lambda budget: [(made(budget, noise, k), quoted) for noise, k, quoted in cases]


QUOTED = doublings((None, 2, 1.42), (0.1, 2, 1.02), (0.35, 2, 1.07))


@claim.check("our SGD, a doubled batch", QUOTED, degree="simulated")
@claim.control("half as long", doublings((None, 2, 2.0)))
def as_quoted(doubling, quoted):
    ratio, error = doubling.ratio
    return close(ratio, quoted, 0.005 + ERRORS * error)


@claim.check("our SGD, below k^.75", doublings((None, 2, 0.75), (None, 4, 0.75)), degree="simulated")
@claim.control("our SGD, below k^.25", doublings((None, 4, 0.25)))
def below_power(doubling, power):
    """By so many standard errors; the roots of second moments have a ratio of at most sqrt(k (D - B)/(D - k B))."""
    ratio, error = doubling.ratio
    return float((doubling.k**power - ratio) / (ERRORS * error) - 1)
