"""Section E, second part: where on a parabola two conditions hold at once: Wolfe's, strong, GOLS-I's, Goldstein's.

Dissertation, eqs. 2.17, 2.18 and 2.24, section 6.2.
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np

import toybox as tb
from toybox import methods
from toybox.rays import Status

from ..claim import Check, Claim, at_most, equal
from ..ours import moves
from .e_wolfe_alpha import (
    AHEAD,
    CONSTANTS,
    INSIDE,
    TWENTIETHS,
    Parabola,
    accepts,
    found,
    grid,
    lanes,
    one_step,
    parabola,
    same,
    strong_wolfe,
)

# --- WA-03


def both_iff(p, c1, c2, low=lambda c2: 1 - c2):
    return same(p.gain(c1) >= 0 and p.rise(c2) >= 0, low(c2) <= p.alpha <= 2 * (1 - c1))


def triples(budget):
    """Random parabolas and pairs of constants, on the grid."""
    random = budget.random()
    for _ in range(budget.many(6000, 100000)):
        yield parabola(random, random.choice(AHEAD)), random.choice(CONSTANTS), random.choice(CONSTANTS)


TENTHS = tuple(F(k, 10) for k in range(1, 10))


def tenths(budget):
    return ((c1, c2) for c1 in TENTHS for c2 in TENTHS)


def wolfe_points(c1, c2):
    """The alphas in 1/20 .. 4 that meet both conditions; on this grid lie the ends of every interval."""
    tried = (Parabola(F(2), F(-3), F(1), alpha) for alpha in AHEAD)
    return [p.alpha for p in tried if p.gain(c1) >= 0 and p.rise(c2) >= 0]


def nonempty_iff(c1, c2, predicted=lambda c1, c2: 2 * c1 - c2 <= 1):
    return same(bool(wolfe_points(c1, c2)), predicted(c1, c2))


def weaker(c1, c2):
    """Of all constants in (0, 1), c1 < c2 is enough."""
    return at_most(2 * c1 - c2, 1) if c1 < c2 else F(0)


def searches_end_inside():
    """On arrays and on exact numbers the strong Wolfe search takes the same step, which meets both conditions."""
    j, k, first = (part.ravel() for part in np.meshgrid(np.arange(1, 16), np.arange(1, 16), 2.0 ** np.arange(-5, 6, 2)))
    j, k, first = (part[j < k] for part in (j, k, first))
    curvature, x = 2.0 ** (j % 5 - 2), -(2.0 ** -(k % 3))
    size, status, _, _ = one_step(methods.wolfe.StrongWolfe(j / 16, k / 16, first / curvature), curvature, x)
    slack, alpha = {}, [F(s) for s in size * curvature]
    for i, (c1, c2) in enumerate((F(a) / 16, F(b) / 16) for a, b in zip(j.tolist(), k.tolist(), strict=True)):
        p = Parabola(F(curvature[i]) / 2, F(curvature[i] * x[i]), F(0), alpha[i])
        exactly = moves("strong-wolfe", p.plain, (F(0),), [True], c1=c1, c2=c2, first=F(first[i] / curvature[i]))
        slack[f"{i}: exact"] = equal(exactly[0].step, F(size[i]))
        slack[f"{i}: low"], slack[f"{i}: high"] = at_most(1 - c2, alpha[i]), at_most(alpha[i], 2 * (1 - c1))
    return slack | {"found": same(status, Status.FOUND)}


WA_03 = Claim(
    id="WA-03",
    title="Wolfe interval",
    source="dissertation, eqs. 2.17 and 2.18",
    statement="On a parabola both Wolfe conditions hold exactly for alpha between 1 - c2 and 2 (1 - c1). There is such"
    " an alpha exactly if 2 c1 - c2 <= 1, of which c1 < c2 is more than enough.",
    formula=r"1 - c_2 \le \alpha \le 2(1 - c_1), \qquad 2 c_1 - c_2 \le 1",
    kind="exact",
    verdict="holds",
    checks=[
        Check("both conditions", both_iff, triples),
        Check("whether there is such an alpha", nonempty_iff, tenths),
        Check("c1 < c2 is enough", weaker, tenths),
        Check("c1 = .9, c2 = .1: none", lambda: equal(len(wolfe_points(F(9, 10), F(1, 10))), 0)),
        Check("strong Wolfe searches end inside", searches_end_inside),
    ],
    controls=[
        Check("from c2 on", lambda p, c1, c2: both_iff(p, c1, c2, low=lambda c2: c2), triples),
        Check("c1 < c2 as necessary", lambda c1, c2: nonempty_iff(c1, c2, lambda c1, c2: c1 < c2), tenths),
    ],
)


# --- WA-04, WA-05, WA-06


def strong_iff(p, w, size=abs):
    return same(size(p.slope(p.y)) <= -w * p.b, 1 - w <= p.alpha <= 1 + w)


WA_04 = Claim(
    id="WA-04",
    title="Strong Wolfe",
    source="dissertation, eqs. 2.18 and 2.24",
    statement="The strong curvature condition holds on a parabola exactly for alpha between 1 - c2 and 1 + c2.",
    formula=r"|f'(y)| \le c_2 |f'(0)| \ \Leftrightarrow\ 1 - c_2 \le \alpha \le 1 + c_2",
    kind="exact",
    verdict="holds",
    checks=[
        Check("every alpha and constant", strong_iff, grid(TWENTIETHS, CONSTANTS)),
        Check(
            "accepted by the strong Wolfe search",
            lambda: strong_wolfe(lanes(), lambda alpha, c2: (1 - c2 <= alpha) & (alpha <= 1 + c2)),
        ),
    ],
    controls=[
        Check("without the absolute value", lambda p, w: strong_iff(p, w, lambda v: v), grid(TWENTIETHS, CONSTANTS)),
        Check("accepted up to 1 + c2, from 0 on", lambda: strong_wolfe(lanes(), lambda alpha, c2: alpha <= 1 + c2)),
    ],
)


def golsi(predicted):
    return accepts(lanes(constant=2.0), methods.golsi.GOLSI, "golsi", "c2", predicted)


def immediate_iff(p, w, low=F(1)):
    return same(0 <= p.slope(p.y) <= -w * p.b, low <= p.alpha <= 1 + w)


def at_once(alpha):
    """-1 unless GOLS-I with its default constant accepts this step at once."""
    p = Parabola(F(2), F(-1, 8), F(0), alpha)
    return same(found(p, "golsi", c2=F(9, 10)), True)


WA_05 = Claim(
    id="WA-05",
    title="GOLS-I immediate accept",
    source="dissertation, eq. 2.24",
    statement="GOLS-I accepts its first step on a parabola exactly for alpha between 1 and 1 + c2; by default between 1"
    " and 1.9, never before the minimum.",
    formula=r"0 \le l'(y) \le c_2 |l'(0)| \ \Leftrightarrow\ 1 \le \alpha \le 1 + c_2",
    kind="exact",
    verdict="holds",
    checks=[
        Check("every alpha and constant", immediate_iff, grid(TWENTIETHS, CONSTANTS)),
        Check("accepted by GOLS-I", lambda: golsi(lambda alpha, c2: (1 <= alpha) & (alpha <= 1 + c2))),
        Check("by default 1 .. 1.9", at_once, lambda budget: [F(k, 20) for k in range(20, 39)]),
    ],
    controls=[
        Check(".99 is accepted", at_once, lambda budget: [F(99, 100)]),
        Check("1.91 is accepted", at_once, lambda budget: [F(191, 100)]),
        Check("undershoots, too", lambda p, w: immediate_iff(p, w, 1 - w), grid(TWENTIETHS, CONSTANTS)),
        Check("the vertex itself is not", lambda: golsi(lambda alpha, c2: (1 < alpha) & (alpha <= 1 + c2))),
    ],
)


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


def between_iff(p, w, share=2):
    """Between the two lines of Goldstein: below that of slope w l'(0), above that of slope (1 - w) l'(0)."""
    return same(p.gain(w) >= 0 >= p.gain(1 - w), share * w <= p.alpha <= share * (1 - w))


def minimiser_accepted(w):
    p = Parabola(F(2), F(-3), F(1), F(1))
    rule = methods.goldstein.Goldstein(first=p.alpha / (2 * p.a), tries=1)
    rule = tb.hyper.with_numbers(rule, {"c": w})  # which is refused beyond 1/2, rightly
    phi = lambda s: p.plain.value((-s * p.b,), (0,))
    return same(tb.search(rule, phi, slope0=-p.b * p.b).status == tb.Status.FOUND, True)


WA_06 = Claim(
    id="WA-06",
    title="Goldstein conditions",
    source="dissertation, section 6.2",
    statement="The Goldstein conditions hold on a parabola exactly for alpha between 2 c and 2 (1 - c), alpha > 0, so"
    " that the minimum is acceptable for every c up to 1/2.",
    formula=r"f(0) + (1 - c)\, y f'(0) \le f(y) \le f(0) + c\, y f'(0) \ \Leftrightarrow\ 2c \le \alpha \le 2(1 - c)",
    kind="exact",
    verdict="holds",
    checks=[
        Check("every alpha > 0 and constant", between_iff, grid(AHEAD, CONSTANTS)),
        Check(
            "accepted by the Goldstein search",
            lambda: goldstein(lambda alpha, c: (2 * c <= alpha) & (alpha <= 2 * (1 - c))),
        ),
        Check("the minimum is acceptable", minimiser_accepted, lambda budget: [w for w in INSIDE if w <= F(1, 2)]),
    ],
    controls=[
        Check("c > 1/2: nothing is", minimiser_accepted, lambda budget: [w for w in INSIDE if w > F(1, 2)]),
        Check("between c and 1 - c", lambda p, w: between_iff(p, w, 1), grid(AHEAD, CONSTANTS)),
    ],
)

CLAIMS = (WA_03, WA_04, WA_05, WA_06)
