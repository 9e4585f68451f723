r"""GOLS-05  Sign convention

Where: dissertation, eqs. 2.20 to 2.24
Claim: The loss along the line of a step is that along plus the mini-batch gradient, and the searches take its slope at
    0 for negative.
Formula: l_{\mathbb B}(s) = \mathcal L_{\mathbb B}(\theta + s\, g_{\mathbb B}), \qquad l'_{\mathbb B}(0) < 0
Verdict: corrected
Kind: property
Found: Along +g the slope is plus the square of the length of g. Condition 2.24 and Algorithms 2 to 5 need -g, or -g
    divided by its length. Along +g GOLS-I would shrink its step to the lower limit on every convex bowl.
True: l_{\mathbb B}(s) = \mathcal L_{\mathbb B}(\theta - s\, g_{\mathbb B}), \qquad l'_{\mathbb B}(0) = -\|g_{\mathbb
    B}\|^2
"""

from __future__ import annotations

from fractions import Fraction as F
from typing import Any

import numpy as np

import toybox as tb
from toybox import methods
from toybox.hyper import hyperparameters
from toybox.rays import Status

from ...cases import EPS, Smooth, add, dot, rational_quadratics, smooth_functions
from ...claim import Contrast, at_most, close, equal, only, told
from ...ours import function, on_rule, walk

claim = told(__doc__)


@hyperparameters
class Uphill:
    """The direction as eqs. 2.20 to 2.23 print it: +g."""

    def init(self, xp, point: Any):
        return ()

    def step(self, xp, point, state):
        return point.gradient, state


def slopes(case):
    """l'(0) along g, -g and -g / |g|: differences of the loss over an imaginary step, which cancel nothing."""
    g = case.gradient(case.x)
    size = float(np.linalg.norm(g))
    found, allowed = [], []
    for v in (g, -g, -g / size):
        found.append(float(case.f(case.x + 1e-30j * v).imag / 1e-30))
        reach = np.abs(case.A) @ np.abs(v)
        terms = np.abs(v) @ np.abs(case.H) @ np.abs(case.x) + reach @ (1 + np.abs(case.A) @ np.abs(case.x))
        allowed.append((4 * len(g) + 16) * EPS * float(terms))
    return size, found, allowed


@claim.check("three slopes", smooth_functions(), examples=300)
def three_slopes(case):
    size, found, allowed = slopes(case)
    return close(found, [size**2, -(size**2), -size], allowed)


@claim.check("lines that our rules see", smooth_functions(), examples=50)
def ours_descend(case):
    """The lines that our rules see: along Gradient, Unit, and the printed direction."""
    _, found, allowed = slopes(case)
    problem = function(case.f, case.gradient, len(case.x))
    slack = {}
    for name, direction, wanted, slop in (
        ("printed", Uphill(), found[0], allowed[0]),
        ("-g", tb.methods.fixed.Gradient(), found[1], allowed[1]),
        ("unit", tb.methods.fixed.Unit(), found[2], allowed[2]),
    ):
        seen: list = []
        probe = tb.Probe(
            "slope", lambda look, seen=seen: seen.append(look.ray and look.ray.line().slope0.item()) or look.theta
        )
        tb.run(
            problem, on_rule(methods.golsi.GOLSI(first=1.0), direction), steps=1, batch=1, theta=case.x, probes=[probe]
        )
        slack[name] = close(seen[0], wanted, 2 * slop)
    return slack


@claim.counterexample("l'(0) of the printed line of |x|^2 / 2", only((3.0, 4.0)))
def printed_descends(x):
    """What eq. 2.24 and Algorithms 2 to 5 need of a line, here of |x|^2 / 2: l'(0) < 0."""
    case = Smooth(np.eye(len(x)), np.zeros((1, len(x))), np.array(x), 1.0)
    return Contrast(0, slopes(case)[1][0], "less than")


@claim.check("along +g Algorithm 4 shrinks", rational_quadratics(), examples=100)
def shrinks(q, sign=1):
    """Algorithm 4 on a convex bowl along sign times g, on exact numbers: it shrinks the step to its lower limit."""
    g = q.gradient(q.x)
    if not any(g):
        return F(0)
    d = tuple(sign * v for v in g)
    phi, slope = lambda s: q.f(add(q.x, s, d)), lambda s: dot(q.gradient(add(q.x, s, d)), d)
    least = F(1, 2**12)
    golsi = methods.golsi.GOLSI(first=1, smallest=least)
    end = tb.search(golsi, phi, slope, slope0=-dot(g, g), norm=least)  # which it takes for downhill
    return {"step": at_most(end.step, least), "status": equal(end.status == tb.Status.EXHAUSTED, True)}


@claim.check("our rule does not go uphill", smooth_functions(), examples=50)
def refuses(case):
    """Our rule does not search uphill at all."""
    w = walk(function(case.f, case.gradient, len(case.x)), on_rule(methods.golsi.GOLSI(), Uphill()), case.x)
    return {
        "status": equal(w.trace.status.item(), Status.ASCENT),
        "still": -float(np.abs(w.theta[1] - w.theta[0]).max()),
    }


claim.control("along -g, too", rational_quadratics(), examples=30)(lambda q: shrinks(q, -1))
