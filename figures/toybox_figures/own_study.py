"""The figure of a study of one's own: full losses against a cost, a panel per problem, every method in its look."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import numpy as np

from toybox import zoo
from toybox.digest import canonical_json
from toybox.own import short

from .recipe import COSTS, Recipe, Table, band, curves, label, look

DASHES: tuple[Any, ...] = (None, (0, (5, 2)), (0, (1, 1)), (0, (3, 1, 1, 1)), (0, (7, 1)))  # of one method's settings


def of_study(study) -> Recipe:
    return Recipe(study.name, "losses", f"Losses of the study {study.name}", lambda size: study, draw)


def draw(results, overlay=True, cost="steps"):
    import matplotlib.pyplot as plt

    place = lambda result: canonical_json([result.run.problem, result.run.options])
    panels = [list(same) for _, same in groupby(sorted(results, key=place), key=place)]
    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(1 + 4.4 * columns, 0.6 + 3.4 * rows), layout="constrained", squeeze=False
    )
    table = Table()
    for ax, found in zip(axes.flat, panels, strict=False):
        title, times = name_of(found[0].run), dict[str, int]()
        for result, name, frame in (series for one in found for series in settings(one)):
            number = times[result.run.method] = times.get(result.run.method, -1) + 1
            dash = DASHES[number % len(DASHES)]
            own = look(result) if dash is None else look(result)._replace(dash=dash)
            x, y = curves([frame], "full_loss", cost)
            band(ax, x, np.where(y > 0, y, np.nan) if (y > 0).any() else y, own, name, table, title)
        if any((line.get_ydata() > 0).any() for line in ax.get_lines()):
            ax.set_yscale("log")
        ax.set_title(title)
        ax.set_xlabel(COSTS[cost])
        ax.legend(fontsize=7)
    for ax in axes.flat[len(panels) :]:
        ax.remove()
    for row in axes:
        row[0].set_ylabel("full training loss")
    return figure, table, caption(results)


class Setting:
    """A lane of hyper-parameters of a result, as a result of its own."""

    def __init__(self, run, frame):
        self.run, self.frame = run, frame


def settings(result):
    """(result, name, setting) for every lane of hyper-parameters: what was chosen for it is in its name."""
    import polars as pl

    run, known = result.run, zoo.accepted("method", result.run.method)
    lanes = [name for name in known if isinstance(run.hyper.get(name), list) and name in result.frame.columns]
    fixed = {name: value for name, value in run.hyper.items() if name not in lanes}
    for values, frame in result.frame.group_by(lanes or pl.lit(0), maintain_order=True):
        chosen = fixed | dict(zip(lanes, values, strict=False))
        said = ", ".join(
            f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}" for name, value in chosen.items()
        )
        yield result, run.label or f"{label(result)}{', ' * bool(said)}{said}", Setting(run, frame)


def name_of(run) -> str:
    """A problem with the options that were chosen for it."""
    return " ".join([short(run.problem), *(f"{name}={value}" for name, value in run.options.items())])


def caption(results) -> str:
    seeds = sorted({len(result.run.seeds) for result in results})
    several = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    ended = [row for result in results for row in result.meta["statuses"].get("NONFINITE", [])]
    gone = int(np.sum([np.count_nonzero(row) for row in ended]))
    return (
        f"Lines: medians of {several} seed{'s' * (seeds != [1])}; bands: quartiles. Losses of 0 are left out of a "
        f"logarithmic axis. {gone} lane{'s' * (gone != 1)} ended early at a number that is not finite."
    )
