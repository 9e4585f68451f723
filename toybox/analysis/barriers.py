"""The full loss between consecutive iterates: barriers, minima, the floor of the valley (A Walk with SGD, section 2).

    walked = path(problem, tb.method("sgd", rate=0.1), steps=400, batch=100, seeds=range(5))
    found = segments(problem, walked)
    found.sampled.sum(axis=0)    # (5,): steps on which ten points show a barrier, as published
    found.barriers.sum(axis=0)   # (5,): all interior maxima above both ends

A barrier is a point between two iterates whose loss is above that of both. On a line that its Chebyshev interpolant
reproduces, all stationary points are roots of a polynomial, so no barrier is missed, however narrow.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..chebyshev import roots
from ..hyper import is_whole
from ..optimizer import Optimizer, run
from ..record import Probe

FINE = 257  # points that stand in for an interpolant that does not converge
AT_ONCE = 1 << 15  # samples times lines that are evaluated together: the arrays stay in the cache


class Segments(NamedTuple):
    """The lines from theta_t (alpha = 0) to theta_{t+1} (alpha = 1). Losses are changes from the loss at alpha = 0."""

    loss: np.ndarray  # (T, *lanes) at alpha = 0
    along: np.ndarray  # (T, *lanes, points) at equidistant alpha, both ends among them
    slopes: np.ndarray  # (T, *lanes, 2) by alpha, at both ends
    place: np.ndarray  # (T, *lanes) alpha of the lowest point
    lowest: np.ndarray  # (T, *lanes) the change there
    barriers: np.ndarray  # (T, *lanes) how many interior maxima are above both ends
    highest: np.ndarray  # (T, *lanes) the change at the highest of them; nan where there is none
    moved: np.ndarray  # (T, *lanes) bool; a step of size 0 is no segment
    exact: np.ndarray  # (T, *lanes) bool; elsewhere 257 points stand in for the stationary points

    @property
    def sampled(self) -> np.ndarray:
        """Whether the points show a barrier (T, *lanes): a lower bound of ``barriers`` > 0 (WALK-08)."""
        return crossed(self.along)

    @property
    def height(self) -> np.ndarray:
        """l* - (l_t + l_{t+1}) / 2 (T, *lanes): section 3's height with the sign that makes it positive (WALK-08)."""
        return self.highest - self.along[..., -1] / 2

    @property
    def inside(self) -> np.ndarray:
        """Whether the lowest point is inside; on a convex line iff phi'(0) < 0 < phi'(1) (WALK-11)."""
        return self.moved & (self.place > 0) & (self.place < 1)

    @property
    def floor(self) -> np.ndarray:
        """The loss at the lowest point of every segment (T, *lanes), the dashed line of fig. 1."""
        return self.loss + self.lowest

    @property
    def rises(self) -> np.ndarray:
        """Whether the floor of the next segment is higher (T - 1, *lanes), by more than 1e-12 of the loss (EMP-16)."""
        return np.diff(self.floor, axis=0) > 1e-12 * np.abs(self.loss[:-1])


def path(problem: Any, optimizer: Optimizer, *, steps: int, batch: int, **options: Any) -> np.ndarray:
    """The iterates of a run (steps + 1, *lanes, dim). options: those of ``tb.run`` (seeds, theta, sampler, ...)."""
    look = Probe("theta", lambda look: look.theta)
    return run(problem, optimizer, steps=steps, batch=batch, every=1, probes=[look], **options).probes["theta"]


def segments(problem: Any, path: np.ndarray, points: int = 10) -> Segments:
    """What is between the iterates of a path (T + 1, *lanes, dim). points: of the sampled losses; published are 10.

    Raises ``ValueError`` for a path of less than two iterates, or for fewer than three points.
    """
    if not is_whole(points, 3):
        raise ValueError(f"points={points!r} is not accepted; accepted: a whole number of at least 3")
    if path.ndim < 2 or len(path) < 2 or path.shape[-1] != problem.dim:
        raise ValueError(f"path of shape {path.shape} is not accepted; accepted: (T + 1, *lanes, {problem.dim}), T > 0")
    many = max(1, AT_ONCE // (problem.size * (path[0].size // problem.dim)))
    parts = [_between(problem, path[t : t + many + 1], points) for t in range(0, len(path) - 1, many)]
    return Segments(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _between(problem: Any, path: np.ndarray, points: int) -> Segments:
    xp, host = problem.xp, problem.xp.to_host
    with np.errstate(all="ignore"):
        theta, d = (xp.asarray(part, dtype=problem.dtype) for part in (path[:-1], np.diff(path, axis=0)))
        line = problem.at(theta, problem.population).along(d)
        proxy = line.proxy((0.0, 1.0))
        exact, lanes = host(proxy.converged & xp.all(xp.isfinite(proxy.coefficients), axis=-1)), theta.shape[:-1]

        def ask(question, alpha):
            grid = np.broadcast_to(alpha, (*lanes, len(alpha)))
            return host(question(xp.asarray(np.ascontiguousarray(grid), dtype=problem.dtype)))

        along, slopes = ask(line.change, np.linspace(0, 1, points)), ask(proxy.slope, np.array([0.0, 1.0]))
        grid = np.linspace(0, 1, FINE)
        fine = along if exact.all() else ask(line.change, grid)
        polynomials, error, found = proxy.polynomials(), host(proxy.error), np.empty((*lanes, 4))
        for lane in np.ndindex(lanes):
            stationary = _stationary(polynomials[lane]) if exact[lane] else _turning(grid, fine[lane])
            found[lane] = _extremes(*stationary, along[lane][-1], error[lane] if exact[lane] else 0.0)
    place, lowest, barriers, highest = np.moveaxis(found, -1, 0)
    moved = (np.diff(path, axis=0) != 0).any(-1)
    count = barriers.astype(int)
    return Segments(host(line.value0), along, slopes, place, lowest, count, highest, moved, exact)


def _stationary(p: np.polynomial.Chebyshev) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places, values, and whether it is a maximum, of all stationary points inside."""
    slope = p.deriv()
    alpha = roots(slope.trim(1e-13 * np.abs(slope.coef).max()))  # what is below its error only makes a larger matrix
    alpha = alpha[(alpha > 0) & (alpha < 1)]
    return alpha, p(alpha), p.deriv(2)(alpha) < 0


def _turning(alpha: np.ndarray, change: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same of the points of a grid."""
    rise = np.diff(change)
    turns = np.flatnonzero((rise[:-1] > 0) != (rise[1:] > 0)) + 1
    return alpha[turns], change[turns], rise[turns - 1] > 0


def _extremes(
    alpha: np.ndarray, change: np.ndarray, maximum: np.ndarray, end: float, error: float
) -> tuple[float, float, int, float]:
    """Place and change of the lowest point, number of barriers, change at the highest: a line by its stationary points.

    What is above the higher end by no more than the error of the losses is no barrier, and no minimum if below.
    """
    rounding = error + 16 * np.finfo(change.dtype).eps * np.abs([*change, end]).max()
    barrier = maximum & (change > max(0.0, end) + rounding)
    highest = change[barrier].max(initial=-np.inf)
    low = min(0.0, end)
    inside = len(change) > 0 and change.min() < low - rounding
    place, lowest = (alpha[change.argmin()], change.min()) if inside else (float(end < 0), low)
    return place, lowest, barrier.sum(), highest if barrier.any() else np.nan


def crossed(losses: np.ndarray) -> np.ndarray:
    """Whether a point inside is above both ends: losses (..., points) from one iterate to the next -> (...).

    By more than the rounding of losses of that size.
    """
    rounding = 16 * np.finfo(losses.dtype).eps * np.abs(losses).max(-1)
    return losses[..., 1:-1].max(-1) > np.maximum(losses[..., 0], losses[..., -1]) + rounding
