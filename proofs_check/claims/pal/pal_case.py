r"""PAL-CASE  Which case

Where: dissertation, section 4.4.2 and Algorithm 8
Claim: With b < 0: for a > 0 PAL's step is positive and leads to the minimum of the fitted parabola; for a <= 0 the loss
    at mu is below that at 0, so that going there lowers it. Otherwise it does not move.
Formula: b < 0,\ a > 0 \Rightarrow s = -\frac{b}{2a} > 0; \qquad b < 0,\ a \le 0 \Rightarrow l(\mu) = l(0) + b\mu +
    a\mu^2 < l(0)
Verdict: holds
Kind: exact
Found: Gaps: case 1 does not say that the loss itself falls; b = 0 without momentum means gradient 0, where d / |d| is 0
    / 0, and a stationary point, no more, where the text has that <<extremum>>; with momentum b > 0 does occur, iff beta
    g'd_old > |g|^2.
"""

from __future__ import annotations

from fractions import Fraction as F
from math import inf

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ... import of_code
from ...claim import above, close, equal, holds, only, told
from ...ours import Plain, moves, on_rule, walk
from ...proof import Theorem, implies, same
from .common import ZERO, fitted, step_of

claim = told(__doc__)
claim.of_the_code(of_code.pal.cases, of_code.pal.lowers, of_code.pal.nowhere)


@claim.proof("any numbers", broken={"without a slope": {"steepest": 1}, "half as far": {"share": F(1, 2)}})
def cases(first, second, b, mu, other, steepest=0, share=1):
    """Losses at 0 and mu, and a slope b < 0: the fitted parabola, and how far PAL goes."""
    a = fitted(first, second, b, mu)
    parabola = lambda s: first + b * s + a * s**2
    s = share * step_of(first, second, b, mu)
    return Theorem(
        (b < steepest, mu > 0),
        {
            "forward": s > 0,
            "minimum": implies(a > 0, parabola(s) <= parabola(other)),
            "far": implies(a > 0, same(s > mu, second - first < b * mu / 2)),
            "near": implies(a > 0, same(second >= first, s <= mu / 2)),
            "as measured": parabola(mu) == second,
            "lower": implies(a <= 0, second < first),
        },
    )


@claim.proof("momentum may lead uphill", broken={"the last direction subtracted": {"sign": -1}})
def uphill(square, product, beta, length, sign=1):
    """Along -g + beta d_old, of any length: square = |g|^2, product = g'd_old."""
    return Theorem(
        (length > 0,), {"iff": same((-square + sign * beta * product) / length > 0, beta * product > square)}
    )


eighths = st.builds(F, st.integers(-80, 80), st.just(8))
halvings = st.sampled_from([F(1, 8), F(1, 4), F(1, 2), F(1), F(2), F(4)])
falling = eighths.filter(lambda b: b < 0)
measured = st.one_of(  # l(0), l(mu), b, mu; the second kind lies on the tangent: a = 0
    st.tuples(eighths, eighths, falling, halvings),
    st.tuples(eighths, falling, halvings).map(lambda case: (case[0], case[0] + case[1] * case[2], *case[1:])),
)


@claim.check("our rule on arrays", measured, examples=200)
@claim.control("relaxed", measured, examples=20, alpha=0.5)
def cases_on_arrays(first, second, b, mu, alpha=1.0):
    """Our rule on such numbers: all but one division is exact in floats, so that nothing is lost."""
    both = lambda x, index: (np.where(x[..., 0] == 0, float(first), float(second)), 0 * x + float(b))
    rule = on_rule(methods.pal.PAL(float(mu), alpha=alpha, s_max=inf), tb.methods.fixed.Unit())
    found = walk(tb.problems.FromFunction(both, 1, 1), rule, np.zeros(1), every=None).trace.theta[0, 0]
    return equal(found, float(step_of(first, second, b, mu)))


@claim.check("b >= 0", eighths.filter(lambda b: b >= 0), examples=50)
@claim.control("b < 0", falling, examples=5)
def third_case(b):
    """No step where b >= 0."""
    end = tb.search("pal", lambda s: F(0), slope0=b)
    wanted = tb.Status.STATIONARY if b == 0 else tb.Status.ASCENT
    return holds((end.step, end.status, end.questions) == (0, wanted, []))


@claim.check("the case of the text")
@claim.control("without momentum", beta=ZERO)
def climbs(beta=F(2, 5)):
    """Gradients 1 and -1/10 in turn: the second direction leads uphill."""
    parts = [(lambda x, v=v: v * x[0], lambda x, v=v: (v,)) for v in (F(1), F(-1, 10))]
    last = moves("pal", Plain(parts=parts), (ZERO,), [(0,), (1,)], beta=beta)[1]
    return holds(last.status == tb.Status.ASCENT)


@claim.check("|x|^1.2", only(1.2))
@claim.control("case 1 raises the loss of x^2, too", only(2.0), of="rises")
def overshoots(power):
    """From 1 with mu = 0.001: case 1."""
    f = lambda x: np.abs(x) ** power
    slope = lambda x: power * np.sign(x) * np.abs(x) ** (power - 1)
    problem = tb.problems.FromFunction(lambda x, index: (f(x[..., 0]), slope(x)), 1, 1)
    trace = walk(problem, on_rule(methods.pal.PAL(1e-3, s_max=inf)), np.ones(1)).trace
    before, after = trace.full_loss[:, 0]
    first_case = holds(trace.status[0, 0] == tb.Status.FOUND)
    return {"case 1": first_case, "rises": above(after, before), "to 5.28": close(after, 5.28, 0.005)}
