"""Several walks in lockstep: what they do together is done once.

A walk runs unchanged, in a greenlet of its own, until it comes to a call that others may make with it, or to the end of
its step; then the others go on. When all wait, one of the calls that they wait for is made for all who wait for it; and
when all have ended their step, the next one begins. So of the methods of a comparison

    ``shared``  a batch is drawn and gathered once,
    ``joined``  products of one table with the vectors of all walks are one call, which reads the table once.

In NumPy neither changes a bit, as a product's bits do not depend on its company. On other backends nothing is kept for
others, and the last bits of a joined product may differ. Outside of a meeting both are plain calls.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import wraps
from itertools import pairwise
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import numpy as np

KEPT = 1 << 20  # bytes up to which what is shared is kept until the step ends; beyond, while a walk holds it
_here = threading.local()


def joined(function: Callable) -> Callable:
    """A function (owner, vectors, *more) whose answer has a row for each of the vectors (m, n): walks that meet and ask
    for the same owner and more, which are compared by identity, get the rows of one call."""

    @wraps(function)
    def call(owner: Any, vectors: Any, *more: Any) -> Any:
        meeting = getattr(_here, "meeting", None)
        return function(owner, vectors, *more) if meeting is None else meeting.ask(function, owner, vectors, more)

    return call


def shared(compute: Callable[[], Any], owner: Any, *key: Any) -> Any:
    """The array that ``compute`` gives, or has given to another walk of this step for the same owner, which counts by
    identity, and key, in which arrays count by their numbers. Other arrays than NumPy's are computed for each walk."""
    meeting = getattr(_here, "meeting", None)
    return compute() if meeting is None else meeting.share(compute, owner, key)


def end_step() -> None:
    """Wait until all walks of this meeting have ended this step."""
    meeting = getattr(_here, "meeting", None)
    if meeting is not None:
        meeting.rest()


def clock() -> float:
    """Seconds, for differences: in a meeting those of this walk, which has its share of calls made together."""
    meeting = getattr(_here, "meeting", None)
    return time.perf_counter() if meeting is None else meeting.clock()


class Call(NamedTuple):
    """A call that walks wait for."""

    function: Callable
    owner: Any
    more: tuple
    askers: list  # (walk, its vectors)


class Meeting:
    def __init__(self, walks: Sequence[Callable[[], Any]]):
        from greenlet import getcurrent, greenlet

        self._current, self._hub = getcurrent, getcurrent()
        self.answers: list[Any] = [None] * len(walks)
        self._ready = [(greenlet(self._walking(number, walk)), None) for number, walk in enumerate(walks)]
        self._calls: dict[Any, Call] = {}
        self._resting: list[Any] = []
        self._owners: dict[int, Any] = {}
        self._kept: dict[Any, Any] = {}
        self._held: WeakValueDictionary[Any, Any] = WeakValueDictionary()
        self._used: dict[Any, float] = dict.fromkeys((walk for walk, _ in self._ready), 0.0)
        self._since = 0.0

    def _walking(self, number: int, walk: Callable[[], Any]) -> Callable[[Any], None]:
        def go(_: Any) -> None:
            try:
                self.answers[number] = walk()
            except Exception as error:
                self.answers[number] = error

        return go

    def run(self) -> None:
        outer = getattr(_here, "meeting", None)
        try:
            while self._ready or self._calls or self._resting:
                _here.meeting = self
                while self._ready:
                    self._go_on(*self._ready.pop())
                _here.meeting = outer
                if self._calls:
                    self._make(min(self._calls.items(), key=lambda pair: len(pair[1].askers))[0])
                else:  # the next step begins, with another walk: who is first draws and gathers for all
                    self._ready, self._resting = [(walk, None) for walk in self._resting[1:] + self._resting[:1]], []
                    self._kept.clear()
        finally:
            _here.meeting = outer

    def _go_on(self, walk: Any, answer: Any) -> None:
        self._since = time.perf_counter()
        if isinstance(answer, Exception):
            walk.throw(answer)
        else:
            walk.switch(answer)
        self._used[walk] += time.perf_counter() - self._since

    def _make(self, key: Any) -> None:
        """Make one call for all who wait for it."""
        function, owner, more, askers = self._calls.pop(key)
        began, walks, vectors = time.perf_counter(), *zip(*askers, strict=True)
        try:
            if len(vectors) == 1:
                answers = [function(owner, vectors[0], *more)]
            else:
                xp, ends = owner.xp, np.cumsum([part.shape[0] for part in vectors])[:-1]
                rows = function(owner, xp.concat(vectors, axis=0), *more)
                starts = [0, *ends.tolist(), rows.shape[0]]
                answers = [rows[start:end, ...] for start, end in pairwise(starts)]
        except Exception as error:
            answers = [error] * len(askers)
        each = (time.perf_counter() - began) / len(askers)
        for walk in walks:
            self._used[walk] += each
        self._ready = list(zip(reversed(walks), reversed(answers), strict=True))

    def ask(self, function: Callable, owner: Any, vectors: Any, more: tuple) -> Any:
        key = function, id(owner), *map(id, more)
        if key not in self._calls:
            self._calls[key] = Call(function, owner, more, [])
        self._calls[key].askers.append((self._current(), vectors))
        return self._hub.switch()

    def share(self, compute: Callable[[], Any], owner: Any, parts: tuple) -> Any:
        if any(hasattr(part, "shape") and not isinstance(part, np.ndarray) for part in parts):
            return compute()
        self._owners[id(owner)] = owner  # no other one gets its address
        key = id(owner), *(part.tobytes() if isinstance(part, np.ndarray) else part for part in parts)
        found = self._kept.get(key)
        if found is None:
            found = self._held.get(key)
        if found is None:
            found = compute()
            if isinstance(found, np.ndarray):
                (self._kept if found.nbytes <= KEPT else self._held)[key] = found
        return found

    def rest(self) -> None:
        self._resting.append(self._current())
        self._hub.switch()

    def clock(self) -> float:
        return self._used[self._current()] + time.perf_counter() - self._since


def meet(walks: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each of the walks returns, or the exception that it raises."""
    meeting = Meeting(walks)
    meeting.run()
    return meeting.answers
