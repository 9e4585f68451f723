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

from ...cases import dot, positive, rational_quadratics, times, vectors
from ...claim import above, at_most, equal, told
from .common import arrays_take, diagonal, exact_pal, kantorovich, relaxations

claim = told(__doc__)


def contracts(entries, x, mu, alpha):
    """With eigenvalues that are rational the factor is, too."""
    q = diagonal(entries, x)
    r = max(entries) / min(entries)
    return at_most(q.f(exact_pal(q, q.x, mu, alpha=alpha).x), (1 - alpha * (2 - alpha) * kantorovich(r)) * q.f(q.x))


@claim.check("our rule on arrays", st.tuples(rational_quadratics(), positive(), relaxations), examples=100)
def relaxed_arrays(q, mu, alpha):
    """Our rule on floats goes alpha times as far."""
    assume(any(q.gradient(q.x)))
    return arrays_take(q, mu, alpha * exact_pal(q, q.x, mu).step, alpha=float(alpha))


halves = st.sampled_from([F(k, 2) for k in range(1, 7)])


@claim.check("the identity", st.tuples(rational_quadratics(), positive(), halves), examples=150)
def gains(q, mu, alpha):
    """f falls by alpha (2 - alpha) g(x), and, for alpha > 0, it does fall iff alpha < 2."""
    g = q.gradient(q.x)
    assume(any(g))
    full = dot(g, g) ** 2 / (4 * dot(g, times(q.Q, g)))
    drop = q.f(q.x) - q.f(exact_pal(q, q.x, mu, alpha=alpha).x)
    sign = above(drop, 0) if alpha < 2 else equal(drop, 0) if alpha == 2 else above(0, drop)
    return {"identity": equal(drop, alpha * (2 - alpha) * full), "sign": sign}


PLACE = diagonal((2, 5), (3, 4))

claim.check(
    "the factor",
    st.tuples(
        st.integers(1, 4).flatmap(lambda n: st.tuples(st.tuples(*[positive()] * n), vectors(n).filter(any))),
        positive(),
        relaxations,
    ),
    examples=100,
)(lambda starts, mu, alpha: contracts(*starts, mu, alpha))
claim.control("alpha = 2 lowers the loss")(
    lambda: above(PLACE.f(PLACE.x), PLACE.f(exact_pal(PLACE, PLACE.x, F(1), 2).x))
)
