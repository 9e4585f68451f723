r"""LAB-01  Rate and step forms agree

Where: dissertation, eq. 6.6
Claim: Dividing the estimated step by the length of the gradient turns it into the learning rate with which SGD goes
    exactly alpha times the distance to the minimum of the measured line.
Formula: \lambda = \frac{\alpha\, s_{\min}}{\|g_{\mathbb B}\|} \Rightarrow \|\lambda g_{\mathbb B}\| = \alpha\, s_{\min}
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods
from toybox.exact import root

from ... import of_code
from ...cases import add, dot, positive, rational_quadratics, solve, times
from ...claim import close, equal, told
from ...ours import Plain, moves, on_rule, walk
from ...proof import Theorem

claim = told(__doc__)
claim.of_the_code(of_code.labpal.measures, of_code.labpal.hands_on, of_code.labpal.between_searches)


@claim.proof("rate and step", broken={"reused where the gradient has another length": {"again": F(1, 2)}})
def same_way(g1, g2, length, alpha, step, way, again=1):
    """A rate, and the length of the way that it leads; lengths are squares' roots, so in any number of variables."""
    rate = alpha * step / length
    given = (length > 0, length**2 == g1**2 + g2**2, alpha > 0, step > 0, way >= 0)
    return Theorem(
        (*given, way**2 == (again * rate * g1) ** 2 + (again * rate * g2) ** 2), {"way": way == alpha * step}
    )


class Place(NamedTuple):
    """f(x) = 1/2 (x - m)'Q(x - m), and a point where the length of the gradient is rational."""

    Q: tuple
    m: tuple
    x: tuple
    alpha: F

    def f(self, x):
        away = add(x, -1, self.m)
        return dot(away, times(self.Q, away)) / 2

    def gradient(self, x):
        return times(self.Q, add(x, -1, self.m))


@st.composite
def pythagorean(draw):
    """The gradient at x is a multiple of a Pythagorean vector; no step is longer than the search's largest, 1."""
    q = draw(rational_quadratics(n=st.just(2)))
    u, v = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)).filter(lambda uv: uv[0] != uv[1]))
    g = (F(u * u - v * v, 500), F(2 * u * v, 500))
    return Place(q.Q, q.r, add(q.r, 1, solve(q.Q, g)), draw(positive(9, 5)))


def labpal(place, name, steps):
    """Its moves on exact numbers, all batches alike."""
    return moves(name, Plain(place.f, place.gradient), place.x, [(0,)] * steps, alpha=place.alpha, schedule="constant")


@claim.check("first steps on exact numbers", pythagorean(), examples=100)
@claim.control("half of alpha", pythagorean(), examples=20, share=F(1, 2))
def length_of_step(place, share=1):
    """LABPAL&SGD's first step on exact numbers has the length alpha s_min, and is LABPAL&NSGD's."""
    g = place.gradient(place.x)
    length = root(dot(g, g))
    wanted = min(share * place.alpha * length * dot(g, g) / dot(g, times(place.Q, g)), F(1))
    sgd, nsgd = (labpal(place, name, 1)[0] for name in ("labpal-sgd", "labpal-nsgd"))
    return {
        "rate times |g|": equal(sgd.step * length, wanted),
        "step along the unit direction": equal(nsgd.step, wanted),
        "same iterate": equal(sgd.x, nsgd.x),
    }


@claim.check("the rules on arrays, searching and reusing", pythagorean(), examples=100)
@claim.control("the rules on arrays, half of alpha", pythagorean(), examples=20, share=0.5)
def arrays_agree(place, share=1.0):
    """The rules on arrays take that step, and reuse it as a rate or as a length.

    A parabola measured at 1e-4 and 1e-2 keeps 2^-52 f / 1e-4^2 / a of its curvature, which lines that know differences
    without cancellation do not lose; 1e-9 leaves room for the rounding of Q alone. A first step that ends in the
    minimum leaves a gradient of rounding errors, whose direction means nothing: there is no second one to compare.
    """
    steps = 2 if any(place.gradient(labpal(place, "labpal-sgd", 1)[0].x)) else 1
    problem = tb.problems.NoisyQuadratic(np.array(place.Q, float)[None], np.array([place.m], float))
    slack = {}
    for keeps, name, direction in (
        ("rate", "labpal-sgd", tb.methods.fixed.Gradient()),
        ("length", "labpal-nsgd", tb.methods.fixed.Unit()),
    ):
        rule = methods.labpal.LABPAL(alpha=share * float(place.alpha), approximation_batches=1, keeps=keeps)
        found = walk(problem, on_rule(rule, direction), np.array(place.x, float), steps)
        wanted = np.array([move.x for move in labpal(place, name, steps)], float)
        slack[keeps] = close(found.theta[1:, 0], wanted, 1e-9 * (1 + np.abs(wanted).max()))
    return slack
