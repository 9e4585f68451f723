"""What is known of a method or problem beside what it does."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterable, Mapping
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
    grid: Mapping[str, tuple] = {}  # what a comparison tunes: values by hyper-parameter, the main one first
    least: tuple[int, int] = (1, 0)  # batches, and times all data, whose samples a step touches at least
    batch: int = 10  # samples: of a problem, a usual size


def options(record: Any, *names: str, **defaults: Any) -> dict[str, dataclasses.Field]:
    """The hyper-parameters of a record, all or these, with other defaults where given."""
    fields = {field.name: field for field in dataclasses.fields(record) if "meaning" in field.metadata}
    return {
        name: dataclasses.field(default=defaults.get(name, fields[name].default), metadata=fields[name].metadata)
        for name in names or fields
    }


def decades(low: int, high: int, each: int = 1) -> tuple[float, ...]:
    """Powers of ten from 10^low to 10^high, ``each`` of them per decade, to three digits."""
    return tuple(float(f"{10 ** (i / each):.2e}") for i in range(low * each, high * each + 1))


def checked_grid(name: str, grid: Mapping[str, Iterable], accepted: Iterable[str]) -> dict[str, tuple]:
    """A grid with its values as tuples. Raises ``ValueError`` for what is no grid of these hyper-parameters."""
    if not isinstance(grid, Mapping):
        raise ValueError(f"{name}: grid={grid!r} is not accepted; accepted: lists of values by hyper-parameter")
    accepted = [*accepted]
    for hyper, values in grid.items():
        if hyper not in accepted:
            raise ValueError(f"{name}: grid of {hyper!r} is unknown; accepted: {', '.join(accepted) or 'none'}")
        if isinstance(values, str) or not isinstance(values, Iterable) or not [*values]:
            raise ValueError(f"{name}: grid of {hyper}={values!r} is not accepted; accepted: a list of values")
    return {hyper: tuple(values) for hyper, values in grid.items()}


def named(
    build: Callable[..., Any],
    declared: Mapping[str, dataclasses.Field],
    summary: str,
    formula: str,
    cost: str,
    equation: str,
    *papers: str,
    deviations: str = "none",
    grid: Mapping[str, tuple] = {},
    least: tuple[int, int] = (1, 0),
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
    known = Entry(make, summary, papers, equation, file, deviations, formula, cost, declared)
    return known._replace(grid=grid, least=least)
