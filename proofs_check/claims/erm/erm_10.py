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
from typing import NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb

from ...cases import EPS, rationals
from ...claim import above, at_most, close, equal, only, told
from ...ours import Factorization

claim = told(__doc__)


class Ends(NamedTuple):
    """Two parameter vectors of a factorization with data X and Y."""

    X: list
    Y: list
    rank: int | None
    a: tuple
    b: tuple

    @property
    def heights(self):
        """Losses at a, half-way and at b."""
        plain, whole = Factorization(self.X, self.Y, self.rank), range(len(self.X))
        half = tuple((u + v) / 2 for u, v in zip(self.a, self.b, strict=True))
        return [plain.value(x, whole) for x in (self.a, half, self.b)]


ONE = [(F(1),)]
CORNERS = (F(1), F(1)), (F(-1), F(-1))


@claim.control("two factors in one", only(Ends([(F(1), F(0))], ONE, None, *CORNERS)))
def bump(ends):
    """Half-way the loss is higher than at both ends: it is not convex."""
    a, half, b = ends.heights
    return above(half, max(a, b))


@claim.check("two factors")
def two_factors():
    """h = theta_2 theta_1 x with x = y = 1."""
    ends = Ends(ONE, ONE, 1, *CORNERS)
    problem = tb.problems.Factorization([[1.0]], [[1.0]], rank=1)
    theta = np.array([[1.0, 1.0], [0.0, 0.0], [-1.0, -1.0]])
    return {
        "losses": equal(ends.heights, [0, 1, 0]),
        "bump": bump(ends),
        "arrays": equal(problem.at(theta, problem.population).value.tolist(), [0.0, 1.0, 0.0]),
    }


def permuted(theta, order, inputs):
    """The hidden units in another order: rows of W1 and columns of W2; theta (..., dim)."""
    rank, theta = len(order), np.asarray(theta)
    cut = rank * inputs
    W1 = theta[..., :cut].reshape(*theta.shape[:-1], rank, inputs)[..., order, :]
    W2 = theta[..., cut:].reshape(*theta.shape[:-1], -1, rank)[..., order]
    return np.concatenate([part.reshape(*theta.shape[:-1], -1) for part in (W1, W2)], axis=-1)


@st.composite
def perfect(draw):
    """W2 = A and its inverse W1: a network of two hidden units that copies its inputs, and its mirror image."""
    a, b, c, d = draw(st.tuples(*[rationals()] * 4).filter(lambda A: A[0] * A[3] != A[1] * A[2]))
    D = a * d - b * c
    unit = [(F(1), F(0)), (F(0), F(1))]
    theta = (d / D, -b / D, -c / D, a / D, a, b, c, d)
    return Ends(unit, unit, 2, theta, tuple(permuted(theta, [1, 0], 2)))


@claim.check("hidden units exchanged, exact numbers", perfect(), examples=200)
def mirrored(ends):
    """Half-way both units are the same; what has rank 1 misses the unit matrix by at least 1 of its 4 squares."""
    a, half, b = ends.heights
    return {"loss": equal(a, 0), "permuted": equal(b, 0), "half-way": at_most(F(1, 4), half)}


@claim.check("hidden units exchanged after training", lambda budget: range(budget.many(5, 50)))
def trained(seed):
    """Networks of 3 hidden units, trained by SLS from four starts: exchanging units, the loss stays as it is.

    Sums of 3 and 4 products in another order: a residual R = X W1'W2' - Y changes by 7 eps |X| |W1|' |W2|' =: e, the
    mean of R^2 by 2 sqrt(mean R^2) sqrt(mean e^2), and its own 36 terms lose 40 eps of it.
    """
    rng = np.random.default_rng(seed)
    X, Y = rng.standard_normal((12, 4)), rng.standard_normal((12, 3))
    problem = tb.problems.Factorization(X, Y, rank=3)
    theta = tb.run(problem, tb.method("sls"), steps=60, batch=12, seeds=range(4), every=None).theta
    loss = lambda theta: problem.at(theta, problem.population).value
    others = np.stack([permuted(theta, list(order), 4) for order in permutations(range(3)) if order != (0, 1, 2)])
    height, ends, half = loss(theta), loss(others), loss((theta + others) / 2)
    W1, W2 = problem.matrices(np.abs(theta))
    e = 7 * EPS * np.abs(X) @ W1.mT @ W2.mT
    tol = 2 * np.sqrt(height * np.mean(e**2, axis=(-2, -1))) + 40 * EPS * height
    return {
        "permuted": close(ends, np.broadcast_to(height, ends.shape), tol),
        "half-way, for a pair": float(np.min(np.max(half - ends, axis=0) / height)),
    }


@st.composite
def linear(draw):
    """The linear model on the same sort of data, at any two points."""
    numbers = lambda n: draw(st.tuples(*[rationals()] * n))
    size = draw(st.integers(1, 3))
    X, Y = [numbers(2) for _ in range(size)], [numbers(1) for _ in range(size)]
    return Ends(X, Y, None, numbers(2), numbers(2))


@claim.control("a linear model", linear(), examples=50)
def uneven(ends):
    """Where the three losses differ."""
    assume(len(set(ends.heights)) == 3)
    return bump(ends)


@claim.check("a linear model is convex", linear(), examples=200)
def convex(ends):
    a, half, b = ends.heights
    return at_most(half, (a + b) / 2)
