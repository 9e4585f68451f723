"""What several of these claims need."""

from __future__ import annotations

from fractions import Fraction as F
from math import inf, sqrt
from typing import NamedTuple

import numpy as np
import sympy as sp
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import (
    EPS,
    FloatQuadratic,
    RationalQuadratic,
    add,
    dot,
    mean,
    rational_quadratics,
    rationals,
    rotation,
    solve,
    times,
    tol_curvature,
    tol_solve,
    vectors,
)
from ...claim import close, equal
from ...ours import Plain, function, moves, on_rule, walk


@st.composite
def batches_of_quadratics(draw, alike=True, symmetric=True):
    """Losses of up to five batches, with one Q or with one each. Not symmetric: a Q with the same symmetric part."""
    n, m = draw(st.integers(1, 4)), draw(st.integers(2, 5))
    first = draw(rational_quadratics(n=st.just(n)))
    if not symmetric:
        turn = draw(rationals(nonzero=True))
        rows = enumerate(first.Q)
        first = first._replace(
            Q=tuple(tuple(v + turn * ((i > j) - (i < j)) for j, v in enumerate(row)) for i, row in rows)
        )
    if alike:
        return [first, *(first._replace(r=draw(vectors(n))) for _ in range(m - 1))]
    return [first, *(draw(rational_quadratics(n=st.just(n))) for _ in range(m - 1))]


def twice(Q, symmetric=True):
    """Q + Q', or as printed 2 Q."""
    n = len(Q)
    return tuple(tuple(Q[i][j] + (Q[j][i] if symmetric else Q[i][j]) for j in range(n)) for i in range(n))


def minimiser(q, symmetric=True):
    return solve(twice(q.Q, symmetric), tuple(-v for v in q.r))


def mean_gradient(members, x):
    return mean([add(q.r, 1, times(twice(q.Q), x)) for q in members])


ZERO = F(0)


def plain_average(members, symmetric=True):
    """The mean loss has gradient 0 at the mean of the minimisers."""
    found = mean([minimiser(q, symmetric) for q in members])
    return equal(mean_gradient(members, found), (ZERO,) * len(found))


def package_agrees(members):
    """The solution that our problem reports, to T-solve."""
    Q, m = np.array([twice(q.Q) for q in members], float), np.array([minimiser(q) for q in members], float)
    x = tb.problems.NoisyQuadratic(Q, m).solution
    A = Q.mean(axis=0)
    exact = np.array(mean([times(twice(q.Q), minimiser(q)) for q in members]), float)
    return close(A @ x, exact, tol_solve(A, x) + tol_solve(A, np.abs(m).max(axis=0)))


def one_parabola(a, m):
    """a (x - m)^2."""
    return RationalQuadratic(((F(a),),), (F(-2 * a * m),), F(a * m * m), (F(9),))


UNEQUAL = [one_parabola(1, 0), one_parabola(3, 4)]  # x^2 and 3 (x - 4)^2


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


def black_box(Q, m=0.0):
    """(x - m)'Q(x - m), one Q (and m) per lane, known by its values and gradients only."""

    def both(x, index):
        Qx = np.einsum("kij,...kj->...ki", Q, x - m)
        return np.einsum("...ki,...ki->...k", x - m, Qx), 2 * Qx

    return tb.problems.FromFunction(both, Q.shape[-1], 1)


class Trajectory(NamedTuple):
    """PAL's way on x'Qx as far as T-s is at most 0.05: losses, lengths taken, and those of an exact search."""

    n: int
    condition: float
    s_max: float
    f: np.ndarray  # (steps + 1,)
    arc: np.ndarray  # (steps,)
    best: np.ndarray
    slope: np.ndarray  # length of the gradient
    off: np.ndarray  # T-s, relative to best


def exact_searches(Q, x, mu):
    """Lengths of exact searches from x (steps, lanes, n), lengths of the gradients, and T-s of PAL's steps."""
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
        return slope / (2 * a), slope, np.where(np.isfinite(off), off, inf)


def trajectories(budget, steps=200, decades=3, capped=False, **hyper):
    """Our rule on black boxes, hundreds of lanes at once; mu, and if wanted s_max, differ from lane to lane."""
    rng, lanes = budget.rng(), budget.many(70, 1400)
    for n in range(1, 9):
        Q, h, U = spectra(rng, lanes, n, decades)
        weights = rng.standard_normal((lanes, n))
        weights[::2] = worst_weights(h[::2])
        x = np.einsum("kij,kj->ki", U, weights / np.abs(weights).max(1, keepdims=True))
        x *= 10 ** rng.uniform(-3, 3, (lanes, 1))
        mu, s_max = 10 ** rng.uniform(-4, 1, lanes), 10 ** rng.uniform(-3, 1, lanes) if capped else np.full(lanes, inf)
        rule = methods.pal.PAL(**{"mu": mu, "s_max": s_max, **hyper})
        found = walk(black_box(Q), on_rule(rule), x, steps)
        theta, arc = found.theta[:, 0], found.trace.arc[:, 0]
        best, slope, off = exact_searches(Q, theta[:-1], mu)
        f = np.einsum("tki,kij,tkj->tk", theta, Q, theta)
        useful = np.logical_and.accumulate((off <= 0.05) & (f[:-1] > 1e-250), axis=0).sum(axis=0)
        for k in np.nonzero(useful)[0]:
            T = useful[k]
            line = (v[:T, k] for v in (arc, best, slope, off))
            yield Trajectory(n, h[k, -1] / h[k, 0], s_max[k], f[: T + 1, k], *line)


def kantorovich(r):
    """1 - ((r - 1) / (r + 1))^2, the share that an exact search takes off at least."""
    return 4 * r / (r + 1) ** 2


def terms(expression):
    """Minus the number of terms that remain: 0 of an expression that vanishes."""
    expression = sp.expand(expression)
    return 0 if expression == 0 else -len(sp.Add.make_args(expression))


relaxations = st.sampled_from([F(k, 4) for k in range(1, 8)])


def exact_pal(q, x, mu, alpha=1, s_max=inf):
    """One step of PAL on exact numbers; the move's step is a learning rate.

    PAL divides by |g|, which is hardly ever rational. But F(Y) = f(Y g), of a matrix Y with Y g = x, has the gradient
    g g', and that has the length |g|^2. A step s along -g g' / |g|^2 moves Y g by -s g. So PAL on F is PAL on f that
    measures at the distance mu |g|, and its step is s_upd / |g|.
    """
    g, n = q.gradient(x), len(x)
    u = g if any(g) else (F(1),) + (ZERO,) * (n - 1)
    product_of = lambda y: tuple(dot(y[i : i + n], u) for i in range(0, n * n, n))
    outer = lambda v: tuple(a * b for a in v for b in u)
    plain = Plain(lambda y: q.f(product_of(y)), lambda y: outer(q.gradient(product_of(y))))
    start = tuple(v / dot(u, u) for v in outer(x))
    move = moves("pal", plain, start, [(0,)], mu=mu, alpha=alpha, beta=0, s_max=s_max)[0]
    return move._replace(x=product_of(move.x))


def exact_walk(q, mu, steps, **hyper):
    """The iterates and the moves of some such steps, from q.x."""
    xs, moves = [q.x], []
    for _ in range(steps):
        moves.append(exact_pal(q, xs[-1], mu, **hyper))
        xs.append(moves[-1].x)
    return xs, moves


def float_pal(q: FloatQuadratic, **hyper):
    """One step of our rule along -g on values and gradients of floats: its length and its status."""
    rule = methods.pal.PAL(**{"mu": q.mu, "s_max": inf, **hyper})
    trace = walk(function(q.f, q.gradient, len(q.x)), on_rule(rule), q.x, every=None).trace
    return float(trace.arc[0, 0]), int(trace.status[0, 0])


def step_error(q: FloatQuadratic):
    """T-s: relative error of PAL's step from q.x: that of a, and that of the gradient, which b, d and a depend on."""
    g, n = q.gradient(q.x), len(q.x)
    size = float(np.linalg.norm(g))
    d = g / size
    a, wrong = d @ q.Q @ d, (2 * n + 6) * EPS * np.linalg.norm(np.abs(q.r) + 2 * np.abs(q.Q) @ np.abs(q.x))
    turned = (1 + 2 * np.linalg.norm(q.Q, 2) / a) * wrong / size
    return (tol_curvature(q, q.x, -d, q.mu) + wrong / q.mu) / a + turned + 4 * EPS


def floats(q: RationalQuadratic, mu) -> FloatQuadratic:
    Q = np.array(q.Q, float)
    return FloatQuadratic(
        Q, np.array(q.r, float), float(q.c), np.array(q.x, float), float(mu), np.linalg.eigvalsh((Q + Q.T) / 2)
    )


def arrays_take(q, mu, rate, **hyper):
    """Our rule on floats goes ``rate`` times the length of the gradient, to T-s."""
    wanted, near = float(rate) * sqrt(dot(q.gradient(q.x), q.gradient(q.x))), floats(q, mu)
    return close(float_pal(near, **hyper)[0], wanted, step_error(near) * wanted)


def centred(q):
    """The same without linear and constant term."""
    return q._replace(r=(ZERO,) * len(q.x), c=ZERO)


def forms(q, x):
    """x'Qx, x'Q^2x and x'Q^3x."""
    Qx = times(q.Q, x)
    return dot(x, Qx), dot(Qx, Qx), dot(Qx, times(q.Q, Qx))


def decrease(q, x):
    """g(x) of A.8, the decrease of an exact line search."""
    _, second, third = forms(q, x)
    return second * second / third


starts = rational_quadratics().map(centred).filter(lambda q: any(q.x))


def diagonal(entries, x):
    n = len(entries)
    Q = tuple(tuple(F(entries[i]) * (i == j) for j in range(n)) for i in range(n))
    return RationalQuadratic(Q, (ZERO,) * n, ZERO, tuple(map(F, x)))
