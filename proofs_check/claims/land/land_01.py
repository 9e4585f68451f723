r"""LAND-01  Rescaled weights and filter normalisation

Where: dissertation, eq. 2.51
Claim: The weights of a network can be rescaled without changing what it computes. Directions whose filters are scaled
    to the lengths of the network's filters show the same losses for all such networks.
Formula: (W_1, b, W_2) \to (\gamma W_1, \gamma b, W_2 / \gamma) \;\Rightarrow\; C(\alpha, \beta) = \mathcal{L}(\theta^*
    + \alpha \delta + \beta \mu) \text{ unchanged}, \quad \gamma > 0
Verdict: holds
Kind: exact
Found: So it is where the activation is positively homogeneous, as ReLU is, and biases are rescaled too.
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

import toybox as tb

from ...cases import EPS, powers, seeds
from ...claim import close, told
from ...proof import Theorem, larger

claim = told(__doc__)


@claim.proof("filters of scaled weights", broken={"a negative factor": {"way": -1}})
def lengths(gamma, u, v, length, scaled_length, way=1):
    """A row with the entries u and v (more add to its square what they do) becomes gamma times as long, and the row of
    a direction scaled to it, so."""
    square = u * u + v * v
    given = (
        way * gamma > 0,
        length >= 0,
        length**2 == square,
        scaled_length >= 0,
        scaled_length**2 == gamma**2 * square,
    )
    return Theorem(given, {"scaled": scaled_length == gamma * length})


@claim.proof("a hidden unit", broken={"a bias left as it is": {"bias": 0}, "no homogeneity": {"shift": 1}})
def unit(gamma, z, b, w, bias=1, shift=0):
    """What it adds to an output: z is the sum of what inputs add, with weights somewhere in the plane of directions, w
    its outgoing weight there. With all weights, and directions as above, multiplied, it adds the same."""
    act = lambda z: larger(0, z - shift)
    scaled_b = gamma * b if bias else b
    return Theorem((gamma > 0,), {"output": (w / gamma) * act(gamma * z + scaled_b) == w * act(z + b)})


def as_long(D, W):
    """Filter normalisation: rows of D with the lengths of those of W."""
    length = lambda M: np.sqrt((M * M).sum(axis=-1, keepdims=True))
    return D * (length(W) / length(D))


SIZES = st.tuples(st.integers(1, 5), st.integers(1, 6), st.integers(1, 3))


@claim.check("lines of our factorisations", st.tuples(SIZES, seeds, powers(-2, 2)), examples=100)
@claim.control("directions as drawn", st.tuples(SIZES, seeds, powers(-2, 2)), examples=10, normalized=False)
@claim.control("only one layer scaled", st.tuples(SIZES, seeds, powers(-2, 2)), examples=10, both=False)
def lines(sizes, seed, gamma, normalized=True, both=True):
    """Our factorisations W2 W1 x are such networks without activation and bias: their losses along a direction, within
    64 eps of the sum of all terms, positive: at most 6 and 5 of them in the inner products, a few roundings for each
    weight, all counted twice by the square."""
    (inputs, hidden, outputs), normal = sizes, np.random.default_rng(seed).standard_normal
    shapes, alpha = ((hidden, inputs), (outputs, hidden)), np.array([0.0, 0.5, -1.25])
    W, D = ([normal(shape) for shape in shapes] for _ in range(2))
    X, Y = normal((8, inputs)), normal((8, outputs))
    found = []
    for scales in ((1, 1), (gamma, 1 / gamma if both else 1)):
        scaled = [c * part for c, part in zip(scales, W, strict=True)]
        directions = [as_long(*pair) for pair in zip(D, scaled, strict=True)] if normalized else D
        problem = tb.problems.Factorization(X, Y, rank=hidden)
        flat = lambda parts: np.concatenate([part.ravel() for part in parts])
        line = problem.at(flat(scaled), problem.population).along(flat(directions))
        found.append(line.value0 + line.change(alpha))
    most = [np.abs(w) + np.abs(alpha)[:, None, None] * np.abs(as_long(d, w)) for w, d in zip(W, D, strict=True)]
    size = ((np.abs(X) @ most[0].mT @ most[1].mT + np.abs(Y)) ** 2).mean(axis=(1, 2))
    return close(found[1], found[0], 64 * EPS * size)
