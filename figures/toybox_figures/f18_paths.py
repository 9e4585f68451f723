"""F18: paths over the mean of 100 random quadratics, one of which is drawn at each step (dissertation, fig. 2.6)."""

from __future__ import annotations

from typing import Any

import numpy as np

from toybox.quotations import quote

from .recipe import LOOKS, Recipe, Table, band

RATES = {  # tried, four per decade
    "sgd": 10 ** np.arange(-3, 0.51, 0.25),
    "momentum": 10 ** np.arange(-4, -0.49, 0.25),
    "adam": 10 ** np.arange(-3, 0.51, 0.25),
}
SEARCHES = ("sls", "pal", "golsi", "pls", "exact", "exact-full")  # as they come
CORNERS = 3 * np.array([[-1, 1], [1, 1], [-1, -1], [1, -1]])  # first iterates, seen from the minimum; seed by seed


def measure(size: str):
    """Rows of four kinds: a run's iterates with their loss above the floor, the end of every rate tried, a contour of
    the loss above the floor, and its minimum."""
    import polars as pl

    import toybox as tb

    steps, seeds = {"smoke": (12, 4), "default": (100, 40), "full": (100, 200)}[size]
    problem = tb.problem("paths")
    place = tb.Probe("theta", lambda look: look.theta)

    def walked(name, seeds, **hyper):
        """Iterates (steps + 1, seeds, *rates, 2) and the loss above the floor there."""
        method = tb.method(name, **hyper)
        start = problem.solution + CORNERS[np.array(seeds) % 4]
        start = start.reshape(len(seeds), *[1] * len(method.lanes), 2)
        trace = tb.run(problem, method, steps=steps, batch=1, seeds=seeds, theta=start, probes=[place])
        return trace.probes["theta"], np.maximum(trace.full_loss - problem.floor, 0)

    rows: list[tuple] = [("minimum", "", 0.0, 0, 0, *problem.solution.tolist(), problem.floor)]
    chosen: dict[str, dict] = {}
    for name, rates in RATES.items():
        score = ends(walked(name, range(1000, 1000 + seeds), rate=rates)[1])  # other seeds than those drawn
        rows += [("tried", name, r, s, 0, 0.0, 0.0, v) for r, column in zip(rates, score.T, strict=True)
                 for s, v in enumerate(column)]  # fmt: skip
        chosen[name] = {"rate": float(rates[np.median(score, axis=0).argmin()])}
    for name in (*RATES, *SEARCHES):
        theta, loss = walked(name, range(seeds), **chosen.get(name, {}))
        rate = chosen.get(name, {}).get("rate", 0.0)
        rows += [("run", name, rate, s, t, *theta[t, s].tolist(), loss[t, s]) for s in range(seeds)
                 for t in range(steps + 1)]  # fmt: skip
    grid = np.linspace(-4.6, 4.6, 24 if size == "smoke" else 70)
    places = problem.solution + np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    above = problem.at(places, problem.population).value - problem.floor
    rows += [("contour", "", 0.0, 0, 0, *p.tolist(), v) for p, v in zip(places, above, strict=True)]
    return pl.DataFrame(rows, schema=["kind", "method", "rate", "seed", "t", "x", "y", "loss"], orient="row")


def ends(loss):
    """What a rate is judged by: the mean over the last quarter of the steps; loss (steps + 1, ...)."""
    return loss[-(len(loss) // 4) :].mean(axis=0)


def draw(results, overlay=True, cost="steps"):
    import matplotlib.pyplot as plt
    import polars as pl

    figure = plt.figure(figsize=(13, 6.6), layout="constrained")
    halves: Any = figure.subfigures(1, 2, width_ratios=[1, 1.12])
    left, right = halves
    table, runs = Table(), {}
    for (name,), frame in results.filter(pl.col("kind") == "run").group_by("method", maintain_order=True):
        many = frame["seed"].n_unique()
        runs[name] = {k: frame[k].to_numpy().reshape(many, -1) for k in ("x", "y", "loss", "rate")}
    for ax, (name, run) in zip(left.subplots(3, 3, sharex=True, sharey=True).flat, runs.items(), strict=True):
        path(ax, results, name, run, table)
    above, below = right.subplots(2, 1, height_ratios=[1.75, 1])
    for name, run in runs.items():
        x, y = blocks(run["loss"])
        band(above, x, y, LOOKS[name], title(name, run), table, "loss")
    above.set(yscale="log", xlabel="iterations", ylabel="mean loss above its minimum")
    above.set_ylim(3e-5, 15)
    above.set_title("Loss from four starts")
    above.legend(loc="center left", bbox_to_anchor=(1, 0.5), title="median, quartiles", fontsize=8)
    tried = results.filter(pl.col("kind") == "tried")
    level = {name: float(np.median(ends(run["loss"].T))) for name, run in runs.items()}
    for name in SEARCHES:
        below.axhline(level[name], color=LOOKS[name].color, ls=LOOKS[name].dash, lw=1.1, zorder=1.8)
        table.add("rates tried", LOOKS[name].name, [0], *[[level[name]]] * 3)
    for name in RATES:
        rates, score = scores(tried, name)
        band(below, rates, score, LOOKS[name], LOOKS[name].name, table, "rates tried", every=1)
        best = np.median(score, axis=0).argmin()
        below.plot(rates[best], np.median(score[:, best]), "o", ms=11, mfc="none", mec="k", mew=1.2, zorder=4)
    below.set(xscale="log", yscale="log", ylim=(level["exact-full"] / 2, 30), xlabel="rate", ylabel="loss at the end")
    below.set_title("Every rate tried; circled: the one drawn; level lines: searches")
    return figure, table, caption(runs, level, tried)


def blocks(loss, width=5):
    """Steps in the middle of blocks of ``width`` and means over each block; the start stays alone. loss (seeds, P)."""
    count = max(1, (loss.shape[1] - 1) // width)
    mean = [part.mean(axis=1) for part in np.array_split(loss[:, 1:], count, axis=1)]
    middle = [part.mean() for part in np.array_split(np.arange(1, loss.shape[1]), count)]
    return np.array([0, *middle]), np.stack([loss[:, 0], *mean], axis=1)


def scores(tried, name):
    """Rates (R,) of a method and what each ended with (seeds, R)."""
    import polars as pl

    frame = tried.filter(pl.col("method") == name)
    rates = frame["rate"].unique(maintain_order=True).to_numpy()
    return rates, frame["loss"].to_numpy().reshape(len(rates), -1).T


def title(name, run) -> str:
    return f"{LOOKS[name].name}, rate {run['rate'][0, 0]:.2g}" if name in RATES else LOOKS[name].name


def path(ax, results, name, run, table):
    """One run's path over the contours of the mean loss."""
    import polars as pl

    mesh = results.filter(pl.col("kind") == "contour")
    side = int(len(mesh) ** 0.5)
    x, y, z = (mesh[k].to_numpy().reshape(side, side) for k in ("x", "y", "loss"))
    ax.contour(x, y, z, levels=np.geomspace(0.02, 30, 9), colors="#C4C4C4", linewidths=0.7)
    look = LOOKS[name]
    ax.plot(run["x"][0], run["y"][0], color=look.color, lw=0.9, marker=look.marker, ms=2.4, zorder=3)
    ax.plot(run["x"][0, 0], run["y"][0, 0], "o", color="k", ms=5, zorder=4)
    best = results.filter(pl.col("kind") == "minimum")
    ax.plot(best["x"], best["y"], "+", color="k", ms=9, mew=1.6, zorder=5)
    ax.set(aspect="equal", xlim=(x.min(), x.max()), ylim=(y.min(), y.max()))
    ax.set_title(title(name, run), fontsize=8.5)
    ax.grid(False)
    table.add("path", look.name, run["x"][0], run["y"][0], run["y"][0], run["y"][0])


def turns(run) -> float:
    """Median angle between a step and the one before, in degrees."""
    d = np.stack([np.diff(run["x"]), np.diff(run["y"])])
    a, b = d[..., :-1], d[..., 1:]
    size = np.linalg.norm(a, axis=0) * np.linalg.norm(b, axis=0)
    cosine = (a * b).sum(axis=0)[size > 0] / size[size > 0]
    return float(np.degrees(np.median(np.arccos(np.clip(cosine, -1, 1)))))


def caption(runs, level, tried) -> str:
    seeds = len(runs["sgd"]["loss"])
    angle = {name: f"{turns(run):.0f}" for name, run in runs.items()}
    listed = ", ".join(f"{LOOKS[name].name} {level[name]:.2g}" for name in sorted(level, key=level.get))
    lowest = min(level, key=level.get)
    drawn = lambda y: np.quantile(y, 0.5, axis=0, method="nearest")  # as in the picture
    middle = {name: drawn(blocks(run["loss"])[1]) for name, run in runs.items()}
    settled = {name: f"{y[-1] / y[len(y) // 2]:.2g}" for name, y in middle.items()}
    stuck = float(np.mean(runs["pls"]["loss"][:, -1] > 0.5 * runs["pls"]["loss"][:, 0]))
    grids = []
    for name in RATES:
        rates, score = scores(tried, name)
        worst = float(drawn(score).max())
        grids.append(f"{LOOKS[name].name} {rates[0]:.2g} to {rates[-1]:.2g} (ends up to {worst:.2g})")
    times = {name: f"{level[name] / level['sgd']:.2g}" for name in ("momentum", "adam")}
    return (
        "The mean of 100 random quadratics in the plane, one of which is drawn at each step. Left: contours of the "
        "mean loss and the path of one run of each method, all from the dot; cross: the minimum. Right: "
        f"{seeds} runs with seeds of their own from the four corners, loss above its minimum, means over blocks of "
        "five steps; bands: quartiles over the runs. Below: what decided the rates, the mean of the last quarter of "
        f"the steps on {seeds} other seeds, four rates per decade: {'; '.join(grids)}; the searches run at their "
        f"defaults. Ends of the runs drawn, in this order: {listed}.\n\n"
        "The dissertation's fig. 2.6 shows SGD, momentum and Adam at rates that it does not name: "
        f"{quote('smoother path')} Here the median angle between consecutive steps is {angle['momentum']} (momentum) "
        f"and {angle['adam']} (Adam) degrees, that of SGD {angle['sgd']}. A smooth path is one thing, a low loss "
        f"another: with each rate tuned, momentum ends at {times['momentum']} times the loss of SGD, Adam at "
        f"{times['adam']} times, and the lowest of all, {LOOKS[lowest].name}, turns by {angle[lowest]} degrees. "
        "What fig. 2.6 does not show: a search on the drawn quadratic jumps to where that one is low along the "
        f"line (median angles of {angle['exact']} degrees, exact, and {angle['pal']}, PAL with momentum). In the "
        f"second half of the steps the median loss changes by a factor of {settled['exact']} with the exact search "
        f"on the batch and of {settled['exact-full']} with that on all data, along equally noisy directions. Of the "
        f"runs of PLS {stuck:.0%} end above half of their first loss."
    )


RECIPE = Recipe(
    "F18", "paths", "Paths over noisy quadratics", None, draw, ("mutschler2022", "polyak1964", "kingma2015"), measure
)
