r"""ALIG-03  Fejer monotone under interpolation with minimum 0

Where: dissertation, the text before eq. 2.50
Claim: If all mini-batch losses are convex, with a common minimiser at which they are 0, no step of ALI-G increases the
    distance to it.
Formula: \|w^+ - w^*\|^2 \le \|w - w^*\|^2 - \lambda L_i(w), \qquad \lambda = \min\left(\frac{L_i}{\|g\|^2+\epsilon},
    \eta\right)
Verdict: holds
Kind: property
Found: With equality where a loss is linear. Where the minimum is 1 and not 0, a step from w = .1 on w^2 / 2 + 1 ends at
    -9.95.
"""

from __future__ import annotations

from fractions import Fraction as F
from functools import partial
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import EPS, powers, seeds
from ...claim import below, equal, only, told
from ...ours import Plain, on_rule, walk
from ...proof import Theorem, smaller
from .common import alig

claim = told(__doc__)


@claim.proof("a step", broken={"minimum 1": {"least": 1}, "a rate twice as large": {"times": 2}})
def nearer(distance, product, square, loss, eps, most, times=1, least=0):
    """distance = |w - w*|^2, square = |g|^2, product = g'(w - w*), which is at least L(w) - L(w*) of a convex loss."""
    rate = times * smaller(loss / (square + eps), most)
    return Theorem(
        (distance > 0, square > 0, loss >= 0, eps >= 0, most > 0, product >= loss - least),
        {"Fejer": distance - 2 * rate * product + rate**2 * square <= distance - rate * loss},
    )


@claim.proof("equality", broken={"with eps": {"eps": 1}})
def linear(distance, square, loss, eps=0):
    """Where the loss is linear up to its root: then product = loss."""
    rate = loss / (square + eps)
    after = distance - 2 * rate * loss + rate**2 * square
    return Theorem((square > 0, loss > 0), {"equal": after == distance - rate * loss})


class Summands(NamedTuple):
    """16 lanes of three losses with the common minimiser best (n,), where all are 0; loss k of a lane is

    |z|^p / p with z = a'(w - best), for p = 1, 2, 4, or the squared hinge max(0, 1 - a'w)^2, for p = 0.
    """

    a: np.ndarray  # (3, 16, n)
    p: np.ndarray  # (16,)
    best: np.ndarray
    start: np.ndarray  # (16, n)
    max_rate: np.ndarray  # (16,)
    eps: np.ndarray

    def __call__(self, theta, index, least=0.0):
        a, p = self.a[np.ravel(index)[0]], self.p
        u = np.where(p, (a * (theta - self.best)).sum(-1), np.maximum(1 - (a * theta).sum(-1), 0))
        value = np.where(p, np.abs(u) ** p / np.maximum(p, 1), u**2)
        factor = np.where(p, np.sign(u) * np.abs(u) ** np.maximum(p - 1, 0), -2 * u)
        return value + least, factor[..., None] * a


@st.composite
def summands(draw):
    rng, n = np.random.default_rng(draw(seeds)), draw(st.integers(1, 5))
    a, best = rng.standard_normal((3, 16, n)), 0.1 + rng.random(n)
    p = rng.choice([0, 1, 2, 4], 16)
    separated = a / (a @ best)[..., None] * rng.uniform(1, 3, (3, 16, 1))  # a'best >= 1
    a = np.where((p == 0)[:, None], separated, a * draw(powers(-2, 2)))
    start = best + draw(powers(-2, 2)) * rng.standard_normal((16, n))
    return Summands(a, p, best, start, 10.0 ** rng.uniform(-3, 3, 16), rng.choice([0.0, 1e-5, 1.0], 16))


@claim.check("powers and squared hinges", summands(), examples=200)
@claim.control("powers and squared hinges, minimum 1", summands(), examples=20, least=1.0)
def fejer(case, least=0.0, steps=2):
    """|w+ - w*|^2 <= |w - w*|^2 - rate L_i(w).

    A loss and its slope are those of one u, which is off by (n + 3) eps |a| (|w| + |w*|), and rate |g| is at most
    |w - w*|; w+ and the squares round like it.
    """
    problem = tb.problems.FromFunction(partial(case, least=least), len(case.best), 3)
    rule = methods.alig.ALIG(case.max_rate, case.eps)
    run = walk(problem, on_rule(rule), case.start[None], steps, lambda t, j: np.array([[[t % 3]]]), batch=1)
    away = np.linalg.norm(run.theta - case.best, axis=-1)
    size = away[:-1] * (np.linalg.norm(run.theta[:-1], axis=-1) + np.linalg.norm(case.best) + away[:-1])
    tolerance = 10 * (len(case.best) + 5) * EPS * size + 1e-300
    return below(away[1:] ** 2, away[:-1] ** 2 - run.trace.size * run.trace.loss, tolerance)


@claim.check("where a step from .1 ends", only(1), degree="proved")
@claim.control("with the minimum 0", only(0))
def thrown_away(least):
    """On w^2 / 2 + 1 a step from .1 ends at -9.95."""
    return equal(alig(Plain(lambda x: x[0] ** 2 / 2 + least, lambda x: x), (F(1, 10),), F(0)).x[0], F(-995, 100))
