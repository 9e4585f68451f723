r"""PAL-A14  A lower bound on the decrease

Where: dissertation, A.12 to A.16
Claim: A PAL step on x'Qx gains at least the squared distance to the minimum times a constant made of the smallest and
    the largest eigenvalue of Q. The rate that follows is far slower than Kantorovich's.
Formula: g(x) \ge \frac{\lambda_{\min}^4}{\lambda_{\max}^3} \|x\|^2 \ \Rightarrow\ f(x^+) \le (1 - r^{-4}) f(x)
Verdict: holds
Kind: property
"""

from __future__ import annotations

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from ...cases import EPS, dot, float_quadratics, positive, vectors
from ...claim import below, close, equal, told
from .common import decrease, diagonal, float_pal, step_error

claim = told(__doc__)


@st.composite
def weighted_starts(draw, n=st.integers(1, 8)):
    """G-PDF around 0; the start weighs the eigenvectors by powers of their eigenvalues, which comes near the bound."""
    q = draw(float_quadratics(n, centered=True))
    h, U = np.linalg.eigh(q.Q)
    assume(h[0] > 0)
    x = U @ (U.T @ q.x * (h / h[-1]) ** draw(st.floats(-1.5, 0.5)))
    return q._replace(x=x, eigenvalues=h)


@claim.check("floats", weighted_starts())
@claim.control("eigenvalues exchanged", weighted_starts(), examples=20, of="C", exchanged=True)
def enough(q, exchanged=False):
    """g(x) >= C |x|^2, and what PAL gains, which is g(x) up to the square of its step's relative error.

    Rounding of x'Q^kx and of the eigenvalues: T-eig, relative to the smallest eigenvalue.
    """
    low, high = (q.eigenvalues[0], q.eigenvalues[-1])[:: -1 if exchanged else 1]
    r, n, off = q.condition, len(q.x), step_error(q)
    assume(off < 0.05)
    Qx = q.Q @ q.x
    gain = (Qx @ Qx) ** 2 / (Qx @ q.Q @ Qx)
    bound = low**4 / high**3 * (q.x @ q.x)
    arc, _ = float_pal(q)
    d = Qx / np.linalg.norm(Qx)
    taken = arc * (2 * np.linalg.norm(Qx) - d @ q.Q @ d * arc)
    tolerance = 64 * n * EPS * r
    return {
        "C": below(bound, gain, bound * tolerance),
        "rate": below(r**-4 * q.f(q.x), gain, gain * tolerance),
        "PAL": below(bound, taken, bound * (tolerance + off**2)),
        "PAL gains g": close(taken, gain, gain * (tolerance + off**2)),
    }


@claim.check("equality for multiples of the identity", st.tuples(positive(), vectors(3).filter(any)), examples=100)
def multiple_of_identity(q, x):
    """Q = q I: g(x) = q |x|^2, which is the bound."""
    return equal(decrease(diagonal((q,) * len(x), x), x), q**4 / q**3 * dot(x, x))
