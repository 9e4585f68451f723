r"""LS-11  Too large a fixed step increases the loss

Where: dissertation, section 2.5
Claim: A fixed learning rate decreases a loss with L-Lipschitz gradient if it is below 2 / L; one that is too large
    increases it.
Formula: f(x - \lambda g) \le f(x) - \lambda\left(1 - \frac{\lambda L}{2}\right)\|g\|^2
Verdict: holds
Kind: property
"""

from __future__ import annotations

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from toybox import methods

from ...cases import positive, rationals, smooth_functions
from ...claim import above, told
from ...ours import Plain, moves, on_rule, walk
from .common import Descent, both, bowls, problem

claim = told(__doc__)

RATES = np.linspace(0, 2.2, 23)  # times 1 / L


def after_fixed_step(q):
    """f after our steps of fixed rates."""
    trace = walk(problem(q), on_rule(methods.fixed.Fixed(rate=RATES / q.L)), q.x).theta[1, 0]
    return both(q, trace)[0]


@claim.check("rates up to 2.2 / L", smooth_functions())
def descent_lemma(q, L=None, pick=np.min):
    """Room, in units of |g|^2 / L, at each of the rates other than 0."""
    L, g, rate = L or q.L, q.gradient(q.x), RATES[1:] / q.L
    noise = Descent(q, g).noise(rate)
    bound = q.f(q.x) - rate * (1 - rate * L / 2) * (g @ g)
    assume(g @ g / q.L > 1e4 * noise.max())
    return pick((bound - after_fixed_step(q)[1:] + noise) * q.L / (g @ g))


@claim.check("decrease below 2 / L", smooth_functions(), examples=250)
def decreases(q):
    """Below 2 / L the loss falls: by how much of |g|^2 / L."""
    g, inside = q.gradient(q.x), (0 < RATES) & (RATES < 1.95)
    after = after_fixed_step(q)
    assume(g @ g / q.L > 1e4 * Descent(q, g).noise(2 / q.L))
    return np.min((q.f(q.x) - after[inside]) * q.L / (g @ g))


TOO_LONG = st.tuples(positive(), rationals(nonzero=True), positive())


@claim.check("increase beyond 2 / h on a parabola", TOO_LONG, examples=250)
def increases(h, x, over):
    """h / 2 x^2 and the rate 2 / h + over: our step raises the loss, exactly."""
    f = lambda x: h * x[0] * x[0] / 2
    move = moves("sgd", Plain(f, lambda x: (h * x[0],)), (x,), [(0,)], rate=2 / h + over)[0]
    return above(f(move.x), f((x,)))


claim.control("half of L: wrong at every rate", bowls())(lambda c: descent_lemma(c.q, c.q.L / 2, np.max))
claim.control("2 / h itself", TOO_LONG)(lambda h, x, over: increases(h, x, 0))
