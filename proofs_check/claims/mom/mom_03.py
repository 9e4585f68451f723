r"""MOM-03  Momentum of random gradients

Where: dissertation, the text after eq. 2.40
Claim: If the gradients are random, the momentum vector tends to their expectation divided by 1 - beta.
Formula: m_t \to \frac{\mathrm{E}[g]}{1-\beta}
Verdict: refuted
Kind: exact
Found: Only its expectation does. For independent gradients of variance sigma^2 its variance grows from sigma^2 to
    sigma^2 / (1 - beta^2), which is 5.26 sigma^2 for beta = .9. What falls is the noise relative to the mean, by the
    factor sqrt((1 - beta) / (1 + beta)).
True: \mathrm{Var}\, m_T = \sigma^2 \frac{1-\beta^{2(T+1)}}{1-\beta^2} \to \frac{\sigma^2}{1-\beta^2}
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
from hypothesis import strategies as st

from toybox import methods

from ...claim import Contrast, above, at_most, equal, only, told
from .common import BETAS, EIGHTHS, Law, average, fed, laws, momenta

claim = told(__doc__)


def last_on_arrays(law, beta, T):
    """m_T on every path of gradients 0 .. T, from the rule on arrays, and the probabilities."""
    choice, probabilities = law.paths(T + 1)
    g = np.where(choice, float(law.b), float(law.a))[..., None]
    return [F(-d) for d in fed(methods.momentum.Momentum(float(beta)), g)[0][-1, :, 0].tolist()], probabilities


def last_exactly(law, beta, T):
    choice, probabilities = law.paths(T + 1)
    paths = [[(law.b if k else law.a,) for k in path] for path in choice.T.tolist()]
    return [momenta(path, beta)[-1][0] for path in paths], probabilities


def spread(law, beta, T, last):
    """Mean and variance of m_T over all paths."""
    m, probabilities = last(law, beta, T)
    mean, variance = average(m, probabilities), average([x * x for x in m], probabilities)
    return mean, variance - mean**2


@claim.check("the limit of the variance")
def limits():
    """The variance by its recursion V <- beta^2 V + sigma^2, whose limit at .9 is 5.26 sigma^2, and printed factors."""
    beta, V = F(9, 10), F(0)
    gaps = []
    for T in range(40):
        V = beta**2 * V + 1
        gaps.append(1 / (1 - beta**2) - V)
        assert V == (1 - beta ** (2 * (T + 1))) / (1 - beta**2)
    return {
        "geometric": equal(gaps, [beta ** (2 * (T + 1)) / (1 - beta**2) for T in range(40)]),
        "5.26": equal(round(1 / (1 - beta**2), 2), F(526, 100)),
    }


@claim.counterexample(
    "E (m_T - E g / (1 - beta))^2 where g is b with probability p, else a; against a tenth of a variance",
    only(Law(F(-1), F(1), F(1, 2)), F(1, 2), 10),
)
def settles_in_square(law, beta, T):
    """Printed: m_T tends to E g / (1 - beta). Then its mean square distance from there falls below any fraction."""
    mean, variance = spread(law, beta, T, last_on_arrays)
    return Contrast(law.variance / 10, variance + (mean - law.mean() / (1 - beta)) ** 2, "at most")


COINS = laws(st.integers(-9, 9).map(F)).filter(lambda law: law.a != law.b)


@claim.check("the noise stays", st.tuples(COINS, EIGHTHS, st.integers(0, 8)), examples=30)
@claim.control("gradients that are not random", lambda budget: [(Law(F(2), F(2), F(1, 2)), F(1, 2), 8)])
def stays_noisy(law, beta, T):
    """m_T keeps at least the variance of one gradient, which is not 0."""
    variance = spread(law, beta, T, last_on_arrays)[1]
    return {"no less": at_most(law.variance, variance), "some": above(variance, F(0))}


@claim.check("all paths, on arrays", st.tuples(COINS, EIGHTHS, st.integers(0, 9)), examples=40)
@claim.check("all paths of 11 gradients", st.tuples(COINS, EIGHTHS, st.just(10)), examples=5)
def noise(law, beta, T, last=last_on_arrays):
    """E m_T, Var m_T and their ratio are as computed; Var m_T is never below that of one gradient."""
    mean, variance = spread(law, beta, T, last)
    sum_of = lambda q: (1 - q ** (T + 1)) / (1 - q)
    return {
        "mean": equal(mean, law.mean() * sum_of(beta)),
        "variance": equal(variance, law.variance * sum_of(beta**2)),
        "relative": equal(
            variance * law.mean() ** 2 * (1 + beta) * (1 - beta ** (T + 1)),
            law.variance * mean**2 * (1 - beta) * (1 + beta ** (T + 1)),
        ),
    }


claim.check("all paths on exact numbers", st.tuples(laws(), BETAS, st.integers(0, 4)), examples=40)(
    lambda law, beta, T: noise(law, beta, T, last_exactly)
)
