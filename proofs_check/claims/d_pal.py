"""Section D, third part: how fast PAL converges on a quadratic, and what its way does not depend on.

Dissertation, section 2.7, Proposition 1, section 4.4.1 and appendix A.1.1.
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise
from math import inf, log, sqrt
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ..cases import (
    EPS,
    RationalQuadratic,
    dot,
    positive,
    rational_quadratics,
    rotation,
    solve,
    times,
)
from ..claim import Check, Claim, Contrast, above, at_most, below, close, equal, only
from ..ours import on_rule, walk
from .d_quadratics import ZERO
from .d_steps import centred, diagonal, exact_pal, exact_walk

# --- many trajectories at once


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


def kantorovich(r):
    """1 - ((r - 1) / (r + 1))^2, the share that an exact search takes off at least."""
    return 4 * r / (r + 1) ** 2


# --- PAL-P1: PAL converges


def falls_fast(t):
    """f(x+) <= f(x) (1 - (1 - delta^2) 4r/(r+1)^2): a step off by delta is alpha = 1 - delta or 1 + delta.

    Rounding of values and gradients: T-eig, relative to the smallest eigenvalue.
    """
    bound = t.f[:-1] * (1 - (1 - t.off**2) * kantorovich(t.condition))
    return below(t.f[1:], bound, 64 * t.n * EPS * t.condition * t.f[:-1])


def first_case_only(t):
    """Every step is that of an exact search: no a <= 0, no step mu."""
    return close(t.arc, t.best, t.off * t.best)


def exactly(q, mu, steps=2):
    """Steps of PAL on exact numbers are exact searches: f(x+) = f(x) - (g'g)^2 / (4 g'Qg), never below the minimum."""
    xs, walked = exact_walk(q, mu, steps)
    least = q.f(solve([[2 * v for v in row] for row in q.Q], [-v for v in q.r]))
    slack = [ZERO]
    for (x, y), move in zip(pairwise(xs), walked, strict=True):
        g = q.gradient(x)
        if any(g):
            second, third = dot(g, g), dot(g, times(q.Q, g))
            slack += [equal(move.step, second / (2 * third)), equal(q.f(y), q.f(x) - second**2 / (4 * third))]
            slack += [above(q.f(x), q.f(y)), at_most(least, q.f(y))]
    return min(slack)


def same_end(second):
    """One step of PAL on 2 x^2 + second y^2, from two starts: to minima, and to the same one."""
    q = diagonal((2, second), (3, 1))
    ends = [exact_pal(q, (F(3), F(y)), F(1)).x for y in (1, 4)]
    return {"minima": equal([q.gradient(x) for x in ends], [(ZERO, ZERO)] * 2), "the same": equal(*ends)}


INDEFINITE = RationalQuadratic(((F(1), ZERO), (ZERO, F(-1))), (ZERO, ZERO), ZERO, (F(1), F(2)))

PAL_P1 = Claim(
    id="PAL-P1",
    title="Proposition 1: PAL converges",
    source="dissertation, Proposition 1",
    statement="PAL with exact slopes, without momentum, relaxation and largest step, converges to the minimum of every"
    " positive definite quadratic from every start and for every mu; only its first case occurs.",
    formula=r"\beta = 0,\ \alpha = 1,\ s_{\max} = \infty,\ Q \succ 0 \ \Rightarrow\ x_n \to -\tfrac12 Q^{-1} r",
    kind="property",
    verdict="holds",
    finding="At Kantorovich's rate, as long as rounding leaves anything of the fitted curvature.",
    checks=[
        Check("the rate on floats", falls_fast, trajectories),
        Check("exact searches on floats", first_case_only, trajectories),
        Check(
            "exact numbers",
            exactly,
            st.tuples(rational_quadratics(n=st.integers(1, 3)), positive()),
            examples=60,
        ),
        Check(
            "three exact steps",
            lambda q, mu: exactly(q, mu, 3),
            st.tuples(rational_quadratics(n=st.integers(1, 2)), positive()),
            30,
        ),
        Check("one end", lambda: same_end(2)),
        Check("minima of a singular Q", lambda: same_end(0)["minima"]),
    ],
    controls=[
        Check("alpha = 2", falls_fast, lambda budget: trajectories(budget, 3, alpha=2.0)),
        Check("an indefinite Q", lambda: exactly(INDEFINITE, F(1))),
        Check("a singular Q has one end", lambda: same_end(0)["the same"]),
    ],
)


# --- PAL-RATE: Kantorovich's rate


class Stretch(NamedTuple):
    """A step of exact line search on E = x'Qx / 2: values before and after, and what they depend on."""

    before: float
    after: float
    condition: float
    n: int


def stretches(budget):
    """Exact line searches of our own, from random and from the worst starts."""
    rng, lanes = budget.rng(), budget.many(80, 1600)
    along = tb.Optimizer(tb.methods.fixed.Unit(), methods.exact.Exact(inf))
    own = np.arange(lanes)[:, None]
    for n in range(2, 9):
        Q, h, U = spectra(rng, lanes, n, 8)
        weights = rng.standard_normal((lanes, n)) * h ** rng.uniform(-1.5, 0.5, (lanes, 1))
        weights[::2] = worst_weights(h[::2])
        problem = tb.problems.NoisyQuadratic(Q, np.zeros((lanes, n)))
        x = np.einsum("kij,kj->ki", U, weights)
        theta = walk(problem, along, x, sampler=lambda t, j: own, batch=1, seeds=range(lanes)).theta
        E = np.einsum("tki,kij,tkj->tk", theta, Q, theta) / 2
        yield from map(Stretch, *E, h[:, -1] / h[:, 0], [n] * lanes)


def shrinks(step, power=2, condition=lambda r: r):
    """E(x+) <= ((r - 1) / (r + 1))^2 E(x), up to rounding of the two values, relative to the smallest eigenvalue."""
    r = condition(step.condition)
    tolerance = 64 * step.n * EPS * step.condition * step.before
    return below(step.after, ((r - 1) / (r + 1)) ** power * step.before, tolerance)


def attained(r):
    """PAL on exact numbers keeps that ratio from the worst start, step after step."""
    q = diagonal((1, r), (1, F(1, r)))
    f = [q.f(x) for x in exact_walk(q, F(1, 2), 3)[0]]
    return equal(f[1:], [F(r - 1, r + 1) ** 2 * v for v in f[:-1]])


def two_variables(q, mu):
    """With two eigenvalues 4r/(r+1)^2 is 4 det / trace^2, a rational number."""
    (a, b), (_, d) = q.Q
    share = 1 - 4 * (a * d - b * b) / (a + d) ** 2
    return at_most(q.f(exact_pal(q, q.x, mu).x), share * q.f(q.x))


def steps_needed(r, target=1e-6):
    """Our PAL needs r/4 ln(1/target) steps: ln((r+1)/(r-1)) = 2/r (1 + 1/(3 r^2) + ...), and steps are whole."""
    problem = tb.problems.NoisyQuadratic(2 * np.diag([1.0, float(r)])[None], np.zeros((1, 2)))
    wanted = r / 4 * log(1 / target)
    trace = walk(
        problem, on_rule(methods.pal.PAL(s_max=inf)), np.array([1.0, 1 / r]), steps=int(1.1 * wanted) + 5
    ).trace
    E = trace.full_loss[:, 0]
    return close(int(np.argmax(E <= target * E[0])), wanted, 1 + wanted / (2 * r * r))


PAL_RATE = Claim(
    id="PAL-RATE",
    title="Kantorovich's rate",
    source="dissertation, section 2.7",
    statement="On a positive definite quadratic with condition number r, a step of exact line search along the negative"
    " gradient leaves at most this share of the distance to the smallest value. From the worst start the share is left"
    " by every step.",
    formula=r"E(\theta_{t+1}) \le \left(\frac{r - 1}{r + 1}\right)^2 E(\theta_t)",
    kind="property",
    verdict="holds",
    finding="So about r/4 ln(1/epsilon) steps to a share epsilon of the first distance.",
    checks=[
        Check("exact searches of ours", shrinks, stretches),
        Check("PAL from the worst start, exactly", attained, lambda budget: [2, 10, 1000]),
        Check(
            "PAL in two variables, exactly",
            two_variables,
            st.tuples(rational_quadratics(n=st.just(2)).map(centred), positive()),
            examples=100,
        ),
        Check("how many steps", steps_needed, lambda budget: [10, 100, 500]),
    ],
    controls=[
        Check("exponent 3", lambda step: shrinks(step, power=3), stretches),
        Check("root of r", lambda step: shrinks(step, condition=sqrt), stretches),
    ],
)


# --- PAL-INV: invariances


class Change(NamedTuple):
    """x -> shift + scale A x of variables, and loss -> factor loss + constant."""

    A: np.ndarray  # (lanes, n, n)
    shift: np.ndarray  # (lanes, n)
    scale: np.ndarray  # (lanes,)
    factor: np.ndarray
    constant: np.ndarray

    def image(self, x):
        return self.shift + self.scale[:, None] * np.einsum("kij,...kj->...ki", self.A, x)

    def problem(self):
        """The changed sum of log cosh x_i + 0.3 x_i^2."""
        inverse = np.linalg.inv(self.A) / self.scale[:, None, None]

        def both(y, index):
            x = np.einsum("kij,...kj->...ki", inverse, y - self.shift)
            loss = (np.abs(x) + np.log1p(np.exp(-2 * np.abs(x))) - log(2) + 0.3 * x * x).sum(-1)
            slope = np.einsum("kji,...kj->...ki", inverse, np.tanh(x) + 0.6 * x)
            return self.factor * loss + self.constant, self.factor[:, None] * slope

        return tb.problems.FromFunction(both, self.A.shape[-1], 1)


def nothing(lanes, n):
    one = np.ones(lanes)
    return Change(np.broadcast_to(np.eye(n), (lanes, n, n)), np.zeros((lanes, n)), one, one, 0 * one)


def three_steps(change, mu, x):
    """Iterates of our rule from the image of x, and its trace."""
    return walk(change.problem(), on_rule(methods.pal.PAL(mu, s_max=inf)), change.image(x), 3)


def changes(budget):
    """Three steps of our rule, and of the same after changes of variables or of the loss: pairs (found, image).

    With them comes a tolerance relative to the largest coordinate: three times T-s, with a >= 0.3 for this function,
    twice, since both ways have errors. Kept are lanes where that is at most 1e-9.
    """
    rng, lanes = budget.rng(), budget.many(120, 2400)
    for n in range(1, 7):
        same, x, mu = nothing(lanes, n), rng.standard_normal((lanes, n)) * 3, 10 ** rng.uniform(-1.5, 0.5, lanes)
        power, U = 10 ** rng.uniform(-2, 2, lanes), np.stack([rotation(rng, n) for _ in range(lanes)])
        shear = np.broadcast_to(np.eye(n) + 0.5 * np.eye(n, k=1), (lanes, n, n))
        kinds = {
            "translation": (same._replace(shift=rng.standard_normal((lanes, n)), constant=rng.normal(0, 3, lanes)), mu),
            "loss scaling": (same._replace(factor=power), mu),
            "orthogonal": (same._replace(A=U), mu),
            "weights and mu": (same._replace(scale=power), power * mu),
            "weights": (same._replace(scale=power), mu),
            "shear": (same._replace(A=shear), mu),
        }
        base = three_steps(same, mu, x)
        largest = np.abs(base.trace.full_loss[:, 0]).max(axis=0) + 4 * mu + mu**2 + 10
        tolerance = 6 * (2 * n + 8) * EPS * 2 * largest / (0.3 * mu**2)
        theta = {
            kind: (three_steps(change, m, x).theta[:, 0], change.image(base.theta[:, 0]))
            for kind, (change, m) in kinds.items()
        }
        for k in np.nonzero(tolerance < 1e-9)[0]:
            yield {kind: (found[:, k], image[:, k]) for kind, (found, image) in theta.items()}, tolerance[k]


def same_distance(x, mu, gamma):
    """In one variable: gamma times the iterate without the change, if it were as printed."""
    same = nothing(1, 1)
    plain, wide = (
        three_steps(change, mu, np.array([[x]])).theta[-1].item()
        for change in (same, same._replace(scale=np.array([gamma])))
    )
    return Contrast(gamma * plain, wide, rounding=1e-9)


def commutes(pairs, tolerance, *kinds):
    return {kind: close(*pairs[kind], tolerance * np.abs(pairs[kind][1]).max()) for kind in kinds}


def scaled_quadratic(q, mu, scale):
    """On a quadratic the same mu does, too: PAL on f(y / scale) from scale x."""
    if not any(q.gradient(q.x)):
        return ZERO
    wide = q._replace(
        Q=tuple(tuple(v / scale**2 for v in row) for row in q.Q),
        r=tuple(v / scale for v in q.r),
        x=tuple(v * scale for v in q.x),
    )
    return equal(exact_pal(wide, wide.x, mu).x, tuple(scale * v for v in exact_pal(q, q.x, mu).x))


PAL_INV = Claim(
    id="PAL-INV",
    title="Invariances",
    source="dissertation, section 4.4.1 and appendix A.1.1",
    statement="PAL does not care where the origin is, in which orthogonal coordinates the weights are given, and by"
    " which factor the loss is multiplied; and its measuring distance does not depend on the scale of the weights.",
    formula=r"\tilde f(y) = f(y / \gamma) \ \Rightarrow\ \tilde x_n(\mu) = \gamma\, x_n(\mu)",
    kind="property",
    verdict="corrected",
    finding="Translations, orthogonal changes of variables and factors of the loss leave the trajectory as it is. A"
    " change of the scale of weights does so only if mu is scaled, too, or the loss is quadratic along the line.",
    corrected=r"\tilde f(y) = f(y / \gamma) \ \Rightarrow\ \tilde x_n(\gamma \mu) = \gamma\, x_n(\mu)",
    checks=[
        Check(
            "three steps",
            lambda *pairs: commutes(*pairs, "translation", "loss scaling", "orthogonal", "weights and mu"),
            changes,
        ),
        Check(
            "quadratics on exact numbers",
            scaled_quadratic,
            st.tuples(rational_quadratics(), positive(), positive()),
            examples=60,
        ),
    ],
    controls=[
        Check("a change of variables that is not orthogonal", lambda *pairs: commutes(*pairs, "shear"), changes),
        Check("same mu: equal to 1e-3", lambda pairs, _: commutes(pairs, 1e-3, "weights"), changes),
    ],
    counterexamples=[Check("three steps from gamma x, all scaled but mu", same_distance, only(2.0, 1.0, 3.0))],
)


CLAIMS = (PAL_P1, PAL_RATE, PAL_INV)
