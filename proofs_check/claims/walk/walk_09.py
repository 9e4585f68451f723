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

from ...claim import Contrast, only, told
from ...proof import Theorem, every, implies, larger

claim = told(__doc__)


def bowl(x, y):
    return x**2 + y**2 / 10


def wells(x, y):
    """Around (-1, 0) and (1, 0)."""
    return (x**2 - 1) ** 2 + y**2


def between(u, v, t):
    return tuple(a + t * (b - a) for a, b in zip(u, v, strict=True))


A, B, C = (F(-1), F(0)), (F(1), F(1)), (F(-1), F(3))
LOWS = between(A, B, F(20, 41)), between(B, C, F(9, 22))


@claim.proof("a floor rises where there is no barrier", broken={"the iterates for the low points": {"ends": (C, A)}})
def no_barrier(s, ends=LOWS):
    """On the bowl: low points of both lines, the second higher, none of the iterates lower, and the straight way."""
    low_ab, low_bc = (bowl(*low) for low in ends)
    return Theorem(
        (),
        {
            "lowest of AB": bowl(*between(A, B, s)) >= low_ab,
            "lowest of BC": bowl(*between(B, C, s)) >= low_bc,
            "rises": low_ab < low_bc < min(bowl(*place) for place in (A, B, C)),
            "straight way": implies(every(s >= 0, s <= 1), bowl(*between(*ends, s)) <= low_bc),
        },
    )


@claim.check("the losses of the example")
@claim.control("one of them rounded upwards", expected=("1", ".0244", "1.1", ".3637", "1.9"))
def quoted_values(expected=("1", ".0244", "1.1", ".3636", "1.9")):
    """Losses at A, theta_AB, B, theta_BC, C: four digits, rounded."""
    found = (bowl(*place) for place in (A, LOWS[0], B, LOWS[1], C))
    return min(F(1, 20000) - abs(v - F(e)) for v, e in zip(found, expected, strict=True))


@claim.proof("two wells: components decide", broken={"a lower ridge": {"ridge": F(1, 2)}})
def components(x, y, s, ridge=0):
    """Of {f <= level}, for a place (x, y) in either well whose loss is the level at most. A way to the other well meets
    x = 0: below the level 1 there is none in the set. From the level 1 on there is one: down to y = 0, along it and
    up again. In general a way that does not surpass the level is one in the set, which is what components are."""
    return Theorem(
        (s >= 0, s <= 1),
        {
            "ridge": wells(ridge, y) >= 1,
            "down": wells(x, s * y) <= wells(x, y),
            "along": wells(s * x, 0) <= larger(1, wells(x, y)),
        },
    )


WELLS = tuple((F(x), F(y)) for x, y in (("-2", "-5.182"), ("0", "5.182"), ("2.2", "-4.982")))


@claim.proof("two wells: a floor that rises over a barrier", broken={"another place for the first": {"first": F(1)}})
def over_a_barrier(s, first=F(1, 2)):
    """The low points of both lines lie in different wells, below the ridge."""
    (x, y), (z, w) = between(*WELLS[:2], first), between(*WELLS[1:], F(1, 2))
    return Theorem(
        (),
        {
            "lowest of AB": wells(*between(*WELLS[:2], s)) >= wells(x, y),
            "lowest of BC": wells(*between(*WELLS[1:], s)) >= wells(z, w),
            "wells": every(x < 0, 0 < z),
            "rises": every(wells(x, y) < wells(z, w), wells(z, w) < 1),
        },
    )


@claim.counterexample("highest loss between the low points u and v on x^2 + y^2 / 10, against theirs", only(*LOWS))
def over_the_bowl(u, v):
    """A convex loss is highest at an end of the way."""
    ends = bowl(*u), bowl(*v)
    return Contrast(max(ends), max(*ends, bowl(*between(u, v, F(1, 2)))), "more than")
