"""Methods compared so that a reviewer finds nothing to object to: what is fixed beforehand (``plan``), what is computed
(``runs``), and the numbers that are told (``numbers``), each by a formula of its own module."""

from typing import Any

__all__ = ["Comparison", "Plan", "compare"]


def __getattr__(name: str) -> Any:  # loaded when first used: the command line only wants its command
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import numbers

    return getattr(numbers, name)
