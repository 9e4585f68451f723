"""Section N, third part: rates on a quadratic, and barriers (A Walk with SGD, sections 2, 3 and 6)."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ..cases import EPS, add, dot, positive, rational_quadratics, rationals, times, vectors
from ..claim import Check, Claim, Contrast, above, at_most, close, equal, only
from ..ours import Plain, Quadratics, line, moves, on_rule, walk

# --- quadratics whose eigenvectors are rational


class Modes(NamedTuple):
    """f(x) = 1/2 x'Hx with eigenvalues h and unit eigenvectors U (rows), and a point with components c in them."""

    h: tuple
    U: tuple
    c: tuple

    @property
    def H(self):
        n = range(len(self.h))
        return tuple(tuple(sum(h * u[i] * u[j] for h, u in zip(self.h, self.U, strict=True)) for j in n) for i in n)

    @property
    def x(self):
        return tuple(dot(self.c, column) for column in zip(*self.U, strict=True))

    @property
    def exactly(self):
        return Quadratics([self.H], [(F(0),) * len(self.h)])

    @property
    def arrays(self):
        return tb.problems.NoisyQuadratic(np.array(self.H, float), np.zeros(len(self.h)))

    def components(self, steps):
        """Of the start and of the iterates of the moves: for each eigenvector a sequence."""
        places = [self.x, *(step.x for step in steps)]
        return [[dot(u, x) for x in places] for u in self.U]


@st.composite
def modes(draw, n=st.integers(1, 3)) -> Modes:
    """Eigenvectors: the columns of I - 2 v v' / v'v. No component is 0."""
    n = draw(n)
    v = draw(st.tuples(*[st.integers(-3, 3)] * n).filter(any))
    U = tuple(tuple(F(i == j) - F(2 * v[i] * v[j], dot(v, v)) for j in range(n)) for i in range(n))
    return Modes(draw(st.tuples(*[positive()] * n)), U, draw(vectors(n, nonzero=True)))


# --- WALK-07: what a rate does along an eigenvector

MONOTONE, AT_ONCE, ALTERNATING, PERIOD_TWO, DIVERGENT, OTHER = range(6)
FACTORS = tuple(F(k, 4) for k in (1, 3, 4, 5, 7, 8, 9, 12))  # eta times an eigenvalue


def regime(factor, limit=2):
    """What the text says of eta times the eigenvalue."""
    if factor < 1:
        return MONOTONE
    if factor == 1:
        return AT_ONCE
    return ALTERNATING if factor < limit else PERIOD_TWO if factor == limit else DIVERGENT


def seen(sequence):
    """What a sequence does."""
    if not any(sequence[1:]):
        return AT_ONCE
    turns = {sign(a * b) for a, b in pairwise(sequence)}
    sizes = {sign(abs(b) - abs(a)) for a, b in pairwise(sequence)}
    kinds = {(1, -1): MONOTONE, (-1, -1): ALTERNATING, (-1, 0): PERIOD_TWO, (-1, 1): DIVERGENT}
    return kinds.get((*turns, *sizes), OTHER)


def sign(v):
    return (v > 0) - (v < 0)


def follows(case, k, factor, limit=2):
    """Components are (1 - eta h)^t times the first and do as the text says, one of them at the factor wanted."""
    k %= len(case.h)
    rate = factor / case.h[k]
    steps = moves("sgd", case.exactly, case.x, [(0,)] * 4, rate=rate)
    slack = {}
    for j, (h, found) in enumerate(zip(case.h, case.components(steps), strict=True)):
        slack[f"powers {j}"] = equal(found, [(1 - rate * h) ** t * found[0] for t in range(5)])
        slack[f"regime {j}"] = equal(seen(found), regime(rate * h, limit))
    return slack


def arrays_follow(case):
    """Our SGD on arrays: a step adds (n + 4) EPS (1 + eta |H|) |x| of rounding, and grows it by 1 + eta |H|."""
    rates = [factor / case.h[0] for factor in FACTORS]
    theta = walk(
        case.arrays, on_rule(methods.fixed.Fixed(rate=np.array(rates, float))), np.array(case.x, float), 4
    ).theta
    size, n, slack = float(max(case.h)), len(case.h), {}
    for rate, found in zip(rates, np.moveaxis(theta[1:, 0], 1, 0), strict=True):
        exact = [step.x for step in moves("sgd", case.exactly, case.x, [(0,)] * 4, rate=rate)]
        growth = (1 + float(rate) * size) ** np.arange(1, 5) * np.linalg.norm(np.array(case.x, float))
        slack[f"{rate}"] = close(found, np.array(exact, float), ((n + 4) * EPS * np.arange(1, 5) * growth)[:, None])
    return slack


def oscillates(factor):
    """A component alternates and shrinks."""
    steps = moves("sgd", UNIT.exactly, UNIT.x, [(0,)] * 4, rate=factor)
    return equal(seen(UNIT.components(steps)[0]), ALTERNATING)


def with_momentum(beta, factor):
    """The regime without momentum, of a run with it."""
    steps = moves("momentum", UNIT.exactly, UNIT.x, [(0,)] * 6, rate=factor, beta=beta)
    return equal(seen(UNIT.components(steps)[0]), regime(factor))


def limit_with_momentum(limit=lambda beta: 2 * (1 + beta)):
    """A fiftieth below the limit 600 steps of ours shrink to less than e^-5, as much above it they grow to e^5."""
    beta = np.array([0.0, 0.3, 0.6, 0.9])
    slack = {}
    for name, factor, way in (("below", 0.98, -1), ("above", 1.02, 1)):
        direction = methods.momentum.Momentum(beta=beta)
        optimizer = on_rule(methods.fixed.Fixed(rate=factor * limit(beta)), direction)
        end = tb.run(UNIT.arrays, optimizer, steps=600, batch=1, theta=[1.0], every=None).theta
        slack[name] = float(np.min(way * np.log(np.abs(end)) - 5))
    return slack


UNIT = Modes((F(1),), ((F(1),),), (F(1),))

WALK_07 = Claim(
    id="WALK-07",
    title="Learning-rate regimes on a quadratic",
    source="A Walk with SGD, section 6",
    statement="On a quadratic gradient descent is under-damped and yet converges along those eigenvectors whose"
    " eigenvalue has the rate between its inverse and twice that.",
    formula=r"u_i^\top \theta_t = (1 - \eta\lambda_i)^t\, u_i^\top \theta_0, \qquad"
    r" \lambda_i^{-1} < \eta < 2 \lambda_i^{-1}",
    kind="exact",
    verdict="holds",
    finding="Below the inverse eigenvalue the component shrinks without turning, at it it is gone in one step, between"
    " it and twice it turns at every step, at twice it has period two, above it grows. Section 4.1 speaks of"
    " oscillation below a threshold and needs the lower limit, too. With momentum beta the upper limit is 2 (1 + beta)"
    " times the inverse.",
    checks=[
        Check(
            "all regimes, on exact numbers",
            follows,
            st.tuples(modes(), st.integers(0, 2), st.sampled_from(FACTORS)),
            examples=100,
        ),
        Check("our SGD on arrays", arrays_follow, modes(), examples=30),
        Check("the limit with momentum", limit_with_momentum),
    ],
    controls=[
        Check("oscillation at any rate below 2 / eigenvalue", oscillates, lambda budget: FACTORS[:5]),
        Check("momentum 1/2, beyond 2 / eigenvalue", lambda: with_momentum(F(1, 2), F(5, 2))),
        Check("momentum, the limit 2", lambda: limit_with_momentum(lambda beta: 2 + 0 * beta)),
        Check("divergence from 3 / eigenvalue on", lambda: follows(UNIT, 0, F(9, 4), limit=3)),
    ],
)

# --- WALK-08: barriers on a step


class Polynomial(NamedTuple):
    """l(alpha) with coefficients from the constant on."""

    c: tuple

    def __call__(self, alpha):
        return sum(c * alpha**k for k, c in enumerate(self.c))


class Roof(NamedTuple):
    """The largest of straight lines (c, slope)."""

    lines: tuple

    def __call__(self, alpha):
        return max(c + slope * alpha for c, slope in self.lines)


class Along(NamedTuple):
    """A quadratic between a point and the next: our line from x along d."""

    Q: Any
    d: tuple

    def __call__(self, alpha):
        return line(Plain(self.Q.f, self.Q.gradient), self.Q.x, self.d, (0,))[0](alpha)


class Bump(NamedTuple):
    """1 - alpha, but for a tent."""

    middle: F
    width: F
    tall: F

    def __call__(self, alpha):
        return 1 - alpha + self.tall * max(F(0), 1 - abs(alpha - self.middle) / (self.width / 2))


def samples(n):
    """n points from 0 to 1, both included, as in section 2."""
    return [F(k, n - 1) for k in range(n)]


GRID = samples(65)


def rise(phi, points):
    """By how much the highest of the points inside surpasses both ends; above 0 there is a barrier."""
    return max(phi(alpha) for alpha in points if 0 < alpha < 1) - max(phi(0), phi(1))


def no_barrier(phi):
    return at_most(rise(phi, GRID), 0)


polynomials = st.builds(Polynomial, vectors(5))
convex_polynomials = st.builds(lambda c, r, q: Polynomial((*c, r, F(0), q)), vectors(2), positive(), positive())
convex_lines = st.one_of(
    convex_polynomials,
    st.builds(Roof, st.tuples(*[vectors(2)] * 4)),
    rational_quadratics(st.integers(1, 3)).flatmap(lambda q: st.builds(Along, st.just(q), vectors(len(q.x)))),
)


def on_parabola(a, b, s, condition=lambda a, vertex, s: a < 0 and 0 < vertex < s):
    """as^2 + bs on a step of length s: the vertex decides, and is looked at, besides the grid."""
    phi, vertex = Polynomial((F(0), b * s, a * s * s)), -b / (2 * a)
    return equal(int(rise(phi, [*GRID, vertex / s]) > 0), int(condition(a, vertex, s)))


parabolas = st.tuples(rationals(nonzero=True), rationals(), positive())


def on_our_steps(bend, seed, many):
    """Steps of our SGD on 30 samples in batches of 3, near the middle: how far ten points of the full-batch line from
    each iterate to the next are below the higher end, in units of |b| + |a|.

    The change b s + a s^2 has at most 4 EPS (|b| + |a|) of rounding.
    """
    rng = np.random.default_rng(seed)
    problem = tb.problems.NoisyQuadratic(bend * np.diag([0.1, 0.3, 1]), rng.standard_normal((30, 3)))
    theta = problem.solution + 0.1 * rng.standard_normal((many, 3))
    path = walk(problem, on_rule(methods.fixed.Fixed(rate=1.5)), theta, 8, "fresh", 3, seeds=range(many)).theta
    line = problem.at(path[:-1], problem.population).along(np.diff(path, axis=0))
    s = np.broadcast_to(np.linspace(0, 1, 10), (*line.slope0.shape, 10))
    change, size = line.change(s), np.abs(line.slope0[..., None]) + np.abs(line.curvature(s[..., :1])) / 2
    return float(np.min((np.maximum(change[..., -1:], 0) - change[..., 1:-1]) / size + 4 * EPS))


def losses(bend):
    return lambda budget: [(bend, budget.seed, budget.many(100, 2000))]


def missed(n, ends=True):
    """Ten points see no barrier where a tent .005 wide stands at .389."""
    points = samples(n) if ends else samples(n + 2)[1:-1]
    return at_most(rise(BUMP, points), 0)


def fewer(phi):
    """What ten points see, more points see."""
    return at_most(rise(phi, samples(10)), rise(phi, samples(9 * 7 + 1)))


def heights(phi, top):
    """Above the mean of the ends: (l* - (l_t + l_{t+1}) / 2); above both ends: less; as printed: minus the first."""
    return top - (phi(0) + phi(1)) / 2, top - max(phi(0), phi(1)), (phi(0) + phi(1) - 2 * top) / 2


def hill(c, r, w):
    """A parabola with its vertex inside of the step: bent downwards, and so that the vertex is at w / (1 + w)."""
    inside = w / (1 + w)
    phi = Polynomial((c, 2 * r * inside, -r))
    return phi, phi(inside)


def true_height(c, r, w):
    mean_height, height, printed = heights(*hill(c, r, w))
    return {
        "positive": above(height, 0),
        "at least": at_most(height, mean_height),
        "minus the printed": equal(printed, -mean_height),
    }


def printed_height(start, end, bend):
    """Of the parabola with these values at 0 and at 1, and the second derivative -bend."""
    phi, top = Polynomial((start, end - start + bend / 2, -bend / 2)), F(1, 2) + (end - start) / bend
    assert 0 < top < 1, "no barrier"
    mean_height, _, printed = heights(phi, phi(top))
    return Contrast(printed, mean_height)


def depth(phi):
    """With the lowest point of the segment the printed height is not negative: it is the depth of a valley."""
    return at_most(0, heights(phi, min(map(phi, GRID)))[2])


BUMP = Bump(F(389, 1000), F(5, 1000), F(2))
hills = st.tuples(rationals(), positive(), positive())
valleys = st.builds(lambda a, s, w: (a, -2 * a * s * w / (1 + w), s), positive(), positive(), positive())

WALK_08 = Claim(
    id="WALK-08",
    title="Barriers: definition, detection, height",
    source="A Walk with SGD, section 2 and fig. 4",
    statement="A barrier is crossed where a point between two iterates has a higher loss than both; ten points of each"
    " step show it; its height is the mean loss of the iterates minus the loss on the barrier.",
    formula=r"\frac{l_t + l_{t+1} - 2\, l_*}{2}",
    kind="exact",
    verdict="corrected",
    finding="The height has the opposite sign: as printed it is negative for every barrier, and not negative only if"
    " l* is the lowest point, when it is the depth of a valley. A convex line has no barrier; a parabola has one if and"
    " only if it is bent downwards with its vertex inside of the step. Ten points give a lower bound of their number.",
    corrected=r"l_* - \frac{l_t + l_{t+1}}{2} \ge l_* - \max(l_t, l_{t+1}) > 0",
    checks=[
        Check("none on convex lines", no_barrier, convex_lines, examples=100),
        Check("none on steps of our SGD", on_our_steps, losses(1.0)),
        Check("on parabolas", on_parabola, parabolas, examples=100),
        Check("the right height", true_height, hills, examples=100),
        Check("the printed height of a valley", depth, convex_polynomials, examples=50),
        Check("more points see what ten see", fewer, polynomials, examples=100),
        Check("a narrow barrier is missed by ten", missed, lambda budget: [(10,), (11,), (10, False)]),
        Check("and found by a thousand", lambda: above(rise(BUMP, samples(1000)), 0)),
    ],
    controls=[
        Check("a parabola bent upwards", lambda: above(rise(Polynomial((0, -1, 2)), [*GRID, F(1, 4)]), 0)),
        Check(
            "whatever the bend",
            lambda a, b, s: on_parabola(a, b, s, lambda a, vertex, s: 0 < vertex < s),
            valleys,
        ),
        Check("lines that are not convex", lambda *case: no_barrier(hill(*case)[0]), hills),
        Check("steps of our SGD on a concave loss", on_our_steps, losses(-1.0)),
    ],
    counterexamples=[
        Check("height of the barrier on a parabola, l'' = -bend", printed_height, only(F(0), F(1), F(8))),
        Check(
            "rise that ten points see of a tent on the line 1 - s",
            lambda middle, width, tall: Contrast(0, rise(Bump(middle, width, tall), samples(10)), "more than"),
            only(*BUMP),
        ),
    ],
)

# --- WALK-09: is a rising floor a barrier?


class Valley(NamedTuple):
    """f and its gradient in the plane, three iterates, and the places t of the lowest points between them."""

    f: Any
    gradient: Any
    A: tuple
    B: tuple
    C: tuple
    t: tuple

    @property
    def lows(self):
        """theta_AB and theta_BC."""
        return between(self.A, self.B, self.t[0]), between(self.B, self.C, self.t[1])

    @property
    def low_losses(self):
        return tuple(map(self.f, self.lows))


def between(u, v, t):
    return add(u, t, add(v, -1, u))


BOWL = Valley(
    lambda p: p[0] ** 2 + p[1] ** 2 / 10,
    lambda p: (2 * p[0], p[1] / 5),
    *((F(x), F(y)) for x, y in ((-1, 0), (1, 1), (-1, 3))),
    (F(20, 41), F(9, 22)),
)
WELLS = Valley(  # two wells, around (-1, 0) and (1, 0)
    lambda p: (p[0] ** 2 - 1) ** 2 + p[1] ** 2,
    lambda p: (4 * p[0] * (p[0] ** 2 - 1), 2 * p[1]),
    *((F(x), F(y)) for x, y in (("-2", "-5.182"), ("0", "5.182"), ("2.2", "-4.982"))),
    (F(1, 2), F(1, 2)),
)


def as_in_the_text(valley):
    """theta_AB and theta_BC are minima of their lines, lower than both iterates; the second is the higher one."""
    slack = {"the floor rises": above(valley.low_losses[1], valley.low_losses[0])}
    ways = ((valley.A, valley.B), (valley.B, valley.C))
    for name, (u, v), low in zip(("AB", "BC"), ways, valley.lows, strict=True):
        slack["stationary " + name] = equal(dot(valley.gradient(low), add(v, -1, u)), 0)
        slack["lower " + name] = above(min(valley.f(u), valley.f(v)), valley.f(low))
        slack["lowest " + name] = at_most(valley.f(low), min(valley.f(between(u, v, s)) for s in GRID))
    return slack


def quoted_values():
    """Losses at A, theta_AB, B, theta_BC, C: four digits, rounded."""
    f, (ab, bc) = BOWL.f, BOWL.low_losses
    found, expected = (f(BOWL.A), ab, f(BOWL.B), bc, f(BOWL.C)), ("1", ".0244", "1.1", ".3636", "1.9")
    return min(F(1, 20000) - abs(v - F(e)) for v, e in zip(found, expected, strict=True))


def climbs(valley):
    """The first half: the loss on a way from one low point to the higher other one increases somewhere."""
    u, v = valley.lows
    ways = [[u, v], [u, (F(3), F(-2)), v], [u, (F(0), F(0)), (F(1), F(5)), v]]
    steps = [[valley.f(between(a, b, s)) for a, b in pairwise(way) for s in GRID] for way in ways]
    return min(above(max(b - a for a, b in pairwise(losses)), 0) for losses in steps)


def wall(f, u, v):
    """By how much the straight way from u to v surpasses both: 0 where it does not."""
    return highest(f, u, v) - max(f(u), f(v))


def highest(f, u, v):
    return max(f(between(u, v, s)) for s in GRID)


def over_a_wall(valley):
    """The second half: a barrier is between, so that the straight way, too, has higher losses than both low points."""
    return above(wall(valley.f, *valley.lows), 0)


def no_wall(q, u, v, w):
    """Convex f: whatever three points, the way between the lowest points of u-v and v-w surpasses neither."""
    lows = [lowest(q, *pair) for pair in ((u, v), (v, w))]
    return at_most(wall(q.f, *lows), 0)


def lowest(q, u, v):
    """Of a quadratic on the way from u to v."""
    d = add(v, -1, u)
    bend, slope = 2 * dot(d, times(q.Q, d)), dot(q.gradient(u), d)
    return add(u, min(max(-slope / bend, F(0)), F(1)), d) if bend else u


def split(f, u, v):
    """Of the two wells, u left and v right, at the level of the higher one: whether the level set is in two pieces.

    Every way from u to v meets x = 0, where f is at least 1. Where the level is 1 or more, down to y = 0, along it and
    up again is a way in the set.
    """
    level = max(f(u), f(v))
    ridge = min(f((F(0), F(k, 8))) for k in range(-40, 41))
    corners = [u, (u[0], F(0)), (F(0), F(0)), (v[0], F(0)), v]
    way = max(f(between(a, b, s)) for a, b in pairwise(corners) for s in samples(17))
    return above(ridge, level) if level < 1 else at_most(way, level)


def components(heights, u, v, level_of=max):
    """On a grid, exactly: every way has to surpass both ends iff they are in different components of the level set."""
    level, cells = level_of(heights[u], heights[v]), range(16)
    near = lambda i, j: abs(i // 4 - j // 4) + abs(i % 4 - j % 4) <= 1
    pass_ = [[max(heights[i], heights[j]) if near(i, j) else 10 for j in cells] for i in cells]
    for k in cells:  # the lowest highest point of all ways, after Floyd and Warshall
        pass_ = [[min(pass_[i][j], max(pass_[i][k], pass_[k][j])) for j in cells] for i in cells]
    piece = {u}
    for _ in cells:  # grows
        piece = {j for j in cells if heights[j] <= level and any(near(i, j) for i in piece)}
    return equal(int(pass_[u][v] > max(heights[u], heights[v])), int(v not in piece))


def triples(q):
    return st.tuples(st.just(q), *[vectors(len(q.x))] * 3)


places = st.tuples(rationals(1, 9, 5), rationals(-6, 6, 5))
in_both_wells = st.tuples(places, places).map(lambda uv: (WELLS.f, (-uv[0][0], uv[0][1]), uv[1]))
grids = st.tuples(st.tuples(*[st.integers(0, 5)] * 16), st.integers(0, 15), st.integers(0, 15))

WALK_09 = Claim(
    id="WALK-09",
    title="A rising floor is a barrier moved over",
    source="A Walk with SGD, section 3",
    statement="If the lowest point between one pair of iterates is lower than that between the next pair, every path"
    " between these two points has to climb, and so SGD has moved over a barrier.",
    formula=r"l_{ab} < l_{bc} \Rightarrow \max_{s} \mathcal{L}(\gamma(s)) > l_{bc} \text{ for every path } \gamma"
    r" \text{ from } \theta_{AB} \text{ to } \theta_{BC}",
    kind="exact",
    verdict="refuted",
    finding="Every path to a higher point climbs; that is no barrier. On the convex x^2 + y^2/10 the floor rises from"
    " (-1, 0) over (1, 1) to (-1, 3), and the straight way never surpasses the second low point. A barrier separates"
    " the two low points if and only if they lie in different components of the set where the loss is at most l_bc.",
    corrected=r"\theta_{AB},\, \theta_{BC} \text{ in different components of } \{\mathcal{L} \le l_{bc}\}",
    checks=[
        Check("both valleys are as in the text", as_in_the_text, lambda budget: [(BOWL,), (WELLS,)]),
        Check("the losses of the example", quoted_values),
        Check("the loss has to climb", climbs, lambda budget: [(BOWL,), (WELLS,)]),
        Check("no barrier on convex functions", no_wall, rational_quadratics(st.just(2)).flatmap(triples), examples=60),
        Check("two wells: components decide", split, in_both_wells, examples=60),
        Check("grids: components decide", components, grids, examples=30),
        Check("two wells: a floor that rises over a barrier", lambda: over_a_wall(WELLS)),
    ],
    controls=[
        Check("two wells, as if convex", lambda: at_most(wall(WELLS.f, *WELLS.lows), 0)),
        Check("grids, at the level of the lower one", lambda *case: components(*case, min), grids, examples=50),
    ],
    counterexamples=[
        Check(
            "highest loss between the low points u and v on x^2 + y^2 / 10, against theirs",
            lambda u, v: Contrast(max(map(BOWL.f, (u, v))), highest(BOWL.f, u, v), "more than"),
            only(*BOWL.lows),
        )
    ],
)

CLAIMS = (WALK_07, WALK_08, WALK_09)
