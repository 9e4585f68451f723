"""Section L: SGD seen as a line search (dissertation, sections 5.3 to 5.5)."""

from __future__ import annotations

from fractions import Fraction as F
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods
from toybox.exact import root

from ..cases import (
    EPS,
    add,
    dot,
    mean,
    populations,
    positive,
    rational_quadratics,
    rationals,
    rotation,
    scale,
    seeds,
    solve,
    times,
    vectors,
)
from ..claim import ERRORS, Check, Claim, Contrast, above, at_most, below, close, equal, holds, only
from ..ours import Quadratics, line, moves, on_rule, walk
from .k_noise import POPULATIONS, S, apart, gradients, many_populations, subsets, trace


@st.composite
def unit_vectors(draw, n):
    """Rational vectors of length 1, by the inverse stereographic projection."""
    t = draw(vectors(n - 1, low=-4, high=4))
    square = dot(t, t)
    return tuple(v / (1 + square) for v in (*scale(2, t), 1 - square))


# --- SGD-01: a step of SGD is the vertex of a parabola


class Batch(NamedTuple):
    """A mini-batch loss 1/2 (x - m)'Q(x - m), the place x = 0, its gradient and the length of that, and a rate."""

    Q: tuple
    m: tuple
    g: tuple
    length: F
    rate: F

    @property
    def exactly(self):
        return Quadratics([self.Q], [self.m])

    @property
    def origin(self):
        return (F(0),) * len(self.g)

    @property
    def unit(self):
        return scale(-1 / self.length, self.g)


@st.composite
def minibatches(draw):
    q = draw(rational_quadratics(n=st.integers(1, 3)))
    length = draw(positive())
    g = scale(length, draw(unit_vectors(len(q.r))))
    return Batch(q.Q, scale(-1, solve(q.Q, g)), g, length, draw(positive(9, 9)))


def vertex(batch, curvature=None, a=None):
    """Our SGD's step is |g|/k along the unit direction, k = 1/rate, and the vertex of l(0) + l'(0) s + a s^2, a = k/2.

    The vertex is that of our parabolic step, which measures the parabola at 0 and at some mu.
    """
    k = 1 / batch.rate if curvature is None else curvature
    a = k / 2 if a is None else a
    phi, slope = line(batch.exactly, batch.origin, batch.unit, (0,))
    parabola = lambda s: phi(F(0)) + slope(F(0)) * s + a * s * s
    pal = methods.pal.PAL(mu=F(1, 3), s_max=10**9)
    s = tb.search(pal, parabola, slope0=slope(F(0))).step
    found = moves("sgd", batch.exactly, batch.origin, [(0,)], rate=batch.rate)[0].x
    return {
        "slope": equal(slope(F(0)), -batch.length),
        "length over curvature": equal(found, scale(batch.length / k, batch.unit)),
        "slope over curvature": equal(found, scale(-slope(F(0)) / k, batch.unit)),
        "vertex": equal(found, scale(s, batch.unit)),
    }


def on_arrays(batch):
    """Our rules on arrays: PAL, on a loss of curvature 1/rate with that gradient, goes where SGD goes on the batch.

    PAL's a is a difference of numbers of the size |g| mu over mu^2, so it has the relative error 2 s/mu of a rounding
    for a step s; SGD's gradient is a sum of 2 n products.
    """
    from toybox import methods

    n, g, origin = len(batch.g), np.array(batch.g, float), np.zeros(len(batch.g))
    rate, mu = float(batch.rate), 0.5
    loss = tb.problems.NoisyQuadratic(np.array(batch.Q, float), np.array([batch.m], float))
    surrogate = tb.problems.NoisyQuadratic(np.eye(n) / rate, -rate * g[None])
    sgd = walk(loss, on_rule(methods.fixed.Fixed(rate)), origin).theta[1, 0]
    pal = walk(surrogate, on_rule(methods.pal.PAL(mu=mu, s_max=np.inf)), origin).theta[1, 0]
    s = rate * float(batch.length)
    cancelled = rate * (2 * n + 4) * EPS * np.abs(loss.Q).sum(axis=1).max() * np.abs(batch.m).max()
    tolerance = 10 * (n + 10) * EPS * s * (1 + 2 * s / mu) + float(cancelled)
    return {"as exactly": close(sgd, -rate * g, tolerance), "PAL": close(pal, sgd, tolerance)}


def by_numerator(g, rate, numerator):
    """The step of eq. 5.3 in one dimension, where a row is a number: -(numerator / k) times the direction."""
    unit = -g / abs(g)
    return -numerator(g, unit) * rate * unit


def as_printed(g, rate):
    return Contrast(by_numerator(g, rate, lambda g, unit: abs(g) * g), -rate * g)


ONE_DIMENSION = st.tuples(rationals(nonzero=True), positive())

SGD_01 = Claim(
    id="SGD-01",
    title="A step of SGD is the vertex of a parabola",
    source="dissertation, eq. 5.3; Mutschler & Zell 2021 (ICANN), eq. 3",
    statement="SGD's step is a Newton step along the unit direction, if the curvature is taken to be one over the"
    " learning rate; the dissertation prints the norm times the gradient as the first directional derivative.",
    formula=r"-\lambda g_{\mathbb{B}} = -\frac{\|g_{\mathbb{B}}\|\,g_{\mathbb{B}}^\top}{k}\cdot"
    r"\frac{-g_{\mathbb{B}}}{\|g_{\mathbb{B}}\|}, \qquad k = \frac1\lambda",
    kind="exact",
    verdict="corrected",
    finding="The numerator must be the unit direction times the gradient, which is minus the norm. The step is the"
    " vertex of l(0) + l'(0) s + s^2 / (2 lambda).",
    corrected=r"-\lambda g_{\mathbb{B}} = -\frac{(-\hat g_{\mathbb{B}})^\top g_{\mathbb{B}}}{k}\,(-\hat g_{\mathbb{B}})"
    r" = \frac{\|g_{\mathbb{B}}\|}{k}\,(-\hat g_{\mathbb{B}})",
    checks=[
        Check("on exact numbers", vertex, minibatches(), examples=60),
        Check("on arrays", on_arrays, minibatches(), examples=60),
        Check(
            "5.3 with its numerator",
            lambda g, rate: equal(by_numerator(g, rate, lambda g, unit: unit * g), -rate * g),
            ONE_DIMENSION,
            100,
        ),
    ],
    controls=[
        Check("curvature lambda", lambda batch: vertex(batch, curvature=batch.rate), minibatches(), 20),
        Check("a = 1 / lambda", lambda batch: vertex(batch, a=1 / batch.rate), minibatches(), 20),
    ],
    counterexamples=[
        Check("step by the printed numerator", as_printed, only(F(3), F(1, 2))),
    ],
)

# --- SGD-02: the locally optimal step


class Pair(NamedTuple):
    """Two samples of one Hessian H; the first is the batch. g and g_B at x = 0, both of rational length."""

    H: tuple
    g: tuple
    g_B: tuple

    @property
    def exactly(self):
        other = add(scale(2, self.g), -1, self.g_B)
        return Quadratics([self.H] * 2, [scale(-1, solve(self.H, v)) for v in (self.g_B, other)])

    @property
    def s(self):
        """s_opt along the unit direction -g_B/|g_B|."""
        unit = scale(1 / length(self.g_B), self.g_B)
        return dot(self.g, unit) / dot(unit, times(self.H, unit))


def length(v):
    return root(dot(v, v))


@st.composite
def pairs(draw, parallel=False):
    H = draw(rational_quadratics(n=st.integers(1, 3))).Q
    first, second = draw(unit_vectors(len(H))), draw(unit_vectors(len(H)))
    g = scale(draw(positive()), first)
    return Pair(H, g, scale(draw(positive()), first if parallel else second))


def locally_optimal(pair):
    """The slope of the full loss at s_opt is 0; s_opt / |g_B| is the learning rate that our exact search finds."""
    origin, whole, size = (F(0),) * len(pair.g), (0, 1), length(pair.g_B)
    rate = dot(pair.g, pair.g_B) / dot(pair.g_B, times(pair.H, pair.g_B))
    _, slope = line(pair.exactly, origin, scale(-1 / size, pair.g_B), whole)
    move = moves("exact-full", pair.exactly, origin, [(0,)])[0]
    return {
        "vertex": equal(slope(pair.s), 0),
        "rate": equal(pair.s / size, rate),
        "our search": equal(move.step, max(rate, 0)),  # where -g_B ascends (rate < 0) it stays
        "status": holds(move.status.name == ("FOUND" if rate > 0 else "STATIONARY" if rate == 0 else "ASCENT")),
        "sign of c": equal(pair.s, -rate * -size),
    }


def searched_on_arrays(pair):
    """Our exact search on arrays goes there, too.

    Its slope has the error of 2 n + 8 operations on |d|'|H||x - m_i|, the curvature that of |d|'|H||d|; it stops within
    4 EPS of s.
    """
    from toybox import methods

    H, n = np.array(pair.H, float), len(pair.g)
    m = np.array(pair.exactly.m, float)
    problem = tb.problems.NoisyQuadratic(H, m)
    first = np.array([[0]])
    found = walk(problem, on_rule(methods.exact.Exact(on="full")), np.zeros(n), sampler=lambda t, j: first, batch=1)
    unit = np.array(pair.g_B, float) / float(length(pair.g_B))
    rough, bend = np.abs(unit) @ np.abs(H), unit @ H @ unit
    s = max(float(pair.s), 0.0)
    of_slope = (2 * n + 8) * EPS * (rough @ np.abs(m).max(axis=0)) / bend
    of_curvature = s * (n + 10) * EPS * (rough @ np.abs(unit)) / bend
    return close(found.theta[1, 0], -s * unit, 2 * of_slope + of_curvature + 4 * EPS * s)


def middle_term(pair, normalised=True):
    """Of 5.4, |g| / (g'Hg / |g|^2), for s_opt; ICANN 4 has no normalisation."""
    size = length(pair.g)
    return size / dot(pair.g, times(pair.H, pair.g)) * (size**2 if normalised else 1)


def full_gradient(pair):
    return equal(pair.s, middle_term(pair))


def step_as_printed(H, g, g_B, normalised=True):
    pair = Pair(H, g, g_B)
    return Contrast(middle_term(pair, normalised), pair.s)


def quoted_example():
    """.0078 where the middle term says .5715: a steep valley crossed obliquely."""
    return {
        "s_opt": close(float(STEEP.s), 0.0078, 5e-5),
        "middle term": close(float(length(STEEP.g) / STEEP.H[0][0]), 0.5715, 5e-5),
    }


STEEP = Pair(((F(1), F(0)), (F(0), F(68))), (F(5715, 10_000), F(0)), (F(3, 5), F(4, 5)))
UPHILL = Pair(((F(1), F(0)), (F(0), F(1))), (F(1), F(0)), (F(-3, 5), F(4, 5)))


def proportional(n, h, g, unit_length):
    """H = h I and the full batch: s_opt = |g| / h."""
    eye = tuple(tuple(h * (i == j) for j in range(n)) for i in range(n))
    g = scale(unit_length, g)
    return equal(Pair(eye, g, g).s, length(g) / h)


SGD_02 = Claim(
    id="SGD-02",
    title="The locally optimal step on a quadratic full-batch loss",
    source="dissertation, eq. 5.4; Mutschler & Zell 2021 (ICANN), eq. 4",
    statement="The step to the minimum of the full-batch loss along a mini-batch direction is the norm of the full"
    " gradient over the curvature along the full gradient, and about a constant times minus the norm of the mini-batch"
    " gradient.",
    formula=r"s_{\mathrm{opt}} \approx \frac{\|g\|}{\hat g^\top H \hat g} \approx c\cdot(-\|g_{\mathbb{B}}\|)",
    kind="exact",
    verdict="corrected",
    finding="The middle term holds if both gradients are parallel (ICANN 4, which does not normalise, if the norm is 1,"
    " too); for others it may be seventy times too large. The step may be negative; c must be negative for it to be"
    " positive. The step is proportional to the norm for the full batch and a Hessian h I.",
    corrected=r"s_{\mathrm{opt}} = \frac{g^\top\hat g_{\mathbb{B}}}{\hat g_{\mathbb{B}}^\top H\hat g_{\mathbb{B}}},"
    r" \qquad \lambda_{\mathrm{opt}} = \frac{s_{\mathrm{opt}}}{\|g_{\mathbb{B}}\|} ="
    r" \frac{g^\top g_{\mathbb{B}}}{g_{\mathbb{B}}^\top H g_{\mathbb{B}}}",
    checks=[
        Check("vertex, and our search on exact numbers", locally_optimal, pairs(), examples=60),
        Check("our search on arrays", searched_on_arrays, pairs(), examples=60),
        Check("5.4 for parallel gradients", full_gradient, pairs(parallel=True), examples=60),
        Check("the quoted example", quoted_example),
        Check("a negative step", lambda: above(0, UPHILL.s)),
        Check(
            "proportional to the norm",
            proportional,
            st.integers(1, 3).flatmap(
                lambda n: st.tuples(st.just(n), positive(), unit_vectors(n), positive()),
            ),
            examples=60,
        ),
    ],
    controls=[Check("5.4 for any mini-batch gradient", full_gradient, pairs(), examples=20)],
    counterexamples=[
        Check("s_opt by eq. 5.4", step_as_printed, only(*STEEP)),
        Check(
            "s_opt by ICANN 4, where g_B = g",
            lambda H, g: step_as_printed(H, g, g, normalised=False),
            only(STEEP.H, STEEP.g),
        ),
    ],
)

# --- SGD-03: the mini-batch loss is steeper


def steeper(g):
    """On exact numbers, for all batches: E [|g_B|^2 - g'g_B] = tr Cov >= 0, and the ball."""
    D, centre, found = len(g), mean(g), {}
    for B in range(1, D + 1):
        drawn = gradients(g, subsets(D, B))
        excess = [dot(v, v) - dot(centre, v) for v in drawn]  # |g_B| (l'(0) - l_B'(0))
        spread = apart(D, B) * trace(S(g))
        found[f"mean, B = {B}"] = equal(mean(excess), spread)
        found[f"sign, B = {B}"] = at_most(0, spread)
        found[f"ball, B = {B}"] = holds([ball(v, centre) for v in drawn])
    return found


def ball(v, centre):
    """Steeper just where g_B is outside the ball with the diameter 0 .. g, and there |l_B'(0)| > |l'(0)|."""
    half = add(v, -F(1, 2), centre)
    outside = dot(half, half) > dot(centre, centre) / 4
    downhill = dot(v, v) > dot(centre, v)
    sizes = dot(v, v) ** 2 > dot(centre, v) ** 2
    return outside == downhill and (dot(centre, v) < 0 or outside == sizes)


def slopes_in_the_mean(g, each=False):
    """E |l_B'(0)| >= |g| >= E [-l'(0)] by our lines; ``each``: without the mean.

    A slope is a sum of n products of numbers up to the largest norm, a gradient a mean of D: D + n + batches dependent
    operations.
    """
    (D, n), found = g.shape, {}
    problem, size = tb.problems.NoisyQuadratic(np.eye(n), -g), np.linalg.norm(g.mean(axis=0))
    for B in range(1, D + 1):
        index = np.array(list(subsets(D, B)))
        batch, whole = lines(problem, np.zeros((len(index), n)), index)
        tolerance = 10 * (D + n + len(index)) * EPS * np.linalg.norm(g, axis=1).max() + 5e-324
        norms = np.abs(batch.slope0)
        found[f"batch, B = {B}"] = below(size, norms if each else norms.mean(), tolerance)
        found[f"full, B = {B}"] = below(-whole.slope0.mean(), size, tolerance)
    return found


def lines(problem, theta, index):
    """Our lines along the unit direction of batches: their own losses, and the full one."""
    point = problem.at(theta, index)
    unit = tb.methods.fixed.Unit()
    d, _ = unit.step(problem.xp, point, unit.init(problem.xp, point))
    return point.along(d), problem.at(theta, problem.population).along(d)


def fraction_steeper(n, seed, many=200_000):
    """Of gradients g + noise, tr Cov = |g|^2 = 1: how many have l_B'(0) < l'(0)."""
    total, rng = 0, np.random.default_rng((seed, n))
    for _ in range(10):
        batch = rng.standard_normal((many // 10, n)) / np.sqrt(n)
        batch[:, 0] += 1
        total += int(((batch**2).sum(axis=1) > batch[:, 0]).sum())
    return total / many


STEEPER = {1: (0.6587, 5e-5), 2: (0.82, 0.005), 10: (0.997, 5e-4), 100: (1.0, 5e-5)}  # fraction, half a last digit


def fractions(samples, seed):
    """n = 1: 1 - P(-1 < z < 0) = .6587; the others as quoted."""
    found = {}
    for n, (fraction, half) in STEEPER.items():
        many = samples if n < 100 else samples // 10
        error = np.sqrt(fraction * (1 - fraction) / many)
        found[n] = close(fraction_steeper(n, seed, many), fraction, half + ERRORS * error)
    return found


INSIDE = ((F(1, 2),), (F(3, 2),))  # g = 1 and a batch with g_B = 1/2

SGD_03 = Claim(
    id="SGD-03",
    title="The loss of the direction-defining batch is steeper",
    source="dissertation, section 5.3 and fig. 5.2; Mutschler & Zell 2021 (ICANN), fig. 2",
    statement="Around the origin of a line the loss of the mini-batch that defines the direction is always steeper than"
    " the full-batch loss.",
    formula=r"|l_{\mathbb{B}}'(0)| > |l'(0)|",
    kind="enumeration",
    verdict="corrected",
    finding="In the mean. A batch is steeper just where its gradient lies outside the ball with the diameter 0 .. g,"
    " which many dimensions make likely: for normal noise of the size of the gradient .659, .82, .997 and 1.0000 of"
    " batches in 1, 2, 10 and 100 dimensions.",
    corrected=r"\mathbf{E}|l_{\mathbb{B}}'(0)| = \mathbf{E}\|g_{\mathbb{B}}\| \ge \|g\| \ge \mathbf{E}[-l'(0)], \qquad"
    r" \mathbf{E}[\|g_{\mathbb{B}}\|^2 - g^\top g_{\mathbb{B}}] = \mathrm{tr}\,\mathrm{Cov}(g_{\mathbb{B}}) \ge 0",
    checks=[
        Check("squares and the ball, every batch", steeper, POPULATIONS, examples=60),
        Check("slopes of our lines, every batch", slopes_in_the_mean, many_populations()),
        Check("fractions of normal batches", fractions, lambda b: [(b.many(200_000, 2_000_000), b.seed)]),
    ],
    controls=[
        Check("without the mean", lambda g: slopes_in_the_mean(g, each=True), many_populations(), examples=20),
        Check("every batch in one dimension", lambda: close(fraction_steeper(1, 0), 1, 10 * 0.0011)),
    ],
    counterexamples=[
        Check(
            "|l_B'(0)| of the first of two samples, against |l'(0)|",
            lambda g: Contrast(abs(mean(g)[0]), abs(g[0][0]), "more than"),
            only(INSIDE),
        ),
    ],
)

# --- SGD-04: and lower, with a longer step


class Bowl(NamedTuple):
    """L_i = 1/2 (x - c_i)'H(x - c_i) at x = 0, where the gradients are g_i = -H c_i."""

    H: np.ndarray
    c: np.ndarray

    @property
    def problem(self):
        return tb.problems.NoisyQuadratic(self.H, self.c)


@st.composite
def bowls(draw):
    g, rng = draw(many_populations()), np.random.default_rng(draw(seeds))
    U = rotation(rng, g.shape[1])
    H = (U * 10 ** rng.uniform(-1, 1, len(U))) @ U.T
    H = (H + H.T) / 2
    return Bowl(H, -np.linalg.solve(H, g.T).T)


STEPS = np.array([0.0, 0.1, 1.0, 3.0])


def lower(bowl, steps=STEPS, independent=False):
    """E [l_B(s) - l(s)] is -s E [|g_B| - g'g_B/|g_B|], which is not positive, and 0 for s = 0.

    independent: the losses of all batches, along the direction of each of them. Tolerance: losses are sums of n^2
    products, of the size of |x - c|'|H||x - c|, over D samples and over the batches.
    """
    (D, n), problem, found = bowl.c.shape, bowl.problem, {}
    far = np.abs(bowl.c).max(axis=0) + np.abs(steps).max()
    for B in range(1, D + 1):
        index = np.array(list(subsets(D, B)))
        batch, whole = lines(problem, np.zeros((len(index), n)), index)
        wanted = -steps * (whole.slope0 - batch.slope0).mean()
        excess = (others if independent else own)(problem, index, steps).mean(axis=0)
        tolerance = 10 * (D + n * n + len(index)) * EPS * (far @ np.abs(bowl.H) @ far)
        found[f"mean, B = {B}"] = close(excess, wanted, tolerance)
        found[f"lower, B = {B}"] = below(excess, 0, tolerance)
    return found


def own(problem, index, steps):
    """l_B(s) - l(s) along the direction of every batch (batches, steps)."""
    batch, whole = lines(problem, np.zeros((len(index), problem.dim)), index)
    s = np.broadcast_to(steps, (len(index), len(steps)))
    return batch.value0[:, None] + batch.change(s) - whole.value0[..., None] - whole.change(s)


def others(problem, index, steps):
    """The same of the mean loss of all batches, each of them along all directions."""
    point = problem.at(np.zeros((len(index), problem.dim)), index)
    d = -point.gradient / problem.xp.divisor(np.linalg.norm(point.gradient, axis=1))[:, None]
    places = steps[:, None] * d[:, None, :]  # (directions, steps, n)
    spread = np.broadcast_to(places[:, :, None], (*places.shape[:2], len(index), problem.dim))
    return problem.at(spread, index).value.mean(axis=-1) - problem.at(places, problem.population).value


def others_equal(bowl):
    """Other batches: 0 for every direction and step, with the tolerance of ``lower``."""
    D, n = bowl.c.shape
    index, far = np.array(list(subsets(D, (D + 1) // 2))), np.abs(bowl.c).max(axis=0) + STEPS.max()
    return close(
        others(bowl.problem, index, STEPS), 0, 10 * (D + n * n + len(index)) * EPS * (far @ np.abs(bowl.H) @ far)
    )


def longer(g, H):
    """Our exact searches on exact numbers: the full loss asks for a shorter step just where SGD-03 says steeper."""
    D, found = len(g), {}
    problem = Quadratics([H] * D, [scale(-1, solve(H, v)) for v in g])
    origin, centre = (F(0),) * len(H), mean(g)
    for B in range(1, D + 1):
        for batch, v in zip(subsets(D, B), gradients(g, subsets(D, B)), strict=True):
            if dot(centre, v) > 0:
                own = moves("exact", problem, origin, [batch])[0].step
                full = moves("exact-full", problem, origin, [batch])[0].step
                found[batch] = holds((full <= own) == (dot(v, v) >= dot(centre, v)))
    return found or {"no batch descends": 0}


@st.composite
def planes(draw):
    a, b, c = draw(st.tuples(positive(), positive(), positive()))
    return draw(populations(st.integers(2, 5), st.just(2))), ((a + c, c), (c, b + c))


def losses_at(s, g):
    """Of (x + g_i)^2 / 2 from 0 along -1: of both samples, and of all."""
    problem = Quadratics([((F(1),),)] * 2, [scale(-1, v) for v in g])
    return [line(problem, (F(0),), (F(-1),), batch)[0](s) for batch in ((0,), (1,), (0, 1))]


def lower_everywhere(s, g):
    first, _, full = losses_at(s, g)
    return Contrast(full, first, "less than")


def lower_in_the_mean(s, g):
    first, second, full = losses_at(s, g)
    return Contrast(full, (first + second) / 2, "less than")


SGD_04 = Claim(
    id="SGD-04",
    title="The loss of the direction-defining batch is lower, its optimal step longer",
    source="dissertation, sections 5.3 and 4.6; Mutschler & Zell 2021 (ICANN), section 3",
    statement="Along the line the loss of the batch that defines the direction is always lower than other losses.",
    formula=r"l_{\mathbb{B}}(s) < l(s)",
    kind="enumeration",
    verdict="corrected",
    finding="For a common Hessian: in the mean, from s = 0 on, where both are equal in the mean. The losses of other"
    " batches are equal to the full loss in the mean. The full loss asks for a step that is not longer than the"
    " mini-batch's just where the batch is steeper in the sense of SGD-03.",
    corrected=r"\mathbf{E}[l_{\mathbb{B}}(s) - l(s)] = -s\,\mathbf{E}[(g_{\mathbb{B}} - g)^\top\hat g_{\mathbb{B}}]"
    r" \le 0 \quad (s \ge 0)",
    checks=[
        Check("our lines, every batch", lower, bowls()),
        Check("our exact searches", longer, planes(), examples=40),
        Check("other batches, equal in the mean", others_equal, bowls(), examples=100),
    ],
    controls=[
        Check("s < 0", lambda bowl: lower(bowl, np.array([-1.0])), bowls(), examples=20),
        Check("the loss of another batch", lambda bowl: lower(bowl, independent=True), bowls(), examples=20),
    ],
    counterexamples=[
        Check("loss of the first of two samples at s, against that of both", lower_everywhere, only(F(2), INSIDE)),
        Check("mean loss of the batches at s, against that of both", lower_in_the_mean, only(F(0), INSIDE)),
    ],
)

CLAIMS = (SGD_01, SGD_02, SGD_03, SGD_04)
