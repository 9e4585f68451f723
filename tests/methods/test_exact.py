"""The exact search on kinks, walls and slides."""

from fractions import Fraction as F
from math import inf

import numpy as np
import pytest

import toybox as tb
from places import GENTLE, asked, on


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


# --- on a bare line, in exact numbers


def search(slope, **options):
    return tb.search(tb.method("exact", **options), lambda s: 0, slope)


def test_the_first_secant_of_a_parabola_is_exact():
    found = search(lambda s: s - F(8))
    assert (found.step, found.status, asked(found)) == (8, tb.Status.FOUND, [1, 8])


def test_outward_it_goes_tenfold_at_most_and_to_the_largest_step():
    for largest, trials in ((1000.0, [1, 10, 100, 1000]), (40.0, [1, 10, 40]), (0.5, [F(1, 2)])):
        found = search(lambda s: F(-1), s_max=largest)
        assert (asked(found), found.step, found.status) == (trials, trials[-1], tb.Status.CAPPED)


def secant(slope, s, before):
    return s - slope(s) * (s - before) / (slope(s) - slope(before))


def test_outward_every_eighth_trial_is_tenfold():
    """Before a far minimum, where secants of a slope that flattens fall short."""
    slope = lambda s: -1 / (1 + s) + F(1, 10**9)
    s = [F(0), *asked(search(slope))]
    for turn in range(12):
        assert s[turn + 2] == (10 * s[turn + 1] if turn % 8 == 7 else secant(slope, s[turn + 1], s[turn]))


def test_inside_the_bracket_every_third_trial_is_its_middle():
    """A kink at 3/10 with slopes -1 and 100: two secants from the left, then the middle of the last of them and 1."""
    slope = lambda s: F(-1) if s < F(3, 10) else F(100)
    s = [F(0), *asked(search(slope))]
    assert s[1] == 1
    assert s[2] == secant(slope, s[1], s[0])
    assert s[3] == secant(slope, s[2], s[1])
    assert s[4] == (s[3] + 1) / 2


def test_whose_line_it_is():
    for name, batch in (("exact", 0), ("exact-full", tb.text.ALL)):
        found = tb.search(name, lambda s: 0, lambda s: s - F(8))
        assert {(question.kind, question.batch) for question in found.questions} == {("slope", batch)}


def test_an_exact_search_does_not_go_uphill():
    assert search(lambda s: 1.0)[:3] == (0, tb.Status.ASCENT, [])
