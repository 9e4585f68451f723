"""F23: the interpolation dial: 100 quadratics whose minimisers move apart, from a common one to noise."""

from __future__ import annotations

from typing import Any

import numpy as np

from toybox.quotations import quote

from .recipe import LOOKS, Recipe, Table, band, budget, reusing
from .words import places

SPREADS = (0.0, 0.001, 0.01, 0.1, 1.0)
RATES = (10 ** np.arange(-2, 0.51, 0.25)).tolist()  # of SGD, four per decade
METHODS = {
    "exact": {},
    "pal": {},
    "sls": {},
    "labpal-sgd": {},
    "labpal-nsgd": {},
    "sgd": {"rate": RATES},
    "exact-full": {},
}
TUNING = 1000  # the first of the seeds that choose SGD's rate; those drawn are 0, 1, ...
LAST = 0.1  # what a run is judged by: the mean over this share of its steps, the last ones
LOWEST = 1e-32  # of the axes
GONE = 100.0  # a run has diverged that ends this many times above the median first loss


def study(size: str):
    from toybox.study import Run, Study

    seeds, steps = {"smoke": (3, 40), "default": (100, 120), "full": (1000, 120)}[size]
    plane = {"dim": 2, "size": 100, "condition": 20.0}

    def run(name, options, seeds, steps, label=""):
        return Run(
            problem="quadratic",
            options=options,
            method=name,
            hyper=METHODS[name] | budget(name, steps),
            steps=steps,
            batch=1,
            seeds=(*range(seeds), *range(TUNING, TUNING + seeds)) if name == "sgd" else range(seeds),
            every=1 if not label else steps // 40,
            label=label,
        )

    runs = [run(name, plane | {"spread": spread}, seeds, steps) for spread in SPREADS for name in METHODS]
    large = {"dim": 10, "size": 100, "condition": 100.0, "spread": SPREADS[-1]}  # where it is less clear
    many, longer = min(seeds, 20), 10 * steps // 3
    runs += [run(name, large, many, longer, label="large") for name in ("exact", "exact-full", "sgd")]
    return Study(name="F23", runs=runs)


def excess(result) -> tuple[np.ndarray, np.ndarray]:
    """Steps (P,) and the loss above the floor (rates, seeds, P), 1 rate but for SGD.

    At least a few units in the floor's last place, below which differences are rounding; infinite where it is not
    finite.
    """
    import polars as pl

    frame = result.frame.filter(pl.col("full_loss").is_not_null())
    steps, floor = frame["t"].unique().sort().to_numpy(), result.meta["floor"]
    loss = frame["full_loss"].to_numpy().reshape(len(steps), len(result.run.seeds), -1)
    above = np.maximum(loss - floor, 8 * 2.0**-52 * floor)
    return steps, np.where(np.isfinite(loss), above, np.inf).T


def ends(above) -> np.ndarray:
    """The mean over the last steps."""
    return above[..., -max(1, int(LAST * above.shape[-1])) :].mean(axis=-1)


def tuned(result, above) -> tuple[np.ndarray, int]:
    """The runs that are drawn, and the rate that has the lowest median end on the other seeds."""
    drawn = np.array(result.run.seeds) < TUNING
    return above[:, drawn], int(np.median(ends(above[:, ~drawn]), axis=-1).argmin())


def draw(results, overlay=True, cost="steps"):
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(13, 7.4), layout="constrained")
    halves: Any = figure.subfigures(2, 1, height_ratios=[1, 1.1])
    above, below = halves
    results, large = ([r for r in results if r.run.label == label] for label in ("", "large"))
    table, panels = Table(), dict(zip(SPREADS, above.subplots(1, len(SPREADS)), strict=True))
    end: dict[str, dict] = {name: {} for name in METHODS}
    rates, lost, halves, lowest = {}, {}, {}, dict.fromkeys(SPREADS, np.inf)
    for result in results:
        name, spread = result.run.method, result.run.options["spread"]
        ax, panel, look = panels[spread], f"spread {spread:g}", LOOKS[name]
        (x, y), best = excess(result), 0
        if name == "sgd":
            y, best = tuned(result, y)
            rates[spread] = RATES[best]
            for rate, other in zip(RATES, np.median(y, axis=1), strict=True):
                ax.plot(x, np.minimum(other, 1e300), color="#C4C4C4", lw=0.7, zorder=1.6)
                table.add(panel, f"SGD, rate {rate:.2g}", x, other, other, other)
        y = y[best]
        band(ax, x, np.minimum(y, 1e300), look, look.name, table, panel)
        end[name][spread] = ends(y)
        lowest[spread] = min(lowest[spread], np.median(y, axis=0).min())
        lost[name, spread] = int((y[:, -1] > GONE * np.median(y[:, 0])).sum())
        middle = np.median(y, axis=0)
        halves[name, spread] = middle[len(middle) // 2] / middle[-1]
    for spread, ax in panels.items():
        ax.set(yscale="log", ylim=(max(LOWEST, lowest[spread] / 10), 30), xlabel="iterations")
        ax.set_xticks(np.linspace(0, results[0].run.steps, 4).astype(int))
        ax.set_title("spread 0: interpolation" if spread == 0 else f"spread {spread:g}")
    panels[0.0].set_ylabel("loss above the floor")
    median = {name: np.array([np.median(found[spread]) for spread in SPREADS]) for name, found in end.items()}
    dial(below.subplots(), median, lost, table)
    return figure, table, caption(results, median, rates, lost, halves["exact-full", SPREADS[-1]], large)


def by_spread(median) -> dict[str, np.ndarray]:
    """The place of each method at each spread, 1 the lowest loss."""
    each = [places(ends) for ends in zip(*median.values(), strict=True)]
    return dict(zip(median, np.transpose(each), strict=True))


def dial(ax, median, lost, table):
    """Places against the spread, with the losses that they stand for."""
    x = np.arange(len(SPREADS))
    place_of = by_spread(median)
    for name, place in place_of.items():
        look = LOOKS[name]
        ax.plot(x, place, color=look.color, ls=look.dash, marker=look.marker, ms=9, lw=2.4)
        for i, (at, loss) in enumerate(zip(place, median[name], strict=True)):
            text = {"xytext": (0, -9), "textcoords": "offset points", "ha": "center", "va": "top", "fontsize": 7.5}
            ax.annotate(f"{loss:.0e}", (x[i], at), **text, bbox={"fc": "w", "ec": "none", "pad": 0.6, "alpha": 0.85})
        for i, side, align in ((0, -14, "right"), (-1, 14, "left")):
            text = {"xytext": (side, 0), "textcoords": "offset points", "ha": align, "va": "center", "fontsize": 9}
            gone = lost[name, SPREADS[i]]
            more = ", tuned" if name == "sgd" else f"\n({gone} diverge)" if gone else ""
            ax.annotate(look.name + more, (x[i], place[i]), color=look.color, weight="bold", **text)
        table.add("place", look.name, SPREADS, place, place, place)
        table.add("end", look.name, SPREADS, *[median[name]] * 3)
    ax.set(xlim=(-0.75, x[-1] + 0.75), ylim=(len(median) + 0.6, 0.6), yticks=range(1, len(median) + 1))
    ax.set(xticks=x, xticklabels=[f"{spread:g}" for spread in SPREADS], ylabel="place")
    ax.set_xlabel("the dial: spread of the 100 minimisers")
    went = {name: f"{place_of[name][0]} to {place_of[name][-1]}" for name in ("exact", "exact-full")}
    ax.set_title(
        f"Places at the end, with the losses: an exact search on the batch goes from place {went['exact']}, measured "
        f"on all data from {went['exact-full']}"
    )
    ax.grid(axis="y")


def caption(results, median, rates, lost, falls, large) -> str:
    run, seeds = results[0].run, len(results[0].run.seeds)
    place, sgd = by_spread(median), median["sgd"]
    moved = lambda name: f"{place[name][0]} to {place[name][-1]}"
    times = lambda name, i: f"{median[name][i] / sgd[i]:.2g}"
    gone = {name: [lost[name, spread] for spread in SPREADS] for name in METHODS}
    far = {}
    for result in large:
        (_, y), best = excess(result), 0
        if result.run.method == "sgd":
            y, best = tuned(result, y)
        far[result.run.method] = np.median(ends(y[best]))
    diverged = "; ".join(f"{LOOKS[n].name} {', '.join(map(str, c))} of {seeds}" for n, c in gone.items() if any(c))
    return (
        f"One hundred quadratics in the plane (condition {results[0].meta['condition']:.0f}), one drawn at each step. "
        "The dial moves their minimisers apart, by so many standard deviations per coordinate; the curvatures stay. "
        f"Above: loss above the floor of the mean, medians of {seeds} runs, bands: quartiles; thin lines: every rate "
        f"of SGD that was tried, {RATES[0]:.2g} to {RATES[-1]:.2g}; drawn is the one that ends lowest on {seeds} other "
        f"seeds: {', '.join(f'{rate:.2g}' for rate in rates.values())} from left to right. Below: places by the mean "
        f"over the last {LAST:.0%} of {run.steps} steps, medians, which stand below the marks.\n\n"
        f"The exact search on the batch goes from place {moved('exact')} of {len(place)}, PAL (here the same search "
        f"along momentum) from {moved('pal')}: {times('exact', 0)} and {times('pal', 0)} times the loss of tuned SGD "
        f"under interpolation, {times('exact', -1)} and {times('pal', -1)} times at spread {SPREADS[-1]:g}. Measured "
        f"on all data, along equally noisy directions, the exact search goes from {moved('exact-full')}, and in the "
        f"second half of its steps at spread {SPREADS[-1]:g} its loss falls by a factor of {falls:.2g}. In ten "
        f"dimensions at condition {large[0].meta['condition']:.0f}, spread {SPREADS[-1]:g}, {large[0].run.steps} "
        f"steps, it ends at {far['exact-full'] / far['sgd']:.2g} times the loss of tuned SGD, the search on the batch "
        f"at {far['exact'] / far['sgd']:.2g} times. SLS has places {', '.join(map(str, place['sls']))} "
        "from left to right. Of networks, whose batches disagree, "
        f"the dissertation says that {quote('exact is weak')} (section 4.6) and that {quote('exact performs poorly')} "
        "(section 5.5): compare the right end of the dial. With one curvature h in one dimension (claim SGD-09) such "
        "a search always stands at the minimiser of the last batch, and SGD settles at rate h / (2 - rate h) of its "
        "excess. "
        + f"Diverged, by spread (end above {GONE:.0f} times the median first loss): {diverged or 'no run'}; of the "
        "other methods none. " + reusing(results)
    )


RECIPE = Recipe("F23", "dial", "The interpolation dial", study, draw, ("mutschler2022",))
