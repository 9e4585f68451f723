"""Laws of runs: lanes are single runs side by side, and nobody who looks on changes anything. All of them bitwise."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest

import toybox as tb
from toybox import optimizer, walk
from toybox.problems import KernelClassifier
from toybox.problems.misfire import misfire
from zoo_cases import (
    RESULTS,
    assert_same,
    every_method,
    every_problem,
    every_variant,
    numbers,
    path,
    problem,
    run,
    says,
)

SEEDS = (0, 5, 2)
dtypes = pytest.mark.parametrize("dtype", ["float64", "float32"])


def assert_lane(lane, many, at):
    """Lane ``at`` of a run is this single run."""
    for name in RESULTS:
        found, expected = getattr(many, name), getattr(lane, name)
        if found is not None:
            found = found[at] if name == "theta" else found[:, *at]
            np.testing.assert_array_equal(found, expected[0] if name == "theta" else expected[:, 0], err_msg=name)
    for kind, counts in lane.counts.items():
        np.testing.assert_array_equal(counts[:, 0], many.counts[kind][:, *at], err_msg=kind)


def assert_lanes(place, name, options):
    values = numbers(name)
    many = run(place, tb.method(name, **{h: np.array(v) for h, v in values.items()}, **options), seeds=SEEDS)
    for i, h in ((0, 1), (2, 0)):  # the outer ones of six lanes
        method = tb.method(name, **{hyper: v[h] for hyper, v in values.items()}, **options)
        assert_lane(run(place, method, seeds=SEEDS[i : i + 1]), many, (i, h) if values else (i,))


@every_problem
@every_method
@dtypes
def test_lanes_are_single_runs(name, case, dtype):
    assert_lanes(problem(case, dtype=dtype), name, {})


@every_variant
def test_lanes_of_every_variant_are_single_runs(name, options):
    assert_lanes(problem("factorization, rank 4"), name, options)


KERNELS = {
    f"{storage}, {outputs} outputs, {dtype}": {"storage": storage, "outputs": outputs, "dtype": dtype}
    for storage in ("full", "tiles")
    for outputs in (1, 2)
    for dtype in ("float64", "float32")
}


@cache
def engine(case):
    """A kernel with so many rows that nine lanes ask for more numbers than a line computes in one piece, and a single
    lane does not; its rows are an odd number, which no block of rows divides."""
    options = KERNELS[case]
    few = 599 if options["storage"] == "full" else 101  # rows that are not kept cost more
    data = misfire(few + 20)
    X, y = data.X, data.y
    y[::7] = 1 - y[::7]  # noise: otherwise some methods are done after two steps
    return KernelClassifier(X[:few], y[:few], 0.3, (X[few:], y[few:]), **options)


@every_method
@pytest.mark.parametrize("case", KERNELS)
def test_nine_seeds_on_a_kernel_are_nine_single_runs(name, case, monkeypatch):
    """Whatever is computed for all lanes at once: products with all of K, rows of it (of a batch of one sample, whose
    product would be another call), and the pieces of a line. In any groups."""
    place, method = engine(case), tb.method(name)
    batch = 5 if place.storage == "full" else 1
    options = {"steps": 6, "batch": batch, "every": 2}
    many = run(place, method, seeds=range(9), **options)
    for i in (0, 4, 8):
        assert_lane(run(place, method, seeds=[i], **options), many, (i,))
    monkeypatch.setattr(optimizer, "GATHER", 2 * batch * place.sample_bytes)  # groups of two
    assert_same(run(place, method, seeds=range(9), **options), many)


@every_problem
@every_method
def test_a_lane_that_ends_leaves_the_others_alone(name, case):
    """The middle lane starts where the loss overflows: it stays there, NONFINITE, while the others go on."""
    place, method = problem(case), tb.method(name)
    start = place.initial(SEEDS)
    start[1] = 1.7e308
    many = run(place, method, seeds=SEEDS, theta=start)
    assert (many.status[:, 1] == tb.Status.NONFINITE).all()
    assert (many.theta[1] == 1.7e308).all()
    assert many.ended.tolist()[1] == 0
    assert np.isfinite(many.theta).all()
    for i in (0, 2):
        assert_lane(run(place, method, seeds=SEEDS[i : i + 1]), many, (i,))


@every_problem
@every_method
def test_a_second_run_repeats_the_first(name, case):
    """Also while another run of the same goes on."""
    again = lambda _: run(problem(case), tb.method(name), seeds=SEEDS)
    first = again(0)
    with ThreadPoolExecutor(2) as pool:
        for other in pool.map(again, range(2)):
            assert_same(other, first)


def curious(look):
    """A probe that asks for all there is."""
    seen = look.whole.gradient.sum(-1) + look.whole.value
    if look.ray is not None:
        s = np.full((*look.theta.shape[:-1], 2), 0.1)
        for line in (look.ray.full(), look.ray.line(), look.ray.line(3), look.ray.pool(look.ray.batches + 1)):
            seen = seen + line.change(s)[..., 0] + line.slope(s)[..., 1] + line.curvature(s)[..., 0]
    return seen


@every_problem
@every_method
def test_nobody_who_looks_on_changes_a_run(name, case):
    """With a rule on the whole data set, long enough for predictions that are carried along to be computed anew."""
    steps = walk.CARRY + 5 if says(tb.method(name), "whole") else 12
    alone = run(problem(case), tb.method(name), steps=steps, every=None)
    watched = run(problem(case), tb.method(name), steps=steps, every=1)
    probed = run(problem(case), tb.method(name), steps=steps, every=1, probes=[tb.Probe("all", curious)])
    assert_same(probed, watched)
    for field in ("theta", "loss", "size", "arc", "status", "trials"):
        np.testing.assert_array_equal(getattr(watched, field), getattr(alone, field), err_msg=field)
    for kind, counts in watched.counts.items():
        np.testing.assert_array_equal(counts, alone.counts[kind], err_msg=kind)
    np.testing.assert_array_equal(watched.full_loss[[0, -1]], alone.full_loss)


@every_method
def test_groups_of_seeds_make_no_difference(name, monkeypatch):
    place, method = problem("factorization, rank 4"), tb.method(name)
    together = run(place, method, seeds=SEEDS)
    monkeypatch.setattr(optimizer, "GATHER", 1)
    assert_same(run(place, method, seeds=SEEDS), together)


def test_paths_hold_every_iterate():
    trace, theta, d = path(problem("quadratic"), tb.method("sgd"))
    np.testing.assert_array_equal(theta[-1], trace.theta)
    np.testing.assert_array_equal(theta[:-1] + trace.size[..., None] * d, theta[1:])
