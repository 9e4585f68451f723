"""``toybox compare``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from ..outputs import writable_folder
from ..store import Store
from ..terminal import table, whole

Several = Parameter(consume_multiple=True)
Count = Annotated[int | None, whole(1)]


def compare(
    problems: list[str] | None = None,
    /,
    *,
    methods: Annotated[list[str] | None, Several] = None,
    budget: float | None = None,
    targets: Annotated[list[float] | None, Several] = None,
    seeds: Count = None,
    tuning_seeds: Count = None,
    tracks: Annotated[list[str] | None, Several] = None,
    plan: str | None = None,
    out: Path = Path("comparison"),
    store: Path | None = None,
    workers: Count = None,
) -> None:
    """Compare methods on problems, as published and tuned, and write tables and what was fixed beforehand.

    Example: toybox compare factorization misfire --methods sls pal adam mine.py:secant --budget 50

    What a method or problem shall have other than its defaults follows its name after commas: factorization,rank=4;
    of a problem also batch=50. Results are kept: a comparison that was killed goes on where it was.

    Args:
        problems: Names of problems, or mine.py:NAME.
        methods: Names of methods, or mine.py:NAME; at least two.
        budget: Epochs of samples touched by losses and gradients, of each run. [default: 20]
        targets: Gaps to the floor, as fractions of the first gap. [default: 0.1 0.01 0.001]
        seeds: Number of seeds that judge: 0, 1, ... [default: 5]
        tuning_seeds: Number of seeds on which settings are chosen: 1000, 1001, ... [default: 3]
        tracks: defaults, tuned or both. [default: both]
        plan: All of this from a file, the plan.json of another comparison; or pal-against-sgd, which is shipped.
        out: Folder of plan.json, which is written before anything is computed, and of the tables.
        store: Folder of the results. [default: the environment's TOYBOX_STORE, else results]
        workers: Processes. [default: one per core]
    """
    from .numbers import compare
    from .plan import Plan

    given: dict[str, Any] = {"budget": budget, "targets": targets, "seeds": seeds}
    given |= {"tuning_seeds": tuning_seeds, "tracks": tracks}
    fixed = {name: value for name, value in given.items() if value is not None}
    if plan is not None and (problems or methods or fixed):
        raise ValueError("--plan fixes problems, methods and all else; accepted: --plan alone, or none")
    chosen = Plan.read(plan) if plan is not None else Plan.of(problems or (), methods or (), **fixed)
    found = compare(
        plan=chosen, out=writable_folder(out, "--out"), store=Store(store), workers=workers,
        progress=sys.stderr.isatty(),
    )  # fmt: skip
    if chosen.changed:
        print(f"toybox: changed since the plan was made: {', '.join(chosen.changed)}", file=sys.stderr)
    rows = found.ranks.filter(axis="samples").sort("track", "target", "rank", descending=[False, True, False])
    places = lambda row: f"{row['rank']} ({row['best_rank']} to {row['worst_rank']})"
    table(
        ("track", "gap", "method", "area of the profile, up to ratio 4", "rank (without one other)"),
        [(r["track"], f"{r['target']:g}", r["method"], f"{r['area']:.3f}", places(r)) for r in rows.to_dicts()],
    )
    for sentence in found.sentences:
        print(sentence)
    print(f"plan {chosen.sha256}", out / "report.html", sep="\n")
