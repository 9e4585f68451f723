r"""SGD-01  A step of SGD is the vertex of a parabola

Where: dissertation, eq. 5.3; Mutschler & Zell 2021 (ICANN), eq. 3
Claim: SGD's step is a Newton step along the unit direction, if the curvature is taken to be one over the learning rate;
    the dissertation prints the norm times the gradient as the first directional derivative.
Formula: -\lambda g_{\mathbb{B}} =
    -\frac{\|g_{\mathbb{B}}\|\,g_{\mathbb{B}}^\top}{k}\cdot\frac{-g_{\mathbb{B}}}{\|g_{\mathbb{B}}\|}, \qquad k =
    \frac1\lambda
Verdict: corrected
Kind: exact
Found: The numerator must be the unit direction times the gradient, which is minus the norm. The step is the vertex of
    l(0) + l'(0) s + s^2 / (2 lambda).
True: -\lambda g_{\mathbb{B}} = -\frac{(-\hat g_{\mathbb{B}})^\top g_{\mathbb{B}}}{k}\,(-\hat g_{\mathbb{B}}) =
    \frac{\|g_{\mathbb{B}}\|}{k}\,(-\hat g_{\mathbb{B}})
"""

from __future__ import annotations

from fractions import Fraction as F

import toybox as tb
from toybox import methods

from ...cases import scale
from ...claim import Contrast, equal, only, told
from ...ours import line, moves
from ...proof import Theorem, same
from .common import minibatches

claim = told(__doc__)


@claim.proof(
    "any gradient and rate",
    broken={
        "the printed numerator": {"numerator": lambda g, length: length * g},
        "curvature lambda": {"curvature": lambda rate: rate},
        "a = 1 / lambda": {"bend": 1},
    },
)
def newton(g, length, rate, s, numerator=lambda g, length: -length, curvature=lambda rate: 1 / rate, bend=F(1, 2)):
    """By a coordinate g of the gradient and its length, minus which is the unit direction -g/|g| times the gradient."""
    k = curvature(rate)
    slope = -length + 2 * bend * k * s  # of l(0) + l'(0) s + a s^2, a = k/2
    return Theorem(
        (length > 0, rate > 0),
        {
            "step": -numerator(g, length) / k * (-g / length) == -rate * g,
            "vertex": same(slope == 0, s == rate * length),
        },
    )


@claim.check("our SGD and PAL on exact numbers", minibatches(), examples=60)
@claim.control("a = 1 / lambda, exactly", minibatches(), examples=20, bend=1)
def vertex(batch, bend=F(1, 2)):
    """Our SGD's step is the vertex of l(0) + l'(0) s + a s^2, a = k/2: that of PAL, which measures this parabola."""
    slope0 = line(batch.exactly, batch.origin, batch.unit, (0,))[1](F(0))
    pal = methods.pal.PAL(mu=F(1, 3), s_max=10**9)
    s = tb.search(pal, lambda s: slope0 * s + bend / batch.rate * s * s, slope0=slope0).step
    found = moves("sgd", batch.exactly, batch.origin, [(0,)], rate=batch.rate)[0].x
    return {"slope": equal(slope0, -batch.length), "vertex": equal(found, scale(s, batch.unit))}


@claim.counterexample("step by the printed numerator", only(F(3), F(1, 2)))
def as_printed(g, rate):
    """Of eq. 5.3 in one dimension, where a row is a number: minus numerator / k times the direction."""
    unit = -g / abs(g)
    return Contrast(-(abs(g) * g) * rate * unit, -rate * g)
