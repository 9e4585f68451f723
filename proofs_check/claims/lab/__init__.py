"""LABPAL: large-batch parabolic approximation (dissertation, sections 6.3 and 6.4, appendix C.3)."""
