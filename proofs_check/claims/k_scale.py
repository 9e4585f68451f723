"""Section K, continued: the noise scale and the stationary covariance (dissertation, section 2.10)."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import permutations, product
from math import ceil
from typing import NamedTuple

import numpy as np
import sympy
from hypothesis import strategies as st

import toybox as tb

from ..cases import EPS, add, mean, populations, positive, rotation, seeds, times, tol_solve
from ..claim import ERRORS, Check, Claim, close, equal, holds, only
from ..ours import Quadratics, ends, on_rule
from .k_noise import (
    TEN,
    S,
    apart,
    errors,
    exactly,
    in_the_mean,
    outer,
    samplings,
    scaled,
    squares,
    subsets,
)

# --- NOISE-07: from the covariance of a step to the noise scale


def noise_scale(interval=None):
    """nu by eqs. 2.64 to 2.66: white noise of intensity nu S / D over an interval scatters like lambda alpha."""
    rate, B, D, nu, s, t, u = sympy.symbols("lambda B D nu S t u", positive=True)
    end = rate if interval is None else interval
    inner = sympy.integrate(nu * s / D * sympy.DiracDelta(t - u), (u, 0, end))
    white = sympy.integrate(inner, (t, 0, end))  # eq. 2.65
    step = rate**2 * (1 / B - 1 / D) * s  # eq. 2.64
    (solution,) = sympy.solve(sympy.Eq(step, white), nu)  # eq. 2.66
    return solution, (rate, B, D)


def both_forms(interval=None):
    nu, (rate, B, D) = noise_scale(interval)
    excess = (rate * D / B - nu) / nu  # of the approximation 6.5
    zero = lambda expression: holds(sympy.simplify(expression) == 0)
    return {
        "eq. 2.67": zero(nu - rate * (D / B - 1)),
        "1 - B/D": zero(nu - rate * D / B * (1 - B / D)),
        "excess of 6.5": zero(excess - B / (D - B)),
    }


def steps_of_sgd(g, rate, interval=None):
    """Our SGD's steps from 0 scatter by nu S / D times the interval (the rate), with nu of eq. 2.67."""
    D, found, origin = len(g), {}, (F(0),) * len(g[0])
    for B in range(1, D + 1):
        drawn = list(subsets(D, B))
        ways = ends("sgd", exactly(g), [origin] * len(drawn), drawn, rate=rate)
        missed = [add(way, rate, mean(g)) for way in ways]
        nu = rate * (F(D, B) - 1)
        found[B] = equal(mean([outer(v, v) for v in missed]), scaled((interval or rate) * nu / D, S(g)))
    return found


NOISE_07 = Claim(
    id="NOISE-07",
    title="The noise scale",
    source="dissertation, eqs. 2.61 to 2.67 and 6.5",
    statement="A step of SGD scatters like white noise of intensity nu S / D over a time of one learning rate, if nu is"
    " the learning rate times (D/B - 1). The approximation by the rate times D/B is too large by the factor"
    " 1 + B/(D - B).",
    formula=r"\nu = \lambda\left(\frac{D}{B} - 1\right) = \lambda\frac{D}{B}\left(1 - \frac{B}{D}\right),"
    r" \qquad \frac{\lambda D/B - \nu}{\nu} = \frac{B}{D - B}",
    kind="symbolic",
    verdict="holds",
    checks=[
        Check("eqs. 2.64 to 2.67", both_forms),
        Check("steps of our SGD", steps_of_sgd, st.tuples(populations(), positive()), examples=30),
    ],
    controls=[
        Check("white noise over an interval of 1", lambda: both_forms(sympy.Integer(1))),
        Check("steps of our SGD, an interval of 1", lambda g: steps_of_sgd(g, F(1, 2), F(1)), only(TEN[:4])),
    ],
)

# --- NOISE-08: stationary noise, of the discrete recursion and of the stochastic differential equation


def discrete(H, C, rate):
    """Sigma = (I - rate H) Sigma (I - rate H) + rate^2 C, by Kronecker products. Returns the residual's scale, too."""
    A = np.eye(len(H)) - rate * H
    return solved(np.eye(len(H) ** 2) - np.kron(A, A), rate**2 * C)


def diffusion(H, C, rate):
    """H Sigma + Sigma H = rate C."""
    eye = np.eye(len(H))
    return solved(np.kron(H, eye) + np.kron(eye, H), rate * C)


def solved(A, right):
    w = np.linalg.solve(A, right.ravel())
    return w.reshape(right.shape), tol_solve(A, w)


class Place(NamedTuple):
    """Curvature H with the largest eigenvalue 1, covariance C of the gradient's noise, a rate in (0, 2)."""

    H: np.ndarray
    C: np.ndarray
    rate: float


@st.composite
def places(draw):
    """G-PDF by seed, three decades: the difference of both solutions must stand out of the rounding of either."""
    n, rng = draw(st.integers(1, 4)), np.random.default_rng(draw(seeds))
    eigenvalues, U, root = 10.0 ** rng.uniform(-3, 0, n), rotation(rng, n), rng.standard_normal((n, n))
    eigenvalues[0] = 1.0
    H = (U * eigenvalues) @ U.T
    return Place((H + H.T) / 2, root @ root.T, draw(st.floats(0.01, 1.95)))


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


def equations(place):
    return satisfied(place) | {"linear": linear(place)}


QUOTED = {1.5: (0.53, 0.005), 0.5: (0.11, 0.005), 0.1: (0.019, 5e-4), 0.01: (0.0019, 5e-5), 0.001: (0.00019, 5e-6)}


def differences():
    """The quoted ones: eigenvalues 1 and 0.265, noise that is hardly correlated."""
    H, C = np.diag([1.0, 0.265]), np.array([[10.0, 1.0], [1.0, 9.0]])
    return {rate: close(apart_by(H, C, rate), quoted, half) for rate, (quoted, half) in QUOTED.items()}


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


def simulated(chains, expected=discrete, limit=ERRORS):
    """The covariance of our chains against a prediction, entry by entry."""
    return in_the_mean(squares(chains.final()), expected(np.array(chains.H), chains.C, chains.rate)[0], limit)


def exact_risk(chains):
    """Our exact risk settles at tr(H Sigma) / 2 above its floor, up to e^-24 and a rounding at every step."""
    from toybox.problems import quadratic

    problem, sigma = chains.problem, discrete(np.array(chains.H), chains.C, chains.rate)[0]
    risk = quadratic.expected_risk(problem, chains.rate, chains.B, chains.steps, problem.solution, "fresh")
    settled = np.trace(chains.H @ sigma) / 2
    tolerance = settled * np.exp(-24) + risk[-1] * 10 * (chains.D + chains.steps) * EPS
    return close(risk[-1] - problem.floor, settled, tolerance)


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


def epochs_of(many, seed):
    return Chains("epochs", 40, 4, ONE, 0.2, many, spread=0.412, seed=seed)


def fresh(H, rate, few, deep=None):
    """Chains of fresh batches of 4 of 12."""
    return lambda budget: [Chains("fresh", 12, 4, H, rate, budget.many(few, deep or few), seed=budget.seed)]


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


@st.composite
def common_curvature(draw):
    g = draw(populations(st.integers(2, 5), st.just(2)))
    a, b, c = draw(st.tuples(positive(), positive(), positive()))
    return g, ((a + c, c), (c, b + c)), draw(st.tuples(positive(), positive()))


NOISE_08 = Claim(
    id="NOISE-08",
    title="Stationary covariance of SGD and of its diffusion",
    source="dissertation, eqs. 2.61 to 2.67",
    statement="On a quadratic with additive noise of covariance C the iterates settle at a covariance that the"
    " stochastic differential equation predicts to first order in the learning rate; in one dimension it is too small"
    " by the factor 1 - (rate times curvature) / 2.",
    formula=r"\Sigma = (I - \lambda H)\Sigma(I - \lambda H) + \lambda^2 C, \quad"
    r" H\Sigma_{\mathrm{OU}} + \Sigma_{\mathrm{OU}}H = \lambda C, \quad"
    r" \frac{\Sigma}{\Sigma_{\mathrm{OU}}} = \frac{1}{1 - \lambda h/2}",
    kind="montecarlo",
    verdict="holds",
    finding="To first order in the learning rate, for batches drawn afresh at every step. Shuffled epochs leave less"
    " noise, because the batches of an epoch are negatively correlated: after whole epochs of m = D/B steps, with a ="
    " 1 - (rate times curvature), the variance is (rate h)^2 [S/B sum a^2i - S/D (sum a^i)^2] / (1 - a^2m).",
    checks=[
        Check("both equations, a difference linear in the rate", equations, places()),
        Check("the quoted differences", differences),
        Check(
            "one dimension",
            one_dimension,
            st.tuples(positive(), positive(), positive(9, 5).filter(lambda s: s < 2)),
            examples=100,
        ),
        Check("the noise is the same everywhere", noise_everywhere, common_curvature(), examples=40),
        Check("our SGD", simulated, fresh(ROTATED, 0.5, 20_000, 200_000)),
        Check("our exact risk", exact_risk, fresh(ROTATED, 0.5, 1)),
        Check("shuffled epochs", with_epochs, lambda budget: [epochs_of(budget.many(8_000, 80_000), budget.seed)]),
    ],
    controls=[
        Check(
            "the diffusion, rate times curvature 1/2",
            lambda chains: simulated(chains, diffusion, limit=10),
            fresh(ROTATED, 0.5, 6_000),
        ),
        Check("epochs for fresh batches", lambda c: simulated(c, limit=10), lambda b: [epochs_of(4_000, b.seed)]),
        Check(
            "rate times curvature 2.1",
            lambda chains: simulated(chains, limit=10),
            fresh(ONE, 2.1, 2_000),
        ),
        Check(
            "a curvature of its own for a sample",
            lambda g, H, x: noise_everywhere(g, H, x, F(2)),
            common_curvature(),
            examples=20,
        ),
        Check("differences at large rates", lambda place: linear(place, 0.15, 1.5), places(), examples=20),
    ],
)

# --- NOISE-09: batches of one epoch


def partition(g, both):
    """Cov(g_B1, g_B2) = -S/D over all pairs of batches."""
    pairs = [(errors(g, [first])[0], errors(g, [second])[0]) for first, second in both]
    return equal(mean([outer(u, v) for u, v in pairs]), scaled(-F(1, len(g)), S(g)))


HALVES = [(order[:2], order[2:]) for order in permutations(range(4))]
INDEPENDENT = list(product(subsets(4, 2), repeat=2))


def successive(drawn, times=(0, 1), share=-1.0):
    """The covariance of the errors of two steps of our sampler: share S / D."""
    first, second = (drawn.errors(t) for t in times)
    return in_the_mean(squares(first, second), share * drawn.S / drawn.D)


NOISE_09 = Claim(
    id="NOISE-09",
    title="Batches of one epoch are negatively correlated",
    source="dissertation, eq. 2.62",
    statement="The gradients of two batches of one shuffled epoch have the covariance -S/D: the noise of successive"
    " steps is not independent, as the delta function of 2.62 has it.",
    formula=r"\mathrm{Cov}(g_{\mathbb{B}_1}, g_{\mathbb{B}_2}) = -\frac1D\,\mathbf{S}",
    kind="enumeration",
    verdict="holds",
    checks=[
        Check(
            "all permutations, D = 4, B = 2",
            lambda g: partition(g, HALVES),
            st.tuples(populations(st.just(4))),
            examples=40,
        ),
        Check("successive steps of our epochs", successive, samplings(("epochs", 4, 2), ("epochs", 6, 2))),
        Check("first and last of an epoch", lambda d: successive(d, (3, 5)), samplings(("epochs", 6, 2))),
        Check("across epochs there is none", lambda d: successive(d, (1, 2), 0.0), samplings(("epochs", 4, 2))),
        Check("nor between fresh batches", lambda d: successive(d, share=0.0), samplings(("fresh", 4, 2))),
    ],
    controls=[
        Check("independent batches", lambda g: partition(g, INDEPENDENT), only(TEN[:4])),
        Check("our fresh batches", successive, samplings(("fresh", 4, 2))),
    ],
)

CLAIMS = (NOISE_07, NOISE_08, NOISE_09)
