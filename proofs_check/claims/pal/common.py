"""What several of these claims need."""

from __future__ import annotations

from fractions import Fraction as F
from math import inf, sqrt
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import EPS, FloatQuadratic, RationalQuadratic, add, dot, rotation, solve, tol_curvature
from ...claim import close
from ...ours import function, on_rule, walk
from ...proof import where

ZERO = F(0)


def fitted(start, there, b, mu):
    """Eq. 4.2: the curvature a of the parabola through two losses with the slope b, also of terms."""
    return (there - start - b * mu) / mu**2


def step_of(start, there, b, mu):
    """Algorithm 8 where b < 0: PAL's step, also of terms."""
    a = fitted(start, there, b, mu)
    return where(a > 0, -b / (2 * where(a > 0, a, 1)), mu)


def twice(Q):
    return tuple(tuple(2 * v for v in row) for row in Q)


def minimiser(q):
    return solve(twice(q.Q), tuple(-v for v in q.r))


def spectra(rng, lanes, n, decades):
    """G-PDF: eigenvalues over up to so many decades, in random directions; they ascend."""
    h = np.sort(10 ** (rng.uniform(0, 1, (lanes, n)) * rng.uniform(0, decades, (lanes, 1))), axis=1)
    h *= 10 ** rng.uniform(-3, 3, (lanes, 1))
    U = np.stack([rotation(rng, n) for _ in range(lanes)])
    Q = (U * h[:, None]) @ np.swapaxes(U, 1, 2)
    return (Q + np.swapaxes(Q, 1, 2)) / 2, h, U


def worst_weights(h):
    """Parts 1/lmin, 0, ..., 0, 1/lmax in the eigenvectors: from there every exact search gains as little as it can."""
    weights = np.zeros_like(h)
    weights[:, 0] = 1 / h[:, 0]
    weights[:, -1] = 1 / h[:, -1]
    return weights


class Trajectory(NamedTuple):
    """PAL's way on x'Qx as far as T-s is at most 0.05: losses, lengths taken, and those of an exact search."""

    n: int
    condition: float
    s_max: float
    f: np.ndarray  # (steps + 1,)
    arc: np.ndarray  # (steps,)
    best: np.ndarray
    off: np.ndarray  # T-s, relative to best


def exact_searches(Q, x, mu):
    """Lengths of exact searches from x (steps, lanes, n), and T-s of PAL's steps."""
    n = x.shape[-1]
    form = lambda Q, v: np.einsum("tki,kij,tkj->tk", v, Q, v)
    g = 2 * np.einsum("kij,tkj->tki", Q, x)
    slope = np.linalg.norm(g, axis=-1)
    with np.errstate(all="ignore"):
        d = g / slope[..., None]
        a, top = form(Q, d), np.linalg.norm(Q, 2, axis=(1, 2))
        there = np.abs(x - mu[:, None] * d)
        size = form(np.abs(Q), np.abs(x)) + form(np.abs(Q), there) + slope * mu
        wrong = (2 * n + 6) * EPS * np.linalg.norm(2 * np.einsum("kij,tkj->tki", np.abs(Q), np.abs(x)), axis=-1)
        off = ((2 * n + 8) * EPS * size / mu**2 + wrong / mu) / a + (1 + 2 * top / a) * wrong / slope + 4 * EPS
        return slope / (2 * a), np.where(np.isfinite(off), off, inf)


def trajectories(budget, steps=200, decades=3, capped=False, **hyper):
    """Our rule, one Q per lane, known by values and gradients only; mu, and if wanted s_max, differ, too."""
    rng, lanes = budget.rng(), budget.many(70, 1400)
    for n in range(1, 9):
        Q, h, U = spectra(rng, lanes, n, decades)
        weights = rng.standard_normal((lanes, n))
        weights[::2] = worst_weights(h[::2])
        x = np.einsum("kij,kj->ki", U, weights / np.abs(weights).max(1, keepdims=True))
        x *= 10 ** rng.uniform(-3, 3, (lanes, 1))
        mu, s_max = 10 ** rng.uniform(-4, 1, lanes), 10 ** rng.uniform(-3, 1, lanes) if capped else np.full(lanes, inf)
        rule = methods.pal.PAL(**{"mu": mu, "s_max": s_max, **hyper})
        Qx = lambda x, Q=Q: np.einsum("kij,...kj->...ki", Q, x)
        both = lambda x, index, Qx=Qx: (np.einsum("...ki,...ki->...k", x, Qx(x)), 2 * Qx(x))
        found = walk(tb.problems.FromFunction(both, n, 1), on_rule(rule), x, steps)
        theta, arc = found.theta[:, 0], found.trace.arc[:, 0]
        best, off = exact_searches(Q, theta[:-1], mu)
        f = np.einsum("tki,kij,tkj->tk", theta, Q, theta)
        useful = np.logical_and.accumulate((off <= 0.05) & (f[:-1] > 1e-250), axis=0).sum(axis=0)
        for k in np.nonzero(useful)[0]:
            T = useful[k]
            line = (v[:T, k] for v in (arc, best, off))
            yield Trajectory(n, h[k, -1] / h[k, 0], s_max[k], f[: T + 1, k], *line)


relaxations = st.sampled_from([F(k, 4) for k in range(1, 8)])


class Step(NamedTuple):
    x: tuple
    rate: F
    status: tb.Status


def exact_pal(q, x, mu, **hyper):
    """One step of PAL along -g on exact numbers, where |g| is hardly ever one: lengths in multiples of it, as rates."""
    g = q.gradient(x)
    rule = methods.pal.PAL(**{"mu": mu, "s_max": inf, **hyper})
    end = tb.search(rule, lambda s: q.f(add(x, -s, g)), slope0=-dot(g, g))
    return Step(add(x, -end.step, g), end.step, end.status)


def arrays_take(q, mu, rate, **hyper):
    """Along -g our rule on floats goes ``rate`` times the length of the gradient, to T-s: the error of the fitted a,
    and that of the gradient, which b, d and a depend on."""
    Q, r, x = (np.array(v, float) for v in (q.Q, q.r, q.x))
    near, n = FloatQuadratic(Q, r, float(q.c), x, float(mu), np.linalg.eigvalsh(Q)), len(x)
    rule = methods.pal.PAL(**{"mu": near.mu, "s_max": inf, **hyper})
    arc = walk(function(near.f, near.gradient, n), on_rule(rule), x, every=None).trace.arc[0, 0]
    size = np.linalg.norm(near.gradient(x))
    d = near.gradient(x) / size
    a, wrong = d @ Q @ d, (2 * n + 6) * EPS * np.linalg.norm(np.abs(r) + 2 * np.abs(Q) @ np.abs(x))
    turned = (1 + 2 * np.linalg.norm(Q, 2) / a) * wrong / size
    off = (tol_curvature(near, x, -d, near.mu) + wrong / near.mu) / a + turned + 4 * EPS
    wanted = float(rate) * sqrt(dot(q.gradient(q.x), q.gradient(q.x)))
    return close(arc, wanted, off * wanted)


def diagonal(entries, x):
    n = len(entries)
    Q = tuple(tuple(F(entries[i]) * (i == j) for j in range(n)) for i in range(n))
    return RationalQuadratic(Q, (ZERO,) * n, ZERO, tuple(map(F, x)))
