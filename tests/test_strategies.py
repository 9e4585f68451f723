"""Strategies on recorded lines: closed forms on quadratics, formulas written out, and every missing line counted."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

import toybox as tb
from toybox.analysis import sample
from toybox.analysis.steps import accumulate, best_rate, memory, metrics, proportionality, ratios, slopes, smooth

RATE, STEPS, BATCH, WIDE = 0.2, 60, 3, {"unit": "newton", "window": (-2.0, 4.0), "points": 7}
METHODS = {
    "sgd": tb.method("sgd", rate=RATE),
    "half": tb.method("sgd", rate=RATE / 2),
    "pal": tb.method("pal", beta=0.0, s_max=math.inf),
    "fbpal": tb.method("fbpal", s_max=math.inf),
    "twice": tb.method("fbpal", alpha=2.0, s_max=math.inf),
    "1.9": tb.method("fbpal", alpha=1.9, s_max=math.inf),
    "exact-full": tb.method("exact-full"),
}


def recorded(problem, steps=STEPS, **options):
    settings = {"batch": BATCH, "seeds": (0, 1), "methods": METHODS} | WIDE | options
    return sample(problem, tb.method("sgd", rate=RATE), steps=steps, **settings)


@pytest.fixture(scope="module")
def noisy():
    return tb.problem("quadratic", dim=4, size=40, common=True, condition=10.0)


@pytest.fixture(scope="module")
def lines(noisy):
    return recorded(noisy)


@pytest.fixture(scope="module")
def walked(noisy):
    """The same run, in a loop over numbers: (T, lanes) of g'g_B, g_B'H g_B, |g_B|."""
    found = []
    for seed in (0, 1):
        x, rows = noisy.initial([seed])[0], []
        for t in range(STEPS):
            index = noisy.draw(np.array([seed]), t, 0, BATCH)[0]
            g, g_B = (noisy.Q @ (x - m.mean(axis=0)) for m in (noisy.m, noisy.m[index]))
            rows.append((g @ g_B, g_B @ noisy.Q @ g_B, np.sqrt(g_B @ g_B)))
            x = x - RATE * g_B
        found.append(rows)
    return np.moveaxis(found, (0, 1, 2), (2, 1, 0))


def test_steps_distances_and_improvements_are_those_of_the_parabola(lines, walked):
    """SGD-02: s_opt = g'g_B / (g_B'H g_B) |g_B|; a rate r improves by r g'g_B - r^2/2 g_B'H g_B."""
    along, bend, norm = walked
    found = metrics(lines)
    assert set(found) == {"optimum", *METHODS}
    near = {"rtol": 1e-9, "atol": 1e-11}
    np.testing.assert_allclose(found["optimum"].size, along / bend * norm, **near)
    np.testing.assert_allclose(found["optimum"].improvement, along**2 / bend / 2, **near)
    np.testing.assert_allclose(found["optimum"].distance, 0, atol=0)
    for name, rate in (("sgd", RATE), ("half", RATE / 2)):
        np.testing.assert_allclose(found[name].size, rate * norm, **near)
        np.testing.assert_allclose(found[name].distance, (along / bend - rate) * norm, **near)
        improvement = rate * along - rate**2 / 2 * bend
        np.testing.assert_allclose(found[name].improvement, improvement, **near)
        np.testing.assert_allclose(found[name].total_improvement.sum[-1], improvement.sum(axis=0), **near)
        np.testing.assert_array_equal(found[name].total_improvement.missing, 0)
    np.testing.assert_allclose(found["pal"].size, norm**3 / bend, **near)  # the batch has the same H
    np.testing.assert_allclose(slopes(lines), norm, **near)
    np.testing.assert_allclose(ratios(lines), along / bend, **near)
    np.testing.assert_allclose(best_rate(lines), along.sum(axis=0) / bend.sum(axis=0), **near)


def test_the_lengths_do_not_depend_on_the_unit(noisy, lines):
    other = recorded(noisy, unit="arc", window=(-9.0, 9.0))
    for name, strategy in metrics(other).items():
        np.testing.assert_allclose(strategy.distance, metrics(lines)[name].distance, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(slopes(other), slopes(lines), rtol=1e-9)


def test_the_full_search_is_exact_where_the_direction_descends(lines, walked):
    found, down = metrics(lines), walked[0] > 0
    assert 0 < (~down).sum() < down.sum()  # a noisy problem has both kinds
    s_opt = found["optimum"].size
    for name in ("exact-full", "fbpal"):
        np.testing.assert_allclose(found[name].distance[down], 0, atol=1e-8 * np.abs(s_opt).max())
        assert (found[name].size[~down] == 0).all()
        np.testing.assert_array_equal(found[name].distance[~down], s_opt[~down])
    assert (s_opt[~down] < 0).all()


def test_twice_the_optimal_step_improves_nothing(lines, walked):
    """SGD-08; 1.9 times it improves by 1 - .9^2 of what is possible."""
    found, down = metrics(lines), walked[0] > 0
    possible = found["optimum"].improvement
    np.testing.assert_allclose(found["twice"].improvement[down] / possible[down], 0, atol=1e-6)
    np.testing.assert_allclose(found["1.9"].improvement[down] / possible[down], 1 - 0.9**2, atol=1e-6)


def test_the_whole_batch_on_round_contours_is_proportional_exactly():
    """s_opt = |g| / h, and every rate is a multiple of the exact step."""
    problem = tb.problem("quadratic", dim=4, size=20, common=True, condition=1.0)
    lines = recorded(problem, batch=20)
    s_opt = metrics(lines)["optimum"].size
    fit = proportionality(s_opt, slopes(lines))
    np.testing.assert_allclose(ratios(lines), 1, rtol=1e-10)
    for value in (fit.rate, fit.r2, fit.over_constant, fit.rank):
        np.testing.assert_allclose(value, 1, rtol=1e-9)
    noisy = recorded(problem, batch=2)
    assert (proportionality(metrics(noisy)["optimum"].size, slopes(noisy)).r2 < 0.9).all()


def test_lines_without_a_minimum_are_counted(noisy, lines):
    """Where a parabola has its minimum outside of the window: nan, and as many missing."""
    short = recorded(noisy, unit="arc", window=(-0.05, 0.1))
    found, known = metrics(short), metrics(lines)
    s_opt = known["optimum"].size
    lost = (s_opt < -0.05) | (s_opt > 0.1)
    assert 0 < lost.sum() < lost.size
    for name, strategy in found.items():
        np.testing.assert_array_equal(np.isnan(strategy.distance), lost)
        np.testing.assert_array_equal(strategy.total_distance.missing[-1], lost.sum(axis=0))
        np.testing.assert_array_equal(np.isnan(strategy.improvement), lost & (name == "optimum"))
        for lane in (0, 1):
            rest = [abs(x) for x in known[name].distance[:, lane][~lost[:, lane]]]
            np.testing.assert_allclose(strategy.total_distance.sum[-1, lane], math.fsum(rest), rtol=1e-8)
    fit = proportionality(found["optimum"].size, slopes(short))
    np.testing.assert_array_equal(fit.missing, lost.sum(axis=0))
    np.testing.assert_array_equal(memory(found["optimum"].size, [0]).missing, (lost | (s_opt <= 0)).sum(axis=0))


def test_a_method_must_not_be_called_optimum(noisy):
    with pytest.raises(ValueError, match="'optimum'"):
        metrics(recorded(noisy, steps=2, methods={"optimum": METHODS["sgd"]}))


def test_sums_go_on_after_a_missing_value():
    total = accumulate(np.array([[1.0, np.nan], [np.nan, np.nan], [2.5, 4.0]]))
    np.testing.assert_array_equal(total.sum, [[1, 0], [1, 0], [3.5, 4]])
    np.testing.assert_array_equal(total.missing, [[0, 1], [1, 2], [1, 2]])


numbers = st.lists(st.one_of(st.just(math.nan), st.floats(-1e3, 1e3)), min_size=1, max_size=40)


@given(numbers, st.sampled_from([1, 3, 5, 25]))
def test_the_mean_filter_is_the_mean_of_what_is_known_nearby(values, width):
    seen = smooth(np.array(values)[:, None], width)
    for t in range(len(values)):
        near = [x for x in values[max(0, t - width // 2) : t + width // 2 + 1] if not math.isnan(x)]
        assert seen.known[t, 0] == len(near)
        mean = math.fsum(near) / len(near) if near else math.nan
        np.testing.assert_allclose(seen.mean[t, 0], mean, rtol=1e-12, atol=1e-10)


@given(st.integers(0, 10**6), st.integers(3, 60), st.floats(0, 3), st.sampled_from([1, 5]))
def test_proportionality_is_least_squares_and_spearman(seed, T, noise, width):
    """Against scipy, and the textbook's formulas on what numpy's solver leaves; equal values and gaps included."""
    rng = np.random.default_rng(seed)
    g = np.round(rng.uniform(0.5, 2, (T, 2)), 1)
    s = np.where(rng.random((T, 2)) < 0.1, np.nan, 0.7 * g + noise * rng.standard_normal((T, 2)))
    fit = proportionality(s, g, width)
    for lane in (0, 1):
        ok = ~np.isnan(s[:, lane])
        nearby = [ok & (abs(np.arange(T) - t) <= width // 2) for t in range(T)]
        x, y = (np.array([column[near, lane].mean() for near in nearby if near.any()]) for column in (g, s))
        assert fit.missing[lane] == T - len(x)
        if len(x) < 3 or np.ptp(x) < 1e-9 or np.ptp(y) < 1e-9:
            continue
        (rate,), *_ = np.linalg.lstsq(x[:, None], y, rcond=None)
        left = y - rate * x
        np.testing.assert_allclose(fit.rate[lane], rate, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(fit.r2[lane], 1 - (left**2).mean() / (y**2).mean(), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(fit.over_constant[lane], 1 - (left**2).mean() / y.var(), rtol=1e-9, atol=1e-9)
        if width == 1:  # means of the same numbers may differ in their last bits, and so their ranks
            np.testing.assert_allclose(fit.rank[lane], spearmanr(x, y)[0], rtol=1e-9, atol=1e-12)


def test_too_little_to_fit_is_nan():
    fit = proportionality(np.array([1.0, np.nan, np.nan]), np.ones(3))
    assert np.isnan([fit.rate, fit.r2, fit.over_constant, fit.rank]).all()
    assert fit.missing == 2


def test_memory_is_the_autocorrelation_of_logarithms():
    rng = np.random.default_rng(0)
    s = np.exp(rng.standard_normal((50, 2)))
    s[[3, 20, 21], 0], s[[7, 8], 1] = [-1, 0, np.nan], np.nan
    found = memory(s, [0, 1, 7])
    np.testing.assert_array_equal(found.missing, [3, 2])
    for lane in (0, 1):
        x = [math.log(v) if v > 0 else None for v in s[:, lane]]
        known = [v for v in x if v is not None]
        mean = math.fsum(known) / len(known)
        variance = math.fsum((v - mean) ** 2 for v in known) / len(known)
        for i, k in enumerate((0, 1, 7)):
            pairs = [(a - mean) * (b - mean) for a, b in zip(x, x[k:], strict=False) if None not in (a, b)]
            assert found.pairs[i, lane] == len(pairs)
            np.testing.assert_allclose(found.correlation[i, lane], math.fsum(pairs) / len(pairs) / variance, rtol=1e-10)
    np.testing.assert_allclose(found.correlation[0], 1, rtol=1e-12)


def test_memory_of_what_alternates_and_of_what_the_filter_removes():
    """(-1)^t forgets nothing; on a trend, a filter over five lines leaves the trend."""
    s = np.exp(np.where(np.arange(40) % 2, 1.0, -1.0))
    np.testing.assert_allclose(memory(s, range(6)).correlation, (-1.0) ** np.arange(6), rtol=1e-12)
    trend = memory(np.exp(np.arange(40) / 10) * s, [1, 2]).correlation
    smoothed = memory(np.exp(np.arange(40) / 10) * s, [1, 2], width=5).correlation
    assert trend[0] < 0.5 < smoothed[0]


@pytest.mark.parametrize("width", [0, 2, -1, 2.5, True])
def test_bad_widths(width):
    with pytest.raises(ValueError, match="odd whole number"):
        smooth(np.ones(5), width)


@pytest.mark.parametrize("lags", [[], [5], [-1], [0.5], [[1]]])
def test_bad_lags(lags):
    with pytest.raises(ValueError, match="from 0 to 4"):
        memory(np.ones(5), lags)
