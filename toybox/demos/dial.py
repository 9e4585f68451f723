"""D2: one dial, from a common minimiser to noise, takes exact line search from among the best to among the worst."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

import toybox as tb

from ..looks import LOOKS
from .frame import GREY, Again, Answer, Choice, Demo, Slider, projected, subplots

SPREADS = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
METHODS = {"exact": {}, "pal": {}, "sls": {}, "exact-full": {}, "sgd": {"rate": 0.1}}
RUNS, STEPS = 20, 120
LOWEST = 1e-20


@lru_cache(1024)
def losses(name: str, spread: float, batch: int, seed: int) -> np.ndarray:
    """Median over the runs of the loss above the floor, (STEPS + 1,), on 100 quadratics in the plane."""
    problem = tb.problem("quadratic", dim=2, size=100, condition=20.0, spread=spread)
    seeds = range(RUNS * seed, RUNS * (seed + 1))
    trace = tb.run(problem, tb.method(name, **METHODS[name]), steps=STEPS, batch=batch, seeds=seeds)
    return np.maximum(np.median(trace.full_loss - problem.floor, axis=1), LOWEST)


def end(name: str, spread: float, batch: int, seed: int) -> float:
    """Where a method ends: the mean over its last 12 steps."""
    return float(losses(name, spread, batch, seed)[-12:].mean())


@projected
def draw(spread, method, batch, seed):
    figure, (left, right) = subplots(1, 2, width_ratios=[1, 1.15])
    for name in METHODS:
        look, on = LOOKS[name], method in ("all", name)
        style = {"color": look.color if on else "#D0D0D0", "ls": look.dash, "zorder": 3 if on else 2}
        left.plot(losses(name, spread, batch, seed), **style)
        ends = [end(name, s, batch, seed) for s in SPREADS]
        right.plot(range(len(SPREADS)), ends, marker=look.marker, label=look.name, **style)
    at = SPREADS.index(spread)
    right.axvline(at, color=GREY, lw=14, alpha=0.25, zorder=1)
    left.set(yscale="log", ylim=(LOWEST / 3, 100), xlabel="steps", ylabel="loss above the floor")
    left.set_title(f"spread {spread:g}" + (": all have one minimiser" if spread == 0 else ""))
    right.set(yscale="log", ylim=(LOWEST / 3, 100), xlabel="the dial: spread of the minimisers")
    right.set_xticks(range(len(SPREADS)), [f"{s:g}" for s in SPREADS])
    right.set_title("the last steps, at every spread")
    right.legend(loc="lower right")
    return figure


FACTORS = {"not at all": 1.0, "about 3 times": 10**0.5, "about 10 times": 10.0, "about 100 times": 100.0}


def answer(spread, method, batch, seed) -> Answer:
    """At spread 1, whatever the dial shows."""
    one, ten = (end("exact", 1.0, size, seed) for size in (1, 10))
    right = min(FACTORS, key=lambda name: abs(np.log(one / ten / FACTORS[name])))
    return Answer(
        right,
        f"It ends at {one:.2g} with batches of 1 and at {ten:.2g} with batches of 10, {one / ten:.1f} times lower.",
    )


DIAL = Demo(
    "D2",
    "dial",
    "The interpolation dial",
    "100 quadratics in the plane. At spread 0 all of them have the same minimiser, at 1 each has its own. Medians of "
    f"{RUNS} runs.",
    {
        "spread": Slider("spread", SPREADS, 0.0),
        "batch": Slider("batch size", (1, 3, 10, 30, 100), 1),
        "method": Choice("highlight", ("all", *METHODS), "all"),
        "seed": Again(),
    },
    draw,
    "At spread 1: how much lower does exact search on the batch end with batches of 10 than of 1?",
    list(FACTORS),
    answer,
    "Exact line search on the batch is among the best where all samples agree, and ends among the worst where they do "
    "not: it walks to the minimum of whatever batch it sees. Measured on all data along the same noisy directions it "
    "converges. What hurts is the noise of measuring, not that of the direction.",
    "With batches of 100 all samples are seen in every step. Which curves coincide, and why does the spread not matter "
    "to them any more?",
    "F23",
)
