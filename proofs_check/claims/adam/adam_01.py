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
import sympy as sp
from hypothesis import strategies as st

from toybox import methods

from ...cases import EPS, rationals
from ...claim import Contrast, close, equal, holds, only, told
from ..mom.common import BETAS, EIGHTHS, Law, average, exactly, fed, laws
from .common import NO_EPS

claim = told(__doc__)


def read(beta1, beta2, g):
    """Adam's m^ and v^ after its last step on g (T, lanes), read off its directions.

    Beside an eps of 2^200 the root vanishes, and d = -m^ / 2^200; with beta1 = 0, d = -g / sqrt(v^).
    """
    large = 2.0**200
    m = -large * fed(methods.adam.Adam(beta1, beta2, large), g[..., None])[0][-1, :, 0]
    v = (g[-1] / fed(methods.adam.Adam(0.0, beta2, NO_EPS), g[..., None])[0][-1, :, 0]) ** 2
    return m, v


@claim.check(
    "all paths of signs, exactly",
    st.tuples(rationals(1, 9), rationals(1, 4, 1).map(lambda p: p / 5), BETAS, rationals(0, 9), st.integers(1, 5)),
    examples=20,
)
def signs_in_the_mean(c, p, beta1, eps, T):
    """The same over all paths of signs: E m^ is E g."""
    choice, probabilities = Law(-c, c, p).paths(T)
    d = [
        exactly("adam", [(c if k else -c,) for k in path], beta1=beta1, beta2=F(1, 2), eps=eps)[-1][0]
        for path in choice.T.tolist()
    ]
    return equal(-average(d, probabilities) * (c + eps), (2 * p - 1) * c)


@claim.check("the sums", lambda budget: range(1, 41))
def derivation(t):
    """(1 - b) times the sum of b^(t-i) is the difference of two sums over b^i, which is 1 - b^t: as polynomials."""
    b = sp.Symbol("b")
    sums = difference(t, lambda i: b**i)
    start = (1 - b) * sum(b ** (t - i) for i in range(1, t + 1))
    return {"first": holds(sp.expand(start - sums) == 0), "last": holds(sp.expand(sums - (1 - b**t)) == 0)}


def difference(t, power):
    """Of the sums of power(i) over i = 0 .. t - 1 and over i = 1 .. t."""
    return sum(power(i) for i in range(t)) - sum(power(i) for i in range(1, t + 1))


@claim.counterexample("difference of the two sums", only(F(1, 2), 3))
def same_exponents(beta, t):
    return Contrast(difference(t, lambda i: beta**t), difference(t, lambda i: beta**i))


def growing(t=8):
    """v^_t / E g_t^2 for E g_i^2 = i and beta2 = .9."""
    g = np.sqrt(np.arange(1.0, t + 1))[:, None]
    return read(0.0, 0.9, g)[1][0] / t


SMALL = laws(st.integers(-9, 9).filter(bool).map(F))


@claim.check("its directions", st.tuples(SMALL, BETAS, BETAS, st.integers(1, 9)), examples=200)
def unbiased(law, beta1, beta2, T):
    """E m^ = E g and E v^ = E g^2 over all paths; a step of the recursions, a power and a root round ten times."""
    choice, probabilities = law.paths(T)
    m, v = read(float(beta1), float(beta2), np.where(choice, float(law.b), float(law.a)))
    p, largest = np.array(probabilities, float), float(max(abs(law.a), abs(law.b)))
    condition = T + 2 / (1 - float(max(beta1, beta2)))  # of 1 - beta^t, too
    return {
        "m": close(p @ m, float(law.mean()), 10 * condition * EPS * largest),
        "v": close(p @ v, float(law.mean(lambda g: g * g)), 10 * condition * EPS * largest**2),
    }


@claim.check("averages in our Adam's state", st.tuples(SMALL, EIGHTHS, st.integers(1, 8)), examples=60)
@claim.control("no correction", only(Law(F(1), F(3), F(1, 2)), F(7, 8), 5), corrected=False)
@claim.control("the exponent t for t from 0", only(Law(F(1), F(3), F(1, 2)), F(7, 8), 5), shift=-1)
def uncorrected(law, beta, T, corrected=True, shift=0):
    """E v_T = (1 - beta^T) E g^2 and the same of m, exactly, in the state of our Adam."""
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


@claim.check("gradients of one size, exactly", STEADY, examples=150)
def same_size(c, signs, beta1, beta2, eps):
    """For gradients c and -c, v^ = c^2, so that d (c + eps) = -m^, on exact numbers."""
    g, T = [(c * sign,) for sign in signs], len(signs)
    d = exactly("adam", g, beta1=beta1, beta2=beta2, eps=eps)[-1][0]
    m = (1 - beta1) * sum(beta1 ** (T - t) * each[0] for t, each in enumerate(g, 1)) / (1 - beta1**T)
    return equal(-d * (c + eps), m)


claim.check("63 per cent of a growing moment")(lambda: close(growing(), 0.63, 0.005))
claim.control("a moment that changes")(lambda: close(growing(), 1, 0.005))
