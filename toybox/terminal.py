"""What a command line reads and prints: whole numbers and settings as they are written, tables that cut nothing, and
whatever the terminal or the pipe can take."""

from __future__ import annotations

import ast
import io
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from cyclopts import Parameter

UNREAD = 141  # the exit code a shell gives a program whose output nobody reads any more


def spoken(command: Callable[[], int]) -> int:
    """The exit code of a command that prints: signs that the terminal lacks become "?", and where the reader of a pipe
    goes away (``| head``), the command ends without a word."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        code = command()
        sys.stdout.flush()  # what is still to be written fails here, and not while the interpreter ends
        return code
    except (BrokenPipeError, SystemExit):  # rich and cyclopts make the second of the first
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD


def whole(least: int, most: int | None = None) -> Parameter:
    """A parameter that takes whole numbers from ``least`` to ``most``, in digits; cyclopts by itself makes 2 of 1.5."""
    accepted = f"a whole number of at least {least}" if most is None else f"a whole number from {least} to {most}"

    def read(kind: Any, tokens: Sequence[Any]) -> int:
        text = tokens[0].value
        number = int(text) if re.fullmatch("-?[0-9]+", text) else None
        if number is None or number < least or (most is not None and number > most):
            raise ValueError(f"{text} is not accepted; accepted: {accepted}")
        return number

    return Parameter(converter=read)


def chosen(problem: str, method: str, settings: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options and hyper-parameters from NAME=VALUE, problem.NAME=VALUE or method.NAME=VALUE."""
    from . import zoo
    from .hyper import refuse_unknown

    accepted = {what: zoo.accepted(what, name) for what, name in (("problem", problem), ("method", method))}
    found: dict[str, dict[str, Any]] = {"problem": {}, "method": {}}
    for setting in settings:
        name, equals, text = setting.partition("=")
        owner, dot, short = name.rpartition(".")
        if not equals or (dot and owner not in accepted):
            raise ValueError(
                f"--set {setting!r} is not accepted; accepted: NAME=VALUE, problem.NAME=..., method.NAME=..."
            )
        owners = [o for o in accepted if (owner or o) == o and short in accepted[o]]
        if len(owners) == 2:
            raise ValueError(f"--set {name} is ambiguous; accepted: problem.{name}=... or method.{name}=...")
        if not owners:
            refuse_unknown("--set", short, [k for o in accepted if (owner or o) == o for k in accepted[o]])
        found[owners[0]][short] = value(text)
    return found["problem"], found["method"]


def value(text: str) -> Any:
    """A number, a list, a truth value or None where it reads as one, else the text."""
    words = {"true": True, "false": False, "none": None, "inf": float("inf")}
    if text.lower() in words:
        return words[text.lower()]
    try:
        with warnings.catch_warnings(action="ignore"):  # of what reads like a number, and is none
            return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):  # as literal_eval documents
        return text


def table(header: Iterable[str], rows: Iterable[Iterable], apart: bool = False) -> None:
    """Print a table as wide as the terminal or COLUMNS (environment), or 180 signs where neither is there; long cells
    go on in the next line.

    apart: an empty line stands between rows.
    """
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    cells = [[escape(str(cell)) for cell in row] for row in (header, *rows)]
    console = Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 180)
    words = [max(len(word) for cell in column for word in cell.split() or [""]) for column in zip(*cells, strict=True)]
    whole_words = sum(words) + 2 * len(words) <= console.width
    printed = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, leading=int(apart))
    for name, longest in zip(cells[0], words, strict=True):
        printed.add_column(name, overflow="fold", min_width=longest if whole_words else None)
    for row in cells[1:]:
        printed.add_row(*row)
    console.print(printed)


def show(results: list) -> None:
    """Print where runs ended, as ``tables.summary`` says; what is empty everywhere is left out."""
    from .tables import short_summary

    texts = short_summary(results)
    table((name.replace("_", "\n").replace("/", "\n") for name in texts), zip(*texts.values(), strict=True))
    print("full loss: after the last step, median over the seeds [quartiles]")
