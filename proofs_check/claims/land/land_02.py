r"""LAND-02  Eigenvalues are curvatures

Where: dissertation, section 2.9 and figure 2.10
Claim: An eigenvalue of the Hessian is the second derivative of the loss in the direction of its eigenvector; the
    curvature in any other direction lies between the smallest and the largest eigenvalue.
Formula: v^\top H v = \lambda \text{ for } Hv = \lambda v,\ \|v\| = 1, \qquad \lambda_{\min} \le d^\top H d \le
    \lambda_{\max} \text{ for } \|d\| = 1
Verdict: holds
Kind: property
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

import toybox as tb

from ...cases import Smooth, seeds, smooth_functions, tol_eigen
from ...claim import below, close, told

claim = told(__doc__)


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


@claim.check("Hessians of smooth functions", st.tuples(smooth_functions(st.integers(1, 8)), seeds))
@claim.control("a vector longer than 1", st.tuples(smooth_functions(), seeds), examples=10, length=1.1)
def quadratic(f, number, length=1.0):
    return curvatures(curvatures_of(f), number, length)


@claim.check("our factorisations", seeds, examples=100)
@claim.control("a vector longer than 1, factorisations", seeds, examples=10, length=1.1)
def factorization(number, length=1.0):
    return curvatures(curvatures_of_factorization(number), number, length)
