"""The papers behind methods and problems, and toybox itself, as BibTeX."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from . import __version__, own, zoo
from .hyper import refuse_unknown

DISSERTATION = "mutschler2022"  # the D of the tables


def entries() -> dict[str, str]:
    """Every entry of references.bib by its key, one field a line; toybox's own with its version."""
    text = Path(__file__).with_name("references.bib").read_text("utf-8").replace("VERSION", __version__)
    found = {}
    for line in text.splitlines():
        kind, key, fields = re.fullmatch(r"@(\w+)\{(\w+), (.*)\}", line).groups()  # type: ignore[union-attr]
        pairs = re.findall(r"(\w+)=(\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})", fields)
        found[key] = f"@{kind}{{{key},\n" + "".join(f"  {name} = {value},\n" for name, value in pairs) + "}"
    return found


def cite(names: Iterable[str]) -> list[str]:
    """The entries of methods, problems or BibTeX keys, each once; with those that stand in the dissertation, that."""
    bib, keys = entries(), list[str]()
    for name in names:
        entry = own.from_file(name) if own.in_file(name) else zoo.METHODS.get(name) or zoo.PROBLEMS.get(name)
        if entry is None:
            refuse_unknown("name", name, [*zoo.METHODS, *zoo.PROBLEMS, *bib])
        keys += [name] if entry is None else [*entry.papers, *([DISSERTATION] if entry.equation[:2] == "D " else [])]
    return [bib.get(key, key) for key in dict.fromkeys(keys)]
