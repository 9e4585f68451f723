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

from ...claim import Contrast, above, at_most, only, told
from ...proof import Theorem, every, implies, larger, smaller

claim = told(__doc__)


@claim.proof("the height", broken={"as printed": {"sign": -1}})
def heights(start, end, top, sign=1):
    """Above the mean of the ends; with the lowest point in the place of the top the printed one is a depth."""
    printed, height = (start + end - 2 * top) / 2, sign * (top - (start + end) / 2)
    over = top - larger(start, end)
    return Theorem(
        (),
        {
            "a barrier's": implies(over > 0, every(height >= over, printed < 0)),
            "opposite": printed == -height,
            "a valley's": implies(top <= smaller(start, end), printed >= 0),
        },
    )


@claim.proof("none on convex lines", broken={"concave lines": {"bend": -1}})
def no_barrier(start, end, s, value, bend=1):
    """A convex line is nowhere above the chord between its ends."""
    chord = (1 - s) * start + s * end
    return Theorem((s >= 0, s <= 1, bend * (chord - value) >= 0), {"none": value <= larger(start, end)})


@claim.proof(
    "on parabolas: bent downwards, with the vertex inside",
    broken={"bent upwards": {"bend": 1}, "vertex behind the start": {"least": -1}},
)
def on_parabolas(a, b, length, s, bend=-1, least=0):
    """l(s) = a s^2 + b s between 0 and the length of the step."""
    line = lambda s: a * s * s + b * s
    rise, vertex = lambda s: line(s) - larger(0, line(length)), -b / (2 * a)
    inside = every(bend * a > 0, least < vertex, vertex < length)
    given = (a != 0, length > 0, s > 0, s < length)
    return Theorem(given, {"only if": implies(rise(s) > 0, inside), "if": implies(inside, rise(vertex) > 0)})


BUMP = (F(389, 1000), F(5, 1000), F(2))


def rise(middle, width, tall, points):
    """Of the line 1 - s with a tent on it: how far the highest of the points inside surpasses both ends. Above 0 they
    show a barrier, and where few points do, more do."""
    tent = lambda s: tall * max(F(0), 1 - abs(s - middle) / (width / 2))
    return max(1 - s + tent(s) for s in points if 0 < s < 1) - 1


def samples(n):
    """n points from 0 to 1, both included, as in section 2."""
    return [F(k, n - 1) for k in range(n)]


@claim.check("a narrow barrier is missed by ten", lambda budget: [samples(10), samples(11), samples(12)[1:-1]])
@claim.control("missed by a thousand", lambda budget: [samples(1000)])
def missed(points):
    """A tent .005 wide at .389; ten points are those from end to end, or inside."""
    return at_most(rise(*BUMP, points), 0)


@claim.check("and found by a thousand", lambda budget: [samples(1000)])
@claim.control("found by ten", lambda budget: [samples(10)])
def found(points):
    return above(rise(*BUMP, points), 0)


@claim.counterexample("height of the barrier on a parabola, l'' = -bend", only(F(0), F(1), F(8)))
def printed_height(start, end, bend):
    """Of the parabola with these values at 0 and at 1, and the second derivative -bend."""
    top = F(1, 2) + (end - start) / bend
    assert 0 < top < 1, "no barrier"
    highest = start + (end - start + bend / 2) * top - bend / 2 * top**2
    return Contrast((start + end - 2 * highest) / 2, highest - (start + end) / 2)


@claim.counterexample("rise that ten points see of a tent on the line 1 - s", only(*BUMP))
def seen_by_ten(middle, width, tall):
    return Contrast(0, rise(middle, width, tall, samples(10)), "more than")
