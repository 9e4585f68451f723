"""F17: do larger batches follow sharper directions, and turn back more? (A Walk with SGD, figs. 5 to 7)"""

from __future__ import annotations

from typing import Any

import numpy as np

from toybox.quotations import quote

from .recipe import Recipe, Table
from .words import listed

SHARP, FLAT, SAMPLES = 4, 16, 1000  # coordinates of curvature 10 and 1, samples of the quadratic
PLACES = {"gradient in sharp directions": (1, 0), "in all directions": (1, 1), "in flat directions": (0, 1)}
RATES = {"small rate": 0.01, "limit": 1 / 7.2, "large rate": 0.17}  # 7.2 = R - tr HS / tr S in the first place
TRAINED = {  # panel -> problem, options, rate and batch of SGD, steps after which to look
    "factorization, rank 4": ("factorization", {"rank": 4}, 0.05, 32, (0, 30)),
    "logistic": ("logistic", {"size": 1000}, 1.0, 32, (0, 30)),
}
RISES, STAYS, FALLS = ("#0072B2", "o", "-"), ("#555555", "D", ":"), ("#D55E00", "s", (0, (5, 1.5)))
SIZES = {  # looks of the batch sizes of the runs
    10: ("#E69F00", "^", (0, (2, 1))),
    100: ("#009E73", "v", (0, (5, 1.5))),
    SAMPLES: ("#222222", "o", "-"),
}


def quadratic():
    """L_i with H = diag(10, .., 1, ..), whose sample gradients have the covariance I about H theta, exactly."""
    import toybox as tb

    h = np.repeat([10.0, 1.0], [SHARP, FLAT])
    noise = np.random.default_rng(0).standard_normal((SAMPLES, len(h)))
    noise -= noise.mean(axis=0)
    noise = noise @ np.linalg.inv(np.linalg.cholesky(np.cov(noise.T))).T
    return tb.problems.NoisyQuadratic(np.diag(h), -noise / h)


def place(sharp, flat):
    """The theta at which the full gradient has length 1 and these parts."""
    g = np.repeat([sharp, flat], [SHARP, FLAT]).astype(float)
    return g / np.linalg.norm(g) / np.repeat([10.0, 1.0], [SHARP, FLAT])


def aligned(panel, series, problem, theta, draws):
    """Rows (panel, series, kind, x, y, low, high): eq. 4 of batches and its exact counterpart, over lambda_max."""
    from toybox.analysis.curvature import alignment, moments, top_eigenvalues

    sizes = sorted({1, 3, 10, 30, 100, 300, problem.size})
    m, top = moments(problem, theta), top_eigenvalues(problem, theta)[0]
    found = alignment(problem, theta, sizes, draws) / top
    mean, sd, grid = found.mean(axis=1), found.std(axis=1), np.geomspace(1, problem.size, 60)
    signal, noise = m.bent / m.square / top, m.bent_noise / m.noise / top
    rows = [("seen", x, y, y - e, y + e) for x, y, e in zip(sizes, mean, sd, strict=True)]
    rows += [("exact", x, y, y, y) for x, y in zip(grid, m.alignment(grid) / top, strict=True)]
    rows += [("draws", 0, draws, draws, draws), ("signal, noise", 0, signal, noise, noise)]
    return [(panel, series, *row) for row in rows]


def turning(name, rate, problem, theta, draws):
    """Rows: the exact rho(B) at theta, and the ratio of the means over pairs of batches."""
    from toybox.analysis.curvature import moments

    grid, m, rows = np.geomspace(1, SAMPLES, 60), moments(problem, theta), []
    rows += [("exact", x, y, y, y) for x, y in zip(grid, m.cosine(grid, rate), strict=True)]
    rows += [("draws", 0, draws, draws, draws), ("rate, strength", 0, rate, rate * m.excess, rate * m.excess)]
    for B in (1, 3, 10, 30, 100, 300, SAMPLES):
        batch = lambda j, B=B: problem.draw(np.arange(draws), 0, j, B, "fresh")
        before = problem.at(np.tile(theta, (draws, 1)), batch(1)).gradient
        after = problem.at(theta - rate * before, batch(2)).gradient
        ratio = (before * after).sum() / (before**2).sum()
        rows.append(("seen", B, ratio, ratio, ratio))
    return [("turning back", name, *row) for row in rows]


def consecutive(name, rate, batch, problem, theta, seeds, steps):
    """Rows: eq. 5 along runs of SGD from theta, and E[g_t-1'g_t] / root of E|g_t-1|^2 E|g_t|^2, exactly.

    The mean gradient's squares G (dim,) have the expectations (1 - rate h)^2 G + rate^2 h^2 s after a step.
    """
    import toybox as tb
    from toybox.analysis.curvature import follow, moments

    method = tb.method("sgd", rate=rate)
    run = follow(problem, method, steps=steps, batch=batch, theta=theta, seeds=range(seeds), sampler="fresh")
    mean, sd = run.cosine[1:].mean(axis=1), run.cosine[1:].std(axis=1)
    rows = [("seen", t, y, y - e, y + e) for t, (y, e) in enumerate(zip(mean, sd, strict=True), start=1)]
    rows.append(("seeds", 0, seeds, seeds, seeds))
    m, h = moments(problem, theta), np.diag(problem.Q)
    G, s = m.g**2, m.apart(batch)
    for t in range(1, steps):
        before, G = m._replace(square=G.sum(), bent=h @ G), (1 - rate * h) ** 2 * G + rate**2 * h**2 * s
        lengths = before.square + s * m.noise, G.sum() + s * m.noise
        exact = before.cosine(batch, rate) * (lengths[0] / lengths[1]) ** 0.5
        rows.append(("exact", t, exact, exact, exact))
    return [(name, f"B = {batch}", *row) for row in rows]


def measure(size: str):
    import polars as pl

    import toybox as tb

    draws, seeds, steps = {"smoke": (10, 4, 10), "default": (50, 20, 40), "full": (50, 100, 40)}[size]
    problem, rows = quadratic(), []
    for name, parts in PLACES.items():
        rows += aligned("quadratic", name, problem, place(*parts), draws)
    for panel, (name, options, rate, batch, times) in TRAINED.items():
        trained = tb.problem(name, **options)
        for t in times:
            theta = tb.run(trained, tb.method("sgd", rate=rate), steps=t, batch=batch, every=None).theta[0]
            rows += aligned(panel, f"step {t}", trained, theta, draws)
    start = place(1, 0)
    for name, rate in RATES.items():
        rows += turning(name, rate, problem, start, 20 * draws)
        if name != "limit":
            for batch in SIZES:
                rows += consecutive(name, rate, batch, problem, start, seeds, steps)
    columns = ["panel", "series", "kind", "x", "y", "low", "high"]
    return pl.DataFrame([(*row[:3], *map(float, row[3:])) for row in rows], schema=columns, orient="row")


def draw(results, overlay=True, cost="steps"):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 3, figsize=(13, 7.6), layout="constrained")
    table, series = Table(), dict[Any, Any]()
    for (panel, name, kind), part in results.group_by("panel", "series", "kind", maintain_order=True):
        x, y, low, high = (part[c].to_numpy() for c in ("x", "y", "low", "high"))
        series.setdefault(panel, {}).setdefault(name, {})[kind] = x, y, low, high
        table.add(panel, f"{name}: {kind}", x, y, low, high)
    for ax, panel in zip(axes[0], ("quadratic", *TRAINED), strict=True):
        draw_aligned(ax, series[panel])
        ax.set_title(panel + (": one H, one noise, three gradients" if panel == "quadratic" else " during training"))
    axes[0, 0].set_ylabel("alignment $g_B'Hg_B\\,/\\,|g_B|^2$, over $\\lambda_{max}$")
    draw_turning(axes[1, 0], series["turning back"])
    for ax, name in zip(axes[1, 1:], ("small rate", "large rate"), strict=True):
        draw_consecutive(ax, series[name])
        ax.set_title(f"{name}, {RATES[name]:g}: larger batches turn back {'less' if name == 'small rate' else 'more'}")
    axes[1, 1].set_ylabel("cosine of $g_{t-1}$ and $g_t$")
    return figure, table, caption(series)


def verdict(signal, noise):
    """A name for which way it goes, and its look."""
    difference = round(signal - noise, 6)
    return ("rises", RISES) if difference > 0 else ("falls", FALLS) if difference < 0 else ("stays", STAYS)


def draw_aligned(ax, found):
    """Alignment over batch size: lines exact, points seen."""
    for shift, (name, parts) in zip((0.96, 1.0, 1.04), found.items(), strict=False):
        signal, noise = (float(parts["signal, noise"][i][0]) for i in (1, 2))
        word, (color, marker, dash) = verdict(signal, noise)
        sign = {"rises": ">", "falls": "<", "stays": "="}[word]
        ax.plot(*parts["exact"][:2], color=color, ls=dash)
        x, y, low, high = parts["seen"]
        ax.errorbar(
            x * shift, y, (y - low, high - y), fmt=marker, color=color, ms=5, lw=0.9, capsize=2,
            label=f"{name}: {signal:.2f} {sign} {noise:.2f}, {word}",
        )  # fmt: skip
    batch_axis(ax)
    ax.set_ylim(0, 1.5)
    title = "$g'Hg\\,/\\,|g|^2$ against $\\mathrm{tr}\\,HS\\,/\\,\\mathrm{tr}\\,S$, over $\\lambda_{max}$"
    ax.legend(loc="upper left", fontsize=8, title=title, title_fontsize=8, alignment="left")


def draw_turning(ax, found):
    """rho over batch size."""
    for name, parts in found.items():
        strength = float(parts["rate, strength"][2][0])
        word, (color, marker, dash) = verdict(1.0, strength)
        sign = {"rises": "<", "falls": ">", "stays": "="}[word]
        ax.plot(*parts["exact"][:2], color=color, ls=dash)
        ax.plot(
            *parts["seen"][:2], marker, color=color,
            label=f"rate {RATES[name]:.3g}: {strength:.2f} {sign} 1, {word}",
        )  # fmt: skip
    batch_axis(ax)
    ax.set_ylim(-1, 1.8)
    ax.axhline(0, color="k", lw=0.6)
    ax.set_title("quadratic, sharp gradient: three rates")
    ax.set_ylabel("$E[g_{t-1}'g_t]\\,/\\,E|g_{t-1}|^2$")
    title = "rate $(g'Hg\\,/\\,|g|^2 - \\mathrm{tr}\\,HS\\,/\\,\\mathrm{tr}\\,S)$ against 1"
    ax.legend(loc="upper left", fontsize=8, title=title, title_fontsize=8, alignment="left")


def draw_consecutive(ax, found):
    """Cosines over iterations by batch size: bands and points seen, lines exact."""
    for batch, (color, marker, dash) in SIZES.items():
        x, y, low, high = found[f"B = {batch}"]["seen"]
        ax.fill_between(x, low, high, color=color, alpha=0.15, lw=0)
        ax.plot(x, y, marker, color=color, ms=4, label=f"B = {batch}")
        ax.plot(*found[f"B = {batch}"]["exact"][:2], color=color, ls=dash)
    ax.axhline(0, color="k", lw=0.6)
    ax.set_ylim(-1.08, 1.08)
    ax.set_xlabel("iteration")
    ax.legend(ncols=3, loc="lower right" if found["B = 10"]["exact"][1][0] > 0 else "upper right")


def batch_axis(ax):
    ax.set_xscale("log")
    ax.set_xlabel("batch size B")


def caption(series) -> str:
    late = series["logistic"][f"step {TRAINED['logistic'][-1][-1]}"]
    number = lambda panel, name, kind: int(series[panel][name][kind][1][0])
    draws, pairs = number("logistic", "step 0", "draws"), number("turning back", "small rate", "draws")
    seeds = number("small rate", "B = 10", "seeds")
    ways = "; ".join(
        f"{panel} at {name} {verdict(*(float(parts['signal, noise'][i][0]) for i in (1, 2)))[0]}"
        for panel in TRAINED
        for name, parts in series[panel].items()
    )
    cosine = lambda name, at: listed(f"{series[name][f'B = {batch}']['exact'][1][at]:.2f}" for batch in SIZES)
    return (
        "Whether larger batches follow sharper directions or turn back more is decided by a condition, not by their "
        "size. Top: alignment (eq. 4 of A Walk with SGD) over the largest eigenvalue of H; points and bars: mean and "
        f"standard deviation of {draws} batches of distinct samples; lines: the exact E[g_B'Hg_B] / E|g_B|^2, "
        "which rises with B if and only if the mean gradient lies in sharper directions than the noise, "
        "g'Hg / |g|^2 > tr HS / tr "
        f"S. On the quadratic H (curvature 10 in {SHARP} directions, 1 in {FLAT}) and the noise are the same in all "
        f"three cases, only g differs. In training ({ways}) it depends on the time. Of figures 5 and 6 the paper says "
        f"that {quote('alignment')}. The mean of eq. 4 counts short and long gradients alike, the exact ratio counts "
        f"long ones more: for single samples of the trained logistic problem they are {late['seen'][1][0]:.2f} and "
        f"{late['exact'][1][0]:.2f}.\n\n"
        "Bottom: SGD on that quadratic, from the sharp gradient. Left: the exact statistic of one step (lines) and "
        f"that of {pairs} pairs of independent batches (points). It falls with B if and only if the rate times (g'Hg / "
        "|g|^2 - tr HS / tr S) exceeds 1. Middle and right: cosines of consecutive gradients (eq. 5), mean and "
        f"standard deviation over {seeds} seeds ({SAMPLES}: all the data); lines: E[g_t-1'g_t] over the root of both "
        f"mean squares, exactly. Of figure 7 the paper says that the cosine {quote('cosine')}. For batches of "
        f"{listed(SIZES)} the exact one begins at {cosine('small rate', 0)} with the small rate and at "
        f"{cosine('large rate', 0)} with the large one, and ends at {cosine('small rate', -1)} and at "
        f"{cosine('large rate', -1)}: where the mean gradient is lost in the noise, the rate decides and not the batch."
    )


RECIPE = Recipe("F17", "alignment", "Alignment and turning back against batch size", None, draw, ("xing2018",), measure)
