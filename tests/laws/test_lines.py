"""Laws of lines: closed and generic ones agree, derivatives are derivatives, points are where they should be.

Rounding. A line is computed from sums of at most a few hundred products, whose terms are no larger than

    size = phi(0) + phi(s) + (|theta| + |s d|) (|g(0)| + |g(s)|)          (1-norms of theta, d; max-norms of g)

up to the spread of the samples and the condition number of Q (10): 2^11 eps size bounds its error generously, and is
still nine digits below anything that a wrong formula would change. The error of a slope is that of a loss whose
arguments are d: size is then |d| (|g(0)| + |g(s)|) + (|theta| + |s d|) |H(s) d|.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toybox import lines
from zoo_cases import BATCH, PROBLEMS, SIZE, every_closed, every_problem, problem

UNITS = 2.0**11
SEEDS = (0, 1)
LANES = len(SEEDS)
positions = st.integers(0, 2**32 - 1)
scales = st.sampled_from([1e-3, 1.0, 30.0])
lengths = st.sampled_from([1e-6, 0.1, 1.0, 20.0])
batches = st.sampled_from(["batch", "everything"])


class Place:
    """A point of a problem, a direction and steps, in generic position: theta, d (lanes, dim), s (lanes, k)."""

    def __init__(self, case, seed, scale, length, batch, **options):
        self.problem = problem(case, **options)
        rng = np.random.default_rng(seed)
        theta, d = scale * rng.standard_normal((2, LANES, self.problem.dim))
        s = length * rng.uniform(-1, 1, (LANES, 4))
        index = rng.integers(0, SIZE, (LANES, BATCH))
        kind = self.problem.dtype
        self.theta, self.d, self.s = (np.asarray(v, kind) for v in (theta, d, s))
        self.sample = index if batch == "batch" else self.problem.population
        self.point = self.problem.at(self.theta, self.sample)
        self.eps = float(np.finfo(kind).eps)

    def line(self):
        return self.point.along(self.d)

    def terms(self, s):
        """The sizes (lanes, k) that bound the rounding of values and of slopes at steps s (see above)."""
        norm = lambda v: np.abs(v).sum(-1)
        largest = lambda v: np.abs(v).max(-1)
        values, slopes = [], []
        for step in s.T:
            point = self.problem.at(self.theta + step[:, None] * self.d, self.sample)
            reach = norm(self.theta) + norm(self.d) * np.abs(step)
            g = largest(self.point.gradient) + largest(point.gradient)
            bend = largest(point.hvp(self.d)) + largest(self.point.hvp(self.d))
            values.append(np.abs(self.point.value) + np.abs(point.value) + reach * g)
            slopes.append(norm(self.d) * g + reach * bend)
        return np.stack(values, -1), np.stack(slopes, -1)


def assert_close(found, expected, bound):
    wrong = np.abs(found - expected) > bound
    assert not wrong.any(), f"{found[wrong]} should be {expected[wrong]} to {bound[wrong]}"


@every_closed
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@settings(max_examples=20)
@given(positions, scales, lengths, batches)
def test_closed_lines_are_what_evaluation_says(case, dtype, seed, scale, length, batch):
    place = Place(case, seed, scale, length, batch, dtype=dtype)
    oracle = Place(case, seed, scale, length, batch, dtype=dtype, line="generic")
    line, generic, s = place.line(), oracle.line(), place.s
    assert isinstance(generic, lines.GenericLine)
    assert not isinstance(line, lines.GenericLine)
    values, slopes = (UNITS * place.eps * size for size in place.terms(s))
    assert_close(line.value0, generic.value0, values[:, 0])
    assert_close(line.slope0, generic.slope0, slopes[:, 0])
    assert_close(line.change(s), generic.change(s), values)
    assert_close(line.slope(s), generic.slope(s), slopes)
    bend = UNITS * place.eps * (np.abs(generic.curvature(s)).max() + slopes / (UNITS * place.eps))
    assert_close(line.curvature(s), generic.curvature(s), bend)
    for found, expected, bound in zip(line.samples(s), generic.samples(s), (values, slopes), strict=True):
        assert_close(found, expected, SIZE * bound[..., None] + 0 * found)  # one example may be all of the mean


@every_closed
@settings(max_examples=20)
@given(positions, scales, lengths, batches)
def test_samples_average_to_the_line(case, seed, scale, length, batch):
    place = Place(case, seed, scale, length, batch)
    line, (values, slopes) = place.line(), place.terms(place.s)
    each_value, each_slope = line.samples(place.s)
    bound = UNITS * place.eps
    assert_close(each_value.mean(-1) - line.value0[:, None], line.change(place.s), bound * values)
    assert_close(each_slope.mean(-1), line.slope(place.s), bound * slopes)


def integral(f, s, panels):
    """The integral of f from 0 to s (lanes, k), by eight Gauss nodes on each panel."""
    node, weight = np.polynomial.legendre.leggauss(8)
    u = ((np.arange(panels)[:, None] + (node + 1) / 2) / panels).ravel()
    w = np.tile(weight / 2 / panels, panels)
    return np.stack([(f(step[:, None] * u) * w).sum(-1) * step for step in s.T], -1)


@every_problem
@settings(max_examples=10)
@given(positions, st.sampled_from([0.1, 1.0]), st.sampled_from([0.1, 2.0]), batches)
def test_slope_and_curvature_are_derivatives(case, seed, scale, length, batch):
    """By their integrals, which lose no digits. The quadrature is exact to rounding for smooth losses; at the kinks of
    the squared hinge its error is about what other numbers of panels differ by."""
    place = Place(case, seed, scale, length, batch)
    line, s, (values, slopes) = place.line(), place.s, place.terms(place.s)
    rounding = UNITS * place.eps
    for f, change, size in (
        (line.slope, line.change(s), values),
        (line.curvature, line.slope(s) - line.slope0[:, None], slopes),
    ):
        fine = integral(f, s, 16)
        spread = np.max([np.abs(fine - integral(f, s, panels)).max() for panels in (5, 8, 11)])
        assert spread <= 1e-2 * size.max(), "the quadrature says nothing"
        assert_close(fine, change, 4 * spread + rounding * size)


@every_problem
@given(positions, scales, batches)
@settings(max_examples=10)
def test_nothing_changes_at_zero(case, seed, scale, batch):
    place = Place(case, seed, scale, 1.0, batch)
    line, zero = place.line(), np.zeros((LANES, 1))
    _, slopes = place.terms(zero)
    assert (line.change(zero) == 0).all()
    assert_close(line.slope(zero)[:, 0], line.slope0, UNITS * place.eps * slopes[:, 0])


@every_problem
@settings(max_examples=10)
@given(positions, scales, lengths, batches)
def test_the_point_of_a_step_has_the_value_of_the_line(case, seed, scale, length, batch):
    place = Place(case, seed, scale, length, batch)
    line, s = place.line(), place.s[:, :1]
    point, (values, slopes) = line.at(s[:, 0]), place.terms(s)
    np.testing.assert_array_equal(point.theta, place.theta + s * place.d)
    assert_close(point.value, line.value0 + line.change(s)[:, 0], UNITS * place.eps * values[:, 0])
    assert_close(np.vecdot(point.gradient, place.d), line.slope(s)[:, 0], UNITS * place.eps * slopes[:, 0])


@every_problem
@settings(max_examples=10)
@given(positions, scales, lengths, batches, st.sampled_from([-3.0, 1e-3, 0.7, 50.0]))
def test_a_longer_direction_needs_shorter_steps(case, seed, scale, length, batch, c):
    place = Place(case, seed, scale, length, batch)
    line, longer, s = place.line(), place.point.along(c * place.d), place.s
    values, slopes = (UNITS * place.eps * size for size in place.terms(s))
    assert_close(longer.change(s / c), line.change(s), values)
    assert_close(longer.slope(s / c), c * line.slope(s), abs(c) * slopes)
    bend = UNITS * place.eps * (np.abs(line.curvature(s)).max() + slopes / (UNITS * place.eps))
    assert_close(longer.curvature(s / c), c**2 * line.curvature(s), c**2 * bend)


@every_problem
@settings(max_examples=10)
@given(positions, lengths)
def test_the_mean_of_two_lines_is_the_line_on_both_batches(case, seed, length):
    place = Place(case, seed, 1.0, length, "batch")
    halves = [place.problem.at(place.theta, part) for part in (place.sample[:, :5], place.sample[:, 5:])]
    line, s = place.line(), place.s
    mean = lines.MeanLine(place.problem.xp, [half.along(place.d) for half in halves])
    values, slopes = (2 * UNITS * place.eps * size for size in place.terms(s))  # two sums
    assert_close(mean.value0, line.value0, values[:, 0])
    assert_close(mean.slope0, line.slope0, slopes[:, 0])
    assert_close(mean.change(s), line.change(s), values)
    assert_close(mean.slope(s), line.slope(s), slopes)
    for found, expected, bound in zip(mean.samples(s), line.samples(s), (values, slopes), strict=True):
        assert_close(found, expected, SIZE * bound[..., None] + 0 * found)


@every_closed
def test_change_keeps_its_digits_where_subtraction_loses_them(case):
    """At s = 1e-12 the change is slope s (1 + O(s)); a difference of two losses would have about four digits."""
    place = Place(case, 7, 1.0, 1.0, "batch")
    line, s = place.line(), np.full((LANES, 1), 1e-12)
    curved = np.abs(line.curvature(0 * s)) * s**2
    expected = line.slope0[:, None] * s
    assert_close(line.change(s), expected, 4 * curved + 2.0**-30 * np.abs(expected))


def test_the_cases_are_what_they_are_called():
    assert all(hasattr(problem(case), "at") for case in PROBLEMS)
    assert problem("a user's function").line == "generic"
