"""Section C, second part: where exact searches end, and the Wolfe conditions (dissertation, eqs. 2.16 to 2.18)."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction as F
from typing import NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ..cases import EPS, add, dot, lines, rational_quadratics, vectors
from ..claim import Check, Claim, close, equal
from ..ours import Quadratics, moves, on_rule, univariate, walk
from .c_slopes import Along, bowls, broken, descents, searched

# --- curves, and the room that a step leaves


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
    """Gradients before and after exact steps along -g, on exact numbers: g'g_new = (1 - factor) |g|^2.

    The centre of the quadratics is q.r, so that their gradient is 2 Q (x - r).
    """
    Q = tuple(tuple(2 * v for v in row) for row in q.Q)
    quadratic, slack, x = Quadratics([Q], [q.r]), [], q.x
    for move in moves("exact", quadratic, x, [(0,)] * 3):
        g = quadratic.gradient(x, (0,))
        after = quadratic.gradient(add(x, -factor * move.step, g), (0,))
        slack.append(equal(dot(g, after), (1 - factor) * dot(g, g)))
        x = move.x
    return min(slack)


def exact_on_arrays(q):
    """Our rule's point against the slope's own rounding: (4 n + 16) eps |d|'|Q|(|x| + |m| + |s d|)."""
    Q, m, x = (np.array(v, float) for v in (q.Q, q.r, q.x))
    found = walk(tb.problems.NoisyQuadratic(2 * Q, m), on_rule(methods.exact.Exact()), x)
    d, s = -2 * Q @ (x - m), found.trace.size[0, 0]
    size = np.abs(d) @ np.abs(2 * Q) @ (np.abs(x) + np.abs(m) + np.abs(s * d))
    return close(2 * (found.theta[1, 0] - m) @ Q @ d, 0.0, (4 * len(x) + 16) * EPS * size)


def exact_on_lines(line, factor=1):
    """Our rule on G-LINE: the slope is 0 up to rounding, its own and that of the step, some 16 eps s."""
    plain = curve(line)
    s = factor * searched_curve(plain, methods.exact.Exact()).size[0, 0]
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


WOLFE = lambda c1, c2: methods.wolfe.StrongWolfe(c1=c1, c2=c2, tries=500)


def wolfe_room(line, c1, c2, s):
    """Room in both conditions at the best of the steps s > 0, the strong form of the second."""
    return np.max(np.minimum(enough(line, s, c1), flat(line, s, c2)))


def exists(line, constants, more=()):
    """Our searches each find one, or it is among ``more`` steps. A search that failed gives step 0, which is steep."""
    steps = {
        "arrays": searched_curve(line, WOLFE(*constants)).size[0, 0],
        "alone": tb.search(WOLFE(*constants), line.f, line.slope).step,
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
    """Our Armijo rule takes 49 such steps at the first try, where the room for them exceeds rounding; 7 on a bare
    line."""
    bar = 2 * (1 - c1) * -case.slope0 / case.bend
    s = GRID_50[:-1] * bar
    assume(np.all(case.bend / 2 * s * (bar - s) > case.noise(s)))
    rule = lambda first: methods.armijo.Armijo(c=c1, first=first, reset=2, tries=1)
    trace = searched(case, rule(s))
    alone = [tb.search(rule(first), case.change, slope0=case.slope0).status for first in s[::8]]
    return {"arrays": close(trace.size[0, 0] / s, 1.0, EPS), "alone": alone.count(tb.Status.FOUND) - len(alone)}


def never_shorter(case, c2):
    """Our Wolfe searches, from a tenth of the threshold, end beyond it (up to rounding of the slope)."""
    bar = (1 - c2) * -case.slope0 / case.bend
    rule = methods.wolfe.StrongWolfe(c1=1e-4, c2=c2, first=bar / 10)
    ours = {"arrays": searched(case, rule).size[0, 0], "alone": tb.search(rule, case.change, case.slope).step}
    return {name: room(bar, s, case.slope_noise(s) / case.bend, bar) for name, s in ours.items()}


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


CLAIMS = (LS_03, LS_04, LS_05)
