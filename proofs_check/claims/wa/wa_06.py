r"""WA-06  Goldstein conditions

Where: dissertation, section 6.2
Claim: The Goldstein conditions hold on a parabola exactly for alpha between 2 c and 2 (1 - c), alpha > 0, so that the
    minimum is acceptable for every c up to 1/2.
Formula: f(0) + (1 - c)\, y f'(0) \le f(y) \le f(0) + c\, y f'(0) \ \Leftrightarrow\ 2c \le \alpha \le 2(1 - c)
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F

import toybox as tb
from toybox import methods

from ...claim import only, told
from .common import AHEAD, CONSTANTS, INSIDE, Parabola, accepts, grid, lanes, same

claim = told(__doc__)


@claim.check("accepted by the Goldstein search", only(lambda alpha, c: (2 * c <= alpha) & (alpha <= 2 * (1 - c))))
def goldstein(predicted):
    return accepts(
        lanes(constant=9 / 16),
        methods.goldstein.Goldstein,
        "sls-goldstein",
        "c",
        predicted,
        max_step=1e6,
        tries=1,
    )


@claim.check("every alpha > 0 and constant", grid(AHEAD, CONSTANTS))
def between_iff(p, w, share=2):
    """Between the two lines of Goldstein: below that of slope w l'(0), above that of slope (1 - w) l'(0)."""
    return same(p.gain(w) >= 0 >= p.gain(1 - w), share * w <= p.alpha <= share * (1 - w))


@claim.check("the minimum is acceptable", lambda budget: [w for w in INSIDE if w <= F(1, 2)])
@claim.control("c > 1/2: nothing is", lambda budget: [w for w in INSIDE if w > F(1, 2)])
def minimiser_accepted(w):
    p = Parabola(F(2), F(-3), F(1), F(1))
    rule = methods.goldstein.Goldstein(first=p.alpha / (2 * p.a), tries=1)
    rule = tb.hyper.with_numbers(rule, {"c": w})  # which is refused beyond 1/2, rightly
    phi = lambda s: p.plain.value((-s * p.b,), (0,))
    return same(tb.search(rule, phi, slope0=-p.b * p.b).status == tb.Status.FOUND, True)


claim.control("between c and 1 - c", grid(AHEAD, CONSTANTS))(lambda p, w: between_iff(p, w, 1))
