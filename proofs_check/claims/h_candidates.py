"""Section H: where the probabilistic line search looks next, and Gaussian facts (dissertation, section 2.6.5)."""

from __future__ import annotations

from fractions import Fraction as F
from functools import partial
from itertools import pairwise
from math import log, nan, pi, sqrt
from typing import Any, NamedTuple

import numpy as np
import sympy as sp
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox.rules import probabilistic as arrays
from toybox.tiny import probabilistic as twin

from ..cases import EPS, add, dot, powers, rational_quadratics, rotation, seeds, solve, times, tol_dot, vectors
from ..claim import Check, Claim, above, at_most, below, close, equal, holds
from .h_probabilistic import EXAMPLE, exact, floats, observations, pivots, prior, rows_of, zero
from .h_wolfe import NOISE, improvement_room

# --- PLS-10: the candidates


class Cubic(NamedTuple):
    """The mean of a belief in a cell from 0 to ``width``, by its derivatives at 0; asked for its minimum only."""

    first: Any
    second: Any
    third: Any
    width: F = F(16)

    def by_arrays(self):
        numbers = [np.array([float(x)]) for x in self]
        cell: Any = ArrayCell(np.array([0.0, float(self.width)]), *numbers[:3])
        return float(arrays.Belief.minimizers(cell)[0])

    def by_twin(self):
        cell: Any = PlainCell(*map(float, self))
        return twin.Belief.minimum(cell, 0.0, cell.width)

    def slope(self, x):
        return self.first + self.second * x + self.third * x * x / 2


class ArrayCell(NamedTuple):
    s: np.ndarray
    first: np.ndarray
    second: np.ndarray
    third: np.ndarray

    def moments(self, s):
        return None, self.first

    def bends(self, s):
        return self.second, self.third


class PlainCell(NamedTuple):
    """Observations at the cell's right end whose weights make these derivatives."""

    first: float
    second: float
    third: float
    width: float

    @property
    def terms(self):
        return [[(1, 0, self.width)], [(1, 1, self.width)]]

    @property
    def weights(self):
        return [-self.third, self.second + self.third * self.width]

    def mean(self, f):
        return self.first


def first_form(c):
    """(-mu'' + root) / mu'''."""
    return (-c.second + tb.tiny.root(c.second**2 - 2 * c.first * c.third)) / c.third


def second_form(c):
    """-2 mu' / (mu'' + root)."""
    return -2 * c.first / (c.second + tb.tiny.root(c.second**2 - 2 * c.first * c.third))


def forms_agree():
    """With a root R of the radicand both are one zero of the slope, where the second derivative is R > 0."""
    b, c, R = sp.symbols("b c R")
    cubic = Cubic((b * b - R * R) / (2 * c), b, c)
    one, other = (R - b) / c, -2 * cubic.first / (b + R)
    return {
        "one number": zero(sp.cancel(one - other)),
        "slope": zero(sp.cancel(cubic.slope(one))),
        "second derivative": zero(sp.cancel(b + c * one - R)),
    }


def with_zeros(steepness, low, gap):
    """A slope with zeros low and low + gap has one minimum: the right one if it opens upwards, else the left one.

    All are multiples of a quarter, so that floats hold the radicand exactly and two roundings are left.
    """
    high = low + gap
    c = Cubic(steepness * low * high, -steepness * (low + high), 2 * steepness)
    best = high if steepness > 0 else low
    found, plain = c.by_arrays(), c.by_twin()
    slack = {"first form": equal(first_form(c), best)}
    if c.second + abs(steepness) * gap:
        slack["second form"] = equal(second_form(c), best)
    if 0 < best < c.width:
        room = 4 * EPS * float(best)
        return slack | {
            "arrays": close(found, float(best), room),
            "twin": close(nan if plain is None else plain, float(best), room),
        }
    return slack | {"none in the cell": holds(found != found and plain is None)}


def without_zeros(steepness, place, height):
    """A slope that is nowhere 0: the radicand is negative."""
    c = Cubic(steepness * (place**2 + height), -2 * steepness * place, 2 * steepness)
    found, plain = c.by_arrays(), c.by_twin()
    return {
        "radicand": above(0, c.second**2 - 2 * c.first * c.third),
        "none": holds(found != found and plain is None),
    }


def normal_coefficients(number, width):
    """64 cubics: the slope at what is found is 0, and the second derivative positive, within 16 eps of their terms.

    Found is something where the radicand is positive and the root in the cell; the room leaves cells' ends out.
    """
    first, second, third = np.random.default_rng(number).standard_normal((3, 64, 1))
    cells: Any = ArrayCell(np.array([0.0, width]) + np.zeros((64, 1)), first, second, third)
    x = arrays.Belief.minimizers(cells)
    found = ~np.isnan(x)
    radicand = second**2 - 2 * first * third
    root = (np.sqrt(np.maximum(radicand, 0)) - second) / third
    there = (radicand > 0) & (root > 1e-6) & (root < width * (1 - 1e-6))
    slope, bend = first + second * x + third * x * x / 2, second + third * x
    terms = np.abs(first) + np.abs(second * x) + np.abs(third * x * x)
    return {
        "slope": close(slope[found], 0.0, 16 * EPS * terms[found]),
        "bends up": below(0.0, bend[found], 16 * EPS * (np.abs(second) + np.abs(third * x))[found]),
        "none missed": holds(found[there]),
        "none without a root": holds(radicand[found] > 0),
    }


def nearly_parabolic(form, third=1e-12):
    """mu''' = 1e-12: the slope at the minimum, in floats, is 0 within 16 eps of its terms."""
    c = Cubic(-1.0, 1.0, third)
    x = form(c)
    return close(c.slope(x), 0.0, 16 * EPS * (1 + abs(x)))


def random_belief(number, n, quiet):
    rng = np.random.default_rng(number)
    s = np.concatenate([[0.0], np.cumsum(rng.uniform(0.1, 2, n - 1))])
    noise = (0.0, 0.0) if quiet else 10.0 ** rng.uniform(-3, 0, 2)
    seen = s, rng.standard_normal(n), rng.standard_normal(n)
    return arrays.believe(*seen, *noise), twin.believe(*map(list, seen), *noise)


def minima_of_the_mean(number, n, quiet, fewer=0):
    """At most n - 1 among n places, none beyond the last; slopes there are 0, and no other change from - to +."""
    belief, plain = random_belief(number, n, quiet)
    found = belief.minimizers()
    there = found[~np.isnan(found)]
    by_plain = [plain.minimum(a, b) for a, b in pairwise(plain.places)]
    beyond = belief.s[-1] + np.array([0.0, 1.0, 7.0])
    slack = {
        "count": at_most(len(there), n - 1 - fewer),
        "count, twin": at_most(sum(x is not None for x in by_plain), n - 1 - fewer),
        "straight beyond": holds(np.array(belief.bends(beyond)) == 0),
        "all of them": holds([~np.isnan(x) for x, turns in zip(found, turning(belief), strict=True) if turns]),
    }
    for name, places, slopes in (
        ("arrays", there, [belief.moments(there[[k]])[1][0] for k in range(len(there))]),
        ("twin", by_plain, [plain.mean([(1, 1, x)]) for x in by_plain if x is not None]),
    ):
        for x, slope in zip((x for x in places if x is not None), slopes, strict=True):
            slack[f"{name}, slope at {x:.3g}"] = close(slope, 0.0, slope_room(belief, x))
            curvature = (belief.moments(np.array([x + 1e-3]))[1] - belief.moments(np.array([x - 1e-3]))[1])[0]
            slack[f"{name}, bends up at {x:.3g}"] = below(0.0, curvature, slope_room(belief, x) + 1e-6 * third(belief))
    return slack


def third(belief):
    """The largest third derivative of the mean: a slope 1e-3 to either side differs by its 1e-6 / 2 from a line."""
    return np.abs(belief.bends(belief.s)[1]).max()


def slope_room(belief, x):
    """Three sums over weights at the left end (T-dot) are entered: slope, and bends times powers of the way."""
    row = np.abs(rows_of(belief, [(1, x)])[0])
    ahead = np.concatenate([belief.s, np.ones_like(belief.s)])
    return 8 * (tol_dot(row, belief.weights) + (1 + x) * tol_dot(ahead, belief.weights) * (1 + belief.s[-1]))


def turning(belief):
    """Of each cell, whether the slope changes from clearly negative to clearly positive on a grid."""
    grid = np.linspace(belief.s[:-1], belief.s[1:], 34)[1:-1].T
    slope = belief.moments(grid.ravel())[1].reshape(grid.shape)
    room = slope_room(belief, belief.s[-1])
    return ((slope[:, :-1] < -room) & (slope[:, 1:] > room)).any(axis=-1)


def next_trial(number, n, by=None):
    """Among minima and twice the furthest place, the largest product; the twin judges the arrays' choice and its own.

    Where the mean rises at 0 and the first cell has no minimum, a hundredth of that cell, which no product chose.
    """
    belief, plain = random_belief(number, n, False)
    minima = belief.minimizers()
    found = {
        "arrays": [*minima[~np.isnan(minima)], 2 * belief.s[-1]],
        "twin": [x for x in (plain.minimum(*cell) for cell in pairwise(plain.places)) if x] + [2 * plain.places[-1]],
    }
    rises = np.isnan(minima[0]) and belief.moments(np.zeros(1))[1][0] > 0
    choices = [by(belief)] if by else [float(arrays.promising(belief, 0.05, 0.8)), twin.promising(plain, 0.05, 0.8)]
    if rises:
        return {"a hundredth": close(choices, belief.s[1] / 100, 4 * EPS * belief.s[1])}
    utility = lambda x: twin.expected_improvement(plain, x) * twin.wolfe_probability(plain, x, 0.05, 0.8)
    room = max(improvement_room(belief, x) for x in found["arrays"]) + 1e-10
    slack: dict[str, float] = {}
    for (name, candidates), u in zip(found.items(), choices, strict=False):
        slack[f"{name}, a candidate"] = holds(u in candidates)
        slack[f"{name}, the best"] = below(max(map(utility, candidates)), utility(u), room)
    return slack


PAIR_F = vectors(2)
quarters = st.builds(F, st.integers(-24, 24), st.just(4))
opens = quarters.filter(bool)
wide = st.builds(F, st.integers(1, 24), st.just(4))
BELIEFS = st.tuples(seeds, st.integers(2, 5), st.booleans())

PLS_10 = Claim(
    id="PLS-10",
    title="Candidates for the next step",
    source="dissertation, section 2.6.5 and Algorithm 5",
    statement="Between two neighbours the mean has at most one minimum, found from its derivatives there by a square"
    " root. After N evaluations there are at most N minima, and one more candidate beyond the last place.",
    formula=r"t = \frac{-\mu'' + R}{\mu'''} = \frac{-2 \mu'}{\mu'' + R}, \quad R = \sqrt{{(\mu'')}^2 - 2 \mu' \mu'''}",
    kind="property",
    verdict="holds",
    finding="At most N - 1 minima in fact: there are N - 1 cells, and beyond the last place the mean is straight. Only"
    " the second form keeps its digits where the cubic is nearly a parabola.",
    checks=[
        Check("both forms, symbolically", forms_agree),
        Check("slopes with two zeros", with_zeros, st.tuples(opens, quarters, wide), examples=200),
        Check("slopes without", without_zeros, st.tuples(opens, quarters, wide), examples=100),
        Check("normal coefficients", normal_coefficients, st.tuples(seeds, st.floats(0.1, 10)), examples=100),
        Check(
            "nearly a parabola",
            lambda: {
                "second form": nearly_parabolic(second_form),
                "arrays": nearly_parabolic(Cubic.by_arrays),
                "twin": nearly_parabolic(Cubic.by_twin),
            },
        ),
        Check("minima of posterior means", minima_of_the_mean, BELIEFS, examples=200),
        Check("the next trial", next_trial, st.tuples(seeds, st.integers(2, 4)), examples=60),
    ],
    controls=[
        Check("nearly a parabola, first form", lambda: nearly_parabolic(first_form)),
        Check("one minimum less", partial(minima_of_the_mean, fewer=1), BELIEFS, examples=20),
        Check(
            "the furthest candidate always",
            partial(next_trial, by=lambda belief: 2 * belief.s[-1]),
            st.tuples(seeds, st.integers(2, 4)),
            examples=20,
        ),
    ],
)

# --- PLS-11: facts about Gaussians


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


def integrates_to_1(mean, covariance, rng, det=True):
    points, volume = grid(mean, covariance)
    return close(density(points, mean, covariance, det).sum() * volume, 1.0, 1e-8)


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


def marginal(mean, covariance, rng):
    """Integrating a coordinate out leaves the block of the others: the linear map that forgets it."""
    points, volume = grid(mean, covariance)
    side = round(len(points) ** (1 / len(mean)))
    values = density(points, mean, covariance).reshape(-1, side)
    step = volume ** (1 / len(mean))
    kept = points.reshape(-1, side, len(mean))[:, 0, :-1]
    expected = density(kept, mean[:-1], covariance[:-1, :-1])
    return close(values.sum(axis=1) * step, expected, 1e-8 * expected.max())


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
    there = arrays.believe(*floats(data), *given).at(np.array([float(s)]))
    mean, covariance = there.of((1, there.s, 1, 0), (0, 1, 0, 1))
    away = np.array(f, float) - mean[0]
    found = -(away @ np.linalg.solve(covariance[0], away) + log(4 * pi**2 * np.linalg.det(covariance[0]))) / 2
    return close(found, of_all - of_data, 1e-8 * (1 + abs(found)))


def log_density(C, x):
    return -float(form(C, x)) / 2 - log(determinant(C)) / 2 - len(x) * log(2 * pi) / 2


PLS_11 = Claim(
    id="PLS-11",
    title="Gaussian facts",
    source="dissertation, eqs. 2.25 and 2.26",
    statement="The normal density integrates to 1, and so does a posterior by the rule of Bayes. Linear maps of a"
    " normal vector are normal, with the covariance mapped from both sides; so is one part of it, given the other.",
    formula=r"p(x|y) = \frac{p(y|x)\, p(x)}{p(y)}, \quad Ax \sim \mathcal{N}(A\mu, A\Sigma A^\top), \quad \Sigma_{x|y}"
    r" = \Sigma_{xx} - \Sigma_{xy} \Sigma_{yy}^{-1} \Sigma_{yx}",
    kind="highprec",
    verdict="holds",
    finding="The scalar density is written with the standard deviation as its second parameter, the other with the"
    " covariance.",
    checks=[
        Check("integral of the density", integrates_to_1, gaussians(4, 40)),
        Check("rule of Bayes", bayes, gaussians(2, 20)),
        Check("marginals", marginal, gaussians(3, 30, dims=(2, 3))),
        Check("scalar and matrix", scalar, st.tuples(st.floats(-3, 3), powers(-2, 2)), examples=100),
        Check("conditioning, in fractions", conditional, halves(), examples=40),
        Check("linear maps, in fractions", mapped, halves(), examples=40),
        Check(
            "our belief is a conditional",
            belief_is_conditional,
            st.tuples(
                observations(st.integers(1, 2)), NOISE, st.tuples(st.builds(F, st.integers(1, 30), st.just(4)), PAIR_F)
            ),
            examples=60,
        ),
    ],
    controls=[
        Check("without the determinant", partial(integrates_to_1, det=False), gaussians(1, 1)),
        Check("without the evidence", partial(bayes, evidence=False), gaussians(1, 1)),
        Check("the deviation for the covariance", lambda: scalar(1.0, 2.0, squared=False)),
        Check("the block for the conditional", partial(conditional, subtracted=False), halves(), examples=10),
        Check("A C A", partial(mapped, transposed=False), halves(), examples=10),
        Check(
            "a belief that overlooks noise",
            lambda: belief_is_conditional(EXAMPLE, (F(1, 2), F(1, 3)), (F(2), (F(1), F(1))), free_noise=False),
        ),
    ],
)

CLAIMS = (PLS_10, PLS_11)
