"""Momentum: what it averages (dissertation, section 2.7)."""
