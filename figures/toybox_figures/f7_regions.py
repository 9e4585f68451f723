"""F7: lines of real runs, the steps that conditions accept on them as exact sets, the trials of real searches, and
PAL's parabola with its three cases (dissertation, figs. 2.2, 4.1, 4.4, 4.5 and 5.6)."""

from __future__ import annotations

import numpy as np

from toybox.quotations import quote
from toybox.zoo import METHODS, defaults

from .recipe import Recipe, Table

C1, C2 = 0.1, 0.5
FIRST = 2.6  # first trial of all searches, in multiples of the first minimiser
LINES = {  # title -> problem, options, method of the run, batch, seed, step, window in multiples of the minimiser
    "quadratic: a parabola": ("quadratic", {}, "sgd", 10, 0, 60, 3.2),
    "factorization, rank 1: a quartic": ("factorization", {"rank": 1}, "pal", 100, 3, 6, 8.9),
    "logistic: a Chebyshev series": ("logistic", {}, "sls", 50, 2, 20, 5.0),
}
CONDITIONS = {  # row -> name in toybox.analysis.regions, constants, and the method that searches for it
    "Armijo": ("armijo", (C1,), "sls"),
    "Goldstein": ("goldstein", (C1,), "sls-goldstein"),
    "Wolfe": ("wolfe", (C1, C2), None),
    "strong Wolfe": ("strong_wolfe", (C1, C2), "strong-wolfe"),
    "GOLS-I": ("gols", (C2,), "golsi"),
}
SEARCHES = {  # all start at FIRST
    "sls": {"c": C1, "beta": 0.8, "reset": 0},
    "sls-goldstein": {"c": C1, "beta": 0.8, "max_step": 1e6},
    "strong-wolfe": {"c1": C1, "c2": C2},
    "golsi": {"c2": C2},
}
CASES = {  # title -> problem, options, method of the run, batch, seed, step, mu, window in arc lengths
    "PAL, case 1: a > 0, b < 0": ("factorization", {"rank": 1}, "pal", 100, 3, 6, 0.2, (-0.15, 1.5)),
    "case 2: a \N{LESS-THAN OR EQUAL TO} 0, b < 0": ("factorization", {"rank": 1}, "pal", 10, 15, 6, 0.5, (-0.3, 2.9)),
    "case 3: b = 0": ("alternating", {}, "pal", 1, 0, 2, 0.5, (-0.8, 0.8)),
}
SIZES = {"smoke": (60, 3, 6), "default": (400, 24, 20), "full": (2000, 100, 40)}  # points; seeds, steps of the census


def measure(size: str):
    import polars as pl

    points, seeds, steps = SIZES[size]
    rows = [(title, *row) for title, setup in LINES.items() for row in accepted(points, *setup)]
    rows += [(title, *row) for title, setup in CASES.items() for row in case(points, *setup)]
    rows += [("census", *row) for row in census(range(seeds), steps)]
    return pl.DataFrame(rows, schema=["panel", "series", "k", "s", "y"], orient="row")


def reached(name, options, method, batch, seed, t):
    """The point that a run reaches at step t, and how to take other steps from there on the same batch."""
    import toybox as tb
    from toybox.analysis import watch

    problem = tb.problem(name, **options)
    sampler = (lambda t, j: np.array([[0]])) if name == "alternating" else "fresh"
    point = watch(problem, tb.method(method), t, batch=batch, seeds=(seed,), sampler=sampler).ray.origin

    def step(method, **hyper):
        again = {"theta": point.theta, "batch": batch, "seeds": (seed,), "sampler": lambda t, j: point.sample}
        return watch(problem, tb.method(method, **hyper), 0, **again)

    return point, step


def rows_of(series, s, y):
    return [(series, k, float(a), float(b)) for k, (a, b) in enumerate(zip(s, y, strict=True))]


def accepted(points, name, options, method, batch, seed, t, reach):
    """A line, its accepted sets (pairs of ends), and trials, as (series, k, s, y): s in multiples of the first
    minimiser, y in multiples of what it gains."""
    from toybox.analysis import regions

    point, step = reached(name, options, method, batch, seed, t)
    best = step("exact")
    unit = float((best.step.size * best.ray.norm)[0])  # arc length to the first minimiser
    d = -point.gradient * (unit / best.ray.norm)[:, None]
    line = point.along(d)
    gain = -float(line.change(np.ones((1, 1)))[0, 0])
    phi, error = polynomial_or_series(line, reach)
    phi, error = phi / gain, error / gain
    grid = np.linspace(0, reach, points)
    rows = rows_of("line", grid, line.change(grid[None])[0] / gain)
    rows += [("slope0", 0, unit, float(line.slope0[0]) / gain)]
    for row, (condition, constants, _) in CONDITIONS.items():
        sets = regions.certified(getattr(regions, condition), phi, *constants, slope_error=error, window=(0.0, reach))
        for kind, found in zip(sets._fields, sets, strict=True):
            rows += rows_of(f"{row} {kind}", *np.reshape(found.pairs, (-1, 2)).T)
    first = FIRST * float(best.step.size[0])
    for search, hyper in (SEARCHES | {"pal": {}}).items():
        seen = step(search, **hyper, **({} if search == "pal" else {"first": first}))
        asked = [q for q in seen.questions if q.kind in ("change", "once", "slope", "both")]
        scale = float(seen.ray.norm[0]) / unit
        for kind, s in (("asked", [float(np.ravel(q.s)[0]) for q in asked]), ("taken", [float(seen.step.size[0])])):
            at = scale * np.array(s)
            rows += rows_of(f"{search} {kind}", at, line.change(at[None])[0] / gain)
    return rows


def polynomial_or_series(line, reach):
    """The line exactly, or its Chebyshev series and the error of its slope."""
    if hasattr(line, "polynomials"):
        return line.polynomials()[0], 0.0
    near = line.proxy((0.0, reach))
    return near.polynomials()[0], float(near.slope_error[0])


def case(points, name, options, method, batch, seed, t, mu, window):
    """A line, PAL's measurements and its step, as (series, k, arc length, change of the loss)."""
    point, step = reached(name, options, method, batch, seed, t)
    seen = step("pal", mu=mu)
    line = point.along(seen.ray.d if seen.ray.norm[0] > 0 else np.ones_like(point.theta))
    low, high = window
    grid = np.linspace(low, high, points)
    rows = rows_of("line", grid, line.change(grid[None])[0])
    rows += rows_of("asked", [0.0, mu], line.change(np.array([[0.0, mu]]))[0])
    rows += [("slope0", 0, 0.0, float(line.slope0[0])), ("questions", len(seen.questions), 0.0, 0.0)]
    s = seen.step.size[0] * seen.ray.norm[0]
    return rows + rows_of("taken", [s], line.change(np.array([[s]]))[0])


def census(seeds, steps):
    """Of the lines of PAL's own runs on the factorization of rank 1, every other step: how many there are, on how many
    a condition's set has several pieces, and on how many a <= 0."""
    import toybox as tb
    from toybox.analysis import regions, watch

    problem, count = tb.problem("factorization", rank=1), dict.fromkeys(["lines", "a <= 0", *CONDITIONS], 0)
    for t in range(0, steps, 2):
        seen = watch(problem, tb.method("pal"), t, batch=100, seeds=seeds, sampler="fresh")
        line, mu = seen.ray.line(), float(np.ravel(seen.rule.mu)[0])
        change = line.change(np.full((len(seeds), 1), mu))[:, 0]
        count["lines"] += len(seeds)
        count["a <= 0"] += int((change <= mu * line.slope0).sum())
        for phi in seen.ray.origin.along(seen.ray.d).polynomials():
            for name, (condition, constants, _) in CONDITIONS.items():
                count[name] += len(getattr(regions, condition)(phi, *constants).pairs) > 1
    return [(name, 0, 0.0, float(n)) for name, n in count.items()]


ACCEPTED, FITTED, SEEN = "#0072B2", "#D55E00", "#E69F00"
COLORS = {
    "Armijo": "#0072B2",
    "Goldstein": "#7E2F8E",
    "Wolfe": "#56B4E9",
    "strong Wolfe": "#117733",
    "GOLS-I": "#CC79A7",
}
TEXT = {"fontsize": 8, "color": "#444444"}


def draw(results, overlay=True, cost="steps"):
    import matplotlib.pyplot as plt
    import polars as pl

    figure, axes = plt.subplots(3, 3, figsize=(11, 8.6), layout="constrained", height_ratios=[3, 2, 2.3])
    table, panels = Table(), {}
    for panel in (*LINES, *CASES, "census"):
        chosen = results.filter(pl.col("panel") == panel).sort("series", "k", maintain_order=True)
        panels[panel] = {f["series"][0]: (f["s"].to_numpy(), f["y"].to_numpy()) for f in chosen.partition_by("series")}
        for name, (s, y) in panels[panel].items():
            table.add(panel, name, s, y, y, y)
    for (above, below, _), title in zip(axes.T, LINES, strict=True):
        line_and_pal(above, panels[title])
        sets_and_trials(below, panels[title])
        above.set_title(title)
        for ax in (above, below):
            ax.axvline(panels[title]["pal taken"][0][0], color=FITTED, lw=0.8, zorder=0.9)
            ax.set_xlim(-0.03 * LINES[title][-1], LINES[title][-1])
    for ax, title in zip(axes[2], CASES, strict=True):
        fit(ax, panels[title], panels[title]["asked"][0][1], panels[title]["asked"][1][1], "taken")
        ax.plot(*panels[title]["line"], color="k")
        ax.set_title(title)
        ax.set_xlabel("arc length")
    for ax, words in zip(
        axes[2], ("step to the parabola's minimum", "step to the second measurement", "no step"), strict=True
    ):
        ax.annotate(words, (0.5, 0.93), xycoords="axes fraction", ha="center", va="top", **TEXT)
    axes[0, 0].set_ylabel("change of the loss, minimum = -1")
    axes[2, 0].set_ylabel("change of the loss")
    named = [pair for ax in axes[:2, 0] for pair in zip(*ax.get_legend_handles_labels(), strict=True)]
    figure.legend(*zip(*named, strict=True), loc="outside upper center", ncols=5)
    return figure, table, caption(panels)


def fit(ax, series, mu, change, taken):
    """PAL's two values and its slope, the parabola through them, and its step."""
    slope0 = series["slope0"][1][0]
    grid, ends = series["line"][0], np.array([-0.35, 0.35]) * mu
    a = (change - slope0 * mu) / mu**2  # eq. 4.2
    ax.plot(grid, grid * (slope0 + a * grid), color=FITTED, lw=1, ls=(0, (5, 1.5)), label="PAL's parabola", zorder=2.5)
    ax.plot(ends, slope0 * ends, color=SEEN, lw=3, zorder=4)
    ax.plot([0, mu], [0, change], "o", color=SEEN, mec="k", mew=0.5, zorder=5, label="what PAL measures")
    ax.plot(*series[taken], "s", color="none", mec=FITTED, mew=1.8, ms=8, zorder=6, label="PAL's step")


def line_and_pal(ax, series):
    (grid, y), slope0 = series["line"], series["slope0"][1][0]
    ax.plot(grid, y, color="k", label="loss along -g")
    for k, (low, high) in enumerate(zip(*series["Armijo surely"], strict=True)):
        inside = (grid >= low) & (grid <= high)
        name = "" if k else "Armijo accepts"
        ax.plot(grid[inside], y[inside], color=ACCEPTED, lw=7, alpha=0.3, solid_capstyle="butt", label=name, zorder=1.5)
    ax.plot(grid, C1 * slope0 * grid, color=ACCEPTED, lw=1, ls="--", label=f"Armijo line, c = {C1}")
    ax.plot(grid, (1 - C1) * slope0 * grid, color=COLORS["Goldstein"], lw=1, ls=":", label="lower Goldstein line")
    fit(ax, series, series["pal asked"][0][0], series["pal asked"][1][0], "pal taken")
    ax.set_ylim(-1.35, min(2.2, 1.1 * y.max()))
    ax.tick_params(labelbottom=False)


def sets_and_trials(ax, series):
    reach = series["line"][0][-1]
    for row, (name, (_, _, search)) in enumerate(CONDITIONS.items()):
        for low, high in zip(*series.get(f"{name} surely", ((), ())), strict=True):
            ax.barh(row, high - low, left=low, height=0.62, color=COLORS[name], alpha=0.55, lw=0)
        if search:
            trials, (taken,) = series[f"{search} asked"][0], series[f"{search} taken"][0]
            label = {"o": "trial", ".": "step taken"} if row == 0 else {"o": "", ".": ""}
            ax.plot(trials, 0 * trials + row, "o", mfc="w", mec="k", ms=4.5, label=label["o"], ls="")
            ax.plot(taken, row, "o", color="k", ms=4.5, label=label["."], ls="")
    pieces, higher = gols_pieces(series)
    if pieces > 1:
        words = f"GOLS-I: {pieces} pieces, {higher} of\nthem above the loss at 0"
        ax.annotate(words, (0.62 * reach, 3.3), ha="center", va="bottom", **TEXT)
    ax.set_yticks(range(len(CONDITIONS)), list(CONDITIONS))
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    ax.set_xlabel("step s, in multiples of the first minimiser")


def gols_pieces(series):
    """How many pieces GOLS-I's set has, and on how many the loss is higher than at 0 everywhere."""
    (grid, y), pieces = series["line"], np.transpose(series["GOLS-I surely"])
    return len(pieces), sum(bool(y[(grid >= low) & (grid <= high)].min() > 0) for low, high in pieces)


def caption(panels):
    """Measured statements about the sets, in words."""
    square, quartic, smooth = (panels[title] for title in LINES)
    closed = {
        "Armijo": (0, 2 * (1 - C1)), "Goldstein": (2 * C1, 2 * (1 - C1)), "Wolfe": (1 - C2, 2 * (1 - C1)),
        "strong Wolfe": (1 - C2, min(2 * (1 - C1), 1 + C2)), "GOLS-I": (1, 1 + C2),
    }  # fmt: skip
    off = max(abs(np.ravel(square[f"{name} surely"]) - ends).max() for name, ends in closed.items())
    gap = max(
        abs(np.ravel(smooth[f"{name} surely"]) - np.ravel(smooth[f"{name} possibly"])).max() for name in CONDITIONS
    )
    pieces, higher = gols_pieces(quartic)
    pal = [float(series["pal taken"][0][0]) for series in (square, quartic, smooth)]
    count = {name: int(y[0]) for name, (_, y) in panels["census"].items()}
    several = ", ".join(f"{name} {count[name]}" for name in CONDITIONS)
    strip = float(smooth["GOLS-I surely"][1][-1])
    return (
        "Top: losses along the negative gradient of a batch, at steps of real runs. Middle: all steps that a "
        f"condition accepts there (bars; c = c1 = {C1}, c2 = {C2}), and the trials of searches that restart there on "
        f"the same batch (circles; Armijo: SLS without resets), the first at {FIRST:g} times the first minimiser, that "
        "of GOLS-I at most at 1/|g|. The bar of GOLS-I is what it accepts at once, slopes from 0 to c2 |slope at 0|. "
        f"On the parabola all ends are the closed forms, such as 2c and 2(1 - c), to {off:.0e}. On the quartic the set "
        f"of GOLS-I has {pieces} pieces, {higher} of them where the loss is higher than at 0: slopes alone cannot "
        f"tell. On the logistic line it ends at {strip:.2f} only. There the sets come from a Chebyshev series; the "
        f"surely and the possibly accepted within its estimated error differ by at most {gap:.0e}. PAL with mu = "
        f"{defaults(METHODS['pal'])['mu']:g} (orange: its two values and its slope) steps to {pal[0]:.2f}, "
        f"{pal[1]:.2f} and {pal[2]:.2f} times the minimiser.\n\n"
        "Bottom: the three cases of the dissertation's section 4.4.2, steps with mu = "
        + ", ".join(f"{setup[-2]:g}" for setup in CASES.values())
        + " from points of PAL's runs: two of the factorization, and a parabola at its minimum, where the second value "
        "is drawn but not needed. The dissertation explains the sets on a sketched line (figure 2.2), and says of its "
        f"networks that {quote('rare cases')}. Here, on {count['lines']} lines of PAL's runs on the factorization of "
        f"rank 1, case 2 occurs {count['a <= 0']} times, and sets have several pieces so often: {several}."
    )


RECIPE = Recipe(
    "F7",
    "regions",
    "What is accepted is a set",
    None,
    draw,
    ("mutschler2022", "nocedal2006", "mutschler2020", "kafka2019"),
    measure,
)
