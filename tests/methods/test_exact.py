"""The exact search on kinks, walls and slides."""

from math import inf

import numpy as np
import pytest

import toybox as tb
from places import GENTLE, on


def test_an_exact_search_that_uses_up_its_rounds_has_found_nothing():
    """A kink at 1e-100: after 200 rounds, a third of them bisections, the bracket still does not tell where it is."""
    kink = on(lambda x: np.abs(x - 1e-100), lambda x: np.where(x < 1e-100, -1.0, 1.0))
    trace = tb.run(kink, tb.method("exact"), steps=1, batch=1, theta=[0.0])
    assert (trace.status[0, 0], trace.trials[0, 0], trace.theta[0, 0]) == (tb.Status.EXHAUSTED, 200, 0)


def test_an_exact_search_does_not_stop_where_a_secant_does_not_move():
    """Slope -1 up to a kink, and beyond so steep that a secant through both may move by a few units of rounding: with
    nothing else to tell it when to stop, the search ended elsewhere on two of five such lines."""
    rng = np.random.default_rng(0)
    steep, c = 10.0 ** rng.uniform(8, 20, (100, 1)), 10.0 ** rng.uniform(-3, 2, (100, 1))
    kinks = on(lambda x: np.where(x < c, -x, steep * (x - c)), lambda x: np.where(x < c, -1.0, steep))
    trace = tb.run(kinks, tb.method("exact"), steps=1, batch=1, seeds=range(100), theta=[0.0])
    assert (trace.status == tb.Status.FOUND).all()
    np.testing.assert_allclose(trace.size[0], c[:, 0], rtol=8 * 2.0**-52)


@pytest.mark.parametrize("beyond", [np.nan, -inf])
def test_an_exact_search_stays_in_front_of_a_wall(beyond):
    """Falling up to 1/3, where the slope ceases to be a finite number."""
    wall = on(lambda x: np.where(x > 1 / 3, np.nan, -x), lambda x: np.where(x > 1 / 3, beyond, -1.0))
    trace = tb.run(wall, tb.method("exact"), steps=1, batch=1, theta=[0.0])
    assert trace.status[0, 0] == tb.Status.FOUND
    assert 1 / 3 * (1 - 8 * 2.0**-52) <= trace.theta[0, 0] <= 1 / 3


def test_an_exact_search_without_a_largest_step_finds_nothing_on_a_slide():
    trace = tb.run(GENTLE, tb.method("exact", s_max=inf), steps=1, batch=1, theta=[0.0])
    assert (trace.status[0, 0], trace.theta[0, 0]) == (tb.Status.EXHAUSTED, 0)
