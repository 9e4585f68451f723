"""F1: matrix factorization, the interpolation experiment in four panels (Vaswani et al. 2019, sec. 7.2)."""

from __future__ import annotations

import numpy as np

from .recipe import COSTS, Recipe, Table, band, curves, group, label, look, overlay_published, show_zeros

RANKS = {None: "true model", 1: "rank 1", 4: "rank 4", 10: "rank 10"}
METHODS = {
    "sls": {"gamma": 1.5},
    "pal": {},
    "exact": {},
    "adam": {"rate": 1e-3},
    "momentum": {"rate": 0.01},
    "sgd": {"rate": 0.1},
}
PUBLISHED = {"sls": ("SGD+Armijo", "SLS, published"), "adam": ("Adam", "Adam, published")}


def study(size: str):
    from toybox.study import Run, Study

    seeds, steps = {"smoke": (2, 24), "default": (5, 400), "full": (5, 400)}[size]
    runs = [
        Run(
            problem="factorization",
            options={"rank": rank, "data_seed": seed, "dtype": dtype},
            method=method,
            hyper=hyper,
            steps=steps,
            batch=100,
            seeds=(seed,),
            every=5,
        )
        for dtype in ("float32", "float64")
        for rank in RANKS
        for method, hyper in METHODS.items()
        for seed in range(42, 42 + seeds)
    ]
    return Study(name="F1", runs=runs)


ROWS = {"float32": (3e-18, 1e-17), "float64": (1e-62, 1e-59)}  # the lowest loss shown, and where 0 is drawn


def draw(results, overlay=True, cost="steps"):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 4, figsize=(12, 6.0), sharex=True, layout="constrained")
    table, seeds = Table(), len({s for r in results for s in r.run.seeds})
    panels = {(d, r): axes[i, j] for i, d in enumerate(ROWS) for j, r in enumerate(RANKS)}
    for (dtype, rank, _), found in group(results, "dtype", "rank", "method").items():
        ax = panels[dtype, rank]
        x, y = curves(found, "full_loss", cost)
        y = show_zeros(ax, y, ROWS[dtype][1])
        band(ax, x, y, look(found[0]), label(found[0]), table, f"{RANKS[rank]}, {dtype}")
    for (dtype, rank), found in group(results, "dtype", "rank").items():
        ax = panels[dtype, rank]
        ax.set_yscale("log")
        ax.set_ylim(1e-35 if (dtype, rank) == ("float64", 10) else ROWS[dtype][0], 5)
        if rank in (1, 4):
            floor = float(np.median([r.meta["floor"] for r in found]))
            ax.set_ylim(floor * (0.8 if rank == 1 else 0.5), 2)
            ax.axhline(floor, color="#B22222", lw=0.9, zorder=1.5)
            text = {"xytext": (0, -3), "textcoords": "offset points", "ha": "right", "va": "top", "color": "#B22222"}
            ax.annotate(
                f"exact floor {floor:.3g}", (0.98, floor), xycoords=ax.get_yaxis_transform(), fontsize=7.5, **text
            )
        if overlay and cost == "steps" and dtype == "float32":
            for series, name in PUBLISHED.values():
                overlay_published(ax, f"MF {RANKS[rank]}", series, name, table, at=0.27 if rank == 4 else 0.5)
    for column, name in enumerate(RANKS.values()):
        kind = "interpolates" if name in ("true model", "rank 10") else "cannot interpolate"
        axes[0, column].set_title(f"{name} ({kind})")
        axes[1, column].set_xlabel(COSTS[cost])
    for row, dtype in enumerate(ROWS):
        axes[row, 0].set_ylabel(f"training loss, {dtype}")
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names))
    return figure, table, caption(results, seeds)


def caption(results, seeds: int) -> str:
    condition = np.median([r.meta["condition"] for r in results])
    return (
        f"Full training loss of W2 W1 x against A x (800 training samples, batch 100, {results[0].run.steps} steps). "
        f"Lines: medians of {seeds} data seeds; bands: quartiles. The published generator is not ill-conditioned: its "
        f"measured condition number is {condition:.0f}. With the true model and rank 10 every batch can be fitted "
        "exactly, and the line searches run down to the rounding level of the number format (on the true model in "
        "float64 to exactly 0). With rank 1 and 4 nothing passes the exact floor, the loss of the best rank-k fit. "
        "Grey: curves read from Vaswani et al. 2019; the seed of their data is unknown, so their floors differ."
    )


RECIPE = Recipe(
    "F1", "factorization", "Matrix factorization: interpolation decides", study, draw, ("vaswani2019", "mutschler2022")
)
