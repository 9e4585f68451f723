"""Results as tables: every step of every run (``stack``), or where the runs ended (``summary``).

Both begin with columns that say what ran: title, problem, method; steps, batch, every, sampler; the problem's options
and the method's hyper-parameters with every default filled in, null where a run has none (and where one is None). A
name that problems and methods share, or that the tables have already, becomes problem.NAME or method.NAME. Arrays of
hyper-parameters are lanes, with a column of what each lane has. Where a table mixes results of several processors, BLAS
kernels, NumPys or states of the code, that is said on stderr.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from .origin import machine
from .trace import COSTS

if TYPE_CHECKING:
    from .results import Result
    from .spec import Run

OF_A_RUN = ("problem", "method", "steps", "batch", "every", "sampler")
TAKEN = (  # by the columns of ``Trace.to_frame`` and of a summary
    *("title", *OF_A_RUN, "t", "seed", "loss", "size", "arc", "trials", "status", *COSTS, "full_loss"),
    *("test_accuracy", "lane", "seeds", "lower", "upper", "statuses", "values/step", "gradients/step"),
)


def stack(results: list[Result]) -> Any:
    """The frames of all results in one polars table, after the columns that say what ran."""
    import polars as pl

    _tell_of_mixtures(results)
    chosen, column = _chosen([result.run for result in results])
    parts = []
    for row, result in enumerate(results):
        frame, lanes = _laned(result, column)
        same = {name: [values[row]] for name, values in chosen.items() if name not in lanes}
        parts.append(pl.DataFrame(same).join(frame, how="cross"))
    return pl.concat(parts, how="diagonal_relaxed").select(*chosen, pl.exclude(*chosen))


def summary(results: list[Result]) -> Any:
    """A polars table of where runs ended, one row per run and hyper-parameter lane.

    Columns: those that say what ran; lane, seeds; full_loss with its quartiles lower and upper and the median
    test_accuracy (null without one) over the seeds, after the last step; statuses, how many steps ended how;
    values/step and gradients/step, means over seeds and steps; seconds of the whole run.
    """
    import polars as pl

    _tell_of_mixtures(results)
    chosen, column = _chosen([result.run for result in results])
    rows = []
    for row, result in enumerate(results):
        frame, lanes = _laned(result, column)
        steps = result.run.steps
        for values, lane in frame.group_by(lanes or pl.lit(0), maintain_order=True):
            last = lane.filter(pl.col("t") == steps)
            with np.errstate(all="ignore"):
                lower, median, upper = np.quantile(last["full_loss"].to_numpy(), [0.25, 0.5, 0.75])
            ended = sorted(Counter(lane["status"].drop_nulls()).items(), key=lambda pair: (-pair[1], pair[0]))
            own = dict(zip(lanes, values, strict=False))
            rows.append({
                **{name: column[row] for name, column in chosen.items()},
                **own,
                "lane": " ".join(f"{name}={value:g}" for name, value in own.items()),
                "seeds": len(result.run.seeds),
                "full_loss": median,
                "lower": lower,
                "upper": upper,
                "test_accuracy": last["test_accuracy"].median(),
                "statuses": ", ".join(f"{status} {count}" for status, count in ended),
                "values/step": last["values"].mean() / max(1, steps),
                "gradients/step": last["gradients"].mean() / max(1, steps),
                "seconds": result.meta["seconds"],
            })  # fmt: skip
    table = pl.DataFrame(rows, infer_schema_length=None).cast({"test_accuracy": pl.Float64})
    return table.select(*chosen, pl.exclude(*chosen))


def short_summary(results: list[Result]) -> dict[str, list[str]]:
    """The same in a few columns of short texts, without what is empty everywhere."""
    ended = summary(results)
    columns = ended["title", *ended.columns[ended.columns.index("lane") :]].to_dict(as_series=False)
    short = lambda x: f"{x:.4g}" if isinstance(x, float) else "" if x is None else str(x)
    texts = {name: [short(x) for x in values] for name, values in columns.items()}
    quartiles = zip(texts.pop("lower"), texts.pop("upper"), strict=True)
    texts["full_loss"] = [f"{m} [{a}, {b}]" for m, (a, b) in zip(texts["full_loss"], quartiles, strict=True)]
    costs = zip(texts.pop("values/step"), texts.pop("gradients/step"), strict=True)
    texts["values,/gradients/per step"] = [", ".join(cost) for cost in costs]
    return {name: values for name, values in texts.items() if any(values)}


def _tell_of_mixtures(results: list[Result]) -> None:
    """Say once on stderr where results were not computed alike, so that their last bits cannot be compared."""
    machines = [machine(result.meta) for result in results]
    for name in machines[0] if machines else ():
        counts = Counter(one[name] for one in machines)
        if len(counts) > 1:
            _say(f"{name} differs among these results: {'; '.join(f'{k} ({n})' for k, n in sorted(counts.items()))}")


@cache
def _say(text: str) -> None:
    print(f"toybox: {text}; their last bits may, too", file=sys.stderr)


def _chosen(runs: list[Run]) -> tuple[dict[str, list[Any]], Callable[[str, str], str]]:
    """What the runs chose, column by column, None where lanes have it; and the column of an owner's name."""
    records = [run.canonical() for run in runs]
    owned = {"problem": [r["options"] for r in records], "method": [r["hyper"] for r in records]}
    names = {owner: list(dict.fromkeys(chain.from_iterable(all))) for owner, all in owned.items()}
    shared = {*TAKEN, *(set(names["problem"]) & set(names["method"]))}
    column = lambda owner, name: f"{owner}.{name}" if name in shared else name
    columns = {"title": [run.title for run in runs], **{name: [r[name] for r in records] for name in OF_A_RUN}}
    for owner, all in owned.items():
        for name in names[owner]:
            columns[column(owner, name)] = _alike([one.get(name) for one in all], lanes=owner == "method")
    return columns, column


def _alike(values: list[Any], lanes: bool) -> list[Any]:
    """The values with one type: floats if numbers, else texts. Lists are texts, or left out where they are lanes."""
    values = [None if lanes and isinstance(value, list) else value for value in values]
    kinds = {type(value) for value in values if value is not None}
    if len(kinds) <= 1 and list not in kinds:
        return values
    kind = float if kinds == {int, float} else str
    return [None if value is None else kind(value) for value in values]


def _laned(result: Result, column: Callable[[str, str], str]) -> tuple[Any, list[str]]:
    """A result's frame, and the columns of its lanes, which get the names of the method's options (a direction or rule
    may have others)."""
    frame, given = result.frame, [name for name, value in result.run.hyper.items() if isinstance(value, list)]
    own = frame.columns[2 : frame.columns.index("loss")]
    others = iter([name for name in given if name not in own])
    names = {name: column("method", name if name in given else next(others, name)) for name in own}
    return frame.rename(names), list(names.values())
