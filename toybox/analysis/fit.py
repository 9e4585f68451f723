"""How parabolic lines are, and how alike (Mutschler & Zell 2021, section 4; dissertation, section 5.4).

    parabola = fit(lines.s, lines.full, degree=2, window=(-0.2, 0.2))
    parabola.coefficients                  # (T, *lanes, 3): offset, slope and half the curvature at s = 0
    parabola.relative_mae                  # (T, *lanes): mean absolute error over the range of the line

What is fitted is the sum of squares. So the root mean square error does not rise with the degree, while the mean
absolute error, which the papers report, may: on 7 points by 9/7 from a straight line to a parabola.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.polynomial import Legendre, Polynomial, legendre


class Fit(NamedTuple):
    """Least-squares polynomials of many lines; errors are means over the points of the window."""

    coefficients: np.ndarray  # (..., degree + 1) of s^0, s^1, ..., in this order
    rmse: np.ndarray  # (...) root mean square error: what the fit minimises
    mae: np.ndarray  # (...) mean absolute error of the same fit
    range: np.ndarray  # (...) highest less lowest loss of the line in the window

    @property
    def relative_rmse(self) -> np.ndarray:
        """rmse / range (...); nan for a flat line."""
        return _ratio(self.rmse, self.range)

    @property
    def relative_mae(self) -> np.ndarray:
        """mae / range (...); nan for a flat line."""
        return _ratio(self.mae, self.range)


def fit(s: np.ndarray, lines: np.ndarray, degree: int = 2, window: tuple[float, float] | None = None) -> Fit:
    """Polynomials of ``degree`` 1 to 4 through lines (..., points) on the increasing grid s (points,).

    window: (low, high), the part of the grid that counts (None: all). Lines that are not finite there give nan. Raises
    ``ValueError`` for a bad grid, degree or window, and where the window has too few points for the degree.
    """
    if degree not in (1, 2, 3, 4):
        raise ValueError(f"degree={degree!r} is not accepted; accepted: 1, 2, 3, 4")
    s, lines = _windowed(s, lines, window)
    if len(s) <= degree:
        raise ValueError(
            f"window={window!r} holds {len(s)} points of s; accepted: at least {degree + 1} for the degree"
        )
    x = 2 * (s - s[0]) / (s[-1] - s[0]) - 1
    Q, R = np.linalg.qr(legendre.legvander(x, degree))  # an orthonormal basis on the points
    with np.errstate(invalid="ignore", over="ignore"):
        first = lines[..., :1]
        y = lines - first  # near its own size, rounding is below that of the losses
        parts = y @ Q
        residual = np.abs(y - parts @ Q.T)
        coefficients = parts @ np.linalg.solve(R, np.eye(degree + 1)).T @ _powers(s, degree)
        coefficients[..., :1] += first
        mae, rmse = residual.mean(axis=-1), np.sqrt((residual * residual).mean(axis=-1))
        return Fit(coefficients, rmse, mae, np.ptp(y, axis=-1))


def shape_distances(
    s: np.ndarray,
    lines: np.ndarray,
    window: tuple[float, float] | None = None,
    *,
    normalise: bool = False,
    lag: int | None = None,
) -> np.ndarray:
    """Mean absolute differences of lines (n, points) whose lowest points are shifted to 0: (n, n), symmetric.

    lag: of line i and line i + lag only, (n - lag,). normalise: divide every line by its own range first (a flat one
    stays flat). Without it, as published, flatter lines are nearer to each other whatever their shapes, and the
    distance falls wherever the range of the lines does. No memory is taken beyond the result and one copy of the
    lines. Raises ``ValueError`` for a bad grid, shape, window or lag.
    """
    if np.ndim(lines) != 2:
        raise ValueError(f"lines of shape {np.shape(lines)} are not accepted; accepted: (n, points), one lane")
    s, lines = _windowed(s, lines, window)
    with np.errstate(invalid="ignore"):
        shapes = lines - lines.min(axis=-1, keepdims=True)
        if normalise:
            height = shapes.max(axis=-1, keepdims=True)
            shapes /= np.where(height == 0, 1.0, height)
        if lag is None:
            from scipy.spatial.distance import cdist

            return cdist(shapes, shapes, "cityblock") / len(s)
        if isinstance(lag, bool) or not isinstance(lag, int | np.integer) or not 1 <= lag < len(lines):
            raise ValueError(
                f"lag={lag!r} is not accepted; accepted: whole numbers from 1 to {len(lines) - 1}, or None"
            )
        return np.abs(shapes[lag:] - shapes[:-lag]).mean(axis=-1)


def _windowed(s: np.ndarray, lines: np.ndarray, window: tuple[float, float] | None) -> tuple[np.ndarray, np.ndarray]:
    """Grid and lines inside the window, ends included as far as the rounding of a grid goes."""
    s, lines = np.asarray(s, float), np.asarray(lines, float)
    if s.ndim != 1 or len(s) < 2 or not (np.isfinite(s).all() and (np.diff(s) > 0).all()):
        raise ValueError(f"s of shape {s.shape} is not accepted; accepted: an increasing grid (points,)")
    if lines.shape[-1:] != s.shape:
        raise ValueError(f"lines of shape {lines.shape} do not fit s {s.shape}; accepted: (..., {len(s)})")
    low, high = (s[0], s[-1]) if window is None else window
    edge = 1e-9 * (s[-1] - s[0])
    inside = (s >= low - edge) & (s <= high + edge)
    if inside.sum() < 2:
        raise ValueError(f"window={window!r} is not accepted; accepted: (low, high) with two or more points of s")
    return s[inside], lines[..., inside]


def _powers(s: np.ndarray, degree: int) -> np.ndarray:
    """Row k: the Legendre polynomial P_k on the grid's interval, in powers of s; (degree + 1, degree + 1)."""
    rows = np.zeros((degree + 1, degree + 1))
    for k in range(degree + 1):
        rows[k, : k + 1] = Legendre.basis(k, domain=(s[0], s[-1])).convert(kind=Polynomial).coef
    return rows


def _ratio(error: np.ndarray, height: np.ndarray) -> np.ndarray:
    return np.where(height == 0, np.nan, error / np.where(height == 0, 1.0, height))
