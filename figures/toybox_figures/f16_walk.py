"""F16: the loss between iterates, barriers, and the floor of the valley (A Walk with SGD, figs. 1 and 4, table 1)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from toybox.quotations import quote

from .recipe import Recipe, Table, show_zeros
from .words import listed


class Walk(NamedTuple):
    """SGD on a problem; ``epoch``: steps that are counted together."""

    title: str
    problem: str
    options: dict[str, Any]
    rate: float
    batch: int
    epoch: int
    start: float = 1.0  # of the first iterate, times the problem's own


WALKS = (
    Walk("kernel logistic, mushrooms: convex", "mushrooms", {"sigma": 2.0}, 4.0, 32, 25),
    Walk("tanh network, digits", "digits", {"hidden": (16,)}, 1.0, 20, 20),
    Walk("factorization, rank 1, near its saddle", "factorization", {"rank": 1}, 0.3, 1, 25, 0.1),
)
SIZES = {  # rows of mushrooms and of digits; epochs; seeds of the first two and of the last
    "smoke": (1000, 500, 4, 1, 4),
    "default": (1000, 500, 20, 2, 80),
    "full": (1000, 500, 100, 10, 800),
}
SHOWN = 40  # iterations in the upper panels, as published
SHARES = {  # series -> color, marker, dash
    "a minimum inside": ("#0072B2", "o", "-"),
    "the floor rises": ("#D55E00", "s", (0, (5, 1.5))),
    "a barrier, exact": ("#222222", "D", ":"),
    "a barrier, by 10 points": ("#CC79A7", "X", "-."),
}
NEVER = 3e-5  # where shares of exactly 0 are drawn


def measure(size: str):
    import polars as pl

    rows: list[tuple] = []
    for walk in WALKS:
        rows += [(walk.title, *row) for row in walked(walk, *SIZES[size])]
    return pl.DataFrame(rows, schema=["panel", "row", "series", "x", "y"], orient="row")


def walked(walk: Walk, mushrooms: int, digits: int, epochs: int, few: int, many: int) -> list[tuple]:
    import toybox as tb
    from toybox.analysis.barriers import path, segments

    data = {"mushrooms": {"rows": mushrooms}, "digits": {"rows": digits}}.get(walk.problem, {})
    problem = tb.problem(walk.problem, **walk.options, **data)
    seeds = np.arange(few if data else many)
    steps = max(epochs * walk.epoch, 2 * SHOWN)
    optimizer = tb.method("sgd", rate=walk.rate)
    theta = walk.start * problem.xp.to_host(problem.initial(seeds))
    found = segments(problem, path(problem, optimizer, steps=steps, batch=walk.batch, seeds=seeds, theta=theta))
    shown = int((found.barriers[:SHOWN] > 0).any(axis=0).argmax())  # the first seed with a barrier, else the first
    rows: list[tuple] = []
    for name, first in (("early", 0), ("late", steps - SHOWN)):
        t = np.arange(first, first + SHOWN)
        x = (t[:, None] + np.linspace(0, 1, found.along.shape[-1])).ravel()
        y = (found.loss[t, shown, None] + found.along[t, shown]).ravel()
        rows += [(name, "loss", *pair) for pair in zip(x, y, strict=True)]
        lowest = zip(t + found.place[t, shown], found.floor[t, shown], strict=True)
        rows += [(name, "floor", *pair) for pair in lowest]
        crossed = t[found.barriers[t, shown] > 0]
        rows += [(name, "crossed", float(t), float((found.loss + found.highest)[t, shown])) for t in crossed]
    events = found.inside[:-1], found.rises, found.barriers[:-1] > 0, found.sampled[:-1]
    for name, happens in zip(SHARES, events, strict=True):
        for first in range(0, steps - 1, walk.epoch):
            part = happens[first : first + walk.epoch]
            rows.append(("shares", name, first + len(part) / 2, float(part.mean())))
        rows.append(("total", name, float(happens.size), float(happens.sum())))
    highest = np.nanmax(np.where(np.isnan(found.height), 0.0, found.height / found.loss))
    rows += [("facts", "highest", 0.0, float(highest)), ("facts", "not exact", 0.0, float((~found.exact).sum()))]
    rows += [("facts", "unmoved", 0.0, float((~found.moved).sum())), ("facts", "seeds", 0.0, float(len(seeds)))]
    return rows


def draw(results, overlay=True, cost="steps"):
    import matplotlib.pyplot as plt
    import polars as pl

    figure, axes = plt.subplots(3, 3, figsize=(12, 7.8), layout="constrained", height_ratios=[3, 3, 2.6])
    table, facts = Table(), {}
    for column, walk in zip(axes.T, WALKS, strict=True):
        chosen = results.filter(pl.col("panel") == walk.title)
        series = {
            key: (f["x"].to_numpy(), f["y"].to_numpy())
            for key, f in chosen.group_by("row", "series", maintain_order=True)
        }
        facts[walk.title] = {name: (x[0], y[0]) for (row, name), (x, y) in series.items() if row in ("total", "facts")}
        for ax, row in zip(column, ("early", "late"), strict=False):
            x, y = series[row, "loss"]
            for t in range(round(x[0]), round(x[-1]) + 1):
                ax.axvline(t, color="#E0E0E0", lw=0.6, zorder=0.5)
            ax.plot(x, y, color="#0072B2", lw=1.2, label="loss on all data, 10 points per step")
            ends = np.abs(x - np.round(x)) < 1e-9
            ax.plot(x[ends], y[ends], ".", color="#0072B2", ms=3.5)
            low = series[row, "floor"]
            ax.plot(*low, color="#D55E00", ls=(0, (4, 1.5)), lw=1.2, label="minimum of each step: the floor")
            for at, top in zip(*series.get((row, "crossed"), ((), ())), strict=True):
                ax.annotate(
                    "barrier", (at + 0.5, top), xytext=(0, -26), textcoords="offset points", ha="center", fontsize=7.5,
                    arrowprops={"arrowstyle": "->", "lw": 0.8},
                )  # fmt: skip
                table.add(f"{walk.title}, {row}", "crossed", [at], [top], [top], [top])
            ax.grid(visible=False, axis="x")
            ax.set_xlim(x[0], x[-1])
            table.add(f"{walk.title}, {row}", "loss", x, y, y, y)
            table.add(f"{walk.title}, {row}", "floor", *low, low[1], low[1])
        ax = column[2]
        ax.set_yscale("log")
        for name, (color, marker, dash) in SHARES.items():
            x, y = series["shares", name]
            table.add(f"{walk.title}, shares", name, x, y, y, y)
            ax.plot(
                x, show_zeros(ax, y, NEVER), color=color, marker=marker, ls=dash, ms=6 if marker == "D" else 4, lw=1.2,
                markevery=max(1, len(x) // 10), label=name, mfc="none" if marker == "D" else color,
            )  # fmt: skip
        ax.set_ylim(NEVER / 5, 1.5)
        ax.set_xlabel("iteration")
        column[0].set_title(walk.title)
    for ax, label in zip(
        axes[:, 0], ("loss, first 40 iterations", "loss, last 40 iterations", "share of steps"), strict=True
    ):
        ax.set_ylabel(label)
    handles = [*zip(*axes[0, 0].get_legend_handles_labels(), strict=True)]
    handles += [*zip(*axes[2, 0].get_legend_handles_labels(), strict=True)]
    figure.legend(*zip(*handles, strict=True), loc="outside upper center", ncols=3)
    return figure, table, caption(facts)


def caption(facts) -> str:
    cases = [facts[walk.title] for walk in WALKS]
    inside, rise, exact, sampled = SHARES

    each = lambda f: listed(f(case) for case in cases)
    percent = lambda name: each(lambda case: f"{100 * case[name][1] / case[name][0]:.0f}") + " %"
    count = lambda name: each(lambda case: f"{case[name][1]:.0f} (of {case[name][0]:.0f})")
    runs = "; ".join(
        f"{w.problem}, rate {w.rate:g}, batches of {w.batch}, {w.epoch} steps counted together" for w in WALKS
    )
    return CAPTION.format(
        runs=runs,
        shown=SHOWN,
        seeds=each(lambda case: f"{case['seeds'][1]:.0f}"),
        inside=percent(inside),
        rise=percent(rise),
        exact=count(exact),
        sampled=count(sampled),
        highest=f"{100 * max(case['highest'][1] for case in cases):.2g}",
        over=quote("moved over"),
        few=quote("few barriers"),
    )


CAPTION = (
    "The loss on all data between the iterates of SGD ({runs}). Lowest panels: shares of the steps of {seeds} seeds "
    "together. Compare A Walk with SGD, fig. 1: the lowest point is inside of {inside} of the steps, and the dashed "
    "floor goes up in {rise}. Section 3 there calls such a rise {over}. It is no sign of one: the floor of the convex "
    "problem rises, too, where no barrier can exist. It is the noise of the batches; descent on all data with a rate "
    "up to 2 / (largest eigenvalue) never raises the floor of a quadratic (claims WALK-09, WALK-10). Steps with a "
    "barrier, an interior maximum above both ends: {exact} in the three columns, by all stationary points of the "
    "line; ten points, as published, see {sampled}. The highest has {highest} % of the loss (l* - (l_t + l_t+1)/2; "
    "the height of section 3 has the other sign). Of deep networks table 1 has that {few}. The third walk starts near "
    "a saddle with batches of one sample to meet some; a column shows the first seed that has one in its first "
    "{shown} steps, else the first seed."
)

RECIPE = Recipe(
    "F16",
    "walk",
    "Between the iterates: valleys, their floor, and barriers",
    None,
    draw,
    ("xing2018", "mutschler2022"),
    measure,
)
