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

from ...cases import Smooth, smooth_functions
from ...claim import told
from ...ours import on_rule, walk
from ...proof import Theorem
from .common import Descent, both, problem

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


BOWL = Smooth(np.eye(2), np.zeros((1, 2)), np.array([3.0, 4.0]), 1.0)


@claim.check("rates up to 2.2 / L", smooth_functions(), examples=200)
@claim.control("half of L of a bowl: wrong at every rate", st.just(BOWL), share=0.5, pick=np.max)
def fixed_steps(q, share=1.0, pick=np.min):
    """Room that the formula leaves, in units of |g|^2 / L, at each of the rates."""
    g, rate = q.gradient(q.x), RATES / q.L
    noise = Descent(q, g).noise(rate)
    bound = q.f(q.x) - rate * (1 - RATES * share / 2) * (g @ g)
    assume(g @ g / q.L > 1e4 * noise.max())
    after = both(q, walk(problem(q), on_rule(methods.fixed.Fixed(rate=rate)), q.x).theta[1, 0])[0]
    return pick((bound - after + noise) * q.L / (g @ g))
