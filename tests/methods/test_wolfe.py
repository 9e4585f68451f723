"""Strong Wolfe searches against SciPy's, and by hand."""

import warnings
from fractions import Fraction as F

import numpy as np
import pytest
from scipy.optimize import line_search, rosen, rosen_der

import toybox as tb
from places import asked, knots, parabola
from toybox.methods.fixed import Gradient
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


# --- on a bare line


def test_it_doubles_until_a_bracket_is_found():
    """Minimum 8, c2 = 1/4: slopes of at most 2, in [6, 10]."""
    search = lambda first: tb.search(StrongWolfe(c2=0.25, first=first), *parabola(F(8)))
    assert asked(search(1.0)) == [1, 2, 4, 8]
    assert asked(search(5.0)) == [5, 10]
    assert search(5.0)[:2] == (10, tb.Status.FOUND)
    assert asked(search(3.0)) == [3, 6]


def test_it_bisects_towards_where_the_slope_points():
    """c2 = 1/32: slopes of at most 1/4. 6 is the lowest point when 12 is found to be higher; then 9, from which the
    slope points back to 6; then 7.5, from which it points to 9 again."""
    found = tb.search(StrongWolfe(c2=1 / 32, first=3.0), *parabola(F(8)))
    assert asked(found) == [3, 6, 12, 9, F(15, 2), F(33, 4)]
    assert found[:2] == (F(33, 4), tb.Status.FOUND)


STEEP = -9.5  # more than c2 = .9 leaves of a slope of -10


@pytest.mark.parametrize(
    ("phi", "slope", "step"),
    [
        ({0: 0, 1: -10, 2: -5, 1.5: -11}, {1: STEEP, 2: STEEP, 1.5: 9}, 1.5),  # higher than the lowest, though falling
        ({0: 0, 1: -0.5, 0.5: -0.5}, {1: 0, 0.5: -9}, 0.5),  # c1 = .1 demands 1 at 1, and 1/2 at 1/2
        ({0: 0, 1: -10, 2: -30, 4: 1, 3: -29, 2.5: -31}, {1: STEEP, 2: STEEP, 4: 0, 3: 0, 2.5: 0}, 2.5),
        ({0: 0, 1: -2, 0.5: -3}, {1: 9.5, 0.5: 1}, 0.5),  # too steep uphill: back towards 0
    ],
)
def test_brackets_by_hand(phi, slope, step):
    found = tb.search(StrongWolfe(c1=0.1), *knots(phi=phi, slope={0: -10} | slope))
    assert found[:2] == (step, tb.Status.FOUND)
    assert asked(found) == list(phi)[1:]


@pytest.mark.parametrize(
    ("first", "phi", "slope"),
    [
        (4.0, {0: 0, 2: -20}, {2: -10}),  # its first trial is longer, and the line falls on
        (4.0, {0: 0, 2: -5}, {2: 1}),  # both conditions hold
        (1.5, {0: 0, 1.5: -20, 2: -21}, {1.5: -10, 2: -10}),  # doubled, it would pass it
    ],
)
def test_the_largest_step_is_capped(first, phi, slope):
    found = tb.search(StrongWolfe(first=first, max_step=2.0), *knots(phi=phi, slope={0: -10} | slope))
    assert found[:2] == (2, tb.Status.CAPPED)
    assert asked(found) == list(phi)[1:]


def test_after_its_tries_there_is_no_step():
    found = tb.search(StrongWolfe(tries=3), lambda s: -s, lambda s: -1)
    assert (found[:2], asked(found)) == ((0, tb.Status.EXHAUSTED), [1, 2, 4])
    assert [(q.kind, q.batch) for q in found.questions] == [("both", 0)] * 3
