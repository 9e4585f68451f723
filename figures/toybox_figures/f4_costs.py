"""F4: what a step of each method costs, in the runs of F1 and F2."""

from __future__ import annotations

import numpy as np

from . import f1_factorization as f1
from . import f2_kernels as f2
from .recipe import LOOKS, Recipe, Table, group

RANK = 10


def study(size: str):
    from toybox.study import Study

    chosen = [r for r in f1.study(size).runs if r.options["dtype"] == "float32" and r.options["rank"] == RANK]
    return Study(name="F4", runs=[*chosen, *f2.runs(size)])


def per_step(results) -> tuple[float, float, float]:
    """Forward passes, backward passes and seconds of one run and step, the median over results."""
    import polars as pl

    found = []
    for result in results:
        last = result.frame.filter(pl.col("t") == result.run.steps)
        row = [last[kind].mean() / result.run.steps for kind in ("values", "gradients")]
        found.append((*row, last["seconds"].max() / result.run.steps / len(result.run.seeds)))
    forward, backward, seconds = np.median(found, axis=0)
    return float(forward), float(backward), float(seconds)


def draw(results, overlay=True, cost="steps"):
    import matplotlib.pyplot as plt
    from matplotlib.ticker import LogLocator, NullFormatter

    problems = list(dict.fromkeys(r.run.problem for r in results))
    figure, axes = plt.subplots(2, len(problems), figsize=(11, 11), layout="constrained", sharey="col")
    table = Table()
    for (passes, times), problem in zip(axes.T, problems, strict=True):
        costs = {m: per_step(r) for (p, m), r in group(results, "problem", "method").items() if p == problem}
        costs = dict(sorted(costs.items(), key=lambda item: -sum(item[1][:2])))
        base = costs["adam"][2]  # the one first-order method that both problems share
        for place, (method, (forward, backward, seconds)) in enumerate(costs.items()):
            color = LOOKS[method].color
            passes.barh(place + 0.18, forward, color=color, height=0.34)
            passes.barh(place - 0.18, backward, color=color, height=0.34, alpha=0.45)
            times.barh(place, seconds / base, color=color, height=0.7)
            ratio, most = seconds / base, max(forward, backward)
            for ax, x, text in ((passes, most, f"{forward:.1f} + {backward:.1f}"), (times, ratio, f"{ratio:.2g}x")):
                ax.annotate(text, (x, place), xytext=(3, 0), textcoords="offset points", va="center", fontsize=7)
            table.add(f"{problem} passes", method, [0], [forward], [backward], [seconds])
        for ax in (passes, times):
            ax.set_yticks(range(len(costs)), [LOOKS[m].name for m in costs], fontsize=7.5)
            ax.grid(axis="y", visible=False)
            ax.set_xscale("log")
            ax.margins(x=0.25, y=0.01)
            ax.xaxis.set_major_locator(LogLocator(10, subs=(1, 2, 5)))
            ax.xaxis.set_major_formatter("{x:g}")
            ax.xaxis.set_minor_formatter(NullFormatter())
        sample = next(r for r in results if r.run.problem == problem)
        passes.set_title(f"factorization, rank {RANK}" if problem == "factorization" else f2.title(sample))
        passes.set_xlabel("passes per step: forward (dark), backward (light)")
        times.set_xlabel("seconds per step, relative to Adam")
    return figure, table, CAPTION


CAPTION = (
    "What one step costs. Top: forward and backward passes that a black-box implementation would pay, on the batch "
    "(exact search and PAL on all data: there). Bottom: measured seconds of this implementation relative to Adam on "
    "the same problem; closed lines make trials cheap, so that the two differ. Medians over the runs of F1 (float32) "
    "and F2; in the table the columns median, low and high hold forward passes, backward passes and seconds."
)

RECIPE = Recipe("F4", "costs", "The price of a step", study, draw)
