r"""WA-01  Armijo constant

Where: dissertation, eq. 6.7
Claim: A step of alpha times the distance to the minimum of a parabola, 1 <= alpha < 2, meets the condition of
    sufficient decrease where the constant is 1 - alpha / 2. The condition is printed with minus the constant times step
    and slope; the next line of the derivation has the plus.
Formula: f(y) \le f(0) - y f'(0)\, w_1 \ \Rightarrow\ w_1 = 1 - \frac{\alpha}{2}
Verdict: corrected
Kind: exact
Found: The next line is right, a slip of the sign: with plus the condition holds exactly for constants up to 1 - alpha /
    2, with equality there, for every alpha in (0, 2), not only from 1 on. The division by y f'(0) < 0 turns the
    inequality; for alpha < 0 it points the other way.
True: f(y) \le f(0) + w_1 y f'(0) \ \Leftrightarrow\ w_1 \le 1 - \frac{\alpha}{2} \ \Leftrightarrow\ \alpha \le 2(1 -
    w_1)
"""

from __future__ import annotations

from fractions import Fraction as F

from toybox import methods

from ...claim import Contrast, above, equal, only, told
from .common import AHEAD, CONSTANTS, INSIDE, TWENTIETHS, Parabola, accepts, found, grid, lanes, same

claim = told(__doc__)

BEHIND = tuple(alpha for alpha in TWENTIETHS if alpha < 0)


@claim.check("accepted by the stochastic Armijo search", only(lambda alpha, c: alpha <= 2 * (1 - c)))
@claim.control("accepted up to alpha = 2 - c", only(lambda alpha, c: alpha <= 2 - c))
def armijo(predicted):
    return accepts(lanes(), methods.armijo.Armijo, "sls", "c", predicted, reset=2, tries=1)


@claim.check("change and slope at y", grid(TWENTIETHS))
def identities(p):
    return {
        "change": equal(p.value(p.y) - p.value(0), p.y * p.b * (1 - p.alpha / 2)),
        "change by a and b": equal(p.value(p.y) - p.value(0), -p.alpha * (2 - p.alpha) * p.b**2 / (4 * p.a)),
        "slope": equal(p.slope(p.y), (1 - p.alpha) * p.b),
    }


@claim.check("alpha > 0", grid(AHEAD, CONSTANTS))
@claim.check("alpha < 0", grid(BEHIND, CONSTANTS), turned=-1)
@claim.control("alpha < 0, not turned", grid(BEHIND, CONSTANTS))
def decrease_iff(p, w, turned=1):
    """2.17 with constant w holds iff w <= 1 - alpha / 2; for alpha < 0 (``turned`` = -1) iff w >= 1 - alpha / 2.

    The gain is alpha b^2 / (2 a) (1 - alpha / 2 - w).
    """
    return {
        "iff": same(p.gain(w) >= 0, turned * w <= turned * (1 - p.alpha / 2)),
        "gain": equal(p.gain(w), p.alpha * p.b**2 / (2 * p.a) * (1 - p.alpha / 2 - w)),
    }


@claim.counterexample(
    "change of a s^2 + b s by a step that the printed condition accepts", only(F(1), F(-1), F(41, 20), F(1, 10))
)
def accepted_as_printed(a, b, alpha, w):
    """The first line of eq. 6.7 has the other sign; what it accepts should be a decrease."""
    p = Parabola(a, b, F(0), alpha)
    assert p.gain(-w) >= 0, "not accepted"
    return Contrast(F(0), p.value(p.y) - p.value(0), "less than")


@claim.check("the constants that are quoted")
def largest_constants():
    """The largest constants that 2.17 admits, found by trying."""
    p = Parabola(F(3), F(-2), F(5), F(1))
    admits = lambda alpha: max(w for w in CONSTANTS if p._replace(alpha=alpha).gain(w) >= 0)
    tenths = [alpha for alpha in AHEAD if alpha.denominator in (1, 2, 5, 10)]  # 1 - alpha / 2 is a constant tried
    return {
        "everywhere": equal([admits(alpha) for alpha in tenths], [1 - alpha / 2 for alpha in tenths]),
        "the exact minimiser": equal(admits(F(1)), F(1, 2)),
        "no decrease at 2": equal(admits(F(2)), 0),
        "1.8": equal(admits(F(9, 5)), F(1, 10)),
        "below 1: over 1/2": min(above(admits(alpha), F(1, 2)) for alpha in tenths if alpha < 1),
        "below 1: under 1": min(above(1, admits(alpha)) for alpha in tenths if alpha < 1),
    }


claim.check("equality at 1 - alpha / 2", grid(AHEAD))(lambda p: equal(p.gain(1 - p.alpha / 2), 0))
claim.check("accepted by backtracking on exact numbers", grid(AHEAD[::2], INSIDE))(
    lambda p, w: same(found(p, "backtracking", c=w, tries=1), w <= 1 - p.alpha / 2)
)
claim.control("divided by y f'(0) without turning", grid(AHEAD, CONSTANTS))(
    lambda p, w: same(p.gain(w) >= 0, w >= 1 - p.alpha / 2)
)
