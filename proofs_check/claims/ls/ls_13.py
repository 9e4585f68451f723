r"""LS-13  Three measurements determine the parabola

Where: dissertation, section 2.5, eqs. 4.2 and 5.2; Mutschler & Zell 2021 (ICANN), eq. 2
Claim: Value and slope at the start and one more value give all coefficients of a parabolic line, and so its vertex,
    wherever the other value is taken.
Formula: a = \frac{l(\mu) - l(0) - l'(0)\mu}{\mu^2}, \qquad s = -\frac{b}{2a} = \frac{-l'(0)\mu^2}{2(l(\mu) - l(0) -
    l'(0)\mu)}
Verdict: holds
Kind: exact
Found: Rounding of the losses changes a by eps (|l(0)| + |l(mu)|) / mu^2: in single precision and for losses of size 1
    by 0.001 at mu = 0.01, and by 10 at mu = 0.0001.
"""

from __future__ import annotations

from fractions import Fraction as F
from math import inf, log10
from typing import NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import EPS, float_quadratics, rationals, tol_curvature
from ...claim import close, equal, told
from ...ours import function, on_rule, walk
from .common import Univariate

claim = told(__doc__)


class Cubic(NamedTuple):
    """gamma s^3 + a s^2 + b s + c, a not 0, and where it is measured."""

    a: F
    b: F
    c: F
    gamma: F
    mu: F

    def f(self, s):
        return ((self.gamma * s + self.a) * s + self.b) * s + self.c

    def slope(self, s):
        return (3 * self.gamma * s + 2 * self.a) * s + self.b


@st.composite
def cubics(draw, gamma=st.just(F(0))):
    values = draw(rationals(nonzero=True)), draw(rationals()), draw(rationals())
    return Cubic(*values, draw(gamma), draw(rationals(nonzero=True)))


@claim.check("curvature, vertex, and PAL goes there", cubics(), examples=300)
@claim.control("a cubic term", cubics(rationals(nonzero=True)))
def fitted(line, grows=0):
    """Curvature (grows: plus grows gamma mu) and vertex from l(0), l'(0) and l(mu), for mu of either sign."""
    rise = line.f(line.mu) - line.f(0) - line.slope(0) * line.mu
    slack = {"a": equal(rise / line.mu**2, line.a + grows * line.gamma * line.mu)}
    if line.gamma == 0:
        slack["vertex"] = equal(-line.slope(0) * line.mu**2 / (2 * rise), -line.b / (2 * line.a))
    if line.b != 0 and grows == 0:
        slack["exact"] = goes_to_vertex(line)
    return slack


@claim.control("with a cubic term", cubics(rationals(nonzero=True)).filter(lambda line: line.b != 0))
def goes_to_vertex(line):
    """PAL on exact numbers goes to the vertex, where the parabola has a minimum; else by |mu| downhill (case 2)."""
    wanted = -line.b / (2 * line.a) if line.a > 0 else abs(line.mu) * (-1 if line.b > 0 else 1)
    return equal(Univariate(line.f, line.slope).pal(F(0), abs(line.mu))[1], wanted)


@claim.check("our rule on quadratics", float_quadratics(), examples=200)
def on_quadratics(q):
    """Our rule on G-PDF: curvature and step against the tolerances T-a and T-s, where the former is < 5 % of a.

    The rule's a is recovered from its step; the true d'Qd has errors of its own, and a relative error e of a makes one
    of at most e / (1 - e) in the step.
    """
    g = q.gradient(q.x)
    d = -g / np.linalg.norm(g)
    a, tolerance = d @ q.Q @ d, tol_curvature(q, q.x, d, q.mu)
    tolerance += (2 * len(d) + 4) * EPS * (np.abs(d) @ np.abs(q.Q) @ np.abs(d))
    assume(tolerance / a < 0.05)
    rule = methods.pal.PAL(mu=q.mu, s_max=inf)
    step = walk(function(q.f, q.gradient, len(d)), on_rule(rule), q.x).trace.arc[0, 0]
    best, share = np.linalg.norm(g) / (2 * a), tolerance / a
    return {
        "a": close(np.linalg.norm(g) / (2 * step), a, tolerance + 4 * EPS * a),
        "step": close(step, best, (share / (1 - share) + 4 * EPS) * best),
    }


@claim.check("single precision", lambda budget: [(0.01, -3), (1e-4, 1)])
def single_precision(mu, order):
    """Parabolas of size 1 in single precision: the largest error of a is some 10^order, and as large as is said.

    Each of the two values is rounded by half an eps of its size; the other operations concern smaller numbers.
    """
    eps, rng = np.float32(2.0**-23), np.random.default_rng(0)
    a, b, c = (rng.uniform(low, high, 4000).astype(np.float32) for low, high in ((0.5, 2), (-2, -0.5), (0.9, 1.1)))
    mu = np.float32(mu)
    l0, l1 = c, (a * mu + b) * mu + c
    error = np.abs((l1 - l0 - b * mu) / mu**2 - a)
    return {"order": 0.5 - abs(log10(error.max()) - order), "formula": 1 - np.max(error / (eps * (l0 + l1) / mu**2))}


@claim.check("our rule in single precision")
def single_precision_rule():
    """Our rule in single precision, mu = 1/100: its a, recovered from its steps, is off by some 10^-3."""
    rng = np.random.default_rng(0)
    a, c = (rng.uniform(low, high, 400).astype(np.float32)[:, None] for low, high in ((0.5, 2), (0.9, 1.1)))
    value = lambda theta, index: (((a * theta - 1) * theta + c)[..., 0], 2 * a * theta - 1)
    lines = tb.problems.FromFunction(value, 1, 1, dtype="float32")
    step = walk(lines, on_rule(methods.pal.PAL(mu=0.01, s_max=inf)), np.zeros(1), seeds=range(400)).trace.arc[0]
    return 0.5 - abs(log10(np.max(np.abs(1 / (2 * step) - a[:, 0]))) + 3)


claim.check("a cubic term adds gamma mu", cubics(rationals()), examples=100)(lambda line: fitted(line, 1))
