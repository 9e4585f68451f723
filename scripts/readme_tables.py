"""Write the tables of methods and problems into README.md from the zoo: ``python scripts/readme_tables.py``."""

from __future__ import annotations

import re
from pathlib import Path

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
    return "\n".join(f"| {' | '.join(row)} |".replace("| --- ", "|---").replace("|--- |", "|---|") for row in rows)


def fill(text: str) -> str:
    """The README with its tables renewed. D stands for the dissertation, mutschler2022."""
    for first, registry in (("methods", METHODS), ("problems", PROBLEMS)):
        mark = f"<!-- {first}: written by scripts/readme_tables.py -->"
        text = re.sub(
            f"{mark}.*?<!-- end -->", f"{mark}\n{table(first[:-1], registry)}\n<!-- end -->", text, flags=re.S
        )
    return text


if __name__ == "__main__":
    README.write_text(fill(README.read_text()))
