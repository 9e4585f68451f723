"""Newton's and conjugate directions (dissertation, sections 2.7 and 4.4)."""
