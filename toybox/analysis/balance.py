"""The energy balance: which rate would have been best on the trajectory that a rate has made (dissertation, 5.5).

    found = energies(problem, tb.method("sgd", rate=0.1), steps=2000, batch=32, seeds=range(8), every=5)
    books = balance(found, window=(1000, 2000))
    0.1 * books.share, 0.1 * books.low, 0.1 * books.high    # lambda_opt and its interval: about 0.05

The step is -lambda u, with u = g_B or, with momentum, u = m. Where the loss along it is a parabola, it falls by

    L_t - L_{t+1} = lambda g'u - lambda^2/2 u'Hu,

g and H those of the full loss. While the loss changes slowly the two terms cancel in the mean, so that
lambda_opt = E[g'u] / E[u'Hu] is lambda / 2, and alpha_eff = lambda / lambda_opt is 2, for every lambda and u (claim
SGD-07). With momentum both rates multiply m; nothing is to be divided by 1 - beta.

A ratio of averages: the mean of the ratios g'u / u'Hu of single steps is another number, without a law, which steps of
small curvature dominate.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from scipy.special import stdtrit

from ..hyper import is_whole
from ..optimizer import Optimizer, run
from ..record import Probe
from .sample import Lines


class Energies(NamedTuple):
    """Slope and curvature of the full loss at 0 along d, and the step taken, in multiples of d: what ``Lines`` with
    unit="d" say, without the rest of the line."""

    t: np.ndarray  # (T,)
    loss: np.ndarray  # (T, *lanes)
    slope: np.ndarray
    curvature: np.ndarray
    taken: np.ndarray


class Balance(NamedTuple):
    """Rates are multiples of the step taken, so that they mean the same along g and along m; arrays (*hyper,)."""

    share: np.ndarray  # lambda_opt / lambda, the ratio of averages: 1/2 where the loss is stationary
    low: np.ndarray  # its confidence interval
    high: np.ndarray
    alpha: np.ndarray  # alpha_eff = lambda / lambda_opt
    drift: np.ndarray  # 2 E[L_t - L_{t+1}] / (lambda E[g'u]): on parabolas alpha = 2 - drift
    mean: np.ndarray  # of lambda_opt / lambda of single steps (of positive curvature)
    sd: np.ndarray
    quartiles: np.ndarray  # (3, *hyper) of the same
    negative: np.ndarray  # fraction of steps whose lambda_opt is negative: the full loss rises along them at first


def energies(problem: Any, optimizer: Optimizer, *, steps: int, batch: int, every: int = 1, **options: Any) -> Energies:
    """The steps 0, every, 2 every, ... of a run. options: those of ``tb.run`` (seeds, theta, sampler, ...).

    In an epoch lambda_opt depends on how many batches are left, as batches without replacement make up for each other:
    only whole epochs balance. ``every`` should have no factor in common with the number of steps of an epoch.
    """
    probe = Probe("energy", _energy)
    trace = run(problem, optimizer, steps=steps, batch=batch, every=every, probes=[probe], **options)
    t = trace.probe_steps[:-1]  # after the last step there is no line
    slope, curvature = np.moveaxis(trace.probes["energy"][:-1], -1, 0)
    return Energies(t, trace.full_loss[:-1], slope, curvature, trace.size[t])


def _energy(look: Any) -> Any:
    """phi'(0) and phi''(0) of the full loss along d (*lanes, 2)."""
    xp = look.problem.xp
    if look.ray is None:
        return xp.stack([0 * look.theta[..., 0]] * 2, axis=-1)
    line = look.whole.along(look.ray.d)
    return xp.stack([line.slope0, line.curvature(0 * look.theta[..., :1])[..., 0]], axis=-1)


def singles(found: Energies | Lines) -> np.ndarray:
    """lambda_opt / lambda of single steps (T, *lanes); nan where the curvature is not positive or the step is 0."""
    with np.errstate(all="ignore"):
        return np.where(
            (found.curvature > 0) & (found.taken != 0), -found.slope / (found.curvature * found.taken), np.nan
        )


def balance(
    found: Energies | Lines, window: tuple[int, int] | None = None, blocks: int = 1, confidence: float = 0.95
) -> Balance:
    """The balance over the seeds (the first axis of the lanes) and the steps with window[0] <= t < window[1].

    The interval is that of a ratio estimator, with Student's t over replicates: the means of every run, or of each of
    its ``blocks`` stretches of equal length. Runs of different seeds are independent, however long their steps remember
    each other, so one block each needs no assumption; it takes two seeds at least. More blocks are for few seeds, and
    have to be longer than that memory. Where every step is measured they give too wide an interval rather than too
    narrow a one: the excess of a run, sum(lambda g'u - lambda^2/2 u'Hu) = L_start - L_end, is a telescoping sum, the
    errors of neighbouring stretches cancel, and the replicates do not know it.

    Raises ``ValueError`` for fewer than two replicates, or a window that holds fewer steps than blocks.
    """
    start, stop = (0, np.inf) if window is None else window
    chosen = (found.t >= start) & (found.t < stop)
    length = int(chosen.sum()) // blocks if is_whole(blocks, 1) else 0
    if length < 1:
        raise ValueError(f"blocks={blocks!r} is not accepted; accepted: 1 to {chosen.sum()}, the number of steps")
    seeds = found.slope.shape[1]
    if seeds * blocks < 2:
        raise ValueError(f"blocks={blocks!r} with {seeds} seed is not accepted; accepted: two replicates at least")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence={confidence!r} is not accepted; accepted: (0, 1)")
    gain = (-found.slope * found.taken)[chosen]  # lambda g'u
    bend = (found.curvature * found.taken**2)[chosen]  # lambda^2 u'Hu

    def replicates(energy):  # (blocks * seeds, *hyper)
        parts = energy[-blocks * length :].reshape(blocks, length, *energy.shape[1:])
        return parts.mean(1).reshape(-1, *energy.shape[2:])

    gains, bends = replicates(gain), replicates(bend)
    share, n = gains.mean(0) / bends.mean(0), len(gains)
    error = (gains - share * bends).std(0, ddof=1) / np.abs(bends.mean(0)) / n**0.5
    half = stdtrit(n - 1, (1 + confidence) / 2) * error
    loss, t = found.loss[chosen], found.t[chosen]
    fall = (loss[0] - loss[-1]).mean(0) / max(1, t[-1] - t[0])
    ratios = singles(found)[chosen]
    flat = ratios.reshape(-1, *ratios.shape[2:])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # nan where no step has a positive curvature
        scatter = (
            np.nanmean(flat, axis=0),
            np.nanstd(flat, axis=0),
            np.nanquantile(flat, [0.25, 0.5, 0.75], axis=0),
            np.nanmean(np.where(np.isnan(flat), np.nan, flat < 0), axis=0),
        )
    return Balance(share, share - half, share + half, 1 / share, 2 * fall / gains.mean(0), *scatter)
