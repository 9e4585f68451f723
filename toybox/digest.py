"""The sources that decide what is computed, as they were when they were imported.

Python reads a module once, and its file may change afterwards. So a package's files are read just before its modules
are imported (``seen``), keys are made of what was read then, and nothing is kept whose files have changed meanwhile
(``refuse_changed``).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent
NOT_COMPUTING = (  # files and folders; whatever else is in the package decides what a run computes
    *(
        "__init__",
        "__main__",
        "analysis",
        "archive",
        "bare",
        "calls",
        "cards",
        "cli",
        "comparison",
        "curves",
        "demos",
        "digest",
        "extras",
        "frames",
        "kept",
        "laws",
        "looks",
        "origin",
        "outputs",
    ),
    *(
        "plots",
        "progress",
        "quotations",
        "references",
        "results",
        "spec",
        "store",
        "study",
        "tables",
        "terminal",
        "workers",
    ),
)
Sources = Mapping[Path, bytes]


class Changed(RuntimeError):
    """Sources are not what was imported."""


@cache
def seen(folder: Path) -> Sources:
    """The files of a package by their paths, as they are when this is first called: by its ``__init__``, before it
    imports anything else of the package."""
    return {path: path.read_bytes() for path in _files(folder)}


@cache
def core(*also: str, root: Path = ROOT) -> Sources:
    """The files that decide what a run computes: core, lines, problems with their data, rules; and those of ``also``,
    names that are not among them."""
    left_out = {*NOT_COMPUTING} - {*also}
    first = lambda path: Path(path.relative_to(root).parts[0]).stem
    return {path: content for path, content in seen(root).items() if first(path) not in left_out}


def with_imports(file: Path, without: Iterable[str] = ()) -> Sources:
    """A module's file and those that it imports from its own package, directly or not, inside functions too; but not
    those of ``without``, names of modules. Of a file in no package: those that lie beside it."""
    found, waiting = set[Path](), [file]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += [one for one in _imported(file) if one.stem not in without]
    return {file: _source(file) for file in found}


def of(sources: Sources) -> str:
    """The sha256 of files: of what they are called in their packages, and of what they say."""
    return sha256(sorted((_name(path), _said(path.suffix, content)) for path, content in sources.items()))


@cache
def _said(suffix: str, content: bytes) -> str:
    """The sha256 of a file; of a module's syntax tree without docstrings, so that no comment changes it."""
    if suffix != ".py":
        return sha256(content)
    import ast

    tree, described = ast.parse(content), (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree):
        if isinstance(node, described) and ast.get_docstring(node, clean=False) is not None:
            node.body[0] = ast.Pass()
    return sha256(ast.dump(tree).encode())


@cache
def code_digest() -> str:
    """That of the files that decide what a run computes."""
    return of(core())


def refuse_changed(sources: Sources) -> None:
    """Raises ``Changed`` where a file is not any more what it was when it was read."""
    for path, content in sources.items():
        if not (path.is_file() and path.read_bytes() == content):
            raise Changed(
                f"{path} changed after it was imported: what is computed now may be of either code, and is not kept; "
                "start again"
            )


def sha256(value: Any) -> str:
    """Of bytes; or of plain values, equal ones alike whatever the order of their names."""
    import hashlib

    return hashlib.sha256(value if isinstance(value, bytes) else canonical_json(value)).hexdigest()


def canonical_json(value: Any) -> bytes:
    """One text for equal values, whatever the order of their names."""
    import json

    return json.dumps(value, sort_keys=True).encode()


def _files(folder: Path) -> Iterator[Path]:
    """Sources and data, in order."""
    for place, folders, files in os.walk(folder):
        folders[:] = sorted({*folders} - {"__pycache__"})
        yield from (Path(place, file) for file in sorted(files) if file.endswith((".py", ".bin", ".json")))


def _top(file: Path) -> Path:
    """The folder in which the outermost package of a module is."""
    folder = file.parent
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder


def _name(file: Path) -> str:
    return file.relative_to(_top(file)).as_posix()


def _source(file: Path) -> bytes:
    """A file as its package was seen, else as it is now."""
    package = _top(file) / Path(_name(file)).parts[0]
    return seen(package)[file] if package.is_dir() and file in seen(package) else file.read_bytes()


def _imported(file: Path) -> Iterator[Path]:
    """The files of the same package that a module's import statements name."""
    import ast

    top, package = _top(file), Path(_name(file)).parts[:-1]
    for node in ast.walk(ast.parse(_source(file))):
        if isinstance(node, ast.Import):
            names = [tuple(alias.name.split(".")) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            base += tuple(node.module.split(".")) if node.module else ()
            names = [(*base, alias.name) for alias in node.names]
        else:
            continue
        for name in names:  # of a file that is in no package, those beside it
            if name[0] == package[0] if package else not (top / name[0] / "__init__.py").is_file():
                yield from _module(top, name)


def _module(top: Path, name: tuple[str, ...]) -> list[Path]:
    """The file of a module, or that of the module that a name is in."""
    places = (top.joinpath(*name, "__init__.py"), top.joinpath(*name[:-1], f"{name[-1]}.py"))
    found = [place for place in places if place.is_file()]
    return found or (_module(top, name[:-1]) if len(name) > 1 else [])


seen(ROOT)
