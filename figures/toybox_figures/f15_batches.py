"""F15: batches of 128, 32 and 8: LABPAL with its noise factor against SGD, SLS and PAL (dissertation, fig. 6.7)."""

from __future__ import annotations

import numpy as np

from toybox.quotations import quote

from .recipe import COSTS, LOOKS, Look, Recipe, Table, band, curves
from .words import listed, places, span

ORIGINAL, BATCHES = 128, (128, 32, 8)
SAMPLES, REUSE = 1280, 20  # of an approximation, as published; updates for which it serves
CONTROL = "no factor"
TICKS = (0.2, 0.3, 0.5, 1, 2)
SERIES = {
    "sgd": LOOKS["sgd"]._replace(name="SGD, rate 1, .1, .01"),
    "sls": LOOKS["sls"],
    "labpal-sgd": LOOKS["labpal-sgd"]._replace(name="LABPAL&SGD, noise factor"),
    CONTROL: Look("LABPAL&SGD, factor 1", "#C44E9B", "x", (0, (1, 1))),
    "labpal-nsgd": LOOKS["labpal-nsgd"]._replace(name="LABPAL&NSGD, noise factor", color="#C08BE0"),
    "pal": LOOKS["pal"],
}
LENGTHS = ("labpal-nsgd", "pal")  # their steps; those of the others are multiples of -g
ROWS = ("step in multiples of -g", "step as a length", "training loss (logistic)", "test accuracy in %")


def study(size: str):
    import toybox as tb
    from toybox.study import Run, Study

    updates, seeds, rows = {"smoke": (20, 2, 500), "default": (600, 5, 2500), "full": (3000, 10, 10000)}[size]
    runs, budget = [], lambda batches, hyper: len(tb.method("labpal-sgd", **hyper).batches.within(batches))
    for batch in BATCHES:
        factor = ORIGINAL // batch  # eq. 6.8: the data set is that of the original
        searches = {"approximation_batches": SAMPLES // batch, "reuse": REUSE, "schedule": "doubling"}
        adapted, control = searches | {"noise_factor": factor}, searches | {"reuse": REUSE * factor}
        plan = {  # series -> method, options, updates in which it draws factor * updates batches
            "sgd": ("sgd", {"rate": 1.0, "schedule": "piecewise"}, factor * updates),
            "sls": ("sls", {}, factor * updates),
            "labpal-sgd": ("labpal-sgd", adapted, budget(factor * updates, adapted)),
            CONTROL: ("labpal-sgd", control, budget(factor * updates, control)),
            "labpal-nsgd": ("labpal-nsgd", adapted, budget(factor * updates, adapted)),
            "pal": ("pal", {"beta": 0.0}, factor * updates),
        }
        for label, (method, hyper, steps) in plan.items():
            if label == CONTROL and factor == 1:
                continue
            runs.append(
                Run(
                    problem="logistic",
                    options={"size": rows, "dtype": "float32"},
                    method=method,
                    hyper=hyper,
                    label=label,
                    steps=steps,
                    batch=batch,
                    seeds=range(seeds),
                    every=max(1, steps // 30),
                )
            )
    return Study(name="F15", runs=runs)


def draw(results, overlay=True, cost="steps"):
    import matplotlib.pyplot as plt

    cost = "epochs" if cost == "steps" else cost  # updates of different batches have nothing in common
    figure, axes = plt.subplots(
        4, 3, figsize=(12, 11.5), sharex=cost == "epochs", sharey="row", layout="constrained",
        height_ratios=[1, 0.8, 1.2, 1.4],
    )  # fmt: skip
    table = Table()
    for result in results:
        batch, look = result.run.batch, SERIES[result.run.label]
        multiples, lengths, loss, accuracy = axes[:, BATCHES.index(batch)]
        steps = lengths if result.run.label in LENGTHS else multiples
        x, y = curves([result], "size", cost)
        width = max(1, len(x) // 30)  # medians over a few steps, so that single steps do not hide each other
        keep = len(x) // width * width
        x, y = x[:keep:width], np.median(y[:, :keep].reshape(len(y), -1, width), axis=2)
        band(steps, x, np.where(y > 0, y, np.nan), look, look.name, table, f"batch {batch}: step")
        x, y = curves([result], "full_loss", cost)
        band(loss, x, y, look, look.name, table, f"batch {batch}: loss")
        x, y = curves([result], "test_accuracy", cost)
        band(accuracy, x, 100 * y, look, look.name, table, f"batch {batch}: accuracy")
    for batch, (multiples, *_, accuracy) in zip(BATCHES, axes.T, strict=True):
        factor = ORIGINAL // batch
        multiples.set_title(f"batches of {batch}" + (f", noise factor {factor}" if factor > 1 else ""))
        accuracy.set_xlabel(COSTS[cost])
    for ax, label in zip(axes[:, 0], ROWS, strict=True):
        ax.set_ylabel(label)
    for ax in axes[:3, 0]:
        ax.set_yscale("log")
    for ax in axes[1:3, 0]:
        ax.set_yticks(TICKS, [f"{tick:g}" for tick in TICKS])
        ax.minorticks_off()
    axes[2, 0].set_ylim(0.16, 2.5)
    axes[3, 0].set_ylim(80, 95)
    named = [dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True)) for ax in axes[2]]
    names = [look.name for look in SERIES.values()]
    figure.legend([(named[0] | named[1])[name] for name in names], names, loc="outside upper center", ncols=3)
    for series, look in SERIES.items():
        low, median, high = np.quantile(grown(results, series), [0.25, 0.5, 0.75])
        table.add("loss, last tenth: smallest batches over largest", look.name, [0], [median], [low], [high])
    return figure, table, caption(results)


def late(result, column="full_loss") -> np.ndarray:
    """The mean of each run (seeds,) over the last tenth of its evaluations."""
    y = curves([result], column)[1]
    return y[:, -max(1, y.shape[1] // 10) :].mean(axis=1)


def grown(results, series) -> np.ndarray:
    """The late loss with the smallest batches over that with the largest, seed by seed."""
    found = {r.run.batch: late(r) for r in results if r.run.label == series}
    return found[min(found)] / found[max(found)]


def caption(results) -> str:
    found = {(r.run.label, r.run.batch): r for r in results}
    large, small = BATCHES[0], BATCHES[-1]

    def end(series, batch, column="full_loss"):
        return float(np.median(late(found[series, batch], column)))

    def step(series, batch, part=slice(None)):
        return float(np.median(curves([found[series, batch]], "size")[1][:, part]))

    def cells(series, number, form):
        return ", ".join(f"{number(series, b):{form}}" if (series, b) in found else "-" for b in BATCHES)

    def row(series):
        tenth = max(1, found[series, small].run.steps // 10)
        fell = step(series, small, slice(-tenth, None)) / step(series, small, slice(tenth))
        accuracy = lambda series, batch: 100 * end(series, batch, "test_accuracy")
        numbers = cells(series, end, ".2f"), cells(series, accuracy, ".1f"), cells(series, step, ".2g"), f"{fell:.2g}"
        return f"| {SERIES[series].name} | {' | '.join(numbers)} |"

    def place(series):
        """By loss, at each batch size, among the methods that are drawn there."""
        at = {b: [name for name in SERIES if (name, b) in found] for b in BATCHES}
        return listed(places([end(name, b) for name in at[b]])[at[b].index(series)] for b in BATCHES)

    first = results[0]
    grows = lambda series: span(grown(results, series), quantiles=(0.25, 0.75))
    every = ", ".join(map(str, BATCHES))
    return (
        f"RBF-kernel classification of two overlapping clouds ({first.meta['size']} training rows, float32), batches "
        f"of {every}, equal numbers of samples up to one update, searches included. Medians and quartiles "
        f"over {len(first.run.seeds)} seeds (steps: medians over a few neighbouring ones); what lies outside the axes "
        f"is cut off. LABPAL: estimates on {SAMPLES} samples, reused for {REUSE} updates. Noise factor (eq. 6.8, the "
        f"data being those of the original): so many batches per gradient, hence {ORIGINAL} samples in every column, "
        f"{2 * ORIGINAL} from half of the batches on, {4 * ORIGINAL} from three quarters (some drawn twice). The "
        "columns of LABPAL with the factor are nearly the same method in law; their differences show its scatter.\n\n"
        f"Of networks the dissertation says (section 6.4.3, figures C.2 and C.3) that {quote('batch size of 8')}, that "
        f"{quote('SLS stays similar')}, but of batches of 32 that {quote('others decrease')}, that "
        f"{quote('LABPAL identical')}, and that {quote('SGD performs well')}. Here the late loss (mean of the last "
        f"tenth of the evaluations) with batches of {small} is that with batches of {large} times (quartiles over "
        f"seeds) {grows('pal')} for PAL, {grows('sls')} for SLS, {grows('labpal-sgd')} and {grows('labpal-nsgd')} for "
        f"LABPAL with the factor (SGD, NSGD), and {grows('sgd')} for SGD, whose "
        f"late loss has place {place('sgd')} of the methods drawn. GOLS-I and PLS, which fig. 6.7 has, are not drawn."
        "\n\n"
        f"| batches of {every} | late loss | late accuracy in % | median step (NSGD, PAL: length) | last tenth of "
        f"the steps over the first, batches of {small} |\n|---|---|---|---|---|\n" + "\n".join(map(row, SERIES))
    )


RECIPE = Recipe("F15", "batches", "Smaller batches, noisier searches", study, draw, ("mutschler2022",))
