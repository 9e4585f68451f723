"""F19: which hyper-parameter matters: the published grids in full (dissertation, figs. 4.7-4.9, A.6, A.7, 6.8, 6.9)."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from toybox.quotations import quote
from toybox.zoo import METHODS, defaults

from .recipe import LOOKS, Recipe, Table

# The grids of appendices A.2.3 and C.4.1 together. A.2.3's last two mu, printed 10^-.1 and 10^-.15, are read as 10^-1
# and 10^-1.5 (as in section 4.5.3). Added: for PAL beta .2, alpha 1.4, s_max 10 (fig. A.6) and 1; for SLS no largest
# step; for LABPAL one batch, reuse 10 and 100 (runs are shorter here; 5000 is left out), alpha 2.2, s_max 10 (section
# 6.4.4). Left out: momenta of GOLS-I and PLS and GOLS-I's factor .2, which ours do not have.
FIRST, RATES = [0.001, 0.01, 0.1, 1.0], [0.0001, 0.001, 0.01, 0.1]
WHOLE = {"approximation_batches": [1, 5, 10], "reuse": [10, 100, 1000]}  # never arrays: a run for each value
LABPAL: dict[str, list] = WHOLE | {"alpha": [1.0, 1.8, 1.9, 2.2], "momentum": [0.0, 0.4, 0.9], "s_max": [1.0, 10.0]}
MU, ALPHA = [0.01, 10**-1.5, 0.1, 10**-0.5, 1.0], [1.0, 1.25, 1.4, 1.66]
GRIDS: dict[str, dict[str, list]] = {
    "pal": {"mu": MU, "alpha": ALPHA, "beta": [0.0, 0.2, 0.4, 0.9], "s_max": [1.0, 3.16, 10.0]},
    "sls": {"first": FIRST, "beta": [0.9, 0.99], "gamma": [2.0, 2.5], "c": [0.01, 0.1], "max_step": [10.0, np.inf]},
    "golsi": {"first": FIRST, "c2": [0.9, 0.99]},
    "pls": {"first": FIRST, "c1": [0.3, 0.4], "threshold": [0.1, 0.2]},
    **dict.fromkeys(("labpal-sgd", "labpal-nsgd"), LABPAL),
    "momentum": {"rate": [*RATES, 1.0], "beta": [0.0, 0.4, 0.85, 0.9, 0.95]},
    "adam": {"rate": [*RATES, 1.0], "beta1": [0.9, 0.95]},
    "rmsprop": {"rate": RATES, "decay": [0.9, 0.95]},
    "sgd-hd": {"rate": FIRST[:-1], "hyper_rate": RATES},
    "ali-g": {"max_rate": [0.01, 0.1, 1.0, 10.0], "momentum": [0.85, 0.9, 0.95]},
    "cocob": {"alpha": [25.0, 50.0, 75.0, 100.0, 125.0, 150.0, 175.0, 200.0]},
}
FIXED = {name: {"schedule": "piecewise"} for name in ("momentum", "adam", "rmsprop")} | {"sls": {"tries": 1000}}
DRAWING = ("golsi", "pls", "labpal-sgd", "labpal-nsgd")  # more than one batch a step
PANELS = {"factorization, rank 10": {"rank": 10}, "mushrooms": {}, "factorization, rank 4": {"rank": 4}}  # options
NOISY = "factorization, rank 4"  # its loss is taken above the floor
LIMITS = {panel: (1e-8, 3.0) if panel == NOISY else (1e-34, 100.0) for panel in PANELS}  # from 1 upwards: lost runs
ROUNDING = 1e-30  # a lower median counts as this where medians are compared
TITLES = (
    "How much each hyper-parameter matters: worst over best median (outlined: called insensitive)",
    "Each method over its whole grid (as figs. 4.7 to 4.9); red: lost runs, above their start or not finite",
    "PAL: one hyper-parameter on x, all others in the box; diamonds: all others at their defaults (as figs. A.6, A.7)",
    f"LABPAL&SGD (left) and LABPAL&NSGD (right) on {NOISY} (as figs. 6.8, 6.9)",
)
COLORS = {method: LOOKS[method].color for method in GRIDS} | {"labpal-nsgd": "#C08BE0"}
NAMES = {method: LOOKS[method].name.split(" (")[0] for method in GRIDS} | {"momentum": "SGD"}


def study(size: str):
    from toybox.study import Run, Study

    seeds, steps, rows = {"smoke": (1, 20, 250), "default": (3, 400, 1250), "full": (10, 400, 5000)}[size]
    runs: list = []
    for panel, method in product(PANELS, GRIDS):
        options, every = PANELS[panel] or {"rows": rows}, 5 if method in DRAWING else None
        what = {"problem": panel.split(",")[0], "options": options, "method": method, "label": panel, "every": every}
        runs += [Run(**what, hyper=hyper, steps=steps, batch=100, seeds=seeds) for hyper in lattices(method)]
    return Study(name="F19", runs=runs)


def lattices(method: str) -> list[dict]:
    """The hyper-parameters of each run: every array along an axis of its own, so that lanes are all combinations."""
    whole = {name: values for name, values in GRIDS[method].items() if name in WHOLE}
    arrays = {name: values for name, values in GRIDS[method].items() if name not in WHOLE}
    axes = {name: axis.tolist() for name, axis in zip(arrays, np.ix_(*arrays.values()), strict=True)}
    return [FIXED.get(method, {}) | axes | dict(zip(whole, chosen, strict=True)) for chosen in product(*whole.values())]


def ends(result):
    """One row per lane: its hyper-parameters and its end, which is the full loss (in one panel above the floor) at the
    last look before more batches are drawn than the run has steps; inf, lost: not finite, or above its start."""
    import polars as pl

    run, names = result.run, list(GRIDS[result.run.method])
    frame = result.frame.rename({"beta": "momentum"} if run.method.startswith("labpal") else {})  # its direction's
    frame = frame.with_columns(pl.lit(float(run.hyper[name])).alias(name) for name in WHOLE if name in names)
    loss, dead = pl.col("full_loss").drop_nulls(), (pl.col("status") == "NONFINITE").any()
    lanes = frame.filter(pl.col("batches") <= run.steps).group_by("seed", *names, maintain_order=True)
    seen = lanes.agg(loss.first().alias("before"), loss.last().alias("after"), dead.alias("dead"))
    after, floor = seen["after"].to_numpy(), result.meta["floor"] if run.label == NOISY else 0.0
    lost = seen["dead"].to_numpy() | ~(after <= seen["before"].to_numpy())
    return seen.select(*names, pl.Series("end", np.where(lost, np.inf, after - floor)))


def by_value(lanes, name: str, usual: dict | None = None) -> dict[float, np.ndarray]:
    """The ends for each value of a parameter, over the seeds and all other parameters, or with these as usual."""
    if usual:
        lanes = lanes.filter(*(lanes[other] == usual[other] for other in lanes.columns[:-1] if other != name))
    return {value: lanes.filter(lanes[name] == value)["end"].to_numpy() for value in lanes[name].unique().sort()}


def five(ends) -> np.ndarray:
    """Least, lower quartile, median, upper quartile, largest: each the end of one lane."""
    return np.quantile(ends, [0, 0.25, 0.5, 0.75, 1], method="nearest")


def medians(lanes, name: str, usual: dict | None = None) -> dict[float, float]:
    """The median end for each value of a parameter; what is below rounding counts as that."""
    return {value: max(float(five(ends)[2]), ROUNDING) for value, ends in by_value(lanes, name, usual).items()}


def factor(lanes, name: str, usual: dict | None = None) -> float:
    """The worst over the best median of a parameter's values: inf where one is lost, nan where all are."""
    found = medians(lanes, name, usual).values()
    return max(found) / min(found)


def text(value: float) -> str:
    """A factor in a few characters."""
    if not np.isfinite(value):
        return "lost" if np.isnan(value) else "∞"
    power = f"{np.log10(value):.0f}".translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{value:.1f}" if value < 9.95 else f"{value:.0f}" if value < 999.5 else f"10{power}"


def draw(results, overlay=True, cost="steps"):
    import matplotlib.pyplot as plt

    found: dict[tuple, Any] = {}
    for result in results:
        key, lanes = (result.run.label, result.run.method), ends(result)
        found[key] = found[key].vstack(lanes) if key in found else lanes
    factors = {(p, m, name): factor(lanes, name) for (p, m), lanes in found.items() for name in GRIDS[m]}
    figure, table = plt.figure(figsize=(13, 12), layout="constrained"), Table()
    rows: Any = figure.subfigures(4, 1, height_ratios=[1.55, 3, 3, 2.75], hspace=0.02)
    for row, title in zip(rows, TITLES, strict=True):
        row.suptitle(title, x=0.005, ha="left", fontsize=10, weight="bold")
    strip(rows[0].subplots(), factors, table)
    for panel, above, below in zip(PANELS, rows[1].subplots(1, 3), rows[2].subplots(1, 3), strict=True):
        for x, method in enumerate(GRIDS):
            boxes(above, panel, method, [x], 0.62, [found[panel, method]["end"].to_numpy()], table, "methods", [x])
        above.set_title(panel, pad=18)
        furnish(above, panel, dict(enumerate(NAMES.values())))
        parameters(below, panel, ["pal"], found, factors, table)
    parameters(rows[3].subplots(), NOISY, ["labpal-sgd", "labpal-nsgd"], found, factors, table)
    return figure, table, caption(results, found, factors)


def strip(ax, factors, table):
    """A cell for each problem and parameter, dark where the parameter matters, grey where all its values are lost."""
    columns = [(method, name) for method, grid in GRIDS.items() for name in grid]
    values = np.array([[factors[panel, *column] for column in columns] for panel in PANELS])
    decades = np.log10(np.minimum(values, 1e300))
    ax.pcolormesh(decades, cmap="Oranges", vmin=0, vmax=8, edgecolors="w", linewidth=1.5)
    style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 8}
    for (row, column), value in np.ndenumerate(values):
        ax.text(column + 0.5, row + 0.53, text(value), color="w" if value > 1e5 else "k", **style)
    for method, grid in GRIDS.items():
        start = columns.index((method, next(iter(grid))))
        ax.text(start + len(grid) / 2, -0.3, NAMES[method], color=COLORS[method], weight="bold", **style)
        ax.axvline(start, color="k", lw=1.2 if start else 0)
    outline = columns.index(("pal", "alpha")) + 3 * np.array([0, 1, 1, 0, 0])  # alpha to s_max, see A.2.2
    ax.plot(outline, 3 * np.array([0, 0, 1, 1, 0]), color="k", lw=2.2, clip_on=False)
    ax.set(yticks=np.arange(len(PANELS)) + 0.5, yticklabels=list(PANELS), xticks=np.arange(len(columns)) + 0.5)
    ax.set_xticklabels(
        [name.removeprefix("approximation_") for _, name in columns], rotation=50, ha="right", rotation_mode="anchor"
    )
    ax.set(facecolor="#D9D9D9", ylim=(len(PANELS), 0))
    ax.tick_params(length=0, pad=1, grid_alpha=0)
    ax.spines[:].set_visible(False)
    for panel, row in zip(PANELS, values, strict=True):
        table.add("worst over best median", panel, range(len(columns)), row, row, row)


def parameters(ax, panel, shown, found, factors, table):
    """A box for each value of each parameter, beside one another for the methods shown."""
    ticks: dict[float, str] = {}
    start, width = 0.0, 0.62 / len(shown)
    for name, values in GRIDS[shown[0]].items():
        x = start + np.arange(len(values))
        for i, method in enumerate(shown):
            lanes, at = found[panel, method], x + (i - (len(shown) - 1) / 2) * 1.4 * width
            boxes(ax, panel, method, at, width, by_value(lanes, name).values(), table, name, values)
            usual = np.array([five(e)[2] for e in by_value(lanes, name, defaults(METHODS[method])).values()])
            ax.plot(at, np.clip(usual, *LIMITS[panel]), "D", ms=3.6, mfc="w", mec="k", mew=0.8, zorder=4)
            table.add(f"{panel}: {name}", f"{NAMES[method]}: others at default", values, usual, usual, usual)
        told = f"\n\n\n{name}\nfactor " + ", ".join(text(factors[panel, method, name]) for method in shown)
        ax.text(x.mean(), LIMITS[panel][0], told, ha="center", va="top", weight="bold")
        ticks |= {a: f"{v:.1g}"[1:] if 0 < v < 1 else f"{v:g}" for a, v in zip(x, values, strict=True)}
        start = x[-1] + 1.6
    furnish(ax, panel, ticks)


def boxes(ax, panel, method, x, width, found, table, title, values):
    """Quartiles as boxes with their median, least and largest as lines, lost runs counted above; cut at the limits."""
    style = {"ha": "center", "va": "bottom", "fontsize": 6, "color": "#B22222", "linespacing": 0.9}
    for at, ends in zip(x, found, strict=True):
        least, lower, median, upper, largest = np.clip(five(ends), *LIMITS[panel])
        sides, color, lost = [at - width / 2, at + width / 2], COLORS[method], np.isinf(ends).sum()
        ax.plot([at, at], [least, largest], color=color, lw=1.0, zorder=2)
        ax.fill_between(sides, lower, upper, fc=color, ec=color, alpha=0.35, lw=0.8, zorder=2.5)
        ax.plot(sides, [median, median], color=color, lw=2.4, solid_capstyle="butt", zorder=3)
        if lost:
            ax.text(at, LIMITS[panel][1] ** 1.4, f"{lost}\nof {len(ends)}", **style)
    least, lower, median, upper, largest = np.array([five(ends) for ends in found]).T
    for what, numbers in (("quartiles", (median, lower, upper)), ("least and largest", (median, least, largest))):
        table.add(f"{panel}: {title}", f"{NAMES[method]}: {what}", values, *numbers)
    table.add(f"{panel}: {title}", f"{NAMES[method]}: share lost", values, *[[np.isinf(e).mean() for e in found]] * 3)


def furnish(ax, panel, ticks):
    ax.set(yscale="log", ylim=LIMITS[panel], ylabel="final loss" + (" above the floor" if panel == NOISY else ""))
    ax.axhspan(1, LIMITS[panel][1], color="#F6DCDC", lw=0, zorder=0)
    ax.set_xticks(list(ticks), list(ticks.values()), rotation=50, ha="right", rotation_mode="anchor")
    ax.set_xlim(min(ticks) - 0.7, max(ticks) + 0.7)
    ax.grid(axis="x", visible=False)


def caption(results, found, factors) -> str:
    run, rows = results[0].run, {result.run.label: result.meta["size"] for result in results}["mushrooms"]
    over = lambda number, mark=", ": mark.join(str(number(panel)) for panel in PANELS)
    capped = [np.mean(r.meta["statuses"].get("CAPPED", 0)) / run.steps for r in results if r.run.method == "pal"]

    def told(panel, name):
        best, usual = medians(found[panel, "pal"], name), factor(found[panel, "pal"], name, defaults(METHODS["pal"]))
        return f"{text(factors[panel, 'pal', name])} ({text(usual)}), {min(best, key=best.__getitem__):.3g}"

    def places(of):
        """PAL's places among the methods, 1 the least, by a number for lower quartile, median, upper quartile."""
        score = {key: of(*(max(float(end), ROUNDING) for end in five(x["end"])[1:4])) for key, x in found.items()}
        return over(lambda p: 1 + sum(score[p, method] < score[p, "pal"] for method in GRIDS))

    def agree(name, a, b):
        both = [medians(lanes, name) for (_, method), lanes in found.items() if GRIDS[method] is LABPAL]
        return f"{name} {a:g} below {b:g} in {sum(x[a] < x[b] for x in both)} ({sum(x[a] == x[b] for x in both)} equal)"

    said = ", ".join(map(agree, LABPAL, (10, 10, 1.8, 0.4, 10), (1, 1000, 1, 0, 1)))
    longest, length = over(lambda p: text(factors[p, "sls", "max_step"])), ", ".join(f"{c:.1%}" for c in capped)
    table = [f"| PAL: factor (all else at its default), best value | {' | '.join(PANELS)} |", "|---" * 4 + "|"]
    table += [f"| {name} | {over(lambda p, name=name: told(p, name), ' | ')} |" for name in GRIDS["pal"]]
    return (
        "All combinations of the hyper-parameters that the dissertation searched (appendices A.2.3, C.4.1; with "
        f"values of which its figures A.6, 6.8, 6.9 speak), {len(run.seeds)} seeds: {sum(map(len, found.values())):,} "
        f"runs of {run.steps} batches ({rows} mushrooms). Boxes: quartiles over all else in the grid; lines: least to "
        "largest, cut at the axes; lost runs count as worst. Factors: worst over best median, medians below "
        f"{ROUNDING:g} being rounding; ∞: half of the runs with one value are lost; lost: with every value.\n\nOf PAL "
        f"the dissertation says that {quote('most sensitive')}, that alpha, beta and s_max {quote('usually low')}, "
        "alpha "
        f"1.4 being best (A.2.2), and that most experiments {quote('s_max')} (4.4.3). Here:\n\n"
        + "\n".join(table)
        + "\n\n"
        f"Of PAL's steps {length} are s_max long: where nearly all are, mu and alpha cannot matter and s_max decides. "
        f"Factors of SLS's max_step: {longest}. PAL is said to have {quote('low sensitivity')} (4.5.2): of "
        f"{len(GRIDS)} methods its median has place {places(lambda low, mid, high: mid)}, its quartiles' quotient "
        f"{places(lambda low, mid, high: high / low)}, the least first. LABPAL is said to end higher with few batches, "
        f"long reuse, alpha below 1.8, no momentum, small s_max (6.4.4); of our {2 * len(PANELS)} median pairs {said}."
    )


RECIPE = Recipe("F19", "sensitivity", "Which hyper-parameter matters", study, draw, ("mutschler2022",))
