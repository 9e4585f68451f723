"""D3: PAL between two parabolas jumps for ever; averaging its minimisers helps if and only if the curvatures agree."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

import toybox as tb

from ..analysis.barriers import path
from ..looks import LOOKS
from .frame import BATCH, TRUTH, Answer, Choice, Demo, Slider, Time, projected, subplots

STEPS, START, RATE, DISTANCE = 40, 3.0, 0.05, 2.0
OFF, PLAIN, WEIGHTED, TOGETHER = "off", "minimisers", "minimisers, by curvature", "both in one batch"
SHOWN = {
    "in turn": lambda t, j: np.array([[t % 2]]),  # one run, a batch of one parabola
    "each": lambda t, j: np.array([[0], [1]]),  # two runs, each on a parabola of its own
    "both": lambda t, j: np.array([[0, 1]]),  # one run, a batch of two
}
AVERAGE, AVERAGE_COLOR = "average", "#009E73"
NAMES = {PLAIN: "average of both minimisers", WEIGHTED: "average, by curvature", TOGETHER: "PAL, both in one batch"}


@lru_cache(32)
def parabolas(ratio: float):
    """The named problem, a x^2 and a (x - 2)^2; the second ``ratio`` times as steep, and their mean always alike."""
    both = tb.problem("alternating", delta=DISTANCE)
    bends = np.array([1.0, ratio]) * 2 / (1 + ratio)
    return tb.problems.NoisyQuadratic(both.Q * bends[:, None, None], both.m)


@lru_cache(512)
def iterates(ratio: float, name: str, shown: str, alpha: float = 1.0) -> np.ndarray:
    """x_t of PAL without momentum or largest step, or of SGD, on the parabolas as shown: (STEPS + 1, runs)."""
    pal = {"alpha": alpha, "beta": 0.0, "s_max": np.inf}
    method = tb.method(name, **(pal if name == "pal" else {"rate": RATE}))
    batch, runs = SHOWN[shown](0, 0).shape[1], len(SHOWN[shown](0, 0))
    options = {"steps": STEPS, "batch": batch, "seeds": range(runs), "theta": START, "sampler": SHOWN[shown]}
    return path(parabolas(ratio), method, **options)[..., 0]


def averaged(ratio: float, alpha: float, averaging: str) -> np.ndarray:
    """Where the averaged PAL stands after t steps (of each run): (STEPS + 1,)."""
    if averaging == TOGETHER:
        return iterates(ratio, "pal", "both", alpha)[:, 0]
    weights = parabolas(ratio).Q[:, 0, 0] if averaging == WEIGHTED else None
    return np.average(iterates(ratio, "pal", "each", alpha), axis=1, weights=weights)


def courses(ratio: float, alpha: float, averaging: str) -> dict[str, np.ndarray]:
    """x_t of all that is drawn, by name: (STEPS + 1,) each."""
    found = {name: iterates(ratio, name, "in turn", alpha)[:, 0] for name in ("pal", "sgd")}
    return found if averaging == OFF else found | {AVERAGE: averaged(ratio, alpha, averaging)}


def loss(ratio: float, which: int | None, x: np.ndarray) -> np.ndarray:
    """Of one parabola, or (None) of their mean, at x (points,)."""
    problem = parabolas(ratio)
    sample = problem.population if which is None else np.full((len(x), 1), which)
    return problem.at(np.asarray(x, float)[:, None], sample).value


@projected
def draw(ratio, alpha, averaging, t):
    figure, (left, right) = subplots(1, 2, width_ratios=[1, 1.1])
    found, best = courses(ratio, alpha, averaging), float(parabolas(ratio).solution[0])
    low, high = found["pal"][1:].min(), max(START, found["pal"].max())
    margin = 0.12 * (high - low)
    valleys(left, ratio, found, t, (low - 2 * margin, high + margin))
    for name, x in found.items():
        style = {"color": AVERAGE_COLOR, "ls": "-"}
        if name != AVERAGE:
            style = {"color": LOOKS[name].color, "ls": "-" if name == "pal" else LOOKS[name].dash}
        right.plot(x, alpha=0.22, **style | {"ls": "-"})
        label = {"pal": "PAL, in turn", "sgd": f"SGD, rate {RATE:g}", AVERAGE: NAMES.get(averaging)}[name]
        right.plot(x[: t + 1], label=label, zorder=4 if name == AVERAGE else 3, **style)
        right.plot(t, x[t], "o", color=style["color"], ms=11, zorder=5)
    right.axhline(best, color=TRUTH, lw=2, zorder=2.5, label=f"minimum of the mean: {best:.3g}")
    right.set(xlabel="steps t", ylabel="$x_t$", xlim=(-0.5, STEPS + 0.5))
    right.set_ylim(low - 2 * margin, high + 3.5 * margin)
    right.set_title(f"PAL at the end: {', '.join(map(short, found['pal'][-4:]))}, ...")
    right.legend(loc="upper right", ncols=2, columnspacing=1.2, handlelength=1.6)
    return figure


def valleys(ax, ratio, found, t, limits):
    """Both parabolas and their mean, PAL's last steps on the parabola it was shown, and where all stand on the mean."""
    x, pal, color = np.linspace(limits[0], limits[1], 201), found["pal"], LOOKS["pal"].color
    top = max(loss(ratio, k % 2, pal[k : k + 1])[0] for k in range(STEPS))
    for which, dash, name in ((0, "-", "batch 1"), (1, (0, (4, 1.5)), "batch 2"), (None, "-", "their mean")):
        y = loss(ratio, which, x)
        ax.plot(x, np.where(y < 1.1 * top, y, np.nan), color=TRUTH if which is None else BATCH, ls=dash, label=name)
    ax.axvline(parabolas(ratio).solution[0], ymax=0.8, color=TRUTH, lw=1.5, ls=":")
    for k in range(max(0, t - 3), t):
        way, alpha = np.linspace(pal[k], pal[k + 1], 40), 1.0 if k == t - 1 else 0.3
        here = loss(ratio, k % 2, way)
        ax.plot(way, here, color=color, lw=6, alpha=alpha, solid_capstyle="round", zorder=3)
        rise = loss(ratio, 1 - k % 2, way[-1:])[0]
        ax.plot([way[-1]] * 2, [here[-1], rise], color=color, lw=1.5, ls=":", alpha=alpha, zorder=3)
    for name, style in {"sgd": LOOKS["sgd"].color, AVERAGE: AVERAGE_COLOR}.items():
        if name in found:
            ax.plot(found[name][t], loss(ratio, None, found[name][t : t + 1])[0], "o", color=style, ms=11, zorder=5)
    ax.plot(pal[t], loss(ratio, (t - 1) % 2 if t else 0, pal[t : t + 1])[0], "o", color=color, ms=13, zorder=6)
    ax.set(xlim=limits, ylim=(-0.06 * top, 1.28 * top), xlabel="x", ylabel="loss")
    ax.set_title(f"step {t}, on batch {2 - t % 2}: x = {short(pal[t])}" if t else f"the start: x = {short(pal[t])}")
    ax.legend(loc="upper center", ncols=3, columnspacing=1.2, handlelength=1.8)


def short(x: float) -> str:
    return f"{round(float(x), 3) + 0:g}"  # no -0, no rounding errors


TRUE, HALFWAY, STEEPER, NOWHERE = (
    "at the minimum of the mean",
    "halfway between the two minima",
    "at the minimum of the steeper parabola",
    "nowhere: it keeps jumping",
)


def answer(ratio, alpha, averaging, t) -> Answer:
    """At a ratio of 3 and the alpha shown, whatever the ratio shown."""
    problem, x = parabolas(3.0), averaged(3.0, alpha, PLAIN)
    places = {TRUE: problem.solution[0], HALFWAY: problem.m.mean(), STEEPER: problem.m[1, 0]}
    nearest = min(places, key=lambda name: abs(x[-1] - places[name]))
    right = nearest if np.abs(np.diff(x[-3:])).max() < 0.1 else NOWHERE
    pal, sgd = (iterates(3.0, name, "in turn", alpha)[-2:, 0] for name in ("pal", "sgd"))
    return Answer(
        right,
        f"After {STEPS} steps on each parabola the average is at {x[-1]:.3f}; the minimum of the mean is at "
        f"{places[TRUE]:.3f}. Weighted by curvature the minimisers have their mean at "
        f"{averaged(3.0, alpha, WEIGHTED)[-1]:.3f}. In turn, PAL jumps between {pal.min():.3f} and {pal.max():.3f}, "
        f"SGD between {sgd.min():.3f} and {sgd.max():.3f}.",
    )


PARABOLAS = Demo(
    "D3",
    "parabolas",
    "PAL between two parabolas",
    "Two batches, a parabola each, shown in turn. PAL (no momentum, no largest step) walks on the one it is shown; SGD "
    "sees the same; the average runs PAL on each parabola by itself and averages where it stands.",
    {
        "ratio": Slider("curvature ratio", (1.0, 2.0, 3.0, 5.0, 9.0), 1.0),
        "alpha": Slider("PAL's alpha", (0.2, 0.5, 1.0, 1.3, 1.6), 1.0),
        "averaging": Choice("averaging", (OFF, *NAMES), PLAIN),
        "t": Time("step t", range(STEPS + 1), 12),
    },
    draw,
    "Make batch 2 three times as steep as batch 1 (curvature ratio 3). Where does the average of both minimisers end?",
    [TRUE, HALFWAY, STEEPER, NOWHERE],
    answer,
    "With alpha 1 every step of PAL ends at the minimum of the parabola it was shown: in turn it jumps from one to the "
    "other and never meets the minimum of their mean. Averaging both minimisers gives that minimum if and only if the "
    "curvatures agree; else they have to be weighted by curvature, which a batch of both does, and nearly SGD at a "
    "small rate. A smaller alpha only shrinks the jumps, around the point halfway between the minima.",
    "Show that PAL ends up jumping between 2 (1 - alpha) / (2 - alpha) and 2 / (2 - alpha), whatever the ratio. At "
    "which alpha is one of the two the minimum of the mean at ratio 3? Why is that no remedy?",
)
