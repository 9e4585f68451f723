"""A batch k times as large: what it does to SGD's step, on a fixed line and as SGD is run (dissertation, fig. 5.9).

    found = growth(problem, tb.method("sgd", rate=0.1), steps=1000, batch=32, factors=(0.5, 1, 2, 4), every=10)
    found.fixed, found.law            # (T, *lanes, 4): measured on the lines of the run, and expected
    found.redefined, bound(4, 32, D)  # (T, *lanes, 4): of batches that define their own directions, and their limit

SGD's step is lambda |l'(0)|, the slope that of the batch along its unit direction. Published are batches on the line of
one base batch: larger ones by adding random samples, smaller ones by keeping the samples with the steepest slopes. If
the rest of the data is flat along the line, the step is divided by k exactly (SGD-05). A batch of that size that gives
its own direction divides its root mean square by sqrt(k) at the most, as long as the data are many (SGD-06).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import sampling
from ..hyper import is_whole, shown
from ..optimizer import Optimizer, run
from ..record import Probe
from .sample import OTHERS


class Growth(NamedTuple):
    """Steps t of a run; k: sizes of the batches, in multiples of the base batch B."""

    t: np.ndarray  # (T,)
    k: np.ndarray  # (K,)
    slope: np.ndarray  # (T, *lanes, K) of batches of kB samples along the direction -g_B of the base batch
    rest: np.ndarray  # (T, *lanes) of all samples outside of the base batch
    squares: np.ndarray  # (T, *lanes, K) mean of |g|^2 over independent batches of kB samples
    full: np.ndarray  # (T, *lanes) |g|^2 of the whole data set

    @property
    def fixed(self) -> np.ndarray:
        """By how much the step is divided on the fixed line (T, *lanes, K); 1 at k = 1."""
        return np.abs(self._base(self.slope) / self.slope)

    @property
    def law(self) -> np.ndarray:
        """k / (1 + (k - 1) rho), rho = l'_rest / l'_B: the base batch's slope over the expected one of the larger batch
        (SGD-05). nan for k < 1."""
        rho = self.rest[..., None] / self._base(self.slope)
        with np.errstate(divide="ignore"):
            return np.where(self.k >= 1, self.k / (1 + (self.k - 1) * rho), np.nan)

    @property
    def redefined(self) -> np.ndarray:
        """Root of the ratio of mean squares |g_B|^2 / |g_kB|^2, every batch with its own direction (T, *lanes, K)."""
        return np.sqrt(self._base(self.squares) / self.squares)

    def _base(self, values: np.ndarray) -> np.ndarray:
        return values[..., list(self.k).index(1), None]


def growth(
    problem: Any,
    optimizer: Optimizer,
    *,
    steps: int,
    batch: int,
    factors: Sequence[float] = (0.25, 0.5, 1, 2, 4, 8),
    every: int = 1,
    repeats: int = 8,
    **options: Any,
) -> Growth:
    """Both procedures at the steps 0, every, 2 every, ... of a run. options: those of ``tb.run`` (seeds, sampler, ...).

    factors: k, with 1 among them and kB whole, from 1 to D. repeats: independent batches of each size per step. The
    line is that of -g_B, whatever the run's direction. Raises ``ValueError`` for other factors, and for
    sampler="replacement", with which a batch and the rest of the data are not complements.
    """
    if options.get("sampler") == "replacement":
        raise ValueError("sampler='replacement' is not accepted; accepted: 'epochs', 'fresh', or distinct samples")
    k, sizes = np.asarray(factors, float), np.asarray(factors, float) * batch
    if 1 not in k or (sizes != np.round(sizes)).any() or sizes.min() < 1 or sizes.max() > problem.size:
        raise ValueError(
            f"factors={shown(factors)} is not accepted; accepted: numbers k, 1 among them, with k * {batch} whole and "
            f"from 1 to {problem.size}"
        )
    if not is_whole(repeats, 1):
        raise ValueError(f"repeats={shown(repeats)} is not accepted; accepted: a whole number of at least 1")
    sizes = sizes.astype(int)

    def measure(look):
        lanes = look.theta.shape[:-1]
        if look.ray is None:
            return np.full((*lanes, 2 * len(k) + 2), np.nan)
        xp, host, origin = problem.xp, problem.xp.to_host, look.ray.origin
        names = np.arange(int(np.prod(lanes))).reshape(lanes)  # of the lanes, which draw batches of their own
        slopes, end = host(look.whole.examples(-origin.gradient)[1]), 1 + repeats * len(k)
        index = np.broadcast_to(host(origin.sample), (*lanes, batch))
        draw = lambda j, size, population: sampling.draw("fresh", names, look.t, OTHERS + j, size, population)
        fixed, rest = on_the_line(slopes, index, sizes, lambda size, population: draw(0, size, population))
        squares = [
            [
                _square(problem.at(look.theta, xp.asarray(draw(j, size, problem.size))))
                for j in range(1 + i, end, len(k))
            ]
            for i, size in enumerate(sizes)
        ]
        means = np.moveaxis(np.mean(squares, axis=1), 0, -1)
        return np.concatenate([fixed, means, rest[..., None], _square(look.whole)[..., None]], axis=-1)

    probe = Probe("growth", measure)
    trace = run(problem, optimizer, steps=steps, batch=batch, every=every, probes=[probe], **options)
    found = trace.probes["growth"][:-1]  # after the last step there is no line
    n = len(k)
    return Growth(trace.probe_steps[:-1], k, found[..., :n], found[..., -2], found[..., n:-2], found[..., -1])


def on_the_line(slopes: np.ndarray, index: np.ndarray, sizes: Any, draw: Any) -> tuple[np.ndarray, np.ndarray]:
    """Mean slopes (*lanes, sizes) of batches on the line of a base batch, and that of the rest of the data (*lanes,).

    slopes: (*lanes, D), of every sample along the base batch's direction; index: (*lanes, B). Smaller batches are the
    steepest samples of the base batch. Larger ones add the first of draw(largest addition, size of the rest), distinct
    numbers (*lanes, largest addition) of samples of the rest, so that each contains those before it.
    """
    own, outside = np.take_along_axis(slopes, index, -1), np.ones(slopes.shape, bool)
    np.put_along_axis(outside, index, False, -1)
    rest = slopes[outside].reshape(*slopes.shape[:-1], -1)
    B, most = index.shape[-1], max(max(sizes) - index.shape[-1], 0)
    added = np.take_along_axis(rest, draw(most, rest.shape[-1]), -1) if most else rest[..., :0]
    steepest = np.sort(own, -1)
    grown = lambda size: np.concatenate([own, added[..., : size - B]], -1)
    means = [(steepest[..., :size] if size < B else grown(size)).mean(-1) for size in sizes]
    return np.stack(means, -1), rest.mean(-1) if rest.shape[-1] else rest.sum(-1)


def _square(point: Any) -> np.ndarray:
    """|g|^2 (*lanes,)."""
    xp = point.problem.xp
    return xp.to_host(xp.vecdot(point.gradient, point.gradient))


def bound(k: Any, B: int, D: int) -> Any:
    """sqrt(k (D - B) / (D - kB)): the most by which ``redefined`` expectations shrink (SGD-06); reached where g = 0."""
    return np.sqrt(k * (D - B) / (D - k * B))


def redefined_law(full: np.ndarray, base: np.ndarray, k: Any, B: int, D: int) -> np.ndarray:
    """``redefined`` by |g|^2 and E |g_B|^2, base: E |g_kB|^2 = |g|^2 + (1/kB - 1/D) tr S (SGD-06)."""
    noise = (base - full) * (1 / (k * B) - 1 / D) / (1 / B - 1 / D)
    return np.sqrt(base / (full + noise))
