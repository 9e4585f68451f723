"""The report of a comparison: a page that needs no network, a table for LaTeX, CSV files and PDFs of the pictures.

Nothing is computed here but how the numbers of the tables are written.
"""

from __future__ import annotations

import io
import re
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..references import cite
from .numbers import AXES, Comparison
from .pairs import LEVEL
from .pictures import AXIS, pictures
from .profiles import MOST
from .runs import ENDS

TRACKS = {"defaults": "as published", "tuned": "tuned"}
UNITS = {"samples": "samples touched", "values": "losses", "gradients": "gradients", "seconds": "seconds"}


def write(found: Comparison, folder: Path) -> list[Path]:
    """Write the report into a folder: report.html, cost.tex, a CSV file for each table, a PDF for each picture."""
    drawn, files = pictures(found), found.write_csv(folder)
    for name, figure in drawn.items():
        files.append(folder / f"{name}.pdf")
        figure.savefig(files[-1], metadata={"CreationDate": None})
    for name, text in (("cost.tex", latex(found)), ("report.html", page(found, drawn))):
        files.append(folder / name)
        files[-1].write_text(text, "utf-8")
    return files


def page(found: Comparison, drawn: dict[str, Any]) -> str:
    """The page of HTML."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("toybox.comparison"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"short": short, "signed": lambda x: f"{x:+.2f}"}
    return environment.get_template("report.html").render(
        found=found, plan=found.plan, meta=found.meta, pictures={name: svg(name, f) for name, f in drawn.items()},
        methods=[method.label for method in found.plan.methods], problems=[p.label for p in found.plan.problems],
        tracks={track: TRACKS[track] for track in found.plan.tracks}, units=UNITS, axes=AXES, axis=AXIS,
        costs=costs(found), ranked=ranked(found), pairs=pairs(found), stable=stable(found), confidence=LEVEL,
        ratio=MOST, clip=[10.0**end for end in ENDS], version=__version__,
        references=cite([*found.meta["papers"], "toybox"]),
    )  # fmt: skip


def svg(name: str, figure: Any) -> str:
    """A picture as an element of a page, whose ids are those of no other picture there."""
    import matplotlib

    text = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": name, "svg.fonttype": "path"}):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    drawn = text.getvalue()
    drawn = re.sub(r"<metadata>.*?</metadata>", "", drawn[drawn.index("<svg") :], flags=re.DOTALL)
    drawn = re.sub(r'(id="|href="#|url\(#)', rf"\g<1>{name}-", drawn)
    return re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', rf'<svg viewBox="\1" role="img" aria-label="{name}">', drawn)


def short(value: Any) -> str:
    """A number in a few characters; of a cost inf is never."""
    if not isinstance(value, int | float):
        return str(value)
    if not isfinite(value):
        return "never"
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    return f"{value:.3g}"


def costs(found: Comparison) -> dict[tuple, dict[str, Any]]:
    """By track, target, problem and method: median and quartiles on each axis over the seeds, how many seeds never
    arrived, and how these ended."""
    seen: dict[tuple, dict[str, Any]] = {}
    for key, part in found.costs.group_by("track", "target", "problem", "method", maintain_order=True):
        ends = [end for end in part["status"].to_list() if end != "reached"]
        said = ", ".join(
            f"{ends.count(end)} {'not finite' if end == 'NONFINITE' else 'out of budget'}"
            for end in dict.fromkeys(ends)
        )
        spread = {axis: summary(part[axis].to_list()) for axis in (*AXES, "seconds")}
        seen[key] = spread | {"failed": len(ends), "said": said}
    return seen


def ranked(found: Comparison) -> dict[tuple, list[dict[str, Any]]]:
    """By track, target and axis: the rows of ``ranks``, the best first."""
    seen: dict[tuple, list[dict[str, Any]]] = {}
    for row in found.ranks.sort("rank", maintain_order=True).iter_rows(named=True):
        seen.setdefault((row["track"], row["target"], row["axis"]), []).append(row)
    return seen


def pairs(found: Comparison) -> dict[tuple, dict[str, Any]]:
    """By track, problem, method and other: the row of ``pairs``."""
    rows = found.pairs.iter_rows(named=True)
    return {(row["track"], row["problem"], row["method"], row["other"]): row for row in rows}


def stable(found: Comparison) -> dict[tuple[str, str], dict[str, Any]]:
    """By problem and method: a row of ``stability``."""
    return {(row["problem"], row["method"]): row for row in found.stability.iter_rows(named=True)}


def latex(found: Comparison) -> str:
    """Costs to the middle target as a table (booktabs): medians over the seeds, and how many of them arrived."""
    target = found.plan.targets[len(found.plan.targets) // 2]
    seen, many = costs(found), len(found.plan.seeds)
    problems, methods = ([one.label for one in of] for of in (found.plan.problems, found.plan.methods))
    head = " & ".join(["method", *map(escaped, problems)])
    lines = [
        "% needs \\usepackage{booktabs}",
        "\\begin{table}",
        "\\centering",
        f"\\caption{{Samples touched until the gap is at most ${target:g}$ of the first one, "
        f"{' and '.join(TRACKS[track] for track in found.plan.tracks)}: "
        f"medians over {many} seeds; $\\infty$: most never arrive; in brackets how many do, where not all. "
        f"Plan \\texttt{{{found.plan.sha256[:12]}}}, toybox {__version__}.}}",
        "\\label{tab:cost}",
        f"\\begin{{tabular}}{{l{'r' * len(problems)}}}",
    ]
    for place, track in enumerate(found.plan.tracks):
        lines += ["\\toprule" if place == 0 else "\\midrule", f"{head} \\\\ \\midrule"]
        lines += [f"\\multicolumn{{{len(problems) + 1}}}{{l}}{{\\emph{{{TRACKS[track]}}}}} \\\\"]
        for method in methods:
            cells = []
            for problem in problems:
                cell = seen[track, target, problem, method]
                middle, failed = cell[AXIS][0], cell["failed"]
                text = f"{middle:.0f}" if isfinite(middle) else "$\\infty$"
                cells.append(text + (f" ({many - failed}/{many})" if failed else ""))
            lines.append(" & ".join([escaped(method), *cells]) + " \\\\")
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}", "\\end{table}", ""])


def summary(values: list[float]) -> tuple[float, float, float]:
    """Median and quartiles of values among which inf may be: each one of them."""
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75], method="inverted_cdf")
    return float(middle), float(low), float(high)


def escaped(text: str) -> str:
    """A text for LaTeX."""
    marks = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(marks.get(sign, f"\\{sign}" if sign in "&%$#_{}" else sign) for sign in text)
