"""Results of claims as a table in the terminal, as JSON records, and as one page of HTML that needs nothing else."""

from __future__ import annotations

import html
import json
import math
from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import numpy as np

from . import FAMILIES, place
from .claim import Claim
from .verify import Outcome, Result

DEGREES = {  # of checks, and their names in records
    "proved": "proved", "of the code": "of_code", "exhausted": "exhausted", "sampled": "sampled",
    "simulated": "simulated",
}  # fmt: skip


def records(claims: Iterable[Claim], results: Iterable[Result]) -> list[dict]:
    """One record per claim, of plain values."""
    return [
        {
            "id": claim.id,
            "source": claim.source,
            "kind": claim.kind,
            "verdict": claim.verdict,
            "passed": result.passed,
            **{DEGREES[degree]: n for degree, n in degrees(result).items()},
            "why_sampled": claim.sampled,
            "control_failed": result.control_failed,
            "cases": result.cases,
            "worst": result.worst if math.isfinite(result.worst) else None,
            "complaints": result.complaints,
            "counterexamples": [c.text for c in result.counterexamples],
        }
        for claim, result in zip(claims, results, strict=True)
    ]


def degrees(result: Result) -> dict[str, int]:
    """How many checks there are of each degree."""
    counts = Counter(check.degree for check in result.checks)
    return {degree: counts[degree] for degree in DEGREES}


def write_json(path: Path, claims: list[Claim], results: list[Result]) -> None:
    path.write_text(json.dumps(records(claims, results), indent=1) + "\n", "utf-8")


def show(claims: list[Claim], results: list[Result], seed: int, width: int | None) -> None:
    """The table in the terminal, the counterexamples, what did not end as it must, and a summary with the seed."""
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(width=width)
    table = Table(
        "id", "source", "kind", "verdict", "cases", "degrees", "worst slack", "", box=box.SIMPLE_HEAD, pad_edge=False
    )
    for claim, result in zip(claims, results, strict=True):
        mark = "ok" if result.passed else "[bold red]FAILED[/]"
        row = (
            claim.id,
            claim.source,
            claim.kind,
            claim.verdict,
            f"{result.cases}",
            abbreviated(result),
            slack(claim, result.worst),
        )
        table.add_row(*map(escape, row), mark)
    console.print(table)
    for result in results:
        for counterexample in result.counterexamples:
            console.print(f"{result.claim}: {counterexample.text}", highlight=False, markup=False)
    for result in results:
        for complaint in result.complaints:
            console.print(f"{result.claim}: {complaint}", style="red", markup=False)
    console.print(f"{summary(claims, results)} (seed {seed})", highlight=False)


def abbreviated(result: Result) -> str:
    """The degrees of its checks in short: 2 proved, 1 sampled."""
    return ", ".join(f"{n} {degree}" for degree, n in degrees(result).items() if n)


def summary(claims: list[Claim], results: list[Result]) -> str:
    verdicts = Counter(claim.verdict for claim in claims)
    failed = sum(not result.passed for result in results)
    counts = ", ".join(f"{n} {verdict}" for verdict, n in verdicts.items())
    proved = sum(claim.proved for claim in claims)
    of_code = sum(degrees(result)["of the code"] for result in results)
    ended = "all verified" if not failed else f"{failed} FAILED"
    return f"{len(claims)} claims ({counts}), {proved} proved, {of_code} statements proved of the code: {ended}"


def slack(claim: Claim, worst: float) -> str:
    """How close it came: 0 of an exact claim is equality."""
    return "exact" if worst == 0 and claim.kind in ("exact", "symbolic", "enumeration") else f"{worst:.3g}"


# --- HTML


def mathematics(formula: str) -> str:
    """TeX as MathML, which browsers draw without help."""
    from latex2mathml.converter import convert

    return convert(formula, display="block")


def histogram(margins: Iterable[float]) -> str:
    """Where margins lie between the limit (0) and a perfect hit (1), as a small picture; those above 1 count as 1."""
    values = np.clip([m for m in margins if math.isfinite(m)], 0, 1)
    if len(values) < 20 or not values.any():
        return ""
    counts, _ = np.histogram(values, bins=24, range=(0, 1))
    heights = 36 * np.log1p(counts) / np.log1p(counts.max())
    bars = "".join(
        f'<rect x="{6 * i + 1}" y="{40 - h:.1f}" width="5" height="{h:.1f}"/>' for i, h in enumerate(heights)
    )
    return (
        '<figure><svg viewBox="0 0 146 52" width="219" height="78" role="img" aria-label="histogram of slack">'
        f'{bars}<line x1="0" y1="40.5" x2="146" y2="40.5"/><text x="1" y="50">0: limit</text>'
        '<text x="145" y="50" text-anchor="end">1: perfect</text></svg>'
        f"<figcaption>slack of {len(values)} cases (heights logarithmic)</figcaption></figure>"
    )


def _outcomes(outcomes: Iterable[Outcome], ended: str) -> str:
    rows = "".join(
        f"<tr><td>{html.escape(o.words)}</td><td>{o.cases}</td><td>{o.worst:.3g}</td>"
        f"<td><code>{html.escape(o.case)}</code></td></tr>"
        for o in outcomes
    )
    header = "".join(f"<th>{text}</th>" for text in (ended, "cases", "smallest margin", "in the case"))
    return f'<div class="wide"><table><tr>{header}</tr>{rows}</table></div>'


def card(claim: Claim, result: Result) -> str:
    """One claim."""
    failed = "" if result.passed else '<span class="verdict failed">check failed</span>'
    parts = [
        f'<article id="{claim.id}"><h3><span class="id">{claim.id}</span> {html.escape(claim.title)} '
        f'<span class="verdict {claim.verdict}">{claim.verdict}</span>{failed}</h3>'
        f'<p class="source">{html.escape(claim.source)} · {claim.kind} · {result.cases} cases · '
        f"<code>{place(claim)}</code></p><p>{html.escape(claim.statement)}</p>",
        mathematics(claim.formula),
    ]
    if claim.finding:
        parts.append(f'<p class="finding"><b>Found:</b> {html.escape(claim.finding)}</p>')
    if claim.corrected:
        parts.append(mathematics(claim.corrected))
    parts += [
        f'<p class="counterexample"><b>Counterexample:</b> {html.escape(c.text)}</p>' for c in result.counterexamples
    ]
    parts.append(f"<details><summary>Checks and controls</summary>{_outcomes(result.checks, 'checked')}")
    if result.controls:
        parts.append(_outcomes(result.controls, "controls, which must break"))
    if claim.kind in ("property", "montecarlo", "highprec"):
        parts.append(histogram(m for check in result.checks if any(check.margins) for m in check.margins))
    parts += [f"<p class='complaint'>{html.escape(text)}</p>" for text in result.complaints]
    return "".join(parts) + "</details></article>"


def errata(claims: Iterable[Claim]) -> str:
    """What is printed, and what is true."""
    rows = "".join(
        f'<tr><td><a href="#{c.id}">{c.id}</a></td><td>{html.escape(c.source)}</td><td>{html.escape(c.statement)}</td>'
        f"<td>{html.escape(c.finding)}</td></tr>"
        for c in claims
        if c.verdict in ("corrected", "refuted")
    )
    header = "".join(f"<th>{text}</th>" for text in ("claim", "where", "what is said", "what is true"))
    return f'<table class="errata"><tr>{header}</tr>{rows}</table>'


STYLE = """
:root { color-scheme: light; }
body { font: 17px/1.5 Georgia, "Times New Roman", serif; color: #1c1c1c; }
body { max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2, h3, nav, .source, .verdict, th { font-family: system-ui, "Helvetica Neue", Arial, sans-serif; }
h2 { margin-top: 3rem; border-bottom: 2px solid #0072b2; }
article { border: 1px solid #d8d8d8; border-radius: 6px; padding: .2rem 1.2rem 1rem; margin: 1.2rem 0; }
.id { color: #0072b2; } .source { color: #666; font-size: .8rem; margin-top: -.6rem; }
.verdict { font-size: .75rem; color: #fff; border-radius: 3px; padding: .15rem .5rem; vertical-align: middle; }
.holds { background: #00705a; } .corrected { background: #9a5b00; } .refuted { background: #b03a00; }
.argument { background: #555; } .failed { background: #d00000; margin-left: .3rem; }
math { font-size: 1.1rem; padding: .5rem 0; overflow: auto hidden; }
.finding { background: #f6f3ea; padding: .4rem .8rem; }
table { border-collapse: collapse; font-size: .85rem; margin: .6rem 0; width: 100%; }
td, th { border-bottom: 1px solid #e4e4e4; text-align: left; padding: .25rem .5rem; vertical-align: top; }
td code { font-size: .75rem; overflow-wrap: anywhere; color: #555; } summary { cursor: pointer; color: #0072b2; }
.counterexample { font-size: .9rem; margin: .4rem 0; padding-left: .8rem; border-left: 3px solid #b03a00; }
.wide { overflow-x: auto; } .wide table { min-width: 32rem; }
nav { column-width: 17rem; font-size: .9rem; }
figure { margin: .5rem 0; } figcaption { font-size: .75rem; color: #666; }
svg rect { fill: #0072b2; } svg line { stroke: #444; stroke-width: .7; } svg text { font: 8px sans-serif; fill: #444; }
.complaint { color: #d00000; }
@media (max-width: 40rem) {
  .errata th { display: none; } .errata td { display: block; border: 0; } .errata tr { border-bottom: 1px solid #bbb; }
  .errata td:nth-child(3)::before { content: "said: "; } .errata td:nth-child(4)::before { content: "true: "; }
  .errata td::before { font-weight: bold; } .errata tr { display: block; } article { padding: .2rem .8rem 1rem; }
}
"""


def page(claims: list[Claim], results: list[Result]) -> str:
    """The whole page. Its links lead to places in it; the code is named by file and line."""
    by_id = {result.claim: result for result in results}
    chapters, toc = [], []
    for family, folder in FAMILIES.items():
        chosen = [c for c in claims if c.family == family]
        if chosen:
            title = html.escape((folder.__doc__ or "").splitlines()[0])
            toc.append(f'<div><a href="#family-{family}">{family}</a> {title} ({len(chosen)})</div>')
            cards = "".join(card(c, by_id[c.id]) for c in chosen)
            chapters.append(f'<h2 id="family-{family}">{family}. {title}</h2>{cards}')
    wrong = errata(claims)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Claims about line searches</title>'
        f"<style>{STYLE}</style></head><body><h1>Claims about line searches, checked</h1>"
        f"<p>{html.escape(summary(claims, results))}. {date.today().isoformat()}.</p>"
        "<p>Every check holds on all its cases, and every control, the same check with a hypothesis violated or a "
        "constant wrong, breaks. A margin is the distance to the limit: 1 a perfect hit, 0 the limit, negative broken; "
        "of exact claims it is the difference itself, 0 where an equality holds. Counterexamples to what is corrected "
        "or refuted name a quantity and its case, what the printed statement gives for it, and what is true.</p>"
        f'<nav>{"".join(toc)}<div><a href="#errata">Errata</a></div></nav>{"".join(chapters)}'
        f'<h2 id="errata">Errata</h2>{wrong}</body></html>\n'
    )


def write_html(path: Path, claims: list[Claim], results: list[Result]) -> None:
    path.write_text(page(claims, results), "utf-8")
