"""F3: the step sizes that the line searches take in the runs of F1 and F2."""

from __future__ import annotations

import numpy as np

from toybox.zoo import METHODS, defaults

from . import f1_factorization as f1
from . import f2_kernels as f2
from .recipe import Recipe, Table, band, curves, group, label, look, overlay_published

SEARCHES = {"sls": "multiples of -g", "pal": "arc length", "exact": "multiples of -g"}


def study(size: str):
    from toybox.study import Study

    runs = [r for r in f1.study(size).runs if r.options["dtype"] == "float32"] + f2.runs(size)
    return Study(name="F3", runs=[r for r in runs if r.method in SEARCHES])


def draw(results, overlay=True, cost="epochs"):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 3, figsize=(10.5, 6.0), layout="constrained")
    table = Table()
    names = [f1.RANKS[r] if p == "factorization" else p for p, r in group(results, "problem", "rank")]
    panels = dict(zip(names, axes.flat, strict=True))
    for (problem, rank, _), found in group(results, "problem", "rank", "method").items():
        name = f1.RANKS[rank] if problem == "factorization" else problem
        ax, first = panels[name], found[0].run
        x, y = curves(found, "size", "epochs")
        width = max(1, len(x) // 80)  # medians over a few steps, so that single steps do not hide each other
        keep = len(x) // width * width
        x, y = x[:keep:width], np.median(y[:, :keep].reshape(len(y), -1, width), axis=2)
        ax.set_title(f2.title(found[0]) if problem != "factorization" else f"factorization, {name}", fontsize=8.5)
        unit = SEARCHES[first.method]
        band(ax, x, np.where(y > 0, y, np.nan), look(found[0]), f"{label(found[0])}, {unit}", table, name)
        if first.method == "sls" and problem == "mushrooms":
            gamma = first.hyper["gamma"]
            ax.plot(x, gamma**x, color="k", lw=0.9, ls=(0, (1, 2)), zorder=4)
            at = len(x) // 5
            text = {"xytext": (8, -10), "textcoords": "offset points", "fontsize": 8}
            ax.annotate(f"{gamma:g}^epoch", (x[at], gamma ** x[at]), **text)
    for name, ax in panels.items():
        ax.set_yscale("log")
        ax.set_xlabel("epochs")
        if overlay and name in f1.RANKS.values():
            overlay_published(ax, "stepsize MF", name, "SLS, published", table)
        elif overlay and name == "mushrooms":
            overlay_published(ax, "stepsize kernels", name, "SLS, published", table, at=0.4)
    for ax in axes[:, 0]:
        ax.set_ylabel("step")
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(names))
    return figure, table, caption(results)


def caption(results) -> str:
    (run,) = (r for r in results if (r.run.problem, r.run.method) == ("mushrooms", "sls"))
    trials = curves([run], "trials")[1]
    return (
        "Step sizes along the runs of F1 (float32) and F2: medians over seeds and over a few neighbouring steps; "
        "bands: quartiles; gaps: steps of 0. SLS and the exact search report multiples of the negative gradient, PAL "
        f"the arc length ({defaults(METHODS['pal'])['s_max']:g} is its cap). On mushrooms SLS takes its first trial "
        f"without shrinking it in {(trials == 1).sum()} of {trials.size} steps; where it always does, its step is "
        "gamma^epoch (dotted), a growing schedule rather than a search. Grey: the SLS step sizes of Vaswani et al. "
        "2019."
    )


RECIPE = Recipe("F3", "steps", "Step sizes of the line searches", study, draw, ("vaswani2019", "mutschler2022"))
