"""PAL by hand."""

from fractions import Fraction as F

import numpy as np
import pytest

import toybox as tb
from places import PARABOLA, asked, parabola
from toybox.methods.pal import PAL
from with_defaults import oracles


@pytest.mark.parametrize(("s_max", "status"), [(1.0, "CAPPED"), (np.nextafter(1.0, 2.0), "FOUND")])
def test_the_largest_step_of_pal_is_capped(s_max, status):
    """The minimum lies at 1, without rounding; a step of s_max is the largest one allowed, which CAPPED says."""
    options = {"mu": 0.5, "s_max": s_max, "beta": 0.0}
    trace = tb.run(PARABOLA, tb.method("pal", **options), steps=1, batch=1, theta=[1.0])
    assert (trace.size[0, 0], tb.Status(trace.status[0, 0]).name) == (1.0, status)
    (move,) = oracles.pal(oracles.Quadratics([((1.0,),)], [(0.0,)]), (1.0,), [(0,)], **options)
    assert (move.step, move.status) == (1.0, status)


# --- on a bare line, in exact numbers


def search(phi=None, slope=None, norm=1, **options):
    """On a parabola with its minimum at 8, and phi'(0) = -8."""
    along, _ = parabola(F(8))
    return tb.search(
        PAL(**{"s_max": np.inf} | options), phi or along, slope0=F(-8) if slope is None else slope, norm=norm
    )


def test_the_minimum_of_a_parabola():
    """Measured at mu = 1/2; alpha times the way. Of a d of length 2, mu and the largest step are lengths, s is not."""
    for norm in (1, 2):
        found = search(norm=norm, mu=0.5)
        assert (found.step, found.status, asked(found)) == (8, tb.Status.FOUND, [F(1, 2 * norm)])
    assert [(q.kind, q.batch) for q in found.questions] == [("once", 0)]
    assert search(mu=0.5, alpha=0.25).step == 2
    assert search(norm=2, s_max=12.0)[:2] == (6, tb.Status.CAPPED)
    assert search(norm=2, s_max=16.0)[:2] == (8, tb.Status.CAPPED)
    assert search(norm=2, s_max=17.0)[:2] == (8, tb.Status.FOUND)
    assert search(alpha=0.5, s_max=6.0)[:2] == (4, tb.Status.FOUND)  # the largest step is one after alpha


@pytest.mark.parametrize("bend", [0, -1])
def test_without_a_minimum_it_goes_to_where_it_has_measured(bend):
    found = search(lambda s: bend * s * s / 2 - 8 * s, norm=4, mu=0.5)
    assert found[:2] == (F(1, 8), tb.Status.FOUND)
    assert search(lambda s: bend * s * s / 2 - 8 * s, mu=0.5, s_max=0.25)[:2] == (F(1, 4), tb.Status.CAPPED)


@pytest.mark.parametrize(("slope", "status"), [(F(0), "STATIONARY"), (F(1), "ASCENT"), (np.nan, "NONFINITE")])
def test_where_nothing_descends(slope, status):
    found = search(slope=slope)
    assert (found.status.name, found.questions) == (status, [])
    assert found.step == 0 or status == "NONFINITE"


@pytest.mark.parametrize("beyond", [np.inf, np.nan])
def test_a_second_loss_that_is_no_number_ends_the_lane(beyond):
    assert search(lambda s: beyond if s else F(0)).status == tb.Status.NONFINITE


def test_the_released_option_takes_the_length_for_the_slope():
    """Length 4, curvature 16 along d: the minimum at 1 with slope -16, whatever is said of the slope."""
    for slope in (F(-16), F(3)):
        found = search(lambda s: 8 * s * s - 16 * s, slope, norm=4, exact_slope=False)
        assert found[:2] == (1, tb.Status.FOUND)


def test_whose_losses_are_measured():
    found = tb.search("fbpal", *parabola(8.0))
    assert [question.batch for question in found.questions] == [tb.text.ALL]
