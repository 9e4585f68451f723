"""Methods and problems of one's own, by name like all others: those of a file, or of an installed package.

    @tb.register("secant")          # in mine.py
    class Secant:
        mu: Hyper = number(0.1, "(0, inf)")
        ...

    tb.method("mine.py:secant", mu=0.2)

A package names what it offers in the entry-point groups ``toybox.methods`` and ``toybox.problems``.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from . import digest
from .entry import Entry, checked_grid, options
from .hyper import hyperparameters, near, shown
from .looks import Look
from .methods.fixed import Gradient
from .optimizer import Optimizer

T = TypeVar("T", bound=Callable)
FILE = re.compile(r"(.+\.py)(?::([\w-]+))?")


def register(
    name: str,
    summary: str = "",
    *,
    paper: str | Iterable[str] = (),
    look: Look | None = None,
    direction: Any = None,
    grid: Mapping[str, Iterable] | None = None,
    batch: int = 10,
) -> Callable[[T], T]:
    """Give a class or a function of a file a name and say what it is: ``tb.method("mine.py:NAME")``.

    A class with a ``step`` is a rule, whose hyper-parameters are its fields; it goes along ``direction`` (default:
    minus the gradient). Any other class and a function are called with options, all with defaults, for an ``Optimizer``
    or a problem. paper: BibTeX entries, or keys that ``toybox cite`` knows. look: of its curves. grid: what a
    comparison tunes of a method, lists of values by hyper-parameter, the main one first. batch: a usual size of a
    problem's batches.
    """
    if not (isinstance(name, str) and re.fullmatch(r"[\w-]+", name)):
        raise ValueError(f"name={shown(name)} is not accepted; accepted: letters, digits, - and _")
    papers = (paper,) if isinstance(paper, str) else tuple(paper)

    def named(thing: T) -> T:
        if inspect.isclass(thing) and hasattr(thing, "step") and not dataclasses.is_dataclass(thing):
            thing = hyperparameters(thing)  # type: ignore[assignment]
        entry = _described(thing, name, direction)._replace(papers=papers, look=look)
        known = inspect.signature(entry.make).parameters
        entry = entry._replace(
            summary=summary or entry.summary, grid=checked_grid(name, grid or {}, known), batch=batch
        )
        thing.__toybox__ = name, entry  # type: ignore[attr-defined]
        return thing

    return named


def in_file(name: Any) -> bool:
    """Whether a name says where a file is."""
    return isinstance(name, str) and FILE.fullmatch(name) is not None


def whole(name: Any, folder: Path | None = None) -> Any:
    """The name of something in a file, with the file's full path; other names as they are. folder: where relative ones
    begin (default: the working folder)."""
    found = FILE.fullmatch(name) if isinstance(name, str) else None
    if found is None:
        return name
    path = ((folder or Path.cwd()) / Path(found[1]).expanduser()).resolve()
    return f"{path}:{found[2]}" if found[2] else str(path)


def short(name: str) -> str:
    """The same with the file's name alone."""
    found = FILE.fullmatch(name)
    return name if found is None else Path(found[1]).name + (f":{found[2]}" if found[2] else "")


def from_file(name: str) -> Entry:
    """What ``mine.py:NAME`` names: something registered under that name, or any class or function called so; without
    NAME the one thing that is registered. The file is read again where it has changed. Raises ``ValueError``."""
    path, attribute = FILE.fullmatch(whole(name)).groups()  # type: ignore[union-attr]
    module, sources = _module(Path(path))
    offered = _registered(module)
    called = {n: t for n, t in vars(module).items() if getattr(t, "__module__", "") == module.__name__ and callable(t)}
    if attribute is None and len(offered) == 1:
        (attribute,) = offered
    if attribute not in called | offered:
        accepted = ", ".join(f"{Path(path).name}:{n}" for n in offered or called) or "a file with a class or function"
        raise ValueError(
            f"{short(name)}: nothing in {path} is called so{near(attribute, offered or called)}; accepted: {accepted}"
        )
    return _entry((called | offered)[attribute], attribute, path, sources)


def names(name: str) -> list[str]:
    """``mine.py:NAME`` for all that is registered in ``mine.py``; any other name alone."""
    found = FILE.fullmatch(name)
    if found is None or found[2]:
        return [name]
    registered = [f"{name}:{one}" for one in _registered(_module(Path(whole(name)))[0])]
    if not registered:
        raise ValueError(
            f'{short(name)}: nothing in it is registered; accepted: @tb.register("name") above a class or '
            f"function, or {short(name)}:CLASS"
        )
    return registered


def _registered(module: ModuleType) -> dict[str, Any]:
    """What the decorator has named in a module."""
    mine = (t for t in vars(module).values() if getattr(t, "__module__", "") == module.__name__)
    return {thing.__toybox__[0]: thing for thing in mine if "__toybox__" in getattr(thing, "__dict__", {})}


def installed(kind: str) -> dict[str, metadata.EntryPoint]:
    """What installed packages offer as "method" or "problem", by name."""
    return {point.name: point for point in metadata.entry_points(group=f"toybox.{kind}s")}


def from_package(point: metadata.EntryPoint) -> Entry:
    """What a package offers."""
    thing = point.load()
    file = Path(inspect.getfile(thing))
    return _entry(thing, point.name, f"{point.value}", digest.with_imports(file))


def _entry(thing: Any, name: str, place: str, sources: digest.Sources) -> Entry:
    _, entry = vars(thing).get("__toybox__", (name, _described(thing, name, None)))
    for option in inspect.signature(entry.make).parameters.values():
        if option.kind in (option.VAR_POSITIONAL, option.VAR_KEYWORD) or option.default is option.empty:
            raise ValueError(f"{short(place)}:{name}: {option} has no default; accepted: options with defaults")
    return entry._replace(file=place, sources=sources)


def _described(thing: Any, name: str, direction: Any) -> Entry:
    declared = options(thing) if dataclasses.is_dataclass(thing) else {}
    return Entry(_maker(thing, name, direction), _first_line(thing), (), "-", "", options=declared)


def _maker(thing: Any, name: str, direction: Any) -> Callable[..., Any]:
    """What makes an optimizer with a rule of this class; anything else makes what it makes."""
    if not (inspect.isclass(thing) and hasattr(thing, "step")):
        return thing
    make = lambda **hyper: Optimizer(Gradient() if direction is None else direction, thing(**hyper), name)
    make.__signature__ = inspect.signature(thing)  # type: ignore[attr-defined]
    return make


def _first_line(thing: Any) -> str:
    own = thing.__doc__ if "__doc__" in dir(thing) and not inspect.isclass(thing) else vars(thing).get("__doc__")
    return (own or "").strip().split("\n")[0].rstrip(".")


_loaded: dict[Path, tuple[digest.Sources, ModuleType]] = {}


def _module(path: Path) -> tuple[ModuleType, digest.Sources]:
    """The module of a file, and the sources that decide what is in it."""
    if not path.is_file():
        raise ValueError(f"{path} is not there; accepted: a Python file")
    try:
        sources = digest.with_imports(path)
        if path not in _loaded or _loaded[path][0] != sources:
            _loaded[path] = sources, _imported(path, sources)
    except Exception as error:
        raise ValueError(f"{path} cannot be imported: {type(error).__name__}: {error}{_line(error, path)}") from error
    return _loaded[path][1], sources


def _imported(path: Path, sources: digest.Sources) -> ModuleType:
    """The file executed as it was read; what it imports from its folder is imported anew."""
    for name, module in list(sys.modules.items()):
        if (file := getattr(module, "__file__", None)) and Path(file) in sources:
            del sys.modules[name]
    module = ModuleType(f"toybox_own_{path.stem}_{digest.sha256(str(path))[:8]}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses look there
    wrote, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # it is found by its time in seconds
    sys.path.insert(0, str(path.parent))
    try:
        exec(compile(sources[path], str(path), "exec"), vars(module))
    finally:
        sys.path.remove(str(path.parent))
        sys.dont_write_bytecode = wrote
    return module


def _line(error: BaseException, path: Path) -> str:
    """The line of a file where an error was raised."""
    if isinstance(error, SyntaxError):
        return ""
    lines, at = [], error.__traceback__
    while at is not None:
        if at.tb_frame.f_code.co_filename == str(path):
            lines.append(at.tb_lineno)
        at = at.tb_next
    return f" (line {lines[-1]})" if lines else ""
