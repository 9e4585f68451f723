"""Section N, fourth part: the floor of the valley, and minima between iterates (A Walk with SGD, sections 2 and 3)."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ..cases import (
    EPS,
    add,
    dot,
    positive,
    powers,
    rational_quadratics,
    rotation,
    scale,
    seeds,
    times,
    vectors,
)
from ..claim import ERRORS, Check, Claim, above, at_most, close, equal
from ..ours import Plain, Quadratics, line, moves, on_rule, walk

# --- SGD at stationarity, in many lanes


class Noisy(NamedTuple):
    """Six eigenvalues h between 2/19 and 1 and 100 minimisers whose mean is 0 and whose covariance S is the identity.

    SGD with batches of 10 distinct samples has noise of variance (1/10 - 1/100) h^2 along each eigenvector, and if that
    were normal the stationary variance would be eta (1/10 - 1/100) h / (2 - eta h).
    """

    eta: float
    many: int
    seed: int

    @property
    def h(self):
        return np.geomspace(2 / 19, 1, 6)

    def run(self, burn=20, keep=20):
        """Our SGD in many lanes: problem, and iterates (keep + 1, many, 6) after a while."""
        rng = np.random.default_rng(self.seed)
        m = rng.standard_normal((100, 6))
        m = (m - m.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(m.T))).T
        problem = tb.problems.NoisyQuadratic(np.diag(self.h), m)
        spread = np.sqrt(self.eta * (1 / 10 - 1 / 100) * self.h / (2 - self.eta * self.h))
        theta = spread * rng.standard_normal((self.many, 6))
        optimizer, lanes = on_rule(methods.fixed.Fixed(rate=self.eta)), range(self.many)
        steps = burn + keep
        path = walk(problem, optimizer, theta, steps, "fresh", 10, seeds=lanes).theta
        return problem, path[burn:]

    def lines(self):
        """The full-batch lines from each iterate to the next, whose step is 1."""
        problem, path = self.run()
        return problem.at(path[:-1], problem.population).along(np.diff(path, axis=0))


def noisy(*rates):
    return lambda budget: [Noisy(eta, budget.many(400, 1200), budget.seed) for eta in rates]


def bend_of(line):
    """The curvature of a line that has one."""
    return line.curvature(0 * line.slope0[..., None])[..., 0]


# --- WALK-10: when the floor rises


def floors(problem, x, batches, rate, full):
    """Along SGD: minima of the full-batch lines along its gradient, and of the steps themselves, on exact numbers."""
    on_lines, on_steps = [], []
    for batch in batches:
        low = moves("exact-full", problem, x, [batch])[0]
        after = moves("sgd", problem, x, [batch], rate=rate)[0].x
        on_lines.append(problem.value(low.x, full))
        on_steps.append(on_lines[-1] if low.step < rate else problem.value(after, full))
        x = after
    return on_lines, on_steps


def sinks(h, c, factor):
    """Gradient descent with factor times 2 / largest eigenvalue, axes along the eigenvectors: neither floor rises."""
    Q = tuple(tuple(v * (i == j) for j in range(len(h))) for i, v in enumerate(h))
    return both_fall(Quadratics([Q], [(F(0),) * len(h)]), c, 2 * factor / max(h))


def sinks_rotated(q, factor):
    """In any axes, with factor times 2 / largest row sum, which is at least the largest eigenvalue."""
    H = tuple(scale(2, row) for row in q.Q)
    return both_fall(Quadratics([H], [q.r]), q.x, 2 * factor / max(sum(map(abs, row)) for row in H))


def both_fall(problem, x, rate):
    on_lines, on_steps = floors(problem, x, [(0,)] * 4, rate, (0,))
    return {"lines": falling(on_lines), "steps": falling(on_steps)}


def falling(found):
    return min(at_most(later, former) for former, later in pairwise(found))


def two_batches():
    """Two minimisers, and batches of one sample each in turn, from the common minimum on."""
    problem = Quadratics([((F(1), F(0)), (F(0), F(3)))] * 2, [(F(1), F(0)), (F(-1), F(1))])
    return falling(floors(problem, (F(0), F(1, 2)), [(0,), (1,)] * 2, F(1, 5), (0, 1))[1])


class Bowl(NamedTuple):
    """f(x) = 1/2 x'Hx, four starts (4, 1, n) and five rates."""

    H: np.ndarray
    x: np.ndarray
    rates: np.ndarray


@st.composite
def bowls(draw, largest=1.0):
    """Up to ``largest`` times 2 / largest eigenvalue, which is among the rates; conditions up to 1e3."""
    n, rng = draw(st.integers(2, 5)), np.random.default_rng(draw(seeds))
    U, h = rotation(rng, n), 10 ** rng.uniform(0, draw(st.floats(0, 3)), n) * draw(powers(-3, 3))
    H = (U * h) @ U.T
    rates = 2 * largest / h.max() * np.append(draw(powers(-3, 0)) * rng.uniform(0, 1, 4), 1)
    return Bowl((H + H.T) / 2, (rng.standard_normal((4, 1, n)) * 10 ** rng.uniform(-2, 0, n)) @ U.T, rates)


def arrays_sink(case):
    """The same on our arrays: 4 starts, 5 rates, 2 iterates. By how much the floor m sank, in units of m.

    Rounding: T-quad of the loss, of which m is what the line leaves, n EPS |x| |H| |x|; and an iterate that misses
    dx = (n + 4) EPS (|x| + eta |H| |x|), which changes m by |(1 - tau H)^2 g| |dx|, tau the step to the line's minimum.
    """
    problem, n = tb.problems.NoisyQuadratic(case.H, np.zeros(case.H.shape[0])), len(case.H)
    theta = walk(problem, on_rule(methods.fixed.Fixed(rate=case.rates)), case.x, 1, seeds=range(4)).theta
    point = problem.at(theta, problem.population)
    line = point.along(-point.gradient)
    tau = -line.slope0 / bend_of(line)
    floor = line.value0 + line.slope0 * tau / 2
    left = lambda v: v - tau[..., None] * (v @ case.H)
    away = np.abs(theta) @ np.abs(case.H)
    dx = (n + 4) * EPS * np.linalg.norm(np.abs(theta) + case.rates[:, None] * away, axis=-1)
    quad = (2 * n + 4) * EPS * (away * np.abs(theta)).sum(axis=-1)
    tolerance = 2 * quad + 2 * dx * np.linalg.norm(left(left(point.gradient)), axis=-1)
    allowed = tolerance[:-1] + tolerance[1:]
    return float(np.min((floor[:-1] - floor[1:] + allowed) / (floor[:-1] + allowed)))


def floor_statistics(case):
    """Lowest losses of the steps of stationary SGD: the shares of rises and falls in each lane (many, 2)."""
    problem, path = case.run()
    line = problem.at(path[:-1], problem.population).along(np.diff(path, axis=0))
    vertex = np.clip(-line.slope0 / bend_of(line), 0, 1)
    low = line.value0 + line.change(vertex[..., None])[..., 0]
    end = problem.at(path[-1], problem.population).value
    low = np.where(vertex == 1, np.append(line.value0[1:], end[None], axis=0), low)  # shared with the next step's
    return np.stack([(low[1:] > low[:-1]).mean(axis=0), (low[1:] < low[:-1]).mean(axis=0)], axis=-1)


def goes_up_and_down(case, limit=ERRORS):
    """In 44 to 49 per cent of the steps the floor rises, and it falls as often."""
    up, down = floor_statistics(case).T
    error = lambda v: limit * v.std() / np.sqrt(case.many)
    return {
        "share": close(up.mean(), 0.465, 0.03 + error(up)),
        "as often": close(up.mean(), down.mean(), error(up - down)),
    }


def never_rises(case):
    """Minus the share of rises, in units of ten standard errors, but for these."""
    up = floor_statistics(case)[:, 0]
    return float(1 - up.mean() / (10 * up.std() / np.sqrt(case.many)))


FRACTIONS = (F(1, 20), F(1, 3), F(1, 2), F(9, 10), F(1))


def spectra(factors):
    """Eigenvalues, components of the start, and a factor."""
    vector = lambda n: st.tuples(st.tuples(*[positive()] * n), vectors(n, nonzero=True), factors)
    return st.integers(2, 4).flatmap(vector)


WALK_10 = Claim(
    id="WALK-10",
    title="When the floor rises",
    source="A Walk with SGD, section 3 and fig. 1",
    statement="Derived for the rising and falling floor of fig. 1: full-batch gradient descent with a constant rate of"
    " at most two over the largest eigenvalue never raises it on a convex quadratic.",
    formula=r"m_t = \min_\tau \frac12 \sum_i \frac{(1 - \tau\lambda_i)^2}{\lambda_i} g_i^2, \qquad"
    r" \eta \le \frac{2}{\lambda_{\max}} \Rightarrow m_{t+1} \le m_t",
    kind="property",
    verdict="holds",
    finding="For every tau the loss on the line is monotone in the squared components of the gradient, and these do not"
    " grow; so the minimum over the line falls, and that over the step (tau up to eta). With mini-batches the floor"
    " rises in 44 to 49 per cent of the stationary steps, though there is no barrier: the walk is nearly reversible,"
    " so that floors rise as often as they fall, and some are shared by two steps.",
    checks=[
        Check("our lines on arrays", arrays_sink, bowls()),
        Check(
            "exactly, up to 2 / largest eigenvalue",
            sinks,
            spectra(st.sampled_from(FRACTIONS)),
            examples=60,
        ),
        Check(
            "exactly, in any axes",
            sinks_rotated,
            st.tuples(rational_quadratics(st.integers(2, 3)), st.sampled_from(FRACTIONS)),
            examples=20,
        ),
        Check("mini-batches: up and down", goes_up_and_down, noisy(0.3, 1.5)),
        Check("and no barrier: all lines are convex", lambda case: float(bend_of(case.lines()).min()), noisy(0.3)),
    ],
    controls=[
        Check("rates up to 2.2 / largest eigenvalue", arrays_sink, bowls(1.1), examples=50),
        Check("2.2 / largest eigenvalue, exactly", lambda: sinks((F(9), F(10)), (F(1), F(1)), F(11, 10))),
        Check("two batches in turn", two_batches),
        Check("mini-batches at stationarity", never_rises, noisy(0.3, 1.5)),
    ],
)

# --- WALK-11: a minimum between two iterates


class BatchStep(NamedTuple):
    """Full loss f and two samples f + w'x and f - w'x; a step of SGD from x on the first, factor times the best one."""

    q: Any
    w: tuple
    factor: F

    @property
    def problem(self):
        part = lambda s: (
            lambda x: self.q.f(x) + s * dot(self.w, x),
            lambda x: add(self.q.gradient(x), s, self.w),
        )
        return Plain(parts=[part(1), part(-1)])

    @property
    def d(self):
        return scale(-1, self.problem.gradient(self.q.x, (0,)))

    @property
    def line(self):
        """The full loss and its slope along the batch's negative gradient."""
        return line(self.problem, self.q.x, self.d, (0, 1))

    @property
    def best(self):
        """lambda_opt, negative where the batch's direction is uphill."""
        return -self.line[1](0) / (2 * dot(self.d, times(self.q.Q, self.d)))

    @property
    def rate(self):
        return self.factor * abs(self.best) if self.best else self.factor


ANY_FACTOR = st.one_of(positive(9, 5), st.just(F(1)))


@st.composite
def batch_steps(draw, factors=ANY_FACTOR):
    q = draw(rational_quadratics(st.integers(1, 4)))
    step = BatchStep(q, draw(vectors(len(q.x))), draw(factors))
    return step if any(step.d) else BatchStep(q, tuple(v + 1 for v in step.w), step.factor)


EIGHTHS = tuple(F(k, 8) for k in range(1, 8))


def valley(phi, points):
    """By how much the lowest of the points inside is below both ends; above 0 there is a minimum between them."""
    return min(phi(0), phi(1)) - min(phi(s) for s in points if 0 < s < 1)


def has_minimum(step):
    """On a step of SGD: a minimum inside iff slopes of both signs at the ends iff 0 < lambda_opt < lambda."""
    (phi, slope), rate, best = step.line, step.rate, step.best
    x = moves("sgd", step.problem, step.q.x, [(0,)], rate=rate)[0].x
    on_step = lambda s: phi(rate * s)
    found = int(valley(on_step, [*EIGHTHS, best / rate]) > 0)
    return {
        "the step": equal(phi(rate), step.problem.value(x, (0, 1))),
        "rate": equal(found, int(0 < best < rate)),
        "slopes": equal(found, int(slope(0) < 0 < slope(rate))),
    }


def always(step):
    """A minimum between the iterates, whatever the rate."""
    return above(valley(lambda s: step.line[0](step.rate * s), [*EIGHTHS, step.best / step.rate]), 0)


class Polynomial(NamedTuple):
    """l(alpha) with coefficients from the constant on."""

    c: tuple

    def __call__(self, alpha):
        return sum(c * alpha**k for k, c in enumerate(self.c))

    def slope(self, alpha):
        return sum(k * c * alpha ** (k - 1) for k, c in enumerate(self.c) if k)


convex_polynomials = st.builds(lambda c, r, q: Polynomial((*c, r, F(0), q)), vectors(2), positive(), positive())


def by_slopes(phi):
    """Any convex line: with slopes apart a bisection meets a point below both ends, else no point is."""
    if not phi.slope(F(0)) < 0 < phi.slope(F(1)):
        return at_most(valley(phi, EIGHTHS), 0)
    low, high = F(0), F(1)
    for _ in range(60):
        middle = (low + high) / 2
        if valley(phi, [middle]) > 0:
            break
        low, high = (middle, high) if phi.slope(middle) < 0 else (low, middle)
    return above(valley(phi, [middle]), 0)


SEEN = {0.3: 0.38, 1.5: 0.82}  # eta times the largest eigenvalue -> share of steps with a minimum inside


def shares(case, expected=SEEN.get, limit=ERRORS, alpha=2):
    """Of stationary steps: with a minimum inside, as seen; with lambda_opt < 0, some. Only the ratio of averages is 2.

    In the mean over lanes bend + 2 slope of the step is twice the change of the loss, which stays the same.
    """
    line = case.lines()
    slope, bend = line.slope0, bend_of(line)
    inside, uphill = ((v * np.ones(bend.shape)).mean(axis=0) for v in ((slope < 0) & (bend + slope > 0), slope > 0))
    balance = (bend + alpha * slope).mean(axis=0)
    error = lambda v: limit * v.std() / np.sqrt(case.many)
    return {
        "inside": close(inside.mean(), expected(case.eta), 0.005 + error(inside)),
        "balance": close(balance.mean(), 0, error(balance)),
        "uphill": float(uphill.mean() - error(uphill)),
    }


WALK_11 = Claim(
    id="WALK-11",
    title="A minimum between two iterates",
    source="A Walk with SGD, section 3 and fig. 1",
    statement="Derived for the valleys of fig. 1: on a convex line the loss has a minimum between two iterates exactly"
    " where it falls at the first and rises at the second, on a quadratic where the rate is beyond the best one.",
    formula=r"\exists\, s \in (0, s_{\mathrm{upd}}): l(s) < \min(l(0), l(s_{\mathrm{upd}})) \Leftrightarrow"
    r" l'(0) < 0 < l'(s_{\mathrm{upd}}) \Leftrightarrow 0 < \lambda_{\mathrm{opt}} < \lambda",
    kind="exact",
    verdict="holds",
    finding="That stationary SGD goes twice as far as is best is true of the ratio of averages only. Single best rates"
    " scatter, some are negative: on a convex noisy quadratic (six eigenvalues, condition 9.5) a minimum lies inside of"
    " 38 per cent of the steps with a rate of .3, and of 82 per cent with 1.5, over the largest eigenvalue.",
    checks=[
        Check("steps of SGD on quadratics", has_minimum, batch_steps(), examples=150),
        Check("convex lines, by slopes", by_slopes, convex_polynomials, examples=150),
        Check("shares of our stationary steps", shares, noisy(*SEEN)),
    ],
    controls=[
        Check(
            "a minimum inside of steps up to the best one", always, batch_steps(st.sampled_from(FRACTIONS)), examples=20
        ),
        Check("the shares exchanged", lambda case: shares(case, {0.3: 0.82, 1.5: 0.38}.get, 10)["inside"], noisy(0.3)),
        Check("ratio of averages 1", lambda case: shares(case, limit=10, alpha=1)["balance"], noisy(1.5)),
    ],
)

CLAIMS = (WALK_10, WALK_11)
