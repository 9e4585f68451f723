"""One function on many cases, in several processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any


def each(function: Callable, cases: Sequence[tuple], jobs: int, what: str, progress: bool = False) -> list:
    """What the function returns for each case, a tuple of arguments, in their order.

    progress: a bar on standard error counts the cases done; ``what`` names them. Raises ``toybox.workers.Died`` where
    a case is the end of its process.
    """
    from toybox import workers
    from toybox.progress import bar

    found: dict[int, Any] = {}
    with bar(len(cases), what) if progress else nullcontext(lambda _: None) as tick:
        for number, result in workers.each(function, cases, jobs):
            if isinstance(result, workers.Died):
                raise result
            found[number] = result
            tick(number)
    return [found[number] for number in range(len(cases))]
