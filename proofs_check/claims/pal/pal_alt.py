r"""PAL-ALT  No convergence on alternating parabolas

Where: dissertation, section 4.4.4
Claim: If a parabola and the same shifted are presented in turn, PAL jumps from the minimum of the one to that of the
    other and never reaches that of their average.
Formula: f_2(x) = f_1(x + \delta),\ \delta \ne 0 \ \Rightarrow\ x_n \in \left\{-\tfrac{b}{2a}, -\tfrac{b}{2a} -
    \delta\right\}, \quad \mathrm{arg}\min \tfrac12 (f_1 + f_2) = -\tfrac{b}{2a} - \tfrac{\delta}{2}
Verdict: holds
Kind: exact
Found: Of PAL without a largest step: with s_max < |delta| it need not reach either minimum.
"""

from __future__ import annotations

from fractions import Fraction as F
from math import inf

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import EPS, positive, rationals
from ...claim import above, close, equal, only, told
from ...ours import Plain, moves, on_rule, walk
from .common import ZERO

claim = told(__doc__)

PARABOLAS = st.tuples(positive(), rationals(), rationals(), rationals(nonzero=True))  # a, b, c, delta
STEPS = 5


def in_turn(a, b, c, delta, x, mu, s_max=inf):
    """PAL's iterates on f and on f(x + delta) in turn."""
    parts = [
        (lambda x, o=o: a * (x[0] + o) ** 2 + b * (x[0] + o) + c, lambda x, o=o: (2 * a * (x[0] + o) + b,))
        for o in (ZERO, delta)
    ]
    batches = [(t % 2,) for t in range(STEPS)]
    return [move.x[0] for move in moves("pal", Plain(parts=parts), (x,), batches, mu=mu, beta=0, s_max=s_max)]


@claim.check("exact numbers", st.tuples(PARABOLAS, rationals(), positive()), examples=200)
@claim.control("delta = 0", only((F(1), F(2), ZERO, ZERO), F(3), F(1)), of="never the average")
@claim.control("s_max < |delta|", only((F(1), F(2), ZERO, F(4)), F(-1), F(1)), of="presented", s_max=F(1))
def two_cycle(parabola, x, mu, s_max=inf):
    """The presented minimum after every step, from the first one; never that of the average."""
    a, b, _, delta = parabola
    xs, best = in_turn(*parabola, x, mu, s_max), -b / (2 * a)
    return {
        "presented": equal(xs, [best - delta * (t % 2) for t in range(STEPS)]),
        "never the average": min(above(abs(x - (best - delta / 2)), 0) for x in xs),
    }


@claim.check("our rule on arrays", st.tuples(PARABOLAS, rationals(), positive()), examples=100)
def two_cycle_on_arrays(parabola, x, mu):
    """Our rule on floats; rounding of a is T-s, of a line that knows differences without cancellation."""
    a, b, _, delta = map(float, parabola)
    problem = tb.problems.NoisyQuadratic([[2 * a]], [[-b / (2 * a)], [-b / (2 * a) - delta]])
    rule = on_rule(methods.pal.PAL(float(mu), s_max=inf))
    found = walk(problem, rule, [float(x)], STEPS, lambda t, j: np.array([[t % 2]]), 1).theta[1:, 0, 0]
    exact = np.array([float(v) for v in in_turn(*parabola, x, mu)])
    reach = abs(float(x)) + np.abs(exact).max() + abs(delta)
    return close(found, exact, 16 * EPS * reach * (1 + 2 * reach / float(mu)))
