r"""PLS-11  Gaussian facts

Where: dissertation, eqs. 2.25 and 2.26
Claim: The normal density integrates to 1, and so does a posterior by the rule of Bayes. Linear maps of a normal vector
    are normal, with the covariance mapped from both sides; so is one part of it, given the other.
Formula: p(x|y) = \frac{p(y|x)\, p(x)}{p(y)}, \quad Ax \sim \mathcal{N}(A\mu, A\Sigma A^\top), \quad \Sigma_{x|y} =
    \Sigma_{xx} - \Sigma_{xy} \Sigma_{yy}^{-1} \Sigma_{yx}
Verdict: holds
Kind: exact
Found: The scalar density is written with the standard deviation as its second parameter, the other with the covariance.
"""

from __future__ import annotations

from fractions import Fraction as F
from math import log, pi

import numpy as np
import sympy as sp
from hypothesis import strategies as st

from toybox import methods

from ...cases import dot, solve, vectors
from ...claim import close, holds, only, told
from .common import EXAMPLE, NOISE, exact, floats, observations, pivots, prior

claim = told(__doc__)

X, MU = sp.symbols("x mu", real=True)
SIGMA = sp.Symbol("sigma", positive=True)


@claim.check("integral of the density of one variable", degree="proved")
@claim.control("without the determinant", variance=sp.Integer(1))
@claim.control("the deviation for the covariance", variance=SIGMA)
def integrates_to_1(variance=SIGMA**2):
    """The matrix form with the covariance sigma^2: the scalar one, with sigma. Of n independent variables the density
    is a product; a vector with the covariance L L' is L times such a one."""
    density = sp.exp(-((X - MU) ** 2) / (2 * SIGMA**2)) / sp.sqrt(2 * sp.pi * variance)
    return holds(sp.simplify(sp.integrate(density, (X, -sp.oo, sp.oo)) - 1) == 0)


def matrices(names):
    """Of any sizes that fit: what is found holds for all."""
    return sp.symbols(names, commutative=False)


def vanish(*products):
    return holds([sp.expand(product) == 0 for product in products])


@claim.check("linear maps", degree="proved")
@claim.control("A C A", transposed=False)
def mapped(transposed=True):
    """Of A x: the covariance A C A' leaves the form x'C^-1 x as it is. Its determinant is that of C times det(A)^2, so
    that the density is the one of x over |det A|, as it is for A x."""
    A, At, C = matrices("A At C")
    image = A * C * (At if transposed else A)
    inverse = At**-1 * C**-1 * A**-1
    return vanish(image * inverse - 1, At * inverse * A - C**-1)


@claim.check("conditioning, and marginals", degree="proved")
@claim.control("the block for the conditional", subtracted=0)
def conditional(subtracted=1):
    """T = [[1, -K], [0, 1]] with K = C_xy C_yy^-1 maps (x, y) to (x - K y, y), and C to T C T' = [[R, 0], [0, C_yy]],
    R = C_xx - C_xy C_yy^-1 C_yx. As det T is 1, the density of (x, y) is that of y, with C_yy, times that of x - K y,
    with R: these are the marginal and the conditional. By the rule of Bayes the latter is the posterior, and it
    integrates to 1. Any linear map is a part of one that can be inverted."""
    xx, xy, yx, yy = matrices("xx xy yx yy")
    K, Kt, R = xy * yy**-1, yy**-1 * yx, xx - subtracted * xy * yy**-1 * yx
    return vanish(xx - K * yx - xy * Kt + K * yy * Kt - R, xy - K * yy, yx - yy * Kt)


def log_density(C, x):
    """In fractions up to the logarithms."""
    determinant = F(1)
    for pivot in pivots(C):
        determinant *= pivot
    return -float(dot(x, solve(C, x))) / 2 - log(determinant) / 2 - len(x) * log(2 * pi) / 2


ASKED = st.tuples(st.builds(F, st.integers(1, 30), st.just(4)), vectors(2))


@claim.check("our belief is a conditional", st.tuples(observations(st.integers(1, 2)), NOISE, ASKED), examples=60)
@claim.control(
    "a belief that overlooks noise", only(EXAMPLE, (F(1, 2), F(1, 3)), (F(2), (F(1), F(1)))), free_noise=False
)
def belief_is_conditional(data, noise, asked, free_noise=True):
    """Our belief: p(l(s), l'(s) | data) p(data) = p(l(s), l'(s), data), in logarithms, joint densities in fractions."""
    s, f = asked
    believed = exact(data, noise)
    seen, n = data.values + data.slopes, len(believed.terms)
    terms = (*believed.terms, (0, s), (1, s))
    C = [[prior(a, b) + (believed.gram[i][i] - prior(a, a) if i == j < n else 0) for j, b in enumerate(terms)]
         for i, a in enumerate(terms)]  # fmt: skip
    of_all = log_density(C, seen + f)
    of_data = log_density(believed.gram, seen)
    given = map(float, noise) if free_noise else (0.0, 0.0)
    there = methods.belief.believe(*floats(data), *given).at(np.array([float(s)]))
    mean, covariance = there.of((1, there.s, 1, 0), (0, 1, 0, 1))
    away = np.array(f, float) - mean[0]
    found = -(away @ np.linalg.solve(covariance[0], away) + log(4 * pi**2 * np.linalg.det(covariance[0]))) / 2
    return close(found, of_all - of_data, 1e-8 * (1 + abs(found)))
