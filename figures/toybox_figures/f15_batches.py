"""F15: batches of 128, 32 and 8: LABPAL with its noise factor against SGD, SLS and PAL (dissertation, fig. 6.7)."""

from __future__ import annotations

import numpy as np

from toybox.quotations import quote

from .recipe import COSTS, LOOKS, Look, Recipe, Table, band, curves
from .words import listed, places

ORIGINAL, BATCHES = 128, (128, 32, 8)
SAMPLES, REUSE = 1280, 20  # of an approximation, as published; updates for which it serves
CONTROL = "no factor"
TICKS = (0.2, 0.3, 0.5, 1, 2)
SERIES = {
    "sgd": LOOKS["sgd"]._replace(name="SGD, rate 1, .1, .01"),
    "sls": LOOKS["sls"],
    "labpal-sgd": LOOKS["labpal-sgd"]._replace(name="LABPAL&SGD, noise factor"),
    CONTROL: Look("LABPAL&SGD, factor 1", "#C44E9B", "x", (0, (1, 1))),
    "labpal-nsgd": LOOKS["labpal-nsgd"]._replace(name="LABPAL&NSGD, noise factor (step: length)", color="#C08BE0"),
    "pal": LOOKS["pal"]._replace(name="PAL (step: length)"),
}


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
    figure, axes = plt.subplots(3, 3, figsize=(12, 8.6), sharex=cost == "epochs", sharey="row", layout="constrained")
    table = Table()
    for result in results:
        batch, look = result.run.batch, SERIES[result.run.label]
        steps, loss, accuracy = axes[:, BATCHES.index(batch)]
        x, y = curves([result], "size", cost)
        width = max(1, len(x) // 30)  # medians over a few steps, so that single steps do not hide each other
        keep = len(x) // width * width
        x, y = x[:keep:width], np.median(y[:, :keep].reshape(len(y), -1, width), axis=2)
        band(steps, x, np.where(y > 0, y, np.nan), look, look.name, table, f"batch {batch}: step")
        x, y = curves([result], "full_loss", cost)
        band(loss, x, y, look, look.name, table, f"batch {batch}: loss")
        x, y = curves([result], "test_accuracy", cost)
        band(accuracy, x, 100 * y, look, look.name, table, f"batch {batch}: accuracy")
    for batch, (steps, loss, accuracy) in zip(BATCHES, axes.T, strict=True):
        factor = ORIGINAL // batch
        steps.set_title(f"batches of {batch}" + (f", noise factor {factor}" if factor > 1 else ""))
        steps.set_yscale("log")
        loss.set_yscale("log")
        accuracy.set_xlabel(COSTS[cost])
    axes[1, 0].set_ylim(0.16, 2.5)
    axes[1, 0].set_yticks(TICKS, [f"{tick:g}" for tick in TICKS])
    axes[1, 0].minorticks_off()
    axes[2, 0].set_ylim(80, 95)
    for ax, label in zip(axes[:, 0], ("step", "training loss (logistic)", "test accuracy in %"), strict=True):
        ax.set_ylabel(label)
    named = [dict(zip(*reversed(ax.get_legend_handles_labels()), strict=True)) for ax in axes[0]]
    names = [look.name for look in SERIES.values()]
    figure.legend([(named[0] | named[1])[name] for name in names], names, loc="outside upper center", ncols=3)
    return figure, table, caption(results)


def caption(results) -> str:
    found = {(r.run.label, r.run.batch): r for r in results}
    large, small = BATCHES[0], BATCHES[-1]

    def end(series, batch, column="full_loss"):
        """As it is drawn: a median that is one of the runs."""
        return float(np.quantile(curves([found[series, batch]], column)[1][:, -1], 0.5, method="nearest"))

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
    grows = lambda series: f"{end(series, small) / end(series, large):.2f}"
    every = ", ".join(map(str, BATCHES))
    return (
        f"RBF-kernel classification of two overlapping clouds ({first.meta['size']} training rows, float32), batches "
        f"of {every}, equal numbers of samples, those of searches included. Medians and quartiles over "
        f"{len(first.run.seeds)} seeds; "
        "steps: medians over a few neighbouring ones, in multiples of -g or, where it says so, as lengths; full "
        f"losses and accuracies outside the axes are cut off. LABPAL: estimates on {SAMPLES} samples, reused for "
        f"{REUSE} updates of {ORIGINAL} samples, schedule 1, 2, 4. Noise factor (eq. 6.8, the data being those of the "
        "original): so many batches per gradient.\n\n"
        f"Of networks the dissertation says (section 6.4.3, figures C.2 and C.3) that {quote('batch size of 8')}, that "
        f"{quote('SLS stays similar')}, that {quote('LABPAL identical')} (of batches of 32), and that "
        f"{quote('SGD performs well')}. Here the final loss with batches of {small} is that with batches of {large} "
        f"times {grows('pal')} for PAL, {grows('sls')} for SLS, {grows('labpal-sgd')} and {grows('labpal-nsgd')} for "
        f"LABPAL with the factor (SGD, NSGD), and {grows('sgd')} for SGD with one plain schedule of falling rates, "
        f"whose loss has place {place('sgd')} of the methods drawn. With the factor an update of LABPAL is made of "
        f"{ORIGINAL} samples in every column (some drawn twice), so that its three columns are nearly the same method "
        "in law, and their differences show its scatter. GOLS-I and PLS, which fig. 6.7 has, are not drawn.\n\n"
        f"| batches of {every} | final loss | accuracy in % | median step | last tenth of the steps over the first, "
        f"batches of {small} |\n|---|---|---|---|---|\n" + "\n".join(map(row, SERIES))
    )


RECIPE = Recipe("F15", "batches", "Smaller batches, noisier searches", study, draw, ("mutschler2022",))
