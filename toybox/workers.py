"""Calls in processes: one that dies takes no other call with it, and none goes on when nobody waits for it any more.

With ``joblib.parallel_config(backend=...)`` they are those of a cluster. Threads of one process take turns: limits on
the threads of BLAS, and the problem that is held, are of the whole process.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from functools import cache
from typing import Any

from joblib import Parallel, delayed
from joblib.externals.loky import ProcessPoolExecutor

_turn = threading.RLock()  # a call may make calls


class Died(RuntimeError):
    """The process of a call ended before the call did."""

    def __init__(self) -> None:
        super().__init__("its process died: out of memory, killed, or crashed")


def each(function: Callable, cases: Sequence[tuple], many: int, apart: bool = False) -> Iterator[tuple[int, Any]]:
    """The number of each case and what the function returns for it, as they come, from ``many`` processes at once; 1:
    from this one, or where ``apart`` says so from another one.

    Where a process dies, all are ended and the others made anew; the cases that they may have been at are tried again
    after all others, one at a time. The answer of one that then dies is ``Died``.
    """
    together = Parallel(n_jobs=many, batch_size=1, return_as="generator_unordered")
    pool = _one_by_one if many == 1 and apart else together
    call = lambda number: delayed(_call)(number, function, cases[number], os.getpid())
    numbers, begun, ended, suspects = iter(range(len(cases))), set[int](), set[int](), set[int]()

    def calls() -> Iterator[Any]:
        for number in numbers:
            begun.add(number)
            yield call(number)

    while len(ended | suspects) < len(cases):
        try:
            for number, answer in pool(calls()):
                ended.add(number)
                yield number, answer
        except BrokenExecutor:
            suspects = begun - ended
    for number in sorted(suspects):
        try:
            yield from _one_by_one([call(number)])
        except BrokenExecutor:
            yield number, Died()


def _one_by_one(calls: Iterable[tuple]) -> Iterator[Any]:
    """What calls return, one after the other, from one process beside this one."""
    executor = ProcessPoolExecutor(max_workers=1)
    try:
        for function, arguments, _ in calls:
            yield executor.submit(function, *arguments).result()
    finally:
        executor.shutdown(kill_workers=True)


def _call(number: int, function: Callable, case: tuple, home: int) -> tuple[int, Any]:
    if os.getpid() != home:
        _prepare(os.getppid())
    with _turn:
        return number, function(*case)


@cache
def _prepare(parent: int) -> None:
    """Once in each process: leave Ctrl-C, which reaches all processes, to the first one, which ends its workers; and
    end when the process that made this one does, which may be killed and end nobody."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            threading.Event().wait(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
