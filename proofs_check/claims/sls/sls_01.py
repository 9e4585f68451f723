r"""SLS-01  Lower bound on the accepted step

Where: dissertation, Algorithm 3; Vaswani et al. 2019, Lemma 1
Claim: If the gradient of a sample's loss is Lipschitz with constant L, the stochastic Armijo search accepts a step of
    at least 2 (1 - c) / L, or the largest step where that is shorter.
Formula: \eta \ge \min\left\{\frac{2(1-c)}{L_i},\ \eta_{\max}\right\}
Verdict: corrected
Kind: exact
Found: All steps up to that length are admissible, so the longest admissible one obeys the bound. Backtracking may jump
    over it by one factor: it guarantees beta times as much.
True: \eta \ge \min\left\{\frac{2\beta(1-c)}{L_i},\ \eta_{\max}\right\}
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
from hypothesis import strategies as st

from toybox.rays import Status

from ...cases import EPS, interpolating_sums, powers
from ...claim import Contrast, close, equal, only, told
from ...ours import on_rule, univariate, walk
from ...proof import Theorem, every, smaller, some
from .common import Piece, armijo, exact_step, extremes, path, quadratics

claim = told(__doc__)


@claim.proof("all steps up to 2 (1 - c) / L are admissible", broken={"up to 3 (1 - c) / L": {"far": 3}})
def admissible(gg, L, c, eta, change, far=2):
    """Along -g the descent lemma (LS-11) bounds what the loss changes."""
    descent = change <= -eta * gg + L / 2 * eta**2 * gg
    return Theorem(
        (gg > 0, L > 0, c < 1, eta > 0, descent, eta <= far * (1 - c) / L), {"accepted": change <= -c * eta * gg}
    )


@claim.proof("bound with beta", broken={"without beta": {"shrunk": lambda beta: 1}})
def long_enough(gg, L, c, beta, largest, rejected, eta, change, shrunk=lambda beta: beta):
    """The largest step is taken, or one of beta times a step that was rejected, at which the loss changed like this."""
    too_long = every(
        rejected > 0,
        change <= -rejected * gg + L / 2 * rejected**2 * gg,
        change > -c * rejected * gg,
        eta == beta * rejected,
    )
    return Theorem(
        (gg > 0, L > 0, c < 1, 0 < beta, beta < 1, largest > 0, some(eta == largest, too_long)),
        {"bound": eta >= smaller(largest, 2 * shrunk(beta) * (1 - c) / L)},
    )


CASES = interpolating_sums(), st.floats(0.05, 0.95), st.floats(0.3, 0.95), powers(-1.5, 1.5)
TIGHT = interpolating_sums(n=st.just(1)), *CASES[1:3], st.just(None)


@claim.check("our steps on quadratics", st.tuples(*CASES), examples=250)
@claim.control("without beta", st.tuples(*TIGHT), shrunk=False)
def steps(case, c, beta, first, shrunk=True):
    """Every sample's step is at least min(first, 2 beta (1 - c) / L); first None: just above the bound without beta.

    The line is a parabola: whether it decreases enough is rounded by 4 eps of the slope, of which 1 - c is left; its
    curvature by n^2 eps L.
    """
    m, n = case.A.shape[:2]
    first = (first or 1.001 * 2 * (1 - c)) / np.linalg.norm(case.A, 2, axis=(1, 2)).max()
    p = path(quadratics(case), armijo(c, beta, first), case.w, np.arange(m)[None])
    moved = p.status[0] != Status.STATIONARY
    bound = np.minimum(first, 2 * (beta if shrunk else 1) * (1 - c) / extremes(case.A)[1])
    return float(np.min((p.size[0] / bound)[moved], initial=1)) - 1 + 16 * (n * n + 1 / (1 - c)) * EPS


@claim.check("shrunk once", only(F(909, 1000)))
@claim.control("not below 1", only(F(1)))
def shrunk_case(wanted):
    """1/2 x^2 with c = 1/2 from 1.01: shrunk once by .9, the step is below 2 (1 - c) / L = 1."""
    step = exact_step(Piece(F(1), F(1)), F(1), F(1, 2), F(9, 10), F(101, 100)).step
    problem = univariate(lambda x: x * x / 2, lambda x: x)
    found = walk(problem, on_rule(armijo(0.5, 0.9, 1.01)), 1.0).trace.size.item()
    return {"exact": equal(step, wanted), "arrays": close(found, float(wanted), 2 * EPS)}


@claim.counterexample("accepted step on x^2 / 2", only(F(101, 100), F(1, 2), F(9, 10)))
def no_shorter(first, c, beta):
    """The bound as printed, without beta, on 1/2 x^2 from 1."""
    return Contrast(min(first, 2 * (1 - c)), exact_step(Piece(F(1), F(1)), F(1), c, beta, first).step, "at least")
