r"""LS-14  Do parabolic approximations diverge on the fourth power?

Where: dissertation, section 2.5
Claim: Searches that step to the minimum of a fitted parabola often diverge: <<x^4>>.
Formula: f(x) = x^4 \Rightarrow |x_n| \to \infty
Verdict: refuted
Kind: exact
Found: None of them does. PAL's iterates shrink to 0 from every start and with every measuring distance, by 2/3 a step
    far away and like 1 / sqrt(n) near 0, relaxed by any alpha < 2, too; Newton's shrink by 2/3; the parabola through
    three values ends leaping to and fro by half its first distance.
True: \frac{x_{n+1}}{x_n} = \frac{(t-2)^2}{(t-2)^2+2} \in [0, 1), \qquad t = \frac{\mu}{|x_n|}
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction as F
from math import sqrt
from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from ...cases import EPS, positive, rationals
from ...claim import Contrast, above, at_most, close, equal, only, told
from ...ours import through
from .common import QUARTIC, SATURATING, SMALL, newton_factor

claim = told(__doc__)


@claim.control("Newton on |x|^(4/3)", only(None, F(1), newton_factor(F(4, 3))))
def shrinks(curve, x, x_new):
    """The next iterate is nearer to 0."""
    return above(abs(x), abs(x_new))


def grows(x, x_new):
    """It would be farther from 0, as divergence has it."""
    return Contrast(abs(x), abs(x_new), "more than")


@claim.check(
    "PAL's factor",
    st.tuples(rationals(-500, 500, nonzero=True), positive(400), st.integers(1, 39).map(lambda k: F(k, 20))),
    examples=300,
)
def on_quartic(x, mu, alpha):
    """PAL's factor 1 - 2 alpha / (6 - 4 t + t^2), t = mu / |x|, exactly; in (-1, 1), for alpha = 1 in [0, 1)."""
    t, plain, relaxed = mu / abs(x), QUARTIC.pal(x, mu)[1] / x, QUARTIC.pal(x, mu, alpha=alpha)[1] / x
    return {
        "factor": equal([plain, relaxed], [(t - 2) ** 2 / ((t - 2) ** 2 + 2), 1 - 2 * alpha / (6 - 4 * t + t * t)]),
        "at least 0": at_most(0, plain),
        "below 1": shrinks(QUARTIC, F(1), plain),
        "relaxed": shrinks(QUARTIC, F(1), relaxed),
    }


@claim.check("limits of the factor")
def limits():
    """Far away the factor is 2/3, up to t; near 0, 1 / x^2 grows by 4 / mu^2, up to 10 / t of it."""
    little = F(1, 10**6)
    far, near = QUARTIC.pal(F(1), little)[1], QUARTIC.pal(little, F(1))[1]
    return {
        "far": little - abs(far - F(2, 3)),
        "near": 10 * little - abs((1 / near**2 - 1 / little**2) / 4 - 1),
        "hit": equal(QUARTIC.pal(F(7, 3), F(14, 3))[1], F(0)),
    }


@claim.check("2e5 steps", lambda budget: [200_000])
def settled(n):
    """x_n sqrt(n) / mu is in [.49, .5] for x_0 = 5, mu = 1: our steps n / 10, their exact factor n."""
    x, path = 5.0, [5.0]
    for _ in range(n):
        square = (1 / x - 2) ** 2
        x *= square / (square + 2)
        path.append(x)
    ours = QUARTIC.arrays(5.0, n // 10, mu=1.0)
    inside = lambda x, n: min(x * sqrt(n) - 0.49, 0.5 - x * sqrt(n))
    return {
        "factor": inside(path[n], n),
        "ours": inside(ours[-1], n // 10),
        "arrays": close(ours[:1001], path[:1001], 1e-9 * np.array(path[:1001])),  # of a step some 1e-14, and shrinking
    }


def three_values(steps=20000):
    """Vertices of the parabola through losses at 0, h = 10^-4 and 10^-2, from 5, with 60 digits."""
    with localcontext() as context:
        context.prec = 60
        x: Any = Decimal(5)
        nodes: Any = Decimal("1e-4"), Decimal("1e-2")
        path = []
        for _ in range(steps):
            way = -1 if x > 0 else 1
            a, b = through(lambda s: (x + way * s) ** 4, *nodes)  # noqa: B023
            assert a > 0 > b, "no step"
            x = x - way * b / (2 * a)
            path.append(x)
    return np.array(path, float)


@claim.check("three values")
def neither_nor():
    """It reaches 1.1e-5 in 100 steps, then leaps to and fro by h / 2 = 5e-5, for ever between 1e-5 and 4e-5.

    Next to 0 the far value rules: a = 10^-4 and b = -10^-4 h, up to terms of size |x|, so that the step is h / 2.
    """
    path = three_values()
    tail = np.abs(path[100:])
    return {
        "reached": 0.05e-5 - abs(np.abs(path[:100]).min() - 1.1e-5),
        "not 0": tail.min() - 1e-5,
        "not far": 4e-5 - tail.max(),
        "to and fro": -np.max(path[101:] * path[100:-1]),
        "leaps": close(tail[1:] + tail[:-1], 5e-5, 0.01 * 5e-5),
    }


STARTS = st.tuples(rationals(-500, 500, nonzero=True), positive(400))


@claim.check("our rule on arrays", STARTS, examples=200)
def quartic_on_arrays(x, mu):
    """One step of our rule against the exact one: values, up to rounding of x^4 and of x - mu, give a."""
    exact, x, mu = QUARTIC.pal(x, mu)[1], float(abs(x)), float(mu)
    sizes = x**4 + (x - mu) ** 4 + 4 * x**3 * mu + 4 * max(x, mu) * abs(x - mu) ** 3
    share = 8 * EPS * sizes / mu**2 / (6 * x * x - 4 * mu * x + mu * mu)
    assume(share < 0.05)
    return close(QUARTIC.arrays(x, mu=mu)[1], float(abs(exact)), x * (share / (1 - share) + 8 * EPS))


claim.check("Newton's factor")(lambda: equal(newton_factor(F(4)), F(2, 3)))
claim.control("PAL on x^2 / (1 + |x|)")(lambda: shrinks(SATURATING, *SATURATING.pal(F(1), SMALL)))
claim.control("alpha = 2", STARTS)(lambda x, mu: on_quartic(x, 2 * abs(x), F(2)))
claim.counterexample("distance from 0 after a step of PAL", only(F(1, 3), F(2)))(
    lambda x, mu: grows(*QUARTIC.pal(x, mu))
)
claim.counterexample("distance from 0 after a step of Newton", only(F(1)))(lambda x: grows(x, x * newton_factor(F(4))))
claim.counterexample("distance from 0 after parabolas through three values, from 5", only(100))(
    lambda steps: grows(5, three_values(steps)[-1])
)
