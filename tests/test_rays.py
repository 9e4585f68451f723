"""Rays: lines on any batch, asked for once; and what everything costs."""

import gc
import tracemalloc
import weakref

import numpy as np
import pytest

import toybox as tb
from optional import TORCH
from toybox.problems import KernelClassifier
from toybox.rays import Ledger, Ray, Status, Walk, conclude
from toybox.xp import namespace

D, BATCH, DIM = 12, 3, 4
PROBLEM = tb.problem("quadratic", dim=DIM, size=D)


def make_ray(lanes=(2,), t=5, batches=1):
    drawn = []

    def sampler(t, j):
        drawn.append((t, j))
        return np.broadcast_to(
            PROBLEM.draw(np.arange(2), t, j, BATCH).reshape(2, *[1] * (len(lanes) - 1), BATCH), (*lanes, BATCH)
        )

    theta = np.random.default_rng(0).normal(size=(*lanes, DIM))
    origin = PROBLEM.at(theta, np.concatenate([sampler(t, j) for j in range(batches)], axis=-1))
    ledger = Ledger()
    return Ray(Walk(PROBLEM, sampler, BATCH, 10, ledger), origin, -origin.gradient, t, batches), ledger, drawn


def test_a_ray_knows_its_place():
    ray, _, _ = make_ray()
    assert (ray.t, ray.steps, ray.fraction) == (5, 10, BATCH / D)
    np.testing.assert_allclose(ray.norm, np.linalg.norm(ray.d, axis=-1), rtol=1e-15)
    assert ray.norm is ray.norm


def test_lines_are_drawn_once_per_sample():
    ray, _, drawn = make_ray()
    assert ray.line(0) is ray.line()
    assert ray.line(2) is ray.line(2)
    assert ray.line(1) is not ray.line(2)
    assert drawn == [(5, 0)]  # none before it is asked for
    for j in range(3):
        sample = PROBLEM.draw(np.arange(2), 5, j, BATCH)
        for _ in range(2):
            np.testing.assert_array_equal(ray.line(j).value0, PROBLEM.at(ray.origin.theta, sample).value)
    assert drawn == [(5, 0), (5, 1), (5, 2)]


def test_a_brief_line_is_forgotten_with_its_answer_and_paid_for_once():
    """Asked again it is the same line, whose batch and loss at 0 are paid for already."""
    kept, brief = make_ray(), make_ray()
    expected, found = (
        [ray.line(1, brief=how).change(TWO) for _ in "ab"] for (ray, *_), how in ((kept, False), (brief, True))
    )
    np.testing.assert_array_equal(found, expected)
    costs = [ledger.settle(PROBLEM.xp, 1, (2,)) for _, ledger, _ in (kept, brief)]
    assert all((costs[0][kind] == costs[1][kind]).all() for kind in costs[0])
    ray, _, drawn = brief
    lines = [weakref.ref(ray.line(j, brief=True)._line) for j in (2, 3)]
    assert drawn == [(5, 0), (5, 1), (5, 2), (5, 3)]
    assert [line() for line in lines] == [None, None]


def test_a_pool_is_the_mean_of_the_first_lines():
    ray, *_ = make_ray()
    pool = ray.pool(3)
    np.testing.assert_allclose(pool.value0, sum(ray.line(j).value0 for j in range(3)) / 3, rtol=1e-15)
    s = np.ones((2, 1))
    np.testing.assert_array_equal(ray.pool(1).change(s), ray.line(0).change(s))


def test_a_ray_set_aside_is_that_ray_at_its_own_cost():
    """Whoever looks on sees the same batches, the two of the gradient as one sample of line 0, and pays for them."""
    ray, ledger, drawn = make_ray(batches=2)
    other = ray.aside()
    np.testing.assert_array_equal(other.pool(2).value0, ray.origin.value)
    expected = ray.pool(3).change(TWO)
    ledger.settle(PROBLEM.xp, 1, (2,))
    np.testing.assert_array_equal(other.pool(3).change(TWO), expected)
    assert drawn == [(5, 0), (5, 1), (5, 2), (5, 2)]  # no one has asked ray for that of batch 1
    assert (other.t, other.steps, other.fraction) == (5, 10, BATCH / D)
    assert not any(cost.any() for cost in ledger.settle(PROBLEM.xp, 1, (2,)).values())
    np.testing.assert_array_equal(ray.aside(2 * ray.d).norm, 2 * ray.norm)


def test_the_full_line_is_the_line_of_all_samples():
    ray, _, drawn = make_ray()
    assert ray.full_line is None
    whole = PROBLEM.at(ray.origin.theta, PROBLEM.population)
    assert ray.full() is ray.full()
    np.testing.assert_array_equal(ray.full().value0, whole.value)
    assert ray.full_line is not None
    assert drawn == [(5, 0)]


def test_a_whole_point_that_is_known_already_is_used():
    origin = PROBLEM.at(np.ones((1, DIM)), np.zeros((1, BATCH), int))
    whole = PROBLEM.at(np.ones((1, DIM)), PROBLEM.population)
    whole.__dict__["value"] = np.array([42.0])
    ray = Ray(Walk(PROBLEM, None, BATCH, 1, Ledger()), origin, -origin.gradient, 0, whole=whole)
    assert ray.full().value0.tolist() == [42]


# Costs: a forward pass is a value, a backward pass a gradient; samples count what either touched

TWO = np.ones((2, 2))
COSTS = {  # name: (what a rule asks for, values, gradients, samples, calls of the search, samples drawn, batches)
    "nothing": (lambda ray: ray.norm, 0, 0, 0, 0, 0, 0),
    "the gradient's value and slope": (lambda ray: (ray.line().value0, ray.line().slope0), 0, 0, 0, 0, 0, 0),
    "two values": (lambda ray: ray.line().change(TWO), 2, 0, 2 * BATCH, 2, 0, 0),
    "two slopes": (lambda ray: ray.line().slope(TWO), 2, 2, 2 * BATCH, 2, 0, 0),
    "two curvatures": (lambda ray: ray.line().curvature(TWO), 2, 4, 4 * BATCH, 2, 0, 0),
    "examples": (lambda ray: ray.line().samples(TWO), 2, 2, 2 * BATCH, 2, 0, 0),
    "a fresh batch, unused": (lambda ray: ray.line(1), 0, 0, 0, 0, 0, 0),
    "a fresh batch for one lane, then for both": (
        lambda ray: (ray.line(1).slope(TWO, np.array([True, False])), ray.line(1).slope(TWO)),
        [4, 2], [4, 2], [4 * BATCH, 2 * BATCH], [4, 2], BATCH, 1,
    ),
    "a fresh batch for one lane": (
        lambda ray: ray.line(1).slope(TWO, np.array([True, False])),
        [2, 0], [2, 0], [2 * BATCH, 0], [2, 0], [BATCH, 0], [1, 0],
    ),
    "the gradient at a trial": (lambda ray: ray.gradient(TWO[0]), 1, 1, BATCH, 1, 0, 0),
    "its value": (lambda ray: (ray.line(1).value0, ray.line(1).value0), 1, 0, BATCH, 1, BATCH, 1),
    "its slope and value": (lambda ray: (ray.line(1).slope0, ray.line(1).value0), 1, 1, BATCH, 1, BATCH, 1),
    "its value, then its slope": (lambda ray: (ray.line(1).value0, ray.line(1).slope0), 1, 1, 2 * BATCH, 2, BATCH, 1),
    "a change and its base": (lambda ray: ray.line(1).change(TWO), 3, 0, 3 * BATCH, 3, BATCH, 1),
    "a slope needs no base": (lambda ray: ray.line(1).slope(TWO), 2, 2, 2 * BATCH, 2, BATCH, 1),
    "two changes, one base": (lambda ray: [ray.line(1).change(TWO) for _ in "ab"], 5, 0, 5 * BATCH, 5, BATCH, 1),
    "a pool": (lambda ray: ray.pool(3).change(TWO), 8, 0, 8 * BATCH, 8, 2 * BATCH, 2),
    "everything": (lambda ray: ray.full().slope(TWO), 2, 2, 2 * D, 2, 0, 0),
    "everything's value": (lambda ray: (ray.full().value0, ray.full().value0), 1, 0, D, 1, 0, 0),
    "one lane": (lambda ray: ray.line().change(TWO, np.array([True, False])), [2, 0], 0, [2 * BATCH, 0], [2, 0], 0, 0),
}  # fmt: skip


@pytest.mark.parametrize("name", COSTS)
def test_what_the_ledger_charges(name):
    ray, ledger, _ = make_ray()
    ask, *expected = COSTS[name]
    ask(ray)
    cost = ledger.settle(PROBLEM.xp, 1, (2,))
    for kind, number in zip(("values", "gradients", "samples", "searches", "drawn", "batches"), expected, strict=True):
        np.testing.assert_array_equal(cost[kind], np.broadcast_to(number, (1, 2)), err_msg=kind)


def test_charges_belong_to_steps_and_lanes_and_are_settled_once():
    ledger, xp = Ledger(), namespace("numpy")
    where = np.array([[True, False, True], [False, False, True]])
    ledger.charge("values", 3, 2, where)
    ledger.step = 2
    ledger.charge("slopes", 3, 1, ~where)
    ledger.charge("slopes", 5)
    ledger.charge("batches", 7)
    ledger.charge("gradients", 7)
    cost = ledger.settle(xp, 3, (2, 3))
    one = np.ones((2, 3), int)
    np.testing.assert_array_equal(cost["values"], [2 * where, 0 * one, ~where + 2 * one])
    np.testing.assert_array_equal(cost["gradients"], [0 * one, 0 * one, ~where + 2 * one])
    np.testing.assert_array_equal(cost["samples"], [6 * where, 0 * one, 3 * ~where + 12 * one])
    np.testing.assert_array_equal(cost["searches"], [2 * where, 0 * one, ~where + one])  # the step's gradient is none
    np.testing.assert_array_equal(cost["drawn"], [0 * one, 0 * one, 7 * one])
    np.testing.assert_array_equal(cost["batches"], [0 * one, 0 * one, one])
    assert ledger.step == 0
    assert all((part == 0).all() for part in ledger.settle(xp, 1, (2, 3)).values())


@pytest.mark.parametrize("backend", ["strict", TORCH])
def test_masks_of_any_backend_are_settled(backend):
    xp, ledger = namespace(backend), Ledger()
    ledger.charge("values", 3, 1, xp.asarray([True, False]))
    ledger.charge("values", 3, 4, xp.asarray([False, True]))
    assert ledger.settle(xp, 1, (2,))["values"].tolist() == [[1, 4]]


# How a step ends


@pytest.mark.parametrize("backend", ["numpy", "strict", TORCH])
@pytest.mark.parametrize("everybody", [False, True])
def test_size_and_status_of_a_step(backend, everybody):
    """(slope at 0, found, capped) -> (size, status); alone, lanes with a step take a short cut."""
    xp = namespace(backend)
    table = {
        (-1.0, True, False): (0.5, Status.FOUND),
        (-5e-324, True, True): (0.5, Status.CAPPED),
        (-1.0, False, False): (0.0, Status.EXHAUSTED),
        (-1.0, False, True): (0.0, Status.EXHAUSTED),
        (-0.0, False, False): (0.0, Status.STATIONARY),
        (5e-324, False, False): (0.0, Status.ASCENT),
        (np.inf, False, True): (np.nan, Status.NONFINITE),
        (-np.inf, False, True): (np.nan, Status.NONFINITE),
        (np.nan, False, True): (np.nan, Status.NONFINITE),
    }
    table = {case: end for case, end in table.items() if case[1] or not everybody}
    slope0, *flags = zip(*table, strict=True)
    found, capped = (xp.asarray(flag) for flag in flags)
    slope0 = xp.asarray(slope0, dtype=xp.float64)
    size, status = conclude(xp, slope0, xp.full(len(table), 0.5, dtype=xp.float64), found, capped)
    assert (size.dtype, status.dtype) == (xp.float64, xp.int8)
    np.testing.assert_array_equal(np.stack([xp.to_host(size), xp.to_host(status)], axis=1), list(table.values()))


# What a search keeps


@pytest.mark.parametrize(
    ("name", "options", "few", "many"),
    [
        ("golsi", {"factor": 1.001}, {"tries": 3}, {"tries": 60}),
        ("golsi", {"factor": 1.001, "variant": "released"}, {"tries": 3}, {"tries": 60}),
        ("pls", {"threshold": 0.999999}, {"evaluations": 3}, {"evaluations": 20}),
        ("labpal-sgd", {"schedule": "constant"}, {"approximation_batches": 3}, {"approximation_batches": 60}),
    ],
)  # fmt: skip
def test_memory_does_not_grow_with_the_number_of_fresh_batches(name, options, few, many):
    """A batch gathers 4 x 200 rows of 800 numbers, 5.1 MB: a search may hold a few of them, and no more for more."""
    rng, peaks = np.random.default_rng(0), []
    place = KernelClassifier(rng.normal(size=(800, 3)), np.arange(800) % 2, 1.0)
    gc.disable()  # nor does it wait until somebody looks for garbage
    try:
        for numbers in (few, many):
            tracemalloc.start()
            trace = tb.run(place, tb.method(name, **options, **numbers), steps=6, batch=200, seeds=range(4), every=None)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            drawn = trace.cost("batches")[-1].max()
    finally:
        gc.enable()
    assert drawn >= 40  # many were
    assert peaks[1] - peaks[0] < 4 * 200 * 800 * 8 / 2
