"""Section C, first part: what is searched, its slopes and angles (dissertation, eqs. 2.14, 2.15 and 2.19)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction as F
from typing import NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ..cases import EPS, Smooth, dot, powers, seeds, smooth_functions, vectors
from ..claim import Check, Claim, Contrast, above, close, equal, only
from ..ours import on_rule, walk


def broken(words, margin, cases=None):
    """A control or counterexample."""
    return Check(words, margin, cases)


# --- what is searched


def both(q, X):
    """Values and gradients of a smooth function at X (..., n)."""
    Z = X @ q.A.T
    return 0.5 * ((X @ q.H) * X).sum(-1) + np.cos(Z).sum(-1), X @ q.H - np.sin(Z) @ q.A


def problem(q):
    return tb.problems.FromFunction(lambda theta, index: both(q, theta), len(q.x), 1)


def at_start(q):
    """The point at x on the only sample."""
    place = problem(q)
    return place.at(q.x, place.population)


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
    ours = at_start(case.q).along(d)
    return close(ours.slope(np.array([s]))[0], exact, 2 * case.slope_noise(s))


def start(q, direction=methods.fixed.Unit):
    """The (unit) negative gradient, and the slope at 0 of our line along it."""
    point = at_start(q)
    d, _ = direction().step(point.problem.xp, point, ())
    return d, point.along(d).slope0


def is_minus_norm(q, direction=methods.fixed.Unit):
    d, slope = start(q, direction)
    return close(slope, -np.linalg.norm(q.gradient(q.x)), 2 * Descent(q, d).slope_noise(0.0))


def is_minus_length(x):
    """As it is printed, of |x|^2 / 2."""
    d, slope = start(Smooth(np.eye(len(x)), np.zeros((1, len(x))), np.array(x), 1.0))
    return Contrast(-np.linalg.norm(d), slope, rounding=1e-9)


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
        Check("-|g| at the start", is_minus_norm, smooth_functions()),
    ],
    controls=[
        broken("another direction", lambda c, s: derivative(c, s, lambda c: -c.d), unit_lines()),
        broken("a direction that is not unit", lambda q: is_minus_norm(q, methods.fixed.Gradient), smooth_functions()),
    ],
    counterexamples=[
        Check("slope from x along the unit negative gradient of |x|^2 / 2", is_minus_length, only((3.0, 4.0)))
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


def steepest(g, d, way=-1):
    """The cosine of d = -g (way=1: d = g) is 1."""
    return equal(signed_square(g, tuple(way * v for v in g)), F(1))


def descends(g, d, way=1):
    """Where d descends its cosine is positive."""
    d = d if dot(g, d) < 0 else tuple(-v for v in d)
    return above(signed_square(g, tuple(way * v for v in d)), F(0))


def without_sign(g, d):
    return Contrast(signed_square(g, d, sign=1), signed_square(g, d))


def searched_where_positive(g, d):
    """Our rules search along d iff the corrected cosine is positive, and say ASCENT elsewhere."""
    positive_cosine = signed_square(g, d) > 0
    g_, d_ = np.array(g, float), np.array(d, float)
    linear = tb.problems.FromFunction(lambda theta, index: (theta @ g_, 0 * theta + g_), len(g), 1)
    rules = (methods.armijo.Armijo(reset=2), methods.goldstein.Goldstein(tries=1), methods.wolfe.StrongWolfe(tries=1))
    alone = tb.search("backtracking", lambda s: s * dot(g, d), slope0=dot(g, d)).status
    slack = {"alone": equal(int(alone == tb.Status.FOUND), int(positive_cosine))}
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
        Check("cosine of steepest descent", without_sign, only((F(3), F(4)), (F(-3), F(-4)))),
        Check("cosine of a descent direction, squared with its sign", without_sign, only((F(3), F(4)), (F(-1), F(0)))),
    ],
)


CLAIMS = (LS_01, LS_02)
