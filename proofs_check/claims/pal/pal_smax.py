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

from ...cases import EPS, dot, positive, rational_quadratics, times
from ...claim import below, close, equal, told
from .common import arrays_take, exact_pal, kantorovich, relaxations, trajectories

claim = told(__doc__)


@claim.check("the decrease on floats", lambda budget: trajectories(budget, 40, capped=True))
def falls_capped(t, clip=np.minimum):
    """PAL goes min(s, s_max), which is a relaxation alpha <= 1, and the loss falls by that alpha's share.

    clip: what a rule that limits steps otherwise would do; its loss is that of the exact parabola.
    """
    wanted = clip(t.best, t.s_max)
    taken = t.arc if clip is np.minimum else wanted
    alpha = np.minimum(taken / t.best, 1)
    after = t.f[1:] if clip is np.minimum else t.f[:-1] - taken * t.slope * (1 - taken / t.best / 2)
    bound = t.f[:-1] * (1 - alpha * (2 - alpha) * kantorovich(t.condition) + t.off**2)
    return {
        "falls": below(after, bound, 64 * t.n * EPS * t.condition * t.f[:-1]),
        "length": close(taken, wanted, t.off * wanted),
        "capped": below(taken, np.full_like(taken, t.s_max), 4 * EPS * t.s_max),
    }


@claim.check(
    "the cap comes after alpha",
    st.tuples(rational_quadratics(n=st.integers(1, 3)), positive(), relaxations, positive(9, 50)),
    examples=100,
)
def capped_exactly(q, mu, alpha, s_max):
    """The cap comes after alpha: min(alpha s, s_max), on exact numbers and on arrays."""
    g = q.gradient(q.x)
    assume(any(g))
    wanted = alpha * dot(g, g) / (2 * dot(g, times(q.Q, g)))
    move = exact_pal(q, q.x, mu, alpha, s_max)
    length = float(s_max) * sqrt(dot(g, g))
    return {
        "exact": equal(move.step, min(wanted, s_max)),
        "arrays": arrays_take(q, mu, move.step, alpha=float(alpha), s_max=length),
    }


claim.control("a smallest step", lambda budget: trajectories(budget, 1, capped=True))(
    lambda t: falls_capped(t, np.maximum)["falls"]
)
