"""F12: what update-step strategies do on the lines of SGD (dissertation, figs. 5.7 and B.1; ICANN paper, fig. 6)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from toybox.quotations import quote

from .recipe import LOOKS, Look, Recipe, Table
from .words import listed, span

WIDTH = 25  # lines in a mean, as in the documents


class Case(NamedTuple):
    """A problem with the rates of its runs; the strategies are looked at along the run of the first one."""

    title: str
    short: str
    problem: str
    options: dict[str, Any]
    rates: tuple[float, ...]
    steps: dict[str, int]
    seeds: dict[str, int]
    unit: str = "newton"
    window: tuple[float, float] = (-2.0, 4.0)


FEW, MANY = {"smoke": 60, "default": 600, "full": 3000}, {"smoke": 2, "default": 5, "full": 20}
REGRESSION = {"dim": 30, "size": 2000, "common": True}
BLOCKS = {  # drawn line by line
    "regression": Case(
        "noisy linear regression", "regression\nnoisy", "quadratic", REGRESSION, (0.2, 0.4, 0.8), FEW, MANY
    ),
    "digits": Case(
        "network on digits",
        "network\ndigits",
        "digits",
        {"hidden": (16,), "activation": "tanh"},
        (0.4, 0.2),
        {"smoke": 16, "default": 300, "full": 2000},
        MANY,
        "step",
        (-2.0, 6.0),
    ),
}
CASES = BLOCKS | {  # and in sums
    "mushrooms": Case(
        "kernel, mushrooms", "kernel\nmushrooms", "mushrooms", {"rows": 1000, "sigma": 2.0}, (2.0,), FEW, MANY
    ),
    "rank 4": Case("factorization, rank 4", "factorization\nrank 4", "factorization", {"rank": 4}, (1.0,), FEW, MANY),
    "rank 10": Case(
        "factorization, rank 10", "factorization\nrank 10", "factorization", {"rank": 10}, (0.1,), FEW, MANY
    ),
    "interpolation": Case(
        "interpolating linear regression",
        "regression\ninterpolating",
        "quadratic",
        {"dim": 30, "size": 500, "common": False, "spread": 0.0},
        (1.0,),
        FEW,
        MANY,
    ),
}
SHARED = ("rank 10", "interpolation")  # all batches share a minimiser: the last of the cases
STRATEGIES = {
    "optimum": Look("s_opt, minimum on all data", "#000000", "", "-"),
    "half": Look("SGD, half the training rate", "#0F7F8C", "v", (0, (6, 1))),
    "sgd": LOOKS["sgd"]._replace(name="SGD, training rate"),
    "fbpal": LOOKS["fbpal"]._replace(name="FBPAL (all data)"),
    "pal": LOOKS["pal"],
    "exact": LOOKS["exact"],
}
RATES = {"#B2182B": ("o", "-"), "#2166AC": ("s", (0, (5, 1))), "#4DAC26": ("^", "-.")}  # colours, by place of the rate


def measure(size: str):
    import polars as pl

    import toybox as tb
    from toybox.analysis import sample

    rows: list[tuple] = []
    for key, case in CASES.items():
        rates = np.array(case.rates)
        methods = {"sgd": tb.method("sgd", rate=rates), "half": tb.method("sgd", rate=rates / 2)}
        methods |= {"pal": tb.method("pal", beta=0.0), "fbpal": tb.method("fbpal"), "exact": tb.method("exact")}
        lines = sample(
            tb.problem(case.problem, **case.options), methods["sgd"], steps=case.steps[size], batch=32,
            seeds=range(case.seeds[size]), unit=case.unit, window=case.window, points=31, methods=methods,
        )  # fmt: skip
        rows += [(key, *row) for row in summary(lines, rates)]
        if key in BLOCKS:
            rows += [(key, *row) for row in curves(lines, rates)]
    return pl.DataFrame(rows, schema=["case", "series", "metric", "lane", "t", "value"], orient="row")


def curves(lines, rates):
    """Every line of the first seed, as it is and smoothed: (series, metric, lane 0, t, value)."""
    from toybox.analysis.steps import metrics, ratios, smooth

    def both(series, metric, x):
        yield from ((series, metric, 0, t, float(v)) for t, v in enumerate(x))
        yield from ((series, f"{metric}, smoothed", 0, t, float(v)) for t, v in enumerate(smooth(x, WIDTH).mean))

    for name, found in metrics(lines).items():
        for metric in ("size", "distance", "improvement"):
            yield from both(name, metric, getattr(found, metric)[:, 0, 0])
        for metric in ("total_distance", "total_improvement"):
            yield from ((name, metric, 0, t, float(v)) for t, v in enumerate(getattr(found, metric).sum[:, 0, 0]))
    for i, rate in enumerate(rates):
        yield from both(f"{rate:g}", "ratio", ratios(lines)[:, 0, i])


def summary(lines, rates):
    """Of the second half of the lines, seed by seed: (series, metric, lane, number of lines, value)."""
    from toybox.analysis.steps import best_rate, metrics, proportionality, slopes

    T, found, norm = len(lines.t), metrics(lines), slopes(lines)
    half = slice(T // 2, None)
    possible = np.nansum(found["optimum"].improvement[half, :, 0], axis=0)
    known = ~np.isnan(found["optimum"].size[..., 0])
    s_opt = found["optimum"].size[..., 0]

    def each(series, metric, values):
        return [(series, metric, lane, T, float(v)) for lane, v in enumerate(values)]

    for name, strategy in found.items():
        gained = np.where(known, strategy.improvement[..., 0], 0.0)[half].sum(axis=0)
        yield from each(name, "share", gained / possible)
        yield from each(name, "error", _typical(strategy.distance[half, :, 0]) / _typical(s_opt[half]))
    for i, rate in enumerate(rates):
        late = lines._replace(**{k: getattr(lines, k)[half, :, i] for k in ("slope", "curvature", "unit")})
        yield from each(f"{rate:g}", "best rate", best_rate(late) / rate)
    yield from each("all", "missing", (~known).sum(axis=0))
    yield from each("all", "backwards", (s_opt[half] < 0).mean(axis=0))
    for width in (1, WIDTH):
        fit = proportionality(s_opt[half], norm[half, :, 0], width)
        for metric in ("r2", "over_constant", "rank"):
            yield from each(f"{width}", metric, getattr(fit, metric))


def _typical(x):
    """Root of the mean square over lines (T, seeds)."""
    return np.sqrt(np.nanmean(x * x, axis=0))


TOLD = ("error", "backwards", "missing", "r2", "over_constant", "rank")  # of which the caption speaks, not drawn
PANELS = {  # metric -> title, linear part of a symlog axis by case
    "size": ("update step s_upd", None),
    "distance": ("distance s_opt - s_upd (below 0: too long)", {"regression": 0.01, "digits": 0.1}),
    "improvement": ("improvement l(0) - l(s_upd)", {"regression": 1e-3, "digits": 1e-2}),
    "ratio": ("ratio s_opt / |g_B|, by training rate", None),
    "total_distance": ("accumulated |distance|", {"regression": 1.0, "digits": 1.0}),
    "total_improvement": ("accumulated improvement", {"regression": 0.1, "digits": 1.0}),
}


def draw(results, overlay=True, cost="steps"):
    import matplotlib.pyplot as plt
    import polars as pl

    figure = plt.figure(figsize=(12, 13), layout="constrained")
    parts: Any = figure.subfigures(3, 1, height_ratios=[2, 2, 1.1], hspace=0.02)
    table = Table()
    for part, (key, case) in zip(parts, BLOCKS.items(), strict=False):
        part.suptitle(
            f"{case.title}, trained with {case.rates[0]:g}", fontsize=10, fontweight="bold", x=0.02, ha="left"
        )
        axes = dict(zip(PANELS, part.subplots(2, 3).flat, strict=True))
        block(axes, results, key, table)
    shares(parts[2].subplots(1, 2, width_ratios=[1.5, 1]), results, table)
    for (key, metric, name), found in results.filter(pl.col("metric").is_in(TOLD)).group_by(
        "case", "metric", "series", maintain_order=True
    ):
        low, median, high = np.quantile(found["value"], [0.25, 0.5, 0.75])
        table.add(f"{key}: {metric}", name, [0], [median], [low], [high])
    handles, names = figure.subfigs[0].axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names))
    return figure, table, caption(results)


def series(results, key) -> dict:
    """(series, metric) -> line numbers and values of a case."""
    import polars as pl

    chosen = results.filter((pl.col("case") == key) & (pl.col("lane") == 0))
    return {
        names: (f["t"].to_numpy(), f["value"].to_numpy())
        for names, f in chosen.group_by("series", "metric", maintain_order=True)
    }


def block(axes, results, key, table) -> None:
    """The six panels of one problem: smoothed in colour, as it is thin behind."""
    found = series(results, key)
    for metric, ax in axes.items():
        title, linear = PANELS[metric]
        if metric == "ratio":
            continue
        for name, look in STRATEGIES.items():
            if name == "optimum" and "distance" in metric:
                continue
            smoothed = f"{metric}, smoothed"
            if (name, smoothed) in found:
                t, raw = found[name, metric]
                ax.plot(t, raw, color=look.color, lw=0.3, alpha=0.35, zorder=2)
                table.add(f"{key}: {metric}", name, t, raw, raw, raw)
            t, y = found.get((name, smoothed), found[name, metric])
            table.add(f"{key}: {metric if metric.startswith('total') else smoothed}", name, t, y, y, y)
            ax.plot(
                t, y, color=look.color, ls=look.dash, marker=look.marker, markevery=(len(t) // 16, len(t) // 8),
                label=look.name, zorder=5 if name in ("optimum", "half") else 4, lw=2.6 if name == "exact" else 1.5,
            )  # fmt: skip
        ax.set_title(title)
        if linear:
            ax.set_yscale("symlog", linthresh=linear[key])
            ax.axhline(0, color="k", lw=0.6, zorder=1.5)
        else:
            ax.set_yscale("log")
            ends = [line.get_ydata() for line in ax.get_lines() if line.get_lw() > 1]
            top, last = max(np.nanmax(y) for y in ends), min(np.nanmin(y[len(y) // 2 :]) for y in ends)
            ax.set_ylim(last / 3, 3 * top)
    rates(axes["ratio"], found, key, table)
    for ax in list(axes.values())[3:]:
        ax.set_xlabel("line number")


def rates(ax, found, key, table) -> None:
    """s_opt / |g_B| along runs with different rates: half of each."""
    ax.set_title(PANELS["ratio"][0])
    for rate, (color, (_, dash)) in zip(BLOCKS[key].rates, RATES.items(), strict=False):
        t, raw = found[f"{rate:g}", "ratio"]
        t, y = found[f"{rate:g}", "ratio, smoothed"]
        ax.plot(t, raw, color=color, lw=0.3, alpha=0.35, zorder=2)
        ax.plot(t, y, color=color, ls=dash, label=f"rate {rate:g}", zorder=3)
        ax.axhline(rate / 2, color=color, lw=0.8, ls=(0, (1, 2)), zorder=4)
        ax.annotate(
            f"{rate / 2:g}", (1, rate / 2), xycoords=ax.get_yaxis_transform(), xytext=(3, 0),
            textcoords="offset points", va="center", fontsize=7.5, color=color,
        )  # fmt: skip
        table.add(f"{key}: ratio", f"rate {rate:g}", t, raw, raw, raw)
        table.add(f"{key}: ratio, smoothed", f"rate {rate:g}", t, y, y, y)
    top = max(BLOCKS[key].rates)
    ax.set_ylim(-0.4 * top, 1.5 * top)
    ax.legend(fontsize=7.5, loc="upper right", ncols=3)


def values(results, key, metric, name) -> np.ndarray:
    import polars as pl

    chosen = (pl.col("case") == key) & (pl.col("metric") == metric) & (pl.col("series") == name)
    return results.filter(chosen)["value"].to_numpy()


def shares(axes, results, table) -> None:
    """What each strategy improves of what s_opt would, and which rate would be best, problem by problem."""
    left, right = axes
    for i, (name, look) in enumerate(list(STRATEGIES.items())[1:]):
        for x, key in enumerate(CASES):
            low, median, high = np.quantile(values(results, key, "share", name), [0.25, 0.5, 0.75])
            at = x + 0.13 * (i - 2)
            left.plot([at, at], [low, high], color=look.color, lw=1.2, zorder=3)
            left.plot(at, median, color=look.color, marker=look.marker, ms=6, zorder=4)
            table.add("share of the possible improvement", f"{key}: {name}", [x], [median], [low], [high])
    left.set_yscale("symlog", linthresh=1)
    left.axhline(1, color="k", lw=1)
    left.axhline(0, color="k", lw=0.6, ls=(0, (1, 2)))
    left.set_ylim(-2e3, 3)
    left.set_title("accumulated improvement, per that of s_opt")
    for x, key in enumerate(CASES):
        for rate, color in zip(CASES[key].rates, RATES, strict=False):
            low, median, high = np.quantile(values(results, key, "best rate", f"{rate:g}"), [0.25, 0.5, 0.75])
            at = x + 0.15 * CASES[key].rates.index(rate)
            right.plot([at, at], [low, high], color=color, lw=1.2, zorder=3)
            right.plot(at, median, RATES[color][0], color=color, ms=5.5, zorder=4)
            table.add("best rate per training rate", f"{key}: {rate:g}", [x], [median], [low], [high])
    right.set_yscale("log")
    right.set_ylim(0.25, 150)
    right.axhline(0.5, color="k", lw=0.8, zorder=1.5)
    right.annotate(
        "1/2", (1, 0.5), xycoords=right.get_yaxis_transform(), xytext=(3, 0), textcoords="offset points",
        va="center", fontsize=7.5,
    )  # fmt: skip
    right.set_title("rate best in the mean, per training rate")
    for ax in axes:
        ax.set_xticks(range(len(CASES)), [case.short for case in CASES.values()], fontsize=7)
        ax.set_xlim(-0.5, len(CASES) - 0.5)
        ax.grid(False, axis="x")
        ax.axvspan(len(CASES) - len(SHARED) - 0.5, len(CASES) - 0.5, color="#F2F2F2", lw=0, zorder=0)
        ax.annotate(
            "all batches share\na minimiser", (len(CASES) - (len(SHARED) + 1) / 2, 0.03 if ax is left else 0.18),
            xycoords=ax.get_xaxis_transform(), ha="center", fontsize=7, color="#555555", zorder=1,
        )  # fmt: skip


def caption(results) -> str:
    def middle(key, metric, name):
        return float(np.median(values(results, key, metric, name)))

    def percent(key, metric, name):
        return f"{100 * middle(key, metric, name):.0f} %"

    def both(metric, name):
        return listed(percent(key, metric, name) for key in BLOCKS)

    def best(key):
        """Quartiles over the seeds for every rate of a case, and the drift at which SGD-07 gives their median."""
        found = {rate: values(results, key, "best rate", f"{rate:g}") for rate in CASES[key].rates}
        return f"{CASES[key].title}: " + listed(
            f"{span(y, quantiles=(0.25, 0.75))} ({r:g}; {2 - 1 / np.median(y):z.2f})" for r, y in found.items()
        )

    def times(key, metric):
        """Of the exact search: median and quartiles over the seeds."""
        return "{1:.3g} [{0:.3g}, {2:.3g}]".format(
            *np.quantile(values(results, key, metric, "exact"), [0.25, 0.5, 0.75])
        )

    def gets(*keys):
        return listed(f"{times(key, 'share')} ({CASES[key].title})" for key in keys)

    def fits(metric, form=".2f"):
        """Line by line and smoothed, problem by problem."""
        return listed("/".join(f"{middle(key, metric, name):{form}}" for name in ("1", f"{WIDTH}")) for key in BLOCKS)

    def strayed(key):
        found = series(results, key)
        return f"{found['half', 'total_distance'][1][-1] / found['sgd', 'total_distance'][1][-1]:.2f}"

    missing = {case.title: values(results, key, "missing", "all") for key, case in CASES.items()}
    seeds = listed(dict.fromkeys(map(len, missing.values())))
    lost = ", ".join(f"{int(found.sum())} ({title})" for title, found in missing.items() if found.sum()) or "none"
    return (
        "Strategies asked for their step on every line of an SGD run (batch 32), against the minimum s_opt of the "
        f"loss on all data; lengths in parameter space. Colour: means over {WIDTH} lines; thin: single lines (their "
        "steps of 0 and backwards are cut off on the log axis); sums are not smoothed, those of the distance are of "
        "its absolute value. The regression is a quadratic with one Hessian for all samples, its targets noisy; the "
        "interpolating one has a design for every sample and exact targets. PAL is the exact search on a parabola: "
        "their curves coincide there. Rows 1 to 4: the first seed. Bottom, and numbers below: second half of "
        f"the lines, medians and quartiles over {seeds} seeds.\n\n"
        "*Half of the training rate, once the loss is stationary.* Then, on parabolas, the rate that is best in the "
        "mean over lines is half of the rate that made them (claim SGD-07); while the loss falls it is 1 / (2 - drift) "
        "of it. The ratio s_opt / |g_B| is drawn with half of each training rate (dotted). Best in the mean, per "
        "training rate (in brackets that rate, and the drift that this would take), quartiles: "
        f"{'; '.join(best(key) for key in CASES if key not in SHARED)}. Where all batches share a minimiser no noise "
        f"stops the fall: {'; '.join(best(key) for key in SHARED)}. Over the second half of lines the training rate "
        f"gets {both('share', 'sgd')} of the improvement of s_opt on the regression and the network (twice the "
        "optimum would get none, SGD-08).\n\n"
        f"*Line by line.* Of SGD with half the training rate the dissertation says that it {quote('almost as well')} "
        f"as FBPAL, which {quote('almost optimal')}, s_opt being {quote('almost proportional')} (section 5.5, of "
        "curves smoothed over 25 lines). On the regression and the network it misses s_opt, line by line, by "
        f"{both('error', 'half')} of its size (root mean squares); its sums of |distance| are {strayed('regression')} "
        f"and {strayed('digits')} times those of the training rate (first seed, all lines); s_opt lies behind the "
        f"origin on {both('backwards', 'all')} of the lines. R^2 of s_opt = c |g_B| through the origin, line "
        f"by line/smoothed, is {fits('r2', '.3f')}; beyond a constant length it explains {fits('over_constant')}; rank "
        f"correlations are {fits('rank')}. Over the second half of lines half the rate gets {both('share', 'half')} "
        f"of the improvement of s_opt, FBPAL {both('share', 'fbpal')}.\n\n"
        f"*Exact search on the batch.* In the dissertation {quote('exact performs poorly')}. Here it gets, in "
        f"multiples of the improvement of s_opt, {gets(*(key for key in CASES if key not in SHARED))} (below 0: the "
        f"steps raise the loss in sum); where all batches share a minimiser, {gets(*SHARED)}. The kernel's batches are "
        f"fitted far away: steps miss s_opt by {times('mushrooms', 'error')} times its size.\n\n"
        "Lines that are lowest where they fall out of the window have no s_opt and count for nothing in its sums, "
        f"distances and fits: {lost}."
    )


RECIPE = Recipe(
    "F12", "strategies", "Update steps on the lines of SGD", None, draw, ("mutschler2021", "mutschler2022"), measure
)
