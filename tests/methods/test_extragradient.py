"""The extragradient method by hand: on a parabola of curvature 1 the gradient changes by s |g| on the way."""

from fractions import Fraction as F

import numpy as np
import pytest

import toybox as tb
from places import PARABOLA, asked, ends, on, parabola


def search(given=None, **options):
    method = tb.method("seg", **{"beta": 0.5, "c": 0.75, "reset": 0} | options)
    return tb.search(method, *parabola(F(1)), norm=1, **given or {})


def test_the_longest_step_that_changes_the_gradient_by_c_is_accepted():
    found = search(first=1.5)
    assert (found.step, found.status, found.state, asked(found)) == (
        F(3, 4),
        tb.Status.FOUND,
        F(3, 4),
        [F(3, 2), F(3, 4)],
    )
    assert {(question.kind, question.batch) for question in found.questions} == {("turn", 0)}
    assert asked(search(first=1.0, beta=0.25)) == [1, F(1, 4)]
    assert search(first=0.75, max_step=0.75).status == tb.Status.CAPPED


def test_after_its_tries_the_shrunken_step_is_left():
    found = search(first=16.0, tries=3)
    assert (found.step, found.status, found.state, asked(found)) == (0, tb.Status.EXHAUSTED, 2, [16, 8, 4])
    assert search({"state": F(4)}, first=16.0, tries=1).state == 2


def test_where_nothing_descends_only_the_first_trial_grows():
    found = tb.search(tb.method("seg", gamma=2.0), *parabola(F(0)), state=F(3), fraction=1)
    assert (found.step, found.status, found.state, found.questions) == (0, tb.Status.STATIONARY, 6, [])


def test_theta_goes_along_the_gradient_that_is_ahead():
    """From 1 the gradient at 1/4 is 1/4: theta = 1 - 3/4 1/4. Without a step theta stays."""
    method = tb.method("seg", first=1.5, beta=0.5, c=0.75)
    trace = tb.run(PARABOLA, method, steps=1, batch=1, theta=[1.0])
    assert trace.theta[0].tolist() == [13 / 16]
    assert ends(PARABOLA, "seg", 1.0, first=16.0, tries=1) == [(0.0, "EXHAUSTED", 1)]
    lanes = tb.method("seg", first=np.array([1.5, 16.0]), tries=2, reset=0, beta=0.5, c=0.75)
    assert tb.run(PARABOLA, lanes, steps=1, batch=1, theta=[1.0]).theta.ravel().tolist() == [13 / 16, 1]


def test_a_lane_that_is_content_keeps_its_gradient_while_others_ask_on():
    """The first lane accepts 3/4 at once, the second one after 3/2."""
    method = tb.method("seg", first=np.array([0.75, 1.5]), beta=0.5, c=0.75, reset=0)
    assert tb.run(PARABOLA, method, steps=1, batch=1, theta=[1.0]).theta.ravel().tolist() == [13 / 16, 13 / 16]


@pytest.mark.parametrize("start", [0.0, 1.0])
def test_a_lane_that_stays_does_so_beside_one_that_moves(start):
    method = tb.method("seg", first=0.5, reset=0)
    trace = tb.run(PARABOLA, method, steps=1, batch=1, seeds=(0, 1), theta=[[start], [2.0]])
    assert trace.theta[:, 0].tolist() == [0.75 * start, 1.5]


def test_where_no_trial_is_good_an_infinite_gradient_ahead_does_no_harm():
    steep = on(lambda x: x * x / 2, lambda x: np.where(x < 0, -np.inf, x))
    trace = tb.run(steep, tb.method("seg", first=2.0, tries=1, reset=0), steps=1, batch=1, theta=[1.0])
    assert (trace.status[0, 0], trace.theta[0, 0]) == (tb.Status.EXHAUSTED, 1)
