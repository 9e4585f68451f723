"""What is known of a method or problem beside what it does."""

from __future__ import annotations

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
    file: str  # where the rule stands, relative to toybox/
    deviations: str = "none"  # from the text, in a few words; the head of the file tells all
    sources: Mapping[Path, bytes] = {}  # files outside of toybox that decide what it does
    look: Look | None = None  # in figures, where it is not one of ``LOOKS``
