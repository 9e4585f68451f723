r"""GOLS-05  Sign convention

Where: dissertation, eqs. 2.20 to 2.24
Claim: The loss along the line of a step is that along plus the mini-batch gradient, and the searches take its slope at
    0 for negative.
Formula: l_{\mathbb B}(s) = \mathcal L_{\mathbb B}(\theta + s\, g_{\mathbb B}), \qquad l'_{\mathbb B}(0) < 0
Verdict: corrected
Kind: exact
Found: Along +g the slope is plus the square of the length of g. Condition 2.24 and Algorithms 2 to 5 need -g, or -g
    divided by its length. Along +g GOLS-I would shrink its step to the lower limit on every convex bowl.
True: l_{\mathbb B}(s) = \mathcal L_{\mathbb B}(\theta - s\, g_{\mathbb B}), \qquad l'_{\mathbb B}(0) = -\|g_{\mathbb
    B}\|^2
"""

from __future__ import annotations

from fractions import Fraction as F
from typing import Any

from hypothesis import assume

import toybox as tb
from toybox import methods
from toybox.hyper import hyperparameters

from ... import of_code
from ...cases import add, dot, rational_quadratics, smooth_functions, times
from ...claim import Contrast, at_most, holds, only, told
from ...ours import Plain, function, line, on_rule, walk
from ...proof import Theorem

claim = told(__doc__)
claim.of_the_code(of_code.golsi.nowhere)


@claim.proof("three slopes", broken={"along +g, downhill": {"sign": -1}})
def slopes(a, b, c, g1, g2, length, s, sign=1):
    """Of a loss with gradient g, to second order: along g, -g and -g / |g| it begins with these slopes."""
    g, Q = (g1, g2), ((a, b), (b, c))
    change = lambda v, s: s * dot(g, v) + s**2 * dot(v, times(Q, v))
    along = lambda k, slope: change((k * g1, k * g2), s) == slope * s + s**2 * k**2 * dot(g, times(Q, g))
    square = length**2
    return Theorem(
        (length > 0, square == g1**2 + g2**2),
        {"g": along(1, sign * square), "-g": along(-1, -square), "unit": along(-1 / length, -length)},
    )


@claim.proof("a convex bowl", broken={"along -g": {"sign": -1}})
def no_change(square, slope, s, sign=1):
    """Slopes of a convex line do not fall: along +g none is negative, and Algorithm 4 shrinks its step to the end."""
    first = sign * square
    return Theorem((square > 0, s > 0, (slope - first) * s >= 0), {"positive": slope > 0})


QUADRATICS = rational_quadratics()


@claim.check("along +g Algorithm 4 shrinks", QUADRATICS, examples=100)
@claim.control("along -g, too", QUADRATICS, examples=30, sign=-1)
def shrinks(q, sign=1):
    """On a convex bowl along sign times g, on exact numbers: it shrinks the step to its lower limit."""
    g = q.gradient(q.x)
    assume(any(g))
    d = tuple(sign * v for v in g)
    phi, slope = lambda s: q.f(add(q.x, s, d)), lambda s: dot(q.gradient(add(q.x, s, d)), d)
    least = F(1, 2**12)
    golsi = methods.golsi.GOLSI(first=1, smallest=least)
    end = tb.search(golsi, phi, slope, slope0=-dot(g, g), norm=least)  # which it takes for downhill
    return {"step": at_most(end.step, least), "status": holds(end.status == tb.Status.EXHAUSTED)}


@hyperparameters
class Uphill:
    """The direction as eqs. 2.20 to 2.23 print it: +g."""

    def init(self, xp, point: Any):
        return ()

    def step(self, xp, point, state):
        return point.gradient, state


@claim.check("our rule does not go uphill", smooth_functions(), examples=50)
@claim.control("our rule goes downhill", smooth_functions(), examples=5, uphill=False)
def refuses(case, uphill=True):
    rule = on_rule(methods.golsi.GOLSI(), Uphill() if uphill else None)
    w = walk(function(case.f, case.gradient, len(case.x)), rule, case.x)
    return holds(w.trace.status.item() == tb.Status.ASCENT and (w.theta[1] == w.theta[0]).all())


@claim.counterexample("l'(0) of the printed line of |x|^2 / 2", only((F(3), F(4))))
def printed_descends(x):
    """What eq. 2.24 and Algorithms 2 to 5 need of a line, here of |x|^2 / 2: l'(0) < 0."""
    return Contrast(0, line(Plain(lambda x: dot(x, x) / 2, lambda x: x), x, x, (0,))[1](F(0)), "less than")
