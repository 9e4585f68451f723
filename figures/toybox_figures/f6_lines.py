"""F6: the losses along the lines of a run: all data, other batches, and the batch that gave the direction
(dissertation, figs. 4.13 and 5.2)."""

from __future__ import annotations

from typing import Any

import numpy as np

from toybox.quotations import quote

from .recipe import Recipe, Table
from .words import listed, span

SIGMA = 2.0  # of the kernel
PROBLEMS: dict[str, Any] = {  # title -> problem, options, rate and batch of SGD
    "mushrooms, RBF kernel": ("mushrooms", {"sigma": SIGMA}, 0.2, 100),
    "digits, tanh network": ("digits", {"hidden": (16,)}, 0.5, 64),
    "factorization, rank 4": ("factorization", {"rank": 4}, 0.05, 100),
}
PUBLISHED: dict[str, Any] = {"sigma": 0.5, "rate": 50.0, "batch": 100, "reach": 8.0}  # reach: in Newton steps
STEPS = {"early": 2, "middle": 40, "late": 500}
SIZES = {  # rows of mushrooms, other batches and points of a drawn line, counted lines, seeds of these
    "smoke": (500, 10, 41, 12, 2),
    "default": (2000, 100, 101, 60, 3),
    "full": (None, 500, 201, 500, 10),
}
QUANTILES = {"lowest": 0.0, "quartile 1": 0.25, "median": 0.5, "quartile 3": 0.75, "highest": 1.0}
OTHERS = 20  # other batches on every counted line
REACH = 4.0  # of the counted lines, in Newton steps
VALUES = (("slopes", "s"), ("slopes", "y"), ("s_opt", "s"))
LOOK = {"all data": ("#D55E00", "-", "o"), "its own batch": ("#009E73", (0, (5, 1.5)), "s")}


def measure(size: str):
    import polars as pl

    import toybox as tb

    data, others, points, counted, seeds = SIZES[size]
    rows: list[tuple] = []
    for title, (name, options, rate, batch) in PROBLEMS.items():
        problem = tb.problem(name, **options, **({"rows": data} if name == "mushrooms" else {}))
        run = {"problem": problem, "optimizer": tb.method("sgd", rate=rate), "batch": batch, "unit": "newton"}
        rows += [(title, *row) for row in drawn(run, others, points)]
        rows += [(title, -1, *row) for row in shares(run, counted, range(seeds))]
    rows += [("published kernel", -1, *row) for row in endless(data, counted)]
    return pl.DataFrame(rows, schema=["problem", "t", "series", "s", "y"], orient="row")


def drawn(run, others, points):
    """The chosen lines as (t, series, s, loss), s in multiples of the optimum of the full loss."""
    from toybox.analysis import sample

    first = sample(**run, steps=max(STEPS.values()) + 1, at=STEPS.values(), window=(-3.0, 10.0), points=131)
    optima = first.arc(first.optimum)[:, 0]
    reach = np.where(
        np.isfinite(optima), np.abs(optima), first.arc(np.ones_like(first.optimum))[:, 0]
    )  # without a minimum: a Newton step
    rows: list[tuple] = []
    for t, s_opt, unit in zip(map(int, first.t), optima, reach, strict=True):
        lines = sample(
            **run | {"unit": "arc"}, steps=t + 1, at=[t], window=(-unit, 3 * unit), points=points, others=others
        )
        spread = np.quantile(lines.others_loss[0, :, 0, None] + lines.others[0, :, 0], [*QUANTILES.values()], axis=0)
        curves = dict(zip(QUANTILES, spread, strict=True))
        curves["all data"] = lines.loss[0, 0] + lines.full[0, 0]
        curves["its own batch"] = lines.batch_loss[0, 0] + lines.batch[0, 0]
        rows += [(t, name, s, y) for name, ys in curves.items() for s, y in zip(lines.s / unit, ys, strict=True)]
        rows += [(t, "s_opt", s_opt, lines.loss[0, 0] + lines.lowest[0, 0])]
        rows += [(t, "taken", lines.taken[0, 0] / unit, 0.0), (t, "other batches", others, 0.0)]
        rows += [(t, "slopes", lines.slope[0, 0], lines.batch_slope[0, 0])]
    return rows


def shares(run, counted, seeds):
    """Shares of many lines on which the own batch is steeper at 0 and, after a Newton step, has fallen by more, is
    lower, and is the lowest; and, where that of all data has its minimum ahead, how many times as far its own is in the
    median, infinitely where it is out of reach."""
    from toybox.analysis import sample

    steps = max(STEPS.values()) + 1
    at = np.unique(np.linspace(0, steps - 1, counted).round().astype(int))
    lines = sample(**run, steps=steps, at=at, seeds=seeds, window=(-1.0, REACH), points=int(REACH) + 2, others=OTHERS)
    there = int(np.argmin(np.abs(lines.s - 1)))
    own, full = lines.batch[..., there], lines.full[..., there]
    raw, others = lines.batch_loss + own, lines.others_loss + lines.others[..., there]
    ahead = lines.optimum > 0
    further = np.nan_to_num(lines.batch_optimum / lines.optimum, nan=np.inf)[ahead]
    found = {
        "steeper": (lines.batch_slope < lines.slope).mean(),
        "falls more": (own < full).mean(),
        "lower": (raw < lines.loss + full).mean(),
        "lowest": (raw < others.min(axis=1)).mean(),
        "ratio": np.median(further),
        "ahead": ahead.sum(),
        "counted": full.size,
    }
    return [(name, 0.0, float(value)) for name, value in found.items()]


def endless(data, counted):
    """The share of the first lines of SGD, with the published kernel, on which the loss on all data has no minimum."""
    import toybox as tb
    from toybox.analysis import sample

    problem = tb.problem("mushrooms", sigma=PUBLISHED["sigma"], rows=data)
    method, window = tb.method("sgd", rate=PUBLISHED["rate"]), (-1.0, PUBLISHED["reach"])
    lines = sample(problem, method, steps=counted, batch=PUBLISHED["batch"], unit="newton", window=window, points=21)
    return [
        ("without minimum", 0.0, float(np.isnan(lines.optimum).mean())),
        ("counted", 0.0, float(lines.optimum.size)),
    ]


def draw(results, overlay=True, cost="steps"):
    import matplotlib.pyplot as plt
    import polars as pl

    figure, axes = plt.subplots(len(PROBLEMS), len(STEPS), figsize=(10.5, 8.2), layout="constrained", sharex=True)
    table = Table()
    for row, title in zip(axes, PROBLEMS, strict=True):
        for ax, (name, t) in zip(row, STEPS.items(), strict=True):
            chosen = results.filter((pl.col("problem") == title) & (pl.col("t") == t))
            parts = chosen.group_by("series", maintain_order=True)
            panel(ax, {key: (f["s"].to_numpy(), f["y"].to_numpy()) for (key,), f in parts}, table, f"{title}, step {t}")
            slope, own, s_opt = (chosen.filter(pl.col("series") == key)[of][0] for key, of in VALUES)
            says = "steeper" if own < slope else "flatter"
            found = f"s_opt = {s_opt:.2g}" if np.isfinite(s_opt) else "no minimum: s in Newton steps"
            ax.set_title(f"{name}: step {t}, {found}, own batch {says}", fontsize=8, weight="normal")
        row[0].set_ylabel(f"{title}\nloss")
    for ax in axes[-1]:
        ax.set_xlabel("step s, in multiples of s_opt")
    for title, _, name, _, y in results.filter(pl.col("t") == -1).iter_rows():
        table.add(f"{title}, counted lines", name, [0], [y], [y], [y])
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names))
    return figure, table, caption(results)


def panel(ax, series, table: Table, name: str) -> None:
    for key, (s, y) in series.items():
        table.add(name, key, s, y, y, y)
    s = series["median"][0]
    ax.fill_between(
        s,
        series["lowest"][1],
        series["highest"][1],
        color="#0072B2",
        alpha=0.16,
        lw=0,
        label="other batches, lowest to highest",
    )
    for key in ("quartile 1", "median", "quartile 3"):
        label = "their median (quartiles dotted)" if key == "median" else "_" + key
        ax.plot(s, series[key][1], color="#222222", lw=0.8, ls="-" if key == "median" else ":", label=label)
    for key, (color, dash, marker) in LOOK.items():
        y = series[key][1]
        best = int(y.argmin())
        label = f"{key}, with its minimum"
        inside = [best] if 0 < best < len(y) - 1 else []
        ax.plot(s, y, color=color, ls=dash, lw=1.8, marker=marker, markevery=inside, ms=6, label=label, zorder=4)
    taken = series["taken"][0][0]
    ax.axvline(0, color="#8A8A8A", lw=0.8)
    ax.axvline(taken, color="#8A8A8A", lw=1.0, ls=(0, (4, 2)), label="step that SGD took")
    ax.set_xlim(-1, 3)


def caption(results) -> str:
    import polars as pl

    lines, counted, each, taken = [], results.filter(pl.col("t") == -1), {}, []
    for title, (_, _, rate, batch) in PROBLEMS.items():
        chosen = results.filter(pl.col("problem") == title)
        taken.append(span(chosen.filter(pl.col("series") == "taken")["s"]))
        part = chosen.filter(pl.col("t") == -1)
        found = each[title] = dict(zip(part["series"], part["y"], strict=True))
        shares = " | ".join(f"{100 * found[name]:.1f} %" for name in ("steeper", "falls more", "lower", "lowest"))
        many = f"{found['counted']:.0f} lines"
        ratio = f"{found['ratio']:.1f} ({found['ahead']:.0f} lines)"
        lines.append(f"| {title}, rate {rate:g}, batch {batch}, {many} | {shares} | {ratio} |")
    others = int(results.filter(pl.col("series") == "other batches")["s"][0])
    published = counted.filter(pl.col("problem") == "published kernel")
    published = dict(zip(published["series"], published["y"], strict=True))
    share = lambda name: listed(f"{100 * found[name]:.0f} %" for found in each.values())
    return (
        f"Losses along {len(PROBLEMS) * len(STEPS)} lines of SGD (compare the dissertation's figs. 4.13 and 5.2). "
        "Orange: all data; green: the batch whose gradient is the direction; blue: from the lowest to the highest of "
        f"{others} other batches of the same size. Markers: minima. s_opt: arc length of the minimum on all data, the "
        f"unit of the axes; the step taken (dashed upright) is {listed(taken)} of these, row by row. Of the green line "
        f"section 5.3 says that around 0 it is {quote('steeper')}, and that {quote('lower and steeper')}. Here, also "
        f"without momentum, it is steeper than all data on {share('steeper')} of the lines of the three problems; "
        f"after a Newton step it is lower than all data on {share('lower')}, and lower than each of {OTHERS} other "
        f"batches on {share('lowest')}. A batch is steeper just where its gradient lies outside of the ball whose "
        "diameter is the gradient of all data (claim SGD-03), as noise in many dimensions makes likely; how far it "
        "falls, and whether it is lower, depends also on how it bends and how high it is at 0.\n\n"
        "| own batch | steeper at 0 | falls by more than all data in a Newton step | lower there than all data | "
        f"lower than each of {OTHERS} other batches | its optimum over s_opt, median |\n|---|---|---|---|---|---|\n"
        + "\n".join(lines)
        + "\n\nA Newton step is |slope| / |curvature| at 0, of the loss on all data; the last column is of lines with "
        f"s_opt within {REACH:g} Newton steps ahead, and counts an own optimum beyond them as infinite. The kernel is "
        f"wider than the published one (sigma {SIGMA:g} instead of {PUBLISHED['sigma']:g}): with that, "
        f"{100 * published['without minimum']:.0f} % of the first {published['counted']:.0f} lines of a run (rate "
        f"{PUBLISHED['rate']:g}) have no minimum within {PUBLISHED['reach']:g} Newton steps."
    )


RECIPE = Recipe(
    "F6", "lines", "Losses along lines: the batch that gives the direction is special", None, draw,
    ("mutschler2021", "mutschler2022", "schlimmer1987", "alpaydin1998", "vaswani2019"), measure,
)  # fmt: skip
