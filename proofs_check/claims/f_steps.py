"""Section F, first part: how long the steps of the stochastic Armijo search are, where they lead (section 2.6.3)."""

from __future__ import annotations

from fractions import Fraction as F
from functools import partial
from typing import NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import losses, methods
from toybox.rays import Status
from toybox.xp import namespace

from ..cases import EPS, interpolating_sums, positive, powers, rationals, seeds, smooth_functions, tol_eigen
from ..claim import Check, Claim, Contrast, above, at_most, close, equal, only
from ..ours import Plain, function, moves, on_rule, univariate, walk

XP = namespace("numpy")

# --- what is searched: sums of quadratics or hinges on arrays, pieces of parabolas on exact numbers


class Piece(NamedTuple):
    """1/2 h (x - best)^2 with one curvature h to the left and one to the right: convex, smooth (G-ASYM)."""

    left: F
    right: F
    best: F = F(0)

    @property
    def mu(self):
        return min(self.left, self.right)

    @property
    def L(self):
        return max(self.left, self.right)

    def curvature(self, x):
        return self.right if x > self.best else self.left

    def f(self, x):
        return self.curvature(x) * (x - self.best) ** 2 / 2

    def slope(self, x):
        return self.curvature(x) * (x - self.best)

    @property
    def part(self):
        return (lambda x: self.f(x[0])), (lambda x: (self.slope(x[0]),))


def exact_step(piece, x, c, beta, first):
    """One step of our search on exact numbers from the first trial ``first``."""
    plain = Plain(parts=[piece.part])
    return moves("sls", plain, (x,), [(0,)], c=c, beta=beta, first=first, reset=2, tries=400)[0]


def quadratics(case):
    return tb.problems.NoisyQuadratic(case.A, case.best)


def extremes(A):
    """Smallest and largest eigenvalue of symmetric matrices (m, n, n)."""
    eigenvalues = np.linalg.eigvalsh(A)
    return eigenvalues[:, 0], eigenvalues[:, -1]


class Path(NamedTuple):
    """What a search did in lanes, each with samples of its own."""

    size: np.ndarray  # (steps, lanes)
    loss: np.ndarray  # of the sample, before the step
    theta: np.ndarray  # (steps + 1, lanes, n)
    status: np.ndarray


def path(problem, rule, theta, picks):
    """Samples picks[t, lane], one per step and lane."""
    optimizer = on_rule(rule)
    rule_lanes = optimizer.lanes
    w = walk(
        problem,
        optimizer,
        theta,
        steps=len(picks),
        batch=1,
        sampler=lambda t, j: picks[t].reshape(-1, *[1] * len(rule_lanes), 1),
        seeds=range(picks.shape[1]),
        every=1,
    )
    return Path(w.trace.size, w.trace.loss, w.theta, w.trace.status)


def armijo(c, beta, first, **options):
    return methods.armijo.Armijo(c=c, beta=beta, first=first, reset=2, **{"tries": 400} | options)


# --- SLS-01


def long_enough(case, c, beta, first, shrunk=True):
    """Every sample's step is at least min(first, 2 beta (1 - c) / L).

    The line is a parabola: whether it decreases enough is rounded by 4 eps of the slope, of which 1 - c is left; its
    curvature by n^2 eps L.
    """
    m, n = case.A.shape[:2]
    first = first / np.linalg.norm(case.A, 2, axis=(1, 2)).max()
    p = path(quadratics(case), armijo(c, beta, first), case.w, np.arange(m)[None])
    moved = p.status[0] != Status.STATIONARY
    bound = np.minimum(first, 2 * (beta if shrunk else 1) * (1 - c) / extremes(case.A)[1])
    return float(np.min((p.size[0] / bound)[moved], initial=1)) - 1 + 16 * (n * n + 1 / (1 - c)) * EPS


def smooth_long_enough(case, c, beta, first):
    """The same where the loss is neither convex nor a parabola; two rounded values are subtracted there."""
    g = case.gradient(case.x)
    first, square = first / case.L, float(g @ g)
    size = walk(function(case.f, case.gradient, len(case.x)), on_rule(armijo(c, beta, first)), case.x).trace.size.item()
    bound = min(first, 2 * beta * (1 - c) / case.L)
    reach = np.abs(case.x) + bound / beta * np.abs(g)
    terms = reach @ np.abs(case.H) @ reach + len(case.A) + np.abs(case.A) @ reach @ np.ones(len(case.A))
    error = (2 * len(g) + 8) * EPS * terms / ((1 - c) * bound * square)
    assume(error < 1e-5)
    return size / bound - 1 + error


def accepted(case, c):
    """Every step up to 2 (1 - c) / L is accepted at once, by every sample."""
    m, n = case.A.shape[:2]
    share = np.array([1e-3, 0.1, 0.5, 0.9, 1 - 16 * (n * n + 1 / (1 - c)) * EPS])
    first = share * 2 * (1 - c) / np.linalg.norm(case.A, 2, axis=(1, 2)).max()
    p = path(quadratics(case), armijo(c, 0.5, first, tries=1), case.w, np.arange(m)[None])
    return -int(np.count_nonzero((p.size[0] != first) & (p.status[0] != Status.STATIONARY)))


def shrunk_case():
    """1/2 x^2 with c = 1/2 from 1.01: shrunk once by .9, the step is below 2 (1 - c) / L = 1."""
    first, beta = F(101, 100), F(9, 10)
    step = exact_step(Piece(F(1), F(1)), F(1), F(1, 2), beta, first).step
    problem = univariate(lambda x: x * x / 2, lambda x: x)
    found = walk(problem, on_rule(armijo(0.5, 0.9, 1.01)), 1.0).trace.size.item()
    return {
        "bound": at_most(min(first, beta), step),
        "value": equal(step, F(909, 1000)),
        "arrays": close(found, 0.909, 2 * EPS),
    }


def no_shorter(first, c, beta):
    """The bound as printed, without beta, on 1/2 x^2 from 1."""
    return Contrast(min(first, 2 * (1 - c)), exact_step(Piece(F(1), F(1)), F(1), c, beta, first).step, "at least")


CONSTANTS = st.floats(0.05, 0.95), st.floats(0.3, 0.95), powers(-1.5, 1.5)

SLS_01 = Claim(
    id="SLS-01",
    title="Lower bound on the accepted step",
    source="dissertation, Algorithm 3; Vaswani et al. 2019, Lemma 1",
    statement="If the gradient of a sample's loss is Lipschitz with constant L, the stochastic Armijo search accepts a"
    " step of at least 2 (1 - c) / L, or the largest step where that is shorter.",
    formula=r"\eta \ge \min\left\{\frac{2(1-c)}{L_i},\ \eta_{\max}\right\}",
    kind="property",
    verdict="corrected",
    finding="All steps up to that length are admissible, so the longest admissible one obeys the bound. Backtracking"
    " may jump over it by one factor: it guarantees beta times as much.",
    corrected=r"\eta \ge \min\left\{\frac{2\beta(1-c)}{L_i},\ \eta_{\max}\right\}",
    checks=[
        Check("bound with beta, quadratics", long_enough, st.tuples(interpolating_sums(), *CONSTANTS), examples=250),
        Check("bound with beta, smooth", smooth_long_enough, st.tuples(smooth_functions(), *CONSTANTS), examples=200),
        Check("all steps up to 2 (1 - c) / L", accepted, st.tuples(interpolating_sums(), CONSTANTS[0]), examples=50),
        Check("shrunk once", shrunk_case),
    ],
    controls=[
        Check(
            "bound without beta",
            lambda case, c, beta: long_enough(case, c, beta, 1.001 * 2 * (1 - c), shrunk=False),
            st.tuples(interpolating_sums(n=st.just(1)), *CONSTANTS[:2]),
        ),
    ],
    counterexamples=[Check("accepted step on x^2 / 2", no_shorter, only(F(101, 100), F(1, 2), F(9, 10)))],
)

# --- SLS-02


def fejer(p, best, c, mu, L, last=True, strength=1):
    """The smallest slack of |w+ - w*|^2 <= (1 - mu eta) |w - w*|^2 - eta (2 - 1/c) f(w), as a part of |w - w*|^2.

    A gradient is rounded by n eps L |w - w*| and moves w+ by eta times that; a loss by 4 eps, which may extend
    eta |g|^2 by eta times that over c.
    """
    away = ((p.theta - best) ** 2).sum(-1)
    V, after, eta, f = away[:-1], away[1:], p.size, p.loss
    bound = (1 - strength * mu * eta) * V - (eta * (2 - 1 / c) * f if last else 0)
    slop = 20 * len(best) * EPS * (1 + eta * L) * V + 16 * EPS * eta * f / c
    return float(np.min((bound - after + slop) / np.where(V > 0, V, 1)))


def quadratic_steps(case, c, beta, first, seed, **wrong):
    m, n = case.A.shape[:2]
    low, L = extremes(case.A)
    picks = np.random.default_rng(seed).integers(m, size=(4, 4))
    p = path(quadratics(case), armijo(c, beta, first), case.w, picks)
    return fejer(p, case.best, c, np.maximum(low - tol_eigen(n, 1) * L, 0)[picks], L[picks], **wrong)


class Separable(NamedTuple):
    """Points with labels that w separates with margins >= 1."""

    X: np.ndarray
    y: np.ndarray  # in {0, 1}
    w: np.ndarray

    @property
    def margins(self):
        return (2 * self.y - 1) * (self.X @ self.w)


@st.composite
def separable(draw, margin=1.0):
    """Normal points, none of them nearer than 1/100 to the separating plane."""
    rng = np.random.default_rng(draw(seeds))
    X = rng.standard_normal((draw(st.integers(2, 12)), draw(st.integers(1, 5))))
    w = rng.standard_normal(X.shape[1])
    z = X @ w
    assume(np.abs(z).min() > 0.01 * np.linalg.norm(w))
    return Separable(X, (z > 0).astype(int), w * (margin / np.abs(z).min()))


def hinge(X, y):
    """Our squared hinge loss of a linear model."""
    loss = losses.LOSSES["squared_hinge"]
    targets = loss.targets(y)

    def f(theta, index):
        rows, t = X[index], targets[index]
        z = (rows * theta[..., None, :]).sum(-1)
        return loss.value(XP, z, t).mean(-1), (loss.residual(XP, z, t)[..., None] * rows).mean(-2)

    return tb.problems.FromFunction(f, X.shape[1], len(X))


def hinge_steps(data, c, beta, first, seed):
    rng = np.random.default_rng(seed)
    picks = rng.integers(len(data.y), size=(4, 4))
    start = data.w + np.linalg.norm(data.w) * rng.standard_normal((4, len(data.w)))
    p = path(hinge(data.X, data.y), armijo(c, beta, first), start, picks)
    return fejer(p, data.w, c, 0.0, 2 * (data.X**2).sum(1)[picks])


def piece_step(piece, x, c, beta, first, strength=1, last=True):
    """The same, exactly, on pieces of parabolas."""
    move = exact_step(piece, x, c, beta, first)
    V, eta = (x - piece.best) ** 2, move.step
    bound = (1 - strength * piece.mu * eta) * V - (eta * (2 - 1 / c) * piece.f(x) if last else 0)
    return at_most((move.x[0] - piece.best) ** 2, bound)


def overshoot(c):
    """The steep side of a piece from 1, with a first trial of 3.47: is there any contraction?"""
    return piece_step(Piece(F(1, 20), F(1)), F(1), c, F(9, 10), F(347, 100), last=False)


def overshot():
    """With c = 1/10 this trial is accepted and leads from 1 to -2.47; one that is .01 longer is not."""
    steep = Piece(F(1, 20), F(1))
    return {
        "where": equal(exact_step(steep, F(1), F(1, 10), F(9, 10), F(347, 100)).x[0], F(-247, 100)),
        "longer": above(F(348, 100), exact_step(steep, F(1), F(1, 10), F(9, 10), F(348, 100)).step),
    }


@st.composite
def pieces(draw):
    return Piece(draw(positive()), draw(positive()), draw(rationals()))


LARGE = st.floats(0.5, 0.95), st.floats(0.3, 0.95), powers(-2, 2), seeds
EXACT = pieces(), rationals(), st.integers(10, 19).map(lambda k: F(k, 20)), st.sampled_from([F(1, 2), F(9, 10)])

SLS_02 = Claim(
    id="SLS-02",
    title="Fejer contraction",
    source="dissertation, section 2.6.3; Vaswani et al. 2019, proofs of Theorems 1 and 2",
    statement="Let the loss of each sample be convex with the same minimiser, and strongly convex with a constant mu >="
    " 0. With c >= 1/2 no step of the stochastic Armijo search leads away from that minimiser: its squared distance"
    " shrinks by mu eta of itself, and by a multiple of the excess loss.",
    formula=r"\|w^+ - w^*\|^2 \le (1 - \mu_i \eta)\,\|w - w^*\|^2"
    r" - \eta \left(2 - \frac1c\right)\left(f_i(w) - f_i(w^*)\right)",
    kind="property",
    verdict="holds",
    finding="The inequality itself needs no bound on c; only from 1/2 on is its last term a gain.",
    checks=[
        Check("quadratics", quadratic_steps, st.tuples(interpolating_sums(), *LARGE), examples=200),
        Check("squared hinge on separable data", hinge_steps, st.tuples(separable(), *LARGE), examples=150),
        Check("pieces of parabolas, exactly", piece_step, st.tuples(*EXACT, positive()), examples=150),
        Check("c = 1/10 overshoots", overshot),
        Check("c = 1/2 does not", lambda: overshoot(F(1, 2))),
    ],
    controls=[
        Check("c = 1/10: contraction", lambda: overshoot(F(1, 10))),
        Check("mu doubled", partial(piece_step, strength=2), st.tuples(*EXACT, positive()), examples=50),
        Check("c = 1/20 .. 9/20: contraction", lambda k: overshoot(F(k, 20)), lambda budget: range(1, 10)),
    ],
)

CLAIMS = (SLS_01, SLS_02)
