"""Every checkable claim of the documents, verified, corrected or refuted: ``toybox claims``.

Documents: M. Mutschler's dissertation (chapters 2 to 6 and appendix), Mutschler & Zell 2021 (ICANN), and A Walk with
SGD (Xing et al. 2018).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

from toybox import digest
from toybox.hyper import near

# ruff: noqa: E402 - its sources are read before they are imported
digest.seen(Path(__file__).parent)

# isort: split
from . import claims
from .claim import Budget, Check, Claim
from .verify import Result, verify, verify_all


def _within(package: ModuleType) -> list[ModuleType]:
    """Its modules, numbers in their names ordered by size."""
    names = sorted(
        (m.name for m in iter_modules(package.__path__)), key=lambda n: [*map(_number, re.split(r"(\d+)", n))]
    )
    return [import_module(f"{package.__name__}.{name}") for name in names]


def _number(part: str) -> tuple[int, str]:
    return (int(part), "") if part.isdigit() else (-1, part)


FAMILIES = {folder.__name__.rpartition(".")[2].upper(): folder for folder in _within(claims)}
MODULES = {
    module.claim.id: module for folder in FAMILIES.values() for module in _within(folder) if hasattr(module, "claim")
}
CLAIMS: dict[str, Claim] = {id: module.claim for id, module in MODULES.items()}


def select(only: Iterable[str] | None = None) -> list[Claim]:
    """All claims, or those whose id is, or begins with, one of these names; a family's name means the family."""
    if not only:
        return list(CLAIMS.values())
    chosen: dict[str, Claim] = {}
    for name in map(str.upper, only):
        found = (
            [c for c in CLAIMS.values() if c.id.upper() == name]
            or [c for c in CLAIMS.values() if c.family == name]
            or [c for c in CLAIMS.values() if c.id.upper().startswith(name)]
        )
        if not found:
            raise ValueError(
                f"claim {name!r} is unknown{_relatives(name)}; accepted: an id such as PAL-P1, the beginning of one, "
                f"or a family, {', '.join(FAMILIES)}"
            )
        chosen |= {c.id: c for c in found}
    return list(chosen.values())


def _relatives(name: str) -> str:
    """The ids of the same family, if it is one; else a near miss."""
    relatives = [id for id in CLAIMS if id.startswith(f"{name.partition('-')[0]}-")]
    return f" (there are {', '.join(relatives)})" if relatives else near(name, CLAIMS)


def place(claim: Claim) -> str:
    """The file of a claim, relative to the folder that holds this package."""
    return Path(MODULES[claim.id].__file__ or "").relative_to(Path(__file__).parents[1]).as_posix()


__all__ = ["CLAIMS", "FAMILIES", "Budget", "Check", "Claim", "Result", "place", "select", "verify", "verify_all"]
