"""Law: on any line a method asks a bounded number of questions and says the truth, in a lane that nobody disturbs.

Hundreds of lines (``adversarial.py``), each a lane: every method and variant walks over all of them at once, in both
dtypes, and once more over some of them in another order. Warnings are errors, as in all tests.
"""

import numpy as np
import pytest

import toybox as tb
from adversarial import BATCH, LINES, STEPS, Place, assert_true
from zoo_cases import METHODS, RESULTS, VARIANTS, path, title

MORE = [  # numbers that bring a search to its ends
    ("sgd", {"rate": 0.0}),
    ("sgd", {"rate": 1e30}),
    ("ali-g", {"max_rate": 0.1, "momentum": 0.9}),
    ("ali-g", {"eps": 0.0}),
    ("backtracking", {"tries": 1}),
    ("sls", {"max_step": 0.25}),
    ("sls", {"first": 1e30, "tries": 7, "reset": 0}),
    ("sls", {"first": 1e-30, "variant": "released"}),
    ("sls-goldstein", {"max_step": 0.25}),
    ("sls-goldstein", {"first": 1e-12, "max_step": np.inf, "grow": 1e6}),
    ("sls-polyak", {"momentum": 0.9, "first": 1e-30}),
    ("seg", {"max_step": 0.25}),
    ("strong-wolfe", {"c2": 0.01, "max_step": 0.25}),
    ("strong-wolfe", {"c1": 0.5, "first": 1e30, "max_step": np.inf}),
    ("golsi", {"factor": 1.01, "tries": 30, "first": 0.1}),
    ("golsi", {"factor": 1e6, "variant": "released"}),
    ("golsi", {"smallest": 0.1, "c2": 0.0}),
    ("pls", {"first": 1e6, "evaluations": 3}),
    ("pls", {"first": 1e-6, "threshold": 0.9}),
    ("pal", {"s_max": 1e-3}),
    ("pal", {"s_max": np.inf, "mu": 1e-10}),
    ("labpal-sgd", {"reuse": 1, "s_max": np.inf}),
    ("labpal-nsgd", {"reuse": 2, "s_max": 1e-3, "momentum": 0.9}),
    ("exact", {"s_max": 0.25}),
    ("exact", {"s_max": np.inf}),
]
CASES = VARIANTS + MORE
SEEDS = np.arange(len(LINES))
every_case = pytest.mark.parametrize(("name", "options"), CASES, ids=title)
dtypes = pytest.mark.parametrize("dtype", ["float64", "float32"])


def walk(lanes, name, options, dtype):
    """A run over some of the lines: the problem, the method, the trace, theta and d."""
    place, method = Place([LINES[i] for i in lanes], dtype), tb.method(name, **options)
    return place, method, *path(place, method, steps=STEPS, batch=BATCH, seeds=lanes, theta=place.begin[:, None])


@dtypes
@every_case
def test_searches_end_and_say_how_whatever_the_line(name, options, dtype):
    place, method, trace, theta, d = walk(SEEDS, name, options, dtype)
    assert_true(place, method, SEEDS, trace, theta, d)
    others = np.random.default_rng(0).permutation(SEEDS)[::4]
    _, _, again, *_ = walk(others, name, options, dtype)
    for field in RESULTS[:-1]:
        lanes = (others,) if field == "theta" else (slice(None), others)
        np.testing.assert_array_equal(getattr(again, field), getattr(trace, field)[lanes], err_msg=field)


def test_there_are_enough_cases():
    assert 2 * len(LINES) * len(CASES) >= 30_000


def test_every_status_is_said():
    said = {name: set(np.unique(walk(SEEDS, name, {}, "float64")[2].status)) for name in METHODS}
    assert set().union(*said.values()) == set(tb.Status)
    assert said["sgd"] == {tb.Status.FOUND, tb.Status.STATIONARY, tb.Status.NONFINITE, tb.Status.UNMOVED}
    assert said["golsi"] >= {tb.Status.FOUND, tb.Status.CAPPED, tb.Status.NONFINITE}


@pytest.mark.parametrize(
    "name", ["sgd", "ali-g", "sls", "sls-goldstein", "seg", "strong-wolfe", "golsi", "pal", "exact"]
)
@pytest.mark.parametrize("lie", [tb.Status.FOUND, tb.Status.UNMOVED, tb.Status.STATIONARY, tb.Status.NONFINITE])
def test_a_lie_is_noticed(name, lie):
    """One status of another kind, in each of the lanes that end otherwise in turn."""
    lanes = SEEDS[:: len(LINES) // 20]
    place, method, trace, theta, d = walk(lanes, name, {}, "float64")
    honest = trace.status.copy()
    assert_true(place, method, lanes, trace, theta, d)
    for lane in np.flatnonzero((honest[0] != lie) & (honest[1] != tb.Status.NONFINITE)):
        trace.status[0, lane] = lie
        with pytest.raises(AssertionError):
            assert_true(place, method, lanes, trace, theta, d)
        trace.status[:] = honest
