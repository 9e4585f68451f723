r"""PAL-P1  Proposition 1: PAL converges

Where: dissertation, Proposition 1
Claim: PAL with exact slopes, without momentum, relaxation and largest step, converges to the minimum of every positive
    definite quadratic from every start and for every mu; only its first case occurs.
Formula: \beta = 0,\ \alpha = 1,\ s_{\max} = \infty,\ Q \succ 0 \ \Rightarrow\ x_n \to -\tfrac12 Q^{-1} r
Verdict: holds
Kind: property
Found: At Kantorovich's rate, as long as rounding leaves anything of the fitted curvature.
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise

from hypothesis import strategies as st

from ...cases import EPS, RationalQuadratic, dot, positive, rational_quadratics, solve, times
from ...claim import above, at_most, below, close, equal, only, told
from .common import ZERO, diagonal, exact_pal, exact_walk, kantorovich, trajectories

claim = told(__doc__)


@claim.check("the rate on floats", trajectories)
@claim.control("alpha = 2", lambda budget: trajectories(budget, 3, alpha=2.0))
def falls_fast(t):
    """f(x+) <= f(x) (1 - (1 - delta^2) 4r/(r+1)^2): a step off by delta is alpha = 1 - delta or 1 + delta.

    Rounding of values and gradients: T-eig, relative to the smallest eigenvalue.
    """
    bound = t.f[:-1] * (1 - (1 - t.off**2) * kantorovich(t.condition))
    return below(t.f[1:], bound, 64 * t.n * EPS * t.condition * t.f[:-1])


@claim.check("exact searches on floats", trajectories)
def first_case_only(t):
    """Every step is that of an exact search: no a <= 0, no step mu."""
    return close(t.arc, t.best, t.off * t.best)


@claim.check("one end", only(2))
@claim.check("minima of a singular Q", only(0), of="minima")
@claim.control("a singular Q has one end", only(0), of="the same")
def same_end(second):
    """One step of PAL on 2 x^2 + second y^2, from two starts: to minima, and to the same one."""
    q = diagonal((2, second), (3, 1))
    ends = [exact_pal(q, (F(3), F(y)), F(1)).x for y in (1, 4)]
    return {"minima": equal([q.gradient(x) for x in ends], [(ZERO, ZERO)] * 2), "the same": equal(*ends)}


INDEFINITE = RationalQuadratic(((F(1), ZERO), (ZERO, F(-1))), (ZERO, ZERO), ZERO, (F(1), F(2)))


@claim.check("exact numbers", st.tuples(rational_quadratics(n=st.integers(1, 3)), positive()), examples=60)
@claim.control("an indefinite Q", only(INDEFINITE, F(1)))
def exactly(q, mu, steps=2):
    """Steps of PAL on exact numbers are exact searches: f(x+) = f(x) - (g'g)^2 / (4 g'Qg), never below the minimum."""
    xs, walked = exact_walk(q, mu, steps)
    least = q.f(solve([[2 * v for v in row] for row in q.Q], [-v for v in q.r]))
    slack = [ZERO]
    for (x, y), move in zip(pairwise(xs), walked, strict=True):
        g = q.gradient(x)
        if any(g):
            second, third = dot(g, g), dot(g, times(q.Q, g))
            slack += [equal(move.step, second / (2 * third)), equal(q.f(y), q.f(x) - second**2 / (4 * third))]
            slack += [above(q.f(x), q.f(y)), at_most(least, q.f(y))]
    return min(slack)


claim.check("three exact steps", st.tuples(rational_quadratics(n=st.integers(1, 2)), positive()), examples=30)(
    lambda q, mu: exactly(q, mu, 3)
)
