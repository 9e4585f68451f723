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

from ... import of_code
from ...claim import holds, only, told
from ...proof import Theorem, every, same
from .common import Parabola, accepts, lanes

claim = told(__doc__)
claim.of_the_code(of_code.goldstein.on_a_parabola)


@claim.proof("every alpha > 0 and constant", broken={"between c and 1 - c": {"share": 1}, "alpha < 0": {"side": -1}})
def between(a, b, l0, alpha, c, share=2, side=1):
    """Between the two lines of Goldstein: below that of slope c l'(0), above that of slope (1 - c) l'(0)."""
    accepted = lambda p: every(p.gain(c) >= 0, 0 >= p.gain(1 - c))
    ends = every(share * c <= alpha, alpha <= share * (1 - c))
    return Theorem(
        (a > 0, b < 0, side * alpha > 0),
        {
            "iff": same(accepted(Parabola(a, b, l0, alpha)), ends),
            "the minimum": same(accepted(Parabola(a, b, l0, 1)), c <= F(1, 2)),
        },
    )


@claim.check("accepted by the Goldstein search", only(lambda alpha, c: (2 * c <= alpha) & (alpha <= 2 * (1 - c))))
@claim.control("accepted from c on", only(lambda alpha, c: (c <= alpha) & (alpha <= 2 * (1 - c))))
def goldstein(predicted):
    rule = methods.goldstein.Goldstein
    return accepts(lanes(constant=9 / 16), rule, "sls-goldstein", "c", predicted, max_step=1e6, tries=1)


@claim.check("the search accepts the minimum", lambda budget: [F(k, 20) for k in range(1, 11)])
@claim.control("c > 1/2: nothing is", lambda budget: [F(k, 20) for k in range(11, 20)])
def minimiser_accepted(c):
    p = Parabola(F(2), F(-3), F(1), F(1))
    rule = methods.goldstein.Goldstein(first=p.alpha / (2 * p.a), tries=1)
    rule = tb.hyper.with_numbers(rule, {"c": c})  # which is refused beyond 1/2, rightly
    phi = lambda s: p.plain.value((-s * p.b,), (0,))
    return holds(tb.search(rule, phi, slope0=-p.b * p.b).status == tb.Status.FOUND)
