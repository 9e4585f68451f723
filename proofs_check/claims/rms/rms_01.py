r"""RMS-01  RMSprop step bound

Where: dissertation, eq. 2.47
Claim: No coordinate moves farther in a step than the rate divided by sqrt(1 - beta2), because v is never below the
    newest gradient's share of it; the first step from v = 0 goes as far.
Formula: |\Delta\theta_i| \le \frac{\lambda}{\sqrt{1-\beta_2}}
Verdict: holds
Kind: exact
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from toybox import methods

from ...cases import EPS, powers, seeds
from ...claim import below, close, told
from ...proof import Theorem, implies
from ..adam.common import NO_EPS
from ..mom.common import fed, walked

claim = told(__doc__)


@claim.proof("one step", broken={"the rate alone": {"most": lambda beta: 1}, "v may be negative": {"least": -1}})
def bound(v, g, beta, rate, move, most=lambda beta: 1 / (1 - beta), least=0):
    """By squares: the move is rate g / sqrt(v_new). From v = 0 it goes as far as it can."""
    new = beta * v + (1 - beta) * g**2
    return Theorem(
        (v >= least, beta >= 0, beta < 1, rate > 0, new > 0, move**2 * new == (rate * g) ** 2),
        {
            "bound": move**2 <= rate**2 * most(beta),
            "first": implies(v == 0, move**2 == rate**2 * most(beta)),
        },
    )


@st.composite
def signals_of_any_size(draw):
    """decay, rate and gradients (T, 4) of very different sizes."""
    rng, T = np.random.default_rng(draw(seeds)), draw(st.integers(1, 30))
    g = rng.standard_normal((T, 4)) * 10.0 ** (draw(st.floats(0, 8)) * rng.standard_normal((T, 4)))
    return draw(st.floats(0, 0.999)), draw(powers(-4, 2)), g


@claim.check("our direction", signals_of_any_size(), examples=200)
@claim.control("our direction by the rate alone", signals_of_any_size(), examples=20, most=lambda decay: 1)
def on_arrays(decay, rate, g, most=lambda decay: 1 / np.sqrt(1 - decay)):
    """|rate d|, with equality at the first step; v, root and quotient round a few times. A run in one variable, too."""
    direction, largest = methods.rmsprop.RMSProp(decay, NO_EPS), rate * most(decay)
    steps = rate * np.abs(fed(direction, g)[0])
    return {
        "below": below(steps, largest, 64 * EPS * largest),
        "first": close(steps[0], largest, 64 * EPS * largest),
        "run": below(walked(direction, g[:, :1], rate).trace.arc, largest, 64 * EPS * largest),
    }
