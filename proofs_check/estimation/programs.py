"""The questions: one step of a rule, on an L-smooth, mu-strongly convex function with minimum 0 at 0, where L = 1.

A step of unknown length s between a and b is asked about twice, at ``end`` a and at ``end`` b. That is enough: on a
convex line a step shorter than an accepted one is accepted, one longer than a rejected one is rejected, and value and
squared distance are at most what they are at the worse of two ends. Steps are multiples of the negative gradient.

``room``: by how much of the slope what is accepted lies below the limit of sufficient decrease, and what is rejected
above it.
"""

from __future__ import annotations

from fractions import Fraction

from .forms import BEST, Form, Point, Worst, interpolation, point

NONE, HALF, ONE = Fraction(0), Fraction(1, 2), Fraction(1)


def along(name: str, start: Point, s: Fraction) -> Point:
    """The point a gradient step of length s away."""
    return point(name, start.x - s * start.g)


def asked(
    metric: Form, unit: Form, points: list[Point], mu: Fraction, *below: Form, zero: tuple[Form, ...] = ()
) -> Worst:
    points = [BEST, *points]
    return Worst(metric, unit, [*interpolation(points, mu, ONE), *below], zero, points)


def sufficient(start: Point, after: Point, s: Fraction, c: Fraction) -> Form:
    """Not positive where sufficient decrease accepts the step s."""
    return after.f - start.f + c * s * start.g.squared()


# --- values


def exact_search(mu: Fraction) -> Worst:
    """f1 / f0 where g1 is orthogonal to g0 and to x1 - x0, all that is used of an exact search."""
    x0, x1 = point("0"), point("1")
    return asked(x1.f, x0.f, [x0, x1], mu, zero=(x0.g * x1.g, (x1.x - x0.x) * x1.g))


def accepted(mu: Fraction, c: Fraction, s: Fraction, room: Fraction = NONE) -> Worst:
    """f1 / f0 where sufficient decrease accepts s."""
    x0 = point("0")
    x1 = along("1", x0, s)
    return asked(x1.f, x0.f, [x0, x1], mu, sufficient(x0, x1, s, c + room))


def backtracked(
    mu: Fraction, c: Fraction, beta: Fraction, a: Fraction, b: Fraction, end: Fraction, room: Fraction = NONE
) -> Worst:
    """f1 / f0 where sufficient decrease accepts s after it rejected s / beta.

    If f1 is not at most the value at a, it is at most that at b, and at most what was demanded at a.
    """
    x0 = point("0")
    xa, tried = along("a", x0, a), along("t", x0, b / beta)
    less = sufficient(x0, xa, a, c + room)
    judged = less, -1 * sufficient(x0, tried, b / beta, c - room)
    if end == a:
        return asked(xa.f, x0.f, [x0, xa, tried], mu, *judged)
    xb, f1 = along("b", x0, b), Form({"f1": ONE})
    return asked(f1, x0.f, [x0, xa, xb, tried], mu, *judged, f1 - xb.f, f1 - xa.f + less)


def parabola(mu: Fraction, measure: Fraction, a: Fraction, b: Fraction, end: Fraction) -> Worst:
    """f1 / f0 of PAL, which measures a step ``measure`` away: the parabola's minimum is at s between a and b.

    In multiples of the gradient the parabola is f0 - |g|^2 t + |g|^2 t^2 / (2 s).
    """
    x0 = point("0")
    measured, x1 = along("m", x0, measure), along("a", x0, end)
    square, rise = x0.g.squared(), measured.f - x0.f + measure * x0.g.squared()
    bend = lambda s: measure**2 / (2 * s) * square
    return asked(x1.f, x0.f, [x0, measured, x1], mu, bend(b) - rise, rise - bend(a))


def unaccepted(c: Fraction, a: Fraction, b: Fraction, end: Fraction) -> Worst:
    """By how much the step misses sufficient decrease, in |g0|^2, on any 1-smooth function, convex or not; f0 = 0."""
    x0 = point("0")._replace(f=BEST.f)
    x1 = along("1", x0, end)
    return Worst(sufficient(x0, x1, end, c), x0.g.squared(), interpolation([x0, x1], -ONE, ONE))


# --- distances


def contracted(mu: Fraction, c: Fraction, a: Fraction, b: Fraction, end: Fraction, room: Fraction = NONE) -> Worst:
    """|x1|^2 / |x0|^2 where sufficient decrease accepts."""
    x0 = point("0")
    xa = along("a", x0, a)
    return asked((x0.x - end * x0.g).squared(), x0.x.squared(), [x0, xa], mu, sufficient(x0, xa, a, c + room))


def fejer(mu: Fraction, c: Fraction, a: Fraction, b: Fraction, end: Fraction, room: Fraction = NONE) -> Worst:
    """(|x1|^2 + mu s |x0|^2 + s (2 - 1/c) f0) / |x0|^2 where sufficient decrease accepts: SLS-02 says at most 1."""
    question = contracted(mu, c, a, b, end, room)
    gain = mu * end * question.unit + end * (2 - 1 / c) * point("0").f
    return question._replace(metric=question.metric + gain)


def uncontracted(mu: Fraction) -> Worst:
    """The largest c with which sufficient decrease accepts a step that does not contract, |x1| >= |x0|.

    Such a step is at least 2 g0.x0 / |g0|^2, where |x1| = |x0|, and f being convex the larger c belongs to that one. Of
    its direction only g0.(x0 - x1) = 2 g0.x0 is used: c is (f0 - f1) over that.
    """
    x0, x1 = point("0"), point("1")
    turn = x0.g * (x0.x + x1.x), x1.x.squared() - x0.x.squared()
    return asked(x0.f - x1.f, 2 * (x0.g * x0.x), [x0, x1], mu, zero=turn)


def constant(mu: Fraction, rate: Fraction) -> Worst:
    """|x1|^2 / |x0|^2 of a gradient step: the mean over samples of which each is mu-strongly convex is no larger."""
    x0 = point("0")
    return asked((x0.x - rate * x0.g).squared(), x0.x.squared(), [x0], mu)


def constant_of_mean(mu: Fraction, rate: Fraction) -> Worst:
    """Mean of |x1|^2 / |x0|^2 over two convex samples with one minimiser, whose mean is mu-strongly convex.

    Of that only the two inequalities between x0 and the minimiser are used.
    """
    x0 = point("0")
    other = point("1", x0.x)
    drop, slope, square = HALF * (x0.f + other.f), HALF * ((x0.g + other.g) * x0.x), x0.x.squared()
    ends = [(x0.x - rate * one.g).squared() for one in (x0, other)]
    own = [form for one in (x0, other) for form in interpolation([BEST, one], Fraction(0), ONE)]
    mean = [mu / 2 * square - drop, drop + mu / 2 * square - slope]
    return Worst(HALF * (ends[0] + ends[1]), square, [*own, *mean])
