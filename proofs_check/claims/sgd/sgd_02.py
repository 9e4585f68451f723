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

import toybox as tb
from toybox import methods

from ...cases import EPS, dot, times
from ...claim import Contrast, close, equal, holds, only, told
from ...ours import moves, on_rule, walk
from ...proof import Theorem, implies, same
from .common import Pair, length, pairs

claim = told(__doc__)


@claim.proof("any gradients and Hessian", broken={"the norm for the inner product": {"along": lambda gb, gg, bb: gg}})
def vertex(gb, gg, bb, bHb, size, s, along=lambda gb, gg, bb: gb):
    """By g'g_B, |g|^2, |g_B|^2, g_B'H g_B and the length of g_B. The slope of the full loss along -g_B/|g_B| is 0 at
    s_opt, which is negative where the two gradients are opposed; so is c, where s_opt = c (-|g_B|) is positive."""
    optimal, slope = along(gb, gg, bb) * size / bHb, -gb / size + s * bHb / bb
    return Theorem(
        (bHb > 0, gg > 0, size > 0, size**2 == bb, gb**2 <= gg * bb),
        {
            "vertex": same(slope == 0, s == optimal),
            "rate": optimal / size == gb / bHb,
            "negative": same(optimal < 0, gb < 0),
            "sign of c": same(optimal > 0, optimal / -size < 0),
        },
    )


@claim.proof("5.4 for parallel gradients", broken={"for any mini-batch gradient": {"parallel": False}})
def middle_term(gb, bHb, gHg, size, full_size, c, h, parallel=True):
    """g = c g_B, c > 0, with the lengths of g_B and g. And for the full batch and H = h I: s_opt = |g| / h."""
    exactly = (full_size == c * size, gHg == c**2 * bHb, gb == c * size**2)
    optimal = gb * size / bHb
    return Theorem(
        (bHb > 0, gHg > 0, size > 0, full_size > 0, gb**2 <= (size * full_size) ** 2, c > 0, h > 0)
        + (exactly if parallel else ()),
        {
            "middle term": optimal == full_size**3 / gHg,
            "not normalised": implies(full_size == 1, optimal == full_size / gHg),
            "proportional": implies(size == full_size, implies(bHb == h * size**2, optimal == full_size / h)),
        },
    )


def best_rate(pair):
    return dot(pair.g, pair.g_B) / dot(pair.g_B, times(pair.H, pair.g_B))


def of_middle_term(pair, normalised=True):
    """|g| / (g'Hg / |g|^2), for s_opt; ICANN 4 has no normalisation."""
    size = length(pair.g)
    return size / dot(pair.g, times(pair.H, pair.g)) * (size**2 if normalised else 1)


def rate_as_printed(pair):
    return of_middle_term(pair) / length(pair.g_B)


@claim.check("our search on exact numbers", pairs(), examples=60)
@claim.control("5.4 on exact numbers", pairs(), examples=20, rated=rate_as_printed)
def searched(pair, rated=best_rate):
    """s_opt / |g_B| is the learning rate that our exact search finds; where -g_B ascends it stays."""
    move, rate = moves("exact-full", pair.exactly, (F(0),) * len(pair.g), [(0,)])[0], rated(pair)
    status = "FOUND" if rate > 0 else "STATIONARY" if rate == 0 else "ASCENT"
    return {"step": equal(move.step, max(rate, 0)), "status": holds(move.status.name == status)}


@claim.check("our search on arrays", pairs(), examples=60)
@claim.control("5.4 on arrays", pairs(), examples=20, rated=rate_as_printed)
def searched_on_arrays(pair, rated=best_rate):
    """Our exact search on arrays goes there, too.

    Its slope has the error of 2 n + 8 operations on |d|'|H||x - m_i|, the curvature that of |d|'|H||d|; it stops within
    4 EPS of s.
    """
    H, n = np.array(pair.H, float), len(pair.g)
    m = np.array(pair.exactly.m, float)
    problem = tb.problems.NoisyQuadratic(H, m)
    first = np.array([[0]])
    found = walk(problem, on_rule(methods.exact.Exact(on="full")), np.zeros(n), sampler=lambda t, j: first, batch=1)
    size = float(length(pair.g_B))
    unit = np.array(pair.g_B, float) / size
    rough, bend = np.abs(unit) @ np.abs(H), unit @ H @ unit
    s = max(float(rated(pair)) * size, 0.0)
    of_slope = (2 * n + 8) * EPS * (rough @ np.abs(m).max(axis=0)) / bend
    of_curvature = s * (n + 10) * EPS * (rough @ np.abs(unit)) / bend
    return close(found.theta[1, 0], -s * unit, 2 * of_slope + of_curvature + 4 * EPS * s)


STEEP = Pair(((F(1), F(0)), (F(0), F(68))), (F(5715, 10_000), F(0)), (F(3, 5), F(4, 5)))


@claim.counterexample("s_opt by eq. 5.4", only(*STEEP))
def step_as_printed(H, g, g_B, normalised=True):
    pair = Pair(H, g, g_B)
    return Contrast(of_middle_term(pair, normalised), pair.s)


@claim.counterexample("s_opt by ICANN 4, where g_B = g", only(*STEEP[:2]))
def not_normalised(H, g):
    return step_as_printed(H, g, g, normalised=False)
