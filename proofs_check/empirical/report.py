"""Outcomes of experiments in the terminal, as JSON records, as Markdown, and as a page of HTML."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from math import isfinite
from pathlib import Path
from typing import NamedTuple

from .. import page as pages
from .experiment import Effect, Outcome


def records(outcomes: Iterable[Outcome]) -> list[dict]:
    """One record per experiment, of plain values; not finite numbers are null."""
    plain = lambda x: x if isfinite(x) else None
    return [
        {
            "id": o.experiment.id,
            "title": o.experiment.title,
            "source": o.experiment.source,
            "verdict": o.verdict,
            "theory": o.theory,
            "reasons": o.experiment.reasons,
            "finding": o.experiment.finding,
            "effects": [
                {
                    "of": e.prediction.of,
                    "words": e.prediction.words,
                    "problem": e.prediction.problem,
                    "quantity": e.prediction.quantity,
                    "predicted": [plain(e.prediction.low), plain(e.prediction.high)],
                    "mean": plain(e.mean),
                    "interval": [plain(e.low), plain(e.high)],
                    "seeds": e.seeds,
                    "outcome": e.outcome,
                }
                for e in o.effects
            ],
        }
        for o in outcomes
    ]


def write_json(path: Path, outcomes: list[Outcome]) -> None:
    path.write_text(json.dumps(records(outcomes), indent=1) + "\n", "utf-8")


def predicted(effect: Effect) -> str:
    """The predicted range, in words."""
    low, high = effect.prediction.low, effect.prediction.high
    if not isfinite(low):
        return f"at most {high:.4g}"
    return f"at least {low:.4g}" if not isfinite(high) else f"{low:.4g} to {high:.4g}"


def measured(effect: Effect) -> str:
    return f"{effect.mean:.3g} [{effect.low:.3g}, {effect.high:.3g}]"


def summary(outcomes: list[Outcome]) -> str:
    verdicts = Counter(o.verdict for o in outcomes)
    theory = Counter(e.outcome for o in outcomes for e in o.effects if e.prediction.of == "theory")
    return (
        f"{len(outcomes)} experiments: the claim is " + ", ".join(f"{v} in {n}" for v, n in verdicts.items()) + ". "
        f"Of the theory's predictions {', '.join(f'{n} are {o}' for o, n in theory.items())}"
    )


def show(outcomes: list[Outcome], width: int | None) -> None:
    """The table in the terminal: one line per prediction."""
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    header = ("id", "of", "prediction", "on", "predicted", "mean [95 % interval]", "outcome")
    table, console = Table(*header, box=box.SIMPLE_HEAD, pad_edge=False), Console(width=width)
    for o in outcomes:
        head = (o.experiment.id, "", f"{o.experiment.title}", "", "", f"theory: {o.theory}", o.verdict)
        table.add_row(*map(escape, head), style="bold")
        for e in o.effects:
            p = e.prediction
            table.add_row(*map(escape, ("", p.of, p.words, p.problem, predicted(e), measured(e), e.outcome)))
    console.print(table)
    console.print(summary(outcomes), highlight=False)


def markdown(outcomes: list[Outcome]) -> str:
    """A page of Markdown, to be kept beside the code."""
    lines = [
        "# Measured",
        "",
        f"{summary(outcomes)}. Predictions were fixed beforehand; means over seeds with 95 % intervals (Student's t). "
        "`toybox claims --empirical` measures again.",
        "",
    ]
    for o in outcomes:
        x = o.experiment
        lines += [
            f"## {x.id} {x.title}: {o.verdict}",
            "",
            f"{x.statement} ({x.source})",
            "",
            f"Metric: {x.metric}.",
            "",
            *([f"Predicted beforehand: {x.reasons}", ""] if x.reasons else []),
        ]
        lines += ["| of | prediction | on | predicted | measured | outcome |", "|---|---|---|---|---|---|"]
        for e in o.effects:
            p = e.prediction
            lines.append(f"| {p.of} | {p.words} | {p.problem} | {predicted(e)} | {measured(e)} | {e.outcome} |")
        lines += ["", *([x.finding, ""] if x.finding else [])]
    problems = {label: words for o in outcomes for label, words in o.experiment.problems.items()}
    lines += ["## Problems", "", *(f"- {label}: {words}" for label, words in sorted(problems.items()))]
    return "\n".join(lines) + "\n"


# --- HTML


class Bar(NamedTuple):
    """The predicted range, and mean and interval as measured (None where nothing was), on an axis of 160 units."""

    left: float
    right: float
    mean: float
    interval: tuple[float, float] | None


def bar(effect: Effect) -> Bar:
    p = effect.prediction
    known = [x for x in (p.low, p.high, effect.low, effect.high) if isfinite(x)]
    left, right = min(known), max(known)
    pad = 0.15 * (right - left) or 1.0
    left, right = left - pad, right + pad
    place = lambda x: 4 + 152 * (min(max(x, left), right) - left) / (right - left)
    interval = (place(effect.low), place(effect.high)) if isfinite(effect.mean) else None
    return Bar(place(p.low), place(p.high), place(effect.mean), interval)


def page(outcomes: list[Outcome]) -> str:
    """The whole page; its links lead to places in it."""
    return pages.rendered(
        "empirical.html",
        summary=summary(outcomes),
        outcomes=outcomes,
        predicted=predicted,
        measured=measured,
        bar=bar,
    )


def write_html(path: Path, outcomes: list[Outcome]) -> None:
    pages.write(path, page(outcomes))
