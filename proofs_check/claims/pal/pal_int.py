r"""PAL-INT  PAL under interpolation

Where: dissertation, section 4.7
Claim: If all batches are quadratics with a common minimiser, PAL with a relaxation between 0 and 2 on batches drawn at
    random converges linearly. (The text says so of line searches of this kind; this form is derived.)
Formula: \eta = \alpha \frac{\|g_i\|^2}{g_i^\top A_i g_i} \ge \frac{\alpha}{L_i}, \quad \|e^+\|^2 \le \|e\|^2 - \eta (2
    - \alpha)\, e^\top A_i e, \quad \mathbb E \|e^+\|^2 \le \left(1 - \alpha (2 - \alpha) \frac{\mu}{L_{\max}}\right)
    \|e\|^2
Verdict: holds
Kind: property
"""

from __future__ import annotations

from fractions import Fraction as F
from math import inf

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import EPS, Interpolating, interpolating_sums
from ...claim import below, told
from ...ours import on_rule, walk
from ...proof import Theorem

claim = told(__doc__)


@claim.proof("one batch", broken={"alpha > 2": {"most": 3}, "another minimiser": {"part": F(1, 2)}})
def fejer(distance, first, second, third, largest, alpha, most=2, part=1):
    """distance = |e|^2, and the others e'A^k e of the batch: g = A e, and second^2 <= first third (PAL-A11's pairs).
    part: of e'A e that e'g is, less than 1 where the batch has another minimiser.

    The last bound is linear in e'A e, so that its mean over batches has that of e'A e, which is mu |e|^2 or more.
    """
    eta = alpha * second / third
    after = distance - 2 * eta * part * first + eta**2 * second
    return Theorem(
        (
            *(distance > 0, first > 0, second > 0, third > 0, 0 < alpha, alpha < most),
            *(second**2 <= first * third, third <= largest * second),
        ),
        {
            "step": eta >= alpha / largest,
            "Fejer": after <= distance - eta * (2 - alpha) * first,
            "bound": after <= distance - alpha * (2 - alpha) / largest * first,
        },
    )


@claim.proof("their mean", broken={"alpha > 2": {"most": 3}})
def linear(distance, mean, smallest, largest, alpha, after, most=2):
    """mean: of e'A_i e; after: the mean of |e+|^2."""
    share = alpha * (2 - alpha) / largest
    return Theorem(
        (
            *(distance > 0, smallest > 0, largest > 0, 0 < alpha, alpha < most),
            *(mean >= smallest * distance, after <= distance - share * mean),
        ),
        {"rate": after <= (1 - share * smallest) * distance},
    )


@st.composite
def relaxed(draw, low=0.05, high=1.95):
    """A sum that interpolates, a relaxation and a measuring distance."""
    return draw(interpolating_sums()), draw(st.floats(low, high)), draw(st.floats(0.1, 1))


@claim.check("our rule on every batch", relaxed(), examples=200)
@claim.control("our rule, another minimiser", relaxed(), examples=50, of="Fejer", shift=3.0)
def fejer_on_arrays(sum_: Interpolating, alpha, mu, shift=0.0):
    """One step of our rule on every f_i. shift: of the first one's minimiser.

    Rounding is relative to |e|^2. The gradient's error, n eps L |e|, is multiplied by a rate of at most 2 / (smallest
    positive eigenvalue); T-s of lines without cancellation is of the order of (1 + 2 s / mu) eps; places have eps |w|.
    """
    A, m = sum_.A, np.tile(sum_.best, (len(sum_.A), 1))
    m[0] += shift
    lanes = np.arange(len(A))[:, None]
    rule = on_rule(methods.pal.PAL(mu, alpha=alpha, s_max=inf))
    problem = tb.problems.NoisyQuadratic(A, m)
    found = walk(problem, rule, sum_.w, sampler=lambda t, j: lanes, batch=1, seeds=range(len(A)))
    e, after, eta = sum_.w - sum_.best, found.theta[1] - sum_.best, found.trace.size[0]
    h = np.linalg.eigvalsh(A)
    positive_ones = np.where(h > 1e-9 * h[:, -1:], h, inf)
    spread = (h[:, -1] / positive_ones.min(1)).max() + 2 * found.trace.arc[0].max() / mu
    far = (np.linalg.norm(sum_.w) + np.linalg.norm(sum_.best)) / np.linalg.norm(e)
    assume(spread < 1e6)
    E, tolerance = e @ e, 16 * (len(e) + 4) * EPS * (spread + far)
    return {
        "step": below(alpha / h[:, -1], eta, tolerance * eta),
        "Fejer": below((after**2).sum(-1), E - eta * (2 - alpha) * np.einsum("i,kij,j->k", e, A, e), tolerance * E),
    }
