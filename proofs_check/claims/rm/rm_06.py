r"""RM-06  Conditions 2.13 plus a unique stationary point are not sufficient

Where: dissertation, eq. 2.13 and the text around it
Claim: SGD converges to the only stationary point of a loss if its rates have an infinite sum and a finite sum of
    squares.
Formula: \sum_t \lambda_t = \infty,\ \sum_t \lambda_t^2 < \infty \Rightarrow \theta_t \to \theta^*
Verdict: refuted
Kind: exact
Found: On the fourth power of x, without noise and with the rates 1/t, the iterates from 2 are 2, -30, 53970, ...
    Whenever the square of an iterate is at least t, the next one is at least 3 times as far away, so that this goes on
    for ever. The gradient must not grow faster than linearly, or the iterates must be bounded. And a stationary point
    may be a maximum, which only the word minimiser excludes.
True: x_t^2 \ge t \Rightarrow |x_{t+1}| = |x_t| \left(\frac{4 x_t^2}{t} - 1\right) \ge 3 |x_t|
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise

from ...claim import Contrast, at_most, equal, only, told
from ...ours import Plain, moves
from ...proof import Theorem, size
from .common import inverse

claim = told(__doc__)

QUARTIC = Plain(lambda x: x[0] ** 4, lambda x: (4 * x[0] ** 3,))
HILL = Plain(lambda x: -(x[0] ** 2), lambda x: (-2 * x[0],))


@claim.proof("the step of the induction", broken={"5 times": {"factor": 5}, "from x^2 = t/4": {"near": 4}})
def induction(t, x, factor=3, near=1):
    """If x_t^2 >= t, then x_(t+1) is at least 3 times as far away, and x_(t+1)^2 >= t + 1; as 2^2 is at least 1, this
    goes on for ever."""
    after = x - 1 / t * 4 * x**3
    return Theorem(
        (t >= 1, near * x**2 >= t),
        {
            "formula": size(after) == size(x) * (4 * x**2 / t - 1),
            "3 times": size(after) >= factor * size(x),
            "once more": after**2 >= t + 1,
        },
    )


@claim.proof("a maximum", broken={"a minimum": {"slope": 1}})
def away(t, x, slope=-2):
    """On -x^2 every step leads away from the only stationary point 0."""
    return Theorem((t >= 1, x != 0), {"farther": size(x - 1 / t * slope * x) > size(x)})


def iterates(plain, x, steps):
    """x and where our SGD without noise goes from it, on exact numbers, by the rates 1, 1/2, 1/3, ..."""
    return [x, *(move.x[0] for move in moves("sgd", plain, (x,), [0] * steps, rate=inverse))]


@claim.check("five steps of our SGD, each at least 3 times as far")
@claim.control("from 1/4", only(F(1, 4)))
@claim.control("5 times as far, from x^2 = t", only(F(1)), factor=5)
def grows(x=F(2), factor=3):
    found = iterates(QUARTIC, x, 5)
    return {
        "far": min(at_most(factor * abs(a), abs(b)) for a, b in pairwise(found)),
        "the first iterates": equal(found[:3], [2, -30, 53970]),
    }


def nearer(plain, x):
    """Three steps on, the iterate would be nearer to the stationary point 0."""
    return Contrast(abs(x), abs(iterates(plain, x, 3)[-1]), "less than")


@claim.counterexample("distance from 0 after three steps from x on x^4", only(F(2)))
def on_quartic(x):
    return nearer(QUARTIC, x)


@claim.counterexample("distance from the maximum after three steps from x on -x^2", only(F(1, 10)))
def on_hill(x):
    return nearer(HILL, x)
