r"""ADAM-04  Scale invariance

Where: dissertation, eq. 2.46
Claim: Adam's step does not change if the gradient, or a coordinate of it, is multiplied by a positive number.
Formula: g \to \gamma g,\ \gamma > 0:\quad \frac{\hat m_t}{\sqrt{\hat v_t}} \to \frac{\hat m_t}{\sqrt{\hat v_t}}
Verdict: holds
Kind: property
Found: Without eps; with it only where the gradients are large compared with it.
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import EPS, rationals, seeds
from ...claim import close, equal, holds, told
from ...ours import walk
from ..mom.common import BETAS, exactly, fed
from .common import NO_EPS

claim = told(__doc__)


@st.composite
def scaled(draw):
    """beta1, beta2, gradients (T, 4), gamma (4,).

    At most 12 steps: twice 12 steps of 3 roundings for m and, under the root, 4 for v, and a few, make 64 eps.
    """
    rng, T = np.random.default_rng(draw(seeds)), draw(st.integers(1, 12))
    gamma = 10.0 ** rng.uniform(-6, 6, 4)
    return draw(st.floats(0, 0.99)), draw(st.floats(0, 0.9999)), rng.standard_normal((T, 4)), gamma


@claim.check("every coordinate by its own factor", scaled())
@claim.control("eps = 1e-3", scaled(), examples=20, eps=1e-3)
def invariant(beta1, beta2, g, gamma, eps=NO_EPS):
    """d of gamma g is d of g, coordinate by coordinate; an error is relative to what does not cancel in m."""
    adam = methods.adam.Adam(beta1, beta2, eps)
    plain, other = fed(adam, g)[0], fed(adam, gamma * g)[0]
    sizes = np.abs(fed(methods.adam.Adam(beta1, beta2, NO_EPS), np.abs(g))[0])
    return close(other, plain, 64 * EPS * sizes)


@claim.check("runs, factors 2^k", st.tuples(seeds, st.integers(-20, 20)), examples=30)
def same_path(seed, k):
    """A run on 2^k f takes the path of that on f, bit by bit."""
    rng = np.random.default_rng(seed)
    M = rng.standard_normal((3, 3))
    runs = []
    for scale in (1.0, 2.0**k):
        problem = tb.problems.NoisyQuadratic(scale * M @ M.T, np.zeros((1, 3)))
        runs.append(
            walk(problem, tb.Optimizer(methods.adam.Adam(eps=NO_EPS), methods.fixed.Fixed(0.1)), np.ones(3), 20).theta
        )
    return holds(runs[0] == runs[1])


@claim.check(
    "on exact numbers",
    st.tuples(
        rationals(1, 9),
        st.lists(st.sampled_from((-1, 1)), min_size=1, max_size=8),
        BETAS,
        BETAS,
        rationals(1, 9),
    ),
    examples=100,
)
def invariant_exactly(c, signs, beta1, beta2, gamma):
    """On exact numbers gradients c and -c, whose roots are exact."""
    directions_of = lambda c: exactly("adam", [(c * s,) for s in signs], beta1=beta1, beta2=beta2, eps=F(0))
    return equal(directions_of(gamma * c), directions_of(c))
