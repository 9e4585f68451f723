"""Update-step strategies against the minimum of the full loss along the lines of a run (dissertation, section 5.5).

    methods = {"half": tb.method("sgd", rate=0.05), "pal": tb.method("pal", beta=0.0)}
    lines = sample(problem, tb.method("sgd", rate=0.1), steps=1000, batch=32, unit="newton", window=(-2, 4),
                   methods=methods)
    found = metrics(lines)
    found["half"].distance                          # (1000, 1): s_opt - s_upd, in arc length
    proportionality(found["optimum"].size, slopes(lines)).r2

All lengths are arc lengths. A line that is lowest where it falls out of the window has no s_opt: it is nan, and so is
what a line's number is made of. Means, sums, fits and correlations leave missing values out, and say how many.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from ..hyper import is_whole, shown
from .sample import Lines

OPTIMUM = "optimum"  # name of the strategy that steps to s_opt


class Total(NamedTuple):
    """What was added up from the first line to each one, both (T, *lanes)."""

    sum: np.ndarray
    missing: np.ndarray  # how many values were nan so far, which add nothing


class Strategy(NamedTuple):
    """A strategy's steps s_upd, (T, *lanes), and what they are worth on the full loss."""

    size: np.ndarray  # s_upd
    distance: np.ndarray  # s_opt - s_upd: negative where the step is too long
    improvement: np.ndarray  # l(0) - l(s_upd)
    total_distance: Total  # of |distance|; accumulate(distance) has the signed sums
    total_improvement: Total


def metrics(lines: Lines) -> dict[str, Strategy]:
    """The strategies of ``lines.steps`` by name, and "optimum", the step to s_opt itself.

    "optimum" may point backwards, where the batch's direction does not descend on all data; no method's step does.
    Raises ``ValueError`` for a method of that name.
    """
    if OPTIMUM in lines.steps:
        raise ValueError(f"methods has {OPTIMUM!r}, the name of the step to s_opt; accepted: any other name")
    s_opt = lines.arc(lines.optimum)
    sizes = {OPTIMUM: s_opt} | {name: lines.arc(step) for name, step in lines.steps.items()}
    gains = {OPTIMUM: np.where(np.isnan(s_opt), np.nan, lines.lowest)} | lines.gains
    return {
        name: Strategy(size, s_opt - size, -gains[name], accumulate(np.abs(s_opt - size)), accumulate(-gains[name]))
        for name, size in sizes.items()
    }


def slopes(lines: Lines) -> np.ndarray:
    """|l_B'(0)| per arc length (T, *lanes): |g_B| for plain SGD (D section 5.5)."""
    return np.abs(lines.batch_slope) / (lines.unit * lines.norm)


def ratios(lines: Lines) -> np.ndarray:
    """s_opt / |l_B'(0)| (T, *lanes): the rate that would be exact on each line of plain SGD (D eq. 5.4)."""
    return lines.arc(lines.optimum) / slopes(lines)


def best_rate(lines: Lines) -> np.ndarray:
    """The rate whose steps along these lines lower the sum of their parabolas most: sum g'g_B over sum g_B'H g_B
    (*lanes,), a ratio of averages. Half the training rate while the loss changes slowly (claim SGD-07)."""
    return -(lines.slope / lines.unit).sum(axis=0) / (lines.curvature / lines.unit**2).sum(axis=0)


def accumulate(x: np.ndarray) -> Total:
    """Sums of x (T, *lanes) over the lines so far, without the nan."""
    return Total(np.nancumsum(x, axis=0), np.isnan(x).cumsum(axis=0))


class Smoothed(NamedTuple):
    """A mean filter's answer, both (T, *lanes)."""

    mean: np.ndarray  # nan where nothing is known
    known: np.ndarray  # how many values each mean is of


def smooth(x: np.ndarray, width: int = 25) -> Smoothed:
    """Means of x (T, *lanes) over ``width`` lines around each, fewer at both ends (D fig. 5.7). 1: x itself."""
    if not is_whole(width, 1) or width % 2 == 0:
        raise ValueError(f"width={shown(width)} is not accepted; accepted: an odd whole number of at least 1")
    half = [(width // 2, width // 2)] + [(0, 0)] * (np.ndim(x) - 1)
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, half, constant_values=np.nan), width, axis=0)
    known = (~np.isnan(windows)).sum(axis=-1)
    mean = np.nansum(windows, axis=-1) / np.maximum(known, 1)
    return Smoothed(np.where(known > 0, mean, np.nan), known)


class Proportion(NamedTuple):
    """How well s_opt = rate |g_B| holds, all (*lanes,); nan where fewer than two lines are known."""

    rate: np.ndarray  # least squares through the origin
    r2: np.ndarray  # 1 - sum (s - rate |g|)^2 / sum s^2: near 1 for whatever has little scatter around its mean
    over_constant: (
        np.ndarray
    )  # 1 - sum (s - rate |g|)^2 / sum (s - mean)^2: below 0 where a constant length fits better
    rank: np.ndarray  # Spearman's rank correlation
    missing: np.ndarray  # lines without s_opt, or, smoothed, without one nearby


def proportionality(s_opt: np.ndarray, norm: np.ndarray, width: int = 1) -> Proportion:
    """s_opt against norm = |g_B|, both (T, *lanes), as they are or smoothed over the same ``width`` lines each."""
    s_opt, norm = np.broadcast_arrays(np.asarray(s_opt, float), np.asarray(norm, float))
    s_opt, norm = (smooth(np.where(np.isnan(s_opt + norm), np.nan, x), width).mean for x in (s_opt, norm))
    lanes = s_opt.shape[1:]
    fits = [_proportion(s_opt[:, *lane], norm[:, *lane]) for lane in np.ndindex(lanes)]
    return Proportion(*(np.reshape(column, lanes) for column in zip(*fits, strict=True)))


def _proportion(s: np.ndarray, g: np.ndarray) -> tuple[float, float, float, float, int]:
    """The fields of ``Proportion`` for one lane, s and g (T,)."""
    known = ~np.isnan(s)
    missing, s, g = int((~known).sum()), s[known], g[known]
    if len(s) < 2:
        return np.nan, np.nan, np.nan, np.nan, missing
    with np.errstate(all="ignore"):  # 0 / 0 where nothing varies
        rate = (s @ g) / (g @ g)
        left, around, ranks = ((s - rate * g) ** 2).sum(), ((s - s.mean()) ** 2).sum(), (_ranks(s), _ranks(g))
        centred = [r - r.mean() for r in ranks]
        rank = centred[0] @ centred[1] / np.sqrt((centred[0] @ centred[0]) * (centred[1] @ centred[1]))
        return rate, 1 - left / (s @ s), 1 - left / around, rank, missing


def _ranks(x: np.ndarray) -> np.ndarray:
    """Ranks of x (T,), equal values sharing the mean of theirs."""
    _, place, counts = np.unique(x, return_inverse=True, return_counts=True)
    return (counts.cumsum() - (counts - 1) / 2)[place]


class Memory(NamedTuple):
    """Correlations between lines that are ``lag`` lines apart."""

    lag: np.ndarray  # (L,)
    correlation: np.ndarray  # (L, *lanes); nan where no pair is known, or nothing varies
    pairs: np.ndarray  # (L, *lanes) how many were known
    missing: np.ndarray  # (*lanes,) lines that have no logarithm: s <= 0, or not known


def memory(s: np.ndarray, lags: Iterable[int], width: int = 1) -> Memory:
    """Autocorrelation of log s, s (T, *lanes) as it is or smoothed first: how slowly s_opt changes (D observation 3).

    The mean product, over the known pairs, of the deviations from the mean of all, per variance of all.
    """
    lag, T = np.array([*lags]), len(s)
    if lag.ndim != 1 or not len(lag) or lag.dtype.kind != "i" or lag.min() < 0 or lag.max() >= T:
        raise ValueError(f"lags={shown(lag)} is not accepted; accepted: whole numbers from 0 to {T - 1}")
    s = smooth(s, width).mean
    known = s > 0
    count = known.sum(axis=0)
    x = np.log(np.where(known, s, 1.0))
    with np.errstate(all="ignore"):  # 0 / 0
        x = np.where(known, x - x.sum(axis=0) / count, 0.0)
        variance = (x * x).sum(axis=0) / count
        pairs = np.stack([(known[: T - k] & known[k:]).sum(axis=0) for k in lag])
        correlation = np.stack([(x[: T - k] * x[k:]).sum(axis=0) for k in lag]) / pairs / variance
    return Memory(lag, correlation, pairs, T - count)
