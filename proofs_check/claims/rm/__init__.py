"""Robbins-Monro schedules (dissertation, sections 2.2 and 2.4)."""
