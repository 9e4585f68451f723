"""D6: that a batch k times as large divides the step by k has two meanings, and two laws: k, and the root of k."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

import toybox as tb
from toybox.analysis.batches import bound, growth

from .frame import BATCH, GREY, Again, Answer, Choice, Demo, Slider, projected, subplots

FACTORS = (1, 2, 4, 8, 16)
STEPS, EVERY, WINDOW, RUNS = 800, 20, 100, 8
SAMPLES = 2000
OWN, LINE = "#D55E00", BATCH
PROCEDURES = {"both": (LINE, OWN), "on the same line": (LINE,), "with its own direction": (OWN,)}


@lru_cache(64)
def measured(batch: int, seed: int):
    """``Growth`` along runs of SGD on linear regression, 30 unknowns and 2000 samples."""
    problem = tb.problem("quadratic", dim=30, size=SAMPLES, common=True)
    return growth(
        problem, tb.method("sgd", rate=0.1), steps=STEPS, batch=batch, factors=FACTORS, every=EVERY, repeats=4,
        seeds=range(RUNS * seed, RUNS * (seed + 1)),
    )  # fmt: skip


def factors(batch: int, start: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """By how much the steps from ``start`` on are divided, for each k: on the line of the base batch, where slopes are
    compared, and with directions of their own, where root mean squares of gradients are; each (len(FACTORS),)."""
    found = measured(batch, seed)
    now = (found.t >= start) & (found.t < start + WINDOW)
    slope, squares = (part[now].mean((0, 1)) for part in (found.slope, found.squares))
    return slope[0] / slope, np.sqrt(squares[0] / squares)


@projected
def draw(batch, procedure, start, seed):
    figure, (left, right) = subplots(1, 2, width_ratios=[1.1, 1])
    k, starts = np.array(FACTORS), range(0, STEPS, WINDOW)
    course = np.array([factors(batch, at, seed) for at in starts])  # (windows, 2, k)
    limit = bound(k, batch, SAMPLES)
    left.plot(k, k, color=GREY, ls=(0, (1, 2)), label="k, as published")
    left.plot(k, limit, color=GREY, lw=1.5, label="limit: about the root of k")
    right.axhline(k[-1], color=GREY, ls=(0, (1, 2)))
    right.axhline(limit[-1], color=GREY, lw=1.5)
    names = {LINE: ("on the base batch's line", "o"), OWN: ("with its own direction", "s")}
    for number, color in enumerate((LINE, OWN)):
        if color in PROCEDURES[procedure]:
            name, marker = names[color]
            left.plot(k, course[starts.index(start), number], color=color, marker=marker, label=name)
            right.plot(np.array(starts) + WINDOW / 2, course[:, number, -1], color=color, marker=marker)
    right.axvspan(start, start + WINDOW, color=GREY, alpha=0.25, lw=0)
    left.set(xscale="log", xlabel="k: how many times larger the batch is", ylabel="the step is divided by")
    left.set_xticks(k, [str(each) for each in k], minor=False)
    left.minorticks_off()
    left.set_title(f"steps {start} to {start + WINDOW}, base batch {batch}")
    left.legend(loc="upper left")
    right.set(xlabel="step of the run", title=f"k = {k[-1]} along the run")
    for ax in (left, right):
        ax.set(yscale="log", ylim=(0.7, 40))
        ax.set_yticks([1, 2, 4, 8, 16, 32], ["1", "2", "4", "8", "16", "32"])
        ax.minorticks_off()
    return figure


DIVIDED = {"not at all": 1.0, "by about 4, the root": 4.0, "by about 16": 16.0, "by about 256, the square": 256.0}


def answer(batch, procedure, start, seed) -> Answer:
    """Of the last steps, whatever the sliders show."""
    line, own = (each[-1] for each in factors(batch, STEPS - WINDOW, seed))
    right = min(DIVIDED, key=lambda name: abs(np.log(own / DIVIDED[name])))
    return Answer(
        right,
        f"With its own direction the batch divides the last steps by {own:.1f}; on the line of the base batch by "
        f"{line:.1f}, once the rest of the data is flat there.",
    )


RATIO = Demo(
    "D6",
    "ratio",
    "Batch size and step size",
    "SGD on a linear regression. At its iterates the batch is made k times as large: with added samples on the line of "
    "the base batch, as published, or as a new batch with its own direction, as SGD is run. The step is the rate times "
    "the slope.",
    {
        "batch": Slider("base batch", (8, 16, 32, 64), 32),
        "procedure": Choice("larger batch", tuple(PROCEDURES), "both"),
        "start": Slider("from step", tuple(range(0, STEPS, WINDOW)), STEPS - WINDOW),
        "seed": Again(),
    },
    draw,
    "SGD near its end is run with batches 16 times as large. By how much are its steps divided?",
    list(DIVIDED),
    answer,
    "One sentence, two laws. Where the line stays that of the small batch, the step is divided by about k as soon as "
    "the rest of the data is flat along it. A batch that gives its own direction divides it by about the root of k at "
    "the most. Early in a run, where the batches agree, it is hardly divided at all.",
    "Show that the expected square of a batch's gradient is |g|^2 + (1/B - 1/D) tr S, and read both ends of the right "
    "picture off it. Which rate keeps the noise of SGD's steps the same when the batch grows?",
    "F13",
)
