"""What SGD walks over: slopes and values, barriers, the valley's floor, lines at random (EMP-14 to EMP-16, EMP-21)."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from .experiment import Experiment, Prediction
from .problems import WORDS, problem
from .trajectory import each

OFFSETS = "T1 with offsets"
KINDS = {
    **WORDS,
    OFFSETS: "T1 with a normal number of deviation 10 added to every sample's loss",
}


@cache
def of(label: str) -> Any:
    from toybox.problems import NoisyQuadratic

    if label != OFFSETS:
        return problem(label)
    base = problem("T1")
    return NoisyQuadratic(base.Q, base.m, 10 * np.random.default_rng(0).standard_normal(base.size))


# --- EMP-14: slopes or values


RATIO = "noise of slopes over noise of values"


def measure_noise(seeds, size):
    yield from each(("T1", OFFSETS, "T3"), seeds, size, _noise)


def _noise(label, seeds, size):
    """On lines from 0 to 2 Newton steps: noise over signal of values and slopes of batches, and who finds the minimum
    when every point of the line is seen on a fresh batch."""
    import toybox as tb
    from toybox.analysis import sample

    steps, every, others = (12, 6, 21) if size == "smoke" else (400, 20, 41)
    found = sample(
        of(label), tb.method("sgd", rate={"T3": 1.0}.get(label, 0.1)), steps=steps, at=range(0, steps, every), batch=32,
        seeds=seeds, unit="newton", window=(0.0, 2.0), points=others, others=others,
    )  # fmt: skip
    values = found.others + found.others_loss[..., None]  # (T, others, seeds, points)
    slopes = np.gradient(values, found.s, axis=-1)
    full_slope = np.gradient(found.full, found.s, axis=-1)
    noise = lambda x, truth: x.std(axis=1).mean(-1) / np.ptp(truth, axis=-1)
    points = np.arange(others)
    seen = lambda x: np.moveaxis(x, 1, -1)[..., points, points]  # point k on batch k: (T, seeds, points)
    lowest = found.s[seen(values).argmin(-1)]
    rising = seen(slopes) > 0
    crossing = np.where(rising.any(-1), found.s[rising.argmax(-1)], found.s[-1])
    hit = lambda s: (np.abs(s - found.optimum) < 0.5).mean(0)
    ratio = noise(slopes, full_slope) / noise(values, found.full)
    return {RATIO: np.median(ratio, axis=0), "more hits": hit(crossing) - hit(lowest)}


EMP_14 = Experiment(
    "EMP-14",
    "Slopes are less noisy than losses",
    "dissertation, sections 2.6.4 and 6.2",
    "The noise of directional derivatives on mini-batches is considerably smaller than that of mini-batch losses.",
    "along lines of SGD, from 0 to 2 Newton steps: standard deviation over 41 other batches, over the range of the "
    "full loss's slope (value) there, ratio of the two; and how much more often the first rising slope than the lowest "
    "value is within half a step of the minimum, where every point is seen on a fresh batch",
    {label: KINDS[label] for label in ("T1", OFFSETS, "T3")},
    measure_noise,
    (
        *(
            Prediction("claim", "slopes are less noisy", label, RATIO, high=0.67)
            for label in ("T1", OFFSETS, "T3")
        ),
        *(Prediction("claim", "slopes find it more often", label, "more hits", 0.0) for label in ("T1", OFFSETS, "T3")),
        Prediction("theory", "offsets make values as noisy as one likes", OFFSETS, RATIO, high=0.2),
    ),
    "Over the range of the line slopes are less noisy everywhere, most so where the losses of samples have offsets. "
    "Yet on T1 the first rising slope finds the minimum less often than the lowest value: among noisy slopes it comes "
    "too early.",
)  # fmt: skip


# --- EMP-15 and EMP-16: barriers and the floor


def measure_barriers(seeds, size):
    yield from each(("T1", "T3", "T4"), seeds, size, _barriers)


def _segments(label, seeds, size, rate, batch, points):
    import toybox as tb
    from toybox.analysis.barriers import path, segments

    steps = 6 if size == "smoke" else 40 if label == "T4" else 300
    before = 0 if size == "smoke" else 300
    options = {"batch": batch, "seeds": seeds}
    start = tb.run(problem(label), tb.method("sgd", rate=rate), steps=before, every=None, **options).theta
    walked = path(problem(label), tb.method("sgd", rate=rate), steps=steps, theta=start, **options)
    return segments(problem(label), walked, points)


def _barriers(label, seeds, size):
    found = _segments(label, seeds, size, {"T1": 0.1, "T3": 1.0, "T4": 0.5}[label], 32, 10)
    return {"ten points": found.sampled.mean(0), "exact": (found.barriers > 0).mean(0)}


EMP_15 = Experiment(
    "EMP-15",
    "SGD rarely crosses barriers",
    "A Walk with SGD, section 3, table 1",
    "Between consecutive iterates of SGD there is hardly ever a point whose full loss is above both ends.",
    "share of steps with a barrier, seen by ten points as published, and exactly",
    {label: KINDS[label] for label in ("T1", "T3", "T4")},
    measure_barriers,
    (
        *(
            Prediction("claim", f"at most one step in twenty ({how})", label, how, high=0.05)
            for label in ("T1", "T3", "T4")
            for how in ("ten points", "exact")
        ),
        *(
            Prediction("theory", "a convex loss has none", label, "exact", -1e-9, 1e-9) for label in ("T1", "T3")
        ),
    ),
    "Few or none: on convex losses there can be none, so that their absence says nothing about a landscape.",
)  # fmt: skip


def measure_floor(seeds, size):
    yield from each(("T1", "T4"), seeds, size, _floor)


def _floor(label, seeds, size):
    rate = {"T1": 0.5, "T4": 0.5}[label]
    noisy = _segments(label, seeds, size, rate, 32, 3)
    rows = {"rising, batches of 32": noisy.rises.mean(0)}
    if label == "T1":
        rows["rising, all data"] = _segments(label, seeds, size, rate, problem(label).size, 3).rises.mean(0)
    return rows


EMP_16 = Experiment(
    "EMP-16",
    "The floor of the valley goes up and down",
    "A Walk with SGD, section 3, figure 1",
    "The minimum between consecutive iterates goes up and down along the path of SGD, which is said to show that it "
    "moves over barriers.",
    "share of steps at which the minimum of the next segment is higher than that of this one",
    {label: KINDS[label] for label in ("T1", "T4")},
    measure_floor,
    (
        Prediction("claim", "it often rises", "T4", "rising, batches of 32", 0.2),
        Prediction("claim", "not where there are no barriers", "T1", "rising, batches of 32", high=0.05),
        Prediction("theory", "noise makes it rise on a convex loss", "T1", "rising, batches of 32", 0.4, 0.55),
        Prediction("theory", "without noise it never rises", "T1", "rising, all data", -1e-9, 1e-9),
    ),
    "A rising floor is a sign of noise, not of barriers: it rises as often on a convex quadratic, which has none, and "
    "never without noise.",
)


# --- EMP-21: random directions


def measure_random(seeds, size):
    yield from each(("T1", "T4", "T4 ReLU"), seeds, size, _random)


def _random(label, seeds, size):
    """Shares of lines that are convex on a window of one unit of length around the iterate, of batches of 128."""
    import toybox as tb

    prob = problem(label)
    steps, many = (5, 4) if size == "smoke" else (200, 100)
    theta = tb.run(prob, tb.method("sgd", rate=0.1), steps=steps, batch=128, seeds=seeds, every=None).theta
    s = np.broadcast_to(np.linspace(-1, 1, 41), (len(seeds), 41))
    convex: dict[str, list] = {"random": [], "gradient": []}
    for k in range(many):
        point = prob.at(theta, prob.draw(np.array(seeds), k, 1, 128, "fresh"))
        drawn = np.random.default_rng(k).standard_normal(theta.shape)
        for name, d in (("random", drawn), ("gradient", -point.gradient)):
            change = point.along(d / np.linalg.norm(d, axis=-1, keepdims=True)).change(s)
            bend = np.diff(change, n=2, axis=-1)
            convex[name].append((bend > -1e-10 * np.ptp(change, axis=-1, keepdims=True)).all(-1))
    return {f"convex along {name} directions": np.mean(found, axis=0) for name, found in convex.items()}


EMP_21 = Experiment(
    "EMP-21",
    "Losses along random directions are rarely convex",
    "dissertation, section 4.3",
    "Mini-batch losses along lines in random directions rarely have convex shapes; along negative gradients they "
    "mostly do.",
    "share of lines of a batch of 128 that are convex within one unit of length around the iterate",
    {label: KINDS[label] for label in ("T1", "T4", "T4 ReLU")},
    measure_random,
    (
        *(
            Prediction(
                "claim", "rarely convex along random directions", label, "convex along random directions", high=0.25
            )
            for label in ("T4", "T4 ReLU")
        ),
        *(
            Prediction("claim", "mostly convex along gradients", label, "convex along gradient directions", 0.75)
            for label in ("T4", "T4 ReLU")
        ),
        Prediction("theory", "always on quadratics", "T1", "convex along random directions", 0.999),
    ),
    "Not so on a small network: within one unit of length nearly all lines are convex, in random directions as in that "
    "of the gradient.",
)

EXPERIMENTS = (EMP_14, EMP_15, EMP_16, EMP_21)
