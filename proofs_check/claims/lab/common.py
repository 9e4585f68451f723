"""What several of these claims need."""

from __future__ import annotations

from fractions import Fraction as F

PRINTED, EVEN = (F(1, 10**4), F(1, 100)), (F(1, 200), F(1, 100))  # nodes beside 0
