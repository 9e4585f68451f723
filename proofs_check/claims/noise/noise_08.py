r"""NOISE-08  Stationary covariance of SGD and of its diffusion

Where: dissertation, eqs. 2.61 to 2.67
Claim: On a quadratic with additive noise of covariance C the iterates settle at a covariance that the stochastic
    differential equation predicts to first order in the learning rate; in one dimension it is too small by the factor 1
    - (rate times curvature) / 2.
Formula: \Sigma = (I - \lambda H)\Sigma(I - \lambda H) + \lambda^2 C, \quad H\Sigma_{\mathrm{OU}} +
    \Sigma_{\mathrm{OU}}H = \lambda C, \quad \frac{\Sigma}{\Sigma_{\mathrm{OU}}} = \frac{1}{1 - \lambda h/2}
Verdict: holds
Kind: montecarlo
Found: To first order in the learning rate, for batches drawn afresh at every step. Shuffled epochs leave less noise,
    because the batches of an epoch are negatively correlated: after whole epochs of m = D/B steps, with a = 1 - (rate
    times curvature), the variance is (rate h)^2 [S/B sum a^2i - S/D (sum a^i)^2] / (1 - a^2m).
"""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

import numpy as np

import toybox as tb
from toybox.problems import quadratic

from ...cases import EPS
from ...claim import ERRORS, close, told
from ...ours import on_rule
from ...proof import Theorem, every, implies, size
from .common import diffusion, in_the_mean, squares, stationary

claim = told(__doc__)


@claim.proof("any curvatures and noise, in the eigenbasis", broken={"rate times curvature up to 3": {"limit": 3}})
def both(h, k, rate, C, sigma, ou, limit=2):
    """Entries of both covariances, for two eigenvalues of H: they differ by the part rate h k / (h + k), to first order
    in the rate. And what is not yet settled of such an entry, or of an error (k = 0), dies out."""
    settled = sigma == (1 - rate * h) * sigma * (1 - rate * k) + rate**2 * C
    predicted = h * ou + ou * k == rate * C
    return Theorem(
        (h > 0, k > 0, rate > 0, rate * h < limit, rate * k < limit, settled, predicted),
        {
            "dies out": every(size((1 - rate * h) * (1 - rate * k)) < 1, size(1 - rate * h) < 1),
            "diffusion": ou * (h + k) == sigma * (h + k - rate * h * k),
            "one dimension": implies(h == k, ou == (1 - rate * h / 2) * sigma),
        },
    )


@claim.proof("the noise is the same everywhere", broken={"a curvature of its own for the batch": {"common": False}})
def additive(h, bent, x, batch, full, common=True):
    """The error of a batch gradient h (x - c) does not depend on x: minus H times that of the batch's minimiser."""
    error = (h if common else bent) * (x - batch) - h * (x - full)
    return Theorem((h > 0, bent > 0), {"error": error == -h * (batch - full)})


@claim.proof("whole epochs", broken={"independent batches": {"share": 0}})
def epochs(B, D, s, once, twice, share=-1):
    """A sum of a^i c_i over the batches of an epoch, where c_i has the variance (1/B - 1/D) S and two of them the
    covariance -S/D (NOISE-09). once: the sum of a^i, twice: of a^2i."""
    found = (1 / B - 1 / D) * s * twice + share * s / D * (once**2 - twice)
    return Theorem((B > 0, D > 0), {"variance": found == s / B * twice - s / D * once**2})


class Chains(NamedTuple):
    """Many runs of our SGD, started at the minimiser of L_i = 1/2 (x - c_i)'H(x - c_i)."""

    how: str
    D: int
    B: int
    H: tuple
    rate: float
    many: int
    spread: float = 1.0  # the largest eigenvalue of the covariance S of the c_i
    seed: int = 0

    @property
    def problem(self):
        c = np.random.default_rng(5).standard_exponential((self.D, len(self.H)))
        c -= c.mean(axis=0)
        return tb.problems.NoisyQuadratic(np.array(self.H), c * (self.spread / np.linalg.norm(cov(c), 2)) ** 0.5)

    @property
    def C(self):
        """(1/B - 1/D) H S H, the same everywhere."""
        H = np.array(self.H)
        return (1 / self.B - 1 / self.D) * H @ cov(self.problem.m) @ H

    @property
    def steps(self):
        """Until 1 - rate h_min is e^-12: what is missing of the stationary covariance is e^-24 of it."""
        return ceil(12 / (self.rate * np.linalg.eigvalsh(self.H)[0]) - 1e-9)

    def final(self):
        """Where the runs end, seen from the minimiser (many, n)."""
        from toybox import methods

        problem, optimizer = self.problem, on_rule(methods.fixed.Fixed(self.rate))
        seeds = range(self.many * self.seed, self.many * (self.seed + 1))
        options = {"batch": self.B, "seeds": seeds, "sampler": self.how, "every": None}
        return tb.run(problem, optimizer, steps=self.steps, theta=problem.solution, **options).theta - problem.solution


def cov(c):
    return np.atleast_2d(np.cov(c.T))


def at_the_end_of_epochs(rate, h, S, D, B):
    """Stationary variance after whole epochs, one dimension: an epoch of m = D/B steps multiplies by a^m, a = 1 - rate
    h, and adds rate h (sum of a^i c_i) with the variance (rate h)^2 [S/B sum a^2i - S/D (sum a^i)^2]."""
    a = 1 - rate * h
    powers = a ** np.arange(D // B)
    gain = (rate * h) ** 2 * S * ((powers**2).sum() / B - powers.sum() ** 2 / D)
    return gain / (1 - a ** (2 * (D // B)))


ROTATED = ((0.7, 0.3), (0.3, 0.7))  # eigenvalues 1 and 0.4
ONE = ((1.0,),)


def epochs_of(few, deep):
    return lambda budget: [Chains("epochs", 40, 4, ONE, 0.2, budget.many(few, deep), 0.412, budget.seed)]


@claim.check("shuffled epochs", epochs_of(8_000, 80_000), degree="simulated")
@claim.control("as fresh batches leave it", epochs_of(8_000, 80_000), as_fresh=True)
def with_epochs(chains, as_fresh=False):
    """Epochs leave less noise: .0031 where fresh batches leave .0103."""
    S, (n, B) = cov(chains.problem.m)[0, 0], (chains.D, chains.B)
    fresh = stationary(np.array(chains.H), chains.C, chains.rate)[0, 0]
    epochs = at_the_end_of_epochs(chains.rate, chains.H[0][0], S, n, B)
    return {
        "simulated": in_the_mean(squares(chains.final()), fresh if as_fresh else epochs),
        "fresh .0103": close(fresh, 0.0103, 5e-5),
        "epochs .0031": close(epochs, 0.0031, 5e-5),
    }


def fresh(H, rate, few, deep=None):
    """Chains of fresh batches of 4 of 12."""
    return lambda budget: [Chains("fresh", 12, 4, H, rate, budget.many(few, deep or few), seed=budget.seed)]


@claim.check("our exact risk", fresh(ROTATED, 0.5, 1))
@claim.control("our exact risk, the diffusion", fresh(ROTATED, 0.5, 1), expected=diffusion)
def exact_risk(chains, expected=stationary):
    """Our exact risk settles at tr(H Sigma) / 2 above its floor, up to e^-24 and a rounding at every step."""
    problem, sigma = chains.problem, expected(np.array(chains.H), chains.C, chains.rate)
    risk = quadratic.expected_risk(problem, chains.rate, chains.B, chains.steps, problem.solution, "fresh")
    settled = np.trace(chains.H @ sigma) / 2
    tolerance = settled * np.exp(-24) + risk[-1] * 10 * (chains.D + chains.steps) * EPS
    return close(risk[-1] - problem.floor, settled, tolerance)


@claim.check("our SGD", fresh(ROTATED, 0.5, 20_000, 200_000), degree="simulated")
@claim.control("the diffusion, rate times curvature 1/2", fresh(ROTATED, 0.5, 6_000), expected=diffusion, limit=10)
@claim.control("epochs for fresh batches", epochs_of(4_000, 4_000), limit=10)
@claim.control("rate times curvature 2.1", fresh(ONE, 2.1, 2_000), limit=10)
def simulated(chains, expected=stationary, limit=ERRORS):
    """The covariance of our chains against a prediction, entry by entry."""
    return in_the_mean(squares(chains.final()), expected(np.array(chains.H), chains.C, chains.rate), limit)
