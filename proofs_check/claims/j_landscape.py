"""Section J: tools to look at loss landscapes (dissertation, section 2.9)."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb

from ..cases import EPS, Smooth, powers, seeds, smooth_functions, tol_eigen
from ..claim import Check, Claim, below, close

# --- LAND-01: rescaled networks, filter-normalised directions


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


def unchanged(net, gamma, act=relu, normalized=True, bias=True, bits=False):
    """Equal within 64 eps of the sum of all terms: at most 6 and 5 of them in the inner products, a few roundings for
    each weight, all counted twice by the square. ``bits``: powers of two change no digit."""
    loss, size = surface(net, act, normalized)
    other, _ = surface(net.rescaled(gamma, bias), act, normalized)
    return -float(np.abs(loss - other).max()) if bits else close(other, loss, 64 * EPS * size)


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


GAMMAS = powers(-2, 2)
TWOS = st.integers(-6, 6).map(lambda k: 2.0**k)

LAND_01 = Claim(
    id="LAND-01",
    title="Rescaled weights and filter normalisation",
    source="dissertation, eq. 2.51",
    statement="The weights of a network can be rescaled without changing what it computes. Directions whose filters are"
    " scaled to the lengths of the network's filters show the same losses for all such networks.",
    formula=r"(W_1, b, W_2) \to (\gamma W_1, \gamma b, W_2 / \gamma) \;\Rightarrow\; C(\alpha, \beta) ="
    r" \mathcal{L}(\theta^* + \alpha \delta + \beta \mu) \text{ unchanged}, \quad \gamma > 0",
    kind="property",
    verdict="holds",
    finding="So it is where the activation is positively homogeneous, as ReLU is, and biases are rescaled too.",
    checks=[
        Check("two layers with ReLU", unchanged, st.tuples(networks(), GAMMAS)),
        Check("powers of two, by bit", partial(unchanged, bits=True), st.tuples(networks(), TWOS), examples=100),
        Check("lines of our factorisations", without_activation, st.tuples(networks(bias=False), GAMMAS), examples=100),
    ],
    controls=[
        Check("directions as drawn", partial(unchanged, normalized=False), st.tuples(networks(), GAMMAS), examples=10),
        Check(
            "directions as drawn, factorisations",
            partial(without_activation, normalized=False),
            st.tuples(networks(bias=False), GAMMAS),
            examples=10,
        ),
        Check("tanh", partial(unchanged, act=np.tanh), st.tuples(networks(), GAMMAS), examples=10),
        Check("a bias left as it is", partial(unchanged, bias=False), st.tuples(networks(), GAMMAS), examples=10),
        Check("a negative factor", unchanged, st.tuples(networks(), st.just(-2.0)), examples=10),
    ],
)

# --- LAND-02: eigenvalues are curvatures


def curvatures_of(f: Smooth):
    """At a point of a smooth function: its Hessian, and the curvature along d, both ours: of a quadratic with it."""
    hessian = f.H - (f.A.T * np.cos(f.A @ f.x)) @ f.A
    problem = tb.problems.NoisyQuadratic((hessian + hessian.T) / 2, np.zeros(len(f.x)))
    point = problem.at(f.x, problem.population)
    return problem.Q, lambda d: point.along(d).curvature(np.zeros(1))[0]


def curvatures_of_factorization(number):
    """At a point of a factorisation of a few weights, whose Hessian is put together from products with unit vectors."""
    rng = np.random.default_rng(number)
    problem = tb.problems.Factorization(rng.standard_normal((6, 2)), rng.standard_normal((6, 2)), rank=2)
    point = problem.at(rng.standard_normal(problem.dim), problem.population)
    hessian = np.array([point.hvp(e) for e in np.eye(problem.dim)])
    return (hessian + hessian.T) / 2, lambda d: point.along(d).curvature(np.zeros(1))[0]


def curvatures(made, number, length=1.0):
    """v'Hv of unit eigenvectors and of a random unit vector, within T-eig of what they must be."""
    H, curvature = made
    eigenvalues, vectors = np.linalg.eigh(H)
    room = tol_eigen(len(H), np.abs(eigenvalues).max())
    along = np.array([curvature(length * v) for v in vectors.T])
    d = np.random.default_rng(number).standard_normal(len(H))
    any_way = curvature(length * d / np.linalg.norm(d))
    return {
        "eigenvectors": close(along, eigenvalues, room),
        "not below the smallest": below(eigenvalues[0], any_way, room),
        "not above the largest": below(any_way, eigenvalues[-1], room),
    }


def quadratic(f, number, length=1.0):
    return curvatures(curvatures_of(f), number, length)


def factorization(number, length=1.0):
    return curvatures(curvatures_of_factorization(number), number, length)


LAND_02 = Claim(
    id="LAND-02",
    title="Eigenvalues are curvatures",
    source="dissertation, section 2.9 and figure 2.10",
    statement="An eigenvalue of the Hessian is the second derivative of the loss in the direction of its eigenvector;"
    " the curvature in any other direction lies between the smallest and the largest eigenvalue.",
    formula=r"v^\top H v = \lambda \text{ for } Hv = \lambda v,\ \|v\| = 1, \qquad \lambda_{\min} \le d^\top H d \le"
    r" \lambda_{\max} \text{ for } \|d\| = 1",
    kind="property",
    verdict="holds",
    checks=[
        Check("Hessians of smooth functions", quadratic, st.tuples(smooth_functions(st.integers(1, 8)), seeds)),
        Check("our factorisations", factorization, seeds, examples=100),
    ],
    controls=[
        Check(
            "a vector longer than 1",
            partial(quadratic, length=1.1),
            st.tuples(smooth_functions(), seeds),
            examples=10,
        ),
        Check("a vector longer than 1, factorisations", partial(factorization, length=1.1), seeds, examples=10),
    ],
)

CLAIMS = (LAND_01, LAND_02)
