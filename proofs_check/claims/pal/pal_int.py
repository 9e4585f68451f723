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

from math import inf

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import EPS, Interpolating, interpolating_sums
from ...claim import below, told
from ...ours import on_rule, walk

claim = told(__doc__)


@st.composite
def relaxed(draw, low=0.05, high=1.95):
    """A sum that interpolates, a relaxation and a measuring distance."""
    return draw(interpolating_sums()), draw(st.floats(low, high)), draw(st.floats(0.1, 1))


@claim.check("one step on every batch", relaxed())
@claim.control("another minimiser", relaxed(), examples=50, of="Fejer", shift=3.0)
@claim.control("alpha > 2", relaxed(2.2, 3.0), examples=50, of="mean")
def fejer(sum_: Interpolating, alpha, mu, shift=0.0):
    """One step of our rule on every f_i. shift: of the first one's minimiser.

    Rounding is relative to |e|^2. The gradient's error, n eps L |e|, is multiplied by a rate of at most 2 / (smallest
    positive eigenvalue); T-s of lines without cancellation is of the order of (1 + 2 s / mu) eps; places have eps |w|.
    """
    A, m = sum_.A, np.tile(sum_.best, (len(sum_.A), 1))
    m[0] += shift
    lanes = np.arange(len(A))[:, None]
    problem = tb.problems.NoisyQuadratic(A, m)
    rule = on_rule(methods.pal.PAL(mu, alpha=alpha, s_max=inf))
    found = walk(problem, rule, sum_.w, sampler=lambda t, j: lanes, batch=1, seeds=range(len(A)))
    e, after, eta = sum_.w - sum_.best, found.theta[1] - sum_.best, found.trace.size[0]
    h = np.linalg.eigvalsh(A)
    largest, positive_ones = h[:, -1], np.where(h > 1e-9 * h[:, -1:], h, inf)
    spread = (largest / positive_ones.min(1)).max() + 2 * found.trace.arc[0].max() / mu
    far = (np.linalg.norm(sum_.w) + np.linalg.norm(sum_.best)) / np.linalg.norm(e)
    assume(spread < 1e6)
    curved = np.einsum("i,kij,j->k", e, A, e)
    E, Es = e @ e, (after * after).sum(-1)
    smallest, tolerance = np.linalg.eigvalsh(A.mean(0))[0], 16 * (len(e) + 4) * EPS * (spread + far)
    return {
        "step": below(alpha / largest, eta, tolerance * eta),
        "Fejer": below(Es, E - eta * (2 - alpha) * curved, tolerance * E),
        "mean": below(Es.mean(), (1 - alpha * (2 - alpha) * smallest / largest.max()) * E, tolerance * E),
    }
