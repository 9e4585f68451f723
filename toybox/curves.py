"""Curves over what runs cost: medians over the lanes with quartile bands, in axes of matplotlib's. Nothing here touches
pyplot or its settings."""

from __future__ import annotations

import io
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from .looks import Look

AXES = {  # what can be counted -> the label of its axis
    "steps": "iterations",
    "batches": "batches drawn",
    "epochs": "epochs",
    "gradients": "gradient evaluations",
    "values": "loss evaluations",
    "samples": "samples touched",
    "seconds": "seconds (of the seeds that ran together)",
}
LABELS = {"full_loss": "full training loss", "loss": "loss of the batch", "size": "step", "arc": "length of the step"}
LOSSES = ("full_loss", "loss")
LINEAR = ("test_accuracy", "trials")
DASHES: tuple[Any, ...] = (None, (0, (5, 2)), (0, (1, 1)), (0, (3, 1, 1, 1)), (0, (7, 1)))  # of one method's settings
BEYOND = 1e3  # losses are drawn up to this many times the largest first one
NAMED = 24  # curves that a legend names


class Series(NamedTuple):
    """One setting of a method on one problem: the table of ``Trace.to_frame``, a lane for every seed."""

    name: str
    look: Look
    frame: Any


def settings(frame: Any) -> Iterator[tuple[dict[str, Any], Any]]:
    """The rows of every lane of hyper-parameters in a table of ``Trace.to_frame``, after the values of that lane."""
    import polars as pl

    lanes = frame.columns[2 : frame.columns.index("loss")]
    for values, lane in frame.group_by(lanes or pl.lit(0), maintain_order=True):
        yield dict(zip(lanes, values, strict=False)), lane


def said(values: dict[str, Any]) -> str:
    """Chosen values in a few words."""
    return ", ".join(f"{name} {v:g}" if isinstance(v, float) else f"{name} {v}" for name, v in values.items())


def measured(frames: Iterable[Any], column: str, cost: str = "steps") -> tuple[np.ndarray, np.ndarray]:
    """A column of several tables where it was measured, all seeds: x (P,) median cost and y (runs, P), by step."""
    import polars as pl

    xs, ys = [], []
    for frame in frames:
        frame = frame.filter(pl.col(column).is_not_null())
        lanes = frame.group_by([c for c in ("seed",) if c in frame.columns], maintain_order=True)
        for _, lane in lanes:
            lane = lane.sort("t")
            xs.append(lane["t" if cost == "steps" else cost].to_numpy())
            ys.append(lane[column].to_numpy())
    return np.median(np.array(xs, float), axis=0), np.array(ys, float)


def quartiles(y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The lower quartile, median and upper quartile over the runs y (runs, P), each of them a value of a run."""
    low, median, high = (np.nanquantile(y, q, axis=0, method="nearest") for q in (0.25, 0.5, 0.75))
    return low, median, high


def band(
    ax: Any, x: np.ndarray, y: np.ndarray, look: Look, name: str, *, every: int = 0, zorder: float = 3.0, **style: Any
) -> tuple[np.ndarray, ...]:
    """The median over the runs y (runs, P) with a band of its quartiles; markers thinned to about eight. Returns x,
    median, low and high as drawn: a step at which no run has a value is left out."""
    known = ~np.isnan(y).all(axis=0)
    x, y = x[known], y[:, known]
    low, median, high = quartiles(y)
    ax.fill_between(x, low, high, color=look.color, alpha=0.18, lw=0, zorder=zorder - 1)
    ax.plot(
        x, median, color=look.color, ls=look.dash, marker=look.marker, markevery=every or max(1, len(x) // 8),
        label=name, zorder=zorder, **style,
    )  # fmt: skip
    return x, median, low, high


def draw(ax: Any, series: Iterable[Series], x: str, y: str) -> list[tuple[str, tuple[np.ndarray, ...]]]:
    """All series in one panel; returns their names with what ``band`` returns.

    Where a lane ended at what is not finite a cross stands, and the legend counts them. From then on its loss counts as
    infinite, as does one that is no number, and it has no other values. Losses leave the panel at BEYOND times the
    largest first one. On a logarithmic axis zeros lie below its lower edge.
    """
    series = list(series)
    found = [measured([_until_ended(one.frame, y)], y, x) for one in series]
    top = BEYOND * max((_largest(ys[:, 0]) for _, ys in found), default=0.0) if y in LOSSES else 0.0
    shown = [_up_to(10 * top, ys) if top else ys for _, ys in found]
    if y not in LINEAR and min(map(_smallest, shown), default=0.0) >= 0 < max(map(_largest, shown), default=0.0):
        ax.set_yscale("log", nonpositive="clip")
    many, times, drawn = Counter(one.look for one in series), Counter[Look](), []
    for one, (xs, _), ys in zip(series, found, shown, strict=True):
        look = _variant(one.look, times[one.look], many[one.look])
        times[one.look] += 1
        ends = list(_ends(one.frame, x, y))
        name = f"{one.name} ({len(ends)} of {len(ys)} ended)".lstrip() if ends else one.name
        drawn.append((one.name, band(ax, xs, ys, look, name, ms=4, lw=1.3)))
        for at, value in ends:
            last = _up_to(top, np.array(value)) if top else value
            ax.plot(at, last, color=look.color, marker="x", ms=7, mew=1.8, ls="", clip_on=False, zorder=6)
            ax.lines[-1].set_in_layout(False)
    if top and max(map(_largest, shown)) > top:
        ax.set_ylim(top=top)
    ax.set_xlabel(AXES[x])
    ax.set_ylabel(LABELS.get(y, y.replace("_", " ")))
    names = [name for name in ax.get_legend_handles_labels()[1] if name]
    if 0 < len(names) <= NAMED:
        ax.legend(fontsize=7, framealpha=0.6, ncols=1 + (len(names) - 1) // 12)
    return drawn


def _variant(look: Look, number: int, many: int) -> Look:
    """The look of one of many curves that share it: another dash, and a paler colour for each further one."""
    from matplotlib.colors import to_hex, to_rgb

    if many == 1:
        return look
    paler = [c + 0.7 * number / many * (1 - c) for c in to_rgb(look.color)]
    return look._replace(color=to_hex((paler[0], paler[1], paler[2])), dash=DASHES[number % len(DASHES)] or look.dash)


def _ended() -> Any:
    """An expression of polars': whether a row's lane has ended by then."""
    import polars as pl

    return (pl.col("status") == "NONFINITE").fill_null(False).cum_max()


def _until_ended(frame: Any, column: str) -> Any:
    """The table without what a lane repeats in this column after its end."""
    import polars as pl

    lost = float("inf") if column in LOSSES else float("nan")
    later = _ended().shift(1, fill_value=False).over("seed") & pl.col(column).is_not_null()
    values = pl.col(column).cast(pl.Float64)
    return frame.with_columns(pl.when(later).then(lost).otherwise(values.fill_nan(lost)).alias(column))


def _ends(frame: Any, x: str, y: str) -> Iterator[tuple[float, float]]:
    """For every lane that ended: what had been paid by then, and the value that it kept."""
    import polars as pl

    for _, lane in frame.group_by("seed", maintain_order=True):
        late = lane.filter(_ended())
        if len(late):
            after = lane.filter((pl.col("t") >= late["t"][0]) & pl.col(y).is_not_null())
            yield late["t" if x == "steps" else x][0], after[y][0] if len(after) else float("nan")


def _up_to(top: float, values: np.ndarray) -> np.ndarray:
    """The values, those that are larger or no numbers as ``top``."""
    return np.where(values <= top, values, top)


def _largest(values: np.ndarray) -> float:
    return float(values[np.isfinite(values)].max(initial=0.0))


def _smallest(values: np.ndarray) -> float:
    return float(values[np.isfinite(values)].min(initial=0.0))


def picture(panels: Iterable[tuple[str, Iterable[Series]]], x: str = "steps", y: str = "full_loss") -> str:
    """Panels of a title and series each, of which the first ones are drawn, as an image of HTML."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels = list(panels)
    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(0.6 + 4.4 * columns, 0.2 + 2.9 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    for ax, (title, series) in zip(figure.subplots(rows, columns, squeeze=False).flat, panels, strict=False):
        series = list(series)
        draw(ax, series[:NAMED], x, y)
        few = f"the first {NAMED} of {len(series)} lanes" if len(series) > NAMED else ""
        ax.set_title(": ".join(filter(None, [title, few])), fontsize=9)
    for ax in figure.axes[len(panels) :]:
        ax.remove()
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=100)
    said = f"{LABELS.get(y, y)} over {AXES[x]}: median and quartiles"
    return f'<img alt="{said}" src="data:image/png;base64,{b64encode(file.getvalue()).decode()}">'
