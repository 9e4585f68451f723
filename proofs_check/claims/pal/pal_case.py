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

from ...cases import rationals
from ...claim import above, close, equal, only, told
from ...ours import Plain, moves, on_rule, walk
from .common import ZERO

claim = told(__doc__)

eighths = st.builds(F, st.integers(-80, 80), st.just(8))
halvings = st.sampled_from([F(1, 8), F(1, 4), F(1, 2), F(1), F(2), F(4)])
falling = eighths.filter(lambda b: b < 0)
measured = st.one_of(  # l(0), l(mu), b, mu; the second kind lies on the tangent: a = 0
    st.tuples(eighths, eighths, falling, halvings),
    st.tuples(eighths, falling, halvings).map(lambda case: (case[0], case[0] + case[1] * case[2], *case[1:])),
)


@claim.check("any numbers", measured)
@claim.control("without a slope", only(F(0), F(1), F(0), F(1)), of="forward")
def cases(first, second, b, mu):
    """What PAL does with any l(0), l(mu), b < 0, mu > 0."""
    plain = Plain(lambda x: second if any(x) else first, lambda x: (b,))
    found = moves("pal", plain, (ZERO,), [(0,)], mu=mu, beta=0, s_max=inf)
    s, a = found[0].step, (second - first - b * mu) / mu**2
    if a <= 0:
        return {
            "step": equal(s, mu),
            "parabola": equal(first + b * mu + a * mu**2, second),
            "lower": above(first, second),
        }
    agree = lambda one, other: F(0) if one == other else F(-1)
    return {
        "forward": above(s, 0),
        "vertex": equal(2 * a * s + b, 0),
        "far": agree(s > mu, second - first < b * mu / 2),
        "near": agree(second >= first, s <= mu / 2),
    }


@claim.check("our rule on arrays", measured, examples=200)
def cases_on_arrays(first, second, b, mu):
    """Our rule on the same numbers: all but one division is exact in floats, so that nothing is lost."""
    wanted = tb.search(methods.pal.PAL(mu=mu, s_max=inf), lambda s: second if s else first, slope0=b).step
    both = lambda x, index: (np.where(x[..., 0] == 0, float(first), float(second)), 0 * x + float(b))
    problem = tb.problems.FromFunction(both, 1, 1)
    rule = on_rule(methods.pal.PAL(float(mu), s_max=inf), tb.methods.fixed.Unit())
    return equal(walk(problem, rule, np.zeros(1), every=None).trace.theta[0, 0], float(wanted))


@claim.check("b >= 0", eighths.filter(lambda b: b >= 0), examples=50)
def third_case(b):
    """No step where b >= 0."""
    end = tb.search("pal", lambda s: F(0), slope0=b)
    wanted = tb.Status.STATIONARY if b == 0 else tb.Status.ASCENT
    return F(0) if (end.step, end.status, end.questions) == (0, wanted, []) else F(-1)


nonzero = rationals(nonzero=True)
turns = st.tuples(nonzero, nonzero, st.integers(1, 9).map(lambda k: F(k, 10))).filter(lambda t: t[1] * t[2] != t[0])


@claim.check("momentum may lead uphill", turns, examples=100, of="iff")
@claim.control("b <= 0 with momentum", only(F(-1, 10), F(-1), F(2, 5)), of="uphill")
def climbs(g, before, beta, momentum=True):
    """b > 0 iff beta g'd > |g|^2, in one variable: gradients -before and g in turn, on exact numbers and on arrays."""
    slopes = (-before, g)
    parts = [(lambda x, v=v: v * x[0], lambda x, v=v: (v,)) for v in slopes]
    beta = beta if momentum else ZERO
    last = moves("pal", Plain(parts=parts), (ZERO,), [(0,), (1,)], beta=beta)[1]
    rates = np.array(slopes, float)
    both = lambda x, index: (rates[index[..., 0]] * x[..., 0], rates[index[..., :1]] + 0 * x)
    along = tb.methods.fixed.Unit(tb.methods.momentum.Momentum(float(beta)))
    in_turn = lambda t, j: np.array([[t]])
    trace = walk(
        tb.problems.FromFunction(both, 1, 2), on_rule(methods.pal.PAL(), along), np.zeros(1), 2, in_turn, 1, every=None
    ).trace
    uphill = beta * g * before > g * g
    agree = (last.status == tb.Status.ASCENT) == uphill == (trace.status[1, 0] == tb.Status.ASCENT)
    return {"iff": F(0) if agree else F(-1), "uphill": F(-1) if uphill else F(0)}


def overshoots():
    """|x|^1.2 from 1 with mu = 0.001: case 1, and the loss rises."""
    f = lambda x: np.abs(x) ** 1.2
    slope = lambda x: 1.2 * np.sign(x) * np.abs(x) ** 0.2
    problem = tb.problems.FromFunction(lambda x, index: (f(x[..., 0]), slope(x)), 1, 1)
    found = walk(problem, on_rule(methods.pal.PAL(1e-3, s_max=inf)), np.ones(1))
    assert found.trace.status[0, 0] == tb.Status.FOUND
    return found.trace.full_loss[:, 0]


claim.check("the case of the text")(lambda: F(-1) - climbs(F(-1, 10), F(-1), F(2, 5))["uphill"])
claim.check("|x|^1.2")(lambda: close(overshoots(), [1, 5.28], 0.005))
claim.control("case 1 lowers the loss")(lambda: above(*overshoots()))
