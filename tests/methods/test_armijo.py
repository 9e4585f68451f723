"""Armijo's backtracking by hand: how far a search may go, and what it hands on to the next one."""

import numpy as np
import pytest

import toybox as tb
from places import PARABOLA, ends
from toybox.problems import FromFunction


def test_after_a_failed_search_armijo_goes_on_from_the_shrunken_step():
    """16, 8 and 4 are too long and no more are tried; the next search tries the 2 that was left, and takes 1."""
    found = ends(PARABOLA, "sls", 1.0, steps=2, first=16.0, beta=0.5, tries=3, reset=0)
    assert found == [(0.0, "EXHAUSTED", 3), (1.0, "FOUND", 2)]


@pytest.mark.parametrize("name", ["sls", "sls-goldstein", "seg"])
def test_no_first_trial_is_longer_than_the_largest_step(name):
    """Neither the first step itself, nor the last one, nor that doubled. All of them would be good enough."""
    run = lambda **options: [end[:2] for end in ends(PARABOLA, name, 1.0, steps=3, max_step=0.25, **options)]
    for reset in (0, 1, 2):
        assert run(first=0.75, reset=reset) == [(0.25, "CAPPED")] * 3
    assert run(first=0.11, reset=1, gamma=2.0) == [(0.22, "FOUND"), (0.25, "CAPPED"), (0.25, "CAPPED")]


@pytest.mark.parametrize("name", ["sls", "sls-polyak", "backtracking", "sls-goldstein", "strong-wolfe"])
def test_a_product_that_underflows_accepts_nothing(name):
    """Slope 1e-160: s c phi'(0) becomes 0 as soon as s is short, and the loss, which does not change by a bit, is no
    larger than that."""
    still = FromFunction(lambda theta, index: (1 - 1e-160 * theta[..., 0], 0 * theta - 1e-160), 1, 1)
    (step, status, _), *_ = ends(still, name, 1.0, tries=200)
    assert status == "EXHAUSTED"
    assert step <= 1e-8  # which only Goldstein's search takes


@pytest.mark.parametrize("name", ["sls", "backtracking", "strong-wolfe"])
def test_no_search_jumps_into_a_hole_without_a_bottom(name):
    """Minus infinity beyond 1/4: sufficient decrease, and yet no loss that a step may lead to."""
    hole = FromFunction(
        lambda theta, index: (np.where(theta[..., 0] > 0.25, -np.inf, -theta[..., 0]), 0 * theta - 1), 1, 1
    )
    trace = tb.run(hole, tb.method(name), steps=3, batch=1, theta=[0.0])
    assert np.isfinite(trace.loss).all()
    assert tb.Status.NONFINITE not in trace.status


def test_the_released_search_takes_a_short_gradient_for_0():
    """Below 1e-8 it makes no update; the first trial grows all the same."""
    found = ends(PARABOLA, "sls", 0.9e-8, steps=2, variant="released", first=0.5)
    assert found == [(0.0, "STATIONARY", 0)] * 2
    assert ends(PARABOLA, "sls", 1.1e-8, variant="released", first=0.5)[0][1] == "FOUND"
