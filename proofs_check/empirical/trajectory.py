"""How lines change along a trajectory, and how the batch that gave the direction sees them (EMP-09 to EMP-13)."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from .experiment import Experiment, Prediction
from .problems import WORDS, problem

BATCH, OTHERS, WIDTH = 32, 19, 25
RATE = {"T1": 0.1, "T3": 1.0, "T4": 0.1, "1-D": 0.1}
KINDS = {**WORDS, "1-D": "quadratics in one dimension, 2000 samples"}


def of(label: str) -> Any:
    import toybox as tb

    return tb.problem("quadratic", dim=1, size=2000, common=True) if label == "1-D" else problem(label)


@cache
def lines(label: str, seeds: tuple[int, ...], steps: int, every: int, others: int = 0, start: int = 0) -> Any:
    """Lines of SGD from -1 to 4 Newton steps of the full loss, from step ``start`` on."""
    import toybox as tb
    from toybox.analysis import sample

    return sample(
        of(label), tb.method("sgd", rate=RATE[label]), steps=start + steps, batch=BATCH, seeds=seeds, unit="newton",
        at=range(start, start + steps, every), window=(-1.0, 4.0), points=26, others=others,
    )  # fmt: skip


def each(problems, seeds, size, measured):
    """Rows for the quantities {name: one value per seed} that ``measured(label, size)`` gives."""
    for label in problems:
        for name, values in measured(label, tuple(seeds), size).items():
            for seed, value in zip(seeds, values, strict=True):
                yield label, name, seed, float(value)


# --- EMP-09: the optimal step changes slowly


def measure_change(seeds, size):
    yield from each(("T1", "T3", "T4"), seeds, size, _change)


def _change(label, seeds, size):
    from toybox.analysis.steps import memory

    steps = 30 if size == "smoke" else 250 if label == "T4" else 2000
    found = lines(label, seeds, steps, 1, start=0 if size == "smoke" else 200)
    step = -found.slope / found.curvature * found.unit  # the optimal rate, of the parabola at 0
    length = step * found.norm
    raw, smooth = (memory(np.abs(length), [1], width) for width in (1, WIDTH))
    worth = lambda s: s / found.unit * (found.slope + s / found.unit * found.curvature / 2)
    own = worth(step).sum(0)
    late = 10 if size == "smoke" else 100
    again = worth(np.roll(length, late, axis=0) / found.norm)[late:].sum(0) / worth(step)[late:].sum(0)
    return {
        "lag 1": raw.correlation[0],
        "lag 1, smoothed": smooth.correlation[0],
        "worth of a step of 100 lines ago": np.where(own < 0, again, np.nan),
    }


EMP_09 = Experiment(
    "EMP-09",
    "The optimal step changes slowly",
    "dissertation, section 6.2, observation 3",
    "The step to the minimum of the full loss changes slowly along the trajectory, so that one measured step can be "
    "used again for many.",
    "autocorrelation of log |s_opt| from one line to the next, as it is and after the mean over 25 lines; improvement "
    "on all lines with the length that was optimal 100 lines before, over that with their own",
    {label: KINDS[label] for label in ("T1", "T3", "T4")},
    measure_change,
    (
        *(Prediction("claim", "neighbours agree", label, "lag 1", 0.8) for label in ("T1", "T3", "T4")),
        *(
            Prediction("claim", "four fifths of it are left", label, "worth of a step of 100 lines ago", 0.8)
            for label in ("T1", "T3", "T4")
        ),
        Prediction("theory", "single values are noise", "T1", "lag 1", high=0.5),
        *(
            Prediction("theory", "a mean of 25 makes neighbours agree whatever it is of (24/25 for white noise)", label,
                       "lag 1, smoothed", 0.8)
            for label in ("T1", "T3", "T4")
        ),
    ),
    "True only where the loss still falls steadily (T3). On T1 and T4 the optimal step of a line says nothing of that "
    "of the next, and using it again costs most of the improvement; a mean over 25 lines, as in the figures, would "
    "make neighbours of white noise agree.",
)  # fmt: skip


# --- EMP-10 and EMP-11: the batch that gave the direction


def measure_steepness(seeds, size):
    yield from each(("1-D", "T1", "T3", "T4"), seeds, size, _steepness)


def _steepness(label, seeds, size):
    found = lines(label, seeds, *((12, 2) if size == "smoke" else (1000, 20)), OTHERS)
    return {"steeper": (found.batch_slope < found.slope).mean(0)}


EMP_10 = Experiment(
    "EMP-10",
    "The batch that gave the direction is always steeper",
    "dissertation, section 5.3; Mutschler & Zell 2021 (ICANN), section 3",
    "At the origin of a line the loss of the batch that gave the direction falls more steeply than the full loss.",
    "share of lines whose slope at 0 is steeper on their batch than on all data",
    {label: KINDS[label] for label in ("1-D", "T1", "T3", "T4")},
    measure_steepness,
    (
        *(Prediction("claim", "always", label, "steeper", 0.999) for label in ("1-D", "T1", "T3", "T4")),
        Prediction("theory", "not in one dimension", "1-D", "steeper", high=0.9),
        *(Prediction("theory", "nearly always in many", label, "steeper", 0.95) for label in ("T1", "T3", "T4")),
    ),
    "A matter of dimension: in one dimension every twelfth line is an exception or so, in 30 nearly none, in 800 and "
    "1210 none was seen.",
)


def measure_outliers(seeds, size):
    yield from each(("T1", "T3", "T4"), seeds, size, _outliers)


def _outliers(label, seeds, size):
    found = lines(label, seeds, *((12, 2) if size == "smoke" else (1000, 20)), OTHERS)
    at = int(np.argmin(np.abs(found.s - 1)))  # one Newton step
    mine, others = found.batch[..., at], found.others[..., at]
    below = (others < mine[:, None]).mean(1)
    return {"lowest of 20": (below == 0).mean(0), "share of batches below": below.mean(0)}


EMP_11 = Experiment(
    "EMP-11",
    "The loss of that batch is an outlier",
    "dissertation, section 5.3; Mutschler & Zell 2021 (ICANN), section 3",
    "Ahead of the origin the loss of the batch that gave the direction does not follow the distribution of the others, "
    "but lies below them.",
    "change of the loss after one Newton step of the full loss, on that batch and on 19 other batches of the same size",
    {label: KINDS[label] for label in ("T1", "T3", "T4")},
    measure_outliers,
    (
        *(Prediction("claim", "the lowest of 20", label, "lowest of 20", 0.9) for label in ("T1", "T3", "T4")),
        *(
            Prediction("theory", "lower in the mean", label, "share of batches below", high=0.25)
            for label in ("T1", "T3", "T4")
        ),
    ),
    "It lies far below the others everywhere; how often it is the very lowest of 20 depends on the dimension, too.",
)


# --- EMP-12: curvature over time


def measure_curvature(seeds, size):
    yield from each(("T4", "T4 ReLU"), seeds, size, _curvature)


def _curvature(label, seeds, size):
    import toybox as tb
    from toybox.analysis import sample

    steps, many = (12, 6) if size == "smoke" else (2000, 60)
    at = np.unique(np.geomspace(1, steps, many).astype(int)) - 1
    options = {"batch": BATCH, "seeds": seeds, "at": at, "unit": "arc", "window": (-0.01, 0.01), "points": 5}
    a = sample(of(label), tb.method("sgd", rate=0.1), steps=steps, **options).curvature
    ten = 2 if size == "smoke" else 10
    smooth = np.stack([a[i : i + ten].mean(0) for i in range(len(a) - ten + 1)])
    return {"peak over start": smooth.max(0) / smooth[0], "end over peak": smooth[-1] / smooth.max(0)}


EMP_12 = Experiment(
    "EMP-12",
    "Curvature along lines rises early, then falls",
    "dissertation, section 5.4; Mutschler & Zell 2021 (ICANN), section 4",
    "The curvature of the full loss along the lines rises during the first steps and falls afterwards.",
    "phi'' per arc length at 0 of the full loss, at up to 60 steps between 1 and 2000 that are even in the logarithm, "
    "mean over ten neighbours: its peak over its start, and its end over its peak",
    {label: KINDS[label] for label in ("T4", "T4 ReLU")},
    measure_curvature,
    tuple(
        p
        for label in ("T4", "T4 ReLU")
        for p in (
            Prediction("claim", "rises early", label, "peak over start", 1.5),
            Prediction("claim", "then falls", label, "end over peak", high=0.67),
        )
    ),
    "The early rise is there on this small network, too, and large with ReLU. The curvature falls again, but within "
    "2000 steps hardly to two thirds of its peak.",
)


# --- EMP-13: shapes of consecutive lines


def measure_shapes(seeds, size):
    yield from each(("T1", "T3", "T4"), seeds, size, _shapes)


def _shapes(label, seeds, size):
    import toybox as tb
    from toybox.analysis import sample
    from toybox.analysis.fit import shape_distances

    few = size == "smoke"
    steps, blocks = (12, 6) if few else (1000, 20)
    at = np.sort(np.concatenate([np.linspace(0, steps - 2, blocks).astype(int) + i for i in (0, 1)]))
    at = np.unique(at)
    options = {"batch": BATCH, "seeds": seeds, "at": at, "unit": "arc", "window": (-0.2, 0.2), "points": 21}
    found = sample(of(label), tb.method("sgd", rate=RATE[label]), steps=steps, **options)
    near = np.flatnonzero(np.diff(at) == 1)
    late = at >= steps / 2
    ratios: dict[str, list[float]] = {"absolute": [], "over range": [], "over range, late": []}
    for lane in range(len(seeds)):
        for name in ratios:
            d = shape_distances(found.s, found.full[:, lane], normalise=name != "absolute")
            chosen = late if "late" in name else np.ones_like(late)
            far = (np.abs(np.subtract.outer(at, at)) >= steps / 4) & chosen & chosen[:, None]
            neighbours = near[chosen[near]]
            ratios[name].append(d[neighbours, neighbours + 1].mean() / d[far].mean())
    return ratios


EMP_13 = Experiment(
    "EMP-13",
    "Consecutive lines have similar shapes",
    "dissertation, section 5.4; Mutschler & Zell 2021 (ICANN), section 4",
    "The full loss behaves similarly along consecutive lines.",
    "mean absolute difference of consecutive lines, shifted to a minimum of 0, within .2 of the origin, over that of "
    "lines a quarter of the run or more apart; absolute as published, of lines divided by their range, and of those of "
    "the second half of the run only",
    {label: KINDS[label] for label in ("T1", "T3", "T4")},
    measure_shapes,
    (
        *(
            Prediction("claim", f"consecutive lines are nearer ({name})", label, name, high=0.67)
            for label in ("T1", "T3", "T4")
            for name in ("absolute", "over range")
        ),
        Prediction("theory", "at stationarity neighbours are as far as any", "T1", "over range, late", 0.67, 1.5),
    ),
    "True of whole runs, whose first lines resemble only each other; of the shapes alone (divided by their range) much "
    "less so than of the published absolute distance.",
)

EXPERIMENTS = (EMP_09, EMP_10, EMP_11, EMP_12, EMP_13)
