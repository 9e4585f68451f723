"""Adam by hand, told the gradients -1, 2 and -2."""

import numpy as np
import pytest

from places import told


def moves(**options):
    return np.diff(told("adam", [-1, 2, -2], 0.0, rate=1.0, beta1=0.5, beta2=0.75, **options))


def test_it_divides_what_is_corrected():
    """beta1 = 1/2: m = -1/2, 3/4, -5/8, by 1/2, 3/4, 7/8. beta2 = 3/4: v = 1/4, 19/16, 121/64, by 1/4, 7/16, 37/64."""
    assert moves(eps=1e-20) == pytest.approx([1, -1 / (19 / 7) ** 0.5, (5 / 7) / (121 / 37) ** 0.5], rel=2**-48)


def test_eps_is_added_to_the_root():
    assert moves(eps=0.25)[0] == pytest.approx(1 / 1.25, rel=2**-48)
