"""What a probabilistic line search believes, against a dense computation in 40 digits."""

import itertools

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf
from scipy.stats import multivariate_normal

from toybox.lines import HermiteLine
from toybox.methods.belief import NUGGET, OFFSET, TINY, Belief, believe, bivariate, covariance, promising

EPS = 2.0**-52
POINTS = np.array([0.0, 1.0, 0.4, 2.0, 3.5])  # in the order of a search, not sorted
VALUES = np.array([0.0, -0.6, -0.5, 1.0, 0.2])
SLOPES = np.array([-1.0, 0.3, -0.7, 1.5, -0.4])


def exact_kernel(s, t):
    """k and its derivatives by t, by s and by both, from the two branches of eq. 2.29, as exact as the numbers."""
    a, b = s + int(OFFSET), t + int(OFFSET)
    if a > b:
        return a * b**2 / 2 - b**3 / 6, a * b - b**2 / 2, b**2 / 2, b
    return a**2 * b / 2 - a**3 / 6, a**2 / 2, a * b - a**2 / 2, a


class Exact:
    """The posterior in 40 digits, straight from eqs. 2.34 and 2.35 with the inverse in both."""

    def __init__(self, s, values, slopes, value_noise=0.0, slope_noise=0.0):
        self.s, n = [mpf(float(x)) for x in s], len(s)
        with mp.workdps(40):
            gram = mp.matrix(2 * n)
            for i, j in itertools.product(range(n), repeat=2):
                gram[i, j], gram[i, n + j], gram[n + i, j], gram[n + i, n + j] = exact_kernel(self.s[i], self.s[j])
            for i in range(n):
                gram[i, i] += mpf(value_noise)
                gram[n + i, n + i] += mpf(slope_noise)
            self.inverse = gram**-1
            self.weights = self.inverse * mp.matrix([mpf(float(y)) for y in (*values, *slopes)])
            self.size = np.linalg.norm(np.array(gram.tolist(), float), 2)

    def row(self, s, derivative):
        blocks = [exact_kernel(mpf(s), t) for t in self.s]
        return mp.matrix([[b[2 * derivative] for b in blocks] + [b[2 * derivative + 1] for b in blocks]])

    def mean(self, s, derivative=0):
        with mp.workdps(40):
            return float((self.row(s, derivative) * self.weights)[0])

    def covariance(self, s, ds, t, dt):
        """Of the ds-th derivative at s with the dt-th derivative at t."""
        with mp.workdps(40):
            prior = exact_kernel(mpf(s), mpf(t))[2 * ds + dt]
            return float(prior - (self.row(s, ds) * self.inverse * self.row(t, dt).T)[0])

    @property
    def slack(self):
        """Rounding of a backward stable solve, and the nugget: relative to the Gram matrix, times the weights."""
        return 64 * len(self.weights) * EPS * self.size * (1 + float(mp.norm(self.weights)))


row = st.tuples(st.integers(1, 40), st.integers(-8, 8), st.integers(-8, 8))
observations = st.lists(row, min_size=1, max_size=4, unique_by=lambda row: row[0]).map(
    lambda rows: np.array([(0, 0, -4), *rows]).T / [[8], [4], [4]]  # s, values, slopes
)
inside = st.integers(0, 64).map(lambda i: i / 8)


# The prior


@given(st.lists(inside, min_size=1, max_size=3), st.lists(inside, min_size=1, max_size=3))
def test_prior_covariance_has_four_blocks(s, t):
    found, a, b = covariance(np.array(s), np.array(t)), len(s), len(t)
    for (i, x), (j, y) in itertools.product(enumerate(s), enumerate(t)):
        blocks = [found[i, j], found[i, b + j], found[a + i, j], found[a + i, b + j]]
        np.testing.assert_allclose(blocks, exact_kernel(x, y), rtol=8 * EPS)


@given(inside, inside)
def test_the_rest_does_not_depend_on_the_start(s, t):
    """l(s) = l(0) + s l'(0) + w(s) with independent w: k = (1, s) P (1, t)' + k without offset."""
    start, rest = covariance(np.zeros(1), np.zeros(1)), covariance(np.array([s]), np.array([t]), 0)
    whole = np.array([[1, s], [0, 1]]) @ start @ np.array([[1, t], [0, 1]]).T + rest
    np.testing.assert_allclose(whole, covariance(np.array([s]), np.array([t])), rtol=16 * EPS)


# The posterior


@given(observations)
def test_without_noise_the_mean_is_the_cubic_hermite_interpolant(rows):
    s, values, slopes = rows
    belief, exact = believe(s, values, slopes), Exact(s, values, slopes)
    order = np.argsort(s)
    hermite = HermiteLine(s[order], values[order], slopes[order])
    at = np.concatenate([s, (np.sort(s)[:-1] + np.sort(s)[1:]) / 2, s.max() + np.array([0.5, 2.0, 7.0])])
    change, slope = belief.moments(at)
    expected = [hermite.change(at), hermite.change(at), hermite.slope(at)]
    errors = np.abs(np.array([change, belief.at(at).value()[0], slope]) - expected)
    assert errors[:, : s.size].max() <= exact.slack
    assert errors.max() <= exact.slack * (1 + 3 / np.diff(s[order]).min() + at.max())  # straight beyond the last point


def test_with_noise_the_mean_does_not_interpolate():
    belief = believe(POINTS, VALUES, SLOPES, 0.5, 0.3)
    assert np.abs(belief.at(POINTS).value()[0] - VALUES).max() > 0.1


@given(observations, st.floats(1e-6, 10), st.floats(1e-6, 10), st.lists(inside, min_size=1, max_size=3))
def test_moments_against_forty_digits(rows, value_noise, slope_noise, at):
    s, values, slopes = rows
    exact = Exact(s, values, slopes, value_noise, slope_noise)
    belief = believe(s, values, slopes, value_noise, slope_noise)
    there, scale = belief.at(np.array(at)), exact.slack * (1 + max(at)) ** 2
    for i, x in enumerate(at):
        assert abs(there.value()[0][i] - exact.mean(x)) <= scale
        assert abs(there.slope()[0][i] - exact.mean(x, 1)) <= scale
        assert abs(there.change()[i] - (exact.mean(x) - exact.mean(0))) <= scale
        assert abs(there.value()[1][i] ** 2 - exact.covariance(x, 0, x, 0)) <= scale
        assert abs(there.slope()[1][i] ** 2 - exact.covariance(x, 1, x, 1)) <= scale
    change, slope = belief.moments(np.array(at))
    np.testing.assert_allclose(change, there.change(), rtol=0, atol=scale)
    np.testing.assert_allclose(slope, there.slope()[0], rtol=0, atol=scale)


def test_variances_without_noise():
    """0 at observations, h^3 / 3 (u (1 - u))^3 between them, (s - s_n)^3 / 3 beyond the last."""
    belief, slack = believe(POINTS, VALUES, SLOPES), Exact(POINTS, VALUES, SLOPES).slack
    s = np.sort(POINTS)
    for left, h, u in itertools.product(s[:-1], [None], [0.0, 0.25, 0.5, 0.9]):
        h = s[s > left][0] - left
        variance = belief.at(np.array([left + u * h])).value()[1][0] ** 2
        assert abs(variance - h**3 / 3 * (u * (1 - u)) ** 3) <= slack
    beyond = np.array([0.5, 2.0, 5.0])
    np.testing.assert_allclose(belief.at(3.5 + beyond).value()[1] ** 2, beyond**3 / 3, rtol=1e-9, atol=slack)


@pytest.mark.parametrize("noise", [(0.0, 0.0), (0.5, 1 / 3)])
def test_the_second_derivative_of_the_mean_jumps(noise):
    """By minus the weight of the slope observed there (it is no cubic spline): -8 and -3.55 in this example."""
    s, values, slopes = np.array([0.0, 1.0, 3.0]), np.array([0.0, 1.0, -1.0]), np.array([-1.0, 2.0, 1.0])
    belief, exact = believe(s, values, slopes, *noise), Exact(s, values, slopes, *noise)
    before = np.nextafter(1.0, 0)
    jump = belief.bends(np.array([1.0]))[0] - belief.bends(np.array([before]))[0]
    assert abs(jump[0] + float(exact.weights[4])) <= 1e-9
    assert abs(jump[0] - (-8 if noise[0] == 0 else -3.55)) < 5e-3
    third = belief.bends(np.array([1.0, 2.0]))[1]
    assert third[0] == third[1]
    assert belief.bends(np.array([3.0, 9.0])) == pytest.approx(np.zeros((2, 2)))


# Improvement and Wolfe conditions


def reference(rows=(POINTS, VALUES, SLOPES), noise=(0.02, 0.3)):
    return believe(*rows, *noise), Exact(*rows, *noise)


def test_expected_improvement_against_quadrature():
    belief, exact = reference()
    lowest = min(exact.mean(s) for s in POINTS)  # at an observed point: the belief falls lower between them
    at = np.array([0.2, 0.7, 1.3, 3.0, 4.5, 7.0])
    for s, found in zip(at, belief.at(at).expected_improvement(), strict=True):
        mean, sd = exact.mean(s), exact.covariance(s, 0, s, 0) ** 0.5
        density = lambda x, mean=mean, sd=sd: (lowest - x) * mpmath.npdf(x, mean, sd)
        knots = [min(mean, lowest) - 40 * sd, min(mean, lowest) - 8 * sd, min(mean, lowest), lowest]
        expected = mpmath.quad(density, sorted(set(knots)))
        assert abs(found - float(expected)) <= 1e-10 * (sd + abs(lowest - mean))


def test_improvement_is_never_negative_and_grows_with_uncertainty():
    there = believe(POINTS, VALUES, SLOPES, 0.02, 0.3).at(np.array([1.0, 50.0, 0.7]))
    assert (there.expected_improvement() >= 0).all()
    wider = there._replace(covariances=4 * there.covariances)
    assert (wider.expected_improvement() > there.expected_improvement()).all()
    certain = there._replace(covariances=0 * there.covariances)
    improvement = np.maximum(there.lowest - there.change(), 0)
    np.testing.assert_allclose(certain.expected_improvement(), improvement, atol=TINY)


@given(observations, st.floats(1e-4, 1), st.floats(1e-4, 1), inside, st.floats(0.01, 0.5), st.floats(0.5, 0.99))
def test_wolfe_terms_against_the_written_out_covariance(rows, value_noise, slope_noise, s, c1, c2):
    data = rows
    exact, belief = Exact(*data, value_noise, slope_noise), believe(*data, value_noise, slope_noise)
    k = lambda i, j: exact.covariance(*[(0, 0), (0, 1), (s, 0), (s, 1)][i], *[(0, 0), (0, 1), (s, 0), (s, 1)][j])
    aa = k(0, 0) + (c1 * s) ** 2 * k(1, 1) + k(2, 2) + 2 * (c1 * s * (k(0, 1) - k(1, 2)) - k(0, 2))
    bb = c2**2 * k(1, 1) - 2 * c2 * k(1, 3) + k(3, 3)
    ab = -c2 * (k(0, 1) + c1 * s * k(1, 1)) + k(0, 3) + c2 * k(1, 2) + c1 * s * k(1, 3) - k(2, 3)
    means, found = belief.at(np.array([s])).wolfe_terms(c1, c2)
    scale = exact.slack * (1 + s) ** 2
    np.testing.assert_allclose(found[0], [[aa, ab], [ab, bb]], rtol=0, atol=scale)
    a = exact.mean(0) - exact.mean(s) + c1 * s * exact.mean(0, 1)
    np.testing.assert_allclose(means[0], [a, exact.mean(s, 1) - c2 * exact.mean(0, 1)], rtol=0, atol=scale)


def test_wolfe_probability_against_a_library():
    belief, s = reference()[0], np.linspace(0.05, 6, 40)
    means, cov = belief.at(s).wolfe_terms()
    found = belief.at(s).wolfe_probability()
    expected = [multivariate_normal(-m, c).cdf(np.zeros(2)) for m, c in zip(means, cov, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
    assert found.max() > 0.9
    assert found.min() < 0.1


def test_without_noise_wolfe_conditions_hold_or_not():
    """At observed points, where Armijo (c1 = .05) and curvature (c2 = .8) can be read off the data."""
    s, values = np.array([0.0, 1.0, 2.0, 3.0, 4.0]), np.array([0.0, -0.04, -0.5, -0.5, 0.1])
    slopes = np.array([-1.0, 0.1, -0.9, -0.7, 2.0])
    assert believe(s, values, slopes).at(s[1:]).wolfe_probability().tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize("s", [1e-3, 1e-6, 1e-9, 1e-12])
def test_a_tiny_step_is_no_wolfe_point(s):
    """It would need a falling loss and a flattened slope; that differences were rounding errors once made it one."""
    belief = believe(np.array([0.0, 1.0, s]), np.array([0.0, 30.0, 0.0]), np.array([-1.0, 90.0, -1.0]), 0.01, 0.5)
    assert belief.at(np.array([s])).wolfe_probability()[0] < 0.05


# The bivariate normal distribution


def dense_bivariate(h, k, rho):
    root = mpmath.sqrt(1 - mpf(rho) ** 2)
    inner = lambda x: mpmath.npdf(x) * mpmath.ncdf((k - rho * x) / root)
    knots = sorted({-9.0, h, *(x for x in (k / rho if rho else 0.0, 0.0, -2.0, 2.0) if -9 < x < h)})
    return float(mpmath.quad(inner, knots)) if h > -9 else 0.0


@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(-0.999, 0.999))
def test_bivariate_against_quadrature_and_a_library(h, k, rho):
    found = float(bivariate(h, k, rho))
    assert abs(found - dense_bivariate(h, k, rho)) < 1e-10
    assert abs(found - multivariate_normal([0, 0], [[1, rho], [rho, 1]]).cdf([h, k])) < 1e-6


@given(st.floats(-8, 8), st.floats(-8, 8))
def test_bivariate_limits(h, k):
    p, q = float(mpmath.ncdf(h)), float(mpmath.ncdf(k))
    found = bivariate(h, k, np.array([1.0, -1.0, 0.0]))
    np.testing.assert_allclose(found, [min(p, q), max(0, p + q - 1), p * q], rtol=0, atol=4 * EPS)
    np.testing.assert_allclose(bivariate([np.inf, -np.inf], k, 0.7), [q, 0], rtol=0, atol=4 * EPS)


@given(st.floats(-1, 1))
def test_bivariate_of_the_quadrant(rho):
    """A quarter and arcsin(rho) / 2 pi, which near 1 is as uncertain as rho is."""
    slack = 8 * EPS / max(np.sqrt(1 - rho * rho), np.sqrt(EPS))
    assert abs(bivariate(0.0, 0.0, rho) - (0.25 + np.arcsin(rho) / (2 * np.pi))) < slack


# Candidates


@given(observations, st.sampled_from([(0.0, 0.0), (0.1, 0.1), (1.0, 0.01)]))
def test_minimizers(rows, noise):
    """One at most in a cell: there the mean's slope is 0 between signs - and +, and a fine grid finds nothing lower."""
    data = rows
    belief, slack = believe(*data, *noise), Exact(*data, *noise).slack
    edges = np.sort(data[0])
    for left, right, s in zip(edges, edges[1:], belief.minimizers(), strict=False):
        grid = np.linspace(left, right, 201)[1:-1]
        slope = belief.moments(grid)[1]
        falls = np.flatnonzero((slope[:-1] < -slack) & (slope[1:] > slack))
        if np.isnan(s):
            assert len(falls) == 0
        else:
            assert left < s < right
            assert abs(belief.moments(np.array([s]))[1][0]) <= slack * (1 + np.abs(belief.weights).sum())
            assert belief.bends(np.array([s]))[0][0] >= -slack
            assert all(grid[i] <= s <= grid[i + 1] for i in falls)


class Inflection:
    """A mean with slope (s - 1)^2 on [0, 2]: 0 at s = 1, which is no minimum."""

    s = np.array([[0.0, 2.0]])

    def moments(self, s):
        return 0 * s, (s - 1) ** 2

    def bends(self, s):
        return 2 * (s - 1), 0 * s + 2.0


def test_an_inflection_is_no_minimizer():
    assert np.isnan(Belief.minimizers(Inflection())).all()


@given(st.floats(0.05, 0.95), st.floats(-1e-13, 1e-13))
def test_the_minimizer_of_a_parabola_is_exact(where, dust):
    """The cubic coefficient is dust: dividing by it would lose every digit."""
    values, slopes = np.array([0.0, 1 / (2 * where) - 1 + dust]), np.array([-1.0, 1 / where - 1])
    assert abs(believe(np.array([0.0, 1.0]), values, slopes).minimizers()[0] - where) < 1e-10


def test_the_next_trial():
    """A minimum between observations, twice the furthest, or close to 0 where the mean rises there."""
    inside = believe(np.array([0.0, 1.0]), np.array([0.0, 1.0]), np.array([-1.0, 3.0]), 1e-4, 1e-4)
    assert promising(inside, 0.05, 0.8) == inside.minimizers()[0]
    falling = believe(np.array([0.0, 1.0, 2.0]), np.array([0.0, -1.0, -2.0]), -np.ones(3), 1e-4, 1e-4)
    assert promising(falling, 0.05, 0.8) == 4
    rising = believe(np.array([0.0, 1.0]), np.array([0.0, 50.0]), np.array([-1.0, 100.0]), 1e-4, 1.0)
    assert rising.moments(np.zeros(1))[1] > 0
    assert promising(rising, 0.05, 0.8) == 0.01
    lanes = believe(*(np.stack(pair) for pair in list(zip(inside, rising, strict=True))[:5]))
    assert promising(lanes, 0.05, 0.8).tolist() == [promising(inside, 0.05, 0.8), 0.01]


def test_the_next_trial_has_the_largest_product():
    """Of expected improvement and Wolfe probability, among all candidates; neither factor alone would choose it."""
    rng, alone = np.random.default_rng(0), np.zeros(2, int)
    for _ in range(200):
        s = np.array([0.0, *rng.permutation([1.0, 0.4, 2.0, 0.7])])
        belief = believe(s, rng.normal(0, 0.5, 5), rng.normal(0, 1, 5) - (s == 0), 0.05, 0.3)
        minima = belief.minimizers()
        candidates = np.array([*minima[~np.isnan(minima)], 4.0])
        there, found = belief.at(candidates), promising(belief, 0.05, 0.8)
        factors = there.expected_improvement(), there.wolfe_probability()
        if found != 0.004:
            assert found == candidates[np.argmax(factors[0] * factors[1])]
            alone += [found != candidates[np.argmax(factor)] for factor in factors]
    assert (alone > 5).all()


def test_constants():
    assert OFFSET == 10
    assert 0 < NUGGET < 1e-13
    assert 0 < TINY
