"""Write the tables of methods, problems, demos and claims into README.md: ``python scripts/readme_tables.py``."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import get_args

from proofs_check import CLAIMS
from proofs_check.claim import Verdict
from proofs_check.empirical import EXPERIMENTS
from proofs_check.report import DEGREES, in_words
from toybox.demos import DEMOS
from toybox.zoo import METHODS, PROBLEMS, Entry

README = Path(__file__).parent.parent / "README.md"


def table(first: str, registry: dict[str, Entry]) -> str:
    """A Markdown table of a registry."""
    header = [first, "what", "where in the text", "papers", "code"] + ["deviations"] * (first == "method")
    rows = [header, ["---"] * len(header)]
    for name, entry in registry.items():
        code = f"[{entry.file}](toybox/{entry.file})"
        rows.append([f"`{name}`", entry.summary, entry.equation, ", ".join(entry.papers), code])
        if first == "method":
            rows[-1].append(entry.deviations)
    return markdown(rows)


def demos() -> str:
    header = ["demo", "title", "controls", "at length"]
    labels = lambda demo: ", ".join(control.label for control in demo.controls.values())
    rows = [[f"`{name}`", demo.title, labels(demo), demo.figure or "-"] for name, demo in DEMOS.items()]
    return markdown([header, ["---"] * len(header), *rows])


def claims() -> str:
    """How many there are of each verdict, how many are proved, of each degree how many checks; and of experiments."""
    verdicts = Counter(claim.verdict for claim in CLAIMS.values())
    degrees = Counter(check.degree for claim in CLAIMS.values() for check in claim.checks)
    return (
        f"{len(CLAIMS)} claims: {in_words(verdicts, get_args(Verdict))}; "
        f"{sum(claim.proved for claim in CLAIMS.values())} of them proved.\n"
        f"{degrees.total()} checks: {in_words(degrees, DEGREES)}.\n"
        f"{len(EXPERIMENTS)} more claims can only be measured."
    )


def markdown(rows: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |".replace("| --- ", "|---").replace("|--- |", "|---|") for row in rows)


def fill(text: str) -> str:
    """The README with its tables renewed. D stands for the dissertation, mutschler2022."""
    tables = {"methods": table("method", METHODS), "problems": table("problem", PROBLEMS), "demos": demos(),
              "claims": claims()}  # fmt: skip
    for first, written in tables.items():
        mark = f"<!-- {first}: written by scripts/readme_tables.py -->"
        text = re.sub(f"{mark}.*?<!-- end -->", lambda _, new=f"{mark}\n{written}\n<!-- end -->": new, text, flags=re.S)
    return text


if __name__ == "__main__":
    README.write_text(fill(README.read_text("utf-8")), "utf-8")
