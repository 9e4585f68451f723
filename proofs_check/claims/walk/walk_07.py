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

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import positive, vectors
from ...claim import equal, only, told
from ...ours import Quadratics, moves, on_rule
from ...proof import Theorem, every, implies, same, size

claim = told(__doc__)


@claim.proof("all regimes", broken={"divergence from 3 / eigenvalue on": {"limit": 3}, "from 0 on": {"least": 0}})
def regimes(factor, c, least=1, limit=2):
    """A component c along an eigenvector, and after a step whose rate times the eigenvalue is the factor. The steps to
    come multiply by the same number, so that what one step does all do."""
    after = (1 - factor) * c
    kept, turned = after * c > 0, after * c < 0
    return Theorem(
        (factor > 0, c != 0),
        {
            "shrinks": same(every(kept, size(after) < size(c)), factor < 1),
            "gone at once": same(after == 0, factor == 1),
            "turns and shrinks": same(every(turned, size(after) < size(c)), every(least < factor, factor < limit)),
            "period two": same(after == -c, factor == 2),
            "turns and grows": same(every(turned, size(after) > size(c)), factor > limit),
        },
    )


@claim.proof("below the limit with momentum", broken={"the limit 2 (1 + 2 beta)": {"weight": 2}})
def converges(factor, beta, x, y, weight=1):
    """x_{t+1} - x_t = beta (x_t - x_{t-1}) - factor x_t has the solutions z^t, z = x + i y a root of
    z^2 - (1 + beta - factor) z + beta: all shrink if |z| < 1."""
    trace = 1 + beta - factor
    root = (x * x - y * y - trace * x + beta == 0, 2 * x * y == trace * y)
    below = factor < 2 * (1 + weight * beta)
    return Theorem((beta >= 0, beta < 1, factor > 0, *root), {"inside": implies(below, x * x + y * y < 1)})


@claim.proof("above the limit with momentum", broken={"the limit 2": {"weight": 0}})
def diverges(factor, beta, root, weight=1):
    """There the smaller root is real and below -1."""
    trace = 1 + beta - factor
    real = (root >= 0, root * root == trace * trace - 4 * beta)
    given = (beta >= 0, beta < 1, factor > 2 * (1 + weight * beta), *real)
    return Theorem(given, {"outside": (trace - root) / 2 < -1})


def modes(n):
    """Eigenvalues, a start and a rate."""
    return st.tuples(st.tuples(*[positive()] * n), vectors(n, nonzero=True), positive())


@claim.check("our SGD, on exact numbers", st.integers(1, 3).flatmap(modes), examples=60)
@claim.control("our SGD, half of the eigenvalues", modes(2), examples=10, share=F(1, 2))
def follows(h, c, rate, share=1):
    """Components are (1 - eta h)^t times the first; the axes are the eigenvectors."""
    Q = tuple(tuple(v * (i == j) for j in range(len(h))) for i, v in enumerate(h))
    path = moves("sgd", Quadratics([Q], [(F(0),) * len(h)]), c, [(0,)] * 4, rate=rate)
    powers = [tuple((1 - share * rate * v) ** t * x for v, x in zip(h, c, strict=True)) for t in range(1, 5)]
    return equal([step.x for step in path], powers)


@claim.check("our limit with momentum")
@claim.control("our momentum, the limit 2", only(lambda beta: 2 + 0 * beta))
def limit_with_momentum(limit=lambda beta: 2 * (1 + beta)):
    """A fiftieth below the limit 600 steps of ours shrink to less than e^-5, as much above it they grow to e^5."""
    beta = np.array([0.0, 0.3, 0.6, 0.9])
    slack = {}
    for name, factor, way in (("below", 0.98, -1), ("above", 1.02, 1)):
        direction = methods.momentum.Momentum(beta=beta)
        optimizer = on_rule(methods.fixed.Fixed(rate=factor * limit(beta)), direction)
        problem = tb.problems.NoisyQuadratic(np.eye(1), np.zeros(1))
        end = tb.run(problem, optimizer, steps=600, batch=1, theta=[1.0], every=None).theta
        slack[name] = float(np.min(way * np.log(np.abs(end)) - 5))
    return slack
