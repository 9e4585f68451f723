"""Goldstein's search by hand."""

from places import SLIDE, WALL, ends


def test_goldstein_grows_to_its_largest_step_and_no_further():
    """1, 4 and, instead of 16, 10, where it stays."""
    found = ends(SLIDE, "sls-goldstein", 0.0, first=1.0, grow=4.0, max_step=10.0, c=0.1)
    assert found == [(10.0, "CAPPED", 3)]


def test_goldstein_shrinks_to_its_smallest_step_and_no_further():
    """In front of a wall every step is too long: 1, 1/2, ..., 2^-26 = 1.5e-8, and instead of half of that 1e-8."""
    assert ends(WALL, "sls-goldstein", 0.0, first=1.0, beta=0.5) == [(1e-8, "EXHAUSTED", 28)]
