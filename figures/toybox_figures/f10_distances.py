"""F10: how alike lines are, by mean absolute distances (Mutschler & Zell 2021, fig. 3; dissertation, fig. 5.3)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from toybox.quotations import quote

from .recipe import Recipe, Table
from .words import listed

PROBLEMS: dict[str, Any] = {  # title -> problem, options, rate of SGD; batches of 100
    "mushrooms, RBF kernel": ("mushrooms", {"sigma": 2.0}, 0.2),
    "factorization, rank 4": ("factorization", {"rank": 4}, 0.5),
}
SIZES = {"smoke": (500, 200, 20), "default": (2000, 2000, 50), "full": (None, 10000, 80)}  # rows, steps, lines drawn
WINDOW = (-0.5, 0.5)  # arc length
FAR = 100  # lines apart
TITLES = (
    "absolute distance (loss), as published",
    "distance of lines divided by their range",
    "lines one after the other",
)
STRETCHES = (lambda n: slice(0, 10)), (lambda n: slice(n - n // 4, n))  # first ten lines, last quarter
CONSECUTIVE = {  # series -> look
    "range of the lines": ("#8A8A8A", (0, (1, 1)), ""),
    "absolute, next line": ("#0072B2", "-", "o"),
    "normalised, next line": ("#D55E00", (0, (5, 1.5)), "s"),
    f"normalised, {FAR} lines on": ("#009E73", "-.", "^"),
}


def measure(size: str):
    import polars as pl

    import toybox as tb
    from toybox.analysis import sample

    data, steps, many = SIZES[size]
    rows: list[tuple] = []
    for title, (name, options, rate) in PROBLEMS.items():
        problem = tb.problem(name, **options, **({"rows": data} if name == "mushrooms" else {}))
        run: dict[str, Any] = {"steps": steps, "batch": 100, "unit": "arc", "window": WINDOW, "points": 51}
        lines = sample(problem, tb.method("sgd", rate=rate), **run)
        rows += [(title, *row) for row in distances(lines.s, lines.full[:, 0], many)]
    return pl.DataFrame(rows, schema=["problem", "series", "i", "j", "y"], orient="row")


def distances(s, lines, many):
    """Of some lines, each from each, and of all lines from later ones, as (series, i, j, distance)."""
    from toybox.analysis.fit import shape_distances

    some = np.unique(np.geomspace(1, len(lines), many).round().astype(int)) - 1
    rows: list[tuple] = []
    for name, normalise in (("absolute", False), ("normalised", True)):
        matrix = shape_distances(s, lines[some], normalise=normalise)
        rows += [(name, int(i), int(j), y) for i, row in zip(some, matrix, strict=True)
                 for j, y in zip(some, row, strict=True) if i <= j]  # fmt: skip
        for lag, where in ((1, "next line"), (FAR, f"{FAR} lines on")):
            apart = shape_distances(s, lines, normalise=normalise, lag=lag)
            rows += [(f"{name}, {where}", i, i + lag, y) for i, y in enumerate(apart)]
    return rows + [("range of the lines", i, i, y) for i, y in enumerate(np.ptp(lines, axis=-1))]


def draw(results, overlay=True, cost="steps"):
    import matplotlib.pyplot as plt
    import polars as pl

    figure, axes = plt.subplots(len(PROBLEMS), 3, figsize=(11, 6.6), layout="constrained")
    table = Table()
    for row, title in zip(axes, PROBLEMS, strict=True):
        chosen = results.filter(pl.col("problem") == title)
        series = {key: part.sort("i", "j") for (key,), part in chosen.group_by("series", maintain_order=True)}
        matrix(figure, row[0], series["absolute"], table, f"{title}, absolute")
        matrix(figure, row[1], series["normalised"], table, f"{title}, normalised")
        for name, look in CONSECUTIVE.items():
            along(row[2], series[name], name, look, table, title)
        row[2].set_xscale("log")
        row[2].set_yscale("log")
        row[2].set_xlim(1, None)
        row[0].set_ylabel(f"{title}\nline number")
        row[2].set_ylabel("distance; range")
    for ax, title in zip(axes[0], TITLES, strict=True):
        ax.set_title(title)
    for ax in axes[-1]:
        ax.set_xlabel("line number")
    handles, names = axes[0, 2].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper right", ncols=len(names))
    return figure, table, caption(results)


def matrix(figure, ax, part, table: Table, panel: str) -> None:
    """Distances of some lines as a square; line numbers count from 1, on log axes."""
    from matplotlib.colors import LogNorm

    i, j, y = (part[name].to_numpy() for name in ("i", "j", "y"))
    some = np.unique(i)
    square = np.full((len(some), len(some)), np.nan)
    a, b = np.searchsorted(some, i), np.searchsorted(some, j)
    square[a, b] = square[b, a] = np.where(y > 0, y, np.nan)
    centres = some + 1.0
    middles = np.sqrt(centres[1:] * centres[:-1])
    edges = np.concatenate([[centres[0] ** 2 / middles[0]], middles, [centres[-1] ** 2 / middles[-1]]])
    mesh = ax.pcolormesh(edges, edges, square, norm=LogNorm(np.nanquantile(square, 0.05), np.nanmax(square)))
    mesh.set_rasterized(True)
    ax.set(xscale="log", yscale="log", aspect="equal")
    ax.invert_yaxis()
    ax.grid(False)
    figure.colorbar(mesh, ax=ax, extend="min", shrink=0.85)
    for line in some:
        mine = i == line
        table.add(panel, f"from line {line + 1}", j[mine] + 1, y[mine], y[mine], y[mine])


def along(ax, part, name, look, table: Table, panel: str) -> None:
    """Quartiles of every stretch of lines, 8 to a factor of 10 (single lines at first)."""
    x, y = part["i"].to_numpy() + 1.0, part["y"].to_numpy()
    edges = np.unique(np.geomspace(1, len(x) + 1, 1 + round(8 * np.log10(len(x) + 1))).round().astype(int)) - 1
    stretches = [slice(a, b) for a, b in pairwise(edges)]
    at = np.array([np.exp(np.log(x[part]).mean()) for part in stretches])
    low, median, high = np.array([np.quantile(y[part], [0.25, 0.5, 0.75]) for part in stretches]).T
    color, dash, marker = look
    ax.fill_between(at, low, high, color=color, alpha=0.15, lw=0)
    ax.plot(at, median, color=color, ls=dash, marker=marker, markevery=4, label=name)
    table.add(panel, name, at, median, low, high)


def caption(results) -> str:
    import polars as pl

    names, lines = (*CONSECUTIVE, f"absolute, {FAR} lines on"), []
    falls, closer, nearer = [], [], []
    for title in PROBLEMS:
        chosen = results.filter(pl.col("problem") == title).sort("i")
        values = [chosen.filter(pl.col("series") == name)["y"].to_numpy() for name in names]
        early, late = ([float(np.median(y[part(len(y))])) for y in values] for part in STRETCHES)
        lines.append(
            f"| {title} | " + " | ".join(f"{a:.2g} to {b:.2g}" for a, b in zip(early, late, strict=True)) + " |"
        )
        falls.append(f"{early[0] / late[0]:.2g}")
        closer.append(f"{early[1] / late[1]:.2g}")
        nearer.append(f"{late[2] / late[3]:.2g}")
    return (
        "Mean absolute distance between the losses on all data along the lines of SGD (batches of 100), lowest points "
        f"shifted to 0, on the arc lengths {WINDOW[0]:g} to {WINDOW[1]:g}. Left: as published; the dissertation says "
        f"(section 5.4, fig. 5.3) that {quote('shapes')}. Here the distance of neighbours falls by factors of "
        f"{listed(closer)}, but the range of the lines (dotted) falls meanwhile by factors of {listed(falls)}, and two "
        "lines are never further apart than the higher of both: flat lines are near to each other whatever their "
        "shapes. Middle, and where it says so: every line divided by its range first. In the last quarter of the run, "
        f"a line so divided is {listed(nearer)} times as far from the next line as from that {FAR} lines on (near 1: "
        "alike are all lines of that phase, neighbours no more than others). Right: medians and quartiles of "
        "stretches of lines. The kernel's width is 2 (.5 in F2). One seed; line numbers count from 1, on logarithmic "
        "axes; darkest: the lowest 5 %.\n\n"
        "| first ten lines to last quarter, medians | " + " | ".join(names) + " |\n"
        + "|---" * (len(names) + 1) + "|\n" + "\n".join(lines)
    )  # fmt: skip


RECIPE = Recipe(
    "F10", "distances", "How alike the lines of a run are", None, draw,
    ("mutschler2021", "mutschler2022", "schlimmer1987", "vaswani2019"), measure,
)  # fmt: skip
