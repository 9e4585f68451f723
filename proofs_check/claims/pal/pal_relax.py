r"""PAL-RELAX  Relaxation on quadratics

Where: dissertation, section 4.4.3, and section 6.3.2, observation 6
Claim: Going alpha times as far as the minimum of the line gains alpha (2 - alpha) times what an exact search gains: the
    loss falls strictly for 0 < alpha < 2, stays for alpha = 2 and rises beyond.
Formula: f(x^+) - f^* = f(x) - f^* - \alpha (2 - \alpha)\, g(x) \le \left(1 - \alpha (2 - \alpha) \frac{4 r}{(r +
    1)^2}\right) (f(x) - f^*)
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F

from hypothesis import assume
from hypothesis import strategies as st

from ... import of_code
from ...cases import positive, rational_quadratics
from ...claim import told
from ...proof import Theorem, same
from .common import arrays_take, exact_pal, relaxations

claim = told(__doc__)
claim.of_the_code(of_code.pal.relaxes)


@claim.proof("a parabola", broken={"alpha (1 - alpha)": {"limit": 1}, "alpha may be 0": {"least": -1}})
def gains(slope, bend, alpha, limit=2, least=0):
    """Along the unit direction f falls by slope s - bend s^2, most at s = slope / (2 bend); the sign as claimed."""
    drop = lambda s: slope * s - bend * s**2
    vertex = slope / (2 * bend)
    found = drop(alpha * vertex)
    return Theorem(
        (slope > 0, bend > 0, alpha >= 0, alpha > least),
        {
            "identity": found == alpha * (limit - alpha) * drop(vertex),
            "falls": same(found > 0, alpha < 2),
            "stays": same(found == 0, alpha == 2),
        },
    )


@claim.proof("the factor", broken={"alpha beyond 2": {"most": 3}})
def contracts(gap, gain, share, alpha, most=2):
    """gap = f - f*; an exact search gains a share 4r/(r+1)^2 of it or more (PAL-RATE)."""
    left, part = gap - alpha * (2 - alpha) * gain, alpha * (2 - alpha) * share
    return Theorem(
        (gap >= 0, gain >= share * gap, share > 0, 0 < alpha, alpha < most), {"factor": left <= (1 - part) * gap}
    )


@claim.check("our rule on arrays", st.tuples(rational_quadratics(), positive(), relaxations), examples=100)
@claim.control("not relaxed", st.tuples(rational_quadratics(), positive(), st.just(F(1, 2))), examples=20, taken=1)
def relaxed_arrays(q, mu, alpha, taken=None):
    """Our rule on floats goes alpha times as far as an exact search."""
    assume(any(q.gradient(q.x)))
    return arrays_take(q, mu, alpha * exact_pal(q, q.x, mu).rate, alpha=float(taken or alpha))
