"""Between iterates: stationary points against roots found another way, and what convexity rules out."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import toybox as tb
from toybox.analysis import barriers
from toybox.analysis.barriers import crossed, path, segments

EPS = np.finfo(float).eps


def on_the_real_line(value, slope):
    """A loss of one number, and the segments between given ones."""
    problem = tb.problems.FromFunction(lambda theta, index: (value(theta)[..., 0], slope(theta)), 1, 1)
    return lambda *places, **options: segments(problem, np.array(places, float)[:, None, None], **options)


def polynomial(c):
    return on_the_real_line(np.polynomial.Polynomial(c), np.polynomial.Polynomial(c).deriv())


def test_the_barrier_of_a_double_well():
    """(x^2 - 1)^2 from -1.2 to .9: over the barrier, 1 at 0; back to -.3: into the other well, over it again."""
    found = polynomial([1, 0, -2, 0, 1])(-1.2, 0.9, -0.3)
    f = lambda x: (x * x - 1) ** 2
    assert found.barriers[:, 0].tolist() == [1, 1]
    assert found.sampled.all()
    np.testing.assert_allclose(found.loss[:, 0], [f(-1.2), f(0.9)], rtol=1e-14)
    np.testing.assert_allclose(found.highest[:, 0], [1 - f(-1.2), 1 - f(0.9)], rtol=1e-12)
    np.testing.assert_allclose(found.height[:, 0], [1 - (f(-1.2) + f(0.9)) / 2, 1 - (f(0.9) + f(-0.3)) / 2], rtol=1e-12)
    np.testing.assert_allclose(found.floor[0], 0, atol=1e-14)  # in the wells
    np.testing.assert_allclose(found.floor[1], 0.0361, rtol=1e-12)  # at the iterate .9: the way to -.3 only climbs
    assert found.inside[:, 0].tolist() == [True, False]


def test_a_barrier_that_ends_on_the_way_up_is_none():
    """From -1 to -.1 the loss only climbs; the top at 0 is beyond."""
    found = polynomial([1, 0, -2, 0, 1])(-1.0, -0.1)
    assert found.barriers == 0
    assert np.isnan(found.highest).all()
    assert not found.sampled.any()


def test_ten_points_miss_a_narrow_barrier():
    """A bump of width .02 on a falling line, between the fourth and the fifth of ten points."""
    width, middle, tall = 0.02, 0.389, 0.6
    bump = lambda x: tall * np.exp(-(((x - middle) / width) ** 2))
    on = on_the_real_line(lambda x: -x + bump(x), lambda x: -1 - 2 * (x - middle) / width**2 * bump(x))
    found = on(0.0, 1.0)
    assert found.exact.all()
    assert not found.sampled.any()
    assert found.barriers == 1
    grid = np.linspace(0.38, 0.4, 200_001)
    np.testing.assert_allclose(found.highest[0, 0], (-grid + bump(grid)).max() - bump(0), rtol=1e-9)
    assert on(0.0, 1.0, points=101).sampled.all()


def test_three_barriers_on_one_step():
    """cos(2 pi x) from .5 to 3.4: over the maxima at 1, 2 and 3."""
    turn = 2 * np.pi
    found = on_the_real_line(lambda x: np.cos(turn * x), lambda x: -turn * np.sin(turn * x))(0.5, 3.4)
    assert found.barriers == 3
    np.testing.assert_allclose(found.highest, 2, rtol=1e-12)


@given(st.lists(st.integers(-5, 5), min_size=2, max_size=6), st.integers(-8, 8), st.integers(-8, 8))
def test_polynomials_against_their_roots(c, start, end):
    """NumPy's companion matrix of the polynomial itself; without double roots, whose answer is a matter of luck."""
    start, end = start / 4, end / 4
    p = np.polynomial.Polynomial(c).trim()
    places = p.deriv().roots() if p.degree() > 1 else np.zeros(0)
    assume(start != end)
    assume(not len(places) or np.abs(np.subtract.outer(places, places) + np.eye(len(places))).min() > 1e-3)
    places = places.real[np.abs(places.imag) < 1e-9]
    ends = max(p(start), p(end))
    assume(np.abs([*(places - start), *(places - end), *(p(places) - ends), 1.0]).min() > 1e-6)
    inside = places[(places > min(start, end)) & (places < max(start, end))]
    tops = inside[(p.deriv(2)(inside) < 0) & (p(inside) > ends)]
    found = polynomial(c)(start, end)
    assert found.exact.all()
    assert found.barriers == len(tops)
    size = 1e-10 * (1 + np.abs(p(np.linspace(start, end, 50))).max())
    lowest = min([p(start), p(end), *p(inside)]) - p(start)
    np.testing.assert_allclose(found.lowest[0, 0], lowest, atol=size)
    np.testing.assert_allclose(found.slopes[0, 0], (end - start) * p.deriv()(np.array([start, end])), atol=size)
    if len(tops):
        np.testing.assert_allclose(found.highest[0, 0], p(tops).max() - p(start), atol=size)


@given(st.lists(st.integers(-3, 3), min_size=3, max_size=30))
def test_points_above_both_ends(losses):
    losses = np.array(losses, float)
    assert crossed(losses) == any(x > losses[0] and x > losses[-1] for x in losses[1:-1])


def test_rounding_is_no_barrier():
    assert not crossed(np.array([0.0, -1.0, 2e-16]))
    assert not crossed(np.array([-1.0, -1.0 + 2 * EPS, -1.0]))
    assert crossed(np.array([-1.0, -1.0 + 1e-12, -1.0]))


CONVEX = {
    "quadratic": (lambda: tb.problem("quadratic", dim=5, size=60, common=True), [0.3, 1.5], 4),
    "different curvatures": (lambda: tb.problem("quadratic", dim=5, size=60), [0.3, 1.5], 4),
    "kernel": (lambda: tb.problem("logistic", size=100, sigma=1.0), [0.05, 0.5], 8),
    "mushrooms": (lambda: tb.problem("mushrooms", rows=200, sigma=4.0), [0.01, 1.0], 20),
    "linear on digits": (lambda: tb.problem("digits", rows=100, hidden=()), [0.1, 3.0], 20),
}


@pytest.mark.parametrize("name", CONVEX)
def test_convex_losses_have_no_barriers(name):
    """Nor other than the one minimum, where the slopes at both ends say so (WALK-11); the paths are long and noisy."""
    make, rates, batch = CONVEX[name]
    problem = make()
    found = segments(problem, path(problem, tb.method("sgd", rate=np.array(rates)), steps=40, batch=batch))
    assert found.exact.all()
    assert not found.barriers.any()
    assert not found.sampled.any()
    assert np.isnan(found.highest).all()
    np.testing.assert_array_equal(found.inside, (found.slopes[..., 0] < 0) & (found.slopes[..., 1] > 0))
    assert found.inside[..., 1].any()
    assert found.moved.all()


def test_a_minimum_inside_iff_the_rate_is_beyond_the_best_one():
    problem, rate = tb.problem("quadratic", dim=5, size=60, common=True), 0.8
    walked = path(problem, tb.method("sgd", rate=rate), steps=60, batch=4, seeds=range(3))
    d = np.diff(walked, axis=0) / rate
    best = -np.vecdot((walked[:-1] - problem.solution) @ problem.Q, d) / np.vecdot(d @ problem.Q, d)
    found = segments(problem, walked)
    np.testing.assert_array_equal(found.inside, (best > 0) & (best < rate))
    np.testing.assert_allclose(found.place[found.inside], best[found.inside] / rate, rtol=1e-9)
    assert 0.2 < found.inside.mean() < 0.9


def test_ends_are_the_losses_of_the_iterates():
    problem = tb.problem("factorization", rank=4)
    walked = path(problem, tb.method("sls"), steps=7, batch=100, seeds=range(2))
    found = segments(problem, walked, points=5)
    losses = problem.at(problem.xp.asarray(walked), problem.population).value
    np.testing.assert_allclose(found.loss, losses[:-1], rtol=1e-12)
    np.testing.assert_allclose(found.loss + found.along[..., -1], losses[1:], rtol=1e-9)
    quarter = problem.at(0.75 * walked[:-1] + 0.25 * walked[1:], problem.population).value
    np.testing.assert_allclose(found.loss + found.along[..., 1], quarter, rtol=1e-9)


def test_ten_points_never_see_more():
    """On noisy paths over a loss with barriers everywhere, a mean of waves."""
    rng = np.random.default_rng(0)
    A, b = rng.standard_normal((20, 2)), rng.uniform(0, 2 * np.pi, 20)

    def f(theta, index):
        waves = (A[index] * theta[..., None, :]).sum(-1) + b[index]
        return np.sin(waves).mean(-1), (np.cos(waves)[..., None] * A[index]).mean(-2)

    problem = tb.problems.FromFunction(f, 2, 20)
    found = segments(problem, path(problem, tb.method("sgd", rate=5.0), steps=60, batch=2, seeds=range(2)))
    assert found.exact.all()
    assert 5 < found.sampled.sum() < (found.barriers > 0).sum()
    assert (found.barriers[found.sampled] > 0).all()
    assert (found.highest[found.sampled] >= found.along[found.sampled].max(-1)).all()


def test_a_step_of_size_0_is_no_segment():
    found = polynomial([0, 1])(0.0, 0.0, 1.0)
    assert found.moved[:, 0].tolist() == [False, True]
    assert not found.inside.any()
    assert not found.barriers.any()
    assert found.lowest[0] == 0


def test_kinks_are_looked_at_point_by_point():
    """A tent, whose top at 1/3 is no root of a smooth slope: as high as the nearest of 257 points."""
    found = on_the_real_line(lambda x: -np.abs(x - 1 / 3), lambda x: -np.sign(x - 1 / 3))(0.0, 1.0)
    assert not found.exact.any()
    assert found.barriers == 1
    np.testing.assert_allclose(found.highest, 1 / 3, atol=1 / 256)


def test_a_run_that_diverges_is_looked_at_to_its_end():
    """x^4 far out, where it overflows."""
    found = polynomial([0, 0, 0, 0, 1])(1.0, -0.5, 1e100)
    assert found.exact[:, 0].tolist() == [True, False]
    assert found.barriers[:, 0].tolist() == [0, 0]
    problem = tb.problem("factorization", rank=4)
    walked = path(problem, tb.method("sgd", rate=np.array([0.1, 100.0])), steps=20, batch=50)
    found = segments(problem, walked)
    assert found.moved[..., 0].all()
    assert not found.moved[-1, 0, 1]
    np.testing.assert_array_equal(found.loss[..., 0], segments(problem, walked[..., 0, :]).loss)


def test_few_or_many_lines_at_once(monkeypatch):
    problem = tb.problem("quadratic", dim=4, size=30)
    walked = path(problem, tb.method("sgd", rate=0.5), steps=9, batch=3, seeds=range(2))
    whole = segments(problem, walked)
    monkeypatch.setattr(barriers, "AT_ONCE", 120)
    for one, other in zip(whole, segments(problem, walked), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


@given(st.lists(st.floats(0.05, 1), min_size=1, max_size=5), st.floats(0.05, 2.0), st.integers(0, 99))
def test_descent_on_all_data_never_raises_the_floor(h, rate, seed):
    """On convex quadratics with rates up to 2 / largest eigenvalue (WALK-10)."""
    problem = tb.problems.NoisyQuadratic(np.diag(np.array(h) / max(h)), np.zeros(len(h)))
    found = segments(problem, path(problem, tb.method("sgd", rate=rate), steps=8, batch=1, seeds=(seed,)))
    assert not found.rises.any()


def test_noise_raises_the_floor():
    """Every third to every second step at stationarity, with no barrier in existence (EMP-16 saw 44 to 49 %)."""
    problem = tb.problem("quadratic", dim=5, size=60, common=True)
    walked = path(problem, tb.method("sgd", rate=0.5), steps=150, batch=4, seeds=range(4))
    found = segments(problem, walked[50:])
    assert 1 / 3 < found.rises.mean() < 1 / 2
    assert not found.barriers.any()


@pytest.mark.parametrize(
    ("shape", "points", "named"), [((3, 1, 4), 2, "points=2"), ((1, 1, 4), 9, "path of"), ((3, 1, 5), 9, "path of")]
)
def test_bad_input(shape, points, named):
    with pytest.raises(ValueError, match=named):
        segments(tb.problem("quadratic", dim=4), np.zeros(shape), points)
