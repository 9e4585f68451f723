r"""PAL-SMAX  The largest step

Where: dissertation, section 4.4.3 and Algorithm 8, line 17
Claim: Steps limited to s_max still lower the loss strictly on positive definite quadratics, so that PAL still
    converges.
Formula: s = \min(s_{\mathrm{upd}}, s_{\max}) = \alpha\, s_{\mathrm{upd}},\ 0 < \alpha \le 1 \ \Rightarrow\ f(x^+) <
    f(x)
Verdict: holds
Kind: property
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from ... import of_code
from ...cases import EPS, dot, positive, rational_quadratics
from ...claim import below, close, told
from ...proof import Theorem, every, smaller
from ...worst_cases import kantorovich
from .common import arrays_take, exact_pal, relaxations, trajectories

claim = told(__doc__)
claim.of_the_code(of_code.pal.capped)


@claim.proof("a step", broken={"a smallest step": {"clip": lambda step, limit: limit}})
def falls(slope, bend, s_max, steepest, clip=smaller):
    """Along the unit direction f falls by slope s - bend s^2, by at least a half of slope s. As f falls, slopes stay
    below the ``steepest``, so that alpha does not tend to 0, and PAL-RELAX gives a rate.
    """
    vertex = slope / (2 * bend)
    step = clip(vertex, s_max)
    alpha = step / vertex
    return Theorem(
        (slope > 0, bend > 0, s_max > 0, steepest >= slope),
        {
            "relaxation": every(alpha > 0, alpha <= 1),
            "falls": slope * step - bend * step**2 >= slope * step / 2,
            "alpha": alpha >= smaller(1, 2 * bend * s_max / steepest),
        },
    )


@claim.check("the decrease on floats", lambda budget: trajectories(budget, 40, capped=True), degree="sampled")
@claim.control("on floats, a smallest step", lambda budget: trajectories(budget, 1, capped=True), clip=np.maximum)
def falls_capped(t, clip=np.minimum):
    """PAL goes min(s, s_max), which is a relaxation alpha <= 1, and the loss falls by that alpha's share."""
    alpha = np.minimum(t.arc / t.best, 1)
    bound = t.f[:-1] * (1 - alpha * (2 - alpha) * kantorovich(t.condition) + t.off**2)
    wanted = clip(t.best, t.s_max)
    return {
        "falls": below(t.f[1:], bound, 64 * t.n * EPS * t.condition * t.f[:-1]),
        "length": close(t.arc, wanted, t.off * wanted),
        "capped": below(t.arc, np.full_like(t.arc, t.s_max), 4 * EPS * t.s_max),
    }


CAPPED = st.tuples(rational_quadratics(n=st.integers(1, 3)), positive(), relaxations, positive(9, 50))


@claim.check("the cap comes after alpha", CAPPED, examples=100)
@claim.control("alpha after the cap", CAPPED, examples=20, after=True)
def capped_on_arrays(q, mu, alpha, s_max, after=False):
    """min(alpha s, s_max), on arrays."""
    g = q.gradient(q.x)
    assume(any(g))
    step = exact_pal(q, q.x, mu).rate
    wanted = alpha * min(step, s_max) if after else min(alpha * step, s_max)
    return arrays_take(q, mu, wanted, alpha=float(alpha), s_max=float(s_max) * sqrt(dot(g, g)))
