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

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import EPS, positive, rationals, scale
from ...claim import Contrast, close, equal, only, told
from ...ours import line, moves, on_rule, walk
from .common import minibatches

claim = told(__doc__)


@claim.check("on exact numbers", minibatches(), examples=60)
def vertex(batch, curvature=None, a=None):
    """Our SGD's step is |g|/k along the unit direction, k = 1/rate, and the vertex of l(0) + l'(0) s + a s^2, a = k/2.

    The vertex is that of our parabolic step, which measures the parabola at 0 and at some mu.
    """
    k = 1 / batch.rate if curvature is None else curvature
    a = k / 2 if a is None else a
    phi, slope = line(batch.exactly, batch.origin, batch.unit, (0,))
    parabola = lambda s: phi(F(0)) + slope(F(0)) * s + a * s * s
    pal = methods.pal.PAL(mu=F(1, 3), s_max=10**9)
    s = tb.search(pal, parabola, slope0=slope(F(0))).step
    found = moves("sgd", batch.exactly, batch.origin, [(0,)], rate=batch.rate)[0].x
    return {
        "slope": equal(slope(F(0)), -batch.length),
        "length over curvature": equal(found, scale(batch.length / k, batch.unit)),
        "slope over curvature": equal(found, scale(-slope(F(0)) / k, batch.unit)),
        "vertex": equal(found, scale(s, batch.unit)),
    }


@claim.check("on arrays", minibatches(), examples=60)
def on_arrays(batch):
    """Our rules on arrays: PAL, on a loss of curvature 1/rate with that gradient, goes where SGD goes on the batch.

    PAL's a is a difference of numbers of the size |g| mu over mu^2, so it has the relative error 2 s/mu of a rounding
    for a step s; SGD's gradient is a sum of 2 n products.
    """
    from toybox import methods

    n, g, origin = len(batch.g), np.array(batch.g, float), np.zeros(len(batch.g))
    rate, mu = float(batch.rate), 0.5
    loss = tb.problems.NoisyQuadratic(np.array(batch.Q, float), np.array([batch.m], float))
    surrogate = tb.problems.NoisyQuadratic(np.eye(n) / rate, -rate * g[None])
    sgd = walk(loss, on_rule(methods.fixed.Fixed(rate)), origin).theta[1, 0]
    pal = walk(surrogate, on_rule(methods.pal.PAL(mu=mu, s_max=np.inf)), origin).theta[1, 0]
    s = rate * float(batch.length)
    cancelled = rate * (2 * n + 4) * EPS * np.abs(loss.Q).sum(axis=1).max() * np.abs(batch.m).max()
    tolerance = 10 * (n + 10) * EPS * s * (1 + 2 * s / mu) + float(cancelled)
    return {"as exactly": close(sgd, -rate * g, tolerance), "PAL": close(pal, sgd, tolerance)}


def by_numerator(g, rate, numerator):
    """The step of eq. 5.3 in one dimension, where a row is a number: -(numerator / k) times the direction."""
    unit = -g / abs(g)
    return -numerator(g, unit) * rate * unit


@claim.counterexample("step by the printed numerator", only(F(3), F(1, 2)))
def as_printed(g, rate):
    return Contrast(by_numerator(g, rate, lambda g, unit: abs(g) * g), -rate * g)


ONE_DIMENSION = st.tuples(rationals(nonzero=True), positive())

claim.check("5.3 with its numerator", ONE_DIMENSION, examples=100)(
    lambda g, rate: equal(by_numerator(g, rate, lambda g, unit: unit * g), -rate * g)
)
claim.control("curvature lambda", minibatches(), examples=20)(lambda batch: vertex(batch, curvature=batch.rate))
claim.control("a = 1 / lambda", minibatches(), examples=20)(lambda batch: vertex(batch, a=1 / batch.rate))
