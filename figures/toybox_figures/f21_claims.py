"""F21: how sure the checks of claims make, how close each came to its limit, and how the experiments ended."""

from __future__ import annotations

from typing import Any

import numpy as np

from .recipe import Recipe, Table
from .words import listed

VERDICTS = {  # colour and marker
    "holds": ("#0072B2", "o"),
    "corrected": ("#E69F00", "s"),
    "refuted": ("#D55E00", "^"),
    "argument": ("#555555", "D"),
}
DEGREES = {  # colour, from dark to light; whether a marker is filled; row below the limit where equalities are drawn
    "proved": ("#08306B", "full", 0),
    "of the code": ("#2F7EBC", "full", 0),
    "exhausted": ("#8FBFDD", "bottom", 1),
    "sampled": ("#D3E3F0", "none", 2),
    "simulated": ("#F3F3F3", "none", 2),
}
ROWS = {"proved": 0, "exhausted": 1, "sampled": 2}
OUTCOMES = {"confirmed": ("#009E73", "o"), "open": ("#999999", "s"), "refuted": ("#D55E00", "X")}
EXACT = -0.1  # where the first row of equalities is drawn, the others as far below
COLUMNS = [
    *("part", "id", "family", "verdict", "proved", "degree", "outcome", "exact", "value", "low", "high", "passed"),
]


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
            told = (claim.id, claim.family, claim.verdict, claim.proved, check.degree)
            rows.append(("proof", *told, "", exact, slack, 0.0, 0.0, result.passed))
    chosen = empirical.select(["EMP-07"] if size == "smoke" else None)
    budget: Any = "smoke" if size == "smoke" else "default"
    for outcome in empirical.conduct_all(chosen, store, budget, os.cpu_count() or 1):
        for e in outcome.effects:
            p = e.prediction
            of = {"claim": "document", "theory": "theory"}[p.of]
            about = (outcome.experiment.id, "", outcome.verdict, False, "")
            rows.append((of, *about, e.outcome, False, *place(e), True))
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")


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

    figure, (top, middle, bottom) = plt.subplots(
        3, 1, figsize=(11, 9.6), layout="constrained", gridspec_kw={"height_ratios": [1.3, 3, 2.6]}
    )
    table = Table()
    proofs, experiments = results.filter(pl.col("part") == "proof"), results.filter(pl.col("part") != "proof")
    draw_degrees(top, proofs, table)
    draw_proofs(middle, proofs, table)
    draw_experiments(bottom, experiments, table)
    share = {}
    for of in ("document", "theory"):
        mine = experiments.filter(pl.col("part") == of)["outcome"]
        share[of] = f"{mine.to_list().count('confirmed')} of {len(mine)}"
    claims = proofs.unique("id")
    numbers = {"claims": claims.height, "passed": int(claims["passed"].sum()), "proved": int(claims["proved"].sum())}
    numbers |= {"checks": proofs.height, "exact": int(proofs["exact"].sum())}
    many = {degree: proofs["degree"].to_list().count(degree) for degree in DEGREES}
    degrees = listed(f"{n} {degree}" for degree, n in many.items() if n)
    return figure, table, CAPTION.format(**numbers, degrees=degrees, experiments=experiments["id"].n_unique(), **share)


def families(ax, proofs):
    """By family its first and last claim on the axis; lines between them, and one place for every claim."""
    claims = proofs.unique("id", maintain_order=True)["family"].to_list()
    ax.set_xlim(-1, len(claims))
    ax.set_xticks([])
    spans = {family: (claims.index(family), claims.index(family) + claims.count(family) - 1) for family in claims}
    for first, _ in spans.values():
        ax.axvline(first - 0.5, color="#DDDDDD", lw=0.8, zorder=0)
    return spans


def draw_degrees(ax, proofs, table: Table) -> None:
    """How sure the checks of a family make: their shares by degree, the surest below, on a bar as wide as the family
    has claims; above it, how many of these are proved."""
    import polars as pl

    for family, (first, last) in families(ax, proofs).items():
        mine, base = proofs.filter(pl.col("family") == family), 0.0
        for degree, (color, *_) in DEGREES.items():
            share = mine["degree"].to_list().count(degree) / mine.height
            label = degree if first == 0 else None
            ax.bar((first + last) / 2, share, last - first + 0.8, base, color=color, ec="#08306B", lw=0.4, label=label)
            table.add("degrees", degree, [(first + last) / 2], [share], [base], [base + share])
            base += share
        proved = int(mine.unique("id")["proved"].sum())
        words = f"{family}  {proved} / {last - first + 1}"
        ax.text((first + last) / 2, 1.04, words, rotation=90, ha="center", va="bottom", fontsize=7)
    ax.set_ylim(0, 1)
    ax.set_yticks([0, 0.5, 1])
    ax.set_ylabel("share of checks")
    ax.set_title("how sure the checks make, by family (claims proved / claims)", pad=64)
    handles, labels = ax.get_legend_handles_labels()
    ax.legend(handles[::-1], labels[::-1], loc="center left", bbox_to_anchor=(1.0, 0.5))


def draw_proofs(ax, proofs, table: Table) -> None:
    """The smallest slack of every check, claim by claim, in the order of the families."""
    families(ax, proofs)
    ids = proofs["id"].unique(maintain_order=True).to_list()
    x = np.array([ids.index(id) for id in proofs["id"]])
    exact, slack, degrees = (proofs[name].to_numpy() for name in ("exact", "value", "degree"))
    rows = np.array([DEGREES[degree][2] for degree in degrees])
    y = np.where(exact, EXACT * (1 + rows), slack)
    ax.axhspan(EXACT * 3.5, EXACT / 2, color="#F0F0F0", lw=0, zorder=0)
    ax.axhline(0, color="k", lw=1)
    claims = proofs.unique("id", maintain_order=True)
    for verdict, (color, marker) in VERDICTS.items():
        for degree, (_, fill, _) in DEGREES.items():
            mine = (proofs["verdict"] == verdict).to_numpy() & (degrees == degree)
            ax.plot(x[mine], y[mine], marker, color=color, fillstyle=fill, ms=4, mew=0.8, ls="none", zorder=3)
            table.add("proofs", f"{verdict}, {degree}", x[mine], slack[mine], slack[mine], slack[mine])
        many = int((claims["verdict"] == verdict).sum())
        ax.plot([], [], marker, color=color, ms=4, ls="none", label=f"{verdict} ({many})")
    for degree, words in (("proved", "proved"), ("exhausted", "exhausted"), ("sampled", "sampled, simulated")):
        ax.plot([], [], "o", color="k", fillstyle=DEGREES[degree][1], ms=4, mew=0.8, ls="none", label=words)
    ax.set_ylim(EXACT * 3.6, 1.05)
    ticks = {EXACT * (1 + row): f"exact, {degree}" for degree, row in ROWS.items()}
    ax.set_yticks([*ticks, 0, 0.5, 1], [*ticks.values(), "the limit  0", "0.5", "perfect  1"])
    ax.set_ylabel("smallest slack of a check")
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
    "Above: the {claims} claims that can be decided, {passed} of which ended as they must. {proved} are proved; of the "
    "{checks} checks {degrees}. Middle: each point is a check: its slack in the worst case found, as a fraction of "
    "what is allowed; {exact} checks compare without a tolerance (grey strip). Of corrected and refuted claims the "
    "checks are those of what is true instead. Below: "
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
