"""F21: how close every claim came to its limit, and how the experiments on empirical claims ended."""

from __future__ import annotations

from typing import Any

import numpy as np

from .recipe import Recipe, Table

VERDICTS = {  # colour and marker
    "holds": ("#0072B2", "o"),
    "corrected": ("#E69F00", "s"),
    "refuted": ("#D55E00", "^"),
    "argument": ("#555555", "D"),
}
OUTCOMES = {"confirmed": ("#009E73", "o"), "open": ("#999999", "s"), "refuted": ("#D55E00", "X")}
EXACT = -0.12  # where equalities are drawn


def measure(size: str, store=None):
    import os

    import polars as pl

    from proofs_check import Budget, empirical, select, verify_all

    claims = select(["WA", "LAB"] if size == "smoke" else None)
    results = verify_all(claims, Budget(deep=size == "full"), jobs=os.cpu_count() or 1)
    rows: list[tuple] = []
    for claim, result in zip(claims, results, strict=True):
        for check in result.checks:  # a margin of 0 is an equality that was met, not a tolerance used up
            exact = claim.kind in ("exact", "symbolic", "enumeration") or check.worst == 0
            slack = 0.0 if exact else min(check.worst, 1.0)
            place_of = (claim.id, claim.family, claim.verdict)
            rows.append(("proof", *place_of, "", exact, slack, 0.0, 0.0, result.passed))
    chosen = empirical.select(["EMP-07"] if size == "smoke" else None)
    budget: Any = "smoke" if size == "smoke" else "default"
    for outcome in empirical.conduct_all(chosen, store, budget, os.cpu_count() or 1):
        for e in outcome.effects:
            p = e.prediction
            of = {"claim": "document", "theory": "theory"}[p.of]
            rows.append((of, outcome.experiment.id, "", outcome.verdict, e.outcome, False, *place(e), True))
    names = ["part", "id", "family", "verdict", "outcome", "exact", "value", "low", "high", "passed"]
    return pl.DataFrame(rows, schema=names, orient="row")


def place(effect) -> tuple[float, float, float]:
    """Mean and interval of an effect in units of its predicted range: 0 its lower end, 1 its upper end; of a range that
    is open on one side, the closed end is 0 (or 1), and a unit is the size of that end."""
    p = effect.prediction
    if np.isfinite(p.low) and np.isfinite(p.high):
        start, unit = p.low, p.high - p.low
    elif np.isfinite(p.low):
        start, unit = p.low, abs(p.low) or 1.0
    else:
        unit = abs(p.high) or 1.0
        start = p.high - unit
    mean, low, high = (float((x - start) / unit) for x in (effect.mean, effect.low, effect.high))
    return mean, low, high


def draw(results, overlay=True, cost="steps"):
    import matplotlib.pyplot as plt
    import polars as pl

    figure, (top, bottom) = plt.subplots(
        2, 1, figsize=(11, 8), layout="constrained", gridspec_kw={"height_ratios": [3, 2.6]}
    )
    table = Table()
    proofs, experiments = results.filter(pl.col("part") == "proof"), results.filter(pl.col("part") != "proof")
    draw_proofs(top, proofs, table)
    draw_experiments(bottom, experiments, table)
    share = {}
    for of in ("document", "theory"):
        mine = experiments.filter(pl.col("part") == of)["outcome"]
        share[of] = f"{mine.to_list().count('confirmed')} of {len(mine)}"
    claims = proofs.unique("id")
    numbers = {"claims": claims.height, "passed": int(claims["passed"].sum())}
    numbers |= {"checks": proofs.height, "exact": int(proofs["exact"].sum())}
    return figure, table, CAPTION.format(**numbers, experiments=experiments["id"].n_unique(), **share)


def draw_proofs(ax, proofs, table: Table) -> None:
    """The smallest slack of every check, claim by claim, in the order of the families."""
    ids = proofs["id"].unique(maintain_order=True).to_list()
    x = np.array([ids.index(id) for id in proofs["id"]])
    exact, slack = proofs["exact"].to_numpy(), proofs["value"].to_numpy()
    y = np.where(exact, EXACT, slack)
    ax.axhspan(EXACT - 0.05, EXACT + 0.05, color="#EDEDED", lw=0, zorder=0)
    ax.axhline(0, color="k", lw=1)
    claims = proofs.unique("id", maintain_order=True)
    for verdict, (color, marker) in VERDICTS.items():
        mine = (proofs["verdict"] == verdict).to_numpy()
        many = int((claims["verdict"] == verdict).sum())
        ax.scatter(x[mine], y[mine], s=18, color=color, marker=marker, label=f"{verdict} ({many})", zorder=3, lw=0)
        table.add("proofs", verdict, x[mine], slack[mine], slack[mine], slack[mine])
    families = claims["family"].to_numpy()
    starts = np.flatnonzero(np.append(True, families[1:] != families[:-1]))
    for start, end in zip(starts, [*starts[1:], len(ids)], strict=True):
        ax.axvline(start - 0.5, color="#DDDDDD", lw=0.8, zorder=0)
        ax.text(
            (start + end - 1) / 2, 1.02, families[start], transform=ax.get_xaxis_transform(), ha="center", fontsize=9
        )
    ax.set_ylim(EXACT - 0.08, 1.05)
    ax.set_yticks([EXACT, 0, 0.5, 1], ["equality", "the limit  0", "0.5", "perfect  1"])
    ax.set_xlim(-1, len(ids))
    ax.set_xticks([])
    ax.set_ylabel("smallest slack of a check")
    ax.set_title("claims that can be decided, by family", pad=18)
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))


def draw_experiments(ax, experiments, table: Table) -> None:
    """Where every predicted mean lies in its predicted range, experiment by experiment."""
    ids = experiments["id"].unique(maintain_order=True).to_list()
    ax.axhspan(0, 1, color="#CFE3F1", lw=0, zorder=0)
    for of, shift in (("document", -0.2), ("theory", 0.2)):
        for id in ids:
            rows = [r for r in experiments.iter_rows(named=True) if (r["id"], r["part"]) == (id, of)]
            spots = ids.index(id) + shift + 0.3 * (np.arange(len(rows)) / max(1, len(rows) - 1) - 0.5) * (len(rows) > 1)
            for spot, row in zip(spots, rows, strict=True):
                color, marker = OUTCOMES[row["outcome"]]
                y = [np.clip(squeeze(row[k]), -1.6, 2.6) for k in ("low", "value", "high")]
                ax.plot([spot, spot], [y[0], y[2]], color=color, lw=1.2, zorder=2)
                filled = color if of == "document" else "white"
                ax.plot(spot, y[1], marker, color=color, mfc=filled, ms=4.5, mew=1.2, zorder=3)
                table.add(of, id, [spot], [row["value"]], [row["low"]], [row["high"]])
    for outcome, (color, marker) in OUTCOMES.items():
        ax.plot([], [], marker, color=color, label=outcome)
    ax.plot([], [], "o", color="k", label="document's prediction")
    ax.plot([], [], "o", color="k", mfc="white", label="theory's prediction")
    for i in range(1, len(ids)):
        ax.axvline(i - 0.5, color="#DDDDDD", lw=0.8, zorder=0)
    ax.set_xticks(range(len(ids)), [id.removeprefix("EMP-") for id in ids])
    ax.set_xlim(-0.5, len(ids) - 0.5)
    ax.set_ylim(-1.7, 2.7)
    ax.set_yticks([0, 1], ["lower end", "upper end"])
    ax.set_ylabel("mean in its predicted range")
    ax.set_xlabel("experiment EMP-")
    ax.set_title("claims that only measuring can support")
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))


def squeeze(x: float) -> float:
    """The range 0 .. 1 as it is, what lies beyond on a scale that shrinks to 1.5 ranges."""
    beyond = max(x - 1, -x, 0.0)
    short = 1.5 * beyond / (1 + beyond) if np.isfinite(beyond) else 1.5
    return x if 0 <= x <= 1 else 1 + short if x > 1 else -short


CAPTION = (
    "Above: the {claims} claims that can be decided, {passed} of which ended as they must. Each point is a check: its "
    "slack in the worst case found, as a fraction of what is allowed; {exact} of the {checks} checks are equalities "
    "(grey strip). Of corrected and refuted claims the checks are those of what is true instead. Below: "
    "{experiments} experiments with the ranges that the document (filled) and theory (open) predict for effect sizes, "
    "drawn to one scale (blue; what lies far outside is drawn nearer), and the mean over seeds with its 95 % interval; "
    "ranges that are open on one side reach beyond the blue. "
    "Confirmed: {document} predictions that follow from the documents, {theory} of theory."
)

RECIPE = Recipe(
    "F21",
    "claims",
    "Claims and experiments: how close, and how they ended",
    None,
    draw,
    ("mutschler2022", "mutschler2021", "xing2018"),
    measure,
    reads=("proofs_check",),
    extra="proofs",
)
