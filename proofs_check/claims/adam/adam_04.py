r"""ADAM-04  Scale invariance

Where: dissertation, eq. 2.46
Claim: Adam's step does not change if the gradient, or a coordinate of it, is multiplied by a positive number.
Formula: g \to \gamma g,\ \gamma > 0:\quad \frac{\hat m_t}{\sqrt{\hat v_t}} \to \frac{\hat m_t}{\sqrt{\hat v_t}}
Verdict: holds
Kind: exact
Found: Without eps; with it only where the gradients are large compared with it.
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from toybox import methods

from ...cases import EPS, seeds
from ...claim import close, told
from ...proof import Theorem, every
from ..mom.common import fed
from .common import NO_EPS

claim = told(__doc__)


@claim.proof("one more gradient", broken={"with an eps": {"eps": 1}})
def invariant(m, v, g, gamma, beta1, beta2, total1, total2, root, scaled_root, eps=0):
    """If the averages of the scaled gradients are gamma m and gamma^2 v, as they are at the start with 0, then so after
    the next gradient, and both make one step. total: 1 - beta^t; the roots are those of the corrected averages."""
    next_m, next_v = (lambda m, g: beta1 * m + (1 - beta1) * g), (lambda v, g: beta2 * v + (1 - beta2) * g * g)
    m, scaled_m = next_m(m, g), next_m(gamma * m, gamma * g)
    v, scaled_v = next_v(v, g), next_v(gamma**2 * v, gamma * g)
    roots = (root > 0, root * root == v / total2, scaled_root > 0, scaled_root * scaled_root == scaled_v / total2)
    return Theorem(
        (gamma > 0, total1 > 0, total2 > 0, *roots),
        {
            "averages": every(scaled_m == gamma * m, scaled_v == gamma**2 * v),
            "step": scaled_m / total1 / (scaled_root + eps) == m / total1 / (root + eps),
        },
    )


@st.composite
def scaled(draw):
    """beta1, beta2, gradients (T, 4), gamma (4,).

    At most 12 steps: twice 12 steps of 3 roundings for m and, under the root, 4 for v, and a few, make 64 eps.
    """
    rng, T = np.random.default_rng(draw(seeds)), draw(st.integers(1, 12))
    gamma = 10.0 ** rng.uniform(-6, 6, 4)
    return draw(st.floats(0, 0.99)), draw(st.floats(0, 0.9999)), rng.standard_normal((T, 4)), gamma


@claim.check("our Adam, every coordinate by its own factor", scaled(), examples=200)
@claim.control("our Adam, eps = 1e-3", scaled(), examples=20, eps=1e-3)
def ours_invariant(beta1, beta2, g, gamma, eps=NO_EPS):
    """d of gamma g is d of g, coordinate by coordinate; an error is relative to what does not cancel in m."""
    adam = methods.adam.Adam(beta1, beta2, eps)
    plain, other = fed(adam, g)[0], fed(adam, gamma * g)[0]
    sizes = np.abs(fed(methods.adam.Adam(beta1, beta2, NO_EPS), np.abs(g))[0])
    return close(other, plain, 64 * EPS * sizes)
