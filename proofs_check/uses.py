"""What a claim calls, read from its source: names of toybox, and helpers of this package that lead to more of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PACKAGE = Path(__file__).parent.name
MACHINERY = {f"{PACKAGE}/{name}.py" for name in ("claim", "proof")}  # what all claims need says nothing about one


class Uses(NamedTuple):
    """Names of toybox in dotted form, and the files of helpers, relative to the folder that holds this package."""

    toybox: list[str]
    files: list[str]


class Module(NamedTuple):
    """A file of this package: the names in all of it, where it has imported some from, and what defines others."""

    names: list[str]
    imported: dict[str, str]
    defined: dict[str, list[str]]  # name -> the names in its definition


def uses(file: str) -> Uses:
    """What everything in this file calls, and what the helpers that it calls do in turn."""
    todo = [(file, name) for name in module(file).names]
    found: set[str] = set()
    seen: set[tuple[str, str]] = set()
    while todo:
        place = where, name = todo.pop()
        if place in seen:
            continue
        seen.add(place)
        first, *rest = name.split(".")
        todo += [(where, other) for other in module(where).defined.get(first, ())]
        path = [*module(where).imported.get(first, "").split("."), *rest]
        if path[0] == "toybox" and len(path) > 1:
            found.add(".".join(path[: _length(path)]))
        elif helper := _helper(path):
            todo.append(helper)
    return Uses(sorted(found), sorted({where for where, _ in seen} - {file}))


def _length(path: list[str]) -> int:
    """How much of a dotted name is told: up to a class, not what is taken from it."""
    return next((i for i, part in enumerate(path, 1) if part[:1].isupper()), len(path))


def _helper(path: list[str]) -> tuple[str, str] | None:
    """The file of this package in which a dotted name lies, and the rest of the name."""
    for i in range(2, len(path)) if path[0] == PACKAGE else ():
        file = "/".join(path[:i]) + ".py"
        if file not in MACHINERY and (ROOT / file).is_file():
            return file, ".".join(path[i:])
    return None


@cache
def module(file: str) -> Module:
    """A file, relative to the folder that holds this package, as its syntax tree tells it."""
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    imported: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            base = file.split("/")[: -node.level] if node.level else []
            origin = ".".join([*base, *filter(None, [node.module])])
            imported |= {name.asname or name.name: f"{origin}.{name.name}" for name in node.names}
        elif isinstance(node, ast.Import):
            imported |= {name.asname: name.name for name in node.names if name.asname}
    defined: dict[str, list[str]] = {}
    for statement in tree.body:
        for name in _defines(statement):
            defined.setdefault(name, []).extend(_names(statement))
    return Module(list(_names(tree)), imported, defined)


def _defines(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return [node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]
    return []


def _names(node: ast.AST) -> Iterator[str]:
    """All names in dotted form, as long as they are: tb.methods.pal.PAL, and not tb beside it."""
    if dotted := _dotted(node):
        yield dotted
    else:
        for child in ast.iter_child_nodes(node):
            yield from _names(child)


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := _dotted(node.value)):
        return f"{before}.{node.attr}"
    return ""
