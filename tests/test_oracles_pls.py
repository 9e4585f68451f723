"""The oracle of the probabilistic line search: against the arrays, and what its belief promises."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

import toybox as tb
from oracles import probabilistic as text
from test_twins import TWINS
from toybox.methods.pls import PLS
from with_defaults import oracles
from zoo_cases import BATCH, SIZE, path, problem, worst

STEPS = 15
TOLERANCE = 2.0**22 * 2.0**-52  # eight times the worst case: rank 1 with batches of 4; the others need 2^-37
HYPER = [{}, {"threshold": 0.6, "c2": 0.5, "first": 0.3}]
ALL = tuple(range(SIZE))

# --- against the arrays


@pytest.mark.parametrize("batch", [4, BATCH, SIZE])
@pytest.mark.parametrize("hyper", HYPER, ids=["default", "picky"])
@pytest.mark.parametrize("case", TWINS)
def test_arrays_and_plain_numbers_search_alike(case, hyper, batch):
    """A batch of one is left out: without noise, fresh batches contradict each other, and rounding decides."""
    place = problem(case)
    sampler = lambda t, j: place.draw(np.array([3]), t, j, batch, "fresh")
    draw = lambda t, j: tuple(sampler(t, j)[0].tolist())
    method = tb.Optimizer(tb.methods.fixed.Gradient(), PLS(**hyper), "pls")
    trace, theta, _ = path(place, method, steps=STEPS, batch=batch, sampler=sampler)
    start, batches = tuple(theta[0, 0].tolist()), [draw(t, 0) for t in range(STEPS)]
    moves = list(oracles.pls(TWINS[case](), start, batches, fresh=draw, full=ALL, **hyper))
    assert [tb.Status(status).name for status in trace.status[:, 0]] == [move.status for move in moves]
    assert trace.trials[:, 0].tolist() == [move.trials for move in moves]
    assert worst(theta[1:, 0], [move.x for move in moves]) <= TOLERANCE
    assert worst(trace.size[:, 0], [move.step for move in moves]) <= TOLERANCE


# --- the belief

heights = st.lists(st.floats(-2, 2), min_size=4, max_size=4)
widths = st.lists(st.floats(0.2, 2), min_size=3, max_size=3)
noises = st.floats(1e-3, 1)


def places(widths):
    return [0.0, *(sum(widths[: k + 1]) for k in range(len(widths)))]


@given(st.floats(0, 20), st.floats(0, 20))
def test_prior_is_the_printed_one(s, t):
    """(2.28), (2.33) and, in both orders, (2.31)."""
    low = min(s, t) + text.TAU
    level = low**3 / 3 + abs(s - t) * low**2 / 2
    assert text.prior([(1, 0, s)], [(1, 0, t)]) == pytest.approx(level, rel=1e-14)
    assert text.prior([(1, 1, s)], [(1, 1, t)]) == pytest.approx(low, rel=1e-14)
    a, b = s + text.TAU, t + text.TAU
    mixed = a * b - b * b / 2 if s > t else a * a / 2
    assert text.prior([(1, 0, s)], [(1, 1, t)]) == pytest.approx(mixed, rel=1e-14)
    assert text.prior([(1, 1, t)], [(1, 0, s)]) == pytest.approx(mixed, rel=1e-14)


@given(widths, heights, heights)
def test_without_noise_the_mean_is_the_cubic_hermite_interpolant(widths, values, slopes):
    """And a straight line beyond the last observation; to the nugget."""
    s = places(widths)
    belief = text.believe(s, values, slopes)
    mean = lambda u: belief.mean([(1, 0, u)])
    cells = zip(pairwise(s), pairwise(values), pairwise(slopes), strict=True)
    for (left, right), (y0, y1), (p0, p1) in cells:
        h = right - left
        for u in (0, 0.25, 0.5, 0.8, 1):
            cubic = (1 + 2 * u) * (1 - u) ** 2 * y0 + u**2 * (3 - 2 * u) * y1
            cubic += h * u * (1 - u) ** 2 * p0 + h * u**2 * (u - 1) * p1
            assert mean(left + u * h) == pytest.approx(cubic, abs=1e-6)
    assert mean(s[-1] + 3) == pytest.approx(values[-1] + 3 * slopes[-1], abs=1e-6)


@given(widths, heights, heights, noises)
def test_minima_are_minima_of_the_mean(widths, values, slopes, noise):
    s = places(widths)
    belief = text.believe(s, values, slopes, noise, noise / 2)
    mean = lambda u: belief.mean([(1, 0, u)])
    for left, right in pairwise(s):
        u = belief.minimum(left, right)
        slope_left, slope_right = (belief.mean([(1, 1, v)]) for v in (left, right))
        if u is None:
            assert not slope_left < -1e-9 < 1e-9 < slope_right
        else:
            assert left < u < right
            assert belief.mean([(1, 1, u)]) == pytest.approx(0, abs=1e-9)
            near = 1e-3 * min(u - left, right - u)
            assert mean(u) <= min(mean(u - near), mean(u + near)) + 1e-9


@given(widths, heights, heights, noises, st.floats(0.01, 8))
def test_expected_improvement_is_the_mean_of_what_falls_below(widths, values, slopes, noise, u):
    belief = text.believe(places(widths), values, slopes, noise, noise)
    lowest = min(map(belief.change, belief.places))
    centre, sd = belief.change(u) - lowest, belief.deviation([(1, 0, u)])
    found = text.expected_improvement(belief, u)
    assert found >= 0
    z = np.linspace(-10, 10, 20001)
    fall = np.maximum(0, -(centre + sd * z)) * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    assert found == pytest.approx(fall.sum() * 1e-3, rel=1e-5, abs=1e-7 * sd)


@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(-0.9999, 0.9999))
def test_bivariate_normal(h, k, rho):
    root = math.sqrt((1 - rho) * (1 + rho))
    density = lambda x: math.exp(-x * x / 2) / math.sqrt(2 * math.pi) * text.below((k - rho * x) / root)
    kinks = [x for x in ((k / rho if rho else 0), 0) if -9 < x < h]
    integral = quad(density, -9, h, points=kinks, epsabs=1e-12, limit=200)[0]
    assert text.both_below(h, k, rho) == pytest.approx(integral, abs=1e-9)
    assert text.both_below(0, 0, rho) == pytest.approx(1 / 4 + math.asin(rho) / (2 * math.pi), abs=1e-12)
    assert text.both_below(h, k, 1) == pytest.approx(min(text.below(h), text.below(k)), abs=1e-7)
    assert text.both_below(h, k, -1) == pytest.approx(max(text.below(h) + text.below(k) - 1, 0), abs=1e-7)


# --- the search


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.7])
@pytest.mark.parametrize("case", ["quadratic", "factorization, rank 1", "kernel, logistic"])
def test_the_first_point_that_is_probably_good_enough_is_taken(case, threshold, monkeypatch):
    beliefs, believe = [], text.believe
    monkeypatch.setattr(text, "believe", lambda *seen: beliefs.append(believe(*seen)) or beliefs[-1])
    place, c1, c2 = problem(case), 0.05, 0.8
    draw = lambda t, j: tuple(place.draw(np.array([5]), t, j, BATCH, "fresh")[0].tolist())
    x, batches, trial = tuple(place.initial([5])[0].tolist()), [draw(t, 0) for t in range(8)], 0.3
    for move in oracles.pls(TWINS[case](), x, batches, fresh=draw, full=ALL, threshold=threshold, first=trial):
        likely = [{u: text.wolfe_probability(b, u, c1, c2) for u in b.places[1:]} for b in beliefs]
        u = min(beliefs[-1].places, key=lambda u: abs(u * trial - move.step))
        assert move.step == pytest.approx(u * trial)
        assert u > 0
        assert len(beliefs) == move.trials - 1
        assert all(max(p.values()) <= threshold for p in likely[:-1])
        assert move.status == ("FOUND" if likely[-1][u] > threshold else "EXHAUSTED")
        assert move.status == "FOUND" or max(likely[-1].values()) <= threshold
        beliefs.clear()
        trial = 1.3 * move.step if move.step > 1e-6 else math.nan
        if math.isnan(trial):
            break


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_wall_bounds_the_search(wrong):
    """Behind the wall nothing is known; the search ends before it, where the loss is finite."""

    class Cut:
        def value(self, x, batch):
            return (x[0] - 1) ** 2 if x[0] < 1.5 else wrong

        def gradient(self, x, batch):
            return (2 * (x[0] - 1) if x[0] < 1.5 else wrong,)

    moves = list(oracles.pls(Cut(), (0.0,), [(0, 1)] * 5, fresh=lambda t, j: (0, 1), full=(0, 1), first=1.0))
    assert all(move.x[0] < 1.5 for move in moves)
    assert moves[0].step > 0
    assert abs(moves[-1].x[0] - 1) < 0.9


def test_nothing_is_searched_where_nothing_descends():
    flat, bad = oracles.Quadratics([((1.0,),)], [(0.0,)]), oracles.Quadratics([((math.nan,),)], [(0.0,)])
    fresh = lambda t, j: pytest.fail("no batch is needed")
    for place, status in ((flat, "STATIONARY"), (bad, "NONFINITE")):
        move = next(oracles.pls(place, (0.0,), [(0,)], fresh=fresh, full=(0,)))
        assert (move.x, move.step, move.status) == ((0.0,), 0, status)
