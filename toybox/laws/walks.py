"""Runs of a method under observation: whatever goes on and on is stopped, and every answer of its rule is looked at."""

from __future__ import annotations

import copy
import dataclasses
import sys
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np

from .. import zoo
from ..optimizer import Optimizer, run
from ..rays import Ray, Status, refuse_unfit
from ..trace import Trace
from .report import Endless, defined, files, line, number

QUESTIONS, CODE = 2_000, 30_000  # most of a step, per lane: questions, and lines of code that run
STEPS, BATCH, SEEDS = 8, 10, (0, 5, 2)
PLACES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("quadratic", {"dim": 5, "size": 40, "condition": 10.0}),
    ("factorization", {"rank": 4}),
    ("logistic", {"size": 50, "overlap": 3.0, "sigma": 2.0}),
)
HALF = 2.0**-26  # of the digits


@cache
def place(name: str, **options: Any) -> Any:
    """One of PLACES; options may say of which dtype."""
    return zoo.problem(name, **dict(PLACES)[name], **options)


class Method:
    """What the laws see: an optimizer, what it is called, where its rule is written, and runs of it."""

    def __init__(self, optimizer: Optimizer, shown: str, sources: Any = ()):
        self.optimizer, self.shown = optimizer, shown
        parts = [*records(optimizer.rule), *records(optimizer.direction)]
        self.rules = [*records(optimizer.rule)]
        own = files(*self.rules)
        self.files = files(*parts) | own | {str(path) for path in sources}
        self.place = defined(*((type(optimizer.rule), name) for name in ("search", "step", "init")))

    def owns(self, file: str) -> bool:
        return file in self.files

    def says(self, trait: str, *parts: str) -> Any:
        """What its rule or direction declares of itself; False where neither says anything."""
        found = (getattr(r, trait, False) for p in parts or ("direction", "rule") for r in records(self.part(p)))
        return next(filter(None, found), False)

    def part(self, name: str) -> Any:
        return getattr(self.optimizer, name)

    def walk(self, problem: Any, note: Any = None, optimizer: Any = None, **options: Any) -> Trace:
        """A run in which the rule is watched; ``note(ray, state, answer)`` is called at every step."""
        given = optimizer or self.optimizer
        with Guard(self) as guard:
            watched = given._replace(rule=Watched(given.rule, guard, note))
            usual: dict[str, Any] = {"steps": STEPS, "batch": BATCH, "seeds": SEEDS, "sampler": "fresh", "every": None}
            return run(problem, watched, **(usual | options))

    def seen(self, problem: Any, steps: int = STEPS, batch: int = BATCH, seeds: Any = SEEDS, more: str = "") -> str:
        """The run to look at where a law fails, as one would type it."""
        seeds = seeds if isinstance(seeds, str) else list(seeds)
        shown = problem if isinstance(problem, str) else problem.made
        return (
            f"see tb.run({shown}, {self.shown}, steps={steps}, batch={batch}, seeds={seeds}, sampler='fresh'{more}) "
            f"({self.place})"
        )


@dataclasses.dataclass(frozen=True)
class Watched:
    """A rule that goes on within a guard's limits; every answer of it is looked at."""

    rule: Any
    guard: Any
    note: Callable | None

    def init(self, xp, lanes):
        return self.rule.init(xp, lanes)

    def step(self, ray, state):
        self.guard.begin(ray)
        answer = self.rule.step(ray, state)
        refuse_unfit(answer, self.rule, ray.xp, ray.origin.theta)
        if self.note is not None:
            self.note(ray, state, answer)
        return answer


class Guard:
    """Counts the lines of code in a subject's files that run for one step, and stops what goes on after CODE lines per
    lane. (Time would depend on the machine.)"""

    def __init__(self, subject: Any):
        self.subject, self.left, self.ray = subject, CODE, None

    def __enter__(self):
        self.before = sys.gettrace()
        sys.settrace(self._called)
        return self

    def __exit__(self, *_):
        sys.settrace(self.before)

    def begin(self, ray):
        self.left, self.ray = CODE * int(np.prod(ray.d.shape[:-1])), ray

    def _called(self, frame, event, arg):
        return self._went if self.subject.owns(frame.f_code.co_filename) else None

    def _went(self, frame, event, arg):
        self.left -= event == "line"
        if self.left == -1:  # once: what is cleared away afterwards may still be traced
            step = "it" if self.ray is None else f"step {self.ray.t}"
            now = line(frame.f_code.co_filename, frame.f_lineno)
            raise Endless(f"{step} does not end: {CODE} lines of code have run, now {now}, and {self._asked()} asked")
        return self._went

    def _asked(self) -> str:
        if self.ray is None:
            return "no questions were"
        ledger = self.ray.walk.ledger
        kinds = {kind: charges for (kind, *_), charges in ledger.log.items() if kind not in ("batches", "gradients")}
        return f"{sum(n for log in kinds.values() for t, n, _ in log if t == ledger.step)} questions were"


# --- records


def records(record: Any) -> Iterator[Any]:
    """A direction or rule and all records that it wraps."""
    yield record
    for field in dataclasses.fields(record) if dataclasses.is_dataclass(record) else ():
        inner = getattr(record, field.name)
        if dataclasses.is_dataclass(inner):
            yield from records(inner)


def innermost(record: Any, change: Callable[[Any], Any]) -> Any:
    """A direction whose innermost one is another."""
    for field in dataclasses.fields(record):
        inner = getattr(record, field.name)
        if dataclasses.is_dataclass(inner):
            return dataclasses.replace(record, **{field.name: innermost(inner, change)})
    return change(record)


def varied(record: Any) -> tuple[Any, Any, dict[str, tuple[float, float]]]:
    """A record with two values of every number that it has, as arrays; what it is with the second ones alone; and which
    they are."""
    many, other, names = record, record, dict[str, tuple[float, float]]()
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        if dataclasses.is_dataclass(value):
            inner, inner_other, found = varied(value)
            many, other = (dataclasses.replace(r, **{field.name: v}) for r, v in ((many, inner), (other, inner_other)))
            names |= found
        elif "interval" in field.metadata and np.ndim(value) == 0:
            for second in (0.8 * value, 1.25 * value, value + 0.1, 1.0):
                try:
                    both = dataclasses.replace(many, **{field.name: np.array([value, second])})
                    alone = dataclasses.replace(other, **{field.name: second})
                except ValueError:
                    continue
                if second != value:
                    many, other, names[field.name] = both, alone, (value, second)
                    break
    return many, other, names


@dataclasses.dataclass(frozen=True)
class Times:
    """Another direction, 4 times and a quarter as long in turn: powers of two, which round nothing."""

    direction: Any

    def init(self, xp, point):
        return 4.0, self.direction.init(xp, point)

    def step(self, xp, point, state):
        d, inner = self.direction.step(xp, point, state[1])
        return state[0] * d, (1 / state[0], inner)


@dataclasses.dataclass(frozen=True)
class Twice:
    """A rule or direction that is asked everything twice: first a copy of it, as it was before the run, with a copy of
    the state. ``said`` gets both answers to each step."""

    part: Any
    said: list
    kept: list = dataclasses.field(default_factory=list)

    def init(self, *given):
        self.kept[:] = [copy.deepcopy(self.part)]
        return self.part.init(*given)

    def step(self, *given):
        *seen, state = given
        aside = [one.aside() if isinstance(one, Ray) else one for one in seen]
        first = copy.deepcopy(self.kept[0]).step(*aside, copy.deepcopy(state))
        self.said.append((first, self.part.step(*given)))
        return self.said[-1][1]


# --- comparisons


def nearly(found: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> str:
    """``parted`` of what is the same to half of the digits."""
    return parted(found, expected, HALF)


def parted(found: dict[str, np.ndarray], expected: dict[str, np.ndarray], tolerance: float = 0.0) -> str:
    """What a lane has first that is not what was expected, by more than ``tolerance`` of the largest number, or
    nothing. Arrays by name: of every step (steps,), and ``theta`` (dim,)."""
    partings = list[tuple[int, str]]()
    for name, want in expected.items():
        have, exact = found[name], want.dtype.kind != "f"
        scale = np.max(np.abs(want), initial=0.0, where=np.isfinite(want))
        same = (
            (have == want)
            | (np.isnan(have) & np.isnan(want))
            | (not exact and np.abs(have - want) <= tolerance * scale)
        )
        if not same.all():
            at = int(np.flatnonzero(~same)[0])
            has, wanted = (Status(x[at]).name if name == "status" else number(x[at]) for x in (have, want))
            step, where = (
                (STEPS, f"theta[{at}] {has} in the end") if name == "theta" else (at, f"{name} {has} at step {at}")
            )
            partings.append((step, f"{where} instead of {wanted}"))
    return min(partings, key=lambda parting: parting[0])[1] if partings else ""


def lane(trace: Trace, at: tuple[int, ...] = (0,), *names: str) -> dict[str, np.ndarray]:
    """What a lane of a run did, for ``parted``."""
    fields = names or ("status", "size", "trials", "loss", "arc")
    steps = {name: getattr(trace, name)[:, *at] for name in fields}
    return steps | {"theta": trace.theta[at]}
