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

from ...claim import Contrast, equal, only, told
from ...proof import Theorem
from .common import EIGHTHS, Law, average, fed, laws

claim = told(__doc__)


@claim.proof(
    "one more gradient",
    broken={"the same gradient again": {"shared": 1}, "an average's": {"newest": lambda beta: 1 - beta}},
)
def moments(mean, variance, power, expected, sigma2, beta, shared=0, newest=lambda beta: 1):
    """Mean and variance of m, power = beta^(T+1), and those of a gradient, independent of m.

    Before the first step mean and variance are 0 and power is 1. shared: covariance of gradient and m, in sigma^2.
    """
    mean_after = beta * mean + newest(beta) * expected
    after = beta**2 * variance + newest(beta) ** 2 * sigma2 + 2 * beta * shared * sigma2
    left = lambda variance, power: (1 - beta**2) * variance == sigma2 * (1 - power**2)
    return Theorem(
        (
            beta > 0,
            beta < 1,
            sigma2 > 0,
            power > 0,
            power <= 1,
            (1 - beta) * mean == expected * (1 - power),
            left(variance, power),
        ),
        {
            "mean": (1 - beta) * mean_after == expected * (1 - beta * power),
            "variance": left(after, beta * power),
            "never below that of one": after >= sigma2,
            "grows": after > variance,
        },
    )


@claim.proof("noise relative to the mean", broken={"not squared": {"squared": 1}})
def relative(mean, variance, power, expected, sigma2, beta, squared=2):
    """In the limit, power = 0, (1 - beta) / (1 + beta) times that of a gradient; both by their squares."""
    given = ((1 - beta) * mean == expected * (1 - power), (1 - beta**2) * variance == sigma2 * (1 - power**2))
    ratio = (1 - beta) * (1 + power) / ((1 + beta) * (1 - power))
    return Theorem(
        (*given, 0 < beta, beta < 1, 0 <= power, power < 1, expected != 0),
        {"ratio": variance / mean**squared == ratio * sigma2 / expected**2},
    )


@claim.check("5.26", only(F(9, 10)), degree="proved")
@claim.control("beta = .8", only(F(8, 10)))
def printed_number(beta):
    return equal(round(1 / (1 - beta**2), 2), F(526, 100))


def spread(law, beta, T):
    """Mean and variance of m_T over all paths of gradients 0 .. T, from the rule on arrays."""
    choice, probabilities = law.paths(T + 1)
    g = np.where(choice, float(law.b), float(law.a))[..., None]
    m = [F(-d) for d in fed(methods.momentum.Momentum(float(beta)), g)[0][-1, :, 0].tolist()]
    mean = average(m, probabilities)
    return mean, average([x * x for x in m], probabilities) - mean**2


COINS = laws(st.integers(-9, 9).map(F)).filter(lambda law: law.a != law.b)


@claim.check("all paths of up to ten gradients", st.tuples(COINS, EIGHTHS, st.integers(0, 9)), examples=40)
@claim.control("gradients that are not random", st.tuples(COINS, EIGHTHS, st.just(8)), examples=5, random=0)
def noise(law, beta, T, random=1):
    mean, variance = spread(law, beta, T)
    sum_of = lambda q: (1 - q ** (T + 1)) / (1 - q)
    return {
        "mean": equal(mean, law.mean() * sum_of(beta)),
        "variance": equal(variance, random * law.variance * sum_of(beta**2)),
    }


@claim.counterexample(
    "E (m_T - E g / (1 - beta))^2 where g is b with probability p, else a; against a tenth of a variance",
    only(Law(F(-1), F(1), F(1, 2)), F(1, 2), 10),
)
def settles_in_square(law, beta, T):
    """Printed: m_T tends to E g / (1 - beta). Then its mean square distance from there falls below any fraction."""
    mean, variance = spread(law, beta, T)
    return Contrast(law.variance / 10, variance + (mean - law.mean() / (1 - beta)) ** 2, "at most")
