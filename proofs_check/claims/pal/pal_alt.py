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

from math import inf

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import EPS, positive, rationals
from ...claim import close, told
from ...ours import on_rule, walk
from ...proof import Theorem, same, size, smaller, where
from .common import step_of

claim = told(__doc__)

STEPS = 5


@claim.proof("a step", broken={"a largest step": {"limit": lambda step: smaller(step, 1)}})
def lands(a, b, c, shift, x, mu, limit=lambda step: step):
    """On f(x + shift) it ends at that parabola's minimum, wherever it began."""
    f = lambda x: a * (x + shift) ** 2 + b * (x + shift) + c
    slope = 2 * a * (x + shift) + b
    way = where(slope > 0, -1, 1)
    step = limit(step_of(f(x), f(x + way * mu), -size(slope), mu))
    return Theorem((a > 0, mu > 0, slope != 0), {"there": x + way * step == -b / (2 * a) - shift})


@claim.proof("never the average", broken={"half of delta": {"part": 4}})
def apart(a, b, delta, part=2):
    """The minimum of the average, where its slope is 0, is neither of the two."""
    one = -b / (2 * a)
    middle = one - delta / part
    slope = lambda x: 2 * a * x + b
    return Theorem(
        (a > 0,),
        {
            "minimum": (slope(middle) + slope(middle + delta)) / 2 == 0,
            "not the one": same(delta != 0, middle != one),
            "not the other": same(delta != 0, middle != one - delta),
        },
    )


PARABOLAS = st.tuples(positive(), rationals(), rationals(nonzero=True))  # a, b, delta


@claim.check("our rule on arrays", st.tuples(PARABOLAS, rationals(), positive()), examples=100)
@claim.control("s_max < |delta|", lambda budget: [((1, 2, 4), -1, 1)], s_max=1.0)
def two_cycle(parabola, x, mu, s_max=inf):
    """The presented minimum after every step; rounding of a is T-s, of lines that know differences."""
    (a, b, delta), x, mu = map(float, parabola), float(x), float(mu)
    ends = -b / (2 * a) - delta * (np.arange(STEPS) % 2)
    problem = tb.problems.NoisyQuadratic([[2 * a]], [[ends[0]], [ends[1]]])
    rule = on_rule(methods.pal.PAL(mu, s_max=s_max))
    found = walk(problem, rule, [x], STEPS, lambda t, j: np.array([[t % 2]]), 1).theta[1:, 0, 0]
    reach = abs(x) + np.abs(ends).max() + abs(delta)
    return close(found, ends, 16 * EPS * reach * (1 + 2 * reach / mu))
