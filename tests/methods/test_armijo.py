"""Armijo's backtracking by hand: how far a search may go, and what it hands on to the next one."""

from fractions import Fraction as F

import numpy as np
import pytest

import toybox as tb
from places import PARABOLA, asked, ends, parabola
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


# --- on a bare line

GIVEN = {"state": 0.25, "fraction": 0.5}


def search(minimum=F(1), given=None, **options):
    """On a parabola of curvature 1, in exact numbers: s is good enough up to 2 (1 - c) times its minimum."""
    return tb.search(tb.method("sls", **{"reset": 0, "beta": 0.5} | options), *parabola(minimum), **given or {})


def test_the_longest_step_that_is_good_enough_is_accepted():
    """c = 1/4: 3/2 times the minimum. From twice that one trial fails; from a little more both do."""
    found = search(c=0.25, first=3.0)
    assert (found.step, found.status, asked(found)) == (F(3, 2), tb.Status.FOUND, [3, F(3, 2)])
    assert asked(search(c=0.25, first=3.125)) == [F(25, 8), F(25, 16), F(25, 32)]
    assert asked(search(minimum=F(5), c=0.25, first=8.0, beta=0.75)) == [8, 6]


def test_what_a_search_hands_on_is_its_last_trial():
    assert search(c=0.25, first=3.0).state == F(3, 2)
    assert search(c=0.25, given={"state": F(1, 7)}).state == F(1, 7)
    failed = search(c=0.25, first=64.0, tries=4)
    assert (failed.step, failed.status, failed.state, asked(failed)) == (0, tb.Status.EXHAUSTED, 4, [64, 32, 16, 8])
    assert search(c=0.25, first=64.0, tries=4, variant="released").step == 1e-6


@pytest.mark.parametrize(("minimum", "status"), [(F(0), "STATIONARY"), (F(-1), "ASCENT")])
def test_where_nothing_descends_only_the_first_trial_grows(minimum, status):
    found = search(minimum, reset=1, gamma=4.0, given={"state": F(3), "fraction": 1})
    assert (found.step, found.status.name, found.state, found.questions) == (0, status, 12, [])


@pytest.mark.parametrize("slope0", [-np.inf, np.inf, np.nan])
def test_a_slope_that_is_no_number_ends_the_lane(slope0):
    found = tb.search("sls", lambda s: -s, slope0=slope0)
    assert (found.status, found.questions) == (tb.Status.NONFINITE, [])


def test_what_is_tried_first():
    """After a search that ended with 1/4: that again, that times gamma^(B/D), or the first step of all."""
    first = lambda **options: asked(search(minimum=100.0, first=8.0, gamma=16.0, given=GIVEN, **options))[0]
    assert [first(reset=reset) for reset in (0, 1, 2)] == [0.25, 1.0, 8.0]
    assert first(reset=1, steps_per_epoch=4) == 0.5
    assert first(reset=1, max_step=0.75) == 0.75


def test_the_batch_that_judges():
    assert [question.batch for question in search(c=0.25, first=3.0).questions] == [0, 0]
    assert [question.batch for question in search(c=0.25, first=3.0, sample=1).questions] == [1, 1]


def test_a_step_of_the_largest_length_is_capped():
    assert search(first=1.0, max_step=1.0).status == tb.Status.CAPPED
    assert search(first=1.0, max_step=1.0 + 2.0**-52).status == tb.Status.FOUND
