r"""SGD-08  Twice the optimal step improves nothing

Where: dissertation, section 5.5
Claim: On a parabola the point at twice the optimal step has the loss of the origin. If the rate 0.05 is exactly
    optimal, 0.1 improves nothing locally.
Formula: l(2\,s_{\mathrm{opt}}) = l(0)
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
from hypothesis import assume

import toybox as tb

from ...cases import EPS, dot, times
from ...claim import close, equal, only, told
from ...ours import moves, on_rule, walk
from .common import minibatches, pairs

claim = told(__doc__)


@claim.check("PAL with alpha = 2", minibatches(), examples=60)
def twice(batch):
    """PAL's step for alpha = 2 leads to a point of the same loss, on exact numbers."""
    loss = lambda x: batch.exactly.value(x, (0,))
    hyper = {"alpha": 2, "beta": 0, "mu": F(1, 3), "s_max": F(10**9)}
    move = moves("pal", batch.exactly, batch.origin, [(0,)], **hyper)[0]
    along = dot(batch.g, times(batch.Q, batch.g))
    return {
        "loss": equal(loss(move.x), loss(batch.origin)),
        "step": equal(move.step, 2 * batch.length**3 / along),  # |g| over the curvature along the unit direction
    }


@claim.check("SGD with twice the optimal rate", pairs(), examples=60)
def twice_on_full(pair):
    """SGD with twice the locally optimal rate leaves the full loss where it was."""
    rate = dot(pair.g, pair.g_B) / dot(pair.g_B, times(pair.H, pair.g_B))
    assume(rate > 0)  # else -g_B leads uphill
    origin, loss = (F(0),) * len(pair.g), lambda x: pair.exactly.value(x, (0, 1))
    return equal(loss(moves("sgd", pair.exactly, origin, [(0,)], rate=2 * rate)[0].x), loss(origin))


@claim.check("PAL on arrays", minibatches(), examples=60)
def twice_on_arrays(batch):
    """The same on arrays. A relative error e of a step 2 s_opt changes the loss by 2 |g| s_opt e; e as in SGD-01."""
    from toybox import methods

    n, mu = len(batch.g), 0.5
    problem = tb.problems.NoisyQuadratic(np.array(batch.Q, float), np.array([batch.m], float))
    found = walk(problem, on_rule(methods.pal.PAL(mu=mu, alpha=2.0, s_max=np.inf)), np.zeros(n))
    s = found.trace.size[0, 0] * float(batch.length) / 2
    before, after = found.trace.full_loss[:, 0]
    m, Q = np.abs(problem.m[0]), np.abs(problem.Q)
    far = m + np.abs(found.theta[1, 0])
    rounding = 10 * (2 * n + 10) * EPS * (1 + 2 * s / mu)
    return close(after, before, rounding * (float(far @ Q @ far) + 2 * float(batch.length) * s))


@claim.check("no cubic term", only(F(0)))
@claim.control("a cubic term", only(F(1, 10)))
def cubic(c):
    """l'(s) = (s - 1)(1 + c (s + 1)): s_opt = 1 and l(2) - l(0) = 2 c / 3."""
    coefficients = [-(1 + c), F(1, 2), c / 3]  # of s, s^2, s^3
    l = lambda s: sum(a * s ** (p + 1) for p, a in enumerate(coefficients))  # noqa: E741
    return equal(l(2), 0)
