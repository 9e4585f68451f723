"""A search as its paper prints it: a generator on the plain numbers of one lane, whose questions to a line are yields.

    class Halving(Search):
        def begin(self):                    # the state before the first step
            return self.first

        def search(self, here, s):          # here: what the lane sees before it asks; s: the state
            if not descends(here.slope0):
                return nowhere(here.slope0, s)
            for _ in range(self.tries):
                if (yield change(s)) < 0:
                    return found(s, s)
                s = s / 2
            return exhausted(s)

Who answers is somebody else's business: in a run the texts of all lanes wait for each other, and the questions of one
kind to one batch are one call on arrays (``converse``); ``toybox.search`` answers with two Python functions, on floats
or on fractions. A text never sees an array, and its ``self`` holds the numbers of its lane.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from math import inf, nan, prod
from typing import Any, NamedTuple

import numpy as np

from . import hyper
from .given import described
from .rays import Ray, Status, Step
from .xp import Array, dtype_name, lazy

ALL = -1  # the number of the whole data set among the batches of a step


def finite(x: Any) -> bool:
    """Whether a plain number is one."""
    return -inf < x < inf


class Pool(NamedTuple):
    """The base batches 0 .. n - 1 of a step, as one batch."""

    n: int


Batch = int | Pool | None  # 0: that of the gradient; 1, 2, ...: fresh ones; ALL; None: ``Search.batch``


class Question(NamedTuple):
    """What is asked, made by the functions below: they are called in every turn of every search."""

    about: tuple[str, Batch, int]  # change, once, slope, both or turn; on which batch; at how many steps
    steps: Any  # one, or a tuple of several, in multiples of d


_made = tuple.__new__  # a third of the time of Question(...)


def change(s: Any, *more: Any, batch: Batch = None) -> Question:
    """phi(s) - phi(0) on a batch: of one step a number, of several a list."""
    return _made(Question, (("change", batch, 1 + len(more)), (s, *more) if more else s))


def once(s: Any, batch: Batch = None) -> Question:
    """The same for a search that asks this line no more: some lines answer one question at half the price."""
    return _made(Question, (("once", batch, 1), s))


def slope(s: Any, batch: Batch = None) -> Question:
    """phi'(s)."""
    return _made(Question, (("slope", batch, 1), s))


def both(s: Any, batch: Batch = None) -> Question:
    """(phi(s) - phi(0), phi'(s)) at the price of the slope."""
    return _made(Question, (("both", batch, 1), s))


def turn(s: Any) -> Question:
    """|g(theta + s d) - g(theta)|, on the batch of the gradient."""
    return _made(Question, (("turn", None, 1), s))


class End(NamedTuple):
    """How a search ended: its step, in multiples of d, what it hands to the next one, and what else its rule wants."""

    size: Any
    status: int  # a Status
    state: Any = None
    extra: Any = None


FOUND, CAPPED, EXHAUSTED, ASCENT, STATIONARY, NONFINITE = map(int, list(Status)[:6])  # plain: arrays take them faster


def found(size: Any, state: Any = None, *, capped: bool = False, extra: Any = None) -> End:
    """The step is accepted; capped: as the largest that is allowed."""
    return End(size, CAPPED if capped else FOUND, state, extra)


def exhausted(state: Any = None, *, size: Any = 0, extra: Any = None) -> End:
    """No trial was acceptable."""
    return End(size, EXHAUSTED, state, extra)


def diverged(state: Any = None, *, extra: Any = None) -> End:
    """What was answered is not finite: the lane ends."""
    return End(nan, NONFINITE, state, extra)


def nowhere(slope0: Any, state: Any = None, *, extra: Any = None) -> End:
    """There is nothing to search for: by the slope at 0 STATIONARY, ASCENT or, where it is not finite, the end."""
    if not finite(slope0):
        return diverged(state, extra=extra)
    return End(0, STATIONARY if slope0 == 0 else ASCENT, state, extra)


Text = Generator[Question, Any, End]


class Here:
    """What one lane sees of its ray before it asks: plain numbers. ``norm`` and ``value`` are looked up when needed."""

    __slots__ = ("_lane", "_seen", "slope0")

    def __init__(self, seen: Seen, lane: int, slope0: Any):
        self._seen, self._lane, self.slope0 = seen, lane, slope0  # slope0: phi'(0) on the rule's batch

    norm = property(lambda self: self._seen.norms[self._lane], doc="|d|")
    value = property(lambda self: self._seen.values[self._lane], doc="phi(0) on the rule's batch")
    fraction = property(lambda self: self._seen.ray.fraction, doc="batch size over data size")
    t = property(lambda self: self._seen.ray.t, doc="number of the step")
    steps = property(lambda self: self._seen.ray.steps, doc="steps of the run")
    batches = property(lambda self: self._seen.ray.batches, doc="how many base batches the gradient averages")
    dim = property(lambda self: self._seen.ray.d.shape[-1], doc="number of parameters")
    eps = property(lambda self: self._seen.eps, doc="the relative spacing of the lane's numbers")


class Seen:
    """What the lanes of a ray see, as lists of plain numbers, each fetched once."""

    def __init__(self, ray: Ray, batch: Batch):
        self.ray, self.lanes, self.line = ray, tuple(ray.d.shape[:-1]), line(ray, batch)

    @lazy
    def slopes(self):
        xp = self.ray.xp
        if xp.eager:
            return self._plain(self.line.slope0)
        slopes, self.norms = map(hyper.plain, xp.to_host(xp.stack([self.line.slope0, self.ray.norm])))  # in one wait
        return slopes

    @lazy
    def norms(self):
        return self._plain(self.ray.norm)

    @lazy
    def values(self):
        return self._plain(self.line.value0)

    @property
    def eps(self):
        return float(self.ray.xp.finfo(self.ray.d.dtype).eps)

    def _plain(self, array):
        host = self.ray.xp.to_host(array)
        return hyper.plain(host if host.shape == self.lanes else np.broadcast_to(host, self.lanes))


def line(ray: Ray, batch: Batch) -> Any:
    """The line on a batch. Those beyond the first fresh one are asked once, and none of them stays in memory."""
    if isinstance(batch, Pool):
        return ray.pool(batch.n)
    return ray.full() if batch == ALL else ray.line(batch, brief=batch > 1)  # type: ignore[operator, arg-type]


class Search:
    """A rule that is written as a text. Arrays begin and end in ``step``, which lets the texts of all lanes converse.

    Arithmetic that Python refuses (a division by zero, a power that overflows) is no number: it ends its lane.
    """

    batch: Any = 0  # on which ``here`` is seen, and which is asked where a question names none

    def begin(self) -> Any:
        """The state of a lane before its first step."""

    def search(self, here: Any, state: Any) -> Text:
        raise ValueError(
            f"{type(self).__name__} has no search; accepted: def search(self, here, state), which yields questions, "
            "such as toybox.change(s), and returns toybox.found(s), exhausted(), nowhere(slope0) or diverged()"
        )

    def leads(self, ray: Ray, size: Array, extras: list) -> dict[str, Any]:
        """What a ``Step`` has beside size, state and status, from the ``extra`` of all lanes' ends."""
        return {}

    def init(self, xp, lanes):
        return [lane.begin() for lane in hyper.alone(self, xp, lanes)]

    def step(self, ray, state):
        xp, lanes = ray.xp, tuple(ray.d.shape[:-1])
        seen = Seen(ray, self.batch)
        rules = zip(hyper.alone(self, xp, lanes), seen.slopes, state, strict=True)
        texts = (begun(rule, Here(seen, lane, slope0), s) for lane, (rule, slope0, s) in enumerate(rules))
        sizes, statuses, after, extras = zip(*converse(texts, Answers(ray, self.batch)), strict=True)
        if NONFINITE in statuses:  # a lane that has ended is asked on, beside the others: with the state that it had
            ended = [status == NONFINITE for status in statuses]
            after = tuple(before if over else one for over, before, one in zip(ended, state, after, strict=True))
        size = xp.asarray(np.array(sizes, numpy_dtype(ray)).reshape(lanes))
        status = xp.asarray(np.array(statuses, np.int8).reshape(lanes))
        return Step(size, list(after), status, **self.leads(ray, size, list(extras)))


def begun(rule: Search, here: Any, state: Any) -> Any:
    """The text of one lane; or its end, where a search that asks nothing computes what Python refuses to."""
    try:
        return rule.search(here, state)
    except ArithmeticError:
        return diverged()


def converse(texts: Iterable[Any], answer: Callable[..., list]) -> list[End]:
    """The ends of texts that are asked in rounds: in each, ``answer(kind, batch, count, lanes, steps)`` gives one
    answer for each of these lanes, which ask at ``count`` steps each."""
    texts = list(texts)
    ends: list[Any] = [None if hasattr(text, "send") else text for text in texts]  # that asks nothing, is a function
    talking = [lane for lane, text in enumerate(texts) if hasattr(text, "send")]
    sends = [getattr(text, "send", None) for text in texts]
    said: list[tuple[list[int], list]] = [(talking, [None] * len(talking))]
    while said:
        waiting: dict[Any, tuple[list[int], list]] = {}
        for lanes, answered in said:
            for lane, one in zip(lanes, answered, strict=True):
                try:
                    question = sends[lane](one)  # type: ignore[misc]
                except StopIteration as stop:
                    ends[lane] = stop.value
                    continue
                except ArithmeticError:
                    ends[lane] = diverged()
                    continue
                if type(question) is not Question:
                    raise _misplaced("yields", question, "a question, such as toybox.change(s)", texts[lane])
                about, steps = question
                if about in waiting:
                    asking, asked = waiting[about]
                    asking.append(lane)
                    asked.append(steps)
                else:
                    waiting[about] = [lane], [steps]
        said = [(asking, answer(*about, asking, asked)) for about, (asking, asked) in waiting.items()]
    for end, text in zip(ends, texts, strict=True):
        if type(end) is not End:
            raise _misplaced("returns", end, "toybox.found(s), exhausted(), nowhere(slope0) or diverged()", text)
    return ends


class Answers:
    """What the lines of a ray answer to lanes that ask, as plain numbers. own: the batch of questions without one."""

    def __init__(self, ray: Ray, own: Batch):
        self.ray, self.own, self.shape = ray, own, tuple(ray.d.shape[:-1])
        self.many, self.dtype = prod(self.shape), numpy_dtype(ray)

    def __call__(self, kind: str, batch: Batch, count: int, lanes: list[int], steps: list) -> list:
        xp, where, everyone = self.ray.xp, None, len(lanes) == self.many
        s = np.array(steps, self.dtype)
        if not everyone:  # those who do not ask are asked at 0
            whole, mask = np.zeros((self.many, count), self.dtype), np.zeros(self.many, bool)
            whole[lanes], mask[lanes] = s.reshape(-1, count), True
            s, where = whole, xp.asarray(mask.reshape(self.shape))
        found = xp.to_host(self._asked(kind, batch, xp.asarray(s.reshape(*self.shape, count)), where))
        if found.size == self.many:
            numbers = hyper.plain(found)
            return numbers if everyone else [numbers[lane] for lane in lanes]
        rows = found.reshape(self.many, -1)
        return [hyper.plain(row) for row in (rows if everyone else rows[lanes])]

    def _asked(self, kind, batch, s, where):
        if kind == "turn":
            return self.ray.turn(s[..., 0], where)
        on = line(self.ray, self.own if batch is None else batch)
        if kind == "once":
            return on.once(s[..., 0], where)
        answer = getattr(on, kind)(s, where)
        return self.ray.xp.concat(list(answer), axis=-1) if kind == "both" else answer


def numpy_dtype(ray: Ray) -> np.dtype:
    """That of a ray's numbers in NumPy's memory."""
    kind = ray.d.dtype
    return kind if isinstance(kind, np.dtype) else np.dtype(dtype_name(kind))


def _misplaced(does: str, what: Any, accepted: str, text: Any) -> ValueError:
    code = getattr(text, "gi_code", None)
    place = f"{code.co_qualname} ({code.co_filename}, line {code.co_firstlineno})" if code else "a search"
    return ValueError(f"{place} {does} {described(what)}; accepted: {accepted}")
