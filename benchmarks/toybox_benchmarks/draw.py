"""The picture of how costs grow: measured points on logarithmic axes, floors as thin lines, slopes in the legend."""

from __future__ import annotations

from pathlib import Path

from toybox_figures.recipe import HERE

from .scaling import Measured

STYLE = HERE / "style.mplstyle"
PANELS = {  # title and axis: the curves, in the colours and markers below
    ("Samples in the data", "samples $D$"): ("data", "line-data"),
    ("Batch size", "batch size $B$"): ("batch", "factorization-batch"),
    ("Dimension", "dimension $n$"): ("dimension", "line-dimension", "quadratic-dimension"),
    ("Lanes: one step of all", "lanes"): ("lanes", "quadratic-lanes"),
    ("Lanes: the same, per lane", "lanes"): ("lanes", "quadratic-lanes"),
    ("Step sizes along a line", "step sizes $S$"): ("steps", "polynomial-steps"),
}
LOOKS = (("#0072B2", "o"), ("#D55E00", "s"), ("#009E73", "^"))  # Okabe & Ito


def draw(found: list[Measured], path: Path) -> None:
    """Write the picture of the curves that were measured; panels without any stay away."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    curves = {m.curve.name: m for m in found}
    panels = {head: [curves[name] for name in names if name in curves] for head, names in PANELS.items()}
    panels = {head: shown for head, shown in panels.items() if shown}
    columns = min(3, len(panels))
    rows = -(-len(panels) // columns)
    with plt.style.context(STYLE):
        figure, axes = plt.subplots(rows, columns, figsize=(3.9 * columns, 3.4 * rows), squeeze=False)
        for ax in axes.flat[len(panels) :]:
            ax.set_axis_off()
        for ax, ((title, label), shown) in zip(axes.flat, panels.items(), strict=False):
            _panel(ax, title, label, shown, per_lane="per lane" in title)
        figure.tight_layout()
        figure.savefig(path)
        plt.close(figure)


def _panel(ax, title: str, label: str, shown: list[Measured], per_lane: bool) -> None:
    for m, (color, marker) in zip(shown, LOOKS, strict=False):
        scale = 1e6 / m.sizes if per_lane else 1e3
        name = f"{m.curve.what}\n" + ("" if per_lane else f"slope {m.slope:.2f}, predicted {m.curve.predicted:g}")
        ax.plot(m.sizes, scale * m.floors, color=color, lw=0.8, alpha=0.8)
        ax.fill_between(m.sizes, scale * m.quartiles[0], scale * m.quartiles[1], color=color, alpha=0.2, lw=0)
        ax.plot(m.sizes, scale * m.seconds, color=color, marker=marker, lw=1.2, label=name.strip())
    ax.plot([], [], color="#555555", lw=0.8, label="floor: bytes moved or arithmetic")
    ax.set(xscale="log", yscale="log", title=title, xlabel=label, ylabel="µs per lane" if per_lane else "ms")
    bottom, top = ax.get_ylim()
    ax.set_ylim(bottom, top * (top / bottom) ** (0.15 + 0.17 * len(shown)))  # room for the legend
    ax.legend(loc="upper left", fontsize=7.5)
