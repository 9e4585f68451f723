"""What every figure shares: one fixed look per method, quantile bands, published curves, and the files it leaves.

A recipe names a study and draws its stored results; it computes nothing itself. ``make`` runs what is missing in the
store, draws, and writes PNG, SVG, PDF, the plotted numbers (CSV), a caption and a manifest.
"""

from __future__ import annotations

import csv
import inspect
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from toybox import curves as lines
from toybox import zoo
from toybox.curves import AXES as COSTS
from toybox.extras import Extra
from toybox.looks import LOOKS, Look
from toybox.zoo import METHODS, defaults

HERE = Path(__file__).parent
GREY = "#8A8A8A"  # published curves
DRAWING = ("recipe", "words")  # modules that only draw: they decide no number that is measured


@dataclass
class Table:
    """The plotted numbers, one row per point, in the order in which they were drawn."""

    rows: list[tuple] = field(default_factory=list)

    def add(self, panel: str, series: str, x: Iterable, median: Iterable, low: Iterable, high: Iterable) -> None:
        self.rows += [(panel, series, *map(float, row)) for row in zip(x, median, low, high, strict=True)]

    def write(self, path: Path) -> None:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["panel", "series", "x", "median", "low", "high"])
            writer.writerows(self.rows)


@dataclass(frozen=True)
class Recipe:
    """A figure: ``study(size)`` says what it needs, ``draw(results, overlay, cost)`` gives figure, table, caption.

    A figure of single steps or lines has a ``measure(size)`` instead, which returns a polars table of what it saw, or,
    where it keeps parts of its own, a ``measure(size, store)``; ``draw`` gets the table as it was stored. It is
    measured anew where its module, or one that this imports, has changed.
    """

    id: str
    name: str
    title: str
    study: Callable[[str], Any] | None
    draw: Callable[..., tuple]
    cites: tuple[str, ...] = ()
    measure: Callable[..., Any] | None = None
    reads: tuple[str, ...] = ()  # further packages whose source decides what ``measure`` returns
    extra: Extra | None = None  # of the installation, which ``measure`` needs

    def make(
        self,
        size="default",
        out=Path("figures/out"),
        store=None,
        workers=None,
        overlay=None,
        cost="steps",
        progress=False,
    ) -> list[Path]:
        """Compute what the store lacks, draw, and return the written files. size: "smoke", "default" or "full"."""
        import matplotlib

        matplotlib.use("Agg")
        import matplotlib.pyplot as plt

        from toybox.study import compute

        if cost not in COSTS:
            raise ValueError(f"cost={cost!r} is not accepted; accepted: {', '.join(COSTS)}")
        if overlay not in (None, "published", "none"):
            raise ValueError(f"overlay={overlay!r} is not accepted; accepted: 'published', 'none'")
        if self.study:
            results: Any = compute(self.study(size), store, workers=workers, progress=progress)
            origins = [{"spec": r.run.canonical(), "key": r.run.key, "meta": r.meta} for r in results]
        else:
            results, meta = self.measured(size, store)
            origins = [{"key": meta["key"], "meta": meta}]
        with plt.style.context(HERE / "style.mplstyle"):
            figure, table, caption = self.draw(results, overlay=overlay != "none", cost=cost)
            return self.write(figure, table, caption, origins, Path(out), size)

    def measured(self, size: str, store) -> tuple[Any, dict[str, Any]]:
        """The table of ``measure``, computed once for each state of whatever decides it, and what is kept with it."""
        from toybox.kept import kept
        from toybox.store import Store

        measure = self.measure
        assert measure is not None
        store = store if isinstance(store, Store) else Store(store)
        own = {"store": store} if "store" in inspect.signature(measure).parameters else {}
        reads = [Path(import_module(name).__path__[0]) for name in self.reads]
        of = {"figure": self.id, "size": size}
        return kept(store, of, measure, lambda: measure(size, **own), DRAWING, reads)

    def write(self, figure, table: Table, caption: str, origins: list[dict], out: Path, size: str) -> list[Path]:
        import matplotlib.pyplot as plt

        out.mkdir(parents=True, exist_ok=True)
        stem = out / f"{self.id}-{self.name}"
        paths = [stem.with_suffix(suffix) for suffix in (".png", ".svg", ".pdf", ".csv", ".md", ".json")]
        stamp = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}  # the same numbers give the same files
        for path in paths[:3]:
            figure.savefig(path, metadata=stamp.get(path.suffix))
        plt.close(figure)
        paths[1].write_text(numbered(paths[1].read_text("utf-8")), "utf-8")
        table.write(paths[3])
        paths[4].write_text(f"**{self.id}. {self.title}.** {caption}\n", "utf-8")
        paths[5].write_text(json.dumps(self.manifest(origins, caption, size), indent=1, default=str) + "\n", "utf-8")
        return paths

    def manifest(self, origins: list[dict], caption: str, size: str) -> dict:
        """Everything needed to say where the picture comes from: of each run, or of the measured table, its key and
        what is kept with it."""
        cites = sorted({*self.cites, *(paper for origin in origins for paper in origin["meta"].get("papers", ()))})
        return {
            "figure": self.id, "title": self.title, "size": size, "caption": caption, "cites": cites, "runs": origins,
        }  # fmt: skip


def numbered(svg: str) -> str:
    """The same picture with its made-up names (of clip paths and markers) numbered in their order. Matplotlib hashes
    them from coordinates, whose last digits depend on where a layout's solver finds its variables in memory."""
    names = dict.fromkeys(re.findall(r'id="([pmh][0-9a-f]{10})"', svg))
    number = {name: f"{name[0]}{i}" for i, name in enumerate(names, 1)}
    return re.sub(r"\b[pmh][0-9a-f]{10}\b", lambda found: number.get(found[0], found[0]), svg)


def look(result) -> Look:
    return zoo.look(result.run.method)


def label(result) -> str:
    """The run's own label, else its method's name."""
    return result.run.label or look(result).name


def group(results, *keys: str) -> dict:
    """Results by the values of some fields of their runs: problem, method, label, or an option of the problem."""
    groups: dict[tuple, list] = {}
    for result in results:
        run = result.run
        key = tuple(getattr(run, k) if k in ("problem", "method", "label") else run.options.get(k) for k in keys)
        groups.setdefault(key, []).append(result)
    return groups


def curves(results, column: str, cost: str = "steps") -> tuple[np.ndarray, np.ndarray]:
    """A measured column of several results, all seeds and lanes: x (P,) median cost and y (runs, P), by step."""
    return lines.measured([result.frame for result in results], column, cost)


def band(ax, x, y, look: Look, name: str, table: Table, panel: str, **style) -> None:
    """``toybox.curves.band``, and its numbers in the table."""
    table.add(panel, name, *lines.band(ax, x, y, look, name, **style))


def backdrop(ax, found: dict[str, list], column: str, cost: str, table: Table, panel: str, zero: float = 0.0) -> None:
    """Further methods as thin grey medians. ``zero``: where exact zeros are drawn."""
    for name, results in found.items():
        x, y = curves(results, column, cost)
        low, median, high = lines.quartiles(y)
        table.add(panel, name, x, median, low, high)
        shown = np.where(median == 0, zero, median)
        ax.plot(x, shown, color="#B4B4B4", lw=0.7, zorder=1.6, label="_" + name)


def name_backdrop(ax) -> None:
    """Names of the grey lines where they end, or leave the panel, as far as there is room for them."""
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    height = (
        (lambda y: np.log(y / bottom) / np.log(top / bottom))
        if ax.get_yscale() == "log"
        else (lambda y: (y - bottom) / (top - bottom))
    )
    taken: list[float] = []
    lines = [line for line in ax.get_lines() if line.get_label().startswith("_") and line.get_lw() == 0.7]
    for line in sorted(lines, key=lambda line: -line.get_ydata()[-1]):
        x, y = line.get_xdata(), line.get_ydata()
        inside = np.isfinite(y) & (y <= top) & (y >= bottom)
        if not inside.any():
            continue
        last = int(np.flatnonzero(inside)[-1])
        at = float(height(y[last]))
        if all(abs(at - other) > 0.045 for other in taken):
            taken.append(at)
            gone = " (leaves)" if last < len(x) - 1 else ""
            ax.annotate(
                line.get_label()[1:] + gone, (x[last], y[last]), xytext=(-2, 1), textcoords="offset points",
                ha="right" if x[last] > (left + right) / 2 else "left", va="bottom", fontsize=5.5, color="#808080",
                zorder=3.5, annotation_clip=True, path_effects=halo(),
            )  # fmt: skip


def halo() -> list:
    """Effects that keep small text readable where lines run through it."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=2, foreground="w")]


def compared(panels, series: dict[str, str]) -> str:
    """A Markdown table of final losses, ours (median) and as published, best first in the first panel.

    panels: (title, panel of the published curves, results by method) each.
    """

    def end(results):
        return float(np.nanmedian(curves(results, "full_loss")[1][:, -1]))

    def cell(panel, found, method):
        if method not in found:
            return ""
        curve = published(panel, series[method]) if method in series else None
        last = end(found[method])
        ours = f"{last:.3g}" if last < 1e6 else "diverged"
        return ours if curve is None else f"{ours} (published {curve[1][-1]:.3g})"

    order = sorted(panels[0][2], key=lambda method: end(panels[0][2][method]))
    lines = ["| final loss | " + " | ".join(title for title, *_ in panels) + " |", "|---" * (len(panels) + 1) + "|"]
    for method in order:
        lines.append(
            f"| {LOOKS[method].name} | " + " | ".join(cell(panel, found, method) for _, panel, found in panels) + " |"
        )
    return "\n".join(lines)


def budget(method: str, steps: int) -> dict[str, int]:
    """What follows the length of a run in a comparison: a method that reuses an estimate searches twenty times."""
    return {"reuse": max(1, steps // 20)} if "reuse" in defaults(METHODS[method]) else {}


def reusing(results) -> str:
    """Of the methods that reuse an estimate: for how long, how often they searched, and how many runs diverged."""
    chosen, said = [r for r in results if "reuse" in r.run.hyper], []
    for (method,), found in group(chosen, "method").items():
        searches, diverged = [], []
        for result in found:
            for _, run in result.frame.group_by("seed", maintain_order=True):
                searches.append((run["trials"].drop_nulls() > 0).sum())
                loss = run["full_loss"].drop_nulls().to_numpy()
                diverged.append(not loss[-1] <= loss[0])
        said.append(
            f"{LOOKS[method].name} searches {np.median(searches):.0f} times (median) and ends above its first loss in "
            f"{sum(diverged)} of {len(diverged)} runs"
        )
    served = " and ".join(map(str, sorted({r.run.hyper["reuse"] for r in chosen})))
    return f"An estimate of LABPAL serves for {served} updates, a twentieth of the run: {'; '.join(said)}."


def show_zeros(ax, y, floor: float) -> np.ndarray:
    """Exact zeros for a log axis: moved to ``floor``, on a shaded strip that says so."""
    if (y == 0).any() and not ax.get_label():
        ax.set_label("shows zeros")
        ax.axhspan(floor / 5, floor * 5, color="#EDEDED", zorder=0, lw=0)
        ax.annotate(
            "exactly 0", (0.5, floor * 5), xycoords=ax.get_yaxis_transform(), xytext=(0, 2), textcoords="offset points",
            ha="center", va="bottom", fontsize=7.5, color="#555555",
        )  # fmt: skip
    return np.where(y == 0, floor, y)


def published(panel: str, series: str) -> tuple[np.ndarray, np.ndarray] | None:
    """A digitised curve of Vaswani et al. 2019, or None."""
    with (HERE / "published.csv").open(encoding="utf-8") as file:
        rows = [
            r
            for r in csv.DictReader(line for line in file if line[0] != "#")
            if (r["panel"], r["series"]) == (panel, series)
        ]
    return (np.array([float(r["x"]) for r in rows]), np.array([float(r["y"]) for r in rows])) if rows else None


def overlay_published(
    ax, panel: str, series: str, name: str, table: Table, scale: float = 1.0, at: float = 0.6, **text
) -> None:
    """Draw a published curve thin and grey, with its name beside it."""
    curve = published(panel, series)
    if curve is None:
        return
    x, y = curve[0], curve[1] * scale
    ax.plot(x, y, color=GREY, lw=0.9, zorder=2)
    i = int(at * (len(x) - 1))
    style = {"fontsize": 6.5, "color": "#6A6A6A", "zorder": 3.5, "path_effects": halo()}
    ax.annotate(name, (x[i], y[i]), xytext=(0, 3), textcoords="offset points", **style | text)
    table.add(panel, f"published: {series}", x, y, y, y)
