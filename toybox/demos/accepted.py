"""D1: a condition accepts a set of steps, not a step; which of them a search takes, and what that costs, is its own."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

import toybox as tb
from toybox.analysis import regions, watch

from .frame import BATCH, GREY, Answer, Choice, Demo, Slider, projected, subplots

TIMES, FREQUENCY, START = (np.arange(40) + 0.5) * 3 / 40, 5.0, 2.0  # of the wave, and where its fit starts
LINES: dict[str, tuple] = {
    # what it is; problem, options, method of the run, batch, seed, step; the window in multiples of the first minimum
    "parabola": ("a quadratic", "quadratic", {}, "sgd", 10, 0, 60, 3.0),
    "quartic": ("a factorization of rank 1", "factorization", {"rank": 1}, "sls", 100, 3, 6, 2.2),
    "skewed": ("a network on digits", "digits", {}, "sls", 10, 3, 20, 4.5),
    "bumpy": ("the fit of a wave's frequency", "wave", {}, "sgd", len(TIMES), 0, 0, 11.4),
}
COLORS = {"Armijo": BATCH, "Wolfe": "#56B4E9", "strong Wolfe": "#117733", "Goldstein": "#7E2F8E"}
FIRST, TRIES = 0.96, 50  # of every search: the first trial, as a share of the window; and how many at most
ASKED = 0.4  # c1 of the question


class Line(NamedTuple):
    """A line of a real run along -g, with steps s in multiples of its first minimum."""

    problem: Any
    batch: int
    point: Any  # theta on a batch
    unit: float  # the first minimum, in multiples of -g
    phi: Any  # phi(s) - phi(0), in multiples of the fall to the first minimum: an object of numpy.polynomial
    reach: float  # the window is [0, reach]


class Search(NamedTuple):
    trials: np.ndarray  # in order; the last is taken if one was found
    found: bool
    price: str  # what the trials cost, beyond the gradient


def wave():
    """The mean of (sin(theta t) - sin(5 t))^2 over 40 times t."""

    def f(theta, index):
        t = TIMES[index]
        r = np.sin(theta * t) - np.sin(FREQUENCY * t)
        return (r * r).mean(-1), (2 * r * np.cos(theta * t) * t).mean(-1)[..., None]

    return tb.problems.FromFunction(f, dim=1, size=len(TIMES), start=lambda seed: np.array([START]))


@lru_cache(16)
def line(function: str) -> Line:
    _, name, options, method, batch, seed, t, reach = LINES[function]
    problem = wave() if name == "wave" else tb.problem(name, **options)
    point = watch(problem, tb.method(method), t, batch=batch, seeds=(seed,)).ray.origin
    unit = float(step(problem, batch, point, "exact").step.size[0])
    along = point.along(-unit * point.gradient)
    phi = (along if hasattr(along, "polynomials") else along.proxy((0.0, reach))).polynomials()[0]
    return Line(problem, batch, point, unit, phi / -float(phi(1.0)), reach)


def step(problem, batch, point, method, **hyper):
    """What a method does at a point, on the point's own batch."""
    again = {"theta": point.theta, "batch": batch, "sampler": lambda t, j: point.sample}
    return watch(problem, tb.method(method, **hyper), 0, **again)


def sets(function: str, c1: float, c2: float) -> dict[str, regions.Intervals]:
    """All steps in the window that each condition accepts."""
    phi, window = line(function).phi, (0.0, line(function).reach)
    return {
        "Armijo": regions.armijo(phi, c1, window=window),
        "Wolfe": regions.wolfe(phi, c1, c2, window=window),
        "strong Wolfe": regions.strong_wolfe(phi, c1, c2, window=window),
        "Goldstein": regions.goldstein(phi, c1, window=window),
    }


@lru_cache(1024)
def searches(function: str, c1: float, c2: float, beta: float) -> dict[str, Search]:
    """The search for each condition; there is none for the plain Wolfe conditions."""
    at, found = line(function), {}
    for name, method, hyper in (
        ("Armijo", "backtracking", {"c": c1, "beta": beta}),
        ("strong Wolfe", "strong-wolfe", {"c1": c1, "c2": c2}),
        ("Goldstein", "sls-goldstein", {"c": c1, "beta": beta, "max_step": 1e9}),
    ):
        seen = step(at.problem, at.batch, at.point, method, **hyper, first=FIRST * at.reach * at.unit, tries=TRIES)
        trials = np.array([q.s.item() for q in seen.questions]) / at.unit
        slopes = f", {len(trials)} slopes" if seen.questions[0].kind == "both" else ""
        found[name] = Search(trials, bool(seen.step.status[0] == tb.Status.FOUND), f"{len(trials)} losses{slopes}")
    return found


@projected
def draw(function, c1, c2, beta):
    figure, (above, below) = subplots(2, 1, figsize=(13, 6.3), height_ratios=[2, 1], sharex=True)
    figure.get_layout_engine().set(w_pad=0.12)
    at, accepted, searched = line(function), sets(function, c1, c2), searches(function, c1, c2, beta)
    s, tried = np.linspace(0, at.reach, 600), searched["Armijo"].trials
    low, high = at.phi(s).min(), max(at.phi(s).max(), 0.5)
    above.plot(s, at.phi(s), color="k", label="loss")
    above.plot(s, c1 * at.phi.deriv()(0.0) * s, color=BATCH, ls="--", lw=2, label=f"Armijo line, $c_1$ = {c1:g}")
    for name, label, alpha in (("Armijo", "accepted by Armijo", 0.13), ("Wolfe", "by Wolfe, too", 0.4)):
        for k, pair in enumerate(accepted[name]):
            above.axvspan(*pair, color=COLORS[name], alpha=alpha, lw=0, label=label if k == 0 else "", zorder=1)
    trials(above, at, tried)
    bars(below, accepted, searched)
    for ax in (above, below):
        ax.axvline(tried[-1], color=GREY, lw=1.5, zorder=1.5)
    above.set_ylim(low - 0.12 * (high - low), high + 0.15 * (high - low))
    above.set_ylabel("change of the loss")
    above.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    below.set(xlim=(-0.01 * at.reach, at.reach), xlabel="step $s$, in multiples of the first minimum")
    above.set_title(f"A line of {LINES[function][0]}. Backtracking takes s = {tried[-1]:.2f} after {len(tried)} trials")
    return figure


def trials(ax, at: Line, steps: np.ndarray):
    """The trials on the line, numbered where there is room."""
    last, room = steps[-1], 0.03 * at.reach
    free = np.inf
    for k, s in enumerate(steps, start=1):
        ax.plot(s, at.phi(s), "o", ms=10, mec="k", mew=1.5, color="k" if s == last else "w", zorder=5)
        if s == last or (free - s > room and s - last > room):
            place = {"xytext": (0, -22 if s == last else 9), "textcoords": "offset points", "ha": "center"}
            ax.annotate(k, (s, at.phi(s)), **place)
            free = s


def bars(ax, accepted, searched):
    """The accepted sets, the trials of the searches for them, and the price."""
    rows, prices = range(len(accepted)), []
    for row, (name, found) in zip(rows, accepted.items(), strict=True):
        for low, high in found:
            ax.barh(row, high - low, left=low, height=0.66, color=COLORS[name], alpha=0.6, lw=0)
        search = searched.get(name)
        if search:
            fill = "k" if search.found else "w"
            ax.plot(search.trials, 0 * search.trials + row, "o", ms=6, mfc="w", mec="k", ls="")
            ax.plot(search.trials[-1], row, "o", ms=6, mfc=fill, mec="k")
        prices.append(f"{'price' if search.found else 'no step'}: {search.price}" if search else "")
    right = ax.twinx()
    for side, labels in ((ax, accepted), (right, prices)):
        side.set_yticks(rows, labels)
        side.set_ylim(len(rows) - 0.4, -0.6)
        side.grid(axis="y", visible=False)
        side.tick_params(axis="y", length=0)


def answer(function, c1, c2, beta) -> Answer:
    phi, accepted = line(function).phi, sets(function, ASKED, c2)
    yes = tuple(name for name, found in accepted.items() if found.contains(1.0))
    right = {(): "none of them", tuple(accepted)[:3]: "all but Goldstein", tuple(accepted): "all four"}[yes]
    share = float(phi(1.0) / phi.deriv()(0.0))
    words = (
        f"On the line shown ({function}) the loss has fallen at the first minimum by {share:.2f} of what the slope at "
        f"0 promised. Armijo wants at least {ASKED:g} of that (and Wolfe no more, where the slope is 0), Goldstein "
        f"also at most {1 - ASKED:g}."
    )
    return Answer(right, words)


ACCEPTED = Demo(
    "D1",
    "accepted",
    "Which steps are accepted?",
    "The loss of a batch along its negative gradient, and all steps that four conditions accept there. Circles are "
    "trials of searches, in order: open ones were rejected, the filled one is taken.",
    {
        "function": Choice("line", tuple(LINES), "bumpy"),
        "c1": Slider("c1 (decrease)", (0.0001, 0.01, 0.1, 0.2, 0.3, 0.4, 0.5), 0.1),
        "c2": Slider("c2 (curvature)", (0.1, 0.3, 0.5, 0.7, 0.9), 0.5),
        "beta": Slider("shrink factor", (0.3, 0.5, 0.7, 0.8, 0.9), 0.8),
    },
    draw,
    f"Set c1 to {ASKED:g}. Which of the four conditions accept the first minimum of this line?",
    ["all four", "all but Goldstein", "all but strong Wolfe", "Armijo only", "none of them"],
    answer,
    "A condition accepts a set of steps, often wide, sometimes in pieces, and not always with the minimum in it. "
    "Armijo's set reaches down to 0: only as backtracking starts with a long step does it not end with a tiny one. "
    "Which accepted step is taken, and at how many evaluations, depends on the first trial and the shrink factor.",
    "On a parabola with its minimum at s = 1, find the ends of all four sets in terms of c1 and c2, and check them in "
    "the picture. How many trials does backtracking need from a first trial far to the right, and how far below the "
    "upper end of Armijo's set can the step be that it takes?",
    "F7",
)
