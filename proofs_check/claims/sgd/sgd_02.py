r"""SGD-02  The locally optimal step on a quadratic full-batch loss

Where: dissertation, eq. 5.4; Mutschler & Zell 2021 (ICANN), eq. 4
Claim: The step to the minimum of the full-batch loss along a mini-batch direction is the norm of the full gradient over
    the curvature along the full gradient, and about a constant times minus the norm of the mini-batch gradient.
Formula: s_{\mathrm{opt}} \approx \frac{\|g\|}{\hat g^\top H \hat g} \approx c\cdot(-\|g_{\mathbb{B}}\|)
Verdict: corrected
Kind: exact
Found: The middle term holds if both gradients are parallel (ICANN 4, which does not normalise, if the norm is 1, too);
    for others it may be seventy times too large. The step may be negative; c must be negative for it to be positive.
    The step is proportional to the norm for the full batch and a Hessian h I.
True: s_{\mathrm{opt}} = \frac{g^\top\hat g_{\mathbb{B}}}{\hat g_{\mathbb{B}}^\top H\hat g_{\mathbb{B}}}, \qquad
    \lambda_{\mathrm{opt}} = \frac{s_{\mathrm{opt}}}{\|g_{\mathbb{B}}\|} = \frac{g^\top
    g_{\mathbb{B}}}{g_{\mathbb{B}}^\top H g_{\mathbb{B}}}
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
from hypothesis import strategies as st

import toybox as tb

from ...cases import EPS, dot, positive, scale, times
from ...claim import Contrast, above, close, equal, holds, only, told
from ...ours import line, moves, on_rule, walk
from .common import Pair, length, pairs, unit_vectors

claim = told(__doc__)


@claim.check("vertex, and our search on exact numbers", pairs(), examples=60)
def locally_optimal(pair):
    """The slope of the full loss at s_opt is 0; s_opt / |g_B| is the learning rate that our exact search finds."""
    origin, whole, size = (F(0),) * len(pair.g), (0, 1), length(pair.g_B)
    rate = dot(pair.g, pair.g_B) / dot(pair.g_B, times(pair.H, pair.g_B))
    _, slope = line(pair.exactly, origin, scale(-1 / size, pair.g_B), whole)
    move = moves("exact-full", pair.exactly, origin, [(0,)])[0]
    return {
        "vertex": equal(slope(pair.s), 0),
        "rate": equal(pair.s / size, rate),
        "our search": equal(move.step, max(rate, 0)),  # where -g_B ascends (rate < 0) it stays
        "status": holds(move.status.name == ("FOUND" if rate > 0 else "STATIONARY" if rate == 0 else "ASCENT")),
        "sign of c": equal(pair.s, -rate * -size),
    }


@claim.check("our search on arrays", pairs(), examples=60)
def searched_on_arrays(pair):
    """Our exact search on arrays goes there, too.

    Its slope has the error of 2 n + 8 operations on |d|'|H||x - m_i|, the curvature that of |d|'|H||d|; it stops within
    4 EPS of s.
    """
    from toybox import methods

    H, n = np.array(pair.H, float), len(pair.g)
    m = np.array(pair.exactly.m, float)
    problem = tb.problems.NoisyQuadratic(H, m)
    first = np.array([[0]])
    found = walk(problem, on_rule(methods.exact.Exact(on="full")), np.zeros(n), sampler=lambda t, j: first, batch=1)
    unit = np.array(pair.g_B, float) / float(length(pair.g_B))
    rough, bend = np.abs(unit) @ np.abs(H), unit @ H @ unit
    s = max(float(pair.s), 0.0)
    of_slope = (2 * n + 8) * EPS * (rough @ np.abs(m).max(axis=0)) / bend
    of_curvature = s * (n + 10) * EPS * (rough @ np.abs(unit)) / bend
    return close(found.theta[1, 0], -s * unit, 2 * of_slope + of_curvature + 4 * EPS * s)


def middle_term(pair, normalised=True):
    """Of 5.4, |g| / (g'Hg / |g|^2), for s_opt; ICANN 4 has no normalisation."""
    size = length(pair.g)
    return size / dot(pair.g, times(pair.H, pair.g)) * (size**2 if normalised else 1)


@claim.check("5.4 for parallel gradients", pairs(parallel=True), examples=60)
@claim.control("5.4 for any mini-batch gradient", pairs(), examples=20)
def full_gradient(pair):
    return equal(pair.s, middle_term(pair))


@claim.check("the quoted example")
def quoted_example():
    """.0078 where the middle term says .5715: a steep valley crossed obliquely."""
    return {
        "s_opt": close(float(STEEP.s), 0.0078, 5e-5),
        "middle term": close(float(length(STEEP.g) / STEEP.H[0][0]), 0.5715, 5e-5),
    }


STEEP = Pair(((F(1), F(0)), (F(0), F(68))), (F(5715, 10_000), F(0)), (F(3, 5), F(4, 5)))


@claim.counterexample("s_opt by eq. 5.4", only(*STEEP))
def step_as_printed(H, g, g_B, normalised=True):
    pair = Pair(H, g, g_B)
    return Contrast(middle_term(pair, normalised), pair.s)


UPHILL = Pair(((F(1), F(0)), (F(0), F(1))), (F(1), F(0)), (F(-3, 5), F(4, 5)))


@claim.check(
    "proportional to the norm",
    st.integers(1, 3).flatmap(
        lambda n: st.tuples(st.just(n), positive(), unit_vectors(n), positive()),
    ),
    examples=60,
)
def proportional(n, h, g, unit_length):
    """H = h I and the full batch: s_opt = |g| / h."""
    eye = tuple(tuple(h * (i == j) for j in range(n)) for i in range(n))
    g = scale(unit_length, g)
    return equal(Pair(eye, g, g).s, length(g) / h)


claim.check("a negative step")(lambda: above(0, UPHILL.s))
claim.counterexample("s_opt by ICANN 4, where g_B = g", only(STEEP.H, STEEP.g))(
    lambda H, g: step_as_printed(H, g, g, normalised=False)
)
