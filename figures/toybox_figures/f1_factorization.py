"""F1: matrix factorization, the interpolation experiment in four panels (Vaswani et al. 2019, sec. 7.2)."""

from __future__ import annotations

import numpy as np

from .recipe import (
    COSTS,
    LOOKS,
    Recipe,
    Table,
    backdrop,
    band,
    budget,
    compared,
    curves,
    group,
    label,
    look,
    name_backdrop,
    overlay_published,
    published,
    reusing,
    show_zeros,
)
from .words import listed

RANKS = {None: "true model", 1: "rank 1", 4: "rank 4", 10: "rank 10"}
METHODS = {  # in colour
    "sls": {"gamma": 1.5},
    "sls-goldstein": {},
    "sls-polyak": {},
    "sls-nesterov": {},
    "seg": {},
    "pal": {},
    "cocob": {},
    "adam": {},
}
OTHERS: dict[str, dict] = {method: {} for method in LOOKS if method not in METHODS}  # in grey
PUBLISHED = {  # series of Vaswani et al. 2019
    "sls": "SGD+Armijo",
    "sls-goldstein": "SGD+Goldstein",
    "sls-polyak": "Polyak+Armijo",
    "sls-nesterov": "Nesterov+Armijo",
    "seg": "SEG+Lipschitz",
    "cocob": "Coin-Betting",
    "adam": "Adam",
}
OVERLAID = {"sls": "SLS, published", "adam": "Adam, published"}


def study(size: str):
    from toybox.study import Run, Study

    seeds, steps = {"smoke": (2, 24), "default": (5, 400), "full": (5, 400)}[size]
    runs = [
        Run(
            problem="factorization",
            options={"rank": rank, "data_seed": seed, "dtype": dtype},
            method=method,
            hyper=hyper | budget(method, steps),
            steps=steps,
            batch=100,
            seeds=(seed,),
            every=5,
        )
        for dtype in ("float32", "float64")
        for rank in RANKS
        for method, hyper in (METHODS | OTHERS).items()
        for seed in range(42, 42 + seeds)
    ]
    return Study(name="F1", runs=runs)


ROWS = {"float32": (3e-18, 1e-17), "float64": (1e-62, 1e-59)}  # the lowest loss shown, and where 0 is drawn


def draw(results, overlay=True, cost="steps"):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 4, figsize=(13, 7.0), sharex=True, layout="constrained")
    table, grouped = Table(), group(results, "dtype", "rank", "method")
    panels = {(d, r): axes[i, j] for i, d in enumerate(ROWS) for j, r in enumerate(RANKS)}
    for (dtype, rank), ax in panels.items():
        others = {
            LOOKS[m].name: found for (d, r, m), found in grouped.items() if (d, r) == (dtype, rank) and m in OTHERS
        }
        backdrop(ax, others, "full_loss", cost, table, f"{RANKS[rank]}, {dtype}", zero=ROWS[dtype][1])
    for (dtype, rank, method), found in grouped.items():
        ax = panels[dtype, rank]
        if method in OTHERS:
            continue
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
            for method, name in OVERLAID.items():
                at = 0.27 if rank == 4 else 0.5
                overlay_published(ax, f"MF {RANKS[rank]}", PUBLISHED[method], name, table, at=at)
        name_backdrop(ax)
    for column, name in enumerate(RANKS.values()):
        kind = "interpolates" if name in ("true model", "rank 10") else "cannot interpolate"
        axes[0, column].set_title(f"{name} ({kind})")
        axes[1, column].set_xlabel(COSTS[cost])
    for row, dtype in enumerate(ROWS):
        axes[row, 0].set_ylabel(f"training loss, {dtype}")
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names))
    return figure, table, caption(grouped)


def caption(grouped) -> str:
    results = [r for found in grouped.values() for r in found]
    end = lambda found: curves(found, "full_loss")[1][:, -1]
    best = {(rank, dtype): np.median(end(grouped[dtype, rank, "sls"])) for rank in (None, 10) for dtype in ROWS}
    fitted = listed(f"{loss:.1g} ({RANKS[rank]}, {dtype})" for (rank, dtype), loss in best.items())
    over = [end([r]) / r.meta["floor"] for (_, rank, _), found in grouped.items() if rank in (1, 4) for r in found]
    lowest = np.nanmin(np.concatenate(over))
    curve = {method: published("MF rank 10", series) for method, series in PUBLISHED.items()}
    above = [m for m, c in curve.items() if c and c[1][-1] > 10 * np.median(end(grouped["float32", 10, m]))]
    condition = np.median([r.meta["condition"] for r in results])
    seeds = max(len(found) for found in grouped.values())
    panels = [(name, f"MF {name}", {m: grouped["float32", r, m] for m in LOOKS}) for r, name in RANKS.items()]
    return (
        f"Full training loss of W2 W1 x against A x (800 training samples, batch 100, {results[0].run.steps} steps). "
        f"Lines: medians of {seeds} data seeds; bands: quartiles; thin grey: the other methods at their defaults. The "
        f"measured condition number of the published generator is {condition:.0f}. With the true model and rank 10 "
        f"every batch can be fitted exactly: SLS ends at {fitted}. With rank 1 and 4 the exact floor is the loss of "
        f"the best rank-k fit: the lowest end of all runs and methods is {lowest:.6g} times it. Dark grey: curves read "
        "from Vaswani et al. 2019; the seed of their data is unknown, so their floors differ.\n\n"
        + compared(panels, PUBLISHED)
        + "\n\nWhere ours and the published ends differ: the floors of rank 1 and 4 belong to other data. Near "
        f"{np.finfo(np.float32).eps ** 2:.1g} both stand at the rounding level of float32, whose last digits depend on "
        "the order of sums. At rank 10 more than 10 times above ours ends as published: "
        f"{listed(LOOKS[m].name for m in above) if above else 'none'}; the options of the published runs are not known."
        f"\n\n{reusing(results)}"
    )


RECIPE = Recipe(
    "F1", "factorization", "Matrix factorization: interpolation decides", study, draw, ("vaswani2019", "mutschler2022")
)
