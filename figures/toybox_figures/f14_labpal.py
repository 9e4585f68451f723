"""F14: LABPAL's steps against the minimum of the full loss, on the lines of SGD (dissertation, fig. 6.2 and 6.4.1)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from toybox.quotations import quote

from .f12_strategies import BLOCKS, STRATEGIES, WIDTH, series, values
from .recipe import LOOKS, Recipe, Table

CASES = {
    "regression": BLOCKS["regression"]._replace(rates=(0.2,)),
    "digits": BLOCKS["digits"]._replace(rates=(0.4,), steps={"smoke": 16, "default": 300, "full": 2000}),
}
BATCH = {"regression": 40, "digits": 32}
REUSE, SHOWN = (1, 5, 25, 100), 25  # lines for which an estimate serves
FEW = 10  # batches of an estimate in training
PLAIN = ("sgd", "half", "pal", "fbpal")
KINDS = {  # series -> method, whether it measures all batches, look
    "sgd all": ("labpal-sgd", True, LOOKS["labpal-sgd"]._replace(name="LABPAL&SGD, all batches")),
    "nsgd all": ("labpal-nsgd", True, LOOKS["labpal-nsgd"]._replace(name="LABPAL&NSGD, all batches", color="#C08BE0")),
    "sgd few": ("labpal-sgd", False, LOOKS["labpal-sgd"]._replace(name=f"LABPAL&SGD, {FEW} batches", color="#2B2A8C")),
}
PANELS = {
    "update step s_upd": "line number",
    "accumulated improvement": "line number",
    "improvement, per that of s_opt": "lines for which an estimate is reused",
}
BOTTOM = {"regression": -3.0, "digits": -1.0}  # of the last panels
SHORT = {"half": "half", "sgd": "SGD", "fbpal": "FBPAL"}


class Epochs(NamedTuple):
    """Shuffled epochs whose further batches of a step are the others of its epoch, so that all together are all data
    but an incomplete last batch: (t, j) -> samples (seeds, batch)."""

    size: int
    batch: int
    seeds: int

    def __call__(self, t: int, j: int) -> np.ndarray:
        epoch, place = divmod(t, self.size // self.batch)
        at = (place + j) % (self.size // self.batch) * self.batch
        orders = (np.random.default_rng([seed, epoch]).permutation(self.size) for seed in range(self.seeds))
        return np.stack([order[at : at + self.batch] for order in orders])


def measure(size: str):
    import polars as pl

    import toybox as tb
    from toybox.analysis import sample

    rows: list[tuple] = []
    for key, case in CASES.items():
        problem, batch, seeds, rate = (
            tb.problem(case.problem, **case.options),
            BATCH[key],
            case.seeds[size],
            *case.rates,
        )
        methods = {"sgd": tb.method("sgd", rate=rate), "half": tb.method("sgd", rate=rate / 2)}
        methods |= {"pal": tb.method("pal", beta=0.0), "fbpal": tb.method("fbpal")}
        for kind, (name, everything, _) in KINDS.items():
            batches = problem.size // batch if everything else FEW
            options = {"alpha": 1.0, "approximation_batches": batches}
            methods |= {f"{kind} {reuse}": tb.method(name, reuse=reuse, **options) for reuse in REUSE}
        lines = sample(
            problem, methods["sgd"], steps=case.steps[size], batch=batch, seeds=range(seeds), unit=case.unit,
            window=case.window, points=31, methods=methods, sampler=Epochs(problem.size, batch, seeds),
        )  # fmt: skip
        rows += [(key, *row) for row in measured(lines)]
    return pl.DataFrame(rows, schema=["case", "series", "metric", "lane", "t", "value"], orient="row")


def measured(lines):
    """(series, metric, lane, t, value): the first seed line by line, and sums over the second half for every seed."""
    from toybox.analysis.steps import memory, metrics, smooth

    T, found = len(lines.t), metrics(lines)
    known = ~np.isnan(found["optimum"].size)
    gained = {name: np.where(known, strategy.improvement, 0.0) for name, strategy in found.items()}
    for name, strategy in found.items():
        size = strategy.size[:, 0]
        curves = {"size": size, "size, smoothed": smooth(size, WIDTH).mean}
        curves |= {"total_improvement": gained[name][:, 0].cumsum()}
        for metric, y in curves.items():
            yield from ((name, metric, 0, t, float(v)) for t, v in enumerate(y))
        late = slice(T // 2, None)
        shares = gained[name][late].sum(axis=0) / gained["optimum"][late].sum(axis=0)
        long = np.where(known, strategy.size, 0)[late].sum(axis=0)
        long = long / np.where(known, found["optimum"].size, 0)[late].sum(axis=0)
        yield from ((name, "long", lane, T, float(v)) for lane, v in enumerate(long))
        yield from ((name, "share", lane, T, float(v)) for lane, v in enumerate(shares))
    near = memory(found["optimum"].size[T // 2 :], [lag for lag in (1, WIDTH) if lag < T - T // 2])
    for lag, row in zip(near.lag, near.correlation, strict=True):
        yield from ((f"{lag}", "memory", lane, T, float(v)) for lane, v in enumerate(row))
    yield from (("all", "missing", lane, T, float(v)) for lane, v in enumerate((~known).sum(axis=0)))
    ahead = (found["optimum"].size > 0)[T // 2 :].mean(axis=0)
    yield from (("all", "ahead", lane, T, float(v)) for lane, v in enumerate(ahead))


def draw(results, overlay=True, cost="steps"):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 3, figsize=(12, 7.2), layout="constrained", width_ratios=[1.2, 1, 1])
    table = Table()
    for (key, case), row in zip(CASES.items(), axes, strict=True):
        found = series(results, key)
        for name, look in looks().items():
            along(row[0], found, name, look, f"{key}: size", "size", table)
            along(row[1], found, name, look, f"{key}: accumulated improvement", "total_improvement", table)
        ends = [line.get_ydata()[len(line.get_ydata()) // 2 :] for line in row[0].get_lines() if line.get_lw() > 1]
        row[0].set_yscale("log")
        row[0].set_ylim(min(np.nanmin(y[y > 0]) for y in ends) / 4, 6 * max(np.nanmax(y) for y in ends))
        row[1].set_yscale("symlog", linthresh=1)
        row[1].axhline(0, color="k", lw=0.6, zorder=1.5)
        reused(row[2], results, key, table)
        row[0].set_ylabel(f"{case.title}", fontweight="bold")
    for ax, (title, label) in zip(axes.T, PANELS.items(), strict=True):
        ax[0].set_title(title)
        ax[1].set_xlabel(label)
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=4)
    return figure, table, caption(results)


def looks() -> dict:
    """Series -> look; LABPAL's with the estimates shown over the lines."""
    plain = {name: STRATEGIES[name] for name in ("optimum", *PLAIN)}
    return plain | {f"{kind} {SHOWN}": look for kind, (*_, look) in KINDS.items()}


def along(ax, found, name, look, panel, metric, table) -> None:
    """One strategy over the lines, smoothed where there is a mean, and as it is thin behind."""
    t, y = found[name, metric]
    table.add(panel, look.name, t, y, y, y)
    if (name, f"{metric}, smoothed") in found:
        ax.plot(t, y, color=look.color, lw=0.3, alpha=0.35, zorder=2)
        t, y = found[name, f"{metric}, smoothed"]
        table.add(f"{panel}, smoothed", look.name, t, y, y, y)
    ax.plot(
        t, y, color=look.color, ls=look.dash, marker=look.marker, markevery=(len(t) // 16, max(1, len(t) // 8)),
        label=look.name, zorder=5 if name == "optimum" else 4,
    )  # fmt: skip


def reused(ax, results, key, table) -> None:
    """The share of the possible improvement over the number of lines for which an estimate serves."""
    panel = f"{key}: share of the possible improvement"
    for kind, (*_, look) in KINDS.items():
        shares = [np.quantile(values(results, key, "share", f"{kind} {k}"), [0.25, 0.5, 0.75]) for k in REUSE]
        low, median, high = np.transpose(shares)
        ax.fill_between(REUSE, low, high, color=look.color, alpha=0.18, lw=0)
        ax.plot(REUSE, median, color=look.color, ls=look.dash, marker=look.marker)
        table.add(panel, look.name, REUSE, median, low, high)
    for name in PLAIN:
        low, median, high = np.quantile(values(results, key, "share", name), [0.25, 0.5, 0.75])
        ax.axhline(median, color=STRATEGIES[name].color, ls=STRATEGIES[name].dash, lw=1)
        table.add(panel, STRATEGIES[name].name, [0], [median], [low], [high])
        color, where = STRATEGIES[name].color, {"xycoords": ax.get_yaxis_transform(), "textcoords": "offset points"}
        if name in SHORT:
            ax.annotate(SHORT[name], (1, median), xytext=(3, 0), va="center", fontsize=7.5, color=color, **where)
        else:
            text = f"PAL: {median:.3g}, below"
            ax.annotate(text, (0.98, BOTTOM[key]), xytext=(0, 3), ha="right", fontsize=7.5, color=color, **where)
    ax.set_xscale("log")
    ax.set_xticks(REUSE, [str(k) for k in REUSE])
    ax.minorticks_off()
    ax.axhline(1, color="k", lw=1)
    ax.axhline(0, color="k", lw=0.6, ls=(0, (1, 2)))
    ax.set_ylim(BOTTOM[key], 1.2)


def caption(results) -> str:
    def share(key, name, metric="share"):
        low, middle, high = np.quantile(values(results, key, metric, name), [0.25, 0.5, 0.75])
        return f"{middle:.2f} [{low:.2f}, {high:.2f}]"

    def both(name, metric="share"):
        return " and ".join(share(key, name, metric) for key in CASES)

    def memory(key, lag):
        found = values(results, key, "memory", str(lag))
        return f"{np.nanmedian(found):.2f}" if len(found) else "-"

    behind = " and ".join(f"{1 - np.median(values(results, key, 'ahead', 'all')):.0%}" for key in CASES)
    missing = {key: values(results, key, "missing", "all") for key in CASES}
    lost = ", ".join(f"{int(found.sum())} ({CASES[key].title})" for key, found in missing.items())
    rows = [(look.name, [f"{kind} {reuse}" for reuse in REUSE]) for kind, (*_, look) in KINDS.items()]
    table = [
        f"| {name}, {CASES[key].title} | {' | '.join(share(key, series) for series in found)} |"
        for key in CASES
        for name, found in rows
    ]
    header = f"| share of the possible improvement, an estimate reused for | {' | '.join(map(str, REUSE))} lines |"
    lines = "\n".join([header, "|---" * (1 + len(REUSE)) + "|", *table])
    return (
        f"Lines of runs like those of F12 (batches of {BATCH['regression']} and {BATCH['digits']}, drawn in epochs), "
        "and LABPAL without step adaptation (alpha = 1) asked for its step on them. All batches: the parabola is "
        f"measured on all data, as in section 6.4.1 (but for an incomplete last batch); {FEW} batches: as in training, "
        f"the batch of the direction being one of them. Left and middle: the first seed, estimates reused for {SHOWN} "
        f"lines, means over {WIDTH} lines in colour, single lines thin; steps of 0 leave the axis. Right: second half "
        f"of the lines, medians and quartiles of {len(missing['regression'])} seeds (regression) and "
        f"{len(missing['digits'])} (network); so are all numbers here, regression first.\n\n"
        "*Near-optimal?* Of estimates on all data, each reused for 100 steps, the dissertation says (6.4.1) that "
        f"LABPAL&SGD {quote('near-optimal')}. Here they get the last column below of the improvement of s_opt. FBPAL, "
        f"which measures all data on every line, gets {both('fbpal')}: it stays where the full loss rises ({behind} of "
        "the lines), where LABPAL goes by its last estimate. A constant half of the training rate gets "
        f"{both('half')}, PAL, with nothing but the batch of the direction, {both('pal')}. The observation from which "
        "the reuse is derived (6.3, observation 3) is of smoothed curves: log s_opt, where s_opt > 0, has "
        f"autocorrelations of {memory('regression', 1)} and {memory('digits', 1)} with the next line, "
        f"{memory('regression', WIDTH)} and {memory('digits', WIDTH)} with the {WIDTH}th.\n\n"
        + lines
        + "\n\nSteps over s_opt, means of both, where the estimate is measured anew on every line: on all data "
        f"{both('sgd all 1', 'long')}, on {FEW} batches {both('sgd few 1', 'long')}. The batch that gave the direction "
        f"is one of the {FEW}.\n\n"
        f"Lines without a minimum inside the window, left out of all sums: {lost}."
    )


RECIPE = Recipe(
    "F14", "labpal-truth", "LABPAL against the full loss", None, draw, ("mutschler2021", "mutschler2022"), measure
)
