"""The plain-float methods against the authors' released code."""

import numpy as np
import pytest

from toybox import tiny
from traces import SETTINGS, load, problem_a, tolerance, worst

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


def run(name):
    """Problem A, the batches of the trace, and the moves of its method."""
    a, trace = problem_a(), load(name)
    method, hyper = SETTINGS[name]
    problem = tiny.Quadratics(a.Q.tolist(), a.m.tolist())
    batches = a.batches[trace.first].tolist()
    moves = list(getattr(tiny, method)(problem, tuple(a.x0.tolist()), batches, **hyper))
    return problem, batches, moves


def pal_lengths(problem, batches, theta, beta):
    """|d_t| along a run, d_t = -g_t + beta d_(t-1): the released code reports s / |d|, tiny reports s."""
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
    assert len(moves) == 30
    assert worst(theta, trace.theta) < tolerance(name)
    assert worst(step, trace.step) < tolerance(name)


@pytest.mark.parametrize("name", SETTINGS)
def test_released_code_evaluates_as_many_losses(name):
    _, _, moves = run(name)
    assert [1 + move.trials for move in moves] == load(name).calls.tolist()
    assert {move.status for move in moves} <= {tiny.FOUND, tiny.CAPPED}


def test_traces_cap_the_step_of_pal():
    """So that the order of cap and alpha shows."""
    _, _, moves = run("pal__mu0.1_b0.4_a1.6")
    assert [move.status for move in moves[:3]] == [tiny.CAPPED] * 3
