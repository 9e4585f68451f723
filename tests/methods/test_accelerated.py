"""Armijo steps with acceleration, by hand: down a parabola steps of 1/2 are good enough, and all numbers are exact."""

import pytest

import toybox as tb
from places import PARABOLA, ends

HALF = {"first": 0.5, "c": 0.25}  # every search accepts its first trial


def walk(name, steps, **options):
    iterate = tb.Probe("theta", lambda look: look.theta)
    trace = tb.run(PARABOLA, tb.method(name, **HALF, **options), steps=steps, batch=1, theta=[1.0], probes=[iterate])
    assert trace.size.ravel().tolist() == [0.5] * steps
    return trace.probes["theta"].ravel().tolist()


def test_polyak_adds_a_part_of_the_move_before():
    """theta / 2 and a quarter of (theta - the one before)."""
    theta = [1, 1 / 2]
    for _ in range(4):
        theta.append(theta[-1] / 2 + (theta[-1] - theta[-2]) / 4)
    assert walk("sls-polyak", 5, momentum=0.25) == theta


def test_nesterov_mixes_the_points_that_its_searches_find():
    """The released recursion's first numbers tau: 1, with which the first step counts for nothing, 0, 0 and, with the
    golden ratio g, (1 - g) / g and (1 - g) / lambda, lambda the one after it."""
    golden = (1 + 5**0.5) / 2
    after = (1 + (1 + 4 * golden**2) ** 0.5) / 2
    theta, before = [1.0], 1.0
    for tau in (1, 0, 0, (1 - golden) / golden, (1 - golden) / after):
        y = theta[-1] / 2
        theta.append((1 - tau) * y + tau * before)
        before = y
    assert walk("sls-nesterov", 5) == pytest.approx(theta, rel=2**-48)


@pytest.mark.parametrize("name", ["sls-polyak", "sls-nesterov"])
def test_the_search_goes_on_from_its_last_step(name):
    """16 and 8 are too long for c = 1/4, and so is 4; the next search begins with the 2 that is left."""
    sizes = ends(PARABOLA, name, 1.0, steps=2, first=16.0, beta=0.5, tries=3, c=0.25)
    assert sizes == [(0.0, "EXHAUSTED", 3), (1.0, "FOUND", 2)]
