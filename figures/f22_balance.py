"""F22: the rate that would have been best on the trajectory that a rate has made is half of it (energy balance)."""

from __future__ import annotations

from typing import Any

import numpy as np

from .recipe import Recipe, Table

PROBLEMS: dict[str, Any] = {  # title -> problem, options, training rates, batch, steps at (smoke, default, full)
    "quadratics, one H": ("quadratic", {"dim": 30, "size": 2000, "common": True}, (0.1, 0.2, 0.4, 0.8), 32,
                          (40, 2000, 8000)),
    "logistic, RBF kernel": ("logistic", {"size": 1000, "overlap": 2.0, "sigma": 2.0}, (0.02, 0.05, 0.1, 0.2), 32,
                             (40, 2000, 8000)),
    "digits, tanh network": ("digits", {"hidden": [16]}, (0.1, 0.2, 0.4, 0.8), 32, (24, 1200, 6000)),
}  # fmt: skip
BETAS = {0.0: ("SGD", "#0072B2", "o", "-"), 0.9: ("momentum .9", "#D55E00", "s", (0, (5, 1.5)))}
WINDOWS = 8  # of the second row, doubling in length
SEEDS = {"smoke": 2, "default": 5, "full": 10}


def measure(size: str):
    import polars as pl

    import toybox as tb
    from toybox.analysis.balance import balance, energies

    rows: list[tuple] = []
    for title, (name, options, rates, batch, lengths) in PROBLEMS.items():
        problem, steps = tb.problem(name, **options), lengths[("smoke", "default", "full").index(size)]
        for beta in BETAS:
            rate = np.array(rates) * (1 - beta)
            method = tb.method("momentum", rate=rate, beta=beta) if beta else tb.method("sgd", rate=rate)
            every = 1 if name == "quadratic" else 4 if size != "smoke" else 2
            found = energies(problem, method, steps=steps, batch=batch, seeds=range(SEEDS[size]), every=every)
            ends = np.concatenate([[0], np.geomspace(max(8, every * 4), steps, WINDOWS).astype(int)])
            windows = {"late": (steps // 2, steps)} | {str(i): (ends[i], ends[i + 1]) for i in range(WINDOWS)}
            for which, window in windows.items():
                books = balance(found, window=window)
                where = (np.sqrt(max(1, window[0]) * window[1]), *window)
                for i, x in enumerate(rate):
                    share = (float(books.share[i]), float(books.low[i]), float(books.high[i]))
                    rows.append((title, beta, float(x), which, *map(float, where), *share))
    names = ["problem", "beta", "rate", "window", "t", "start", "stop", "share", "low", "high"]
    return pl.DataFrame(rows, schema=names, orient="row")


def draw(results, overlay=True, cost="steps"):
    import matplotlib.pyplot as plt
    import polars as pl

    figure, axes = plt.subplots(2, 3, figsize=(11, 7), layout="constrained")
    table = Table()
    for (above, below), title in zip(axes.T, PROBLEMS, strict=True):
        chosen = results.filter(pl.col("problem") == title)
        for beta, (name, color, marker, dash) in BETAS.items():
            mine = chosen.filter(pl.col("beta") == beta)
            late = mine.filter(pl.col("window") == "late").sort("rate")
            x, y, low, high = (late[c].to_numpy() for c in ("rate", "share", "low", "high"))
            above.errorbar(x, x * y, np.abs(x * np.array([y - low, high - y])), color=color, marker=marker, ls="none",
                           ms=6, capsize=3, label=name, zorder=3)  # fmt: skip
            table.add(f"{title}: best rate", name, x, x * y, x * low, x * high)
            rate = x[len(x) // 2]
            early = mine.filter((pl.col("window") != "late") & (pl.col("rate") == rate)).sort("t")
            t, y, low, high = (early[c].to_numpy() for c in ("t", "share", "low", "high"))
            below.fill_between(t, low, high, color=color, alpha=0.15, lw=0)
            below.plot(t, y, color=color, marker=marker, ls=dash, label=f"{name}, rate {rate:.3g}")
            table.add(f"{title}: over time", f"{name}, rate {rate:g}", t, y, low, high)
        rates = chosen["rate"].to_numpy()
        ends = np.array([rates.min() / 1.5, rates.max() * 1.5])
        above.plot(ends, ends / 2, color="k", lw=1, label="half the training rate")
        above.plot(ends, ends, color="#999999", lw=0.8, ls=(0, (1, 2)), label="the training rate")
        above.set(xscale="log", yscale="log", xlabel="training rate", title=title)
        below.axhline(0.5, color="k", lw=1)
        below.axhline(1, color="#999999", lw=0.8, ls=(0, (1, 2)))
        below.set(xscale="log", yscale="log", xlabel="step")
        below.legend(fontsize=7.5, loc="upper right")
    axes[0, 0].set_ylabel("best rate on its own trajectory")
    axes[1, 0].set_ylabel("best rate / training rate")
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names))
    return figure, table, caption(results)


def caption(results) -> str:
    import polars as pl

    cells = []
    for title in PROBLEMS:
        for beta, (name, *_) in BETAS.items():
            of = (pl.col("problem") == title) & (pl.col("beta") == beta) & (pl.col("window") == "late")
            part = results.filter(of).sort("rate")
            shares = ", ".join(f"{s:.2f} [{a:.2f}, {b:.2f}]" for s, a, b in part.select("share", "low", "high").rows())
            cells.append(f"| {title} | {name} | {shares} |")
    return (
        "The rate that would have lowered the full loss most along the lines of a run, as a ratio of averages E[g'u] / "
        "E[u'Hu] (u: the step's direction), against the rate with which the run was made. Above: second half of the "
        "run, with 95 % intervals over seeds; below: over time, for one rate. While the loss changes slowly, the "
        "energy that a step gains by its slope and loses by its curvature must cancel, so that the best rate is half "
        "of whatever rate was used, with momentum too; early, while the loss still falls, it is larger. The "
        "dissertation (section 5.5, core result 2) finds .05 best on a trajectory made with .1 and takes it for the "
        "rate of an exact line search: on a trajectory made with .05 it would have been .025.\n\n"
        "| problem | method | best rate / training rate, by rate from small to large |\n|---|---|---|\n"
        + "\n".join(cells)
    )


RECIPE = Recipe(
    "F22", "balance", "Half the training rate is best, whatever it is", None, draw, ("mutschler2021", "mutschler2022"),
    measure,
)  # fmt: skip
