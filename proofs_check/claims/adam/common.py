"""What several of these claims need."""

from __future__ import annotations

NO_EPS = 1e-300  # a smaller eps than any root of squares here
