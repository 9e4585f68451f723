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

from typing import NamedTuple

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


class Network(NamedTuple):
    """W2 act(W1 x + b) on data X, Y, and two random directions of (W1, W2)."""

    W1: np.ndarray  # (hidden, inputs)
    b: np.ndarray  # (hidden,)
    W2: np.ndarray  # (outputs, hidden)
    X: np.ndarray  # (n, inputs)
    Y: np.ndarray  # (n, outputs)
    directions: tuple

    def rescaled(self, gamma, bias=True):
        return self._replace(W1=gamma * self.W1, b=gamma * self.b if bias else self.b, W2=self.W2 / gamma)

    def along(self, normalized):
        """The directions, each row as long as the same row of the weights, or as they were drawn."""
        if not normalized:
            return self.directions
        return [(as_long(D1, self.W1), as_long(D2, self.W2)) for D1, D2 in self.directions]


def as_long(D, W):
    """Filter normalisation: rows of D with the lengths of those of W."""
    length = lambda M: np.sqrt((M * M).sum(axis=-1, keepdims=True))
    return D * (length(W) / length(D))


@st.composite
def networks(draw, bias=True):
    inputs, hidden, outputs = draw(st.tuples(st.integers(1, 5), st.integers(1, 6), st.integers(1, 3)))
    normal = np.random.default_rng(draw(seeds)).standard_normal
    shapes = (hidden, inputs), (outputs, hidden)
    b = normal(hidden) if bias else np.zeros(hidden)
    directions = tuple(tuple(normal(shape) for shape in shapes) for _ in range(2))
    return Network(normal(shapes[0]), b, normal(shapes[1]), normal((8, inputs)), normal((8, outputs)), directions)


def relu(z):
    return np.maximum(z, 0)


A, B = (part.ravel() for part in np.meshgrid([0.0, 0.5, -1.25], [0.0, -0.75, 1.5], indexing="ij"))


def surface(net, act=relu, normalized=True):
    """The mean squared error at nine points of the plane of eq. 2.51, and the same with all its terms positive."""
    (D1, D2), (E1, E2) = net.along(normalized)
    at = lambda W, D, E: W + A[:, None, None] * D + B[:, None, None] * E
    W1, W2 = at(net.W1, D1, E1), at(net.W2, D2, E2)
    positive = lambda W, D, E: np.abs(W) + np.abs(A)[:, None, None] * np.abs(D) + np.abs(B)[:, None, None] * np.abs(E)
    V1, V2 = positive(net.W1, D1, E1), positive(net.W2, D2, E2)
    found = act(net.X @ W1.mT + net.b) @ W2.mT - net.Y
    size = (np.abs(net.X) @ V1.mT + np.abs(net.b)) @ V2.mT + np.abs(net.Y)
    return (found**2).mean(axis=(1, 2)), (size**2).mean(axis=(1, 2))


GAMMAS = powers(-2, 2)


@claim.check("lines of our factorisations", st.tuples(networks(bias=False), GAMMAS), examples=100)
@claim.control(
    "directions as drawn, factorisations", st.tuples(networks(bias=False), GAMMAS), examples=10, normalized=False
)
def without_activation(net, gamma, normalized=True):
    """Our factorisations are such networks without activation and bias; their lines, along the first direction."""
    loss, size = surface(net, lambda z: z, normalized)
    values = []
    for each in (net, net.rescaled(gamma)):
        problem = tb.problems.Factorization(each.X, each.Y, rank=len(each.W1))
        flat = lambda pair: np.concatenate([part.ravel() for part in pair])
        point = problem.at(flat((each.W1, each.W2)), problem.population)
        line = point.along(flat(each.along(normalized)[0]))
        values.append(line.value0 + line.change(A[B == 0]))
    room = 64 * EPS * size[B == 0]
    return {"rescaled": close(values[1], values[0], room), "this network": close(values[0], loss[B == 0], room)}


TWOS = st.integers(-6, 6).map(lambda k: 2.0**k)


@claim.check("two layers with ReLU", st.tuples(networks(), GAMMAS), examples=200)
@claim.check("powers of two, by bit", st.tuples(networks(), TWOS), examples=100, bits=True)
@claim.control("directions as drawn", st.tuples(networks(), GAMMAS), examples=10, normalized=False)
@claim.control("tanh", st.tuples(networks(), GAMMAS), examples=10, act=np.tanh)
@claim.control("a bias left as it is", st.tuples(networks(), GAMMAS), examples=10, bias=False)
@claim.control("a negative factor", st.tuples(networks(), st.just(-2.0)), examples=10)
def unchanged(net, gamma, act=relu, normalized=True, bias=True, bits=False):
    """Equal within 64 eps of the sum of all terms: at most 6 and 5 of them in the inner products, a few roundings for
    each weight, all counted twice by the square. ``bits``: powers of two change no digit."""
    loss, size = surface(net, act, normalized)
    other, _ = surface(net.rescaled(gamma, bias), act, normalized)
    return -float(np.abs(loss - other).max()) if bits else close(other, loss, 64 * EPS * size)
