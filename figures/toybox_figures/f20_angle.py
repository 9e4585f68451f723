"""F20: the angle at the end of a step: which searches end at the minimum of their line (dissertation, fig. 4.12)"""

from __future__ import annotations

from typing import Any

import numpy as np

from toybox.quotations import quote
from toybox.zoo import METHODS as ZOO
from toybox.zoo import defaults

from .recipe import LOOKS, Recipe, Table
from .words import listed

PROBLEMS = {  # panel -> problem, options, batch
    "factorization, rank 10": ("factorization", {"rank": 10}, 100),
    "factorization, rank 4": ("factorization", {"rank": 4}, 100),
    "logistic": ("logistic", {"size": 1000}, 50),
    "mushrooms": ("mushrooms", {"rows": 2000}, 100),
}
METHODS = ("pal", "exact", "sls")
WIDTH = 5  # neighbouring steps that share a median
NEAR = 5  # degrees


def measure(size: str):
    import polars as pl

    import toybox as tb
    from toybox.analysis.curvature import follow

    seeds, steps = {"smoke": (2, 40), "default": (10, 200), "full": (30, 400)}[size]
    rows: list[tuple] = []
    for panel, (name, options, batch) in PROBLEMS.items():
        problem = tb.problem(name, **options)
        for method in METHODS:
            run = follow(problem, tb.method(method), steps=steps, batch=batch, seeds=range(seeds), every=WIDTH)
            angles = run.angle.reshape(steps // WIDTH, WIDTH * seeds)
            middle = WIDTH * np.arange(steps // WIDTH) + (WIDTH - 1) / 2
            for kind, x, y in (("angle", middle, angles), ("loss", run.trace.probe_steps, run.trace.full_loss)):
                quartiles = np.nanquantile(y, (0.5, 0.25, 0.75), axis=1, method="nearest")
                rows += [(panel, method, kind, *row) for row in zip(x, *quartiles, strict=True)]
            capped, near = run.trace.status == int(tb.Status.CAPPED), np.abs(run.angle - 90) <= NEAR
            facts = {"capped": capped.mean(), "near": near.mean(), "seeds": seeds}
            rows += [(panel, method, fact, 0, value, value, value) for fact, value in facts.items()]
    columns = ["panel", "method", "kind", "x", "median", "low", "high"]
    return pl.DataFrame([(*row[:3], *map(float, row[3:])) for row in rows], schema=columns, orient="row")


def draw(results, overlay=True, cost="steps"):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        2, len(PROBLEMS), figsize=(13, 6.4), sharex=True, layout="constrained", height_ratios=[3, 2]
    )
    table, facts = Table(), dict[tuple, Any]()
    for (panel, method, kind), part in results.group_by("panel", "method", "kind", maintain_order=True):
        x, y, low, high = (part[c].to_numpy() for c in ("x", "median", "low", "high"))
        table.add(panel, f"{LOOKS[method].name}: {kind}", x, y, low, high)
        if kind not in ("angle", "loss"):
            facts[panel, method, kind] = float(y[0])
            continue
        facts[panel, method, f"last {kind}"] = float(y[-1]), float(high[-1])
        ax, look = axes[int(kind == "loss"), list(PROBLEMS).index(panel)], LOOKS[method]
        every = len(x) // 6 or 1
        marks = (METHODS.index(method) * every // len(METHODS), every)  # side by side where lines coincide
        ax.fill_between(x, low, high, color=look.color, alpha=0.18, lw=0)
        ax.plot(x, y, color=look.color, ls=look.dash, marker=look.marker, ms=5.5, markevery=marks, label=look.name)
    for (above, below), panel in zip(axes.T, PROBLEMS, strict=True):
        above.axhline(90, color="k", lw=0.7, zorder=1.5)
        above.set_ylim(0, 180)
        above.set_yticks(range(0, 181, 30), labels=range(0, 181, 30) if above is axes[0, 0] else [""] * 7)
        above.set_title(panel)
        below.set_yscale("log")
        below.set_xlabel("iterations")
    for y, text in ((176, "beyond the minimum"), (100, "90: minimum of the batch's line"), (86, "short of it")):
        note(axes[0, -1], y, text)
    cut = {LOOKS[m].name: facts["mushrooms", m, "capped"] for m in METHODS if facts["mushrooms", m, "capped"] > 0.5}
    if cut:
        note(axes[0, -1], 60, "cut at the largest step:\n" + "\n".join(f"{name} {v:.1%}" for name, v in cut.items()))
    axes[0, 0].set_ylabel("angle at the end of the step, degrees")
    axes[1, 0].set_ylabel("training loss")
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names))
    return figure, table, caption(facts)


def note(ax, y, text):
    """A small text at the right edge, below y."""
    ax.text(0.99, y, text, transform=ax.get_yaxis_transform(), ha="right", va="top", fontsize=7, color="#555555")


def caption(facts) -> str:
    lines = [
        "| " + " | ".join(("near 90 / cut", *PROBLEMS)) + " |",
        "|---" * (len(PROBLEMS) + 1) + "|",
        *(
            f"| {LOOKS[m].name} | "
            + " | ".join(f"{facts[p, m, 'near']:.1%} / {facts[p, m, 'capped']:.1%}" for p in PROBLEMS)
            + " |"
            for m in METHODS
        ),
    ]
    angles = lambda method: listed(f"{facts[panel, method, 'last angle'][0]:.0f}" for panel in PROBLEMS)
    ends = lambda method: listed(f"{facts[panel, method, 'last loss'][0]:.2g}" for panel in PROBLEMS)
    longest = defaults(ZOO["pal"])["s_max"], defaults(ZOO["exact"])["s_max"]
    return (
        "Top: angle between the direction and the negative gradient of the same batch at the end of the step (medians "
        f"over {int(facts['logistic', 'pal', 'seeds'])} seeds and {WIDTH} neighbouring steps; bands: quartiles): 90 "
        "degrees at a stationary point of the line, less where the step ends short of its minimum, more beyond. At "
        f"the end of the runs it is {angles('pal')} with PAL, {angles('exact')} with the exact search and "
        f"{angles('sls')} with SLS, panel by panel. PAL ends where its parabola has its minimum, which figs. 4.2 and "
        "4.3 of the dissertation compare with that of the line for networks; Armijo's condition asks for no more than "
        "a descent. On mushrooms every batch can be separated, so that lines fall for very long; searches are cut at "
        f"their largest steps ({longest[0]:g} in length for PAL, {longest[1]:g} times -g for the exact search). PAL's "
        "angle there comes from the momentum in its direction. Bottom: full training loss (medians and quartiles over "
        f"seeds). The exact search ends at {ends('exact')}, SLS at {ends('sls')}, PAL at {ends('pal')}: batches agree "
        "about the minimum at rank 10 and on mushrooms and disagree in the other two panels. Of a network fig. 4.12 "
        f"says that {quote('exact is poor')}.\n\n"
        f"Shares of steps that end within {NEAR} degrees of 90, and that are cut at the largest step:\n\n"
        + "\n".join(lines)
    )


RECIPE = Recipe(
    "F20", "angle", "The angle at the end of a step", None, draw, ("mutschler2020", "mutschler2022"), measure
)
