"""Which steps a condition accepts: sets of steps, exact for polynomial lines, enclosed for smooth ones.

    phi = line.polynomials()[0]                   # phi(s) - phi(0) of lane 0, an object of numpy.polynomial
    wolfe(phi, 1e-4, 0.9)                         # [0.05, 1.9999] | [2.7, inf)
    near = line.proxy((0.0, 4.0))                 # a smooth line, by an interpolant
    surely, possibly = certified(wolfe, near.polynomials()[0], 1e-4, 0.9, slope_error=near.slope_error[0])

Exact means: the ends are roots to rounding, and nothing is missed between them. A step is s > 0, in a window: (0, inf),
or the domain of a Chebyshev series. Sets are closed, so 0 belongs to one where arbitrarily small steps do, and never as
a single point (where every inequality of eq. 2.17 holds with equality). The inequalities are taken as they stand, on
ascending lines too, where no search takes a step. All functions raise ``ValueError`` for bad arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf
from typing import Any, NamedTuple

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial, chebyshev, polynomial
from scipy.optimize import brentq

EPS, TINY = float(np.finfo(float).eps), float(np.finfo(float).tiny)


@dataclass(frozen=True, repr=False)
class Intervals:
    """A union of disjoint closed intervals of the real line, increasing; ends may be infinite, single points may occur.

    Built from any (low, high) pairs: they are sorted, and joined where they meet.
    """

    pairs: tuple[tuple[float, float], ...] = ()

    def __post_init__(self):
        joined: list[tuple[float, float]] = []
        for low, high in sorted((float(low), float(high)) for low, high in self.pairs):
            if not (low <= high and low < inf and high > -inf):
                raise ValueError(f"pair=({low}, {high}) is not accepted; accepted: low <= high, not the same infinity")
            if joined and low <= joined[-1][1]:
                low, high = joined[-1][0], max(joined.pop()[1], high)
            joined.append((low, high))
        object.__setattr__(self, "pairs", tuple(joined))

    def __iter__(self) -> Iterator[tuple[float, float]]:
        return iter(self.pairs)

    def __or__(self, other: Intervals) -> Intervals:
        return Intervals(self.pairs + other.pairs)

    def __and__(self, other: Intervals) -> Intervals:
        both = ((max(a, c), min(b, d)) for a, b in self for c, d in other)
        return Intervals(tuple((low, high) for low, high in both if low <= high))

    def complement(self, low: float = -inf, high: float = inf) -> Intervals:
        """What the set leaves of the window [low, high], closed again: ends are shared, single points do not count."""
        ends = [low, *(end for pair in self & Intervals(((low, high),)) for end in pair), high]
        return Intervals(tuple((a, b) for a, b in zip(ends[::2], ends[1::2], strict=True) if a < b))

    def contains(self, s: Any) -> np.ndarray:
        """Whether steps s (...) belong to the set: (...) of bool."""
        s, ends = np.asarray(s, float)[..., None], np.reshape(self.pairs, (-1, 2))
        return ((ends[:, 0] <= s) & (s <= ends[:, 1])).any(-1)

    @property
    def measure(self) -> float:
        return sum((high - low for low, high in self), 0.0)

    @property
    def empty(self) -> bool:
        return not self.pairs

    def __repr__(self) -> str:
        """[0, 1.8] | {3} | [4, inf)"""
        ends = [("(" if a == -inf else "[", a, b, ")" if b == inf else "]") for a, b in self]
        pieces = (f"{{{a:.6g}}}" if a == b else f"{left}{a:.6g}, {b:.6g}{right}" for left, a, b, right in ends)
        return " | ".join(pieces) or "{}"


def where(p: Polynomial | Chebyshev, low: float, high: float) -> Intervals:
    """The steps in [low, high] at which p <= 0. What rounding cannot tell from 0 is 0: where p touches 0 from above,
    the set has a single point; where it touches from below, no hole.
    """
    return _below(p, p.coef[None], low, high)


def _below(basis: Polynomial | Chebyshev, c: np.ndarray, low: float, high: float) -> Intervals:
    """Where all rows of c (rows, n), coefficients in the basis of a polynomial, are <= 0.

    The real parts of all roots cut the window (a double root that rounding makes a complex pair is still cut at).
    Between cuts no sign changes: those at the cuts and halfway tell the pieces, and bracket the ends.
    """
    if not (low < high and (isinstance(basis, Polynomial) or (basis.domain[0] <= low and high <= basis.domain[1]))):
        raise ValueError(f"low={low}, high={high} is not accepted; accepted: low < high, inside a series' domain")
    if not np.isfinite(c).all():
        raise ValueError(f"coefficients={c.tolist()} are not accepted; accepted: finite numbers")
    c = c[c.any(-1)] / np.abs(c[c.any(-1)]).max(-1, keepdims=True)  # 0 <= 0 holds everywhere
    if not len(c):
        return Intervals(((low, high),))
    offset, scale = basis.mapparms()
    value = chebyshev.chebval if isinstance(basis, Chebyshev) else polynomial.polyval
    cuts = (np.concatenate([_roots(basis, row) for row in c]) - offset) / scale
    cuts = cuts[(cuts > low) & (cuts < high)]
    far = 1 + 2 * max(abs(x) for x in (0.0, low, high, *cuts.tolist()) if abs(x) < inf)  # no sign changes beyond
    edges = np.sort([max(low, -far), *cuts, min(high, far)])
    s = np.sort(np.concatenate([edges, (edges[1:] + edges[:-1]) / 2]))
    height = (value(offset + scale * s, c.T) / (_rounding(basis, c, offset + scale * s) + TINY)).max(0)

    def end(outside: int, inside: int) -> float:
        excess = lambda x: max(value(offset + scale * x, row) for row in c)
        return brentq(excess, s[outside], s[inside], xtol=TINY, rtol=4 * EPS, maxiter=2000)

    pairs = []
    for first, last in _runs(height <= 1):
        below = first + np.flatnonzero(height[first : last + 1] < -1)
        if len(below):
            left = low if first == 0 else end(first - 1, below[0])
            right = high if last == len(s) - 1 else end(last + 1, below[-1])
        else:
            middle = s[(first + last) // 2]  # rounding spreads a touching root evenly
            left = right = low if first == 0 else high if last == len(s) - 1 else middle
        pairs.append((left, right))
    return Intervals(tuple(pairs))


def _roots(basis: Polynomial | Chebyshev, c: np.ndarray) -> np.ndarray:
    """Real parts of the roots, in the variable of the basis. Last coefficients too small to matter are left out: of a
    series, below rounding; of a polynomial, those with roots so far away that the powers would overflow."""
    series = isinstance(basis, Chebyshev)
    c = c[: np.flatnonzero(np.abs(c) > (EPS if series else 10.0 ** (-290 / len(c))))[-1] + 1]
    return (chebyshev.chebroots(c) if series else polynomial.polyroots(c)).real


def _rounding(basis: Polynomial | Chebyshev, c: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A bound of the rounding error of the sums at x (k,), and of what their coefficients inherit: (rows, k)."""
    weights = 4 * EPS * np.abs(c) * np.arange(1, c.shape[-1] + 1) ** 2
    return weights.sum(-1)[:, None] if isinstance(basis, Chebyshev) else polynomial.polyval(np.abs(x), weights.T)


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """First and last index of every run of True."""
    turns = np.flatnonzero(np.diff(flags, prepend=False, append=False)).tolist()
    return [(first, after - 1) for first, after in zip(turns[::2], turns[1::2], strict=True)]


# Conditions. Each is a list of rows (a, b, c, d, e), all of which must hold:
#     a (phi(s) - phi(0)) + b phi'(s) + c phi'(0) + d |phi'(0)| + e s phi'(0) <= 0


def armijo(phi: Any, c1: float, **options: Any) -> Intervals:
    """Sufficient decrease: phi(s) <= phi(0) + c1 s phi'(0) (dissertation, eq. 2.17)."""
    return _accepted([(1, 0, 0, 0, -c1)], phi, **options)


def wolfe(phi: Any, c1: float, c2: float, **options: Any) -> Intervals:
    """Sufficient decrease and curvature: phi'(s) >= c2 phi'(0) (eqs. 2.17 and 2.18)."""
    return _accepted([(1, 0, 0, 0, -c1), (0, -1, c2, 0, 0)], phi, **options)


def strong_wolfe(phi: Any, c1: float, c2: float, **options: Any) -> Intervals:
    """Sufficient decrease and |phi'(s)| <= c2 |phi'(0)| (Nocedal & Wright 2006, eq. 3.7)."""
    return _accepted([(1, 0, 0, 0, -c1), (0, 1, 0, -c2, 0), (0, -1, 0, -c2, 0)], phi, **options)


def goldstein(phi: Any, c: float, **options: Any) -> Intervals:
    """Between two lines: (1 - c) s phi'(0) <= phi(s) - phi(0) <= c s phi'(0) (Nocedal & Wright 2006, eq. 3.11)."""
    return _accepted([(1, 0, 0, 0, -c), (-1, 0, 0, 0, 1 - c)], phi, **options)


def gols(phi: Any, c2: float, **options: Any) -> Intervals:
    """What GOLS-I accepts at once: 0 <= phi'(s) <= c2 |phi'(0)| (eq. 2.24), on the same batch."""
    return _accepted([(0, -1, 0, 0, 0), (0, 1, 0, -c2, 0)], phi, **options)


class Certified(NamedTuple):
    surely: Intervals
    possibly: Intervals


def certified(
    condition: Callable[..., Intervals], phi: Any, *constants: float, slope_error: float, **options: Any
) -> Certified:
    """Inner and outer set of a condition on a line that is known through phi only: its slope differs from phi' by at
    most ``slope_error`` on the window. Its change then differs by at most slope_error s, as both are 0 at 0."""
    if not 0 <= slope_error < inf:
        raise ValueError(f"slope_error={slope_error} is not accepted; accepted: [0, inf)")
    return Certified(*(condition(phi, *constants, margin=sign * slope_error, **options) for sign in (1, -1)))


def _accepted(
    rows: list[tuple[float, ...]], phi: Any, window: tuple[float, float] | None = None, margin: float = 0.0
) -> Intervals:
    """The steps at which all rows hold for every line whose slope is off by ``margin``; for any, if it is negative."""
    series = isinstance(phi, Chebyshev)
    low, high = window or ((max(0.0, phi.domain[0]), phi.domain[1]) if series else (0.0, inf))
    if not low >= 0 or (series and not phi.domain[0] <= 0):
        raise ValueError(f"window={(low, high)} is not accepted; accepted: steps s >= 0, and 0 in the domain of phi")
    weights, (offset, scale), slope = np.array(rows, float), phi.mapparms(), phi.deriv()
    slope0, n = float(slope(0.0)), max(2, len(phi.coef))
    terms = np.zeros((5, n))  # phi - phi(0), phi', phi'(0), |phi'(0)| and s phi'(0), in the basis of phi
    terms[0, : len(phi.coef)], terms[1, : len(slope.coef)] = phi.coef, slope.coef
    terms[2, 0], terms[3, 0], terms[4, :2] = slope0, abs(slope0), (-slope0 * offset / scale, slope0 / scale)
    error = np.zeros((5, n))  # how much they may be off
    error[1:4, 0], error[[0, 4], :2] = 1, (-offset / scale, 1 / scale)
    found = _below(phi, weights @ terms + margin * np.abs(weights) @ error, low, high)
    return Intervals(tuple(pair for pair in found if pair != (0, 0)))
