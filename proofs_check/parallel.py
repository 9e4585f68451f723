"""One function on many cases, in several processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any


def each(function: Callable, cases: Sequence[tuple], jobs: int, what: str, progress: bool = False) -> list:
    """What the function returns for each case, a tuple of arguments, in their order.

    progress: a bar on standard error counts the cases done; ``what`` names them.
    """
    from joblib import Parallel, delayed

    from toybox.progress import bar

    calls = (delayed(_numbered)(number, function, case) for number, case in enumerate(cases))
    found: dict[int, Any] = {}
    with bar(len(cases), what) if progress else nullcontext(lambda _: None) as tick:
        for number, result in Parallel(n_jobs=jobs, batch_size=1, return_as="generator_unordered")(calls):
            found[number] = result
            tick(number)
    return [found[number] for number in range(len(cases))]


def _numbered(number: int, function: Callable, case: tuple) -> tuple[int, Any]:
    return number, function(*case)
