"""D7: a probabilistic line search believes noisy values only so far, where a spline goes through every one of them."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

import toybox as tb
from toybox.analysis import Beliefs, Seen, beliefs, watch

from ..looks import LOOKS
from .frame import BATCH, GREY, TRUTH, Again, Answer, Demo, Slider, Time, projected, subplots

FIRST, MOST, C1, C2 = 0.2, 10, 0.05, 0.8  # first trial, observations at most, constants of the Wolfe conditions
START, SEARCHES = 6, 20  # first seed; searches of an answer
COLOR = LOOKS["pls"].color
ANSWERS = ("on none: both are one curve", "on fewer than half", "on half to nine tenths", "on more than nine tenths")


@lru_cache(1)
def problem():
    return tb.problem("quadratic", dim=2, size=100, condition=10.0)


class Search(NamedTuple):
    """The first line search of a run. Losses along it are less the loss at 0 on the batch that gave the direction."""

    seen: Seen
    points: np.ndarray  # where it looked after 0, in this order
    taken: float
    found: bool  # whether the point taken was acceptable

    def true(self, s: np.ndarray) -> np.ndarray:
        """The loss on all data at s (k,)."""
        full = self.seen.ray.full()
        return full.value0[0] - self.seen.ray.line().value0[0] + full.change(s[None])[0]

    def minimum(self) -> float:
        """Of the loss on all data, which is a parabola."""
        full = self.seen.ray.full()
        return float(-full.slope0[0] / full.curvature(np.zeros((1, 1)))[0, 0])

    def wolfe(self) -> bool:
        """Whether the point taken satisfies both Wolfe conditions on all data."""
        full, s = self.seen.ray.full(), np.array([[self.taken]])
        lower = full.change(s) <= C1 * s * full.slope0
        return bool((lower & (full.slope(s) >= C2 * full.slope0)).item())


@lru_cache(512)
def search(batch: int, threshold: float, seed: int) -> Search:
    method = tb.method("pls", c1=C1, c2=C2, threshold=threshold, evaluations=MOST, first=FIRST)
    seen = watch(problem(), method, 0, batch=batch, seeds=(START + seed,), sampler="fresh")
    points = np.array([q.s.item() for q in seen.questions if q.kind == "samples" and q.j > 0])
    return Search(seen, points, seen.step.size.item(), seen.step.status.item() == tb.Status.FOUND)


def spline(b: Beliefs):
    """The piecewise cubic through every observed value with every observed slope: a function of s."""
    from scipy.interpolate import CubicHermiteSpline

    s, which = np.unique(b.s, return_index=True)
    return CubicHermiteSpline(s, b.values[which], b.slopes[which])


def errors(one: Search) -> tuple[float, float]:
    """Root mean square distance from the loss on all data, up to the farthest observation: of the belief's mean and of
    the spline."""
    grid = np.linspace(0, one.points.max(), 200)
    b, true = beliefs(one.seen, grid), one.true(grid)
    return float(np.sqrt(np.mean((b.mean - true) ** 2))), float(np.sqrt(np.mean((spline(b)(grid) - true) ** 2)))


@projected
def draw(batch, threshold, n, seed):
    figure, (top, middle, bottom) = subplots(3, 1, figsize=(13, 6.4), sharex=True, height_ratios=[3.4, 1, 1])
    one = search(batch, threshold, seed)
    many = len(one.points)
    grid = np.linspace(0, max(1.12 * one.points.max(), 2 * one.minimum()), 400)
    b = beliefs(one.seen, grid, n)
    losses(top, one, b)
    after = f"after {min(n, many)} observation{'s' if min(n, many) > 1 else ''}"
    top.set_title(after if n <= many else f"asked for {n} observations, but the search ended {after}")
    middle.plot(grid, b.improvement, color="k")
    middle.set(ylim=(0, 1.1 * b.improvement.max()), yticks=[])
    near = b.candidates[b.candidates < grid[-1]]
    middle.vlines(near, 0, 0.25 * b.improvement.max(), color=COLOR, lw=5)
    middle.set_title("expected improvement; ticks: candidates for the next point", loc="left", fontsize=13)
    bottom.plot(grid, b.wolfe, color="k")
    bottom.plot(b.s[1:], beliefs(one.seen, b.s[1:], n).wolfe, "o", color=BATCH, clip_on=False, zorder=5)
    bottom.axhline(threshold, color=GREY, ls=":")
    bottom.set(ylim=(0, 1.05), yticks=[0, 0.5, 1], xlim=(-0.01 * grid[-1], grid[-1]))
    bottom.set_title("probability of both Wolfe conditions; dotted: threshold", loc="left", fontsize=13)
    bottom.set_xlabel("step s, in multiples of -g")
    here, says = (
        (one.points[n], "next") if n < many else (one.taken, "accepted" if one.found else "taken, not accepted")
    )
    for ax in (top, middle, bottom):
        ax.axvline(here, color="k", ls="--" if n < many else "-", lw=1.5, zorder=1)
    right = here > 0.8 * grid[-1]
    corner, shift = (here, 1), (-6 if right else 6, -4)
    options = {"textcoords": "offset points", "va": "top", "ha": "right" if right else "left", "fontsize": 14}
    top.annotate(says, corner, shift, xycoords=top.get_xaxis_transform(), **options)
    figure.legend(*top.get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure


def losses(ax, one, b):
    """What was seen, what is believed of it, and what is true."""
    true, inside = one.true(b.grid), b.grid <= b.s.max()
    ax.fill_between(b.grid, b.mean - 2 * b.sd, b.mean + 2 * b.sd, color=COLOR, alpha=0.25, lw=0)
    ax.plot(b.grid, b.mean, color=COLOR, lw=4.5, label="belief: mean and 2 sd")
    ax.plot(b.grid[inside], spline(b)(b.grid[inside]), color=GREY, label="spline through all that was seen")
    ax.plot(b.grid, true, color=TRUTH, lw=3, label="all data (never seen)")
    bars = {"fmt": "o", "ms": 9, "lw": 1.2, "capsize": 3, "label": "seen, a batch each, 2 sd"}
    ax.errorbar(b.s, b.values, 2 * b.value_sd, color=BATCH, zorder=5, **bars)
    half = 0.015 * b.grid[-1]
    ends = [b.s - half, b.s + half], [b.values - half * b.slopes, b.values + half * b.slopes]
    ax.plot(*ends, color=BATCH, lw=3.5, zorder=5)
    seen = np.concatenate([b.values - 2 * b.value_sd, b.values + 2 * b.value_sd, true])
    room = 0.1 * np.ptp(seen)
    ax.set(ylim=(seen.min() - room, seen.max() + room), ylabel="loss, less that seen at 0")


def answer(batch, threshold, n, seed) -> Answer:
    ran = [search(batch, threshold, seed + i) for i in range(SEARCHES)]
    belief, through = np.array([errors(one) for one in ran]).T
    nearer, same = int((belief < through).sum()), bool(np.abs(belief - through).max() < 1e-8)
    which = 0 if same else 1 if 2 * nearer < SEARCHES else 2 if 10 * nearer <= 9 * SEARCHES else 3
    ratio = "" if same else f", and the spline is {np.median(through / belief):.1f} times as far from it in the median"
    good = [one.wolfe() for one in ran if one.found]
    return Answer(
        ANSWERS[which],
        f"Batches of {batch}, threshold {threshold:g}: the belief is nearer on {0 if same else nearer} of {SEARCHES} "
        f"lines{ratio}. {np.mean([len(one.points) for one in ran]):.1f} observations a search; {len(good)} searches "
        f"accepted a point, and {sum(good)} of these satisfy both Wolfe conditions on all data.",
    )


BELIEF = Demo(
    "D7",
    "belief",
    "What PLS believes",
    "The first line search of PLS on 100 quadratics in the plane. Every observation is a value and a slope on a fresh "
    "batch; a point is accepted when both Wolfe conditions are more probable there than a threshold (PLS's own: 0.3).",
    {
        "batch": Slider("batch size (100: no noise)", (5, 10, 20, 50, 100), 10),
        "threshold": Slider("threshold", (0.1, 0.3, 0.5, 0.8, 0.95), 0.8),
        "n": Time("observations", range(1, MOST + 1), 4),
        "seed": Again(),
    },
    draw,
    f"{SEARCHES} lines like this one, to the end of their searches. On how many is the mean of the belief nearer to "
    "all data (root mean square) than the spline?",
    ANSWERS,
    answer,
    "A spline goes through every noisy value and so has hills and minima that only the noise has made. The belief "
    "reckons with noise, as large as the first batch shows: it bends for what several values say together, and says "
    "how sure it is. Without noise the two are one curve, as far as anything was seen; after a single observation "
    "there is little to choose.",
    "With batches of 100 the probability of Wolfe is 0 or 1 at every observed point, but not between them: why? How "
    "many numbers does the cubic between two neighbouring points have, how many were observed, and what is left to "
    "believe?",
    "F8",
)
