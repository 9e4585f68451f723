r"""WALK-07  Learning-rate regimes on a quadratic

Where: A Walk with SGD, section 6
Claim: On a quadratic gradient descent is under-damped and yet converges along those eigenvectors whose eigenvalue has
    the rate between its inverse and twice that.
Formula: u_i^\top \theta_t = (1 - \eta\lambda_i)^t\, u_i^\top \theta_0, \qquad \lambda_i^{-1} < \eta < 2 \lambda_i^{-1}
Verdict: holds
Kind: exact
Found: Below the inverse eigenvalue the component shrinks without turning, at it it is gone in one step, between it and
    twice it turns at every step, at twice it has period two, above it grows. Section 4.1 speaks of oscillation below a
    threshold and needs the lower limit, too. With momentum beta the upper limit is 2 (1 + beta) times the inverse.
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import EPS, dot, positive, vectors
from ...claim import close, equal, only, told
from ...ours import Quadratics, moves, on_rule, walk

claim = told(__doc__)


class Modes(NamedTuple):
    """f(x) = 1/2 x'Hx with eigenvalues h and unit eigenvectors U (rows), and a point with components c in them."""

    h: tuple
    U: tuple
    c: tuple

    @property
    def H(self):
        n = range(len(self.h))
        return tuple(tuple(sum(h * u[i] * u[j] for h, u in zip(self.h, self.U, strict=True)) for j in n) for i in n)

    @property
    def x(self):
        return tuple(dot(self.c, column) for column in zip(*self.U, strict=True))

    @property
    def exactly(self):
        return Quadratics([self.H], [(F(0),) * len(self.h)])

    @property
    def arrays(self):
        return tb.problems.NoisyQuadratic(np.array(self.H, float), np.zeros(len(self.h)))

    def components(self, steps):
        """Of the start and of the iterates of the moves: for each eigenvector a sequence."""
        places = [self.x, *(step.x for step in steps)]
        return [[dot(u, x) for x in places] for u in self.U]


@st.composite
def modes(draw, n=st.integers(1, 3)) -> Modes:
    """Eigenvectors: the columns of I - 2 v v' / v'v. No component is 0."""
    n = draw(n)
    v = draw(st.tuples(*[st.integers(-3, 3)] * n).filter(any))
    U = tuple(tuple(F(i == j) - F(2 * v[i] * v[j], dot(v, v)) for j in range(n)) for i in range(n))
    return Modes(draw(st.tuples(*[positive()] * n)), U, draw(vectors(n, nonzero=True)))


MONOTONE, AT_ONCE, ALTERNATING, PERIOD_TWO, DIVERGENT, OTHER = range(6)
FACTORS = tuple(F(k, 4) for k in (1, 3, 4, 5, 7, 8, 9, 12))  # eta times an eigenvalue


def regime(factor, limit=2):
    """What the text says of eta times the eigenvalue."""
    if factor < 1:
        return MONOTONE
    if factor == 1:
        return AT_ONCE
    return ALTERNATING if factor < limit else PERIOD_TWO if factor == limit else DIVERGENT


def seen(sequence):
    """What a sequence does."""
    if not any(sequence[1:]):
        return AT_ONCE
    turns = {sign(a * b) for a, b in pairwise(sequence)}
    sizes = {sign(abs(b) - abs(a)) for a, b in pairwise(sequence)}
    kinds = {(1, -1): MONOTONE, (-1, -1): ALTERNATING, (-1, 0): PERIOD_TWO, (-1, 1): DIVERGENT}
    return kinds.get((*turns, *sizes), OTHER)


def sign(v):
    return (v > 0) - (v < 0)


@claim.check("our SGD on arrays", modes(), examples=30)
def arrays_follow(case):
    """Our SGD on arrays: a step adds (n + 4) EPS (1 + eta |H|) |x| of rounding, and grows it by 1 + eta |H|."""
    rates = [factor / case.h[0] for factor in FACTORS]
    theta = walk(
        case.arrays, on_rule(methods.fixed.Fixed(rate=np.array(rates, float))), np.array(case.x, float), 4
    ).theta
    size, n, slack = float(max(case.h)), len(case.h), {}
    for rate, found in zip(rates, np.moveaxis(theta[1:, 0], 1, 0), strict=True):
        exact = [step.x for step in moves("sgd", case.exactly, case.x, [(0,)] * 4, rate=rate)]
        growth = (1 + float(rate) * size) ** np.arange(1, 5) * np.linalg.norm(np.array(case.x, float))
        slack[f"{rate}"] = close(found, np.array(exact, float), ((n + 4) * EPS * np.arange(1, 5) * growth)[:, None])
    return slack


@claim.control("oscillation at any rate below 2 / eigenvalue", lambda budget: FACTORS[:5])
def oscillates(factor):
    """A component alternates and shrinks."""
    steps = moves("sgd", UNIT.exactly, UNIT.x, [(0,)] * 4, rate=factor)
    return equal(seen(UNIT.components(steps)[0]), ALTERNATING)


@claim.control("momentum 1/2, beyond 2 / eigenvalue", only(F(1, 2), F(5, 2)))
def with_momentum(beta, factor):
    """The regime without momentum, of a run with it."""
    steps = moves("momentum", UNIT.exactly, UNIT.x, [(0,)] * 6, rate=factor, beta=beta)
    return equal(seen(UNIT.components(steps)[0]), regime(factor))


@claim.check("the limit with momentum")
@claim.control("momentum, the limit 2", only(lambda beta: 2 + 0 * beta))
def limit_with_momentum(limit=lambda beta: 2 * (1 + beta)):
    """A fiftieth below the limit 600 steps of ours shrink to less than e^-5, as much above it they grow to e^5."""
    beta = np.array([0.0, 0.3, 0.6, 0.9])
    slack = {}
    for name, factor, way in (("below", 0.98, -1), ("above", 1.02, 1)):
        direction = methods.momentum.Momentum(beta=beta)
        optimizer = on_rule(methods.fixed.Fixed(rate=factor * limit(beta)), direction)
        end = tb.run(UNIT.arrays, optimizer, steps=600, batch=1, theta=[1.0], every=None).theta
        slack[name] = float(np.min(way * np.log(np.abs(end)) - 5))
    return slack


UNIT = Modes((F(1),), ((F(1),),), (F(1),))


@claim.check(
    "all regimes, on exact numbers", st.tuples(modes(), st.integers(0, 2), st.sampled_from(FACTORS)), examples=100
)
@claim.control("divergence from 3 / eigenvalue on", only(UNIT, 0, F(9, 4)), limit=3)
def follows(case, k, factor, limit=2):
    """Components are (1 - eta h)^t times the first and do as the text says, one of them at the factor wanted."""
    k %= len(case.h)
    rate = factor / case.h[k]
    steps = moves("sgd", case.exactly, case.x, [(0,)] * 4, rate=rate)
    slack = {}
    for j, (h, found) in enumerate(zip(case.h, case.components(steps), strict=True)):
        slack[f"powers {j}"] = equal(found, [(1 - rate * h) ** t * found[0] for t in range(5)])
        slack[f"regime {j}"] = equal(seen(found), regime(rate * h, limit))
    return slack
