"""What a demo is: controls, a picture of real runs for every state of them, a question, its answer, and homework.

A demo is plain Python: the page (``app.py``) and the command line show it, and whoever likes may call its ``draw``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from shlex import quote
from typing import Any, Literal, NamedTuple

PROJECTOR: dict[Any, Any] = {
    "font.size": 15,
    "axes.titlesize": 16,
    "axes.labelsize": 16,
    "xtick.labelsize": 13,
    "ytick.labelsize": 13,
    "legend.fontsize": 13,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E6E6E6",
    "lines.linewidth": 2.5,
    "lines.markersize": 8,
    "figure.figsize": (13, 5.6),
    "figure.dpi": 90,
    "figure.constrained_layout.use": True,
}
BATCH, TRUTH, GREY = "#0072B2", "#B22222", "#8A8A8A"  # what a batch shows, what all data show, all the rest


class Slider(NamedTuple):
    """One of a few numbers, spaced as they like."""

    label: str
    values: Sequence[float]
    value: float


class Choice(NamedTuple):
    """One of a few words."""

    label: str
    values: Sequence[str]
    value: str


class Again(NamedTuple):
    """A button that counts 0, 1, 2, ...: another seed."""

    label: str = "another seed"
    values: Sequence[int] = range(1000)
    value: int = 0


class Time(NamedTuple):
    """A step number, with buttons that step and play."""

    label: str
    values: range
    value: int = 0


class Place(NamedTuple):
    """A point in the plane of the picture's first axes, which may be dragged there: (x, y)."""

    label: str
    x: tuple[float, float]  # lowest and highest
    y: tuple[float, float]
    value: tuple[float, float]


class Answer(NamedTuple):
    """What a run says to a question: which of the answers is right, and the measured numbers in a sentence."""

    right: str
    words: str


class Demo(NamedTuple):
    """``draw`` and ``answer`` take the controls' values by name; ``answer`` may be of another state than the shown."""

    id: str
    name: str
    title: str
    lead: str  # one or two sentences below the title: what is seen
    controls: Mapping[str, Any]
    draw: Callable[..., Any]  # -> matplotlib's Figure
    question: str
    answers: Sequence[str]
    answer: Callable[..., Answer]
    point: str  # what to remember
    homework: str
    figure: str = ""  # the figure that shows the same at length


def values(demo: Demo, given: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """The controls' values for texts as in an address, defaults where there is none; and a sentence for each text that
    is not accepted (its control then has its default)."""
    found: dict[str, Any] = {name: control.value for name, control in demo.controls.items()}
    complaints = []
    for name, text in given.items():
        if name not in demo.controls:
            accepted = ", ".join(demo.controls)
        else:
            value, accepted = _parsed(demo.controls[name], str(text))
            if value is not None:
                found[name] = value
                continue
        complaints.append(f"{name}={text} is not accepted; accepted: {accepted}")
    return found, complaints


def _parsed(control: Any, text: str) -> tuple[Any, str]:
    """The value that a text stands for, or None; and what is accepted."""
    if isinstance(control, Place):
        (left, right), (low, high) = control.x, control.y
        accepted = f"x,y with x from {left:g} to {right:g} and y from {low:g} to {high:g}"
        try:
            x, y = map(float, text.split(","))
        except ValueError:
            return None, accepted
        return ((x, y) if left <= x <= right and low <= y <= high else None), accepted
    known = list(control.values)
    accepted = ", ".join(map(shown, known)) if len(known) <= 12 else f"{known[0]}, {known[1]}, ... {known[-1]}"
    return next((value for value in known if shown(value) == text), None), accepted


def shown(value: Any) -> str:
    """A value as it stands in an address."""
    if isinstance(value, tuple):
        return ",".join(map(shown, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def projected(draw):
    """Draw in type for a projector, whatever the style around it."""

    @wraps(draw)
    def drawn(*args, **kwargs):
        import matplotlib as mpl

        with mpl.rc_context(PROJECTOR):
            return draw(*args, **kwargs)

    return drawn


def subplots(rows: int = 1, columns: int = 1, **options):
    """A figure and its axes, which nobody has to close."""
    from matplotlib.figure import Figure

    size = {"figsize": options.pop("figsize")} if "figsize" in options else {}
    figure = Figure(**size)
    return figure, figure.subplots(rows, columns, **options)


def command(demo: Demo, found: Mapping[str, Any]) -> str:
    """The command line that draws the picture of these values."""
    changed = [
        "--set " + quote(f"{name}={shown(value)}")
        for name, value in found.items()
        if value != demo.controls[name].value
    ]
    return " ".join(["toybox demo", demo.name, *changed, f"--out {demo.name}.png"])


def longer(demo: Demo) -> str:
    return f", at length: `toybox figure {demo.figure}`" if demo.figure else ""


def mood(said: str | None, answer: Answer) -> Literal["neutral", "success", "warn"]:
    """How the answer is framed: whether the prediction was right."""
    return "neutral" if said is None else "success" if said == answer.right else "warn"


def widget(mo: Any, control: Any, value: Any) -> Any:
    """The control as an element of a marimo page."""
    if isinstance(control, Slider):
        return mo.ui.slider(steps=list(control.values), value=value, label=control.label, show_value=True)
    if isinstance(control, Choice):
        return mo.ui.dropdown(list(control.values), value=value, label=control.label, allow_select_none=False)
    return mo.ui.button(value=value, on_click=lambda now: (now + 1) % len(control.values), label=control.label)


def draggable(mo: Any, figure: Any, control: Place, value: tuple[float, float]) -> Any:
    """The figure with a small box around the place, which can be dragged to another."""
    (x, y), (a, b) = value, _half(control)
    return mo.ui.matplotlib(figure.axes[0], value={"x": (x - a, x + a), "y": (y - b, y + b)}, debounce=True)


def dragged(box: Any, control: Place, value: tuple[float, float]) -> tuple[float, float]:
    """The place in the middle of the box; ``value`` itself where the box has hardly moved (or a limit has cut it)."""
    if not hasattr(box, "x_min"):  # nothing is selected, or a lasso
        return value
    middle = (box.x_min + box.x_max) / 2, (box.y_min + box.y_max) / 2
    if all(abs(m - v) < 0.6 * half for m, v, half in zip(middle, value, _half(control), strict=True)):
        return value
    x, y = (round(min(max(m, low), high), 3) for m, (low, high) in zip(middle, (control.x, control.y), strict=True))
    return x, y


def _half(control: Place) -> tuple[float, float]:
    return (control.x[1] - control.x[0]) / 40, (control.y[1] - control.y[0]) / 40
