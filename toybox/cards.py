"""The card of a method or problem: all that is known of it, as rows of a label and a text."""

from __future__ import annotations

import dataclasses
from typing import Any

from . import own, zoo
from .hyper import refuse_unknown
from .references import cite


def card(name: str) -> list[tuple[str, str]]:
    """Raises ``ValueError`` for a name that is neither a method's nor a problem's."""
    methods, problems = zoo.known("method"), zoo.known("problem")
    if not own.in_file(name):
        refuse_unknown("name", name, [*methods, *problems])
    entry = zoo.entry("problem" if name in problems and name not in methods else "method", name)
    rows = [
        ("what", entry.summary),
        ("formula", entry.formula),
        *((f"  {option}", _said(field)) for option, field in entry.options.items()),
        *((f"  {option}", repr(value)) for option, value in zoo.defaults(entry).items() if option not in entry.options),
        ("cost per step", entry.cost),
        ("tuned in a comparison", "\n".join(f"{name}: {_listed(values)}" for name, values in entry.grid.items())),
        ("where in the text", entry.equation),
        ("deviations", entry.deviations if entry.formula else ""),
        ("file", entry.file),
        ("papers", "\n".join(_line(reference) for reference in cite([name]))),
    ]
    return [(label, text) for label, text in rows if text]


def _listed(values: tuple) -> str:
    return ", ".join(f"{value:g}" if isinstance(value, float) else str(value) for value in values)


def _said(field: dataclasses.Field) -> str:
    """A hyper-parameter: its default, what is accepted, and what it means."""
    told: Any = field.metadata
    if "interval" in told:
        accepted = f"in {told['interval']}"
    elif "accepted" in told:
        accepted = f"one of {', '.join(map(str, told['accepted']))}"
    else:
        accepted = f"a whole number of at least {told['least']}" + ", or none" * told["none"]
    return f"{field.default}, {accepted}" + (f": {told['meaning']}" if told["meaning"] else "")


def _line(reference: str) -> str:
    """The author, year and title of a BibTeX entry."""
    fields = dict(part.split(" = ", 1) for part in reference.replace("},\n", "\n").split("\n")[1:-1] if " = " in part)
    values = {name.strip(): value.strip("{}, ") for name, value in fields.items()}
    return ", ".join(values[name] for name in ("author", "title", "year") if name in values) or reference
