"""PAL by hand."""

import numpy as np
import pytest

import toybox as tb
from places import PARABOLA
from toybox import tiny


@pytest.mark.parametrize(("s_max", "status"), [(1.0, "CAPPED"), (np.nextafter(1.0, 2.0), "FOUND")])
def test_the_largest_step_of_pal_is_capped(s_max, status):
    """The minimum lies at 1, without rounding; a step of s_max is the largest one allowed, which CAPPED says."""
    options = {"mu": 0.5, "s_max": s_max, "beta": 0.0}
    trace = tb.run(PARABOLA, tb.method("pal", **options), steps=1, batch=1, theta=[1.0])
    assert (trace.size[0, 0], tb.Status(trace.status[0, 0]).name) == (1.0, status)
    (move,) = tiny.pal(tiny.Quadratics([((1.0,),)], [(0.0,)]), (1.0,), [(0,)], **options)
    assert (move.step, move.status) == (1.0, status)
