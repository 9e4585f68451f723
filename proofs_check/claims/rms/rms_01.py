r"""RMS-01  RMSprop step bound

Where: dissertation, eq. 2.47
Claim: No coordinate moves farther in a step than the rate divided by sqrt(1 - beta2), because v is never below the
    newest gradient's share of it; the first step from v = 0 goes as far.
Formula: |\Delta\theta_i| \le \frac{\lambda}{\sqrt{1-\beta_2}}
Verdict: holds
Kind: property
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
from hypothesis import strategies as st

from toybox import methods

from ...cases import EPS, powers, rationals, seeds
from ...claim import below, close, equal, told
from ..adam.common import NO_EPS
from ..mom.common import exactly, fed, walked

claim = told(__doc__)


@st.composite
def signals_of_any_size(draw):
    """decay and gradients (T, 4) of very different sizes."""
    rng, T = np.random.default_rng(draw(seeds)), draw(st.integers(1, 30))
    g = rng.standard_normal((T, 4)) * 10.0 ** (draw(st.floats(0, 8)) * rng.standard_normal((T, 4)))
    return draw(st.floats(0, 0.999)), draw(powers(-4, 2)), g


@claim.check("our direction", signals_of_any_size())
def step_bound(decay, rate, g, most=lambda decay: 1 / np.sqrt(1 - decay)):
    """|rate d| <= rate / sqrt(1 - decay), with equality at the first step; v, root and quotient round a few times."""
    steps = rate * np.abs(fed(methods.rmsprop.RMSProp(decay, NO_EPS), g)[0])
    largest = rate * most(decay)
    return {
        "below": below(steps, largest, 64 * EPS * largest),
        "first": close(steps[0], largest, 64 * EPS * largest),
    }


@claim.check("our optimizer", signals_of_any_size(), examples=50)
def run_bound(decay, rate, g):
    """The same of the ways in a run on arrays, in one dimension."""
    largest = rate / np.sqrt(1 - decay)
    arcs = walked(methods.rmsprop.RMSProp(decay, NO_EPS), g[:, :1], rate).trace.arc
    return below(arcs, largest, 64 * EPS * largest)


@claim.check(
    "the first step on exact numbers",
    st.tuples(rationals(nonzero=True), st.integers(1, 9).map(lambda k: F(k, 9))),
    examples=100,
)
def first_exactly(g, root):
    """The first step on exact numbers, for 1 - decay = root^2."""
    d = exactly("rmsprop", [(g,)], decay=1 - root**2, eps=F(0))[0][0]
    return equal(d, (-1 if g > 0 else 1) / root)


claim.control("the rate alone", signals_of_any_size(), examples=20)(
    lambda decay, rate, g: step_bound(decay, rate, g, lambda decay: 1)["below"]
)
