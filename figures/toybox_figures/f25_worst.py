"""F25: the worst that one accepted step can do, certified in fractions and attained by our rules (claim SLS-05)."""

from __future__ import annotations

from typing import Any

import numpy as np

from toybox.zoo import METHODS, defaults

from .recipe import GREY, Recipe, Table
from .words import listed

CERTIFIED, ATTAINED, BROKEN, STATED = "#0072B2", "#E69F00", "#B22222", "#555555"
PANELS = ("constant", "constant, curve", "contraction", "backtracking", "backtracking, curve", "window")
CLASS = "mu / L"


def measure(size: str):
    """Certificates that hold, as checked here, and what our rules attain."""
    import polars as pl

    from proofs_check import worst_cases as worst
    from proofs_check.certificates import contraction_constant, worst_knee
    from proofs_check.estimation.rows import ROWS
    from proofs_check.estimation.stored import proof, read

    records, rows = read(), list[tuple]()
    for name, row in ROWS.items():
        kind, given, record = row.question.__name__, row.given, records[name]
        mu, c = float(given.get("mu", 0)), float(given.get("c", 0))
        single = row.span is not None and row.span[0] == row.span[1]
        of = {
            "uncontracted": ("constant", mu, 0.0),
            "contracted": ("contraction", mu, c) if c == 0.5 else None,
            "backtracked": ("backtracking", float(row.span[0]), c) if row.span and single else None,
            "parabola": ("window", mu, float(given.get("measure", 0))),
        }.get(kind)
        if of is None or (size == "smoke" and kind == "parabola" and mu < 0.2):
            continue
        holds = record.rate is not None and not proof(row, record).counterexample
        rate = float(record.rate or 0) if holds else np.inf
        if row.replay:
            attained = float(row.attained(record.places, record.step))
        else:
            attained = contraction_constant(worst_knee(mu, 1.0))
        stated = worst.exact_armijo(mu, 1.0, of[1], c) if kind == "backtracked" else row.stated
        rows.append((*of, rate, attained, stated))
    for mu in np.geomspace(1e-3, 0.999, 400):
        rows.append(("constant, curve", mu, 0.0, np.inf, np.nan, worst.exact_contraction(mu, 1.0)))
    for s in np.linspace(1.5, 3, 200):
        rows.append(("backtracking, curve", s, 0.0, np.inf, np.nan, worst.exact_armijo(0.1, 1.0, s, 0.1)))
    return pl.DataFrame(rows, ["panel", "x", "y", "certified", "attained", "stated"], orient="row")


def draw(results, overlay=True, cost="steps"):
    import matplotlib.pyplot as plt
    import polars as pl

    figure, axes = plt.subplots(1, 4, figsize=(15, 4.2), layout="constrained")
    part = {name: results.filter(pl.col("panel") == name).sort("x", "y") for name in PANELS}
    table = Table()
    draw_constant(axes[0], part["constant"], part["constant, curve"], table)
    draw_contraction(axes[1], part["contraction"], table)
    draw_backtracking(axes[2], part["backtracking"], part["backtracking, curve"], table)
    draw_window(axes[3], part["window"], table)
    handles, names = axes[1].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=len(names))
    return figure, table, caption(part)


def dots(ax, part, table: Table, panel: str) -> None:
    """The certified bounds, and what our rule attains."""
    x = part["x"].to_numpy()
    for name, color, marker, size in (("certified", CERTIFIED, "o", 8), ("attained", ATTAINED, "x", 5)):
        y = part[name].to_numpy()
        words = {"certified": "certified in fractions", "attained": "attained by our rule"}[name]
        ax.plot(x, y, marker, color=color, mfc="none", mew=1.5, ms=size, label=words, zorder=3)
        table.add(panel, name, x, y, y, y)


def line(ax, part, table: Table, panel: str, name: str) -> None:
    x, y = part["x"].to_numpy(), part["stated"].to_numpy()
    ax.plot(x, y, color=STATED, lw=1.2, label=name, zorder=2)
    table.add(panel, name, x, y, y, y)


def draw_constant(ax, part, curve, table: Table) -> None:
    usual = defaults(METHODS["sls"])["c"]
    line(ax, curve, table, "constant", "closed form c*")
    dots(ax, part, table, "constant")
    ax.fill_between(curve["x"], 0, curve["stated"], color="#EFEFEF", lw=0, zorder=0)
    ax.axhline(0.5, color=GREY, lw=0.9, ls=(0, (4, 2)))
    ax.axhline(usual, color=GREY, lw=0.9, ls=(0, (1, 2)))
    ax.set(
        xscale="log", ylim=(0, 0.55), xlabel=CLASS, ylabel="c", title="smallest c with which accepted steps contract"
    )
    small = {"fontsize": 7.5, "color": "#555555"}
    ax.text(1.1e-3, 0.507, "the theorems' 1/2", **small)
    ax.text(1.1e-3, usual + 0.007, "default", **small)
    ax.text(1.3e-3, 0.25, "an accepted step may lead\naway from the minimiser", **small)


def draw_contraction(ax, part, table: Table) -> None:
    line(ax, part, table, "contraction", "stated by the documents, or a closed form")
    dots(ax, part, table, "contraction")
    ax.annotate("the theorem's\n1 - mu / L", (0.3, 0.7), xytext=(6, 4), textcoords="offset points", fontsize=7.5)
    ax.set(xlabel=CLASS, ylabel="$|x_1|^2 / |x_0|^2$", ylim=(0, 1), title="accepted steps from 1 / L on, c = 1/2")


def draw_backtracking(ax, part, curve, table: Table) -> None:
    line(ax, curve, table, "backtracking", "accepted")
    dots(ax, part, table, "backtracking")
    ax.annotate("whatever was tried before", (0.35, 0.9), xycoords="axes fraction", fontsize=7.5)
    ax.annotate("after s / .9 was rejected", (0.35, 0.3), xycoords="axes fraction", fontsize=7.5, color=CERTIFIED)
    ax.set(
        xlabel="accepted step s, in 1 / L", ylabel="$f_1 / f_0$", ylim=(0.35, 0.95), title="Armijo, mu / L = .1, c = .1"
    )


def draw_window(ax, part, table: Table) -> None:
    """Over the values of mu / L, one beside the other."""
    x, y, attained = (part[name].to_numpy() for name in ("x", "y", "attained"))
    ticks = sorted(set(x))
    for safe, color, marker, name in ((True, CERTIFIED, "o", "never ascends"), (False, BROKEN, "X", "ascends")):
        mine = np.isfinite(part["certified"].to_numpy()) == safe
        at = np.searchsorted(ticks, x[mine])
        face = "none" if safe else color
        ax.plot(at, y[mine], marker, color=color, mfc=face, mew=1.5 if safe else 0, ms=8)
        table.add(f"window: {name}, f1 / f0 by where it measures", "PAL", x[mine], attained[mine], y[mine], y[mine])
        for place, length, ratio in zip(at, y[mine], attained[mine], strict=True):
            ax.annotate(
                f"{ratio:.3g}", (place, length), xytext=(6, -2.5), textcoords="offset points", fontsize=6.5, color=color
            )
    ax.set(yscale="log", xlabel=CLASS, title="PAL: certified to descend (o), ascends (X)")
    ax.set_ylabel("where it measures, in |gradient| / L")
    ax.set_xticks(range(len(ticks)), [f"{tick:g}" for tick in ticks])
    ax.set_xlim(-0.5, len(ticks) - 0.2)
    ax.set_yticks([0.5, 1, 2, 4, 8, 16, 64], ["1/2", "1", "2", "4", "8", "16", "64"])
    ax.set_yticks([], minor=True)


def caption(part: dict[str, Any]) -> str:
    import polars as pl

    usual = defaults(METHODS["sls"])["c"]
    curve, slow = part["constant, curve"], part["contraction"]
    enough = curve.filter(pl.col("stated") <= usual)["x"].min()
    quoted = listed(f"{c:.3f} ({x:g})" for x, c in part["constant"].sort("x", descending=True)["x", "certified"].rows())
    rates = listed(f"{c:.3f} for {s:.3f} ({x:g})" for x, c, s in slow["x", "certified", "stated"].rows())
    first = part["backtracking"].row(0, named=True)
    window, certain = part["window"], pl.col("certified").is_finite()
    safe = window.filter(certain).group_by("x", maintain_order=True).agg("y")
    where = "; ".join(f"{listed(f'{y:g}' for y in ys)} (mu/L = {x:g})" for x, ys in safe.rows())
    worst = window["attained"].max()
    least = window.filter(certain)["x"].min()
    none = sorted({x for x in window["x"] if x < least}, reverse=True)
    return (
        "The worst that one step can do on any L-smooth, mu-strongly convex function. Circles: bounds that follow from "
        "weighted interpolation inequalities, checked in fractions for this picture; crosses: functions of the class "
        "on which our rule attains that. First: the smallest c of Armijo's condition with which every accepted "
        f"gradient step leads nearer to the minimiser (claim SLS-05): {quoted}, mu/L in brackets; c = {usual:g}, the "
        f"default, is enough for mu/L of {enough:.2g} and more. Second: the theorem's factor 1 - mu/L of steps of at "
        f"least 1/L that c = 1/2 accepts (claim SLS-03), and what is true, (1 - mu/L)^2: {rates}. Third: that a longer "
        "trial was rejected, which a search that backtracked knows, makes the worst step better: "
        f"{first['certified']:.3f} in place of {first['stated']:.3f} at s = {first['x']:g}. Last: PAL, by where its "
        "second loss is measured, and the largest f1 / f0 that it attained on a function of the class. It is certified "
        f"never to ascend where it measures at these multiples of |gradient| / L: {where}; elsewhere it ascends by up "
        f"to {worst:.3g}."
        + (f" At mu/L = {listed(f'{x:g}' for x in none)} no place that was tried is safe." if none else "")
    )


RECIPE = Recipe(
    "F25",
    "worst",
    "The worst step, certified and attained",
    None,
    draw,
    ("vaswani2019", "mutschler2020", "mutschler2022"),
    measure,
    reads=("proofs_check",),
    extra="proofs",
)
