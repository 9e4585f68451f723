r"""WALK-08  Barriers: definition, detection, height

Where: A Walk with SGD, section 2 and fig. 4
Claim: A barrier is crossed where a point between two iterates has a higher loss than both; ten points of each step show
    it; its height is the mean loss of the iterates minus the loss on the barrier.
Formula: \frac{l_t + l_{t+1} - 2\, l_*}{2}
Verdict: corrected
Kind: exact
Found: The height has the opposite sign: as printed it is negative for every barrier, and not negative only if l* is the
    lowest point, when it is the depth of a valley. A convex line has no barrier; a parabola has one if and only if it
    is bent downwards with its vertex inside of the step. Ten points give a lower bound of their number.
True: l_* - \frac{l_t + l_{t+1}}{2} \ge l_* - \max(l_t, l_{t+1}) > 0
"""

from __future__ import annotations

from fractions import Fraction as F
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import EPS, positive, rational_quadratics, rationals, vectors
from ...claim import Contrast, above, at_most, equal, only, told
from ...ours import Plain, line, on_rule, walk
from .common import GRID, samples

claim = told(__doc__)


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


def rise(phi, points):
    """By how much the highest of the points inside surpasses both ends; above 0 there is a barrier."""
    return max(phi(alpha) for alpha in points if 0 < alpha < 1) - max(phi(0), phi(1))


polynomials = st.builds(Polynomial, vectors(5))
convex_polynomials = st.builds(lambda c, r, q: Polynomial((*c, r, F(0), q)), vectors(2), positive(), positive())
convex_lines = st.one_of(
    convex_polynomials,
    st.builds(Roof, st.tuples(*[vectors(2)] * 4)),
    rational_quadratics(st.integers(1, 3)).flatmap(lambda q: st.builds(Along, st.just(q), vectors(len(q.x)))),
)


@claim.check("none on convex lines", convex_lines, examples=100)
def no_barrier(phi):
    return at_most(rise(phi, GRID), 0)


parabolas = st.tuples(rationals(nonzero=True), rationals(), positive())


@claim.check("on parabolas", parabolas, examples=100)
def on_parabola(a, b, s, condition=lambda a, vertex, s: a < 0 and 0 < vertex < s):
    """as^2 + bs on a step of length s: the vertex decides, and is looked at, besides the grid."""
    phi, vertex = Polynomial((F(0), b * s, a * s * s)), -b / (2 * a)
    return equal(int(rise(phi, [*GRID, vertex / s]) > 0), int(condition(a, vertex, s)))


def losses(bend):
    return lambda budget: [(bend, budget.seed, budget.many(100, 2000))]


@claim.check("none on steps of our SGD", losses(1.0))
@claim.control("steps of our SGD on a concave loss", losses(-1.0))
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


@claim.check("a narrow barrier is missed by ten", lambda budget: [(10,), (11,), (10, False)])
def missed(n, ends=True):
    """Ten points see no barrier where a tent .005 wide stands at .389."""
    points = samples(n) if ends else samples(n + 2)[1:-1]
    return at_most(rise(BUMP, points), 0)


@claim.check("more points see what ten see", polynomials, examples=100)
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


@claim.counterexample("height of the barrier on a parabola, l'' = -bend", only(F(0), F(1), F(8)))
def printed_height(start, end, bend):
    """Of the parabola with these values at 0 and at 1, and the second derivative -bend."""
    phi, top = Polynomial((start, end - start + bend / 2, -bend / 2)), F(1, 2) + (end - start) / bend
    assert 0 < top < 1, "no barrier"
    mean_height, _, printed = heights(phi, phi(top))
    return Contrast(printed, mean_height)


@claim.check("the printed height of a valley", convex_polynomials, examples=50)
def depth(phi):
    """With the lowest point of the segment the printed height is not negative: it is the depth of a valley."""
    return at_most(0, heights(phi, min(map(phi, GRID)))[2])


BUMP = Bump(F(389, 1000), F(5, 1000), F(2))
hills = st.tuples(rationals(), positive(), positive())


@claim.check("the right height", hills, examples=100)
def true_height(c, r, w):
    mean_height, height, printed = heights(*hill(c, r, w))
    return {
        "positive": above(height, 0),
        "at least": at_most(height, mean_height),
        "minus the printed": equal(printed, -mean_height),
    }


valleys = st.builds(lambda a, s, w: (a, -2 * a * s * w / (1 + w), s), positive(), positive(), positive())

claim.check("and found by a thousand")(lambda: above(rise(BUMP, samples(1000)), 0))
claim.control("a parabola bent upwards")(lambda: above(rise(Polynomial((0, -1, 2)), [*GRID, F(1, 4)]), 0))
claim.control("whatever the bend", valleys)(lambda a, b, s: on_parabola(a, b, s, lambda a, vertex, s: 0 < vertex < s))
claim.control("lines that are not convex", hills)(lambda *case: no_barrier(hill(*case)[0]))
claim.counterexample("rise that ten points see of a tent on the line 1 - s", only(*BUMP))(
    lambda middle, width, tall: Contrast(0, rise(Bump(middle, width, tall), samples(10)), "more than")
)
