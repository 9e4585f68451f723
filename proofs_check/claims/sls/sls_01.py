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

from hypothesis import strategies as st

from toybox import methods

from ...cases import EPS, positive, rationals
from ...claim import Contrast, at_most, close, equal, only, told
from ...ours import on_rule, univariate, walk
from ...proof import Theorem, every, smaller, some
from .common import Piece, exact_step

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


SHARES = st.integers(1, 19).map(lambda k: F(k, 20))
CASES = st.builds(Piece, positive(), positive()), rationals(nonzero=True), SHARES, SHARES


@claim.check("our steps on pieces of parabolas", st.tuples(*CASES, positive()), examples=250)
@claim.control("without beta", st.tuples(*CASES, st.none()), shrunk=False)
def steps(piece, x, c, beta, first, shrunk=True):
    """No step is below min(first, 2 beta (1 - c) / L); first None: just above that bound without beta."""
    longest = 2 * (1 - c) / piece.L
    first = first or F(1001, 1000) * longest
    return at_most(min(first, (beta if shrunk else 1) * longest), exact_step(piece, x, c, beta, first).step)


@claim.check("shrunk once", only(F(909, 1000)))
@claim.control("not below 1", only(F(1)))
def shrunk_case(wanted):
    """1/2 x^2 with c = 1/2 from 1.01: shrunk once by .9, the step is below 2 (1 - c) / L = 1."""
    step = exact_step(Piece(F(1), F(1)), F(1), F(1, 2), F(9, 10), F(101, 100)).step
    problem = univariate(lambda x: x * x / 2, lambda x: x)
    found = walk(problem, on_rule(methods.armijo.Armijo(c=0.5, beta=0.9, first=1.01, reset=2)), 1.0).trace.size.item()
    return {"exact": equal(step, wanted), "arrays": close(found, float(wanted), 2 * EPS)}


@claim.counterexample("accepted step on x^2 / 2", only(F(101, 100), F(1, 2), F(9, 10)))
def no_shorter(first, c, beta):
    """The bound as printed, without beta, on 1/2 x^2 from 1."""
    return Contrast(min(first, 2 * (1 - c)), exact_step(Piece(F(1), F(1)), F(1), c, beta, first).step, "at least")
