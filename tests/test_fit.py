"""Fits and distances of lines, against numpy.polyfit, loops, and exact rational arithmetic."""

from fractions import Fraction as F

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import toybox as tb
from toybox.analysis import sample
from toybox.analysis.fit import fit, shape_distances

EPS = np.finfo(float).eps
DEGREES = (1, 2, 3, 4)


@st.composite
def grids(draw):
    """Increasing grids of 6 to 40 points, not equidistant, around 0 or beside it."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    gaps = rng.uniform(0.2, 1, draw(st.integers(6, 40)) - 1)
    s = np.concatenate([[0.0], gaps.cumsum()]) / gaps.sum()
    return draw(st.sampled_from([1e-3, 1.0, 50.0])) * (s - draw(st.sampled_from([0.5, 0.0, 0.25, -0.5])))


def seeded(seed):
    return np.random.default_rng(seed)


def solved(s, y, degree):
    """Coefficients by the normal equations on exact rationals (Gauss-Jordan), increasing powers."""
    s, y = [F(x) for x in s], [F(x) for x in y]
    n = degree + 1
    rows = [[sum(x ** (i + j) for x in s) for j in range(n)] + [sum(v * x**i for x, v in zip(s, y, strict=True))]
            for i in range(n)]  # fmt: skip
    for i in range(n):
        rows[i] = [v / rows[i][i] for v in rows[i]]
        for k in range(n):
            if k != i:
                rows[k] = [a - rows[k][i] * b for a, b in zip(rows[k], rows[i], strict=True)]
    return [row[-1] for row in rows]


def errors(s, y, coefficients):
    """Residuals, one after the other, on exact rationals."""
    return [float(F(v) - sum(c * F(x) ** k for k, c in enumerate(coefficients))) for x, v in zip(s, y, strict=True)]


@given(grids(), st.sampled_from(DEGREES), st.integers(0, 2**32 - 1))
def test_fits_are_those_of_exact_normal_equations(s, degree, seed):
    y = seeded(seed).standard_normal(len(s)) + 5
    found, exact = fit(s, y, degree), solved(s, y, degree)
    residuals = np.array(errors(s, y, exact))
    size = np.abs(y).max()
    np.testing.assert_allclose(found.rmse, np.sqrt(np.mean(residuals**2)), atol=50 * EPS * size)
    np.testing.assert_allclose(found.mae, np.mean(np.abs(residuals)), atol=50 * EPS * size)
    largest = np.abs(s).max() ** np.arange(degree + 1)  # in units of what a coefficient adds to the polynomial
    np.testing.assert_allclose(found.coefficients * largest, np.array(exact, float) * largest, atol=1e5 * EPS * size)


@pytest.mark.parametrize("degree", DEGREES)
def test_many_lines_are_fitted_like_one_by_one_with_polyfit(degree):
    rng = seeded(degree)
    s, lines = np.linspace(-0.4, 0.6, 51), rng.standard_normal((4, 3, 51)).cumsum(axis=-1)
    inside = (s > -0.21) & (s < 0.31)
    found = fit(s, lines, degree, window=(-0.2, 0.3))
    for lane in np.ndindex(4, 3):
        y = lines[lane][inside]
        expected = np.polyfit(s[inside], y, degree)[::-1]
        residual = y - np.polyval(expected[::-1], s[inside])
        np.testing.assert_allclose(found.coefficients[lane], expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())
        np.testing.assert_allclose(found.mae[lane], np.abs(residual).mean(), rtol=1e-10)
        np.testing.assert_allclose(found.rmse[lane], np.sqrt((residual**2).mean()), rtol=1e-10)
        np.testing.assert_allclose(found.range[lane], y.max() - y.min(), rtol=1e-14)
        np.testing.assert_allclose(found.relative_mae[lane], np.abs(residual).mean() / (y.max() - y.min()), rtol=1e-10)
        np.testing.assert_allclose(found.relative_rmse[lane] * found.range[lane], found.rmse[lane], rtol=1e-14)


@given(grids(), st.integers(0, 2**32 - 1), st.floats(-8, 8), st.floats(-8, 8))
def test_parabolas_are_fitted_to_rounding(s, seed, slope, bend):
    """Whatever the sizes of slope and curvature; relative to the range where the loss at 0 is left out, as in Lines."""
    sign = seeded(seed).choice([-1.0, 1.0], 2)
    b, a = sign[0] * 10**slope, sign[1] * 10**bend
    y = (a * s + b) * s
    for degree in (2, 3, 4):
        found = fit(s, y, degree)
        assert found.mae <= 20 * EPS * np.abs(y).max()
        reach = np.abs(s).max()
        expected = np.zeros(degree + 1)
        expected[1:3] = b, a
        powers = reach ** np.arange(degree + 1)
        np.testing.assert_allclose(found.coefficients * powers, expected * powers, atol=1e5 * EPS * np.abs(y).max())


def test_lines_of_quadratics_are_parabolas_to_rounding():
    problem = tb.problem("quadratic", dim=6, size=60, common=False)
    lines = sample(problem, tb.method("sgd", rate=0.1), steps=40, batch=10, seeds=(0, 1), unit="arc", points=41)
    parabola = fit(lines.s, lines.full, 2)
    assert parabola.relative_mae.max() < 1e-13
    np.testing.assert_allclose(parabola.coefficients[..., 1], lines.slope, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(2 * parabola.coefficients[..., 2], lines.curvature, rtol=1e-10)
    assert fit(lines.s, lines.full, 1).relative_mae.min() > 1e-3  # the control of the control


@given(grids(), st.integers(0, 2**32 - 1))
def test_the_fitted_error_does_not_rise_with_the_degree(s, seed):
    y = seeded(seed).standard_normal((5, len(s)))
    found = [fit(s, y, degree).rmse for degree in DEGREES]
    for lower, higher in zip(found[1:], found, strict=False):
        assert (lower <= higher + 20 * EPS).all()


def test_the_mean_absolute_error_may_rise_with_the_degree():
    """The parabola through these 7 points has 9/7 of the straight line's."""
    s, y = np.linspace(-1, 1, 7), np.array([1.0, 3, 1, -3, 1, 3, 1])
    line, parabola = fit(s, y, 1), fit(s, y, 2)
    np.testing.assert_allclose(parabola.mae / line.mae, 9 / 7, rtol=1e-13)
    assert parabola.rmse < line.rmse


@given(grids(), st.sampled_from(DEGREES), st.integers(0, 2**32 - 1), st.floats(-3, 3), st.floats(-100, 100))
def test_errors_scale_with_the_line_and_ignore_its_height(s, degree, seed, scale, height):
    y, by = seeded(seed).standard_normal(len(s)), 10**scale
    plain, moved = fit(s, y, degree), fit(s, by * y + height, degree)
    noise = 100 * EPS * (np.abs(by * y).max() + abs(height))
    np.testing.assert_allclose(moved.mae, by * plain.mae, atol=noise)
    np.testing.assert_allclose(moved.rmse, by * plain.rmse, atol=noise)
    np.testing.assert_allclose(moved.relative_mae, plain.relative_mae, rtol=1e-9, atol=noise / moved.range)


@given(grids(), st.sampled_from(DEGREES), st.integers(0, 2**32 - 1), st.floats(0.01, 100))
def test_units_of_s_change_coefficients_by_powers_and_errors_not_at_all(s, degree, seed, unit):
    y = seeded(seed).standard_normal(len(s))
    plain, moved = fit(s, y, degree), fit(unit * s, y, degree)
    np.testing.assert_allclose(moved.mae, plain.mae, atol=100 * EPS * np.abs(y).max())
    powers = np.abs(s).max() ** np.arange(degree + 1)
    back = moved.coefficients * unit ** np.arange(degree + 1)
    np.testing.assert_allclose(back * powers, plain.coefficients * powers, atol=1e5 * EPS * np.abs(y).max())


def test_flat_and_diverged_lines_leave_the_others_alone():
    s = np.linspace(-1, 1, 11)
    lines = np.stack([s**2 + s**3, 0 * s, np.where(s > 0.5, np.inf, s), np.where(s > 0.5, np.nan, s)])
    found = fit(s, lines, 2)
    np.testing.assert_allclose(found.relative_mae[0], fit(s, lines[0], 2).relative_mae, rtol=1e-14)
    assert found.mae[1] == 0
    assert np.isnan(found.relative_mae[1:]).all()
    assert np.isnan(found.coefficients[2:]).all()
    assert np.isfinite(fit(s, lines, 2, window=(-1, 0.5)).coefficients).all()
    distances = shape_distances(s, lines, normalise=True)
    np.testing.assert_allclose(distances[0, 1], np.mean(lines[0] - lines[0].min()) / np.ptp(lines[0]), rtol=1e-14)
    assert np.isfinite(distances[:2, :2]).all()
    assert np.isnan(distances[:2, 3]).all()


def far_apart(a, b, normalise):
    """The definition, point by point."""
    total = 0.0
    for x, y in zip(a, b, strict=True):
        x, y = x - min(a), y - min(b)
        if normalise:
            x, y = x / (max(a) - min(a)), y / (max(b) - min(b))
        total += abs(x - y)
    return total / len(a)


@pytest.mark.parametrize("normalise", [False, True])
def test_distances_are_those_of_the_definition(normalise):
    s, lines = np.linspace(-1, 2, 13), seeded(0).standard_normal((9, 13)).cumsum(axis=-1)
    inside = slice(2, 9)  # -0.5 to 1
    expected = [[far_apart(a[inside], b[inside], normalise) for b in lines] for a in lines]
    options = {"window": (-0.5, 1.0), "normalise": normalise}
    found = shape_distances(s, lines, **options)
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-15)
    np.testing.assert_array_equal(found, found.T)
    assert (np.diag(found) == 0).all()
    for lag in (1, 3, 8):
        np.testing.assert_allclose(shape_distances(s, lines, lag=lag, **options), np.diag(found, lag), rtol=1e-13)


@given(grids(), st.integers(0, 2**32 - 1), st.floats(-3, 3), st.floats(-50, 50))
def test_equal_shapes_have_no_distance(s, seed, scale, height):
    """Shifted up: none; scaled: none between normalised ones, and in proportion to the range between others."""
    y, by = seeded(seed).standard_normal(len(s)), 10**scale
    noise = 20 * EPS * (np.abs(by * y).max() + abs(height) + np.abs(y).max())
    shifted = np.stack([y, y + height])
    assert shape_distances(s, shifted)[0, 1] <= noise
    scaled = np.stack([y, by * y + height])
    assert shape_distances(s, scaled, normalise=True)[0, 1] <= 2 * noise / min(np.ptp(y), by * np.ptp(y))
    expected = abs(by - 1) * np.mean(y - y.min())
    np.testing.assert_allclose(shape_distances(s, scaled)[0, 1], expected, atol=noise)


def test_absolute_distances_fall_with_the_range_and_normalised_ones_do_not():
    """Two shapes, ever flatter: the confounding that the docstring names."""
    s = np.linspace(-1, 1, 21)
    pairs = [np.stack([h * s**2, h * (s - 0.5) ** 2]) for h in (1.0, 1e-3, 1e-6)]
    absolute = [shape_distances(s, pair)[0, 1] for pair in pairs]
    normalised = [shape_distances(s, pair, normalise=True)[0, 1] for pair in pairs]
    np.testing.assert_allclose(absolute, absolute[0] * np.array([1, 1e-3, 1e-6]), rtol=1e-12)
    np.testing.assert_allclose(normalised, normalised[0], rtol=1e-12)


S = np.linspace(-1, 1, 9)
LINES = np.zeros((4, 9))


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: fit(S, LINES, 5), "degree=5"),
        (lambda: fit(S, LINES, 0), "degree=0"),
        (lambda: fit(S, LINES, 3, window=(0, 0.5)), "holds 3 points"),
        (lambda: fit(S, LINES, 1, window=(0.1, 0.2)), "window="),
        (lambda: fit(S[::-1], LINES), "increasing"),
        (lambda: fit(S[None], LINES), "increasing"),
        (lambda: fit(S, LINES[:, 1:]), "do not fit"),
        (lambda: shape_distances(S, LINES[0]), "lines of shape"),
        (lambda: shape_distances(S, LINES, lag=0), "lag=0"),
        (lambda: shape_distances(S, LINES, lag=4), "lag=4"),
        (lambda: shape_distances(S, LINES, lag=True), "lag=True"),
        (lambda: shape_distances(S, LINES, lag=1.5), "lag=1.5"),
    ],
)
def test_bad_arguments_are_refused(ask, message):
    with pytest.raises(ValueError, match=message):
        ask()
