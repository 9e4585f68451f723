"""Laws of waiting: what is computed on a device never waits for it, but where a search asks whether to go on.

Counts of launches and synchronisations come from CuPy on an emulated device; PyTorch's meta device, whose arrays have
no contents at all, proves the same without one.
"""

import numpy as np
import pytest

import toybox as tb
from optional import needs
from toybox import hyper, xp
from toybox.chebyshev import proxy
from toybox.text import Search
from zoo_cases import BATCH, PROBLEMS, SIZE, every_cupy_pair, every_method, every_problem, problem, run, says

SEEDS = (0, 1, 2)
QUESTIONS = ("change", "slope", "curvature")


def scenes(place):
    """Points of a problem on a batch and on the whole data set, a direction and steps."""
    index = np.random.default_rng(0).integers(0, SIZE, (len(SEEDS), BATCH))
    theta, s = place.initial(SEEDS), place.xp.asarray(np.linspace(0, 1, 5)[None], dtype=place.dtype)
    for sample in (place.xp.asarray(index), place.population):
        yield lambda sample=sample: place.at(theta, sample), 0.1 * place.initial([4, 5, 6]), s


def evaluate(place):
    """Value, gradient, curvature along d and everything a line answers, on every scene."""
    for point, d, s in scenes(place):
        here = point()
        line = here.along(d)
        yield from (here.value, here.gradient, here.hvp(d), line.value0, line.slope0)
        yield from (getattr(line, question)(s) for question in QUESTIONS)
        yield from line.samples(s)
        there = line.at(s[..., 1] + 0 * line.value0)
        yield from (there.value, there.gradient)


@pytest.mark.cupy
@every_problem
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_points_and_lines_never_wait_for_the_device(case, dtype, cupy_backend, counted):
    place = problem(case, backend="cupy", dtype=dtype)
    assert counted(lambda: list(evaluate(place)))["syncs"] == 0


@needs("torch")
@every_problem
def test_points_and_lines_need_no_contents(case, monkeypatch):
    """On the meta device reading a single number raises."""
    import torch

    expected = [array.shape for array in evaluate(problem(case))]
    meta = xp.Namespace("torch", xp.namespace("torch").module, "meta")
    monkeypatch.setattr(xp, "_resolved", lambda name: meta)
    place = PROBLEMS[case](backend="torch")
    with pytest.raises((RuntimeError, NotImplementedError)):
        float(place.xp.zeros(()))
    shapes = [array.shape for array in evaluate(place)]
    assert shapes == expected
    assert isinstance(place.initial(SEEDS), torch.Tensor)


@pytest.mark.cupy
@every_method
def test_directions_never_wait_for_the_device(name, cupy_backend, counted):
    place = problem("factorization, rank 4", backend="cupy")
    direction = hyper.bind(tb.method(name).direction, place.xp, place.dtype)

    def walk():
        point, theta, state = None, place.initial(SEEDS), None
        for t in range(3):
            point = place.at(theta, place.xp.asarray(place.draw(np.array(SEEDS), t, 0, BATCH)))
            state = direction.init(place.xp, point) if t == 0 else state
            d, state = direction.step(place.xp, point, state)
            theta = theta + 0.01 * d

    assert counted(walk)["syncs"] == 0


def by_step(counted, case, method, first=3, last=9):
    """What the steps first .. last-1 of a run add to the counts, and the trials of the lane that made most of them."""
    place, traces = problem(case, backend="cupy"), []
    _, few, many = (  # the first run pays for what a problem computes once
        counted(lambda steps=steps: traces.append(run(place, method, steps=steps, seeds=SEEDS, every=None)))
        for steps in (first, first, last)
    )
    return {kind: many[kind] - few[kind] for kind in many}, traces[-1].trials[first:].max(axis=1)


@pytest.mark.cupy
@every_cupy_pair
def test_a_search_waits_once_a_round(name, case, cupy_backend, counted):
    """A rule without a search never waits. One with a search waits for the slopes at 0, and then once a round for the
    answers; PLS instead once a step for what its noise needs. A step that carries full-batch predictions along asks
    once whether all lanes go on."""
    method = tb.method(name)
    added, trials = by_step(counted, case, method)
    searches = [rule for rule in (method.rule, getattr(method.rule, "search", None)) if isinstance(rule, Search)]
    masks = 1  # of who asked, in one piece with the record, where lanes stop after different numbers of trials
    allowed = (trials + 1).sum() + masks if searches else np.maximum(trials, 1).sum() if says(method, "belief") else 0
    assert added["syncs"] <= allowed + says(method, "whole") * len(trials)


@pytest.mark.cupy
@pytest.mark.parametrize(
    ("case", "name", "most"),
    [
        ("quadratic", "sgd", 26),
        ("factorization, rank 4", "sgd", 30),
        ("factorization, rank 4", "adam", 48),
        ("factorization, rank 4", "pal", 81),
        ("kernel, logistic", "sgd", 40),
        ("kernel, logistic", "pal", 78),
    ],
)
def test_launches_of_a_step(case, name, most, cupy_backend, counted):
    """Counts written down when they were measured: a step shall not become dearer unnoticed."""
    added, trials = by_step(counted, case, tb.method(name))
    assert added["launches"] / len(trials) <= most


@pytest.mark.cupy
def test_the_record_is_moved_in_blocks(cupy_backend, counted):
    """Measuring the full loss at every step waits no more often than at the two ends only."""
    place, method = problem("factorization, rank 4", backend="cupy"), tb.method("sgd")
    ends, each = (counted(lambda every=every: run(place, method, steps=8, every=every))["syncs"] for every in (None, 1))
    assert each == ends


@pytest.mark.cupy
def test_an_interpolant_waits_once_a_refinement(cupy_backend, counted):
    place = problem("kernel, logistic", backend="cupy")
    (_, _, _), (point, d, _) = scenes(place)
    line = point().along(d)
    found = []
    waits = counted(lambda: found.append(proxy(line, (0.0, 1.0))))["syncs"]
    refinements = np.log2((found[0].coefficients.shape[-1] - 1) / 19)
    assert waits <= 3 + refinements  # one for the window, one for where it begins
