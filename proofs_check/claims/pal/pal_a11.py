r"""PAL-A11  A monotone sequence

Where: dissertation, A.11
Claim: On x'Qx the losses of PAL's iterates fall strictly, by g(x_i) in each step, and stay strictly positive.
Formula: 0 < f(x_{n+1}) < f(x_n) = f(x_0) - \sum_{i<n} g(x_i) < f(x_0)
Verdict: refuted
Kind: exact
Found: The sum and the decrease are right while x_n is not the minimum; but f(x_n+1) = 0 as soon as x_n is an
    eigenvector of Q, and only then. The proof of convergence survives with 0 <= and a stop where the gradient is 0;
    without the stop PAL would divide 0 by 0.
True: 0 \le f(x_{n+1}) = f(x_n) - g(x_n) < f(x_n), \qquad f(x_{n+1}) = 0 \iff Q x_n = \lambda x_n
"""

from __future__ import annotations

from fractions import Fraction as F

from hypothesis import strategies as st

import toybox as tb

from ...cases import positive, rational_quadratics, rationals, times
from ...claim import Contrast, above, equal, only, told
from .common import ZERO, centred, decrease, diagonal, exact_pal, exact_walk, float_pal, floats, starts

claim = told(__doc__)

small_starts = rational_quadratics(n=st.integers(1, 3)).map(centred).filter(lambda q: any(q.x))


@claim.check("two steps", st.tuples(small_starts, positive()), examples=60)
@claim.control("with 9/10 of g", only(diagonal((2, 5), (3, 4)), F(1)), share=F(9, 10))
def falls(q, mu, steps=2, share=1):
    """0 <= f(x_n+1) = f(x_n) - g(x_n) < f(x_n) while x_n is not 0, and the sum of A.11."""
    xs, _ = exact_walk(q, mu, steps)
    xs = [x for k, x in enumerate(xs) if k == 0 or any(xs[k - 1])]
    f, gains = [q.f(x) for x in xs], [share * decrease(q, x) for x in xs[:-1]]
    return {
        "each": min(min(equal(b, a - g), above(a, b), b) for a, b, g in zip(f[:-1], f[1:], gains, strict=True)),
        "sum": equal(f[-1], f[0] - sum(gains)),
    }


@st.composite
def eigenvectors(draw):
    """A start on an axis of a diagonal Q."""
    n = draw(st.integers(1, 5))
    k, q, v = draw(st.integers(0, n - 1)), draw(st.tuples(*[positive()] * n)), draw(rationals(nonzero=True))
    return centred(diagonal(q, tuple(v * (i == k) for i in range(n))))


@claim.check("one step from anywhere", st.tuples(starts, positive()), examples=60)
@claim.check("one step from eigenvectors", st.tuples(eigenvectors(), positive()), examples=60)
def ends_at_eigenvectors(q, mu):
    """f(x+) = 0 iff x is an eigenvector of Q: where the inequality of Cauchy and Schwarz is an equality."""
    Qx, f = times(q.Q, q.x), q.f(exact_pal(q, q.x, mu).x)
    parallel = all(a * v == b * u for a, u in zip(Qx, q.x, strict=True) for b, v in zip(Qx, q.x, strict=True))
    return equal(f, 0) if parallel else above(f, 0)


@claim.check("and one more", st.tuples(eigenvectors(), positive()), examples=60)
def rests(q, mu):
    """From the minimum PAL goes nowhere, on exact numbers and on arrays."""
    end = exact_pal(q, q.x, mu).x
    after = exact_pal(q, end, mu)
    arc, status = float_pal(floats(q._replace(x=end), mu))
    stays = (after.x, after.status, status) == (end, tb.Status.STATIONARY, int(tb.Status.STATIONARY))
    return {"there": equal(end, (ZERO,) * len(end)), "stays": F(0) if stays else F(-1), "arrays": equal(arc, 0)}


@claim.counterexample("loss of x'diag(eigenvalues)x after a step from an eigenvector", only((2, 5), (3, 0), F(1)))
def stays_positive(eigenvalues, x, mu):
    """As it is printed, after a step on a diagonal Q."""
    q = diagonal(eigenvalues, x)
    return Contrast(ZERO, q.f(exact_pal(q, q.x, mu).x), "more than")
