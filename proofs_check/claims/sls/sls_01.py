r"""SLS-01  Lower bound on the accepted step

Where: dissertation, Algorithm 3; Vaswani et al. 2019, Lemma 1
Claim: If the gradient of a sample's loss is Lipschitz with constant L, the stochastic Armijo search accepts a step of
    at least 2 (1 - c) / L, or the largest step where that is shorter.
Formula: \eta \ge \min\left\{\frac{2(1-c)}{L_i},\ \eta_{\max}\right\}
Verdict: corrected
Kind: property
Found: All steps up to that length are admissible, so the longest admissible one obeys the bound. Backtracking may jump
    over it by one factor: it guarantees beta times as much.
True: \eta \ge \min\left\{\frac{2\beta(1-c)}{L_i},\ \eta_{\max}\right\}
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from toybox.rays import Status

from ...cases import EPS, interpolating_sums, powers, smooth_functions
from ...claim import Contrast, at_most, close, equal, only, told
from ...ours import function, on_rule, univariate, walk
from .common import Piece, armijo, exact_step, extremes, path, quadratics

claim = told(__doc__)


@claim.check("shrunk once")
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


@claim.counterexample("accepted step on x^2 / 2", only(F(101, 100), F(1, 2), F(9, 10)))
def no_shorter(first, c, beta):
    """The bound as printed, without beta, on 1/2 x^2 from 1."""
    return Contrast(min(first, 2 * (1 - c)), exact_step(Piece(F(1), F(1)), F(1), c, beta, first).step, "at least")


CONSTANTS = st.floats(0.05, 0.95), st.floats(0.3, 0.95), powers(-1.5, 1.5)


@claim.check("all steps up to 2 (1 - c) / L", st.tuples(interpolating_sums(), CONSTANTS[0]), examples=50)
def accepted(case, c):
    """Every step up to 2 (1 - c) / L is accepted at once, by every sample."""
    m, n = case.A.shape[:2]
    share = np.array([1e-3, 0.1, 0.5, 0.9, 1 - 16 * (n * n + 1 / (1 - c)) * EPS])
    first = share * 2 * (1 - c) / np.linalg.norm(case.A, 2, axis=(1, 2)).max()
    p = path(quadratics(case), armijo(c, 0.5, first, tries=1), case.w, np.arange(m)[None])
    return -int(np.count_nonzero((p.size[0] != first) & (p.status[0] != Status.STATIONARY)))


@claim.check("bound with beta, smooth", st.tuples(smooth_functions(), *CONSTANTS), examples=200)
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


@claim.check("bound with beta, quadratics", st.tuples(interpolating_sums(), *CONSTANTS), examples=250)
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


claim.control("bound without beta", st.tuples(interpolating_sums(n=st.just(1)), *CONSTANTS[:2]))(
    lambda case, c, beta: long_enough(case, c, beta, 1.001 * 2 * (1 - c), shrunk=False)
)
