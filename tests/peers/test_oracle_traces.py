"""The oracles against the authors' released code."""

import numpy as np
import pytest

from traces import SETTINGS, load, problem_a, row, tolerance, worst
from with_defaults import oracles

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]
MORE_BATCHES = ("golsi", "labpal-sgd", "labpal-nsgd")


def run(name):
    """Problem A, the batches of the trace, and the moves of its method."""
    a, trace = problem_a(), load(name)
    method, hyper = SETTINGS[name]
    problem = oracles.Quadratics(a.Q.tolist(), a.m.tolist())
    draw = lambda t, j: a.batches[row(name, trace, t, j)].tolist()
    batches = [draw(t, 0) for t in range(len(trace.step))]
    more = {"fresh": draw} if method in MORE_BATCHES else {}
    twin = getattr(oracles, method.replace("-", "_"))
    return problem, batches, list(twin(problem, tuple(a.x0.tolist()), batches, **hyper, **more))


def pal_lengths(problem, batches, theta, beta):
    """|d_t| along a run, d_t = -g_t + beta d_(t-1): the released code reports s / |d|, the loops report s."""
    d = np.zeros(theta.shape[1])
    for x, batch in zip(theta[:-1].tolist(), batches, strict=True):
        d = beta * d - np.array(problem.gradient(tuple(x), batch))
        yield np.linalg.norm(d)


@pytest.mark.parametrize("name", SETTINGS)
def test_released_code_takes_the_same_steps(name):
    problem, batches, moves = run(name)
    trace, (method, hyper) = load(name), SETTINGS[name]
    theta = np.array([trace.theta[0].tolist(), *(move.x for move in moves)])
    step = np.array([move.step for move in moves], dtype=float)
    if method == "pal":
        step /= list(pal_lengths(problem, batches, theta, hyper["beta"]))
    assert len(moves) == len(trace.step) >= 15
    assert worst(theta, trace.theta) < tolerance(name)
    if not np.isnan(trace.step).any():
        assert worst(step, trace.step) < tolerance(name)


def test_most_traces_report_their_steps():
    silent = {name for name in SETTINGS if np.isnan(load(name).step).any()}
    assert silent == {"cocob", "cocob__alpha25", "optax_cocob", "optax_polyak_sgd"}


@pytest.mark.parametrize("name", SETTINGS)
def test_released_code_evaluates_as_many_losses(name):
    """GOLS-I has the loss at its start from the end of the search before."""
    _, _, moves = run(name)
    at_start = [int(t == 0 or SETTINGS[name][0] != "golsi") for t in range(len(moves))]
    calls = load(name).calls.tolist()
    if any(calls):
        assert [move.trials + n for move, n in zip(moves, at_start, strict=True)] == calls
    stays = (np.diff(load(name).theta, axis=0) == 0).all(axis=1)  # Nesterov's first step counts for nothing
    assert [move.status == oracles.UNMOVED for move in moves] == stays.tolist()
    assert {move.status for move in moves} <= {oracles.FOUND, oracles.CAPPED, oracles.UNMOVED}


def test_traces_cap_the_step_of_pal():
    """So that the order of cap and alpha shows."""
    _, _, moves = run("pal__mu0.1_b0.4_a1.6")
    assert [move.status for move in moves[:3]] == [oracles.CAPPED] * 3


@pytest.mark.parametrize("name", ["golsi", "labpal__sgd", "labpal__sgd_bs_schedule", "alig__max0.1", "jaxopt_polyak"])
def test_other_caps_are_reached_too(name):
    _, _, moves = run(name)
    assert oracles.CAPPED in [move.status for move in moves]
