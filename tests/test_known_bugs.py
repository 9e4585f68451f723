"""Mistakes of released implementations, each with a test that would find it here."""

import numpy as np
import pytest

import toybox as tb
from toybox.problems import NoisyQuadratic
from zoo_cases import METHODS

PARABOLA = NoisyQuadratic(np.eye(1), np.zeros((1, 1)))  # x^2 / 2, minimum of the line from 1 at s = 1


@pytest.mark.parametrize("variant", ["paper", "released"])
@pytest.mark.parametrize(("first", "expected"), [(0.06, 0.24), (0.2, 0.2), (0.95, 0.95)])
def test_gols_i_grows_while_slopes_are_negative(variant, first, expected):
    """One port had the sign of the slope wrong: it shrank where it should grow, and grew where it should shrink."""
    step = tb.run(PARABOLA, tb.method("golsi", first=first, variant=variant), steps=1, batch=1, theta=[1.0])
    assert step.size[0, 0] >= expected
    below = NoisyQuadratic(np.array([[8.0]]), np.zeros((1, 1)))  # minimum at s = 1/8, |d| = 2 from 1/4
    step = tb.run(below, tb.method("golsi", first=0.5, c2=0.1, variant=variant), steps=1, batch=1, theta=[0.25])
    assert step.size[0, 0] < 0.5


def test_a_bound_that_grows_does_not_stay_grown():
    """The released LABPAL's largest step grew in place: a second run from one object began where the first ended."""
    method = tb.method("labpal-nsgd", s_max=0.01, reuse=1, variant="released", untrustworthy=0, average=1)
    first, second = (tb.run(PARABOLA, method, steps=4, batch=1, theta=[1.0]) for _ in range(2))
    assert tb.Status.CAPPED in first.status
    assert len(np.unique(first.arc)) > 1  # it did grow
    np.testing.assert_array_equal(first.theta, second.theta)
    assert method.rule.s_max == 0.01


@pytest.mark.parametrize("name", METHODS)
def test_a_parameter_without_a_gradient_stays_where_it_is(name):
    """Gradients that are absent, or 0, made updates of nothing: here such a coordinate is a coordinate that stays."""
    place = NoisyQuadratic(np.diag([1.0, 0.0]), np.random.default_rng(1).standard_normal((20, 2)), start=[3.0, 5.0])
    trace = tb.run(place, tb.method(name), steps=20, batch=5, sampler="fresh")
    assert np.isfinite(trace.theta).all()
    assert abs(trace.theta[0, 1] - 5.0) <= 1e-12  # a mean of two iterates is rounded
    assert trace.theta[0, 0] != 3.0


def test_no_draw_depends_on_a_clock_or_on_a_global_state():
    """The released searches reseeded every evaluation from the time of day, for 246 microseconds each."""
    before = np.random.get_state()  # noqa: NPY002 - the global state is what is looked at
    place, method = tb.problem("quadratic"), tb.method("sls", sample=1)
    runs = []
    for seed in (1, 2):
        np.random.seed(seed)  # noqa: NPY002
        runs.append(tb.run(place, method, steps=10, batch=5))
    np.testing.assert_array_equal(runs[0].theta, runs[1].theta)
    np.random.set_state(before)  # noqa: NPY002
    tb.run(place, method, steps=10, batch=5)
    after = np.random.get_state()  # noqa: NPY002
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_backtracking_ends_at_a_stationary_point():
    """Algorithm 2 as printed, with ">=", shrinks for ever there."""
    trace = tb.run(PARABOLA, tb.method("backtracking"), steps=2, batch=1, theta=[0.0])
    assert (trace.status == tb.Status.STATIONARY).all()
    assert (trace.trials == 0).all()
