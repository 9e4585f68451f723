"""F24: SLS against its constant c: where interpolation holds but c < 1/2, it may diverge (claim SLS-05)."""

from __future__ import annotations

import numpy as np

from toybox.quotations import quote
from toybox.zoo import METHODS, defaults

from .recipe import LOOKS, Recipe, Table

CONSTANTS = [0.01, 0.05, 0.1, 0.15, 0.2, 0.22, 0.25, 0.3, 0.35, 0.4, 0.44, 0.47, 0.5, 0.55, 0.6, 0.7, 0.8, 0.9]
PROBLEMS = {  # panel -> problem, options, batch
    "mirrored hinges": ("mirrored", {"flat": 0.0, "bend": 1e-3}, 1),
    "mirrored parabolas": ("mirrored", {}, 1),
    "kernel, two clouds": ("logistic", {}, 10),
    "factorization, rank 10": ("factorization", {"rank": 10}, 10),
    "quadratics": ("quadratic", {"spread": 0.0}, 1),
}
FARTHEST = {"mirrored hinges": 0.5, "mirrored parabolas": (1 - 3 / 80) / 4}  # c from which on no step lands beyond -x
BETAS = {0.9: LOOKS["sls"], 0.99: LOOKS["sls"]._replace(color="#E69F00", marker="s", dash=(0, (4, 1.5)))}


def study(size: str):
    from toybox.study import Run, Study

    seeds, steps = {"smoke": (4, 60), "default": (40, 200), "full": (400, 200)}[size]
    runs = [
        Run(
            problem=problem,
            options=options,
            method="sls",
            hyper={"c": CONSTANTS, "beta": beta, "tries": 1000},
            steps=steps,
            batch=batch,
            seeds=seeds,
            every=None,
            sampler="fresh",
            label=panel,
        )
        for panel, (problem, options, batch) in PROBLEMS.items()
        for beta in BETAS
    ]
    return Study(name="F24", runs=runs)


def ratio(result) -> np.ndarray:
    """Last over first full loss (seeds, c); infinite where it is not finite."""
    import polars as pl

    frame = result.frame.filter(pl.col("full_loss").is_not_null())
    first, last = frame["full_loss"].to_numpy().reshape(2, len(result.run.seeds), len(CONSTANTS))
    return np.where(np.isfinite(last), last, np.inf) / first


def draw(results, overlay=True, cost="steps"):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        2, len(PROBLEMS), figsize=(13, 5.8), sharex=True, layout="constrained", height_ratios=[1.7, 1]
    )
    panels, table = dict(zip(PROBLEMS, axes.T, strict=True)), Table()
    shares: dict[tuple, np.ndarray] = {}
    for result in results:
        panel, beta = result.run.label, result.run.hyper["beta"]
        (above, below), look, y = panels[panel], BETAS[beta], ratio(result)
        low, median, high = np.quantile(y, [0.25, 0.5, 0.75], axis=0, method="nearest")
        name = f"SLS, beta = {beta:g}" + (" (default)" if beta == 0.9 else "")
        above.fill_between(CONSTANTS, low, high, color=look.color, alpha=0.18, lw=0)
        above.plot(CONSTANTS, median, color=look.color, ls=look.dash, marker=look.marker, label=name)
        share = shares[panel, beta] = (y > 1).mean(axis=0)
        below.plot(CONSTANTS, share, color=look.color, ls=look.dash, marker=look.marker)
        table.add(f"{panel}: last over first loss", name, CONSTANTS, median, low, high)
        table.add(f"{panel}: share that ends above its start", name, CONSTANTS, share, share, share)
    for panel, column in panels.items():
        upper, lower = column
        furnish(upper, lower, panel)
    axes[0, 0].set_ylabel(f"last / first loss, {results[0].run.steps} steps")
    axes[1, 0].set_ylabel("share of runs that\nend above their start")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure, table, caption(results, shares)


def furnish(above, below, panel):
    """What does not depend on the runs: no change, the theorems' range, the default, where a step cannot overshoot."""
    above.set(title=panel, yscale="log", xlim=(-0.02, 0.92))
    if panel in FARTHEST:
        above.set_ylim(1e-150, 1e90)
    below.set(ylim=(-0.06, 1.06), xlabel="c", xticks=[0.1, 0.3, 0.5, 0.7, 0.9])
    above.axhline(1, color="k", lw=0.8, zorder=1.5)
    for ax in (above, below):
        ax.axvspan(-0.02, 0.5, color="#EFEFEF", zorder=0, lw=0)
        ax.axvline(0.1, color="#8A8A8A", lw=1.0, ls=(0, (1, 2)))
        if panel in FARTHEST:
            ax.axvline(FARTHEST[panel], color="#B22222", lw=1.0)
    small = {"textcoords": "offset points", "fontsize": 7.5, "color": "#555555"}
    if panel == "quadratics":
        below.annotate("shaded: c < 1/2,\noutside the theorems", (0.12, 0.66), xytext=(0, 0), **small)
        below.annotate("dots: c = .1, the default", (0.12, 0.4), xytext=(0, 0), **small)
    if panel in FARTHEST:
        words = {**small, "color": "#B22222"}
        below.annotate("from here no step\nlands farther off", (FARTHEST[panel], 0.62), xytext=(4, 0), **words)


def caption(results, shares) -> str:
    seeds, usual = len(results[0].run.seeds), defaults(METHODS["sls"])["c"]
    at = CONSTANTS.index(usual)
    default = ", ".join(f"{panel} {shares[panel, 0.9][at]:.0%}" for panel in PROBLEMS)

    def last(panel, beta):
        """The largest c with which at least half of the runs end above their start."""
        return max((c for c, share in zip(CONSTANTS, shares[panel, beta], strict=True) if share >= 0.5), default=None)

    hinges, parabolas = ([last(panel, beta) for beta in BETAS] for panel in FARTHEST)
    safe = max(share[CONSTANTS.index(0.5) :].max() for share in shares.values())
    return (
        f"SLS on problems that interpolate, {seeds} runs for every c; above: last over first full loss, medians, "
        "bands: quartiles (what leaves a panel below ends lower, down to exactly 0); below: the share of runs that "
        f"end above their start. The dissertation says (section 2.6.3) that {quote('SLS proven')}, and its Algorithm 3 "
        f"has c = {usual:g} as default; the theorems assume c >= 1/2 (strongly convex) or c > 1/2 (convex). With c = "
        f"{usual:g} and beta = .9 these shares end above their start: {default}; with c of 1/2 and more "
        f"{f'up to {safe:.0%}' if safe else 'none does'}.\n\n"
        "The mirrored losses are steep on one side of 0 and flat on the other, one the mirror image of the other, "
        "both minimal at 0. Parabolas (x^2 / 2 and 3/80 x^2 / 2, claim SLS-05): at least half of the runs end higher "
        f"up to c = {parabolas[0]} (beta .9) and {parabolas[1]} (.99); an accepted step can land farther from 0 than "
        "it began only for c < (1 - 3/80) / 4. Hinges (x beyond a small bend, 0 on the other side), which are convex "
        f"but not strongly so: up to c = {hinges[0]} and {hinges[1]}. There, far from the bend, the longest step that "
        "c accepts leads from x to (1 - 1/c) x, farther off for every c < 1/2: the finer the backtracking, the closer "
        "the limit comes to the 1/2 of the theorems. On quadratics with a common minimiser no accepted step leads "
        "away from it, whatever c is: |e|^2 falls by at least 2 c s e'Ae (the inequality behind claim PAL-INT), e the "
        "distance, A the batch's matrix, s the step. The kernel classifier has its minimum at infinity, where no "
        "theorem speaks."
    )


RECIPE = Recipe("F24", "constant", "SLS and its constant c", study, draw, ("vaswani2019", "mutschler2022"))
