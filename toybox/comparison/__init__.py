"""Methods compared so that a reviewer finds nothing to object to: what is fixed beforehand (``plan``), what is computed
(``runs``), and the numbers that are told (``numbers``), each by a formula of its own module."""

from .numbers import Comparison, compare
from .plan import Plan

__all__ = ["Comparison", "Plan", "compare"]
