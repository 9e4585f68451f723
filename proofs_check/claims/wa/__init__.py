"""Wolfe conditions on a parabola (dissertation, eqs. 2.17, 2.18, 2.24 and 6.7)."""
