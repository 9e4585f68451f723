r"""PLS-11  Gaussian facts

Where: dissertation, eqs. 2.25 and 2.26
Claim: The normal density integrates to 1, and so does a posterior by the rule of Bayes. Linear maps of a normal vector
    are normal, with the covariance mapped from both sides; so is one part of it, given the other.
Formula: p(x|y) = \frac{p(y|x)\, p(x)}{p(y)}, \quad Ax \sim \mathcal{N}(A\mu, A\Sigma A^\top), \quad \Sigma_{x|y} =
    \Sigma_{xx} - \Sigma_{xy} \Sigma_{yy}^{-1} \Sigma_{yx}
Verdict: holds
Kind: highprec
Found: The scalar density is written with the standard deviation as its second parameter, the other with the covariance.
"""

from __future__ import annotations

from fractions import Fraction as F
from math import log, pi, sqrt

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from toybox import methods

from ...cases import EPS, add, dot, powers, rational_quadratics, rotation, solve, times, vectors
from ...claim import close, equal, only, told
from .common import EXAMPLE, NOISE, exact, floats, observations, pivots, prior

claim = told(__doc__)


def density(x, mean, covariance, det=True):
    """Eq. 2.26 at points x (points, n); without ``det``, without the determinant."""
    away = x - mean
    form = (away * np.linalg.solve(covariance, away.T).T).sum(-1)
    n = covariance.shape[-1]
    return np.exp(-form / 2) / sqrt((2 * pi) ** n * (np.linalg.det(covariance) if det else 1.0))


def grid(mean, covariance):
    """A lattice over 8 deviations each way, and the volume of its cells.

    With steps of .8 of the smallest deviation the trapezoidal rule misses exp(-2 pi^2 / .8^2) < 1e-13 of a Gaussian.
    """
    eigenvalues = np.linalg.eigvalsh(covariance)
    step, reach = 0.8 * sqrt(eigenvalues[0]), 8 * sqrt(eigenvalues[-1])
    axis = np.arange(-reach, reach + step, step)
    points = np.stack(np.meshgrid(*[axis] * len(mean), indexing="ij"), axis=-1).reshape(-1, len(mean))
    return mean + points, step ** len(mean)


def gaussians(few, deep, dims=(1, 2, 3)):
    """Means and covariances of conditions up to 9, in few dimensions, and a generator for more."""

    def cases(budget):
        rng = budget.rng()
        for n in dims * budget.many(few, deep):
            U = rotation(rng, n)
            yield rng.standard_normal(n), (U * (rng.uniform(1, 3, n) ** 2 * 10.0 ** rng.uniform(-1, 1))) @ U.T, rng

    return cases


@claim.check("integral of the density", gaussians(4, 40))
@claim.control("without the determinant", gaussians(1, 1), det=False)
def integrates_to_1(mean, covariance, rng, det=True):
    points, volume = grid(mean, covariance)
    return close(density(points, mean, covariance, det).sum() * volume, 1.0, 1e-8)


@claim.check("rule of Bayes", gaussians(2, 20))
@claim.control("without the evidence", gaussians(1, 1), evidence=False)
def bayes(mean, covariance, rng, evidence=True):
    """Eq. 2.25 for y = A x + noise: likelihood times prior over evidence integrates to 1 and is the conditional.

    The noise is so large that the posterior is at least 3/4 as wide as the prior, whose lattice then does.
    """
    n = len(mean)
    A = rng.standard_normal((2, n))
    R = np.diag(rng.uniform(3, 6, 2)) * np.linalg.norm(A, 2) ** 2 * np.linalg.norm(covariance, 2)
    of_y = A @ covariance @ A.T + R
    y = A @ mean + np.linalg.cholesky(of_y) @ rng.standard_normal(2)
    points, volume = grid(mean, covariance)
    joint = density(y - points @ A.T, np.zeros(2), R) * density(points, mean, covariance)
    posterior = joint / density(y[None], A @ mean, of_y) if evidence else joint
    gain = np.linalg.solve(of_y, A @ covariance).T
    expected = density(points, mean + gain @ (y - A @ mean), covariance - gain @ A @ covariance)
    return {
        "integral": close(posterior.sum() * volume, 1.0, 1e-8),
        "conditional": close(posterior, expected, 1e-8 * expected.max()),
    }


@claim.check("marginals", gaussians(3, 30, dims=(2, 3)))
def marginal(mean, covariance, rng):
    """Integrating a coordinate out leaves the block of the others: the linear map that forgets it."""
    points, volume = grid(mean, covariance)
    side = round(len(points) ** (1 / len(mean)))
    values = density(points, mean, covariance).reshape(-1, side)
    step = volume ** (1 / len(mean))
    kept = points.reshape(-1, side, len(mean))[:, 0, :-1]
    expected = density(kept, mean[:-1], covariance[:-1, :-1])
    return close(values.sum(axis=1) * step, expected, 1e-8 * expected.max())


@claim.check("scalar and matrix", st.tuples(st.floats(-3, 3), powers(-2, 2)), examples=100)
@claim.control("the deviation for the covariance", only(1.0, 2.0), squared=False)
def scalar(mu, sigma, squared=True):
    """The scalar form takes the standard deviation, the other one its square."""
    x = mu + sigma * np.linspace(-4, 4, 9)
    one = np.exp(-((x - mu) ** 2) / (2 * sigma**2)) / sqrt(2 * pi * sigma**2)
    other = density(x[:, None], np.array([mu]), np.array([[sigma**2 if squared else sigma]]))
    return close(other, one, 64 * EPS * one.max())


def determinant(rows):
    product = F(1)
    for pivot in pivots(rows):
        product *= pivot
    return product


def form(covariance, x):
    return dot(x, solve(covariance, x))


@st.composite
def halves(draw):
    """A rational covariance of x (2) and y (1 or 2), and a point; and a regular matrix."""
    q = draw(rational_quadratics(n=st.integers(3, 4)))
    A = draw(st.tuples(vectors(2, low=-3, high=3, denominators=2), vectors(2, low=-3, high=3, denominators=2)))
    return q.Q, q.x, A


@claim.check("conditioning, in fractions", halves(), examples=40)
@claim.control("the block for the conditional", halves(), examples=10, subtracted=False)
def conditional(C, x, A, subtracted=True):
    """C_xx - C_xy C_yy^-1 C_yx and the mean C_xy C_yy^-1 y: forms add up and determinants multiply, so densities do."""
    (xx, xy), y = ([[row[a:b] for row in C[:2]] for a, b in ((0, 2), (2, None))]), x[2:]
    yy = [row[2:] for row in C[2:]]
    gain = [solve(yy, row) for row in xy]
    rest = [[xx[i][j] - (dot(gain[i], xy[j]) if subtracted else 0) for j in range(2)] for i in range(2)]
    away = add(x[:2], -1, times(gain, y))
    return {
        "form": equal(form(C, x), form(yy, y) + form(rest, away)),
        "determinant": equal(determinant(C), determinant(yy) * determinant(rest)),
    }


@claim.check("linear maps, in fractions", halves(), examples=40)
@claim.control("A C A", halves(), examples=10, transposed=False)
def mapped(C, x, A, transposed=True):
    """Of A x: A C A' leaves the form as it is, and multiplies the determinant by det(A)^2: the density of A x."""
    det = A[0][0] * A[1][1] - A[0][1] * A[1][0]
    assume(det)
    block, x = [row[:2] for row in C[:2]], x[:2]
    half = [[dot(row, column) for column in zip(*block, strict=True)] for row in A]
    other = A if transposed else tuple(zip(*A, strict=True))
    image = [[dot(row, right) for right in other] for row in half]
    return {
        "form": equal(form(image, times(A, x)), form(block, x)) if determinant(image) else -1,
        "determinant": equal(determinant(image), det**2 * determinant(block)),
    }


def log_density(C, x):
    return -float(form(C, x)) / 2 - log(determinant(C)) / 2 - len(x) * log(2 * pi) / 2


PAIR_F = vectors(2)


@claim.check(
    "our belief is a conditional",
    st.tuples(observations(st.integers(1, 2)), NOISE, st.tuples(st.builds(F, st.integers(1, 30), st.just(4)), PAIR_F)),
    examples=60,
)
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
