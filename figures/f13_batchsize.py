"""F13: what a batch k times as large does to SGD's step, by both procedures (dissertation, fig. 5.9)."""

from __future__ import annotations

from typing import Any

import numpy as np

from .recipe import Recipe, Table

BATCH, BLOCK = 32, 5
PROBLEMS: dict[str, Any] = {  # title -> problem, options, rate of SGD
    "linear regression (quadratics, one H)": ("quadratic", {"dim": 30, "size": 2000, "common": True}, 0.1),
    "mushrooms, RBF kernel": ("mushrooms", {"sigma": 2.0}, 0.2),
}
FACTORS = {  # k -> colour, dash, marker
    0.25: ("#0072B2", "-", "o"),
    0.5: ("#56B4E9", (0, (5, 1.5)), "s"),
    2: ("#E69F00", "-.", "^"),
    4: ("#D55E00", (0, (3, 1, 1, 1)), "D"),
    8: ("#7E2F8E", (0, (1, 1)), "v"),
}
SIZES = {  # rows of mushrooms, steps, every, repeats, seeds
    "smoke": (300, 20, 5, 2, 2),
    "default": (2000, 1000, 20, 8, 5),
    "full": (8124, 5000, 20, 16, 10),
}
PROCEDURES = {"fixed": "one line, other batches on it (published)", "redefined": "every batch on its own line"}


def measure(size: str):
    import polars as pl

    import toybox as tb
    from toybox.analysis.batches import bound, growth, redefined_law

    data, steps, every, repeats, seeds = SIZES[size]
    rows: list[tuple] = []
    for title, (name, options, rate) in PROBLEMS.items():
        problem = tb.problem(name, **options, **({"rows": data} if name == "mushrooms" else {}))
        found = growth(
            problem, tb.method("sgd", rate=rate), steps=steps, batch=BATCH, factors=(*FACTORS, 1), every=every,
            repeats=repeats, seeds=range(seeds),
        )  # fmt: skip
        base = found.squares[..., list(found.k).index(1)]
        for i, k in enumerate(FACTORS):
            series = {
                "fixed": found.fixed[..., i],
                "fixed law": found.law[..., i],
                "redefined": found.redefined[..., i],
                "redefined law": redefined_law(found.full, base, k, BATCH, problem.size),
                "bound": np.full(base.shape, bound(k, BATCH, problem.size)),
            }
            for name_, values in series.items():
                rows += [(title, name_, float(k), int(t), s, float(y)) for t, row in zip(found.t, values, strict=True)
                         for s, y in enumerate(row)]  # fmt: skip
    return pl.DataFrame(rows, schema=["problem", "series", "k", "t", "seed", "y"], orient="row")


def quartiles(results, title: str, series: str, k: float):
    """Line numbers and quartiles over seeds and ``BLOCK`` neighbouring lines, three of (T,)."""
    import polars as pl

    of = (pl.col("problem") == title) & (pl.col("series") == series) & (pl.col("k") == k)
    part = results.filter(of).sort("t", "seed")
    t = part["t"].unique(maintain_order=True).to_numpy()
    block = max(1, min(BLOCK, len(t) // 4))
    keep = len(t) // block * block
    y = part["y"].to_numpy().reshape(len(t), -1)[:keep].reshape(keep // block, -1)
    return t[:keep].reshape(-1, block).mean(axis=1), *np.quantile(y, [0.25, 0.5, 0.75], axis=1)


def draw(results, overlay=True, cost="steps"):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(11, 7.4), layout="constrained", sharex="col", sharey=True)
    table = Table()
    for row, (procedure, words) in zip(axes, PROCEDURES.items(), strict=True):
        for ax, title in zip(row, PROBLEMS, strict=True):
            for k, (color, dash, marker) in FACTORS.items():
                t, low, middle, high = quartiles(results, title, procedure, k)
                ax.axhline(k, color=color, lw=0.8, ls=(0, (1, 2)), zorder=1)
                ax.fill_between(t, low, high, color=color, alpha=0.15, lw=0)
                ax.plot(t, middle, color=color, ls=dash, marker=marker, markevery=max(1, len(t) // 7), ms=4.5)
                table.add(f"{title}, {procedure}", f"k = {k:g}", t, middle, low, high)
                _, low, law, high = quartiles(results, title, f"{procedure} law", k)
                if np.isfinite(law).all():
                    ax.plot(t, law, color="k", lw=1, ls=(0, (2, 2)), zorder=4)
                    table.add(f"{title}, {procedure}", f"law, k = {k:g}", t, law, low, high)
            ax.set_yscale("log", base=2)
            ax.set_ylim(0.11, 16)
            ax.set_yticks([0.125, 0.25, 0.5, 1, 2, 4, 8], ["1/8", "1/4", "1/2", "1", "2", "4", "8"])
            ax.axhline(1, color="k", lw=0.6)
        row[0].set_ylabel(f"{words}\nstep divided by")
    for ax, title in zip(axes[0], PROBLEMS, strict=True):
        ax.set_title(title)
    for ax in axes[1]:
        ax.set_xlabel("line number")
    handles = [
        plt.Line2D([], [], color=c, ls=dash, marker=m, ms=4.5, label=f"k = {k:g}")
        for k, (c, dash, m) in FACTORS.items()
    ]
    handles += [
        plt.Line2D([], [], color="#777777", lw=0.8, ls=(0, (1, 2)), label="k itself (expected ratio)"),
        plt.Line2D([], [], color="k", lw=1, ls=(0, (2, 2)), label="exact law"),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    return figure, table, caption(results)


def caption(results) -> str:
    lines = []
    for title in PROBLEMS:
        cells = []
        for procedure in PROCEDURES:
            ends = [quartiles(results, title, procedure, k)[2] for k in (2, 4, 8)]
            cells += [" / ".join(f"{np.median(y[-(len(y) // 4 or 1) :]):.2f}" for y in ends)]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    bounds = [quartiles(results, next(iter(PROBLEMS)), "bound", k)[2][0] for k in (2, 4, 8)]
    seeds = results["seed"].n_unique()
    return (
        f"By how much SGD's step (rate times |slope|) is divided when a batch of {BATCH} becomes k times as large; "
        f"medians and quartiles over {seeds} seeds and neighbouring lines. Above: the direction of the batch of "
        f"{BATCH} "
        "is kept, samples are added at random, or the steepest kept for k < 1, as in the dissertation's fig. 5.9: the "
        "step is divided by nearly k once the rest of the data is flat along the line. This is what k / (1 + (k - 1) "
        "rho) says (dashed black; rho: slope of the rest over that of the batch), and it is a property of the batch "
        "that chose the line, not of batch sizes. Below: as SGD is run, every batch of that size defines its own line; "
        "the step is divided by little more than the root of k at most. So that a batch k times as large acts like a "
        "rate k times as small does not follow.\n\n| last quarter, k = 2 / 4 / 8 | on one line | on lines of their own "
        "|\n|---|---|---|\n"
        + "\n".join(lines)
        + "\n\nThe bound of the second procedure is "
        + " / ".join(f"{b:.2f}" for b in bounds)
        + " on the quadratics. The kernel's width is 2 (.5 in F2)."
    )


RECIPE = Recipe(
    "F13",
    "batchsize",
    "A larger batch: two procedures, two laws",
    None,
    draw,
    ("mutschler2021", "mutschler2022"),
    measure,
)
