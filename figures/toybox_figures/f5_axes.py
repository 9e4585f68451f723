"""F5: the same runs over other cost axes: the ranking depends on what is counted."""

from __future__ import annotations

from . import f4_costs as f4
from .f1_factorization import METHODS as IN_COLOUR
from .f2_kernels import METHODS as IN_COLOUR_TOO
from .f2_kernels import ZERO, title
from .recipe import COSTS, LOOKS, Recipe, Table, backdrop, band, curves, group, label, look, show_zeros

SHOWN = {True: IN_COLOUR, False: IN_COLOUR_TOO}
AXES = ("steps", "epochs", "values", "gradients", "seconds")


def draw(results, overlay=True, cost="steps"):
    import matplotlib.pyplot as plt

    problems = list(dict.fromkeys(r.run.problem for r in results))
    figure, axes = plt.subplots(len(problems), len(AXES), figsize=(13, 8.4), layout="constrained", sharey="row")
    table = Table()
    named: dict = {}
    for (problem, method), found in group(results, "problem", "method").items():
        row = problems.index(problem)
        for column, kind in enumerate(AXES):
            ax = axes[row, column]
            if method not in SHOWN[problem == "factorization"]:
                backdrop(
                    ax, {LOOKS[method].name: found}, "full_loss", kind, table, f"{problem} over {kind}", ZERO * 1e-5
                )
                continue
            x, y = curves(found, "full_loss", kind)
            y = show_zeros(ax, y, ZERO * 1e-5)
            band(ax, x, y, look(found[0]), label(found[0]), table, f"{problem} over {kind}")
            ax.set_yscale("log")
        named |= dict(zip(*reversed(axes[row, 0].get_legend_handles_labels()), strict=True))
    for row, problem in enumerate(problems):
        sample = next(r for r in results if r.run.problem == problem)
        axes[row, 0].set_ylabel(
            f"factorization, rank {f4.RANK}" if problem == "factorization" else title(sample), fontsize=8
        )
        axes[row, 0].set_ylim(ZERO * 1e-6, 1e3)
    for column, kind in enumerate(AXES):
        axes[0, column].set_title(COSTS[kind])
        for ax in axes[:, column]:  # the eight in colour decide how far an axis goes
            shown = [line.get_xdata()[-1] for line in ax.get_lines() if not line.get_label().startswith("_")]
            ax.set_xlim(0, 1.05 * sorted(shown)[-2])
    figure.legend(list(named.values()), list(named), loc="outside upper center", ncols=len(named))
    return figure, table, CAPTION


CAPTION = (
    "Full training loss of the runs of F1 (rank 10, float32) and F2 over five cost axes: iterations, epochs of samples "
    "drawn, forward passes, backward passes (both as a black box would pay them), and measured seconds of the "
    "seeds that ran together. Medians and quartiles over seeds; thin grey: the other methods. An axis ends where the "
    "second most expensive of the methods in colour does."
)

RECIPE = Recipe("F5", "axes", "The same runs over other costs", f4.study, draw)
