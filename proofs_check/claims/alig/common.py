"""What several of these claims need."""

from __future__ import annotations

from fractions import Fraction as F
from typing import NamedTuple

from hypothesis import strategies as st

from ...ours import moves


class Whole(NamedTuple):
    """f(x) = 1/2 (x - m)'(M M' + I)(x - m) of whole numbers, with rates of few binary digits: floats are exact."""

    M: tuple
    m: tuple
    x: tuple
    rate: F
    hyper_rate: F


@st.composite
def wholes(draw):
    n = draw(st.integers(1, 3))
    vector = lambda most: st.tuples(*[st.integers(-most, most).map(F)] * n)
    eighths = st.integers(1, 16).map(lambda k: F(k, 8))
    return Whole(draw(st.tuples(*[vector(2)] * n)), draw(vector(9)), draw(vector(9)), draw(eighths), draw(eighths))


def alig(plain, x, eps, max_rate=float("inf")):
    """The step on exact numbers."""
    return moves("ali-g", plain, x, [(0,)], eps=eps, max_rate=max_rate)[0]
