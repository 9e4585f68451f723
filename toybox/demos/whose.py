"""D4: the batch that gave the direction is steeper along it than all data, and so is the parabola measured on it."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

import toybox as tb
from toybox.analysis import Seen, watch

from ..looks import LOOKS
from .frame import BATCH, GREY, TRUTH, Answer, Demo, Slider, Time, projected, subplots

RATE, STEPS, SEED, OTHERS = 0.5, 30, 0, 20
RULES = {  # every step is a minimum: alpha = 1, and no largest step
    "exact": lambda _: tb.method("exact"),
    "exact-full": lambda _: tb.method("exact-full"),
    "pal": lambda mu: tb.method("pal", mu=mu, alpha=1.0, beta=0.0, s_max=np.inf),
    "labpal-nsgd": lambda times: tb.method("labpal-nsgd", alpha=1.0, approximation_batches=times, s_max=np.inf),
}
SHOWN = {  # name in the legend, colour, width
    "exact": ("its own batch", BATCH, 4.5),
    "exact-full": ("all data", TRUTH, 4.5),
    "pal": ("PAL's parabola", LOOKS["pal"].color, 3),
    "labpal-nsgd": ("LABPAL's parabola", LOOKS["labpal-nsgd"].color, 3),
}
ANSWERS = ("less than 0.8 times as far", "there, within a fifth", "1.2 to 2 times as far", "more than twice as far")
BOUNDS = (0.8, 1.2, 2.0)


@lru_cache(1)
def problem():
    return tb.problem("digits", hidden=(), rows=800)


@lru_cache(8)
def way(batch: int) -> np.ndarray:
    """The iterates of SGD, (STEPS + 1, dim)."""
    probe = tb.Probe("theta", lambda look: look.theta)
    options = {"batch": batch, "seeds": (SEED,), "sampler": "fresh", "probes": [probe]}
    return tb.run(problem(), tb.method("sgd", rate=RATE), steps=STEPS, **options).probes["theta"][:, 0]


def asked(name: str, number: float, batch: int, t: np.ndarray) -> Seen:
    """Steps t of that run as a rule would see them, a lane each: the same iterates, the same batches."""
    seeds = np.full(len(t), SEED)
    options = {"theta": way(batch)[t], "batch": batch, "seeds": range(len(t))}
    sampler = lambda _, j: problem().draw(seeds, t, j, batch, "fresh")
    return watch(problem(), RULES[name](number), 0, sampler=sampler, **options)


class Fit(NamedTuple):
    """The steps of a rule (STEPS + 1,), each the minimum of a curve with this loss and slope at 0; a parabola is
    value + slope s + bend s^2. s is a length along -g."""

    step: np.ndarray
    value: np.ndarray
    slope: np.ndarray
    bend: np.ndarray


@lru_cache(256)
def fit(name: str, number: float, batch: int) -> Fit:
    """A rule on every line of the run. Its parabola goes through all that it has measured, and nothing else."""
    seen = asked(name, number, batch, np.arange(STEPS + 1))
    norm, last = seen.ray.norm, seen.questions[-1]
    on: Any = seen.ray.full() if name == "exact-full" else seen.ray.pool(last.pooled)
    slope, bend = on.slope0 / norm, np.nan * norm
    if name == "pal":  # the slope at 0 and one value
        mu = last.s * norm
        bend = (last.answer - slope * mu) / mu**2
    if name == "labpal-nsgd":  # two values
        (near, far), (first, second) = (last.s * norm[:, None]).T, last.answer.T
        bend = (second / far - first / near) / (far - near)
        slope = first / near - bend * near
    return Fit(seen.step.size * norm, on.value0, slope, bend)


def fits(batch: int, mu: float, times: int) -> dict[str, Fit]:
    numbers = {"exact": 0, "exact-full": 0, "pal": mu, "labpal-nsgd": times}
    return {name: fit(name, number, batch) for name, number in numbers.items()}


def farther(found: dict[str, Fit]) -> dict[str, float]:
    """How many times as far as all data's each minimum lies: the median over the steps."""
    return {name: float(np.median(one.step / found["exact-full"].step)) for name, one in found.items()}


@projected
def draw(batch, mu, times, t):
    figure, (left, right) = subplots(1, 2, figsize=(13, 6.2), width_ratios=[1.5, 1])
    found = fits(batch, mu, times)
    lines(left, found, batch, t)
    steeper = found["exact"].slope[t] / found["exact-full"].slope[t]
    left.set_title(f"the line of step {t}: its own batch is {steeper:.1f} times as steep at 0")
    left.set(xlabel="step s along -g (length)", ylabel="loss")
    for name, (_, color, width) in SHOWN.items():
        right.plot(found[name].step, color=color, lw=0.6 * width)
        right.plot(t, found[name].step[t], marker(name), color=color, ms=11, mec="w", mew=1.5, zorder=5)
    right.axvline(t, color=GREY, lw=14, alpha=0.25, zorder=1)
    most = 1.8 * found["pal"].step.max()
    right.set(xlabel="step t of SGD", ylabel="s of the minimum", ylim=(-0.02 * most, most))
    far = farther(found)
    right.set_title(f"medians: PAL {far['pal']:.1f}, LABPAL {far['labpal-nsgd']:.1f}, all data 1", fontsize=14.5)
    figure.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=5)
    return figure


def lines(ax, found, batch, t):
    """The losses along one line, and the two parabolas, each with its minimum."""
    ray = asked("exact", 0, batch, np.array([t])).ray
    steps = {name: float(one.step[t]) for name, one in found.items()}
    reach = 1.2 * max(min(steps["exact"], 2.5 * steps["pal"]), *(steps[name] for name in list(steps)[1:]))
    s = np.linspace(-0.2 * reach, reach, 121)
    loss = lambda on, s: on.value0[0] + on.change(np.atleast_1d(s)[None] / ray.norm[:, None])[0]
    others = np.array([loss(ray.line(j), s) for j in range(1, OTHERS + 1)])
    ax.plot(s, others.T, color=GREY, lw=0.9, alpha=0.6, label=[f"{OTHERS} other batches", *["_"] * (OTHERS - 1)])
    curves = {"exact": partial(loss, ray.line()), "exact-full": partial(loss, ray.full())}
    curves |= {name: partial(parabola, found[name], t) for name in ("pal", "labpal-nsgd")}
    least = [float(curve(steps[name]).item()) for name, curve in curves.items()]
    for (name, curve), low in zip(curves.items(), least, strict=True):
        label, color, width = SHOWN[name]
        dash = "-" if name.startswith("exact") else LOOKS[name].dash
        ax.plot(s, curve(s), color=color, lw=width, ls=dash, label=label)
        if steps[name] > 0:  # else the rule has found none
            ax.plot(steps[name], low, marker(name), color=color, ms=12, mec="w", mew=1.5, zorder=5)
    low, high = min(others.min(), *least), max(others.max(), curves["exact"](s).max())
    ax.set(xlim=(s[0], s[-1]), ylim=(low - 0.08 * (high - low), high))


def parabola(one: Fit, t: int, s):
    return one.value[t] + s * (one.slope[t] + s * one.bend[t])


def marker(name):
    return "o" if name.startswith("exact") else LOOKS[name].marker


def answer(batch, mu, times, t) -> Answer:
    far = farther(found := fits(batch, mu, times))
    steeper = int((found["exact"].slope < found["exact-full"].slope).sum())
    return Answer(
        ANSWERS[int(np.searchsorted(BOUNDS, far["pal"]))],
        f"In the median {far['pal']:.2f} times as far, with mu {mu:g} and batches of {batch}. The own batch's line is "
        f"steeper at 0 than all data's on {steeper} of {STEPS + 1} lines, and its own minimum lies {far['exact']:.2f} "
        f"times as far. LABPAL's parabola, measured on {times * batch} samples: {far['labpal-nsgd']:.2f} times.",
    )


WHOSE = Demo(
    "D4",
    "whose",
    "Whose parabola?",
    "One line of SGD (rate 0.5, linear classification of 640 handwritten digits) along the negative gradient of a "
    "batch. PAL fits its parabola on that batch, LABPAL on several; markers are minima (alpha = 1), left on this line, "
    "right on all.",
    {
        "batch": Slider("batch size", (4, 8, 16, 32, 64), 16),
        "mu": Slider("PAL's mu", (0.01, 0.03, 0.1, 0.3, 1.0, 3.0), 0.1),
        "times": Slider("LABPAL measures on ... batches", (1, 2, 5, 10, 20, 40), 10),
        "t": Time("step of SGD", range(STEPS + 1), 5),
    },
    draw,
    "PAL measures on the batch that gave the direction. Where does its parabola have its minimum, in the median over "
    "the steps of this run, compared with that of all data?",
    ANSWERS,
    answer,
    "The batch that gave the direction is special: along its own gradient it falls more steeply than all data do, and "
    "its minimum, near which PAL ends, lies too far out for them. mu hardly matters for this, as long as it is no "
    "longer than such a step. The number of samples does: measured on many batches, LABPAL's parabola comes close to "
    "the line of all data, and so does its minimum.",
    "The gradients of the samples have mean m and covariance C; g is the mean of B of them, drawn independently. Which "
    "slope do you expect along -g from that batch, and which from all data? How many batches must LABPAL average for a "
    "tenth of the excess? Compare with the title on the left for several steps and batch sizes.",
    "F6",
)
