r"""ERM-10  Losses of networks are non-convex

Where: dissertation, section 2.3
Claim: The loss of a network is not convex: already for two factors it is 0 at two points and 1 half-way. Exchanging
    hidden units gives such pairs of points for larger networks.
Formula: \mathcal L(\theta) = (\theta_1 \theta_2 - 1)^2: \quad \mathcal L(1, 1) = \mathcal L(-1, -1) = 0,\quad \mathcal
    L(0, 0) = 1
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import permutations

import numpy as np

import toybox as tb

from ...cases import EPS
from ...claim import above, close, equal, only, told
from ...ours import Factorization
from ...proof import Theorem

claim = told(__doc__)


@claim.check("two factors, exactly", degree="proved")
@claim.control("two factors in one", only([(F(1), F(0))], None))
def two_factors(X=((F(1),),), rank=1):
    """h = theta_2 theta_1 x with x = y = 1: higher half-way than at both ends."""
    plain = Factorization(X, [(F(1),)], rank)
    a, half, b = (plain.value((F(v), F(v)), (0,)) for v in (1, 0, -1))
    return {"losses": equal([a, half, b], [0, 1, 0]), "bump": above(half, max(a, b))}


@claim.proof("two hidden units exchanged", broken={"two units that differ": {"second": 1}})
def exchanged(u1, u2, w1, w2, v1, v2, second=0):
    """Two hidden units that copy their inputs, W2 W1 = I, exchanged: the loss stays 0. Half-way both have the weights
    w, and what they make of them has the weights u: the mean square of 2 u w' - I is at least a quarter, the sum of
    squares being 1 + (2 u'w - 1)^2 + 4 (u1 w2 - u2 w1)^2. (So it is in larger networks: half-way two of all columns are
    the same, and a singular matrix misses I by 1 at least.) second: how much of a unit with other weights is added."""
    rows = [2 * u1 * w1 + second * v1 - 1, 2 * u1 * w2, 2 * u2 * w1, 2 * u2 * w2 + second * v2 - 1]
    return Theorem((), {"a quarter": sum(row**2 for row in rows) / 4 >= F(1, 4)})


@claim.proof("a linear model is convex", broken={"beyond both ends": {"farthest": 2}})
def convex(r, s, t, farthest=1):
    """Its residuals between two points are means of those at the points."""
    between = (1 - t) * r + t * s
    return Theorem((t >= 0, t <= farthest), {"below": between**2 <= (1 - t) * r**2 + t * s**2})


def permuted(theta, order, inputs, columns=True):
    """The hidden units in another order: rows of W1 and columns of W2; theta (..., dim)."""
    rank, theta = len(order), np.asarray(theta)
    cut = rank * inputs
    W1 = theta[..., :cut].reshape(*theta.shape[:-1], rank, inputs)[..., order, :]
    W2 = theta[..., cut:].reshape(*theta.shape[:-1], -1, rank)
    parts = (W1, W2[..., order] if columns else W2)
    return np.concatenate([part.reshape(*theta.shape[:-1], -1) for part in parts], axis=-1)


@claim.check("hidden units exchanged after training", lambda budget: range(budget.many(5, 50)), degree="sampled")
@claim.control("their inputs exchanged only", only(0), columns=False)
def trained(seed, columns=True):
    """Networks of 3 hidden units, trained by SLS from four starts: exchanging units, the loss stays as it is.

    Sums of 3 and 4 products in another order: a residual R = X W1'W2' - Y changes by 7 eps |X| |W1|' |W2|' =: e, the
    mean of R^2 by 2 sqrt(mean R^2) sqrt(mean e^2), and its own 36 terms lose 40 eps of it.
    """
    rng = np.random.default_rng(seed)
    X, Y = rng.standard_normal((12, 4)), rng.standard_normal((12, 3))
    problem = tb.problems.Factorization(X, Y, rank=3)
    theta = tb.run(problem, tb.method("sls"), steps=60, batch=12, seeds=range(4), every=None).theta
    loss = lambda theta: problem.at(theta, problem.population).value
    orders = [list(order) for order in permutations(range(3)) if order != (0, 1, 2)]
    others = np.stack([permuted(theta, order, 4, columns) for order in orders])
    height, ends, half = loss(theta), loss(others), loss((theta + others) / 2)
    W1, W2 = problem.matrices(np.abs(theta))
    e = 7 * EPS * np.abs(X) @ W1.mT @ W2.mT
    tol = 2 * np.sqrt(height * np.mean(e**2, axis=(-2, -1))) + 40 * EPS * height
    return {
        "permuted": close(ends, np.broadcast_to(height, ends.shape), tol),
        "half-way, for a pair": float(np.min(np.max(half - ends, axis=0) / height)),
    }
