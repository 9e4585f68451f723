"""Results of claims as a table in the terminal, as JSON records, and as one page of HTML that needs nothing else."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple, get_args

from . import FAMILIES, page, place
from .claim import Budget, Claim, Verdict
from .uses import ROOT, Uses, uses
from .verify import Result

DEGREES = {  # of checks, and their names in records
    "proved": "proved", "of the code": "of_code", "exhausted": "exhausted", "sampled": "sampled",
    "simulated": "simulated",
}  # fmt: skip
MEANINGS = {
    "proved": "for all numbers that the statement speaks of, or for a finite domain, all of which was tried.",
    "of the code": "proved, and for the text of our search itself, which was run on symbols.",
    "exhausted": "a part of the domain that can be stated, all of which was tried.",
    "sampled": "no counterexample in so many cases, drawn at random.",
    "simulated": "random runs, whose mean lies within its error.",
}
DOCUMENTS = {"dissertation": "dissertation", "Mutschler & Zell": "Mutschler & Zell 2021", "Walk": "A Walk with SGD"}


def records(claims: Iterable[Claim], results: Iterable[Result]) -> list[dict]:
    """One record per claim, of plain values."""
    return [
        {
            "id": claim.id,
            "source": claim.source,
            "file": place(claim),
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
            in_words(degrees(result), DEGREES),
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


def summary(claims: list[Claim], results: list[Result]) -> str:
    """How many claims have which verdict, how many are proved, how many checks have which degree, how they ended."""
    failed = sum(not result.passed for result in results)
    verdicts: Counter[str] = Counter(claim.verdict for claim in claims)
    proved = sum(claim.proved for claim in claims)
    checks = Counter(check.degree for result in results for check in result.checks)
    ended = "all verified" if not failed else f"{failed} FAILED"
    return (
        f"{len(claims)} claims ({in_words(verdicts, get_args(Verdict))}), {proved} of them proved, "
        f"by {checks.total()} checks ({in_words(checks, DEGREES)}): {ended}"
    )


def in_words(counts: Mapping[str, int], order: Iterable[str]) -> str:
    """2 proved, 1 sampled."""
    return ", ".join(f"{counts[name]} {name}" for name in order if counts[name])


def slack(claim: Claim, worst: float) -> str:
    """How close it came: 0 of an exact claim is equality."""
    return "exact" if worst == 0 and claim.kind in ("exact", "symbolic", "enumeration") else f"{worst:.3g}"


# --- HTML


class Card(NamedTuple):
    """What the page shows of a claim, and by what it is filtered."""

    claim: Claim
    result: Result
    filters: dict[str, list[str]]
    degrees: str
    margins: list[float]  # of checks by cases, unless they are all equalities
    replay: str
    file: str
    source: str
    uses: Uses


def card(claim: Claim, result: Result, budget: Budget) -> Card:
    file = place(claim)
    replay = f"toybox claims --only {claim.id} --seed {budget.seed}{' --deep' if budget.deep else ''}"
    by_case = [c for c in result.checks if c.degree in ("sampled", "simulated") and any(c.margins)]
    return Card(
        claim,
        result,
        filters(claim, result),
        in_words(degrees(result), DEGREES),
        [margin for check in by_case for margin in check.margins],
        replay,
        file,
        (ROOT / file).read_text("utf-8"),
        uses(file),
    )


def filters(claim: Claim, result: Result) -> dict[str, list[str]]:
    """By name the values under which a claim is shown; its words are lower case, with the numbers of all equations."""
    words = [claim.id, claim.title, claim.source, claim.formula, claim.corrected, *between(claim.source)]
    whole = ["the whole statement proved"] if claim.proved else []
    return {
        "verdict": [claim.verdict],
        "degree": [*whole, *(degree for degree, n in degrees(result).items() if n)],
        "document": [name for word, name in DOCUMENTS.items() if word in claim.source],
        "family": [claim.family],
        "find": [" ".join(words).lower()],
    }


def between(source: str) -> list[str]:
    """The numbers that a range leaves out: of eqs. 2.20 to 2.23, 2.21 and 2.22."""
    ranges = re.findall(r"((?:\w+\.)?)\b(\d+) to \1(\d+)", source)
    return [f"{chapter}{n}" for chapter, low, high in ranges for n in range(int(low) + 1, int(high))]


def choices(cards: list[Card]) -> dict[str, dict[str, int]]:
    """By filter how many claims each value shows, in an order that does not depend on which claims are there."""
    orders = {
        "verdict": get_args(Verdict),
        "degree": ["the whole statement proved", *DEGREES],
        "document": DOCUMENTS.values(),
        "family": FAMILIES,
    }
    many = {name: Counter(value for card in cards for value in card.filters[name]) for name in orders}
    return {name: {value: many[name][value] for value in order if many[name][value]} for name, order in orders.items()}


def html(claims: list[Claim], results: list[Result], budget: Budget = Budget()) -> str:
    """The whole page. Its links lead to places in it; code is named by its file, and shown."""
    cards = [card(claim, result, budget) for claim, result in zip(claims, results, strict=True)]
    families = [
        (
            family,
            (folder.__doc__ or "").splitlines()[0].removesuffix("."),
            [card for card in cards if card.claim.family == family],
        )
        for family, folder in FAMILIES.items()
    ]
    shared = sorted({file for card in cards for file in card.uses.files})
    return page.rendered(
        "claims.html",
        summary=summary(claims, results),
        degrees=MEANINGS,
        filters=choices(cards),
        families=[family for family in families if family[2]],
        errata=[claim for claim in claims if claim.verdict in ("corrected", "refuted")],
        shared={file: (ROOT / file).read_text("utf-8") for file in shared},
    )


def write_html(path: Path, claims: list[Claim], results: list[Result], budget: Budget = Budget()) -> None:
    page.write(path, html(claims, results, budget))
