"""F22: the locally optimal rate on a trajectory is half of the rate that made it (dissertation, 5.5, figs. 5.7, "
"5.8)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from toybox.quotations import quote

from .recipe import Recipe, Table
from .words import span


class Training(NamedTuple):
    """SGD with several rates on a problem; ``every``: steps from one that is measured to the next."""

    title: str
    problem: str
    options: dict[str, Any]
    rates: tuple[float, ...]
    steps: int
    every: int


BATCH = 32
SMALL = {"hidden": (8,), "rows": 350}
TRAININGS = (
    Training(
        "quadratic", "quadratic", {"dim": 30, "size": 500, "condition": 30.0, "common": True}, (0.05, 0.1, 1.0), 4500, 3
    ),
    Training("kernel logistic", "logistic", {"size": 500, "sigma": 2.0}, (0.01, 0.03, 0.1), 3000, 2),
    Training("network, square loss", "digits", SMALL | {"loss": "square"}, (0.1, 0.3, 1.0), 4000, 12),
    Training("network, softmax", "digits", SMALL, (0.1, 0.3, 1.0), 4000, 12),
)
SIZES = {"smoke": (0.1, 3), "default": (1.0, 6), "full": (5.0, 20)}  # times the steps; seeds
BETAS = {
    0.0: ("SGD", "#0072B2", "o", "-"),
    0.9: ("momentum 0.9, multiples of m", "#D55E00", "s", (0, (5, 1.5))),
}
THIRD = 0.3  # of the rates, with momentum
WINDOWS = 10  # stretches of the lower panels, growing like their distance from the start


def measure(size: str):
    import polars as pl

    rows: list[tuple] = []
    for training in TRAININGS:
        rows += [(training.title, *row) for row in trained(training, *SIZES[size])]
    rows += [("epochs", 0.0, *row) for row in in_epochs(TRAININGS[0], *SIZES[size])]
    schema = ["panel", "beta", "rate", "series", "x", "y", "low", "high"]
    return pl.DataFrame(rows, schema=schema, orient="row")


def trained(training: Training, longer: float, seeds: int) -> list[tuple]:
    import toybox as tb
    from toybox.analysis.balance import balance, energies

    problem = tb.problem(training.problem, **training.options)
    steps = round(longer * training.steps)
    edges = np.unique(np.geomspace(2 * training.every, steps, WINDOWS).round().astype(int))
    windows = [(0, edges[0]), *pairwise(edges)]
    rows: list[tuple] = []
    for beta in BETAS:
        rates = np.array(training.rates) * (1 if beta == 0 else THIRD)
        method = tb.method("momentum", rate=rates, beta=beta) if beta else tb.method("sgd", rate=rates)
        options: dict[str, Any] = {"steps": steps, "batch": BATCH, "seeds": range(seeds), "every": training.every}
        options["sampler"] = "fresh"
        found = energies(problem, method, **options)

        late = balance(found, (steps // 2, steps))
        rows += [(beta, *row) for row in entries("late", seeds, rates, late)]
        for name in ("drift", "mean", "sd", "negative"):
            rows += [(beta, *row, np.nan, np.nan) for row in single(name, rates, getattr(late, name))]
        for start, stop in windows:
            if ((found.t >= start) & (found.t < stop)).any():
                part = balance(found, (start, stop))
                rows += [(beta, *row) for row in entries("share", (start + stop) / 2, rates, part)]
    return rows


def in_epochs(training: Training, longer: float, seeds: int) -> list[tuple]:
    """The balance where an epoch draws every sample once: of all steps, and of those with its first and last batch."""
    import toybox as tb
    from toybox.analysis.balance import Energies, balance, energies

    problem, rate = tb.problem(training.problem, **training.options), np.array([training.rates[1]])
    length, steps = problem.size // BATCH, round(longer * training.steps)
    found = energies(problem, tb.method("sgd", rate=rate), steps=steps, batch=BATCH, seeds=range(seeds))
    rows = []
    for name, first, by in (("all", 0, 1), ("first batch", 0, length), ("last batch", length - 1, length)):
        part = Energies(*(column[first::by] for column in found))
        rows += entries(name, seeds, rate, balance(part, (steps // 2, steps)))
    return rows


def entries(name, x, rates, books):
    """lambda_opt / lambda with its interval, by rate."""
    values = zip(rates, books.share, books.low, books.high, strict=True)
    return [(float(rate), name, float(x), *map(float, share)) for rate, *share in values]


def single(name, rates, values):
    return [(float(rate), name, 0.0, float(value)) for rate, value in zip(rates, values, strict=True)]


def draw(results, overlay=True, cost="steps"):
    import matplotlib.pyplot as plt
    import polars as pl

    figure, axes = plt.subplots(2, len(TRAININGS), figsize=(13, 6.4), layout="constrained")
    table = Table()
    for (upper, lower), training in zip(axes.T, TRAININGS, strict=True):
        title = training.title
        chosen = results.filter(pl.col("panel") == title)
        ends = np.array([0.2 * min(training.rates), 1.5 * max(training.rates)])
        upper.plot(ends, ends / 2, color="#222222", lw=1, zorder=1.5, label="half of the training rate")
        upper.plot(ends, ends, color="#8A8A8A", lw=0.8, ls=":", zorder=1.5, label="the training rate")
        lower.axhline(0.5, color="#222222", lw=1, zorder=1.5)
        lower.axhline(1, color="#8A8A8A", lw=0.8, ls=":", zorder=1.5)
        starts: list[tuple] = []  # of the lower curves: share, rate, color
        for beta, (label, color, marker, dash) in BETAS.items():
            mine = chosen.filter(pl.col("beta") == beta)
            late = mine.filter(pl.col("series") == "late")
            rate, share, low, high = (late[name].to_numpy() for name in ("rate", "y", "low", "high"))
            optimal, below, above = share * rate, low * rate, high * rate
            upper.errorbar(
                rate, optimal, [np.clip(optimal - below, 0, np.abs(optimal) * 0.97), above - optimal], color=color,
                fmt=marker, ms=5, capsize=3, label=label, mfc="white" if beta else color,
            )  # fmt: skip
            table.add(f"{title}, lambda_opt", label, rate, optimal, below, above)
            for value, shade in zip(rate, np.linspace(0.4, 1, len(rate)), strict=True):
                lane = mine.filter((pl.col("series") == "share") & (pl.col("rate") == value))
                x, y, low, high = (lane[name].to_numpy() for name in ("x", "y", "low", "high"))
                table.add(f"{title}, lambda_opt / lambda", f"{label} {value:.3g}", x, y, low, high)
                if beta and value != rate[-1]:
                    continue  # as far away for longer
                look = {"color": color, "ls": dash, "marker": marker, "mfc": "white" if beta else color}
                lower.plot(x, np.where(y > 0, y, np.nan), ms=3, alpha=shade, **look)
                lower.fill_between(x, *np.maximum([low, high], 1e-3), color=color, alpha=0.12 * shade, lw=0)
                starts.append((y[0], f"{value:.2g}", color))
        name_starts(lower, x[0], starts)
        upper.set(xscale="log", yscale="log", title=title, xlabel="training rate")
        lower.set(xscale="log", yscale="log", xlabel="iteration")
        lower.set_ylim(0.15, 40)
        lower.set_xlim(0.35 * x[0], None)
    for panel, beta, rate, name, x, y, low, high in results.filter(~pl.col("series").is_in(["late", "share"])).rows():
        table.add(f"{panel}, {name}", f"beta {beta:g}, rate {rate:.3g}", [x], [y], [low], [high])
    axes[0, 0].set_ylabel("locally optimal rate, late")
    axes[1, 0].set_ylabel("optimal / training rate")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure, table, caption(results)


def name_starts(ax, x, starts) -> None:
    """Rates, left of where their curves begin; one that begins close above another is named higher up."""
    last = 0.0
    for y, rate, color in sorted(starts):
        last = max(y, 1.25 * last)  # the height of a letter on this axis
        ax.annotate(
            rate,
            (x, last),
            xytext=(-4, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=7,
            color=color,
        )


def caption(results) -> str:
    import polars as pl

    def rows(**wanted):
        return results.filter(pl.all_horizontal([pl.col(name) == value for name, value in wanted.items()]))

    def value(title, series, rate):
        return rows(panel=title, series=series, beta=0.0, rate=rate)["y"][0]

    def interval(title, rate):
        y, low, high = rows(panel=title, series="late", beta=0.0, rate=rate).select("y", "low", "high").row(0)
        return f"{rate * y:.3g} ({rate * low:.3g} to {rate * high:.3g})"

    def shares(title, beta):
        return span(rows(panel=title, series="late", beta=beta)["y"])

    late = results.filter(pl.col("series") == "late")
    drift = results.filter(pl.col("series") == "drift").select("panel", "beta", "rate", drift="y")
    late = late.join(drift, on=["panel", "beta", "rate"]).with_columns(parabola=1 / (2 - pl.col("drift")))
    *_, softmax = titles = [training.title for training in TRAININGS]
    settled, falling = late.filter(pl.col("panel") != softmax), late.filter(pl.col("panel") == softmax)
    drifts, parabolas = (
        [span(part[name]) for (_,), part in falling.group_by("beta", maintain_order=True)]
        for name in ("drift", "parabola")
    )
    holds = lambda share: settled.filter((pl.col("low") < share) & (share < pl.col("high"))).height
    quadratic = titles[0]
    position = {row["series"]: f"{row['y']:.2f}" for row in rows(panel="epochs").iter_rows(named=True)}
    return CAPTION.format(
        seeds=f"{rows(series='late')['x'][0]:.0f}",
        shares="; ".join(f"{t}, {shares(t, 0.0)} (momentum {shares(t, 0.9)})" for t in titles),
        half=holds(0.5),
        of=settled.height,
        parabola=holds(pl.col("parabola")),
        drift=span(settled["drift"]),
        drifts=drifts,
        parabolas=parabolas,
        said=quote("a learning rate exists"),
        tenth=interval(quadratic, 0.1),
        twentieth=interval(quadratic, 0.05),
        mean=f"{value(quadratic, 'mean', 0.1):.2f}",
        sd=f"{value(quadratic, 'sd', 0.1):.2f}",
        negative=f"{100 * value(quadratic, 'negative', 0.1):.0f}",
        all=position["all"],
        first=position["first batch"],
        last=position["last batch"],
    )


CAPTION = (
    "Upper row: the rate that would have been locally optimal on SGD's own trajectory, E[g'u] / E[u'Hu] as a ratio of "
    "averages over the second half of {seeds} runs, with its 95 % interval (Student's t over the runs, which are "
    "independent), against the rate of training. Lower row: the same in stretches of the run (momentum with its "
    "largest rate; negative values left out). Momentum 0.9 (u = m, rates multiply m): the balance holds along whatever "
    "u the step takes.\n\n"
    "Once the loss is stationary it is half of the training rate: that is the energy balance (claim SGD-07). As long "
    "as the loss falls it is more, on parabolas 1 / (2 - drift) of the rate, the drift being twice the fall of a step "
    "over rate E[g'u]. In the second half of these runs, in units of the training rate: {shares}. Of the intervals of "
    "the first three, with drifts of {drift} (SGD and momentum), {half} of {of} hold one half and {parabola} hold "
    "1 / (2 - drift). The softmax network goes on to fit its data: its drift of {drifts[0]} (momentum {drifts[1]}) "
    "makes that {parabolas[0]} (momentum {parabolas[1]}).\n\n"
    "The published finding is that {said} (Mutschler & Zell 2021, abstract; dissertation, section 5.5: the rate "
    "0.05 on a trajectory trained with 0.1). On a quadratic the balance alone gives as much, in the mean: the one "
    "trained with 0.1 has {tenth}, and trained with 0.05 it has {twentieth}. For networks it does not follow: their "
    "lines are no exact parabolas, and their loss may go on falling. Single steps scatter: on the quadratic with rate "
    "0.1 their ratios have mean {mean} and standard deviation {sd} of the rate, and {negative} % are negative. "
    "Batches are drawn independently here; in epochs, where batches make up for each other, it is {all} of the rate "
    "for all steps, but {first} for the first batch of an epoch and {last} for the last (quadratic, rate 0.1)."
)

RECIPE = Recipe("F22", "balance", "Half of the training rate", None, draw, ("mutschler2021", "mutschler2022"), measure)
