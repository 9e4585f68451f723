"""The probabilistic line search on small problems: its noise, its trials, its walls and what it hands on."""

import itertools
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

import toybox as tb
from optional import TORCH
from toybox.methods.pls import PLS, WALL, Scaled, wall
from toybox.rays import Ledger, Ray, Walk


def test_a_wall_stands_where_nothing_can_be_seen():
    assert wall(np.array([np.nan, np.inf, -np.inf, 1e9, -1e9, 2.0]), 7.0).tolist() == [7, 7, 7, 7, -7, 2]


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


def test_what_is_observed_may_contradict_a_condition_by_ten_deviations():
    """c1 = 1/4: at u = 4 a value of -1 is enough. c2 = 1/2: a slope of -1/2 is. Deviations of 1/8 and 1/16 explain 10/8
    and 10/16 more."""
    scaled = SimpleNamespace(noise=[np.array([1 / 64]), np.array([1 / 256])])
    allows = lambda values, slopes: Scaled.allows(
        scaled, np.array([4.0]), np.array(values), np.array(slopes), 0.25, 0.5
    )
    assert allows([0.25, 0.26, 9.0], [0.0, 0.0, 0.0]).tolist() == [True, False, False]
    assert allows([-2.0, -2.0, -2.0], [-1.125, -1.13, 9.0]).tolist() == [True, False, True]


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
    assert WALL == 1e3
