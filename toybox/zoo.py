"""The one registry: names of problems and methods -> constructor, citation, equation, file.

Names that are not in it are those of a file, ``mine.py:NAME``, or what installed packages offer.
"""

from __future__ import annotations

import inspect
from typing import Any

from . import calls, own
from .entry import Entry
from .hyper import refuse_unknown, shown
from .looks import LOOKS, Look
from .methods import METHODS
from .optimizer import Optimizer, no_part
from .problems import named
from .problems.checks import as_made

PROBLEMS = {
    "quadratic": Entry(
        named.quadratic,
        "noisy quadratics with chosen spectrum and spread",
        ("mutschler2022",),
        "D section 2.7",
        "problems/quadratic.py",
    ),
    "paths": Entry(
        named.paths, "100 random two-dimensional quadratics", ("mutschler2022",), "D fig. 2.6", "problems/quadratic.py"
    ),
    "nqm": Entry(
        named.noisy_quadratic_model,
        "noisy quadratic model, spectrum 1/i",
        ("zhang2019",),
        "Zhang et al. section 3",
        "problems/quadratic.py",
    ),
    "alternating": Entry(
        named.alternating,
        "two shifted parabolas",
        ("mutschler2020",),
        "D section 4.4.4",
        "problems/quadratic.py",
        batch=1,
    ),
    "mirrored": Entry(
        named.mirrored,
        "steep on one side and flat on the other, and its mirror image: SLS may diverge for small c",
        ("vaswani2019",),
        "against D section 2.6.3",
        "problems/named.py",
        batch=1,
    ),
    "factorization": Entry(
        named.factorization,
        "W2 W1 x against A x; ranks 1, 4, 10, true model",
        ("vaswani2019",),
        "D fig. 4.14",
        "problems/factorization.py",
        batch=100,
    ),
    "mushrooms": Entry(
        named.mushrooms,
        "RBF kernel, 6499 training rows, embedded",
        ("vaswani2019", "schlimmer1987"),
        "D fig. 4.15",
        "problems/kernel.py",
        batch=100,
    ),
    "ijcnn1": Entry(
        named.ijcnn1,
        "RBF kernel, 28,000 or 39,992 training rows, loaded",
        ("vaswani2019", "prokhorov2001"),
        "D fig. 4.15",
        "problems/kernel.py",
        batch=100,
    ),
    "misfire": Entry(
        named.misfire, "RBF kernel, synthetic stand-in for ijcnn1", (), "-", "problems/misfire.py", batch=100
    ),
    "logistic": Entry(named.logistic, "RBF kernel, two Gaussian clouds", (), "-", "problems/kernel.py"),
    "digits": Entry(
        named.digits,
        "multilayer perceptron on 8x8 digits, embedded",
        ("alpaydin1998",),
        "Walk section 3",
        "problems/network.py",
    ),
}

PARTS = {"method": ("direction", "rule"), "problem": ("at", "dim", "size", "xp", "population")}
A_RULE = "a rule: a class derived from toybox.Search that has a search, or one with init and step"
SHARED = {"backend": "numpy", "dtype": "float64", "line": "closed"}  # options of every named problem


class Method(Optimizer):
    """A named optimizer, which shows itself by the call that made it; what ``_replace`` makes of it shows its parts."""

    made = ""

    def __repr__(self) -> str:
        return self.made or repr(Optimizer(*self))


def problem(name: str, **options: Any) -> Any:
    """A named problem. Raises ``ValueError`` for an unknown name or option, with a near miss."""
    found = _make("problem", name, options)
    found.made = _call("problem", name, options)
    if type(found).__repr__ is object.__repr__:  # a class of one's own that says nothing of itself
        type(found).__repr__ = as_made  # type: ignore[assignment]
    return found


def method(name: str, **hyper: Any) -> Optimizer:
    """A named method; arrays of hyper-parameters become lanes. Raises ``ValueError`` for an unknown name, an unknown
    hyper-parameter or a bad value, with what would be accepted."""
    found = Method(*_make("method", name, hyper)._replace(name=own.short(name)))
    for part in PARTS["method"]:
        if sentence := no_part(part, getattr(found, part)):
            raise ValueError(sentence)
    found.made = _call("method", name, hyper)
    return found


def entry(what: str, name: Any) -> Entry:
    """What is known of a "method" or "problem". Raises ``ValueError`` for an unknown name."""
    registry = {"method": METHODS, "problem": PROBLEMS}[what]
    if isinstance(name, str) and name in registry:
        return registry[name]
    if own.in_file(name):
        return own.from_file(name)
    offered = own.installed(what)
    refuse_unknown(what, name, [*registry, *offered])
    return own.from_package(offered[name])


def known(what: str) -> dict[str, Entry]:
    """Every "method" or "problem" that has a name here, those of installed packages included."""
    offered = {name: own.from_package(point) for name, point in own.installed(what).items()}
    return {"method": METHODS, "problem": PROBLEMS}[what] | offered


def look(name: str) -> Look:
    """How a method looks in figures: by LOOKS, or as its file says."""
    return LOOKS.get(name) or entry("method", name).look or Look(own.short(name), "#000000", "o", "-")


def accepted(what: str, name: Any) -> dict[str, Any]:
    """The options of a "method" or "problem" with their defaults."""
    found = entry(what, name)
    return defaults(found) | (SHARED if what == "problem" and not found.sources else {})


def _make(what: str, name: str, options: dict[str, Any]) -> Any:
    known = accepted(what, name)
    for given in options:
        refuse_unknown(f"{own.short(name)}'s option", given, known)
    made, wanted = entry(what, name).make(**options), PARTS[what]
    for part in wanted:
        if not hasattr(made, part):
            raise ValueError(
                f"{what} {own.short(name)} made {shown(made)}, which has no {part!r}; accepted: a {what}, which has "
                f"{', '.join(wanted)}" + (f"; or {A_RULE}" if what == "method" else "")
            )
    return made


def _call(what: str, name: str, options: dict[str, Any]) -> str:
    """The call that makes a problem or method again, as one would type it: with the options that are no defaults."""
    return calls.call(f"tb.{what}", options, accepted(what, name), name)


def defaults(entry: Entry) -> dict[str, Any]:
    """The options of a constructor with their defaults."""
    parameters = inspect.signature(entry.make).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is not p.VAR_KEYWORD}
