"""The claims that only measuring can support: pre-registered experiments, ``toybox claims --empirical``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from toybox.hyper import near

from ..parallel import each
from . import alignment, batch_size, exchange, lines, rates, report, training, trajectory, walk
from .experiment import Experiment, Outcome, Size, conduct

MODULES = (lines, rates, batch_size, exchange, trajectory, walk, alignment, training)
EXPERIMENTS: dict[str, Experiment] = dict(sorted((e.id, e) for module in MODULES for e in module.EXPERIMENTS))


def select(only: Iterable[str] | None = None) -> list[Experiment]:
    """All experiments, or those whose id begins so. Raises ``ValueError`` for a name that fits none."""
    if not only:
        return list(EXPERIMENTS.values())
    chosen: dict[str, Experiment] = {}
    for name in only:
        found = {id: e for id, e in EXPERIMENTS.items() if id.casefold().startswith(name.casefold())}
        if not found:
            raise ValueError(
                f"experiment {name!r} is unknown{near(name.upper(), EXPERIMENTS)}; accepted: {', '.join(EXPERIMENTS)}, "
                "or the beginning of one"
            )
        chosen |= found
    return list(chosen.values())


def conduct_all(
    experiments: Iterable[Experiment], store: Any, size: Size, jobs: int, progress: bool = False
) -> list[Outcome]:
    """Conduct experiments in parallel processes; what the store knows is not measured again."""
    return each(conduct_by_id, [(e.id, store, size) for e in experiments], jobs, "experiments", progress)


def conduct_by_id(id: str, store: Any, size: Size) -> Outcome:
    return conduct(EXPERIMENTS[id], store, size)


__all__ = ["EXPERIMENTS", "Experiment", "Outcome", "conduct", "conduct_all", "report", "select"]
