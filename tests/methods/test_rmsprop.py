"""RMSProp by hand, told the gradients -1, 2 and -2."""

import numpy as np
import pytest

from places import told


def moves(**options):
    return np.diff(told("rmsprop", [-1, 2, -2], 0.0, rate=1.0, decay=0.75, **options))


def test_it_divides_by_the_root_of_the_mean_of_squares():
    """decay = 3/4: v = 1/4, 19/16, 121/64; nothing is corrected."""
    assert moves(eps=1e-20) == pytest.approx([1 / 0.5, -2 / (19**0.5 / 4), 2 / (11 / 8)], rel=2**-48)


def test_eps_is_added_to_the_root():
    assert moves(eps=0.5)[0] == pytest.approx(1, rel=2**-48)
