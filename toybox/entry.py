"""What is known of a method or problem beside what it does."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from .looks import Look


class Entry(NamedTuple):
    """A named constructor with where it comes from."""

    make: Callable[..., Any]
    summary: str
    papers: tuple[str, ...]  # BibTeX keys of references.bib; or entries, of what is not toybox's
    equation: str  # in the dissertation (D) or the paper
    file: str  # where it stands, relative to toybox/
    deviations: str = "none"  # from the text, in a few words; the head of the file tells all
    formula: str = ""  # of a method's step, in ASCII
    cost: str = ""  # of a step
    options: Mapping[str, dataclasses.Field] = {}  # where they are declared: with default, range and meaning
    sources: Mapping[Path, bytes] = {}  # files outside of toybox that decide what it does
    look: Look | None = None  # in figures, where it is not one of ``LOOKS``


def options(record: Any, *names: str, **defaults: Any) -> dict[str, dataclasses.Field]:
    """The hyper-parameters of a record, all or these, with other defaults where given."""
    fields = {field.name: field for field in dataclasses.fields(record) if "meaning" in field.metadata}
    return {
        name: dataclasses.field(default=defaults.get(name, fields[name].default), metadata=fields[name].metadata)
        for name in names or fields
    }


def named(
    build: Callable[..., Any],
    declared: Mapping[str, dataclasses.Field],
    summary: str,
    formula: str,
    cost: str,
    equation: str,
    *papers: str,
    deviations: str = "none",
) -> Entry:
    """The entry of a method that ``build`` makes of all its declared options."""

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = inspect.Signature([inspect.Parameter(n, kind, default=f.default) for n, f in declared.items()])

    def make(*values: Any, **given: Any) -> Any:
        bound = signature.bind(*values, **given)
        bound.apply_defaults()
        return build(**bound.arguments)

    make.__signature__ = signature  # type: ignore[attr-defined]
    file = "/".join(build.__module__.split(".")[1:]) + ".py"
    return Entry(make, summary, papers, equation, file, deviations, formula, cost, declared)
