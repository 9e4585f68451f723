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

from math import inf, log10

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from toybox import methods

from ...cases import EPS, float_quadratics, rationals, tol_curvature
from ...claim import close, equal, told
from ...ours import function, on_rule, walk
from ...proof import Theorem
from .common import Univariate

claim = told(__doc__)


@claim.proof("curvature and vertex", broken={"a cubic term": {"gamma": 1}, "without the slope": {"known": 0}})
def fitted(a, b, c, mu, gamma=0, known=1):
    """Of gamma s^3 + a s^2 + b s + c, measured on either side."""
    f = lambda s: gamma * s**3 + a * s**2 + b * s + c
    rise = f(mu) - f(0) - known * b * mu
    vertex = -b * mu**2 / (2 * rise)
    return Theorem((a != 0, mu != 0, rise != 0), {"a": rise / mu**2 == a, "vertex": 2 * a * vertex + b == 0})


@claim.proof("a cubic term adds gamma mu", broken={"twice that": {"times": 2}})
def cubic(gamma, a, b, c, mu, times=1):
    f = lambda s: gamma * s**3 + a * s**2 + b * s + c
    return Theorem((mu != 0,), {"a": (f(mu) - f(0) - b * mu) / mu**2 == a + times * gamma * mu})


# --- PAL, on exact numbers, on arrays and in single precision

PARABOLAS = st.tuples(rationals(nonzero=True), rationals(nonzero=True), rationals(), rationals(1, 9))


@claim.check("PAL goes there", PARABOLAS, examples=150)
@claim.control("with a cubic term", PARABOLAS, gamma=1)
def goes_to_vertex(a, b, c, mu, gamma=0):
    """PAL on exact numbers goes to the vertex, where the parabola has a minimum; else by mu downhill (case 2)."""
    line = Univariate(lambda s: gamma * s**3 + a * s**2 + b * s + c, lambda s: 3 * gamma * s**2 + 2 * a * s + b)
    wanted = -b / (2 * a) if a > 0 else mu * (-1 if b > 0 else 1)
    return equal(line.pal(0, mu)[1], wanted)


@claim.check("our rule on quadratics", float_quadratics(), examples=200)
@claim.control("half of the curvature", float_quadratics(), share_of=0.5)
def on_quadratics(q, share_of=1.0):
    """Our rule on G-PDF: curvature and step against the tolerances T-a and T-s, where the former is < 5 % of a.

    The rule's a is recovered from its step; the true d'Qd has errors of its own, and a relative error e of a makes one
    of at most e / (1 - e) in the step.
    """
    g = q.gradient(q.x)
    d = -g / np.linalg.norm(g)
    a, tolerance = share_of * d @ q.Q @ d, tol_curvature(q, q.x, d, q.mu)
    tolerance += (2 * len(d) + 4) * EPS * (np.abs(d) @ np.abs(q.Q) @ np.abs(d))
    assume(tolerance / a < 0.05)
    rule = methods.pal.PAL(mu=q.mu, s_max=inf)
    step = walk(function(q.f, q.gradient, len(d)), on_rule(rule), q.x).trace.arc[0, 0]
    best, share = np.linalg.norm(g) / (2 * a), tolerance / a
    return {
        "a": close(np.linalg.norm(g) / (2 * step), a, tolerance + 4 * EPS * a),
        "step": close(step, best, (share / (1 - share) + 4 * EPS) * best),
    }


@claim.check("single precision", lambda budget: [(0.01, -3), (1e-4, 1)], degree="sampled")
@claim.control("ten times more", lambda budget: [(0.01, -2)])
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
