"""Batches that grow, by enumeration of all of them on small populations."""

from fractions import Fraction as F
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import toybox as tb
from chance import assert_mean
from toybox.analysis.barriers import path
from toybox.analysis.batches import Growth, bound, growth, on_the_line, redefined_law


@given(st.integers(1, 2), st.integers(2, 3), st.data())
def test_every_extension_of_a_batch(B, k, data):
    """The mean slope is that of the base batch times (1 + (k - 1) rho) / k (SGD-05); every subset is a lane."""
    D = data.draw(st.integers(k * B, 7))
    slopes = data.draw(st.lists(st.integers(-9, 9), min_size=D, max_size=D))
    base = data.draw(st.permutations(range(D)))[:B]
    subsets = np.array([*combinations(range(D - B), (k - 1) * B)])
    many = len(subsets)
    lanes = np.tile(np.array(slopes, float), (many, 1)), np.tile(base, (many, 1))
    found, rest = on_the_line(*lanes, [B, k * B], lambda size, population: subsets)
    own = F(sum(slopes[i] for i in base), B)
    others = F(sum(slopes) - own * B, D - B)
    np.testing.assert_allclose(found[:, 0], float(own), atol=1e-14)
    np.testing.assert_allclose(rest, float(others), atol=1e-14)
    np.testing.assert_allclose(found[:, 1].mean(), float(own / k + (1 - F(1, k)) * others), atol=1e-13)
    if own and 1 + (k - 1) * others / own:
        law = Growth(*(np.array(x, float) for x in ([0], [1, k], found, rest, found, rest))).law
        np.testing.assert_allclose(law, np.tile([1, float(k / (1 + (k - 1) * others / own))], (many, 1)), rtol=1e-12)


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=8), st.data())
def test_smaller_batches_are_the_steepest_of_all(slopes, data):
    B = len(slopes)
    size = data.draw(st.integers(1, B))
    found, _ = on_the_line(np.array([slopes], float), np.arange(B)[None], [size], None)
    assert found[0, 0] == pytest.approx(min(sum(chosen) for chosen in combinations(slopes, size)) / size)


@given(
    st.lists(st.lists(st.integers(-5, 5), min_size=2, max_size=2), min_size=4, max_size=7),
    st.integers(1, 2),
    st.integers(2, 3),
)
def test_batches_with_their_own_directions(gradients, B, k):
    """Mean squares of all batches: the law from |g|^2 and that of the base size, and the bound (SGD-06)."""
    g, D = np.array(gradients, float), len(gradients)
    if k * B >= D:
        return
    square = lambda size: np.mean([(g[list(chosen)].mean(0) ** 2).sum() for chosen in combinations(range(D), size)])
    full, base, large = (g.mean(0) ** 2).sum(), square(B), square(k * B)
    if large > 1e-12:
        np.testing.assert_allclose(redefined_law(full, base, k, B, D), np.sqrt(base / large), rtol=1e-9)
        assert np.sqrt(base / large) <= bound(k, B, D) * (1 + 1e-12)
    centred = g - g.mean(0)
    if np.abs(centred).max() > 0:
        g = centred
        np.testing.assert_allclose(np.sqrt(square(B) / square(k * B)), bound(k, B, D), rtol=1e-9)


FACTORS = (0.25, 0.5, 1, 2, 5)


@pytest.fixture(scope="module")
def found():
    """All seeds start at the same place: at step 0 they differ in their batches only."""
    problem = tb.problem("quadratic", dim=6, size=40, spread=3.0)
    theta = problem.solution + np.linspace(-1, 1, 6)
    options = {"steps": 3, "batch": 8, "seeds": range(400), "sampler": "fresh", "theta": theta}
    return problem, theta, growth(problem, tb.method("sgd", rate=0.1), factors=FACTORS, repeats=3, **options)


def test_growth_on_the_line_of_a_run(found):
    """5 standard errors over 400 runs; the last batch is the whole data set, where nothing is left to chance."""
    grown = found[-1]
    base = grown.slope[..., 2]
    assert (base < 0).all()
    for column, k in enumerate(FACTORS[2:], 2):
        expected = base / k + (1 - 1 / k) * grown.rest
        for t in range(3):
            assert_mean(grown.slope[t, :, column] - expected[t], 0, rounding=1e-14)
        np.testing.assert_allclose(grown.law[..., column], base / expected, rtol=1e-9)
    np.testing.assert_allclose(grown.fixed[..., 2], 1)
    np.testing.assert_allclose(grown.fixed[..., -1], np.abs(grown.law[..., -1]), rtol=1e-9)
    assert np.isnan(grown.law[..., :2]).all()
    assert (grown.fixed[..., :2] <= 1).all()
    assert (grown.fixed[..., 0] <= grown.fixed[..., 1]).all()


def test_lines_are_those_of_the_batches_of_the_run(found):
    """Slopes at k = 1 and k = 5 are -|g_B|^2 and -g'g_B; g from the definition of the problem."""
    problem, theta, grown = found
    seeds = np.arange(400)
    g = np.einsum("dij,dj->di", problem.Q, theta - problem.m)
    own = g[problem.draw(seeds, 0, 0, 8, "fresh")].mean(1)
    np.testing.assert_allclose(grown.slope[0, :, 2], -(own**2).sum(1), rtol=1e-10)
    np.testing.assert_allclose(grown.slope[0, :, -1], -own @ g.mean(0), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(grown.full[0], (g.mean(0) ** 2).sum(), rtol=1e-10)


def test_squares_of_independent_batches(found):
    """E |g_B|^2 = |g|^2 + (1/B - 1/D) tr S at step 0, and none of them is the batch of another size, or of the run."""
    problem, theta, grown = found
    g = np.einsum("dij,dj->di", problem.Q, theta - problem.m)
    spread = np.trace(np.cov(g.T))
    for column, k in enumerate(FACTORS):
        expected = (g.mean(0) ** 2).sum() + (1 / (8 * k) - 1 / 40) * spread
        assert_mean(grown.squares[0, :, column], expected, rounding=1e-12)
    logs = np.log(grown.squares[0, :, :4])
    correlation = np.corrcoef(logs.T) - np.eye(4)
    assert np.abs(correlation).max() < 5 / 400**0.5
    assert abs(np.corrcoef(grown.slope[0, :, 2], grown.squares[0, :, 2])[0, 1]) < 5 / 400**0.5
    ratio = np.sqrt(grown.squares[0, :, 2] / grown.squares[0, :, 3])
    np.testing.assert_allclose(grown.redefined[0, :, 3], ratio)


def test_a_flat_rest_and_a_steep_one():
    """Example gradients 1 for the base batch: the others 0 give k, 1 give 1; -1 turn the slope around at k = 2."""
    for others, divided in ((0.0, [1, 2, 4]), (1.0, [1, 1, 1]), (0.5, [1, 4 / 3, 1.6])):
        slopes = -np.array([[1.0, 1.0] + [others] * 6])
        found, rest = on_the_line(slopes, np.array([[0, 1]]), [2, 4, 8], lambda size, population: np.arange(size)[None])
        none = np.zeros((1, 1))
        grown = Growth(none, np.array([1.0, 2.0, 4.0]), found, rest, found, none)
        np.testing.assert_allclose(grown.fixed[0], divided, rtol=1e-14)
        np.testing.assert_allclose(grown.law[0], divided, rtol=1e-14)


def test_any_problem_with_examples():
    problem = tb.problem("digits", rows=60, hidden=(4,))
    options = {"steps": 2, "batch": 6, "factors": (0.5, 1, 2), "repeats": 2, "seeds": (1, 2)}
    grown = growth(problem, tb.method("momentum"), **options)
    assert grown.slope.shape == grown.squares.shape == (2, 2, 3)
    walked = path(problem, tb.method("momentum"), steps=2, batch=6, seeds=(1, 2))
    for t in range(2):  # the line of the batch, not that of the momentum
        point = problem.at(walked[t], problem.draw(np.array([1, 2]), t, 0, 6))
        np.testing.assert_allclose(grown.slope[t, :, 1], -np.vecdot(point.gradient, point.gradient), rtol=1e-9)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"factors": (2, 4)}, "factors="),
        ({"factors": (0.3, 1)}, "factors="),
        ({"factors": (1, 6)}, "factors="),
        ({"factors": (1, 5), "repeats": 0}, "repeats=0"),
        ({"sampler": "replacement"}, "sampler='replacement'"),
    ],
)
def test_bad_input(options, named):
    with pytest.raises(ValueError, match=named):
        growth(tb.problem("quadratic", size=40), tb.method("sgd"), steps=1, batch=8, **options)
