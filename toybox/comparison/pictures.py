"""The pictures of a comparison's report, drawn from its tables alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import zoo
from ..looks import FREE, LOOKS, Look
from .numbers import Comparison

STYLE: Any = {
    "font.size": 8.5, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.alpha": 0.25,
    "svg.fonttype": "path", "legend.frameon": False, "lines.linewidth": 1.4,
}  # fmt: skip
SIDE = 3  # panels beside each other
AXIS = "samples"  # of curves and costs: what losses and gradients touched


def looks(found: Comparison) -> dict[str, Look]:
    """How each method looks, by its label: that of the figures, but for further settings of a method, and for one's own
    without a look: these have the next free one."""
    chosen: dict[str, Look] = {}
    free = (look._replace(dash=dash) for dash in ("-", "--", "-.", ":") for look in FREE)
    for one in found.plan.methods:
        look = LOOKS.get(one.method) or zoo.entry("method", one.method).look
        chosen[one.label] = next(free) if look is None or look in chosen.values() else look
    return chosen


def problems(found: Comparison) -> list[str]:
    """Their labels, in the plan's order."""
    return [problem.label for problem in found.plan.problems]


def pictures(found: Comparison) -> dict[str, Any]:
    """Figures of matplotlib by name; they are of no window and of no other state."""
    import matplotlib

    with matplotlib.rc_context(STYLE):
        chosen = looks(found)
        drawn = {
            "curves": _curves(found, chosen),
            "costs": _costs(found, chosen),
            "profiles": _profiles(found, chosen),
            "draws": _draws(found, chosen),
        }
    return {name: figure for name, figure in drawn.items() if figure is not None}


def _panels(titles: list[str], height: float = 2.5) -> tuple[Any, list[Any]]:
    from matplotlib.figure import Figure

    rows = -(-len(titles) // SIDE)
    figure = Figure(figsize=(9.6, height * rows + 0.5), layout="constrained")
    axes = figure.subplots(rows, SIDE, squeeze=False).ravel()
    for ax, title in zip(axes, titles, strict=False):
        ax.set_title(title, fontsize=8.5)
    for ax in axes[len(titles) :]:
        ax.set_axis_off()
    return figure, list(axes[: len(titles)])


def _legend(figure: Any, chosen: dict[str, Look]) -> None:
    from matplotlib.lines import Line2D

    lines = [Line2D([], [], color=look.color, ls=look.dash) for look in chosen.values()]
    figure.legend(lines, list(chosen), loc="outside upper center", ncols=min(7, len(lines)))


def _parts(table: Any, *columns: str) -> Iterator[tuple[tuple, Any]]:
    yield from table.group_by(*columns, maintain_order=True)


def _curves(found: Comparison, chosen: dict[str, Look]) -> Any:
    """Medians and quartiles over the seeds of the gap, on the first track."""
    import polars as pl

    figure, axes = _panels(problems(found))
    for (problem, method), part in _parts(
        found.curves.filter(pl.col("track") == found.plan.tracks[0]), "problem", "method"
    ):
        ax, look = axes[problems(found).index(problem)], chosen[method]
        seeds = [lane for _, lane in _parts(part, "seed")]
        ends = np.array([lane[AXIS][-1] for lane in seeds])
        at = np.unique(np.concatenate([lane[AXIS].to_numpy() for lane in seeds]))
        at = at[at <= np.median(ends)]
        heights = [np.searchsorted(lane[AXIS].to_numpy(), at, side="right") - 1 for lane in seeds]
        gaps = np.array([lane["gap"].to_numpy()[h] for lane, h in zip(seeds, heights, strict=True)])
        low, middle, high = np.quantile(np.clip(gaps, 1e-16, 1e6), [0.25, 0.5, 0.75], axis=0)
        ax.plot(at, middle, color=look.color, ls=look.dash)
        ax.fill_between(at, low, high, color=look.color, alpha=0.12, lw=0)
    for ax in axes:
        ax.set_yscale("log")
        ax.set_ylim(bottom=max(ax.get_ylim()[0], 1e-16), top=min(ax.get_ylim()[1], 1e3))
        ax.set_xlabel(f"{AXIS} touched")
    axes[0].set_ylabel(f"gap, {found.plan.tracks[0]}")
    _legend(figure, chosen)
    return figure


def _costs(found: Comparison, chosen: dict[str, Look]) -> Any:
    """Costs to the middle target on the first track, seed by seed; failures stand at infinity."""
    import polars as pl
    from matplotlib.ticker import NullFormatter

    target = found.plan.targets[len(found.plan.targets) // 2]
    figure, axes = _panels(problems(found), 0.9 + 0.16 * len(chosen))
    shown = found.costs.filter((pl.col("target") == target) & (pl.col("track") == found.plan.tracks[0]))
    for ax, problem in zip(axes, problems(found), strict=True):
        part = shown.filter(pl.col("problem") == problem)
        finite = part[AXIS].to_numpy()
        finite = finite[np.isfinite(finite)]
        beyond = 3 * finite.max() if finite.size else 3.0
        for place, (method, look) in enumerate(reversed(chosen.items())):
            paid = part.filter(pl.col("method") == method)[AXIS].to_numpy()
            reached = np.isfinite(paid)
            spread = place + np.linspace(-0.25, 0.25, len(paid))
            ax.plot(paid[reached], spread[reached], ls="", marker=look.marker, ms=3.5, color=look.color)
            dead = part.filter(pl.col("method") == method)["status"].to_numpy() == "NONFINITE"
            for marker, lost in (("x", ~reached & ~dead), ("*", dead)):
                ax.plot(np.full(lost.sum(), beyond), spread[lost], ls="", marker=marker, ms=4, color="#B22222")
        ax.set_xscale("log")
        ax.axvline(beyond / 1.6, color="#B22222", lw=0.7, ls=":")
        ax.set_yticks(range(len(chosen)), list(reversed(chosen)), fontsize=7)
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.set_xlabel(f"{AXIS} to {target:g}; right: never")
    return figure


def _profiles(found: Comparison, chosen: dict[str, Look]) -> Any:
    import polars as pl

    tracks = [(track, target) for track in found.plan.tracks for target in found.plan.targets]
    figure, axes = _panels([f"{track}, to {target:g}" for track, target in tracks])
    for (track, target, method), part in _parts(
        found.profiles.filter(pl.col("axis") == AXIS), "track", "target", "method"
    ):
        ax, look = axes[tracks.index((track, target))], chosen[method]
        ax.step(part["tau"], part["share"], where="post", color=look.color, ls=look.dash)
    for ax in axes:
        ax.set_xscale("log", base=2)
        ax.set_ylim(-0.02, 1.02)
        ax.set_xlabel(f"{AXIS} over those of the best")
    axes[0].set_ylabel("share of problems and seeds")
    _legend(figure, chosen)
    return figure


def _draws(found: Comparison, chosen: dict[str, Look]) -> Any:
    """Expected ends after k draws, with their intervals."""
    if not len(found.draws):
        return None
    figure, axes = _panels(problems(found))
    for (problem, method), part in _parts(found.draws, "problem", "method"):
        ax, look = axes[problems(found).index(problem)], chosen[method]
        ax.plot(
            part["k"], part["expected"], color=look.color, ls=look.dash, marker="" if len(part) > 1 else look.marker
        )
        ax.fill_between(part["k"], part["lower"], part["upper"], color=look.color, alpha=0.1, lw=0)
    for ax in axes:
        ax.set_xscale("log")
        ax.set_xlabel("settings drawn from the grid")
    axes[0].set_ylabel("log10 of the gap at the budget")
    _legend(figure, chosen)
    return figure
