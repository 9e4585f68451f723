r"""LS-11  Too large a fixed step increases the loss

Where: dissertation, section 2.5
Claim: A fixed learning rate decreases a loss with L-Lipschitz gradient if it is below 2 / L; one that is too large
    increases it.
Formula: f(x - \lambda g) \le f(x) - \lambda\left(1 - \frac{\lambda L}{2}\right)\|g\|^2
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from toybox import methods

from ...cases import positive, rationals, smooth_functions
from ...claim import above, told
from ...ours import Plain, moves, on_rule, walk
from ...proof import Theorem
from .common import Descent, both, bowls, problem

claim = told(__doc__)


@claim.proof("the descent lemma", broken={"half of L": {"curved": F(1, 4)}, "not Lipschitz": {"bends": 2}})
def descent_lemma(b, bend, s, x, slope, change, bends=1, curved=F(1, 2)):
    """f changes by s along d as follows from b = f'(0) and bend = L |d|^2, by which slopes change at most.

    By the mean value theorem f(s) - b s - bend s^2 / 2 changes from 0 to s by s times its own slope at some x between.
    """
    own_slope = slope - b - bend * x
    return Theorem(
        (0 < x, x < s, bend > 0, slope - b <= bends * bend * x, change - b * s - bend * s**2 / 2 == s * own_slope),
        {"bound": change <= b * s + curved * bend * s**2},
    )


@claim.proof("decrease of a fixed rate below 2 / L", broken={"below 3 / L": {"most": 3}})
def decreases(gg, L, rate, change, most=2):
    """Along -g, where b = -|g|^2 and bend = L |g|^2."""
    return Theorem(
        (gg > 0, L > 0, 0 < rate, rate < most / L, change <= -rate * gg + L * gg / 2 * rate**2),
        {"formula": change <= -rate * (1 - rate * L / 2) * gg, "decrease": change < 0},
    )


@claim.proof("increase beyond 2 / h on a parabola", broken={"beyond 1 / h": {"least": 1}})
def increases(h, x, rate, least=2):
    after = x - rate * h * x
    return Theorem((h > 0, x != 0, rate > least / h), {"increase": h / 2 * after**2 > h / 2 * x**2})


# --- our fixed steps

RATES = np.linspace(0, 2.2, 23)[1:]  # times 1 / L


@claim.check("rates up to 2.2 / L", smooth_functions(), examples=200)
@claim.control("half of L: wrong at every rate", bowls().map(lambda case: case.q), share=0.5, pick=np.max)
def fixed_steps(q, share=1.0, pick=np.min):
    """Room that the formula leaves, in units of |g|^2 / L, at each of the rates."""
    g, rate = q.gradient(q.x), RATES / q.L
    noise = Descent(q, g).noise(rate)
    bound = q.f(q.x) - rate * (1 - RATES * share / 2) * (g @ g)
    assume(g @ g / q.L > 1e4 * noise.max())
    after = both(q, walk(problem(q), on_rule(methods.fixed.Fixed(rate=rate)), q.x).theta[1, 0])[0]
    return pick((bound - after + noise) * q.L / (g @ g))


BEYOND = st.tuples(positive(), rationals(nonzero=True), positive())


@claim.check("beyond 2 / h on exact numbers", BEYOND, examples=100)
@claim.control("2 / h itself", BEYOND, times=0)
def fixed_step_increases(h, x, over, times=1):
    """h / 2 x^2 and the rate 2 / h + over: our step raises the loss."""
    f = lambda x: h * x[0] * x[0] / 2
    rate = 2 / h + times * over
    move = moves("sgd", Plain(f, lambda x: (h * x[0],)), (x,), [(0,)], rate=rate)[0]
    return above(f(move.x), f((x,)))
