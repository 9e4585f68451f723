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

from fractions import Fraction as F
from math import ceil
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb

from ...cases import EPS, add, mean, populations, positive, times
from ...claim import ERRORS, close, equal, told
from ...ours import Quadratics, on_rule
from .common import S, apart, discrete, in_the_mean, outer, places, scaled, solved, squares, subsets

claim = told(__doc__)


def diffusion(H, C, rate):
    """H Sigma + Sigma H = rate C."""
    eye = np.eye(len(H))
    return solved(np.kron(H, eye) + np.kron(eye, H), rate * C)


def satisfied(place):
    """Both solutions satisfy their equations as matrices, up to T-solve and the rounding of the residual itself."""
    H, C, rate = place.H, place.C, place.rate
    A = np.eye(len(H)) - rate * H
    sigma, tolerance = discrete(H, C, rate)
    ours, tolerance_ou = diffusion(H, C, rate)
    size = lambda M: 10 * len(H) * EPS * np.abs(M).max()
    return {
        "discrete": close(sigma, A @ sigma @ A + rate**2 * C, tolerance + size(sigma) + size(rate**2 * C)),
        "diffusion": close(H @ ours + ours @ H, rate * C, tolerance_ou + size(ours) + size(rate * C)),
    }


def apart_by(H, C, rate):
    """The relative difference of both covariances, Frobenius norms."""
    sigma = discrete(H, C, rate)[0]
    return np.linalg.norm(sigma - diffusion(H, C, rate)[0]) / np.linalg.norm(sigma)


def linear(place, low=0.001, high=0.01):
    """A tenth of the rate: a tenth of the relative difference, up to a fifth of that."""
    return close(apart_by(place.H, place.C, high) / apart_by(place.H, place.C, low), 10, 2)


@claim.check("both equations, a difference linear in the rate", places(), degree="simulated")
def equations(place):
    return satisfied(place) | {"linear": linear(place)}


QUOTED = {1.5: (0.53, 0.005), 0.5: (0.11, 0.005), 0.1: (0.019, 5e-4), 0.01: (0.0019, 5e-5), 0.001: (0.00019, 5e-6)}


@claim.check("the quoted differences")
def differences():
    """The quoted ones: eigenvalues 1 and 0.265, noise that is hardly correlated."""
    H, C = np.diag([1.0, 0.265]), np.array([[10.0, 1.0], [1.0, 9.0]])
    return {rate: close(apart_by(H, C, rate), quoted, half) for rate, (quoted, half) in QUOTED.items()}


@claim.check(
    "one dimension",
    st.tuples(positive(), positive(), positive(9, 5).filter(lambda s: s < 2)),
    examples=100,
    degree="simulated",
)
def one_dimension(h, C, share):
    """For rate h = share: the exact solutions of both scalar equations, and their ratio."""
    rate = share / h
    sigma, ours = rate * C / (h * (2 - rate * h)), rate * C / (2 * h)
    return {
        "discrete": equal((1 - rate * h) ** 2 * sigma + rate**2 * C, sigma),
        "diffusion": equal(2 * h * ours, rate * C),
        "ratio": equal(sigma / ours, 1 / (1 - rate * h / 2)),
    }


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

    def final(self, steps=None):
        """Where the runs end, seen from the minimiser (many, n)."""
        from toybox import methods

        problem, optimizer = self.problem, on_rule(methods.fixed.Fixed(self.rate))
        seeds = range(self.many * self.seed, self.many * (self.seed + 1))
        options = {"batch": self.B, "seeds": seeds, "sampler": self.how, "every": None}
        run = tb.run(problem, optimizer, steps=steps or self.steps, theta=problem.solution, **options)
        return run.theta - problem.solution


def cov(c):
    return np.atleast_2d(np.cov(c.T))


def at_the_end_of_epochs(rate, h, S, D, B):
    """Stationary variance after whole epochs, one dimension: batches of one epoch have the covariance -S/D (NOISE-09).

    An epoch of m = D/B steps multiplies by a^m, a = 1 - rate h, and adds rate h (sum of a^i c_i) with the variance
    (rate h)^2 [S/B sum a^2i - S/D (sum a^i)^2].
    """
    a = 1 - rate * h
    powers = a ** np.arange(D // B)
    gain = (rate * h) ** 2 * S * ((powers**2).sum() / B - powers.sum() ** 2 / D)
    return gain / (1 - a ** (2 * (D // B)))


ROTATED = ((0.7, 0.3), (0.3, 0.7))  # eigenvalues 1 and 0.4
ONE = ((1.0,),)


def epochs_of(many, seed):
    return Chains("epochs", 40, 4, ONE, 0.2, many, spread=0.412, seed=seed)


@claim.check("shuffled epochs", lambda budget: [epochs_of(budget.many(8_000, 80_000), budget.seed)], degree="simulated")
def with_epochs(chains):
    """Epochs leave less noise: .0031 where fresh batches leave .0103."""
    S, (n, B) = cov(chains.problem.m)[0, 0], (chains.D, chains.B)
    fresh = discrete(np.array(chains.H), chains.C, chains.rate)[0][0, 0]
    epochs = at_the_end_of_epochs(chains.rate, chains.H[0][0], S, n, B)
    return {
        "simulated": in_the_mean(squares(chains.final()), epochs),
        "fresh .0103": close(fresh, 0.0103, 5e-5),
        "epochs .0031": close(epochs, 0.0031, 5e-5),
    }


def fresh(H, rate, few, deep=None):
    """Chains of fresh batches of 4 of 12."""
    return lambda budget: [Chains("fresh", 12, 4, H, rate, budget.many(few, deep or few), seed=budget.seed)]


@claim.check("our exact risk", fresh(ROTATED, 0.5, 1), degree="simulated")
def exact_risk(chains):
    """Our exact risk settles at tr(H Sigma) / 2 above its floor, up to e^-24 and a rounding at every step."""
    from toybox.problems import quadratic

    problem, sigma = chains.problem, discrete(np.array(chains.H), chains.C, chains.rate)[0]
    risk = quadratic.expected_risk(problem, chains.rate, chains.B, chains.steps, problem.solution, "fresh")
    settled = np.trace(chains.H @ sigma) / 2
    tolerance = settled * np.exp(-24) + risk[-1] * 10 * (chains.D + chains.steps) * EPS
    return close(risk[-1] - problem.floor, settled, tolerance)


@claim.check("our SGD", fresh(ROTATED, 0.5, 20_000, 200_000), degree="simulated")
@claim.control("epochs for fresh batches", lambda b: [epochs_of(4_000, b.seed)], limit=10)
@claim.control("rate times curvature 2.1", fresh(ONE, 2.1, 2_000), limit=10)
def simulated(chains, expected=discrete, limit=ERRORS):
    """The covariance of our chains against a prediction, entry by entry."""
    return in_the_mean(squares(chains.final()), expected(np.array(chains.H), chains.C, chains.rate)[0], limit)


@st.composite
def common_curvature(draw):
    g = draw(populations(st.integers(2, 5), st.just(2)))
    a, b, c = draw(st.tuples(positive(), positive(), positive()))
    return g, ((a + c, c), (c, b + c)), draw(st.tuples(positive(), positive()))


@claim.check("the noise is the same everywhere", common_curvature(), examples=40, degree="simulated")
def noise_everywhere(g, H, x, curvature=None):
    """C = (1/B - 1/D) H S H at 0 and at x. curvature: another multiple of H for the last sample."""
    D, n, found = len(g), len(g[0]), {}
    bent = [H] * (D - 1) + [scaled(curvature or F(1), H)]
    problem = Quadratics(bent, g)
    image = tuple(times(H, v) for v in g)  # H c_i
    for place in ((F(0),) * n, x[:n]):
        for B in range(1, D + 1):
            drawn = [problem.gradient(place, batch) for batch in subsets(D, B)]
            away = [add(v, -1, mean(drawn)) for v in drawn]
            found[place, B] = equal(mean([outer(v, v) for v in away]), scaled(apart(D, B), S(image)))
    return found


claim.control("the diffusion, rate times curvature 1/2", fresh(ROTATED, 0.5, 6_000))(
    lambda chains: simulated(chains, diffusion, limit=10)
)
claim.control("a curvature of its own for a sample", common_curvature(), examples=20)(
    lambda g, H, x: noise_everywhere(g, H, x, F(2))
)
claim.control("differences at large rates", places(), examples=20)(lambda place: linear(place, 0.15, 1.5))
