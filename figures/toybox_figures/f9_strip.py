"""F9: GOLS-I follows slopes, each on a fresh batch, until their sign changes (dissertation, fig. 2.3)."""

from __future__ import annotations

import numpy as np

from .recipe import Recipe, Table

STEPS = {"first step: from 0.01 by doubling": (0, 0), "a later step": (2, 21)}  # panel -> seed, step of the run
BATCHES = 40  # further batches, to show the noise


def measure(size: str):
    import polars as pl

    import toybox as tb
    from toybox.analysis import watch

    rows: list[tuple] = []
    problem = tb.problem("factorization", rank=4)
    for panel, (seed, t) in STEPS.items():
        seen = watch(problem, tb.method("golsi", first=0.01), t, batch=10, seeds=(seed,), sampler="fresh")
        trials = [(q.j, float(q.s[0, 0]), float(q.answer[0, 0])) for q in seen.questions if q.kind == "slope"]
        furthest = max(float(seen.step.size[0]), *(s for _, s, _ in trials))
        grid = np.linspace(0, 1.15 * furthest, 30 if size == "smoke" else 200)
        slope0 = float(seen.ray.line().slope0[0])
        rows += [(panel, "trial", j, s, y) for j, s, y in trials]
        rows += [(panel, "limits", 0, 0.0, slope0), (panel, "limits", 1, 0.0, -float(seen.rule.c2) * slope0)]
        rows += [(panel, "taken", 0, float(seen.step.size[0]), 0.0)]
        rows += [(panel, "all data", 0, s, y) for s, y in zip(grid, seen.ray.full().slope(grid[None])[0], strict=True)]
        for j in range(100, 100 + BATCHES):  # fresh ones that the search did not draw
            slopes = seen.ray.line(j).slope(grid[None])[0]
            rows += [(panel, "batch", j, s, y) for s, y in zip(grid, slopes, strict=True)]
        for j, *_ in trials:
            slopes = seen.ray.line(j).slope(grid[None])[0]
            rows += [(panel, "asked", j, s, y) for s, y in zip(grid, slopes, strict=True)]
    return pl.DataFrame(rows, schema=["panel", "series", "j", "s", "y"], orient="row")


def draw(results, overlay=True, cost="steps"):
    import matplotlib.pyplot as plt
    import polars as pl

    figure, axes = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
    table = Table()
    for ax, panel in zip(axes, STEPS, strict=True):
        chosen = results.filter(pl.col("panel") == panel)
        lines = {
            key: (f["s"].to_numpy(), f["y"].to_numpy())
            for key, f in chosen.group_by("series", "j", maintain_order=True)
        }
        grid, true = lines["all data", 0]
        others = np.array([y for (name, _), (_, y) in sorted(lines.items()) if name == "batch"])
        low, high = np.quantile(others, [0.05, 0.95], axis=0)
        ax.fill_between(grid, low, high, color="#0072B2", alpha=0.15, lw=0, label="batches of 10, 5 to 95 %")
        limit = lines["limits", 1][1][0]
        ax.axhspan(0, limit, color="#009E73", alpha=0.15, lw=0, label="accepted at once: 0 to c2 |slope at 0|")
        ax.plot(grid, true, color="#D55E00", ls="--", label="all data")
        for (name, _), (s, y) in sorted(lines.items()):
            if name == "asked":
                ax.plot(s, y, color="#B4B4B4", lw=0.7, zorder=1.8)
        trials = sorted((j, s[0], y[0]) for (name, j), (s, y) in lines.items() if name == "trial")
        ax.plot(
            [s for _, s, _ in trials], [y for *_, y in trials], "o", color="k", ms=5, label="asked, each on its batch"
        )
        for j, s, y in trials[-5:]:
            ax.annotate(str(j), (s, y), xytext=(4, 4), textcoords="offset points", fontsize=8)
        ax.axhline(0, color="k", lw=0.6)
        taken = lines["taken", 0][0][0]
        ax.axvline(taken, color="#8A8A8A", lw=0.8)
        ax.annotate(
            "taken", (taken, 0.02), xycoords=ax.get_xaxis_transform(), xytext=(3, 0), textcoords="offset points",
            fontsize=7.5, color="#555555",
        )  # fmt: skip
        ax.set_title(panel)
        ax.set_xlabel("step s, in multiples of -g")
        for (name, j), (s, y) in lines.items():
            table.add(panel, f"{name} {j}", s, y, y, y)
    axes[0].set_ylabel("slope along -g")
    axes[0].legend(fontsize=7.5, loc="upper left")
    return figure, table, CAPTION + unasked(results)


def unasked(results) -> str:
    """In which panels the step taken was not asked for."""
    import polars as pl

    of = lambda panel, series: results.filter((pl.col("panel") == panel) & (pl.col("series") == series))["s"]
    found = [panel for panel in STEPS if of(panel, "taken")[0] not in of(panel, "trial").to_list()]
    return f" Here: {'; '.join(found) or 'in neither panel'}."


CAPTION = (
    "Two steps of GOLS-I on the factorization of rank 4, batches of 10. It asks for slopes only, each on a fresh "
    "batch (numbered points, on the grey line of their batch), and doubles the step while they are negative (halves "
    "it while they are positive) until the sign changes, or the first slope already lies in the strip where it is "
    "accepted at once. Dashed: the slope on all data, which it never sees; its sign is safe where the band of batches "
    "does not cross 0. A search that reaches a limit, such as the largest step 1/|d|, takes it without asking there."
)

RECIPE = Recipe(
    "F9", "strip", "GOLS-I: where the sign of the slope changes", None, draw, ("kafka2019", "mutschler2022"), measure
)
