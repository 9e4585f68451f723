"""The figure of a study of one's own: full losses against a cost, a panel per problem, every method in its look."""

from __future__ import annotations

import numpy as np

from toybox.curves import draw as draw_all
from toybox.plots import panels

from .recipe import Recipe, Table


def of_study(study) -> Recipe:
    return Recipe(study.name, "losses", f"Losses of the study {study.name}", lambda size: study, draw)


def draw(results, overlay=True, cost="steps"):
    import matplotlib.pyplot as plt

    found, table = panels(results), Table()
    columns = min(3, len(found))
    rows = -(-len(found) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(1 + 4.4 * columns, 0.6 + 3.4 * rows), layout="constrained", squeeze=False
    )
    for ax, (title, series) in zip(axes.flat, found, strict=False):
        for name, numbers in draw_all(ax, series, cost, "full_loss"):
            table.add(title, name, *numbers)
        ax.set_title(title)
    for ax in axes.flat[len(found) :]:
        ax.remove()
    return figure, table, caption(results)


def caption(results) -> str:
    seeds = sorted({len(result.run.seeds) for result in results})
    several = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    ended = [row for result in results for row in result.meta["statuses"].get("NONFINITE", [])]
    gone = int(np.sum([np.count_nonzero(row) for row in ended]))
    return (
        f"Lines: medians of {several} seed{'s' * (seeds != [1])}; bands: quartiles. Losses of 0 lie below the edge of "
        f"a logarithmic axis. {gone} lane{'s' * (gone != 1)} ended early at a number that is not finite: crosses."
    )
