"""D8: SGD bounces between the walls of a valley: the minimum lies between the iterates, and no barrier is crossed."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

import toybox as tb

from ..analysis.barriers import Segments, segments
from ..analysis.curvature import follow
from ..looks import LOOKS
from .frame import GREY, TRUTH, Answer, Demo, Place, Slider, Time, projected, subplots

STEPS, CONDITION, SAMPLES, SEED = 40, 20.0, 100, 0
WIDE, HIGH, WINDOW = 6.5, 4.6, 12  # half of the picture's sides; steps in the panels on the right
POINTS = 21  # on the line from one iterate to the next
INSIDE = {"marker": "D", "ms": 8, "mfc": "white", "mec": TRUTH, "mew": 2, "ls": ""}


@lru_cache(16)
def valley(noise: float):
    """Quadratics with eigenvalues 1 (up and down) and 1/20 (along), minimisers scattered by ``noise`` around (0, 0)."""
    drawn = tb.problem("quadratic", dim=2, size=SAMPLES, common=True)
    centred = (drawn.m - drawn.solution) / (drawn.m - drawn.solution).std(axis=0)
    return tb.problems.NoisyQuadratic(np.diag([1 / CONDITION, 1.0]), noise * centred)


class Walk(NamedTuple):
    theta: np.ndarray  # (STEPS + 1, 2)
    between: Segments  # the full loss between the iterates, (STEPS, 1)
    cosine: np.ndarray  # (STEPS,) of the gradients of steps t - 1 and t, on their batches; nan at 0


@lru_cache(256)
def walk(eta: float, noise: float, start: tuple[float, float]) -> Walk:
    """SGD with batches of one sample; the largest eigenvalue is 1, so eta is eta times it."""
    problem, place = valley(noise), tb.Probe("theta", lambda look: look.theta)
    options: dict[str, Any] = {"seeds": [SEED], "theta": np.array(start), "probes": [place], "every": 1}
    found = follow(problem, tb.method("sgd", rate=eta), steps=STEPS, batch=1, **options)
    theta = found.trace.probes["theta"]
    return Walk(theta[:, 0], segments(problem, theta, POINTS), found.cosine[:, 0])


@lru_cache(16)
def contours(noise: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, y and the full loss above its floor on a grid of the picture."""
    x, y = np.meshgrid(np.linspace(-WIDE, WIDE, 81), np.linspace(-HIGH, HIGH, 61))
    problem = valley(noise)
    loss = problem.at(np.stack([x.ravel(), y.ravel()], axis=-1), problem.population).value - problem.floor
    return x, y, loss.reshape(x.shape)


def outside(theta: np.ndarray) -> np.ndarray:
    """Which iterates are outside of the picture (T,)."""
    return (np.abs(theta) > (WIDE, HIGH)).any(axis=-1)


@projected
def draw(eta, noise, start, t):
    figure, (left, right) = subplots(1, 2, width_ratios=[1.3, 1], figsize=(13, 6.1))
    above, below = (
        figure.add_subplot(part) for part in right.get_subplotspec().subgridspec(2, 1, height_ratios=[1.7, 1])
    )
    right.remove()
    found, first = walk(eta, noise, start), min(max(t - WINDOW + 3, 0), STEPS - WINDOW)
    plane(left, found, eta, noise, t)
    losses(above, found, t, first)
    cosines(below, found.cosine, t)
    for ax in (above, below):
        ax.set_xlim(first - 0.4, first + WINDOW + 0.4)
        ax.axvline(t, color=GREY, lw=14, alpha=0.25, zorder=1)
    above.tick_params(labelbottom=False)
    return figure


def plane(ax, found, eta, noise, t):
    """Contours of the full loss, the path up to step t, and where the full loss was lowest on each of its steps."""
    theta, between, color = found.theta[: t + 1], found.between, LOOKS["sgd"].color
    ax.contour(*contours(noise), levels=np.geomspace(0.02, 8, 9), colors=TRUTH, linewidths=1, alpha=0.35)
    ax.plot(*valley(noise).solution, "+", color=TRUTH, ms=18, mew=3, zorder=2)
    ax.plot(*theta.T, color=color, lw=1.8, marker="o", ms=6, zorder=3, label="SGD")
    lowest = theta[:-1] + between.place[:t] * np.diff(theta, axis=0)
    ax.plot(*lowest[between.inside[:t, 0]].T, **INSIDE, zorder=4, label="minimum inside a step")
    ax.plot(*theta[-1], "o", color=color, ms=13, zorder=5)
    ax.plot(*theta[0], "s", color="k", ms=13, zorder=6, label="start: drag it")
    gone = outside(theta)
    if gone.any():
        note = {"ha": "right", "va": "bottom", "color": TRUTH, "backgroundcolor": "white", "zorder": 7}
        ax.text(WIDE - 0.3, 0.3 - HIGH, f"left the picture at step {gone.argmax()}", **note)
    ax.set(xlim=(-WIDE, WIDE), ylim=(-HIGH, HIGH), aspect="equal")
    ax.set(xlabel=r"$\theta_1$: along, eigenvalue 1/20", ylabel=r"$\theta_2$: across, eigenvalue 1")
    ax.set_title(
        f"step {t}: times {1 - eta / CONDITION:.3g} along, {1 - eta:.3g} across" + ", plus noise" * (noise > 0)
    )
    ax.legend(loc="upper center", ncols=3, columnspacing=1.2, handletextpad=0.4, frameon=True, edgecolor="none")


def losses(ax, found, t, first):
    """The full loss along the steps, and its minima inside."""
    between, alpha = found.between, np.linspace(0, 1, POINTS)
    for k in range(first, first + WINDOW):
        line = between.loss[k, 0] + between.along[k, 0]
        style = {"color": TRUTH, "alpha": 1.0 if k < t else 0.2}
        ax.plot(k + alpha, line, **style)
        ax.plot([k, k + 1], line[[0, -1]], "o", **style | {"color": LOOKS["sgd"].color}, ms=6)
        if between.inside[k, 0] and k < t:
            ax.plot(k + between.place[k, 0], between.floor[k, 0], **INSIDE, zorder=4)
    seen = slice(first, first + WINDOW)
    top = (between.loss[seen, 0, None] + between.along[seen, 0]).max() or 1.0  # 0 from the minimum itself
    ax.set(ylabel="full loss", ylim=(-0.05 * top, 1.08 * top))
    inside, crossed = between.inside[:t].sum(), (between.barriers[:t] > 0).sum()
    ax.set_title(f"minimum inside: {inside} of {t}, barriers: {crossed}")


def cosines(ax, cosine, t):
    """The cosine of the gradients before and at each step."""
    at = np.arange(1, STEPS)
    for steps, alpha in ((at[at <= t], 1.0), (at[at > t], 0.2)):
        ax.vlines(steps, 0, cosine[steps], color=LOOKS["sgd"].color, lw=4, alpha=alpha)
    ax.axhline(0, color="k", lw=1)
    ax.set(ylim=(-1.1, 1.1), yticks=(-1, 0, 1), xlabel="steps t", ylabel=r"cos($g_{t-1}$, $g_t$)")


NONE, FEW, HALF, ALL = "on none", "on a few", "on about half of them", "on nearly all"


def answer(eta, noise, start, t) -> Answer:
    """Of the run shown, all of its steps."""
    _, between, cosine = walk(eta, noise, start)
    share, crossed = float((between.barriers > 0).mean()), int((between.barriers > 0).sum())
    right = NONE if crossed == 0 else FEW if share < 0.3 else HALF if share < 0.7 else ALL
    inside, back = int(between.inside.sum()), int((cosine[1:] < 0).sum())
    return Answer(
        right,
        f"At {eta:g} and noise {noise:g}: {crossed} of {STEPS} steps pass over a barrier. On {inside} of them the full "
        f"loss is lowest between the two iterates, and {back} of {STEPS - 1} times the gradient turns back. The full "
        f"loss goes from {between.loss[0, 0]:.3g} to {between.loss[-1, 0] + between.along[-1, 0, -1]:.3g}.",
    )


VALLEY = Demo(
    "D8",
    "valley",
    "Bouncing in a valley",
    "SGD with batches of one sample on 100 quadratics in the plane, 20 times as steep across the valley as along it. "
    "Red: the loss of all data, also between the iterates.",
    {
        "eta": Slider("rate × λmax", (0.2, 0.5, 0.9, 1.0, 1.1, 1.5, 1.8, 1.9, 2.0, 2.05, 2.3), 1.9),
        "noise": Slider("noise", (0.0, 0.03, 0.1, 0.3), 0.1),
        "start": Place("start", (-6.0, 6.0), (-3.0, 3.0), (-5.0, 2.0)),
        "t": Time("step t", range(STEPS + 1), 9),
    },
    draw,
    "SGD jumps from wall to wall. On how many of its 40 steps does it pass over a barrier, a point where the loss of "
    "all data is higher than at both ends of the step?",
    [NONE, FEW, HALF, ALL],
    answer,
    "Bouncing is no climbing: these losses are convex, so a step meets no barrier at any rate. A step that goes down "
    "beyond the optimum of its line has the minimum between its ends: at rates above 1 / (largest eigenvalue) wherever "
    "the steep direction rules the gradient, with noise now and then below it, too. Above 2 / (largest eigenvalue) "
    "every bounce ends higher, on average: there is the cliff, and still no barrier.",
    "Switch the noise off and take 1.5: after a few steps the minimum is no longer inside, and the gradients no longer "
    "turn back. Why? Which rate shrinks both coordinates by the same factor, and what is that factor?",
    "F16",
)
