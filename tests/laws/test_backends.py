"""Laws of arithmetic: every backend and dtype takes the same trajectory, as far as its rounding allows."""

from functools import cache

import numpy as np
import pytest

import toybox as tb
from optional import TORCH
from toybox import zoo
from toybox.problems.data import MissingData
from zoo_cases import (
    METHODS,
    PROBLEMS,
    assert_follows,
    every_cupy_pair,
    every_method,
    every_problem,
    growth,
    problem,
    run,
    says,
)

SEEDS, STEPS = (0, 1), 20
EPS, EPS32 = 2.0**-52, 2.0**-23


@cache
def on_numpy(name, case, dtype="float64"):
    """The run in float64 that others follow, from a start of this dtype, and how far it is determined."""
    place, method = problem(case), tb.method(name)
    start = problem(case, dtype=dtype).initial(SEEDS)
    expected = run(place, method, steps=STEPS, seeds=SEEDS, theta=start)
    return expected, growth(place, method, STEPS, SEEDS, theta=start)


@every_problem
@every_method
@pytest.mark.parametrize("backend", ["strict", TORCH])
def test_backends_agree(name, case, backend):
    agree(backend, name, case)


@pytest.mark.cupy
@every_cupy_pair
def test_cupy_agrees(name, case, cupy_backend):
    agree("cupy", name, case)


def agree(backend, name, case):
    """Up to 1e-12 of the largest number (LOCAL units of rounding), times what a difference has grown to by then."""
    method, (expected, grown) = tb.method(name), on_numpy(name, case)
    found = run(problem(case, backend=backend), method, steps=STEPS, seeds=SEEDS)
    far = assert_follows(found, expected, grown, EPS)
    if not says(method, "to_rounding"):
        np.testing.assert_array_equal(found.trials[:far], expected.trials[:far])


@pytest.mark.cupy
@every_method
@pytest.mark.parametrize("case", ["factorization, rank 4", "kernel, logistic", "quadratic"])
def test_cupy_in_float32_follows_float64(name, case, cupy_backend):
    found = run(problem(case, dtype="float32", backend="cupy"), tb.method(name), steps=STEPS, seeds=SEEDS)
    assert found.theta.dtype == np.float32
    assert_follows(found, *on_numpy(name, case, "float32"), EPS32)


@every_problem
@every_method
def test_float32_follows_float64(name, case):
    """From the same start, a float32 number, until differences of size eps(float32) show."""
    found = run(problem(case, dtype="float32"), tb.method(name), steps=STEPS, seeds=SEEDS)
    assert found.theta.dtype == np.float32
    assert_follows(found, *on_numpy(name, case, "float32"), EPS32)


def small(name, **options):
    """A named problem with at most 100 rows where it has rows to choose."""
    defaults = zoo.defaults(zoo.PROBLEMS[name])
    few = {} if isinstance(defaults.get("rows", ""), str) else {"rows": 100}
    try:
        return tb.problem(name, **few, **options)
    except MissingData as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize("case", zoo.PROBLEMS)
@every_method
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("backend", ["numpy", "strict"])
def test_every_method_runs_on_every_named_problem(name, case, dtype, backend):
    """Finite for 50 steps; a lane may end only where the loss had grown out of bounds before."""
    place = small(case, dtype=dtype, backend=backend)
    trace = run(place, tb.method(name), steps=50, batch=min(place.size, 10), seeds=SEEDS, sampler="epochs", every=None)
    assert np.isfinite(trace.theta).all()
    assert np.isin(trace.status, list(tb.Status)).all()
    for lane, ended in enumerate(trace.ended):
        assert np.isfinite(trace.arc[:ended, lane]).all()
        assert ended == 50 or trace.loss[:ended, lane].max() > 1e6 * trace.loss[0, lane]


def test_the_table_of_the_zoo_is_complete():
    assert len(METHODS) == len(zoo.METHODS)
    assert len(PROBLEMS) >= 9
