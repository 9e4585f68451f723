r"""ERM-04  Cross entropy decomposes and is minimised by the label distribution

Where: dissertation, eq. 2.7
Claim: Cross entropy is the entropy of the labels plus the divergence of the prediction from them; it is least, and
    equals the entropy, where the prediction is the distribution of the labels.
Formula: -y^\top \log q = H(y) + \mathrm{KL}(y \| q) \ge H(y)
Verdict: holds
Kind: symbolic
Found: With the natural logarithm the unit is nats; the <<number of bits>> takes the base 2, a factor log 2.
"""

from __future__ import annotations

import numpy as np
import sympy
from hypothesis import strategies as st

import toybox as tb
from toybox import losses

from ...cases import EPS, powers, seeds
from ...claim import close, holds, only, told

claim = told(__doc__)


@claim.check("one label", degree="proved")
@claim.control("without normalisation", only(0))
def one_label(normalised=1):
    """Term by term: -y log q = -y log y + y log(y/q), and the last is at least y - q, the sum of which is 0 over both
    distributions. For what it is more has the derivative (q - y)/q in q: it falls to 0 at q = y, and rises again. (For
    y = 0 it is q.)"""
    y, q = sympy.symbols("y q", positive=True)
    divergence = y * sympy.log(y / q)
    more = divergence - normalised * (y - q)
    zero = lambda expression: holds(sympy.simplify(sympy.expand_log(expression)) == 0)
    return {
        "sum": zero(-y * sympy.log(q) - (-y * sympy.log(y) + divergence)),
        "entropy at q = y": zero(more.subs(q, y)),
        "more elsewhere": zero(sympy.diff(more, q) - (q - y) / q),
        "bits": zero(sympy.log(q, 2) * sympy.log(2) - sympy.log(q)),
    }


@st.composite
def distributions(draw):
    n, spread, rng = draw(st.integers(2, 8)), draw(powers(-1, 0)), np.random.default_rng(draw(seeds))
    q = np.maximum(rng.dirichlet([spread] * n), 1e-12)
    return q / q.sum()


@claim.check("our loss of softmax for certain labels", distributions())
@claim.control("in bits", distributions(), examples=20, unit=np.log(2))
def our_softmax(q, unit=1.0):
    """Logits z = log q lose eps |z| in differences."""
    z, certain = np.log(q), np.eye(len(q))
    found = losses.Softmax().value(tb.xp.namespace("numpy"), np.broadcast_to(z, certain.shape), certain)
    return close(found, -z / unit, 8 * len(z) * EPS * max(1.0, np.abs(z).max()))
