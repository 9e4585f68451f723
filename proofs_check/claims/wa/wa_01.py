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

from ... import of_code
from ...claim import Contrast, only, told
from ...proof import Theorem, same
from .common import Parabola, accepts, lanes

claim = told(__doc__)
claim.of_the_code(of_code.armijo.on_a_parabola)


@claim.proof("alpha > 0", broken={"divided by y f'(0) without turning": {"turned": -1}, "1 - alpha": {"share": 1}})
@claim.proof("alpha < 0", side=-1, turned=-1, broken={"alpha < 0, not turned": {"turned": 1}})
def decrease(a, b, c, alpha, w, side=1, turned=1, share=F(1, 2)):
    """2.17 with constant w holds iff w <= 1 - alpha / 2; for alpha < 0 (``turned`` = -1) iff w >= 1 - alpha / 2.

    The gain is alpha b^2 / (2 a) (1 - alpha / 2 - w).
    """
    p = Parabola(a, b, c, alpha)
    change, largest = p.value(p.y) - p.value(0), 1 - share * alpha
    return Theorem(
        (a > 0, b < 0, side * alpha > 0),
        {
            "iff": same(p.gain(w) >= 0, turned * w <= turned * largest),
            "equality": p.gain(largest) == 0,
            "change": change == p.y * b * largest,
            "change by a and b": change == -alpha * (2 - alpha) * b**2 / (4 * a),
        },
    )


@claim.check("accepted by the stochastic Armijo search", only(lambda alpha, c: alpha <= 2 * (1 - c)))
@claim.control("accepted up to alpha = 2 - c", only(lambda alpha, c: alpha <= 2 - c))
def armijo(predicted):
    return accepts(lanes(), methods.armijo.Armijo, "sls", "c", predicted, reset=2, tries=1)


@claim.counterexample(
    "change of a s^2 + b s by a step that the printed condition accepts", only(F(1), F(-1), F(41, 20), F(1, 10))
)
def accepted_as_printed(a, b, alpha, w):
    """The first line of eq. 6.7 has the other sign; what it accepts should be a decrease."""
    p = Parabola(a, b, F(0), alpha)
    assert p.gain(-w) >= 0, "not accepted"
    return Contrast(F(0), p.value(p.y) - p.value(0), "less than")
