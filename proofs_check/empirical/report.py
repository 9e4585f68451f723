"""Outcomes of experiments in the terminal, as JSON records, as Markdown, and as a page of HTML."""

from __future__ import annotations

import html
import json
from collections import Counter
from collections.abc import Iterable
from datetime import date
from math import isfinite
from pathlib import Path

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


def bar(effect: Effect) -> str:
    """The predicted range (grey) and the measured interval as a small picture on one axis."""
    p = effect.prediction
    known = [x for x in (p.low, p.high, effect.low, effect.high) if isfinite(x)]
    left, right = min(known), max(known)
    pad = 0.15 * (right - left) or 1.0
    left, right = left - pad, right + pad
    place = lambda x: 4 + 152 * (min(max(x, left), right) - left) / (right - left)
    a, b = (place(x) for x in (p.low, p.high))
    parts = [f'<rect class="band" x="{a:.1f}" y="3" width="{b - a:.1f}" height="14"/>']
    if isfinite(effect.mean):
        c, d, m = (place(x) for x in (effect.low, effect.high, effect.mean))
        parts.append(f'<line class="bar" x1="{c:.1f}" x2="{d:.1f}" y1="10" y2="10"/>')
        parts.append(f'<circle cx="{m:.1f}" cy="10" r="3.4"/>')
    return f'<svg viewBox="0 0 160 20" width="160" height="20" role="img">{"".join(parts)}</svg>'


STYLE = """
.supported { background: #00705a; } .contradicted { background: #b03a00; } .mixed { background: #9a5b00; }
.open { background: #555; } svg rect.band { fill: #cfe3f1; } svg line.bar { stroke: #1c1c1c; stroke-width: 2; }
td.outcome { background: none; font-weight: bold; color: #555; }
td.outcome.refuted { color: #b03a00; } td.outcome.confirmed { color: #00705a; }
"""


def card(o: Outcome) -> str:
    x, escape = o.experiment, html.escape
    rows = "".join(
        f"<tr><td>{e.prediction.of}</td><td>{escape(e.prediction.words)}</td><td>{escape(e.prediction.problem)}</td>"
        f"<td>{escape(predicted(e))}</td><td>{escape(measured(e))}</td><td>{bar(e)}</td>"
        f'<td class="outcome {e.outcome}">{e.outcome}</td></tr>'
        for e in o.effects
    )
    used = "; ".join(f"{label}: {words}" for label, words in x.problems.items())
    return (
        f'<article id="{x.id}"><h3><span class="id">{x.id}</span> {escape(x.title)} '
        f'<span class="verdict {o.verdict}">{o.verdict}</span></h3><p class="source">{escape(x.source)}</p>'
        f"<p>{escape(x.statement)}</p><p>Metric: {escape(x.metric)}. {x.seeds} seeds. {escape(used)}.</p>"
        + (f"<p>Predicted beforehand: {escape(x.reasons)}</p>" if x.reasons else "")
        + '<div class="wide"><table><tr><th>of</th><th>prediction</th><th>on</th><th>predicted</th>'
        f"<th>mean [95 % interval]</th><th></th><th></th></tr>{rows}</table></div>"
        + (f'<p class="finding"><b>Found:</b> {escape(x.finding)}</p>' if x.finding else "")
        + "</article>"
    )


def page(outcomes: list[Outcome]) -> str:
    from ..report import STYLE as COMMON

    toc = "".join(
        f'<div><a href="#{o.experiment.id}">{o.experiment.id}</a> {html.escape(o.experiment.title)}</div>'
        for o in outcomes
    )
    cards = "".join(map(card, outcomes))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Empirical claims, measured</title>'
        f"<style>{COMMON}{STYLE}</style></head><body><h1>Empirical claims, measured</h1>"
        f"<p>{html.escape(summary(outcomes))}. {date.today().isoformat()}.</p>"
        "<p>What the documents say from looking at networks, as experiments on problems that are understood. What is "
        "measured and what is predicted was fixed beforehand: by the claim, and by theory. Blue: the predicted range; "
        "black: the mean over seeds with its 95 % interval (Student's t). A prediction is confirmed where the interval "
        "lies inside its range, refuted where it lies outside, else open; a claim is supported if all its predictions "
        f"are confirmed, contradicted if all are refuted.</p><nav>{toc}</nav>{cards}</body></html>\n"
    )


def write_html(path: Path, outcomes: list[Outcome]) -> None:
    path.write_text(page(outcomes), "utf-8")
