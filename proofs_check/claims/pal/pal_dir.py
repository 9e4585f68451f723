r"""PAL-DIR  PAL's direction is momentum's

Where: dissertation, sections 4.3 and 4.4, eqs. 4.3, 4.4 and 2.39
Claim: Adding the last direction times beta to the negative gradient gives minus the vector of momentum; the slope of
    the line is the gradient times the unit direction.
Formula: d_t = -g_t + \beta d_{t-1},\ d_0 = -g_0 \ \Rightarrow\ d_t = -m_t, \qquad l'(0) = g_t^\top \frac{d_t}{\|d_t\|}
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise
from math import inf
from typing import NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import EPS, add, dot, norm, positive
from ...claim import close, equal, told
from ...ours import Plain, moves, walk
from .common import ZERO

claim = told(__doc__)

PYTHAGOREAN = st.sampled_from([(3, 4), (5, 12), (8, 15), (-4, 3), (12, -5), (-15, -8), (1, 0), (0, -1), (-3, -4)])


@st.composite
def direction_sequences(draw):
    """Directions of rational lengths, and beta; the gradients g_t = beta d_{t-1} - d_t follow."""
    ds = draw(st.lists(st.tuples(PYTHAGOREAN, positive(5, 3)), min_size=2, max_size=5))
    beta = draw(st.integers(1, 9).map(lambda k: F(k, 10)))
    return [(k * u, k * v) for (u, v), k in ds], beta


def gradients(ds, beta):
    return [add(tuple(-v for v in d), beta, before) for d, before in zip(ds, [(ZERO, ZERO), *ds], strict=False)]


def linear(gs):
    """Losses g'x."""
    return Plain(parts=[(lambda x, g=g: dot(g, x), lambda x, g=g: g) for g in gs])


def momentum_of(gs, beta):
    """The vectors m_t of momentum, from its displacements at the rate 1 on losses g'x."""
    walked = moves("momentum", linear(gs), (ZERO, ZERO), [(t,) for t in range(len(gs))], rate=1, beta=beta)
    places = [(ZERO, ZERO), *(move.x for move in walked)]
    return [add(before, -1, after) for before, after in pairwise(places)]


@claim.check("momentum", direction_sequences(), examples=200)
@claim.control("the first step skipped", direction_sequences(), examples=20, skipped=1)
def is_momentum(ds, beta, skipped=0):
    """d_t = -m_t. skipped: first steps that momentum does not see, as if d_0 were 0."""
    ms = momentum_of(gradients(ds, beta)[skipped:], beta)
    return equal([tuple(-v for v in m) for m in ms], ds[skipped:])


class Bowls(NamedTuple):
    """One loss per step, g_t'(x - p_t) + |x - p_t|^2: PAL's places p_t if its direction is d_t and its slope g_t'd_t /
    |d_t|, which shows in a step of half that length."""

    gs: list
    ps: list  # one more

    def parts(self):
        return [
            (
                lambda x, g=g, p=p: dot(g, add(x, -1, p)) + dot(add(x, -1, p), add(x, -1, p)),
                lambda x, g=g, p=p: add(g, 2, add(x, -1, p)),
            )
            for g, p in zip(self.gs, self.ps, strict=False)
        ]


def bowls(ds, beta):
    gs, ps = gradients(ds, beta), [(ZERO, ZERO)]
    for g, d in zip(gs, ds, strict=True):
        b = dot(g, d) / norm(d)
        ps.append(add(ps[-1], max(-b / 2, ZERO) / norm(d), d))
    return Bowls(gs, ps)


@claim.check("PAL on exact numbers", direction_sequences(), examples=200)
def pal_follows(ds, beta):
    """PAL on exact numbers passes through those places."""
    expected = bowls(ds, beta)
    batches = [(t,) for t in range(len(ds))]
    walked = moves("pal", Plain(parts=expected.parts()), (ZERO, ZERO), batches, mu=F(1, 3), beta=beta, s_max=inf)
    return equal([move.x for move in walked], expected.ps[1:])


@claim.check("PAL on arrays", direction_sequences(), examples=200)
def arrays_follow(ds, beta):
    """Our direction and rule on arrays, wherever no slope is so near 0 that its sign is rounding."""
    expected = bowls(ds, beta)
    assume(all(abs(dot(g, d)) > F(1, 1000) for g, d in zip(expected.gs, ds, strict=True)))
    gs, ps = np.array(expected.gs, float), np.array(expected.ps, float)
    centres = ps[:-1] - gs / 2
    problem = tb.problems.NoisyQuadratic(2 * np.eye(2), centres)
    along = tb.methods.fixed.Unit(tb.methods.momentum.Momentum(float(beta)))
    rule = tb.Optimizer(along, methods.pal.PAL(1 / 3, s_max=inf))
    theta = walk(problem, rule, np.zeros(2), len(ds), lambda t, j: np.array([[t]]), 1).theta[:, 0]
    size = np.abs(gs).max() + np.abs(ps).max()
    lengths = min(float(norm(d)) for d in ds)
    return close(theta, ps, 64 * len(ds) ** 2 * EPS * size * (1 + size) * (1 + size / lengths))
