"""F8: what a probabilistic line search believes of the line it searches (dissertation, figs. 2.4 and 2.5)."""

from __future__ import annotations

import numpy as np

from toybox.zoo import METHODS, defaults

from .recipe import Recipe, Table

THRESHOLD = defaults(METHODS["pls"])["threshold"]
STEPS = {  # panel -> problem, options, batch, seed, step of the run
    "factorization, all 800 samples: no noise": ("factorization", {"rank": 4}, 800, 3, 2),
    "quadratic, fresh batches of 10": ("quadratic", {}, 10, 1, 2),
}


def measure(size: str):
    import polars as pl

    import toybox as tb
    from toybox.analysis import beliefs, watch

    rows: list[tuple] = []
    for panel, (name, options, batch, seed, t) in STEPS.items():
        problem = tb.problem(name, **options)
        seen = watch(problem, tb.method("pls", first=1.0), t, batch=batch, seeds=(seed,), sampler="fresh")
        furthest = max(float(q.s.max()) for q in seen.questions)
        grid = np.linspace(0, 1.15 * furthest, 60 if size == "smoke" else 400)
        b = beliefs(seen, grid)
        full = seen.ray.full()
        first = float((full.value0 - seen.ray.line().value0)[0])  # values are measured from the first batch's at 0
        curves = {
            "mean": b.mean,
            "sd": b.sd,
            "slope mean": b.slope_mean,
            "slope sd": b.slope_sds,
            "EI": b.improvement,
            "p_Wolfe": b.wolfe,
            "EI p_Wolfe": b.improvement * b.wolfe,
            "true": first + full.change(grid[None])[0],
            "true slope": full.slope(grid[None])[0],
        }
        points = {"seen": b.values, "seen slope": b.slopes}
        rows += [(panel, name, s, y) for name, ys in curves.items() for s, y in zip(grid, ys, strict=True)]
        rows += [(panel, name, s, y) for name, ys in points.items() for s, y in zip(b.s, ys, strict=True)]
        rows += [(panel, "candidate", s, 0.0) for s in b.candidates]
        rows += [(panel, "value noise", 0.0, b.value_sd), (panel, "slope noise", 0.0, b.slope_sd)]
        rows += [(panel, "taken", float(seen.step.size[0]), 0.0)]
    return pl.DataFrame(rows, schema=["panel", "series", "s", "y"], orient="row")


def draw(results, overlay=True, cost="steps"):
    import matplotlib.pyplot as plt
    import polars as pl
    from scipy.interpolate import CubicHermiteSpline

    figure, axes = plt.subplots(3, 2, figsize=(10.5, 8.0), sharex="col", layout="constrained", height_ratios=[3, 2, 2])
    table = Table()
    for column, panel in zip(axes.T, STEPS, strict=True):
        chosen = results.filter(pl.col("panel") == panel)
        series = {
            name[0]: (f["s"].to_numpy(), f["y"].to_numpy())
            for name, f in chosen.group_by("series", maintain_order=True)
        }
        for name, (s, y) in series.items():
            table.add(panel, name, s, y, y, y)
        taken, grid = series["taken"][0][0], series["mean"][0]
        noise = {"": series["value noise"][1][0], "slope ": series["slope noise"][1][0]}
        for ax, kind in zip(column, ("", "slope "), strict=False):
            mean, sd = series[f"{kind}mean"][1], series[f"{kind}sd"][1]
            s, y = series["seen" if not kind else "seen slope"]
            ax.fill_between(grid, mean - 2 * sd, mean + 2 * sd, color="#0072B2", alpha=0.18, lw=0, label="belief, 2 sd")
            ax.plot(grid, series["true" if not kind else "true slope"][1], color="#D55E00", ls="--", label="all data")
            ax.plot(grid, mean, color="#0072B2", label="belief, mean")
            ax.errorbar(
                s, y, 2 * noise[kind], fmt="o", color="k", ms=4, lw=0.8, capsize=2, label="seen, 2 sd", zorder=5
            )
        if noise[""] == 0:
            order = np.argsort(series["seen"][0])
            s, y, slope = (v[order] for v in (*series["seen"], series["seen slope"][1]))
            inside = grid <= s[-1]
            spline = CubicHermiteSpline(s, y, slope)
            column[0].plot(grid[inside], spline(grid[inside]), color="#222222", ls=":", lw=2, label="cubic Hermite")
            column[1].plot(grid[inside], spline(grid[inside], 1), color="#222222", ls=":", lw=2)
        for name, color, dash in (
            ("EI", "#009E73", "--"),
            ("p_Wolfe", "#CC79A7", "-."),
            ("EI p_Wolfe", "#222222", "-"),
        ):
            y = series[name][1]
            column[2].plot(grid, y / (1 if name == "p_Wolfe" else y.max() or 1), color=color, ls=dash, label=name)
        column[2].plot(series["candidate"][0], 0 * series["candidate"][0], "|", color="k", ms=12, label="candidates")
        column[2].axhline(THRESHOLD, color="#8A8A8A", lw=0.8, ls=(0, (1, 2)))
        for ax in column:
            ax.axvline(taken, color="#8A8A8A", lw=0.8)
        column[0].annotate(
            "taken", (taken, 1), xycoords=column[0].get_xaxis_transform(), xytext=(3, -3), textcoords="offset points",
            va="top", fontsize=7.5, color="#555555",
        )  # fmt: skip
        column[0].set_title(panel)
        column[0].set_xlim(-0.02 * grid[-1], grid[-1])
        column[2].set_xlabel("step s, in multiples of -g")
        spread = np.ptp(series["seen"][1])
        low, high = (
            min(series["seen"][1].min(), series["true"][1].min()),
            max(series["seen"][1].max(), series["true"][1][0], 0),
        )
        pad = max(0.25 * spread, 3 * noise[""])
        column[0].set_ylim(low - pad, high + pad)
    axes[0, 0].set_ylabel("loss, less that seen at s = 0")
    axes[1, 0].set_ylabel("slope")
    axes[2, 0].set_ylabel("utility (EI scaled to 1)")
    axes[0, 0].legend(fontsize=7.5)
    axes[2, 1].legend(fontsize=7.5)
    return figure, table, CAPTION


CAPTION = (
    "Two steps of PLS, after their last evaluation. Left: on all samples there is no noise, and the mean of the "
    "belief is the cubic Hermite interpolant (dotted) of what was seen; beyond the last point it goes on straight. "
    "Right: on fresh batches the points (2 sd of their noise, estimated within a batch) are believed only so far; "
    "dashed: the loss on all data, which the search never sees, from the same zero as the points: the first batch's "
    f"loss at 0. Bottom: expected improvement, probability of the two Wolfe conditions (accepted above {THRESHOLD:g}, "
    "dotted) and their product, whose largest value among the candidates would be the next trial; the candidate "
    "beyond the last point may lie outside of the axes."
)

RECIPE = Recipe("F8", "belief", "What PLS believes", None, draw, ("mahsereci2015", "mutschler2022"), measure)
