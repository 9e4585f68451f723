"""Deterministic line searches (dissertation, sections 2.5 and 6.2)."""
