r"""LAND-02  Eigenvalues are curvatures

Where: dissertation, section 2.9 and figure 2.10
Claim: An eigenvalue of the Hessian is the second derivative of the loss in the direction of its eigenvector; the
    curvature in any other direction lies between the smallest and the largest eigenvalue.
Formula: v^\top H v = \lambda \text{ for } Hv = \lambda v,\ \|v\| = 1, \qquad \lambda_{\min} \le d^\top H d \le
    \lambda_{\max} \text{ for } \|d\| = 1
Verdict: holds
Kind: exact
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

import toybox as tb

from ...cases import seeds, smooth_functions, tol_eigen
from ...claim import below, close, told
from ...proof import Theorem, every, implies

claim = told(__doc__)


@claim.proof("eigenvectors, and any other direction", broken={"a vector of another length": {"length": 2}})
def curvatures(low, h, high, x, y, z, length=1):
    """d has the components x, y, z in unit eigenvectors of the smallest eigenvalue, of another one and of the largest:
    further ones between add what y does. An eigenvector has the components of one eigenvalue alone."""
    dHd = low * x * x + h * y * y + high * z * z
    given = (low <= h, h <= high, x * x + y * y + z * z == length**2)
    alone = implies(every(x == 0, z == 0), dHd == h)
    return Theorem(given, {"eigenvector": alone, "not below the smallest": low <= dHd, "nor above": dHd <= high})


def on_smooth(f):
    """At a point of a smooth function: its Hessian, and the curvature along d, both ours: of a quadratic with it."""
    hessian = f.H - (f.A.T * np.cos(f.A @ f.x)) @ f.A
    problem = tb.problems.NoisyQuadratic((hessian + hessian.T) / 2, np.zeros(len(f.x)))
    point = problem.at(f.x, problem.population)
    return problem.Q, lambda d: point.along(d).curvature(np.zeros(1))[0]


def on_factorization(number):
    """At a point of a factorisation of a few weights, whose Hessian is put together from products with unit vectors."""
    rng = np.random.default_rng(number)
    problem = tb.problems.Factorization(rng.standard_normal((6, 2)), rng.standard_normal((6, 2)), rank=2)
    point = problem.at(rng.standard_normal(problem.dim), problem.population)
    hessian = np.array([point.hvp(e) for e in np.eye(problem.dim)])
    return (hessian + hessian.T) / 2, lambda d: point.along(d).curvature(np.zeros(1))[0]


SMOOTH, FACTORIZATIONS = st.tuples(smooth_functions(st.integers(1, 8)), seeds), st.tuples(seeds, seeds)


@claim.check("our curvatures of smooth functions", SMOOTH, examples=200)
@claim.check("our curvatures of factorisations", FACTORIZATIONS, examples=50, made=on_factorization)
@claim.control("a vector longer than 1", SMOOTH, examples=10, length=1.1)
@claim.control("a vector longer than 1, factorisations", FACTORIZATIONS, examples=10, made=on_factorization, length=1.1)
def ours(place, number, made=on_smooth, length=1.0):
    """v'Hv of unit eigenvectors and of a random unit vector, within T-eig of what they must be."""
    H, curvature = made(place)
    eigenvalues, vectors = np.linalg.eigh(H)
    room = tol_eigen(len(H), np.abs(eigenvalues).max())
    d = np.random.default_rng(number).standard_normal(len(H))
    any_way = curvature(length * d / np.linalg.norm(d))
    return {
        "eigenvectors": close([curvature(length * v) for v in vectors.T], eigenvalues, room),
        "not below the smallest": below(eigenvalues[0], any_way, room),
        "not above the largest": below(any_way, eigenvalues[-1], room),
    }
