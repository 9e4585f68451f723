"""F13: what a batch k times as large does to SGD's step, by both procedures (dissertation, 5.6, fig. 5.9)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from toybox.quotations import quote

from .recipe import Recipe, Table
from .words import listed

PROBLEMS: dict[str, Any] = {  # title -> problem, options, rate
    "linear regression": ("quadratic", {"dim": 30, "size": 2000, "common": True}, 0.1),
    "kernel logistic, mushrooms": ("mushrooms", {"sigma": 2.0}, 1.0),
}
PUBLISHED = ("mushrooms", {"sigma": 0.5}, 1.0)
BATCH, REPEATS = 32, 4
LOOK = {  # k -> color, marker
    0.25: ("#882255", "v"),
    0.5: ("#D55E00", "^"),
    2.0: ("#E69F00", "s"),
    4.0: ("#009E73", "D"),
    8.0: ("#0072B2", "o"),
}
FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
SIZES = {"smoke": (500, 100, 2), "default": (1500, 800, 8), "full": (None, 5000, 20)}  # rows of mushrooms; steps; seeds
EVERY, STRETCHES = 4, 10
PROCEDURES = {
    "fixed": "as published: on the line of the base batch",
    "redefined": "as run: every batch with its own direction",
}


def measure(size: str):
    import polars as pl

    data, steps, seeds = SIZES[size]
    rows: list[tuple] = []
    for title, (name, options, rate) in (PROBLEMS | {"published kernel": PUBLISHED}).items():
        found, batches = grown(name, options | ({"rows": data} if name == "mushrooms" else {}), rate, steps, seeds)
        rows += [(title, *row) for row in stretches(found, batches, steps)]
    schema = ["panel", "procedure", "series", "k", "x", "y", "low", "high"]
    return pl.DataFrame(rows, schema=schema, orient="row")


def grown(name, options, rate, steps, seeds):
    import toybox as tb
    from toybox.analysis.batches import growth

    problem = tb.problem(name, **options)
    options = {"batch": BATCH, "factors": FACTORS, "seeds": range(seeds), "every": EVERY, "repeats": REPEATS}
    return growth(problem, tb.method("sgd", rate=rate), steps=steps, **options), problem.size


def stretches(found, D, steps) -> list[tuple]:
    """Ratios of averages in stretches of the run, what they are expected to be, and quartiles of single lines."""
    from toybox.analysis.batches import bound, redefined_law

    edges = np.unique(np.geomspace(2 * EVERY, steps, STRETCHES).round().astype(int))
    rows: list[tuple] = []
    for start, stop in [(0, edges[0]), *pairwise(edges)]:
        part = (found.t >= start) & (found.t < stop)
        if not part.any():
            continue
        x, base = (start + stop) / 2, FACTORS.index(1)
        slope, rest, full = found.slope[part].mean((0, 1)), found.rest[part].mean(), found.full[part].mean()
        squares = found.squares[part].mean((0, 1))
        for i, k in enumerate(FACTORS):
            fixed = float(slope[base] / slope[i])
            own = float(np.sqrt(squares[base] / squares[i]))
            expected = float(slope[base] / (slope[base] / k + (1 - 1 / k) * rest)) if k > 1 else np.nan
            law = float(redefined_law(full, squares[base], k, BATCH, D))
            for name, ratio, exact, limit, single in (
                ("fixed", fixed, expected, k, found.fixed),
                ("redefined", own, law, float(bound(k, BATCH, D)), found.redefined),
            ):
                low, high = np.quantile(single[part][..., i], [0.25, 0.75])
                rows.append((name, "measured", k, x, ratio, float(low), float(high)))
                rows.append((name, "exact", k, x, exact, np.nan, np.nan))
                rows.append((name, "limit", k, x, limit, np.nan, np.nan))
    rows.append(("facts", "seeds", 1.0, 0.0, float(found.slope.shape[1]), np.nan, np.nan))
    return rows


def draw(results, overlay=True, cost="steps"):
    import matplotlib.pyplot as plt
    import polars as pl

    figure, axes = plt.subplots(2, 2, figsize=(10.5, 7.4), layout="constrained", sharey=True, sharex=True)
    table = Table()
    for number, (row, title) in enumerate(zip(axes, PROBLEMS, strict=True)):
        for ax, (procedure, words) in zip(row, PROCEDURES.items(), strict=True):
            panel = results.filter((pl.col("panel") == title) & (pl.col("procedure") == procedure))
            ax.axhline(1, color="#8A8A8A", lw=0.6)
            for k, (color, marker) in LOOK.items():
                name = f"k = {k:g}" if k > 1 else f"k = 1/{1 / k:g}"
                mine = {
                    series[0]: f.select("x", "y", "low", "high").to_numpy().T
                    for series, f in panel.filter(pl.col("k") == k).group_by("series", maintain_order=True)
                }
                x, y, low, high = mine["measured"]
                ax.axhline(k, color="#8A8A8A", lw=1.2, ls=(0, (1, 2.5)), label="expected ratio k, as published")
                ax.fill_between(x, np.maximum(low, 1e-3), high, color=color, alpha=0.13, lw=0)
                ax.plot(x, y, color=color, marker=marker, label=name, zorder=3)
                if procedure == "redefined":
                    ax.plot(x, mine["limit"][1], color="#8A8A8A", lw=0.9, label="limit for own directions")
                ax.plot(x, mine["exact"][1], color="k", ls=(0, (4, 2)), lw=1, zorder=4, label="exact law")
                table.add(f"{title}, {procedure}", name, x, y, low, high)
                for series in ("exact", "limit"):
                    table.add(f"{title}, {procedure}", f"{name}, {series}", x, *[mine[series][1]] * 3)
            ax.set_xscale("log")
            ax.set_yscale("log", base=2)
            ax.set_ylim(2**-3.4, 2**3.6)
            ax.yaxis.set_major_formatter(lambda v, _: f"{v:g}" if v >= 1 else f"1/{1 / v:g}")
            if number == 0:
                ax.set_title(words)
        row[0].set_ylabel(f"{title}\nstep of the base batch / step")
    for ax in axes[1]:
        ax.set_xlabel("iteration")
    named = dict(zip(*reversed(axes[0, 1].get_legend_handles_labels()), strict=True))
    order = sorted(named, key=lambda name: not name.startswith("k ="))
    order[:5] = order[:5][::-1]
    figure.legend([named[name] for name in order], order, loc="outside right center")
    return figure, table, caption(results)


def caption(results) -> str:
    import polars as pl

    def of(panel, procedure, k, series="measured"):
        chosen = results.filter(
            (pl.col("panel") == panel)
            & (pl.col("procedure") == procedure)
            & (pl.col("k") == k)
            & (pl.col("series") == series)
        )
        return chosen["y"]

    def each(k, procedure, at, digits=1, series="measured"):
        return listed(f"{of(title, procedure, k, series)[at]:.{digits}f}" for title in PROBLEMS)

    return CAPTION.format(
        batch=BATCH,
        sigma=PUBLISHED[1]["sigma"],
        same=quote("same factor"),
        lower=quote("lower factor"),
        repeats=REPEATS,
        seeds=f"{of('linear regression', 'facts', 1.0, 'seeds')[0]:.0f}",
        late=each(8.0, "fixed", -1),
        early=each(8.0, "fixed", 0),
        own=each(8.0, "redefined", -1),
        limit=each(8.0, "redefined", -1, 1, "limit"),
        small=each(0.25, "fixed", -1, 2),
        flat=f"{of('published kernel', 'fixed', 0.25)[-1]:.2f}",
        sharp=f"{of('published kernel', 'fixed', 8.0)[-1]:.2f}",
    )


CAPTION = (
    "By which factor SGD's step (rate times slope) is divided when the batch is k times as large as the base batch of "
    "{batch} samples, at the iterates of SGD with that base batch. Lines: ratio of the mean slopes, or root of the "
    "ratio of mean squares, of the lines of {seeds} seeds in stretches of the run; bands: quartiles of single lines, "
    "on the right of single steps (root mean square of {repeats} batches each). Left, as published: the direction of "
    "the base batch is kept, larger batches add random samples, smaller ones keep the steepest samples of the base "
    "batch. Right: every batch has its own direction, as in SGD when it is run. Grey dots: the expected ratio k of "
    "fig. 5.9. Black dashes: the exact laws, k / (1 + (k - 1) rho) on the left (claim SGD-05; rho is the slope of the "
    "rest of the data over that of the batch) and from E |g_kB|^2 = |g|^2 + (1/kB - 1/D) tr S on the right (claim "
    "SGD-06), whose limit, about the root of k, is the grey line. Core result 3 has that {same}. On the left, with k "
    "= 8, the factors of the two problems are {early} at first (the dissertation, too, has it {lower}) and {late} at "
    "the end: k where the data outside of the batch are flat along the line. On the right a batch 8 times as large "
    "divides by {own} at the end, and in expectation never by more than {limit}. Smaller batches on the left follow "
    "no such law: which samples are the steepest decides, and their factors ({small} for k = 1/4, late) come out of "
    "the selection. On the published kernel (sigma {sigma:g}), nearly the identity, samples hardly differ: there, "
    "late, k = 1/4 gives {flat} and k = 8 gives {sharp}."
)

RECIPE = Recipe("F13", "batchsize", "A batch k times as large", None, draw, ("mutschler2021", "mutschler2022"), measure)
