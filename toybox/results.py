"""Computed runs: their tables, as read from the store, and how they show themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any, SupportsIndex, overload

from . import frames
from .curves import picture
from .plots import panels
from .spec import Run
from .store import Store
from .tables import short_summary, stack, summary

SHOWN, PANELS = 20, 6  # results and problems of a list that shows itself


@dataclass(frozen=True, repr=False)
class Result:
    """A computed run. Its part of the store is read when it is first looked at."""

    run: Run
    store: Store

    @cached_property
    def _part(self) -> tuple[Any, dict[str, Any]]:
        part = self.store.get(self.run.key)
        if part is None:
            raise FileNotFoundError(f"{self.run.title}: no intact result in {self.store}; compute the study again")
        return part

    @property
    def frame(self) -> Any:
        """The polars table of ``Trace.to_frame``."""
        return self._part[0]

    @property
    def meta(self) -> dict[str, Any]:
        """dim, size, floor, condition, storage of the problem where they exist; statuses: name -> steps that ended so,
        nested lists of shape (seeds, *hyper); seconds, dtype, backend, papers (BibTeX keys), run; and what ``origin``
        says: versions, blas, processor, date, digest of the code."""
        return self._part[1]

    def __repr__(self) -> str:
        run = self.run
        many = f"{len(run.seeds)} seed{'s' * (len(run.seeds) != 1)}"
        return f"<Result of {run.title}: {run.steps} steps on batches of {run.batch}, {many}>"

    def _repr_html_(self) -> str:
        return Results([self])._repr_html_()


class Results(list[Result]):
    """What ``compute`` returns: a list of results that shows where they ended, and becomes a table by one call."""

    @overload
    def __getitem__(self, index: SupportsIndex) -> Result: ...
    @overload
    def __getitem__(self, index: slice) -> Results: ...
    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return Results(found) if isinstance(index, slice) else found

    def to_frame(self) -> Any:
        """Every step of every run in a polars table: ``stack``."""
        return stack(self)

    def summary(self) -> Any:
        """Where the runs ended, in a polars table: ``summary``."""
        return summary(self)

    def to_numpy(self) -> Any:
        """``to_frame`` as an array of records, with NaN for a number that was not measured, None for a text."""
        return frames.numpy(self.to_frame())

    def to_pandas(self) -> Any:
        """``to_frame`` as a table of pandas, with toybox's extra pandas."""
        return frames.pandas(self.to_frame())

    def to_xarray(self) -> Any:
        """``to_frame`` as a dataset of xarray, with toybox's extra xarray. Its axes are seed, t, and what tells the
        lanes of all runs apart; run, where not every combination of these ran. All else that they chose is a
        coordinate, or, where it is the same in all, an attribute."""
        table = self.to_frame()
        last = ("steps", "batch", "every", "sampler", "title")  # rather called by what else tells lanes apart
        said = [c for c in table.columns[: table.columns.index("loss")] if c not in ("t", "seed", *last)]
        return frames.dataset(table, [*said, *last], {})

    def __repr__(self) -> str:
        lines = [f"{len(self)} result{'s' * (len(self) != 1)}", *(f"  {result!r}" for result in self[:SHOWN])]
        return "\n".join([*lines, f"  and {len(self) - SHOWN} more"] if len(self) > SHOWN else lines)

    def _repr_html_(self) -> str:
        """Where the first runs ended, and a panel of curves for each of the first problems."""
        if not self:
            return "<p>no results</p>"
        columns, found = short_summary(self[:SHOWN]), panels(self[:SHOWN])
        cells = lambda kind, row: "".join(f"<{kind}>{escape(cell)}</{kind}>" for cell in row)
        rows = [f"<tr>{cells('th', (re.sub('[_/]', ' ', name) for name in columns))}</tr>"]
        rows += [f"<tr>{cells('td', row)}</tr>" for row in zip(*columns.values(), strict=True)]
        more = [f"{len(self) - SHOWN} more results"] if len(self) > SHOWN else []
        more += [f"{len(found) - PANELS} more problems"] if len(found) > PANELS else []
        left_out = f"<p>and {', '.join(more)}</p>" if more else ""
        return f"<table>{''.join(rows)}</table>{left_out}{picture(found[:PANELS])}"
