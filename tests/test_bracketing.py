"""Strong Wolfe searches against SciPy's, and how a search that counts no tries ends."""

import warnings
from math import inf

import numpy as np
import pytest
from scipy.optimize import line_search, rosen, rosen_der

import toybox as tb
from toybox.methods.fixed import Gradient
from toybox.methods.golsi import GOLSI
from toybox.methods.wolfe import StrongWolfe
from toybox.problems import FromFunction, NoisyQuadratic

SMOOTH = {  # f and its gradient for arrays (..., n)
    "Rosenbrock": (lambda x: rosen(np.moveaxis(x, -1, 0)), lambda x: np.apply_along_axis(rosen_der, -1, x)),
    "waves on a bowl": (
        lambda x: (x * x / 2 + 2 * np.cos(1.5 * x)).sum(-1),
        lambda x: x - 3 * np.sin(1.5 * x),
    ),
    "log cosh": (lambda x: (np.logaddexp(x, -x) - np.log(2)).sum(-1), np.tanh),
}  # fmt: skip


@pytest.mark.parametrize("c2", [0.1, 0.9])
@pytest.mark.parametrize("name", SMOOTH)
def test_strong_wolfe_finds_steps_where_scipy_does(name, c2):
    """Both algorithms may return any point of the same set: ours finds one from every start, SciPy from most, and both
    satisfy both conditions, recomputed from plain values."""
    f, gradient = SMOOTH[name]
    starts = 2 * np.random.default_rng(5).standard_normal((20, 4))
    place = FromFunction(lambda theta, index: (f(theta), gradient(theta)), 4, 1)
    rule = StrongWolfe(c2=c2)
    trace = tb.run(place, tb.Optimizer(Gradient(), rule), steps=1, batch=1, seeds=range(20), theta=starts, every=None)
    found = 0
    for x, s, status in zip(starts, trace.size[0], trace.status[0], strict=True):
        d = -gradient(x)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = line_search(f, gradient, x, d, c1=rule.c1, c2=c2, maxiter=50)[0]
        for step in [s] if theirs is None else [s, theirs]:
            assert f(x + step * d) <= f(x) - rule.c1 * step * (d @ d) + 2**10 * 2.0**-52 * abs(f(x))
            assert abs(gradient(x + step * d) @ d) <= c2 * (d @ d) * (1 + 1e-12)
        assert status == tb.Status.FOUND
        found += theirs is not None
    assert found >= 5  # SciPy gives up on some, and on most of the steepest with a small c2


def test_strong_wolfe_conditions_hold_on_smooth_lines():
    """On a factorization's quartics: both conditions recomputed, and a largest step that is too short is CAPPED."""
    problem = tb.problem("factorization", rank=4)
    theta = problem.initial(range(8))
    point = problem.at(theta, problem.population)
    line = point.along(-point.gradient)
    for first in (1e-3, 1.0, 1e3):
        rule = tb.Optimizer(Gradient(), StrongWolfe(first=first))
        trace = tb.run(problem, rule, steps=1, batch=problem.size, seeds=range(8), theta=theta)
        s = trace.size[0][:, None]
        assert (line.change(s) <= 1e-4 * s * line.slope0[:, None]).all()
        assert (abs(line.slope(s)) <= 0.9 * abs(line.slope0[:, None])).all()
    short = tb.Optimizer(Gradient(), StrongWolfe(first=1e-6, max_step=1e-5, c2=0.5))
    assert (tb.run(problem, short, steps=1, batch=800, seeds=range(8)).status == tb.Status.CAPPED).all()


def test_strong_wolfe_is_not_capped_where_the_line_rises():
    """1/2 x^2 from 1 with c2 = .1 accepts |s - 1| <= .1. The largest step, 1.5, lies beyond the minimum: the search
    turns back and halves, .75, 1.125, .9375."""
    parabola = NoisyQuadratic(np.eye(1), np.zeros((1, 1)))
    rule = StrongWolfe(c2=0.1, first=1.5, max_step=1.5)
    trace = tb.run(parabola, tb.Optimizer(Gradient(), rule), steps=1, batch=1, theta=[1.0])
    assert (trace.size[0, 0], trace.status[0, 0], trace.trials[0, 0]) == (0.9375, tb.Status.FOUND, 4)


def test_a_gradient_only_search_keeps_its_step_where_it_does_not_search():
    """Curvature 1/4, from 1/4: 3 is before the minimum at 4, the next trial, 6, behind it. The second gradient is 0:
    there is no search. The third search begins with the 6, at a place that accepts it: slopes are at most .9."""
    flat = NoisyQuadratic(np.array([[[0.25]], [[0.0]]]), np.zeros((2, 1)))
    trace = tb.run(
        flat, tb.Optimizer(Gradient(), GOLSI(first=3.0)), steps=3, batch=1, theta=[0.25],
        sampler=lambda t, j: np.array([[int((t, j) == (1, 0))]]),
    )  # fmt: skip
    assert trace.size[:, 0].tolist() == [6, 0, 6]
    assert trace.status[:, 0].tolist() == [tb.Status.FOUND, tb.Status.STATIONARY, tb.Status.FOUND]
    assert trace.trials[:, 0].tolist() == [2, 0, 1]


def test_a_gradient_only_search_ends_where_nothing_is_finite():
    """Its loop has no number of tries: slopes and steps that are no numbers must end it, and the lane."""
    nothing = lambda theta, index: (np.full(theta.shape[:-1], inf), np.full(theta.shape, np.nan))
    wild = FromFunction(nothing, dim=2, size=4)
    trace = tb.run(wild, tb.Optimizer(Gradient(), GOLSI()), steps=5, batch=2)
    assert (trace.status == tb.Status.NONFINITE).all()


GENTLE = FromFunction(lambda theta, index: (-(2.0**-10) * theta[..., 0], 0 * theta - 2.0**-10), 1, 4)


@pytest.mark.parametrize("variant", ["paper", "released"])
def test_after_its_tries_a_gradient_only_search_stays_and_goes_on_from_there(variant):
    """Down a slide of slope 2^-10 the largest first trial is 2^10. Three slopes each: 1, 2, 4; 8, 16, 32; 64, 128, 256;
    and at 512 the next step may pass the largest one: unasked, or by the released code asked."""
    method = tb.Optimizer(Gradient(), GOLSI(first=1.0, tries=3, variant=variant))
    trace = tb.run(GENTLE, method, steps=4, batch=1, theta=[0.0])
    assert trace.size[:, 0].tolist() == [0, 0, 0, 1024]
    assert trace.status[:, 0].tolist() == [*[tb.Status.EXHAUSTED] * 3, tb.Status.CAPPED]
    assert trace.trials[:, 0].tolist() == [3, 3, 3, 2 if variant == "released" else 1]


def test_a_factor_of_almost_1_ends():
    trace = tb.run(GENTLE, tb.Optimizer(Gradient(), GOLSI(factor=1 + 1e-8)), steps=1, batch=1, theta=[0.0])
    assert (trace.status[0, 0], trace.trials[0, 0], trace.size[0, 0]) == (tb.Status.EXHAUSTED, 1000, 0)


def on(value, slope):
    """A loss and its slope, of one variable, for tb.run."""
    return FromFunction(lambda theta, index: (value(theta)[..., 0], slope(theta)), 1, 1)


def test_an_exact_search_that_uses_up_its_rounds_has_found_nothing():
    """A kink at 1e-100: after 200 rounds, a third of them bisections, the bracket still does not tell where it is."""
    kink = on(lambda x: np.abs(x - 1e-100), lambda x: np.where(x < 1e-100, -1.0, 1.0))
    trace = tb.run(kink, tb.method("exact"), steps=1, batch=1, theta=[0.0])
    assert (trace.status[0, 0], trace.trials[0, 0], trace.theta[0, 0]) == (tb.Status.EXHAUSTED, 200, 0)


def test_an_exact_search_does_not_stop_where_a_secant_does_not_move():
    """Slope -1 up to a kink, and beyond so steep that a secant through both may move by a few units of rounding: with
    nothing else to tell it when to stop, the search ended elsewhere on two of five such lines."""
    rng = np.random.default_rng(0)
    steep, c = 10.0 ** rng.uniform(8, 20, (100, 1)), 10.0 ** rng.uniform(-3, 2, (100, 1))
    kinks = on(lambda x: np.where(x < c, -x, steep * (x - c)), lambda x: np.where(x < c, -1.0, steep))
    trace = tb.run(kinks, tb.method("exact"), steps=1, batch=1, seeds=range(100), theta=[0.0])
    assert (trace.status == tb.Status.FOUND).all()
    np.testing.assert_allclose(trace.size[0], c[:, 0], rtol=8 * 2.0**-52)


@pytest.mark.parametrize("beyond", [np.nan, -inf])
def test_an_exact_search_stays_in_front_of_a_wall(beyond):
    """Falling up to 1/3, where the slope ceases to be a finite number."""
    wall = on(lambda x: np.where(x > 1 / 3, np.nan, -x), lambda x: np.where(x > 1 / 3, beyond, -1.0))
    trace = tb.run(wall, tb.method("exact"), steps=1, batch=1, theta=[0.0])
    assert trace.status[0, 0] == tb.Status.FOUND
    assert 1 / 3 * (1 - 8 * 2.0**-52) <= trace.theta[0, 0] <= 1 / 3


def test_an_exact_search_without_a_largest_step_finds_nothing_on_a_slide():
    trace = tb.run(GENTLE, tb.method("exact", s_max=inf), steps=1, batch=1, theta=[0.0])
    assert (trace.status[0, 0], trace.theta[0, 0]) == (tb.Status.EXHAUSTED, 0)
