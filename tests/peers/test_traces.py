"""The methods on arrays against the authors' released code."""

import numpy as np
import pytest

import toybox as tb
from optional import TORCH
from toybox import Status
from toybox.methods.momentum import Momentum
from toybox.methods.pal import PAL
from toybox.problems import NoisyQuadratic
from traces import SETTINGS, arrays, load, problem_a, row, tolerance, worst
from with_defaults import oracles

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]

# PAL's released code reports s / |d|; so does the rule along a direction that nobody has normalised.
BARE = {name: hyper for name, (method, hyper) in SETTINGS.items() if method == "pal"}


def named(name, **other):
    """The method of a trace."""
    method, hyper = SETTINGS[name]
    return tb.method(method, **(hyper | other))


def run(name, method, **options):
    """A run on the batches of a trace, and its iterates theta (T + 1, *lanes, 6)."""
    a, trace = problem_a(), load(name)
    place = NoisyQuadratic(a.Q, a.m, start=a.x0, **options)
    lanes = [1] * (1 + len(method.lanes))
    sampler = lambda t, j: place.xp.asarray(a.batches[row(name, trace, t, j)].reshape(*lanes, -1))
    iterate = tb.Probe("theta", lambda look: look.theta)
    steps, batch = len(trace.step), a.batches.shape[1]
    found = tb.run(place, method, steps=steps, batch=batch, sampler=sampler, probes=[iterate])
    return found, np.asarray(found.probes["theta"])


def joined(name):
    """How many batches make the gradient of each step."""
    steps, method = len(load(name).step), named(name)
    return np.array(method.batches(steps) if method.batches else [1] * steps)


def losses(name, trace):
    """The loss on the gradient's batches before each step; records of LABPAL hold those of single batches, those of
    GOLS-I that of the first fresh batch instead."""
    if SETTINGS[name][0] == "golsi":
        a = problem_a()
        plain = oracles.Quadratics(a.Q.tolist(), a.m.tolist())
        batches = [a.batches[row(name, trace, t, 0)].tolist() for t in range(len(trace.loss))]
        return np.array([plain.value(tuple(x), batch) for x, batch in zip(trace.theta[:-1], batches, strict=True)])
    if SETTINGS[name][0] != "labpal-sgd":
        return trace.loss
    single = arrays(name)["A_loss"]
    return np.array([np.mean(single[i : i + k]) for i, k in zip(trace.first, joined(name), strict=True)])


@pytest.mark.parametrize("line", ["closed", "generic"])
@pytest.mark.parametrize("name", SETTINGS)
def test_released_code_takes_the_same_steps(name, line):
    method, expected = named(name), load(name)
    trace, theta = run(name, method, line=line)
    assert worst(theta, expected.theta) < tolerance(name)
    assert worst(trace.loss, losses(name, expected)) < tolerance(name)
    assert np.isin(trace.status, [Status.FOUND, Status.CAPPED, Status.UNMOVED]).all()
    stays = (np.diff(expected.theta, axis=0) == 0).all(axis=1)  # Nesterov's first step counts for nothing
    np.testing.assert_array_equal(trace.status[:, 0] == Status.UNMOVED, stays)
    if name in BARE:  # along a unit direction the step is the length of the way
        lengths = np.linalg.norm(np.diff(expected.theta, axis=0), axis=1)
        assert worst(trace.arc, lengths) < tolerance(name)
    elif not np.isnan(expected.step).any():
        lengths = SETTINGS[name][0] == "labpal-nsgd"  # reports lengths along a direction that nobody has normalised
        assert worst(trace.arc if lengths else trace.size, expected.step) < tolerance(name)


@pytest.mark.parametrize("name", SETTINGS)
def test_released_code_evaluates_as_many_losses(name):
    """A search that begins with the gradient of the last one has the loss at its start already.

    LABPAL counts the loss at its start once per search, here every fresh batch has one; it evaluates one by one the k
    batches that make a gradient, here they are one sample.
    """
    trace, expected = run(name, named(name))[0], load(name)
    trials = trace.trials[:, 0]
    if name.startswith("labpal"):
        k, drawn = joined(name), np.diff(trace.cost("batches")[:, 0], prepend=0)
        trials = trials - (drawn - k) + 2 * (k - 1) * (trials > 0)
    at_start = [int(row(name, expected, t, 0) == first) for t, first in enumerate(expected.first)]
    if expected.calls.any():
        assert (trials + at_start).tolist() == expected.calls.tolist()


@pytest.mark.parametrize("name", BARE)
def test_pal_along_a_bare_direction_reports_the_released_step(name):
    hyper = dict(BARE[name])
    trace, theta = run(name, tb.Optimizer(Momentum(hyper.pop("beta")), PAL(**hyper)))
    assert worst(theta, load(name).theta) < tolerance(name)
    assert worst(trace.size, load(name).step) < tolerance(name)


@pytest.mark.parametrize("backend", ["strict", TORCH])
@pytest.mark.parametrize("name", SETTINGS)
def test_released_code_takes_the_same_steps_on_every_backend(name, backend):
    assert worst(run(name, named(name), backend=backend)[1], load(name).theta) < tolerance(name)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_lane_reproduces_a_trace_beside_other_runs(name):
    """The trace's own numbers in the first lane, other ones in the second."""
    numbers = {key: v for key, v in SETTINGS[name][1].items() if isinstance(v, float) and v < np.inf}
    other = lambda v: 0.5 if v == 0 else 0.9 * v if v < 1 else 1.1 * v
    method = named(name, **{key: np.array([v, other(v)]) for key, v in numbers.items()})
    assert worst(run(name, method)[1][:, :, 0], load(name).theta) < tolerance(name)
