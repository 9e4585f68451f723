"""Goldstein's search by hand."""

from fractions import Fraction as F

import pytest

import toybox as tb
from places import SLIDE, WALL, asked, ends, parabola


def test_goldstein_grows_to_its_largest_step_and_no_further():
    """1, 4 and, instead of 16, 10, where it stays."""
    found = ends(SLIDE, "sls-goldstein", 0.0, first=1.0, grow=4.0, max_step=10.0, c=0.1)
    assert found == [(10.0, "CAPPED", 3)]


def test_goldstein_shrinks_to_its_smallest_step_and_no_further():
    """In front of a wall every step is too long: 1, 1/2, ..., 2^-26 = 1.5e-8, and instead of half of that 1e-8."""
    assert ends(WALL, "sls-goldstein", 0.0, first=1.0, beta=0.5) == [(1e-8, "EXHAUSTED", 28)]


def test_the_smallest_step_is_no_longer_than_the_largest():
    assert ends(WALL, "sls-goldstein", 0.0, first=1.0, beta=0.5, max_step=1e-9) == [(1e-9, "EXHAUSTED", 1)]


# --- on a bare line, in exact numbers


def search(**options):
    """Curvature 1, slope -1: c = 1/4 accepts what lies in [1/2, 3/2]."""
    return tb.search(tb.method("sls-goldstein", **{"c": 0.25, "beta": 0.5} | options), *parabola(F(1)))


@pytest.mark.parametrize(
    ("options", "trials"),
    [
        ({"first": 0.25}, [F(1, 4), F(1, 2)]),  # the shortest that is long enough
        ({"first": 3.0}, [3, F(3, 2)]),  # the longest that is short enough
        ({"first": 0.125, "grow": 16.0}, [F(1, 8), 2, 1]),
        ({"first": 0.125, "grow": 16.0, "beta": 0.75}, [F(1, 8), 2, F(3, 2)]),
        ({"first": 2.0, "beta": 0.125, "grow": 3.0}, [2, F(1, 4), F(3, 4)]),
    ],
)
def test_between_both_lines(options, trials):
    found = search(**options)
    assert (asked(found), found.step, found.state) == (trials, trials[-1], trials[-1])
    assert found.status == tb.Status.FOUND


def test_after_its_tries_the_last_trial_is_taken():
    found = search(first=0.0625, tries=2)
    assert (asked(found), found.step, found.state) == ([F(1, 16), F(1, 8)], F(1, 8), F(1, 8))
    assert found.status == tb.Status.EXHAUSTED


def test_the_largest_step_is_capped_unless_it_is_too_long():
    """2 is too long; 1/4 too short, and yet nothing longer may be tried; 1 is good."""
    ends = {largest: search(first=largest, max_step=largest, tries=1) for largest in (2.0, 0.25, 1.0)}
    assert [end.status.name for end in ends.values()] == ["EXHAUSTED", "CAPPED", "CAPPED"]
    assert [end.step for end in ends.values()] == list(ends)
    assert search(first=0.25, max_step=0.25).questions == ends[0.25].questions


def test_where_nothing_descends_the_first_trial_is_kept():
    found = tb.search(tb.method("sls-goldstein"), *parabola(F(0)), state=F(3))
    assert (found.step, found.status, found.state, found.questions) == (0, tb.Status.STATIONARY, 3, [])
