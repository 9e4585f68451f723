r"""ADAM-01  Bias correction

Where: dissertation, eqs. 2.43-2.45 and Algorithm 7
Claim: Dividing the averages by 1 - beta^t removes the bias of their start at 0, if the moments of the gradient do not
    change; the derivation splits the geometric sum into a difference of two sums.
Formula: \mathrm{E}[v_t] = \mathrm{E}[g^2]\left(\sum_{i=0}^{t-1}\beta_2^t - \sum_{i=1}^{t}\beta_2^t\right) + \zeta =
    \mathrm{E}[g^2](1-\beta_2^t) + \zeta
Verdict: corrected
Kind: exact
Found: The result holds exactly, also with Algorithm 7's exponent t + 1 for t from 0. In the middle the exponents must
    be i: as printed the difference is 0. If the second moment changes, the rest is not small: where it grows like i,
    the corrected average at beta2 = .9 is 63 per cent of it after 8 steps.
True: \sum_{i=0}^{t-1}\beta_2^i - \sum_{i=1}^{t}\beta_2^i = 1-\beta_2^t, \qquad \mathrm{E}[\hat v_t] = \mathrm{E}[g^2]
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
from hypothesis import strategies as st

from toybox import methods

from ...cases import rationals
from ...claim import Contrast, equal, only, told
from ...proof import Theorem
from ..mom.common import BETAS, EIGHTHS, Law, average, exactly, fed, laws

claim = told(__doc__)


@claim.proof("one more step", broken={"another start": {"start": F(1, 2)}})
def unbiased(beta, power, moment, start=0):
    """If E of the average is (1 - beta^t) times the moment, as it is for t = 0, then so for t + 1: power is beta^t.
    Dividing by 1 - beta^t leaves the moment."""
    average = (1 - power) * moment + start
    after = beta * average + (1 - beta) * moment
    return Theorem(
        (beta >= 0, beta < 1, power >= 0, power <= 1), {"after": after == (1 - beta * power) * moment + start}
    )


@claim.proof("the sums, one more term", broken={"the exponents of the text": {"printed": True}})
def telescope(beta, power, printed=False):
    """If the sums over i < t and 1 <= i <= t differ by 1 - beta^t, as they do for t = 0, then so for t + 1."""
    first, second = power, beta * power  # the new terms, i = t and i = t + 1
    return Theorem((beta != 1,), {"sum": 1 - power + first - (first if printed else second) == 1 - beta * power})


@claim.counterexample("difference of the two sums", only(F(1, 2), 3))
def same_exponents(beta, t):
    difference = lambda power: sum(map(power, range(t))) - sum(map(power, range(1, t + 1)))
    return Contrast(difference(lambda i: beta**t), difference(lambda i: beta**i))


@claim.check("63 per cent of a moment that grows", only(lambda i: i))
@claim.control("63 per cent of a moment that stays", only(lambda i: 1))
def growing(moment, beta=F(9, 10), t=8):
    """v^_t / E g_t^2, to half a per cent."""
    v = (1 - beta) * sum(beta ** (t - i) * moment(i) for i in range(1, t + 1))
    return F(1, 200) - abs(v / (1 - beta**t) / moment(t) - F(63, 100))


SMALL = laws(st.integers(-9, 9).filter(bool).map(F))


@claim.check("averages in our Adam's state", st.tuples(SMALL, EIGHTHS, st.integers(1, 8)), examples=60)
@claim.control("no correction", only(Law(F(1), F(3), F(1, 2)), F(7, 8), 5), corrected=False)
@claim.control("the exponent t for t from 0", only(Law(F(1), F(3), F(1, 2)), F(7, 8), 5), shift=-1)
def uncorrected(law, beta, T, corrected=True, shift=0):
    """E v_T = (1 - beta^T) E g^2 and the same of m, over all paths, exactly, in the state of our Adam."""
    choice, probabilities = law.paths(T)
    g = np.where(choice, float(law.b), float(law.a))[..., None]
    state = fed(methods.adam.Adam(float(beta), float(beta)), g)[1]
    total = 1 - beta ** (T + shift) if corrected else 1
    exact = lambda moment: average(map(F, moment[:, 0].tolist()), probabilities)
    return {
        "m": equal(exact(state.m), total * law.mean()),
        "v": equal(exact(state.v), total * law.mean(lambda g: g * g)),
    }


STEADY = st.tuples(
    rationals(1, 9), st.lists(st.sampled_from((-1, 1)), min_size=1, max_size=40), BETAS, BETAS, rationals(0, 9)
)


@claim.check("our directions along gradients of one size, on exact numbers", STEADY, examples=150)
@claim.control("our directions, m without its correction", STEADY, examples=20, corrected=False)
def same_size(c, signs, beta1, beta2, eps, corrected=True):
    """For gradients c and -c, v^ = c^2, so that d (c + eps) = -m^."""
    g, T = [(c * sign,) for sign in signs], len(signs)
    d = exactly("adam", g, beta1=beta1, beta2=beta2, eps=eps)[-1][0]
    m = (1 - beta1) * sum(beta1 ** (T - t) * each[0] for t, each in enumerate(g, 1))
    return equal(-d * (c + eps), m / (1 - beta1**T) if corrected else m)
