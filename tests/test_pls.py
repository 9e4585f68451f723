"""The probabilistic line search: its belief against a dense computation in 40 digits, its search on small problems."""

import itertools
from dataclasses import dataclass

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf
from scipy.stats import multivariate_normal

import toybox as tb
from optional import TORCH
from toybox.lines import HermiteLine
from toybox.methods.belief import NUGGET, OFFSET, TINY, Belief, believe, bivariate, covariance, promising
from toybox.methods.pls import PLS, WALL, Scaled, wall
from toybox.rays import Ledger, Ray, Walk

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


def test_a_wall_stands_where_nothing_can_be_seen():
    assert wall(np.array([np.nan, np.inf, -np.inf, 1e9, -1e9, 2.0]), 7.0).tolist() == [7, 7, 7, 7, -7, 2]


# The search


def gradient(**hyper):
    return tb.Optimizer(tb.methods.fixed.Gradient(), PLS(**hyper), "pls")


def ray(problem, batch, seed=0, theta=None, j=0):
    sampler = lambda t, j: problem.draw(np.array([seed]), t, j, batch, "fresh")
    origin = problem.at(problem.initial([seed]) if theta is None else theta, sampler(0, 0))
    return Ray(Walk(problem, sampler, batch, 1, Ledger()), origin, -origin.gradient, 0)


@pytest.mark.parametrize("batch", [1, 20, 100])
def test_noise_is_the_spread_within_the_batch(batch):
    problem = tb.problem("quadratic", size=100)
    here = ray(problem, batch)
    scaled = Scaled(here, np.array([0.5]))
    values, slopes = (x[0, 0] for x in here.line().samples(np.zeros((1, 1))))
    steep = -here.line().slope0[0]
    if batch == 1:  # which shows no spread of its own: that of two samples
        more = (x[0, 0] for x in here.line(1).samples(np.zeros((1, 1))))
        values, slopes = (np.append(x, other) for x, other in zip((values, slopes), more, strict=True))
    spread = [x.var(ddof=1) / batch * (1 - batch / 100) for x in (values, slopes)]
    np.testing.assert_allclose(scaled.noise[0], spread[0] / (0.5 * steep) ** 2, atol=0 if batch < 100 else 1e-30)
    np.testing.assert_allclose(scaled.noise[1], spread[1] / steep**2, atol=0 if batch < 100 else 1e-30)
    fresh = here.line(1)
    value, slope = scaled(1, np.array([2.0]))
    at = np.ones((1, 1))
    np.testing.assert_allclose(value, (fresh.value0 + fresh.change(at)[:, 0] - here.line().value0) / (0.5 * steep))
    np.testing.assert_allclose(slope, fresh.slope(at)[:, 0] / steep)


SCENES = {
    "quadratic": (lambda: tb.problem("quadratic"), 20, 1.0),
    "interpolation": (lambda: tb.problem("quadratic", spread=0.0), 10, 1.0),
    "factorization": (lambda: tb.problem("factorization", rank=10), 100, 0.3),
    "mushrooms": (lambda: tb.problem("mushrooms", rows=500), 50, 10.0),
}


@pytest.mark.parametrize("factor", [1e-4, 1.0, 1e2])
@pytest.mark.parametrize("scene", SCENES)
def test_it_descends_whatever_the_first_trial(scene, factor):
    make, batch, good = SCENES[scene]
    trace = tb.run(make(), gradient(first=factor * good), steps=50, batch=batch, seeds=range(10))
    assert (trace.full_loss[-1] < trace.full_loss[0]).sum() >= 9
    assert np.isfinite(trace.theta).all()


def test_interpolation_converges():
    trace = tb.run(tb.problem("quadratic", spread=0.0, condition=10.0), gradient(), steps=200, batch=10, seeds=range(5))
    assert (trace.full_loss[-1] < 1e-6 * trace.full_loss[0]).all()


@pytest.mark.parametrize(("scene", "evaluations"), [*itertools.product(SCENES, [10]), ("quadratic", 2)])
def test_a_search_draws_at_most_so_many_batches(scene, evaluations):
    """One batch for the gradient and one per evaluation; a pass through the former measures the noise."""
    make, batch, good = SCENES[scene]
    trace = tb.run(make(), gradient(first=good / 50, evaluations=evaluations), steps=30, batch=batch)
    drawn = np.diff(trace.cost("batches"), axis=0, prepend=0)
    assert (2 <= drawn).all()
    assert drawn.max() <= 1 + evaluations
    np.testing.assert_array_equal(trace.trials, drawn)  # noise + evaluations = gradient's batch + fresh batches
    np.testing.assert_array_equal(np.diff(trace.cost("gradients"), axis=0, prepend=0), 1 + drawn)
    exhausted = trace.status == tb.Status.EXHAUSTED
    assert (drawn[exhausted] == 1 + evaluations).all()
    assert (trace.size > 0).all()


def test_a_batch_of_one_sample_pays_for_a_second_one():
    """Its loss at 0 is asked of the first fresh batch, too, which the search draws anyway; alone in the data it is all
    there is to know, and exact."""
    for size, extra in ((100, 1), (1, 0)):
        trace = tb.run(tb.problem("quadratic", size=size), gradient(), steps=20, batch=1)
        drawn = np.diff(trace.cost("batches"), axis=0, prepend=0)
        np.testing.assert_array_equal(trace.trials, drawn + extra)


@pytest.mark.parametrize("seed", range(5))
def test_a_batch_of_one_sample_is_not_taken_for_exact(seed):
    """Its loss and its slope have the variances that two samples show, not 0."""
    problem = tb.problem("quadratic", dim=2, spread=1.0, condition=20.0)
    scaled = Scaled(ray(problem, 1, seed), np.array([1.0]))
    assert min(noise.item() for noise in scaled.noise) > 0


def test_on_full_batches_accepted_steps_satisfy_wolfe():
    """There is no noise then; both inequalities are recomputed from the lines, to rounding and the nugget."""
    problem = tb.problem("factorization", rank=4)
    iterates = tb.Probe("theta", lambda look: look.theta)
    trace = tb.run(problem, gradient(), steps=40, batch=problem.size, probes=[iterates])
    assert (trace.status == tb.Status.FOUND).all()
    for theta, size in zip(trace.probes["theta"], trace.size, strict=False):
        point = problem.at(theta, problem.population)
        line = point.along(-point.gradient)
        slack = 1e-5 * size * -line.slope0
        assert (line.change(size[:, None])[:, 0] <= 0.05 * size * line.slope0 + slack).all()
        assert (line.slope(size[:, None])[:, 0] >= 0.8 * line.slope0 - slack / size).all()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ["quadratic", "factorization", "logistic"])
def test_lanes_are_single_searches(name, dtype):
    """Bitwise, although neighbours search longer; a lane whose loss overflows disturbs nobody either."""
    problem, seeds, hyper = tb.problem(name, dtype=dtype), (3, 0, 8), {"c2": [0.8, 0.6], "first": [1e-3, 2.0]}
    start = problem.initial(list(seeds))
    start[1] = 1e38 if dtype == "float32" else 1.7e308
    if name == "logistic":
        start = start[:, None] + np.zeros((1, 2, 1), start.dtype)
    else:
        start = np.repeat(start[:, None], 2, axis=1)
    options = {"steps": 15, "batch": 10, "every": None}
    method = gradient(**{k: np.array(v) for k, v in hyper.items()})
    many = tb.run(problem, method, seeds=seeds, theta=start, **options)
    for (i, seed), h in itertools.product(enumerate(seeds), range(2)):
        solo = gradient(**{k: v[h] for k, v in hyper.items()})
        one = tb.run(problem, solo, seeds=[seed], theta=start[i, h], **options)
        for field in ("loss", "size", "status", "trials"):
            np.testing.assert_array_equal(getattr(one, field)[:, 0], getattr(many, field)[:, i, h], err_msg=field)
        np.testing.assert_array_equal(one.theta[0], many.theta[i, h])
        for kind in ("batches", "gradients", "samples"):
            np.testing.assert_array_equal(one.cost(kind)[:, 0], many.cost(kind)[:, i, h], err_msg=kind)
    assert many.theta.dtype == dtype
    assert np.isfinite(many.theta).all()


@pytest.mark.parametrize("factor", [2.0**-7, 2.0**5])
def test_the_units_of_the_loss_do_not_matter(factor):
    """Losses times a power of two, first trial divided by it: the same iterates, bit by bit."""
    plain = tb.problem("quadratic")
    scaled = tb.problems.NoisyQuadratic(factor * plain.Q, plain.m)
    options = {"steps": 30, "batch": 10, "seeds": (0, 1), "theta": plain.initial([0, 1])}
    expected = tb.run(plain, gradient(first=0.5), **options)
    found = tb.run(scaled, gradient(first=0.5 / factor), **options)
    np.testing.assert_array_equal(found.theta, expected.theta)
    np.testing.assert_array_equal(found.size * factor, expected.size)


@pytest.mark.parametrize("backend", [TORCH, "strict"])
def test_backends(backend):
    options = {"steps": 8, "batch": 50, "seeds": (0, 1)}
    expected = tb.run(tb.problem("factorization"), gradient(), **options)
    found = tb.run(tb.problem("factorization", backend=backend), gradient(), **options)
    np.testing.assert_allclose(found.theta, expected.theta, rtol=1e-8)
    np.testing.assert_array_equal(found.status, expected.status)


@dataclass(frozen=True)
class Uphill:
    def init(self, xp, point):
        return ()

    def step(self, xp, point, state):
        return point.gradient, state


def test_uphill_and_stationary_lanes_stay_where_they_are():
    problem = tb.problem("quadratic", spread=0.0)
    trace = tb.run(problem, tb.Optimizer(Uphill(), PLS()), steps=3, batch=10)
    assert (trace.status == tb.Status.ASCENT).all()
    assert (trace.size == 0).all()
    still = tb.run(problem, gradient(), steps=3, batch=10, theta=problem.solution)
    assert (still.status == tb.Status.STATIONARY).all()
    np.testing.assert_array_equal(still.theta[0], problem.solution)


def test_momentum_may_point_uphill_now_and_then():
    trace = tb.run(
        tb.problem("quadratic"),
        tb.Optimizer(tb.methods.momentum.Momentum(0.9), PLS()),
        steps=80,
        batch=10,
        seeds=range(6),
    )
    assert (trace.status == tb.Status.ASCENT).any()
    assert (trace.full_loss[-1] < trace.full_loss[0]).all()
    assert (trace.size[trace.status == tb.Status.ASCENT] == 0).all()


def test_a_spent_budget_takes_the_lowest_mean():
    """Twice doubled a first trial that is far too short: the longest of the two, with its status."""
    problem = tb.problem("quadratic", common=True)
    trace = tb.run(problem, gradient(first=1e-6, evaluations=2), steps=1, batch=problem.size)
    assert trace.status.item() == tb.Status.EXHAUSTED
    assert trace.size.item() == 2e-6


def exponential():
    """exp(theta) - theta, which overflows from 710 on, with a little spread between samples."""
    spread = np.linspace(0.9, 1.1, 20)

    def samples(theta, index):
        a = spread[index]
        with np.errstate(over="ignore", invalid="ignore"):
            grown = a * np.exp(theta)
            return grown - theta, (grown - 1)[..., None]

    def f(theta, index):
        values, slopes = samples(theta, index)
        return values.mean(-1), slopes.mean(-2)

    return tb.problems.FromFunction(f, 1, 20, samples=samples, start=lambda seed: np.array([-5.0]))


@pytest.mark.parametrize("first", [1e3, 1e6, 1e200])
def test_a_trial_that_overflows_is_a_wall(first):
    trace = tb.run(exponential(), gradient(first=first), steps=150, batch=5, seeds=range(3))
    assert np.isfinite(trace.theta).all()
    if first < 1e10:
        assert (np.abs(trace.theta) < 0.2).all()


def torn(value, slope):
    """x falls up to 0; beyond, loss and slope are these. The samples' losses differ, so that nothing is certain."""
    spread = np.linspace(-1, 1, 20)

    def samples(theta, index):
        values = np.where(theta > 0, value, -theta) + 1e3 * spread[index]
        return values, (np.where(theta > 0, slope, -1.0) + 0 * values)[..., None]

    f = lambda theta, index: tuple(part.mean(axis=1) for part in samples(theta, index))
    return tb.problems.FromFunction(f, 1, 20, samples=samples)


@pytest.mark.parametrize(
    ("value", "slope"), [(np.inf, 1.0), (np.nan, np.nan), (-np.inf, -1.0), (0.0, np.nan), (1e9, 1.0)]
)
def test_a_wall_is_never_accepted_however_large_the_noise(value, slope):
    """With losses that spread by a thousand, a wall of WALL may well be a decrease. From -1e-7 the first three trials
    are behind it: the search stays, and the next one begins with its shortest trial."""
    trace = tb.run(torn(value, slope), gradient(evaluations=3), steps=8, batch=5, theta=[-1e-7], every=None)
    assert (trace.theta <= 0).all()
    assert tb.Status.NONFINITE not in trace.status
    assert (trace.status[0, 0], trace.size[0, 0]) == (tb.Status.EXHAUSTED, 0)


def test_missing_examples_are_asked_for():
    problem = tb.problems.FromFunction(lambda theta, index: ((theta**2).sum(-1), 2 * theta), 2, 10)
    with pytest.raises(NotImplementedError, match="samples="):
        tb.run(problem, gradient(), steps=1, batch=5)


def test_the_next_search_starts_a_little_further():
    rule, yes = PLS(), np.array([True])
    start = rule.init(tb.problem("quadratic").xp, (1,))
    assert start.first.tolist() == [1.0]  # Algorithm 5, line 4
    short = np.array([0.25])
    after = rule.next(start, np.array([2.0]), short, yes)  # a bad first trial is forgotten at once
    assert (after.first.tolist(), after.average.tolist()) == ([2.6], [2.0])
    longer = rule.next(after, np.array([4.0]), short, yes)
    assert longer.first.tolist() == [5.2]
    assert longer.average[0] == pytest.approx(0.95 * 2 + 0.05 * 4)
    shrunk = rule.next(longer, np.array([1e-3]), short, yes)
    assert shrunk.first.tolist() == shrunk.average.tolist() == [pytest.approx(0.95 * 2.1 + 5e-5)]
    assert rule.next(longer, np.array([0.0]), short, ~yes) == longer
    assert rule.next(longer, np.array([0.0]), short, yes) == longer._replace(first=short)  # nothing but walls


@pytest.mark.parametrize(
    "bad", [{"c1": 0.0}, {"c2": 1.0}, {"threshold": 1.0}, {"evaluations": 1}, {"evaluations": 2.5}, {"first": 0.0}]
)
def test_bad_hyper_parameters_are_refused_by_name(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        PLS(**bad)


def test_constants():
    assert (OFFSET, WALL) == (10, 1e3)
    assert 0 < NUGGET < 1e-13
    assert 0 < TINY
