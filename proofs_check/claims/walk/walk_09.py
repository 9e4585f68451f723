r"""WALK-09  A rising floor is a barrier moved over

Where: A Walk with SGD, section 3
Claim: If the lowest point between one pair of iterates is lower than that between the next pair, every path between
    these two points has to climb, and so SGD has moved over a barrier.
Formula: l_{ab} < l_{bc} \Rightarrow \max_{s} \mathcal{L}(\gamma(s)) > l_{bc} \text{ for every path } \gamma \text{ from
    } \theta_{AB} \text{ to } \theta_{BC}
Verdict: refuted
Kind: exact
Found: Every path to a higher point climbs; that is no barrier. On the convex x^2 + y^2/10 the floor rises from (-1, 0)
    over (1, 1) to (-1, 3), and the straight way never surpasses the second low point. A barrier separates the two low
    points if and only if they lie in different components of the set where the loss is at most l_bc.
True: \theta_{AB},\, \theta_{BC} \text{ in different components of } \{\mathcal{L} \le l_{bc}\}
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise
from typing import Any, NamedTuple

from hypothesis import strategies as st

from ...cases import add, dot, rational_quadratics, rationals, times, vectors
from ...claim import Contrast, above, at_most, equal, only, told
from .common import GRID, samples

claim = told(__doc__)


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


@claim.check("both valleys are as in the text", lambda budget: [(BOWL,), (WELLS,)])
def as_in_the_text(valley):
    """theta_AB and theta_BC are minima of their lines, lower than both iterates; the second is the higher one."""
    slack = {"the floor rises": above(valley.low_losses[1], valley.low_losses[0])}
    ways = ((valley.A, valley.B), (valley.B, valley.C))
    for name, (u, v), low in zip(("AB", "BC"), ways, valley.lows, strict=True):
        slack["stationary " + name] = equal(dot(valley.gradient(low), add(v, -1, u)), 0)
        slack["lower " + name] = above(min(valley.f(u), valley.f(v)), valley.f(low))
        slack["lowest " + name] = at_most(valley.f(low), min(valley.f(between(u, v, s)) for s in GRID))
    return slack


@claim.check("the losses of the example")
def quoted_values():
    """Losses at A, theta_AB, B, theta_BC, C: four digits, rounded."""
    f, (ab, bc) = BOWL.f, BOWL.low_losses
    found, expected = (f(BOWL.A), ab, f(BOWL.B), bc, f(BOWL.C)), ("1", ".0244", "1.1", ".3636", "1.9")
    return min(F(1, 20000) - abs(v - F(e)) for v, e in zip(found, expected, strict=True))


@claim.check("the loss has to climb", lambda budget: [(BOWL,), (WELLS,)])
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


@claim.check("two wells: a floor that rises over a barrier", only(WELLS))
def over_a_wall(valley):
    """The second half: a barrier is between, so that the straight way, too, has higher losses than both low points."""
    return above(wall(valley.f, *valley.lows), 0)


def lowest(q, u, v):
    """Of a quadratic on the way from u to v."""
    d = add(v, -1, u)
    bend, slope = 2 * dot(d, times(q.Q, d)), dot(q.gradient(u), d)
    return add(u, min(max(-slope / bend, F(0)), F(1)), d) if bend else u


def triples(q):
    return st.tuples(st.just(q), *[vectors(len(q.x))] * 3)


@claim.check("no barrier on convex functions", rational_quadratics(st.just(2)).flatmap(triples), examples=60)
def no_wall(q, u, v, w):
    """Convex f: whatever three points, the way between the lowest points of u-v and v-w surpasses neither."""
    lows = [lowest(q, *pair) for pair in ((u, v), (v, w))]
    return at_most(wall(q.f, *lows), 0)


places = st.tuples(rationals(1, 9, 5), rationals(-6, 6, 5))
in_both_wells = st.tuples(places, places).map(lambda uv: (WELLS.f, (-uv[0][0], uv[0][1]), uv[1]))


@claim.check("two wells: components decide", in_both_wells, examples=60)
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


grids = st.tuples(st.tuples(*[st.integers(0, 5)] * 16), st.integers(0, 15), st.integers(0, 15))


@claim.check("grids: components decide", grids, examples=30)
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


claim.control("two wells, as if convex")(lambda: at_most(wall(WELLS.f, *WELLS.lows), 0))
claim.control("grids, at the level of the lower one", grids, examples=50)(lambda *case: components(*case, min))
claim.counterexample("highest loss between the low points u and v on x^2 + y^2 / 10, against theirs", only(*BOWL.lows))(
    lambda u, v: Contrast(max(map(BOWL.f, (u, v))), highest(BOWL.f, u, v), "more than")
)
