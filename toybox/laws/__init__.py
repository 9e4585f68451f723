"""Laws that every method and every problem of the package satisfies, tried on one of one's own.

    toybox check mine.py:secant        tb.check("mine.py:secant")        tb.check(problem)

A law is a function whose docstring says what shall hold. What fails is told in one sentence: what was expected and
found, with numbers, for which input, how to see it, and the place in the file.
"""

from __future__ import annotations

from typing import Any

from .. import own, zoo
from ..entry import Entry
from ..hyper import refuse_unknown, shown
from . import methods, problems
from .lines import line
from .report import Report, Row, raised_at, reported, spoken
from .walks import Method

__all__ = ["Report", "check", "line"]


def check(thing: Any) -> Report:
    """Try every law on a method or problem: its name, such as "sls" or "mine.py:secant", or an optimizer or problem.

    The report has ``rows``, one for each law, says ``ok`` where none fails, and prints as ``toybox check`` does. Raises
    ``ValueError`` for a name that nothing has, and what a problem of the package raises where its data are missing.
    """
    if not isinstance(thing, str):
        title = thing.name or "a method" if _is_method(thing) else shown(thing)
        return _tried(thing, title, getattr(thing, "made", "") or "method")
    title, entry = own.short(thing), _entry(thing)
    try:
        made = entry.make()
    except Exception as error:
        if not entry.sources:
            raise
        subject = problems.Problem(entry.make, entry.sources)
        said = f"with its defaults {spoken(error)} ({raised_at(error, subject) or title})"
        return Report(title, (Row("parts", "failed", 1, said),))
    return _tried(made, title, f"tb.method({thing!r})", entry.sources)


def _tried(made: Any, title: str, call: str, sources: Any = ()) -> Report:
    """The report on an optimizer or a problem; ``call`` makes the former."""
    if _is_method(made):
        return reported(title, methods.LAWS, Method(made, call, sources))
    subject = problems.Problem(made, sources)
    if any(hasattr(made, part) for part in zoo.PARTS["problem"]):
        return reported(title, problems.LAWS, subject)
    what = f"{shown(made)} is neither a method nor a problem; accepted: {zoo.A_RULE}, under @tb.register(name);"
    parts = f"a tb.Optimizer; or a problem, which has {', '.join(zoo.PARTS['problem'])}"
    return Report(title, (Row("parts", "failed", 1, f"{what} {parts} ({subject.place})"),))


def _is_method(thing: Any) -> bool:
    return all(hasattr(thing, part) for part in zoo.PARTS["method"])


def _entry(name: str) -> Entry:
    """What has this name, method or problem."""
    methods, problems = (zoo.known(what) for what in ("method", "problem"))
    if not own.in_file(name):
        refuse_unknown("name", name, [*methods, *problems])
    return zoo.entry("problem" if name in problems else "method", name)
