"""F11: how well polynomials fit the losses along lines, and the coefficients of the parabola (Mutschler & Zell 2021,
fig. 4; dissertation, fig. 5.5)."""

from __future__ import annotations

from typing import Any

import numpy as np

from toybox.quotations import quote

from .recipe import Recipe, Table
from .words import listed

PROBLEMS: dict[str, Any] = {  # title -> problem, options, rate and batch of SGD
    "mushrooms, RBF kernel": ("mushrooms", {"sigma": 2.0}, 0.2, 100),
    "factorization, rank 4": ("factorization", {"rank": 4}, 0.5, 100),
    "digits, tanh network": ("digits", {"hidden": (16,)}, 0.5, 64),
    "quadratic (control)": ("quadratic", {"dim": 30, "size": 2000, "common": True}, 0.1, 100),
}
SIZES = {"smoke": (500, 200, 12, 2), "default": (2000, 2000, 60, 5), "full": (None, 10000, 200, 10)}
# rows of mushrooms, steps, lines measured, seeds
LABELS = "mean absolute error / range", "mean absolute error", "coefficients of the parabola"
WINDOW = (-0.2, 0.2)  # arc length
ERRORS = "relative, degree 1", "relative, degree 2", "absolute, degree 2"  # of which the caption speaks
DEGREES = {1: ("#0072B2", "-", "o"), 2: ("#D55E00", (0, (5, 1.5)), "s"), 3: ("#009E73", "-.", "^")}
COEFFICIENTS = {
    "a: curvature": ("#222222", "-", "D"),
    "b: -slope": ("#CC79A7", (0, (3, 1, 1, 1)), "X"),
    "c: loss at 0": ("#E69F00", ":", "P"),
}


def measure(size: str):
    import polars as pl

    import toybox as tb
    from toybox.analysis import sample

    data, steps, many, seeds = SIZES[size]
    at = np.unique(np.geomspace(1, steps, many).round().astype(int)) - 1
    rows: list[tuple] = []
    for title, (name, options, rate, batch) in PROBLEMS.items():
        problem = tb.problem(name, **options, **({"rows": data} if name == "mushrooms" else {}))
        run: dict[str, Any] = {
            "steps": steps,
            "at": at,
            "batch": batch,
            "seeds": range(seeds),
            "unit": "arc",
            "window": WINDOW,
        }
        lines = sample(problem, tb.method("sgd", rate=rate), **run, points=67)
        for name, values in fitted(lines).items():
            rows += [(title, name, int(t), seed, y) for t, row in zip(at, values, strict=True)
                     for seed, y in enumerate(row)]  # fmt: skip
    return pl.DataFrame(rows, schema=["problem", "series", "t", "seed", "y"], orient="row")


def fitted(lines) -> dict[str, np.ndarray]:
    """By name of the series, (T, seeds): errors of the fits, coefficients of the parabola a s^2 / 2 + b s + c."""
    from toybox.analysis.fit import fit

    found = {}
    for degree in DEGREES:
        polynomial = fit(lines.s, lines.full, degree)
        found[f"relative, degree {degree}"] = polynomial.relative_mae
        found[f"absolute, degree {degree}"] = polynomial.mae
    c, b, a = np.moveaxis(fit(lines.s, lines.full, 2).coefficients, -1, 0)
    values = 2 * a, -b, c + lines.loss
    return found | dict(zip(COEFFICIENTS, values, strict=True))


def draw(results, overlay=True, cost="steps"):
    import matplotlib.pyplot as plt
    import polars as pl

    figure, axes = plt.subplots(3, len(PROBLEMS), figsize=(12, 8), layout="constrained", sharex=True)
    table = Table()
    for column, title in zip(axes.T, PROBLEMS, strict=True):
        chosen = results.filter(pl.col("problem") == title)
        for ax, kind in zip(column, ("relative", "absolute"), strict=False):
            for degree, look in DEGREES.items():
                series(ax, chosen, f"{kind}, degree {degree}", f"degree {degree}", look, table, title)
        for name, shape in COEFFICIENTS.items():
            series(column[2], chosen, name, name, shape, table, title)
        column[0].set_title(title)
        column[2].set_xlabel("line number")
        column[2].axhline(0, color="#8A8A8A", lw=0.8)
        column[2].set(xscale="log", ylim=(-0.1, 20))
        column[2].set_yscale("symlog", linthresh=1e-3)
    for row, label in zip(axes, LABELS, strict=True):
        row[0].set_ylabel(label)
    for row in axes[:2]:
        same_height(row[:-1])
        same_height(row[-1:])
    for ax in axes[:2, -1]:
        ax.axhspan(ax.get_ylim()[0], 1e-15, color="#EDEDED", zorder=0, lw=0)
        ax.text(0.97, 1.3e-15, "rounding", transform=ax.get_yaxis_transform(), ha="right", va="bottom", fontsize=7.5,
                color="#555555")  # fmt: skip
    handles, names = (a + b for a, b in zip(axes[0, 0].get_legend_handles_labels(),
                                            axes[2, 0].get_legend_handles_labels(), strict=True))  # fmt: skip
    figure.legend(handles, names, loc="outside upper center", ncols=len(names))
    return figure, table, caption(results)


def same_height(axes) -> None:
    """One logarithmic range for all, that of the medians and some more."""
    medians = np.concatenate([line.get_ydata() for ax in axes for line in ax.get_lines()])
    for ax in axes:
        ax.set(yscale="log", ylim=(medians.min() / 3, medians.max() * 3))


def quartiles(results, problem: str, name: str):
    """Line numbers from 1, and quartiles over the seeds."""
    import polars as pl

    part = results.filter((pl.col("problem") == problem) & (pl.col("series") == name)).sort("t", "seed")
    x = part["t"].unique().sort().to_numpy() + 1.0
    y = part["y"].to_numpy().reshape(len(x), -1)
    return x, *np.quantile(y, [0.25, 0.5, 0.75], axis=1, method="nearest")


def series(ax, results, name: str, label: str, look, table: Table, problem: str) -> None:
    x, low, median, high = quartiles(results, problem, name)
    color, dash, marker = look
    ax.fill_between(x, low, high, color=color, alpha=0.15, lw=0)
    ax.plot(x, median, color=color, ls=dash, marker=marker, markevery=7, label=label)
    table.add(problem, name, x, median, low, high)


def caption(results) -> str:
    lines, gains, moves = list[str](), list[str](), list[str]()
    rises: dict[bool, list[str]] = {True: [], False: []}
    for title in PROBLEMS:
        cells = []
        for degree in DEGREES:
            y = quartiles(results, title, f"relative, degree {degree}")[2]
            cells.append(f"{y[0]:.2g}, {np.median(y):.2g}, {y.max():.2g}")
        x, _, a, _ = quartiles(results, title, "a: curvature")
        top, late = int(a.argmax()), float(np.median(a[-(len(a) // 10) :]))
        cells.append(f"{a[0]:.2g}, {a[top]:.2g} (line {x[top]:.0f}), {late:.2g}")
        rises[bool(a[top] > 1.5 * a[0])].append(title)
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
        straight, bent, far = (quartiles(results, title, name)[2] for name in ERRORS)
        gains.append(f"{np.median(straight) / np.median(bent):.2g}")
        moves.append(" and ".join(f"{np.median(y[-(len(y) // 10) :]) / y[0]:.2g}" for y in (far, bent)))
    return (
        "Errors of least-squares polynomials through the losses on all data along lines of SGD, on the arc lengths "
        f"{WINDOW[0]:g} to {WINDOW[1]:g}, and the coefficients of the parabola a s^2 / 2 + b s + c. Medians and "
        f"quartiles of {results['seed'].max() + 1} seeds; the axes of the last row are linear between -0.001 and "
        "0.001. What is fitted is the sum of squares, what is drawn the mean absolute error, as in the dissertation's "
        "fig. 5.5. Divided by the range of the line, parabolas miss less than straight lines by factors of "
        f"{listed(gains)} (panel by panel, medians over the lines; a quadratic by rounding only). From the first line "
        f"to the last tenth of the lines their absolute and relative errors change by factors of {'; '.join(moves)}: "
        "where the minimum moves nearer, a window of fixed length shows more of the line. The kernel's width is 2 (.5 "
        "in F2).\n\n"
        "| relative error of the first line, median, largest | degree 1 | degree 2 | degree 3 | curvature: first line, "
        "highest, end of the run |\n|---|---|---|---|---|\n" + "\n".join(lines) + "\n\n"
        f"In the dissertation (section 5.4) {quote('curvature')}. Here it rises to more than 1.5 times that of the "
        f"first line on: {'; '.join(rises[True]) or 'none'}; not on: {'; '.join(rises[False]) or 'none'}."
    )  # fmt: skip


RECIPE = Recipe(
    "F11", "fits", "Parabolas fit the lines, and their curvature", None, draw,
    ("mutschler2021", "mutschler2022", "schlimmer1987", "alpaydin1998", "vaswani2019"), measure,
)  # fmt: skip
