"""What every problem checks of its arguments: one clear sentence naming argument, value and what is accepted. And how
it shows itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..calls import written_call
from ..hyper import is_one_of, is_whole, near, numbers, shown


def as_made(problem: Any) -> str:
    """``repr`` of a problem: the call of ``tb.problem`` or of its class that made it; and, as a comment, its size."""
    made = getattr(problem, "made", "") or written_call(problem)
    return f"{made}  # dim {problem.dim}, {problem.size} samples"


def seal(problem: Any) -> None:
    """Make the arrays of NumPy's that a problem holds read-only: whoever looks on cannot change a run by them."""
    for value in vars(problem).values():
        for array in value if isinstance(value, tuple) else (value,):
            if isinstance(array, np.ndarray):
                array.setflags(write=False)


def option(name: str, value: Any, *accepted: Any) -> Any:
    """The one of those accepted that the value is: 2 for 2.0."""
    for one in accepted:
        if is_one_of(value, (one,)):
            return one
    raise ValueError(
        f"{name}={shown(value)} is not accepted{near(value, accepted)}; accepted: {', '.join(map(repr, accepted))}"
    )


def at_least(name: str, value: Any, least: int) -> int:
    """A whole number of at least ``least``."""
    if not is_whole(value, least):
        raise ValueError(f"{name}={shown(value)} is not accepted; accepted: a whole number of at least {least}")
    return int(value)


def scalar(name: str, value: Any, interval: str) -> float:
    """One number in an interval such as "(0, inf)"."""
    number = numbers(name, value, interval)
    if np.ndim(number):
        raise ValueError(f"{name}={shown(value)} is not accepted; accepted: one number in {interval}")
    return number
