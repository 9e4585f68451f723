"""Section C, first part: slopes, angles and the Wolfe conditions (dissertation, section 2.5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction as F
from math import inf
from typing import NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import directions
from toybox.rules import backtracking, bracketing

from ..cases import (
    EPS,
    Smooth,
    add,
    dot,
    lines,
    powers,
    rational_quadratics,
    seeds,
    smooth_functions,
    vectors,
)
from ..claim import Check, Claim, above, close, equal
from ..ours import Plain, on_rule, univariate, walk


def broken(words, margin, cases=None):
    """A control or counterexample that breaks in almost every case: it needs few."""
    return Check(words, margin, cases, examples=20)


# --- what is searched


def both(q, X):
    """Values and gradients of a smooth function at X (..., n)."""
    Z = X @ q.A.T
    return 0.5 * ((X @ q.H) * X).sum(-1) + np.cos(Z).sum(-1), X @ q.H - np.sin(Z) @ q.A


def problem(q):
    return tb.problems.FromFunction(lambda theta, index: both(q, theta), len(q.x), 1)


@dataclass(frozen=True)
class Along:
    """A direction of one's own: way(g, t) at gradient g and step t."""

    way: Callable

    def init(self, xp, point):
        return 0

    def step(self, xp, point, t):
        return self.way(point.gradient, t), t + 1


class Descent(NamedTuple):
    """A smooth function along a direction; ``bend`` bounds its curvature there.

    Noise is what rounding may do: every term of a value, of size |y|'|H||y|, 1 or |a_j|'|y|, has gone through at most
    4 n + 16 operations, those that made y included; every term of a slope through 4 n + 16.
    """

    q: Smooth
    d: np.ndarray

    @property
    def slope0(self):
        return self.q.gradient(self.q.x) @ self.d

    @property
    def bend(self):
        return self.q.L * (self.d @ self.d)

    def change(self, s):
        return both(self.q, self.at(s))[0] - self.q.f(self.q.x)

    def slope(self, s):
        return both(self.q, self.at(s))[1] @ self.d

    def at(self, s):
        return self.q.x + np.asarray(s)[..., None] * self.d

    def reach(self, s):
        return np.abs(self.q.x) + np.abs(np.asarray(s)[..., None] * self.d)

    def noise(self, s):
        y, A = self.reach(s), np.abs(self.q.A)
        size = ((y @ np.abs(self.q.H)) * y).sum(-1) + len(A) + (y @ A.T).sum(-1)
        return (4 * y.shape[-1] + 16) * EPS * size

    def slope_noise(self, s):
        y, A, d = self.reach(s), np.abs(self.q.A), np.abs(self.d)
        return (4 * y.shape[-1] + 16) * EPS * (y @ np.abs(self.q.H) @ d + (1 + y @ A.T) @ (A @ d))


@st.composite
def descents(draw, **options):
    """G-SMOOTH along minus the gradient with noise, of any length."""
    q, rng = draw(smooth_functions(**options)), np.random.default_rng(draw(seeds))
    g, length = q.gradient(q.x), draw(powers(-1, 1))
    d = -g + draw(st.floats(0, 2)) * np.linalg.norm(g) * rng.standard_normal(len(g)) / len(g) ** 0.5
    d = d if g @ d < 0 else -d
    assume(g @ d < -1e-3 * np.linalg.norm(g) * np.linalg.norm(d))
    return Descent(q, length * d)


@st.composite
def bowls(draw, n=st.integers(1, 4)):
    """h / 2 |x|^2 along minus the gradient: the smooth function for which the bounds are sharp."""
    n, h, rng = draw(n), draw(powers(-1, 1)), np.random.default_rng(draw(seeds))
    x = rng.standard_normal(n)
    return Descent(Smooth(h * np.eye(n), np.zeros((1, n)), x, h), -h * x)


def searched(case, rule):
    """The first step of a rule along this direction; its trace."""
    return walk(problem(case.q), on_rule(rule, Along(lambda g, t: 0 * g + case.d)), case.q.x).trace


class Curve(NamedTuple):
    """A function of the step alone, and what rounding may do to its value and slope."""

    f: Callable
    slope: Callable
    noise: Callable = lambda s: 0.0
    slope_noise: Callable = lambda s: 0.0

    @property
    def slope0(self):
        return self.slope(0.0)

    def change(self, s):
        return self.f(s) - self.f(0.0)


def curve(line):
    """A G-LINE; each of its terms goes through at most 16 operations."""
    size = lambda s: line.A * s**4 + abs(line.B * s**3) + abs(line.C) * s**2 + 1 + abs(line.w * s + line.p) + 5 * s
    steep = lambda s: (
        4 * line.A * s**3 + 3 * abs(line.B) * s**2 + 2 * abs(line.C) * s + line.w * (1 + abs(line.w * s + line.p)) + 5
    )
    return Curve(line.f, line.slope, lambda s: 16 * EPS * (size(s) + 1), lambda s: 16 * EPS * steep(s))


curves = lines.map(curve)


def searched_curve(curve, rule):
    """The first step of a rule along a curve, where s is the parameter itself; its trace."""
    return walk(univariate(curve.f, curve.slope), on_rule(rule, Along(lambda g, t: 0 * g + 1)), np.zeros(1)).trace


def room(small, large, noise, scale):
    """small <= large up to noise: what is left of it, as a fraction of scale."""
    return (large - small + noise) / scale


def enough(line, s, c1):
    """Room in the sufficient decrease (eq. 2.17) at s > 0."""
    return room(line.change(s), c1 * s * line.slope0, line.noise(s), s * abs(line.slope0))


def flat(line, s, c2):
    """Room in the strong curvature condition, which implies eq. 2.18."""
    return room(abs(line.slope(s)), -c2 * line.slope0, line.slope_noise(s), abs(line.slope0))


# --- LS-01: the directional derivative


@st.composite
def unit_lines(draw):
    """G-SMOOTH along a random unit direction, and a step."""
    q, rng = draw(smooth_functions()), np.random.default_rng(draw(seeds))
    d = rng.standard_normal(len(q.x))
    return Descent(q, d / np.linalg.norm(d)), draw(st.floats(-3, 3))


def derivative(case, s, along=None):
    """Slopes of our lines against a complex step, which does not cancel: Im f(y + i h d) / h with h = 1e-30.

    ``along``: a wrong direction for the inner product.
    """
    d = case.d if along is None else along(case)
    exact = np.imag(case.q.f(case.q.x + (s + 1e-30j) * case.d)) / 1e-30
    ours = problem(case.q).at(case.q.x, None).along(d)
    plain = Plain(lambda x: case.q.f(np.array(x)), lambda x: case.q.gradient(np.array(x)))
    _, twin = tb.tiny.line(plain, tuple(case.q.x), tuple(d), (0,))
    tolerance = 2 * case.slope_noise(s)
    return {"rays": close(ours.slope(np.array([s]))[0], exact, tolerance), "tiny": close(twin(s), exact, tolerance)}


def at_start(q, claimed, direction=directions.Unit):
    """The slope at 0 of our line along the (unit) negative gradient; claimed: of the gradient and of d."""
    xp, point = problem(q).xp, problem(q).at(q.x, None)
    d, _ = direction().step(xp, point, ())
    return close(point.along(d).slope0, claimed(q.gradient(q.x), d), 2 * Descent(q, d).slope_noise(0.0))


MINUS_NORM = lambda g, d: -np.linalg.norm(g)

LS_01 = Claim(
    id="LS-01",
    title="Directional derivative",
    source="dissertation, eqs. 2.14 and 2.15 and the sentence after",
    statement="The slope of the loss along a line is the inner product of gradient and direction; along the unit"
    " negative gradient it is, at the start, minus the length of the direction.",
    formula=r"f_{\mathrm{line}}'(s) = \nabla f(\theta + s d)^T d, \qquad f_{\mathrm{line}}'(0) = -\|d\|",
    kind="property",
    verdict="corrected",
    finding="At the start the slope is minus the length of the gradient; a unit direction has length 1.",
    corrected=r"f_{\mathrm{line}}'(0) = -\|\nabla f(\theta)\|",
    checks=[
        Check("slopes are inner products", derivative, unit_lines()),
        Check("-|g| at the start", lambda q: at_start(q, MINUS_NORM), smooth_functions()),
    ],
    controls=[
        broken("another direction", lambda c, s: derivative(c, s, lambda c: -c.d), unit_lines()),
        broken(
            "a direction that is not unit",
            lambda q: at_start(q, MINUS_NORM, directions.Gradient),
            smooth_functions(),
        ),
    ],
    counterexamples=[
        broken("-|d| at the start", lambda q: at_start(q, lambda g, d: -np.linalg.norm(d)), smooth_functions())
    ],
)

# --- LS-02: the sign of the angle condition


@st.composite
def rational_directions(draw):
    """A gradient, any vector, and a direction that is not orthogonal to it."""
    n = draw(st.integers(1, 4))
    g, d = draw(vectors(n)), draw(vectors(n))
    assume(dot(g, d) != 0)
    return g, d


def signed_square(g, d, sign=-1):
    """cos |cos| of the angle between d and -g (sign=1: and g, as printed): rational, and of the sign of the cosine."""
    p = sign * dot(g, d)
    return p * abs(p) / (dot(g, g) * dot(d, d))


def steepest(g, d, way=-1, sign=-1):
    """The cosine of d = -g (way=1: d = g) is 1."""
    return equal(signed_square(g, tuple(way * v for v in g), sign), F(1))


def descends(g, d, sign=-1, way=1):
    """Where d descends its cosine is positive."""
    d = d if dot(g, d) < 0 else tuple(-v for v in d)
    return above(signed_square(g, tuple(way * v for v in d), sign), F(0))


def searched_where_positive(g, d):
    """Our rules search along d iff the corrected cosine is positive, and say ASCENT elsewhere."""
    positive_cosine = signed_square(g, d) > 0
    g_, d_ = np.array(g, float), np.array(d, float)
    linear = tb.problems.FromFunction(lambda theta, index: (theta @ g_, 0 * theta + g_), len(g), 1)
    rules = (backtracking.Armijo(reset=2), backtracking.Goldstein(tries=1), bracketing.StrongWolfe(tries=1))
    slack = {"tiny": equal(tb.tiny.outlook(F(0), dot(g, d))[1] == tb.tiny.FOUND, positive_cosine)}
    for rule in rules:
        status = walk(linear, on_rule(rule, Along(lambda g, t: 0 * g + d_)), np.zeros(len(g))).trace.status[0, 0]
        slack[type(rule).__name__] = equal(int(status != tb.Status.ASCENT), int(positive_cosine))
    return slack


LS_02 = Claim(
    id="LS-02",
    title="Sign of the angle condition",
    source="dissertation, eq. 2.19",
    statement="Convergence asks that the cosine, gradient times direction over their lengths, stays above a positive"
    " number.",
    formula=r"\cos\alpha_t = \frac{\nabla f(\theta_t)^T d_t}{\|\nabla f(\theta_t)\|\,\|d_t\|} \ge \delta > 0",
    kind="exact",
    verdict="corrected",
    finding="A minus sign is missing: as printed every descent direction has a negative cosine, so that the condition"
    " admits ascent directions alone.",
    corrected=r"\cos\alpha_t = -\frac{\nabla f(\theta_t)^T d_t}{\|\nabla f(\theta_t)\|\,\|d_t\|} \ge \delta > 0",
    checks=[
        Check("steepest descent has cosine 1", steepest, rational_directions()),
        Check("descent directions have positive cosines", descends, rational_directions()),
        Check("our rules search where it is positive", searched_where_positive, rational_directions(), examples=150),
    ],
    controls=[
        broken("steepest ascent", lambda g, d: steepest(g, d, way=1), rational_directions()),
        broken("ascent directions", lambda g, d: descends(g, d, way=-1), rational_directions()),
    ],
    counterexamples=[
        broken("the printed cosine of -g is -1", lambda g, d: steepest(g, d, sign=1), rational_directions()),
        broken("the printed cosine of descent", lambda g, d: descends(g, d, sign=1), rational_directions()),
    ],
)

# --- LS-03: exact line search ends where the slope is 0


@st.composite
def lines_of_quadratics(draw):
    """G-PDQ and a direction other than 0."""
    q = draw(rational_quadratics(n=st.integers(1, 4)))
    d = draw(vectors(len(q.x)).filter(any))
    return q, d


def orthogonal(q, d, factor=F(1)):
    """At the minimum of the parabola through three values of f along d, or at factor times the way, g'd = 0."""
    value = lambda s: q.f(add(q.x, s, d))
    a, b = (value(1) + value(-1)) / 2 - value(0), (value(1) - value(-1)) / 2
    return equal(dot(q.gradient(add(q.x, -factor * b / (2 * a), d)), d), F(0))


def consecutive(q, factor=F(1)):
    """Gradients before and after exact steps of the twin along -g: g'g_new = (1 - factor) |g|^2.

    The centre of the quadratics is q.r, so that their gradient is 2 Q (x - r).
    """
    Q = tuple(tuple(2 * v for v in row) for row in q.Q)
    quadratic, slack, x = tb.tiny.Quadratics([Q], [q.r]), [], q.x
    for move in tb.tiny.exact(quadratic, x, [(0,)] * 3):
        g = quadratic.gradient(x, (0,))
        after = quadratic.gradient(add(x, -factor * move.step, g), (0,))
        slack.append(equal(dot(g, after), (1 - factor) * dot(g, g)))
        x = move.x
    return min(slack)


def exact_on_arrays(q):
    """Our rule's point against the slope's own rounding: (4 n + 16) eps |d|'|Q|(|x| + |m| + |s d|)."""
    Q, m, x = (np.array(v, float) for v in (q.Q, q.r, q.x))
    found = walk(tb.problems.NoisyQuadratic(2 * Q, m), on_rule(bracketing.Exact()), x)
    d, s = -2 * Q @ (x - m), found.trace.size[0, 0]
    size = np.abs(d) @ np.abs(2 * Q) @ (np.abs(x) + np.abs(m) + np.abs(s * d))
    return close(2 * (found.theta[1, 0] - m) @ Q @ d, 0.0, (4 * len(x) + 16) * EPS * size)


def exact_on_lines(line, factor=1):
    """Our rule on G-LINE: the slope is 0 up to rounding, its own and that of the step, some 16 eps s."""
    plain = curve(line)
    s = factor * searched_curve(plain, bracketing.Exact()).size[0, 0]
    return close(line.slope(s), 0.0, plain.slope_noise(s) + 16 * EPS * s * bend_up_to(line, s))


def bend_up_to(line, s):
    """The largest |f''| on [0, s]."""
    return 12 * line.A * s**2 + 6 * abs(line.B) * s + 2 * abs(line.C) + line.w**2


LS_03 = Claim(
    id="LS-03",
    title="Exact line search: orthogonality",
    source="dissertation, eq. 2.16 and the footnote of section 4.3",
    statement="Where a loss is least along a line its gradient is orthogonal to the line; gradients of consecutive"
    " exact steepest descent steps are orthogonal.",
    formula=r"\nabla f(\theta + s^* d)^T d = 0",
    kind="exact",
    verdict="holds",
    checks=[
        Check("along any direction", orthogonal, lines_of_quadratics(), examples=200),
        Check("consecutive gradients", consecutive, rational_quadratics(n=st.integers(1, 3)), examples=100),
        Check(
            "share left by 9/10 of the step", lambda q: consecutive(q, F(9, 10)), rational_quadratics(st.just(2)), 50
        ),
        Check("our rule on quadratics", exact_on_arrays, rational_quadratics(), examples=150),
        Check("our rule on other lines", exact_on_lines, lines, examples=150),
    ],
    controls=[
        broken("9/10 of the step", lambda q, d: orthogonal(q, d, F(9, 10)), lines_of_quadratics()),
        broken("9/10 of the step on other lines", lambda line: exact_on_lines(line, 0.9), lines),
    ],
)

# --- LS-04: there are steps that satisfy both Wolfe conditions


@st.composite
def wolfe_constants(draw):
    """c1 in [.001, .95], c2 between it and .999."""
    c1 = draw(st.floats(0.001, 0.95))
    return c1, c1 + draw(st.floats(1e-3, 1)) * (0.999 - c1)


WOLFE = lambda c1, c2: bracketing.StrongWolfe(c1=c1, c2=c2, tries=500)


def wolfe_room(line, c1, c2, s):
    """Room in both conditions at the best of the steps s > 0, the strong form of the second."""
    return np.max(np.minimum(enough(line, s, c1), flat(line, s, c2)))


def exists(line, constants, more=()):
    """Our searches each find one, or it is among ``more`` steps. A search that failed gives step 0, which is steep."""
    from toybox.tiny.bracketing import wolfe

    steps = {
        "arrays": searched_curve(line, WOLFE(*constants)).size[0, 0],
        "tiny": wolfe(line.f, line.slope, 1.0, *constants, inf, 500)[0],
    }
    room = lambda s: wolfe_room(line, *constants, np.array([max(s, 1e-9), *more]))
    return {name: room(s) for name, s in steps.items()}


def interval(line, constants):
    """Around a step for stricter constants all steps do: as far as the bounds of f'' and f' on [0, 2 s] allow.

    Between c1, c1 + w, c2 - w, c2 with w = (c2 - c1) / 3 the conditions have room w s |f'(0)| and w |f'(0)|, which
    they lose no faster than max |f'| + |f'(0)| and max |f''|.
    """
    (c1, c2), plain, steep = constants, curve(line), -line.slope(0.0)
    w = (c2 - c1) / 3
    s = searched_curve(plain, WOLFE(c1 + w, c2 - w)).size[0, 0]
    largest = bend_up_to(line, 2 * s)
    radius = w * steep * min(s / (2 * steep + 2 * s * largest), 1 / largest)
    around = np.linspace(s - radius, s + radius, 21) if s > 0 else np.full(1, 1e-9)
    return min(np.min(enough(plain, around, c1)), np.min(flat(plain, around, c2)))


def smoothed_step(s):
    """Falls with slope -1 at first, then -1/2, and rises from 50 on."""
    return -s / 2 - (1 - np.exp(-20 * s)) / 40 + 0.01 * np.maximum(0, s - 50) ** 2


LATE = Curve(smoothed_step, lambda s: -0.5 - np.exp(-20 * s) / 2 + 0.02 * np.maximum(0, s - 50))
FALLING = Curve(lambda s: -s, lambda s: 0 * s - 1)
GRID = np.concatenate([np.linspace(0, 200, 20001)[1:], np.geomspace(1e-9, 1e9, 2000)])


def share_of_grid():
    """With c1 = .3 < c2 = .7 more than 60 of the 200 units of the grid do."""
    s = np.linspace(0, 200, 20001)[1:]
    return np.mean(np.minimum(enough(LATE, s, 0.3), flat(LATE, s, 0.7)) >= 0) - 0.3


LS_04 = Claim(
    id="LS-04",
    title="Existence of Wolfe points",
    source="dissertation, eqs. 2.17 and 2.18",
    statement="Along a descent direction on which a smooth loss is bounded below, an interval of steps decreases the"
    " loss sufficiently and leaves a slope that is flat enough, if c1 < c2.",
    formula=r"f(s) \le f(0) + c_1 s f'(0), \qquad |f'(s)| \le c_2 |f'(0)|, \qquad 0 < c_1 < c_2 < 1",
    kind="property",
    verdict="holds",
    checks=[
        Check("our search ends at one", exists, st.tuples(curves, wolfe_constants())),
        Check("and an interval of them", interval, st.tuples(lines, wolfe_constants())),
        Check("c1 = .3, c2 = .7: many of a grid", share_of_grid),
    ],
    controls=[
        broken("unbounded below", lambda: exists(FALLING, (0.1, 0.9), GRID)),
        broken("c1 = .7 > c2 = .3", lambda: exists(LATE, (0.7, 0.3), GRID)),
    ],
)

# --- LS-05: small steps decrease enough, and are too steep

constants = st.floats(0.001, 0.999)
GRID_50 = np.arange(1, 51) / 50


def sufficient(case, c1, tested=None, factor=1, pick=np.min):
    """The 50 steps up to factor times 2 (1 - c1) |f'(0)| / (L |d|^2) decrease enough, for c1 (or ``tested``)."""
    s = GRID_50 * factor * 2 * (1 - c1) * -case.slope0 / case.bend
    return pick(enough(case, s, c1 if tested is None else tested))


def steep(case, c2, factor=1):
    """The 50 steps up to factor times (1 - c2) |f'(0)| / (L |d|^2) violate eq. 2.18, or meet it with equality."""
    s = GRID_50 * factor * (1 - c2) * -case.slope0 / case.bend
    return np.min(room(case.slope(s), c2 * case.slope0, case.slope_noise(s), -case.slope0))


def thresholds(case, c):
    return {"decrease": sufficient(case, c), "steepness": steep(case, c)}


def accepted_at_once(case, c1):
    """Our Armijo rule takes 49 such steps at the first try, where the room for them exceeds rounding; the twin 7."""
    from toybox.tiny.backtracking import armijo

    bar = 2 * (1 - c1) * -case.slope0 / case.bend
    s = GRID_50[:-1] * bar
    assume(np.all(case.bend / 2 * s * (bar - s) > case.noise(s)))
    trace = searched(case, backtracking.Armijo(c=c1, first=s, reset=2, tries=1))
    twin = [armijo(case.change, case.slope0, first, c1, 0.9, 1)[1] for first in s[::8]]
    return {"arrays": close(trace.size[0, 0] / s, 1.0, EPS), "tiny": twin.count(tb.tiny.FOUND) - len(twin)}


def never_shorter(case, c2):
    """Our Wolfe searches, from a tenth of the threshold, end beyond it (up to rounding of the slope)."""
    from toybox.tiny.bracketing import wolfe

    bar = (1 - c2) * -case.slope0 / case.bend
    ours = searched(case, bracketing.StrongWolfe(c1=1e-4, c2=c2, first=bar / 10)).size[0, 0]
    twin = wolfe(case.change, case.slope, bar / 10, 1e-4, c2, inf, 100)[0]
    return {name: room(bar, s, case.slope_noise(s) / case.bend, bar) for name, s in (("arrays", ours), ("tiny", twin))}


LS_05 = Claim(
    id="LS-05",
    title="Small steps: sufficient decrease accepts them, curvature excludes them",
    source="dissertation, eqs. 2.17 and 2.18",
    statement="Every short enough step decreases the loss sufficiently; the curvature condition rules short steps out.",
    formula=r"s \le \frac{2(1-c_1)|f'(0)|}{L\|d\|^2} \Rightarrow f(s) \le f(0) + c_1 s f'(0), \qquad"
    r" s < \frac{(1-c_2)|f'(0)|}{L\|d\|^2} \Rightarrow f'(s) < c_2 f'(0)",
    kind="property",
    verdict="holds",
    checks=[
        Check("enough decrease and too steep below the thresholds", thresholds, st.tuples(descents(), constants)),
        Check("our Armijo rule accepts", accepted_at_once, st.tuples(descents(), constants), examples=150),
        Check(
            "our Wolfe search goes beyond",
            never_shorter,
            st.tuples(descents(definite=True), st.floats(0.1, 0.9)),
            examples=150,
        ),
    ],
    controls=[
        broken(
            "c1 = 1 on strictly convex lines: none of the steps",
            lambda case: sufficient(case, 0.5, tested=1.0, pick=np.max),
            bowls(),
        ),
        broken("twice the first threshold", lambda case: sufficient(case, 0.5, factor=2), bowls()),
        broken("twice the second threshold", lambda case: steep(case, 0.5, factor=2), bowls()),
    ],
)

CLAIMS = (LS_01, LS_02, LS_03, LS_04, LS_05)
