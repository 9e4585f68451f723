"""Interpolation: what it is and which models do (dissertation, sections 2.6.3 and 4.7)."""
