"""What a check says: a row for each law, and where in a file it fails."""

from __future__ import annotations

import dataclasses
import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

import numpy as np

from ..hyper import shown

PACKAGE = str(Path(__file__).parents[1])
ENDS = "bounded"  # the law that is about what goes on and on
Cases = Iterator[str]  # of a case that holds "", else a sentence
Law = Callable[[Any], Cases]  # its docstring says what shall hold


class Endless(BaseException):
    """Code that goes on and on was stopped (no Exception: what goes on and on may catch all of these)."""


class DoesNotApply(Exception):
    """What a law asks of some cannot be asked of this one; the message says why."""


class Row(NamedTuple):
    law: str
    verdict: str  # ok, failed or not applicable
    tried: int  # cases
    said: str  # what holds; what fails, with numbers and where to see it; or why nothing can be said

    def __str__(self) -> str:
        return f"{self.verdict:<16}{self.law:<12}{self.said} ({self.tried} tried)"


class Report(NamedTuple):
    """Of a method or a problem: whether every law holds (``ok``), law by law (``rows``)."""

    title: str
    rows: tuple[Row, ...]

    @property
    def ok(self) -> bool:
        return all(row.verdict != "failed" for row in self.rows)

    def __str__(self) -> str:
        many = Counter(row.verdict for row in self.rows)
        ended = f"{many['ok']} laws hold, {many['not applicable']} do not apply, {many['failed']} fail"
        return "\n".join((f"{self.title}: {ended}", *(f"  {row}" for row in self.rows)))


def reported(title: str, laws: Iterable[Law], subject: Any) -> Report:
    """Try all laws on a subject, which has ``place`` (where it stands in a file) and ``owns(file)``. What it raises
    is a failure of the first law that meets it; where the first law of all fails, it need not run at all."""
    rows: list[Row] = []
    met: dict[str, str] = {}  # what was raised and where -> the law that met it
    for law in laws:
        name, said, many, reason = law.__name__, list[str](), 0, ""
        try:
            for many, sentence in enumerate(law(subject), 1):  # noqa: B007
                said += [sentence] if sentence else []
        except DoesNotApply as why:
            reason = str(why)
        except (Exception, Endless) as error:
            where, failed = raised_at(error, subject), [row.law for row in rows if row.verdict == "failed"]
            kind = f"{type(error).__name__} {where}"
            if kind in met:
                reason = f"it ends as under {met[kind]!r}"
            elif isinstance(error, Endless) and ENDS in failed:
                reason = f"it ends as under {ENDS!r}"
            elif failed and (failed[0] == rows[0].law or not where):
                reason = f"it cannot be tried, as {failed[0]!r} fails"
            else:
                met[kind] = name
                many, said = many + 1, [*said, f"{spoken(error)} ({where or subject.place})"]
        if said:
            more = f"; and {len(said) - 1} more" if len(said) > 1 else ""
            rows.append(Row(name, "failed", many, said[0] + more))
        elif reason:
            rows.append(Row(name, "not applicable", many, reason))
        else:
            rows.append(Row(name, "ok", many, " ".join((inspect.getdoc(law) or "").split()).rstrip(".")))
    return Report(title, tuple(rows))


def unless(holds: Any, sentence: str) -> str:
    """The sentence on a case that does not hold, else nothing."""
    return "" if holds else sentence


def spoken(error: BaseException) -> str:
    """An error as a sentence; those that toybox raises are sentences by themselves."""
    text = " ".join(str(error).split())
    if isinstance(error, dataclasses.FrozenInstanceError):
        text += "; accepted: what a step remembers is the state that it returns"
    return text if isinstance(error, Endless) or "accepted: " in text else f"it raises {type(error).__name__}: {text}"


def raised_at(error: BaseException, subject: Any) -> str:
    """Where in the subject's files an error was raised, or nothing."""
    found, at = "", error.__traceback__
    while at is not None:
        if subject.owns(at.tb_frame.f_code.co_filename):
            found = line(at.tb_frame.f_code.co_filename, at.tb_lineno)
        at = at.tb_next
    return found


def line(file: str, number: int) -> str:
    """FILE, line N: the file as it is called from here."""
    path = Path(file)
    for folder in (Path.cwd(), Path(PACKAGE).parent):
        if path.is_relative_to(folder):
            return f"{path.relative_to(folder)}, line {number}"
    return f"{file}, line {number}"


def defined(*owned: tuple[Any, str]) -> str:
    """Where the first of these (owner, name) is defined that somebody wrote in Python, else anything of the first
    owner's; in a file of one's own where there is one."""
    others = ((owned[0][0], name) for name in vars(owned[0][0]))
    codes = _codes(inspect.getattr_static(owner, name, None) for owner, name in (*owned, *others))
    own = [code for code in codes if not code.co_filename.startswith(PACKAGE)]
    return next((line(code.co_filename, code.co_firstlineno) for code in (*own, *codes)), "no file")


def files(*things: Any) -> set[str]:
    """The files in which the functions of these objects' classes and of what these derive from, or these functions, are
    written; but of those of the package the classes' own alone."""
    found = set[str]()
    for thing in things:
        members = [thing] if inspect.isfunction(thing) else [m for c in type(thing).mro() for m in vars(c).values()]
        found |= {code.co_filename for code in _codes(members)}
    own = {file for file in found if not file.startswith(PACKAGE)}
    return own or {inspect.getfile(type(thing)) for thing in things if not inspect.isfunction(thing)} or found


def _codes(members: Iterable[Any]) -> list[CodeType]:
    """The code of those of these members that are functions and have not been made by ``dataclass``."""
    codes = [member.__code__ for member in map(_function, members) if inspect.isfunction(member)]
    return [code for code in codes if code.co_filename not in ("<string>", dataclasses.__file__)]


def _function(member: Any) -> Any:
    """The function in a property, a lazy or cached one, or a method."""
    for inside in ("fget", "compute", "func", "__func__", "__wrapped__"):
        if hasattr(member, inside) and not inspect.isfunction(member):
            return _function(getattr(member, inside))
    return member


def number(value: Any) -> str:
    """A number of a failure with all of its digits, as the last may be what differs; of an array the first few."""
    if getattr(value, "ndim", 0):
        few = [number(x) for x in value.reshape(-1)[:4]]
        return f"[{', '.join(few)}{', ...' if value.size > 4 else ''}]"
    return str(value) if isinstance(value, int | float | np.number) else shown(value)
