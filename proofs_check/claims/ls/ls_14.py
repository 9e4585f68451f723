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
from typing import Any

import numpy as np
import sympy as sp
from hypothesis import strategies as st

from ...cases import positive, rationals
from ...claim import Contrast, close, equal, holds, only, told
from ...ours import through
from ...proof import Theorem, every, larger
from .common import QUARTIC, newton_factor

claim = told(__doc__)


def pal_factor(t, alpha=1):
    """x_new / x on the fourth power, t = mu / |x|."""
    return 1 - 2 * alpha / (6 - 4 * t + t * t)


@claim.proof("PAL's iterates shrink", broken={"alpha = 2": {"most": lambda alpha: alpha <= 2}})
def pal_shrinks(x, mu, alpha, most=lambda alpha: alpha < 2):
    """From x > 0, by symmetry from everywhere: a is fitted at x - mu. Steps that shrink them by less and less would
    end at some |x| > 0 where the factor is 1 in size: there is none, so that they end at 0.
    """
    a = ((x - mu) ** 4 - x**4 + 4 * x**3 * mu) / mu**2
    after, t = x - alpha * 4 * x**3 / (2 * a), mu / x
    plain = x - 4 * x**3 / (2 * a)
    return Theorem(
        (x > 0, mu > 0, alpha > 0, most(alpha)),
        {
            "a > 0": a > 0,
            "factor": every(after == pal_factor(t, alpha) * x, pal_factor(t) == (t - 2) ** 2 / ((t - 2) ** 2 + 2)),
            "alpha = 1": every(0 <= plain, plain < x),
            "relaxed": every(-x < after, after < x),
        },
    )


@claim.check("how fast", degree="proved")
@claim.control("by 3/4 far away", far=F(3, 4))
@claim.control("x^2 n tends to mu^2", near=1)
def limits(far=F(2, 3), near=4):
    """Far away, t -> 0, the factor tends to 2/3; near 0, t -> oo, 1 / x^2 grows by 4 / mu^2: x^2 n -> mu^2 / 4."""
    t = sp.Symbol("t", positive=True)
    return {
        "far": holds(sp.limit(pal_factor(t), t, 0) == sp.Rational(far)),
        "near": holds(sp.limit((1 / pal_factor(t) ** 2 - 1) * t**2, t, sp.oo) == near),
    }


@claim.proof("Newton's shrink by 2/3", broken={"on |x|^(4/3)": {"power": F(4, 3)}})
def newton_shrinks(x, power=4):
    return Theorem((x > 0,), {"shrinks": every(-x < newton_factor(power) * x, newton_factor(power) * x < x)})


@claim.proof("parabolas through three values stay", broken={"within a seventh": {"share": F(1, 7)}})
def three_values_stay(x, h, k, share=F(1, 6)):
    """Through the values at 0, h and k ahead of x >= 0 (divided differences of (x - s)^4): the larger of |x| and
    (h + k) / 6 is not exceeded, ever.
    """
    a = 6 * x**2 - 4 * x * (h + k) + h**2 + h * k + k**2
    b = -4 * x**3 + 4 * x * h * k - h * k * (h + k)
    after, reach = x + b / (2 * a), larger(x, share * (h + k))
    passes = lambda s: a * s**2 + b * s == (x - s) ** 4 - x**4
    return Theorem(
        (x >= 0, h > 0, k > 0),
        {
            "parabola": every(passes(h), passes(k)),
            "a > 0 > b": every(a > 0, 0 > b),
            "stays": every(-reach <= after, after <= reach),
        },
    )


# --- our code


STARTS = rationals(-500, 500, nonzero=True), positive(400)


@claim.check("PAL on exact numbers", st.tuples(*STARTS, st.integers(1, 39).map(lambda k: F(k, 20))), examples=150)
@claim.control("alpha = 1 throughout", st.tuples(*STARTS, st.just(F(3, 2))), taken=F(1))
def on_quartic(x, mu, alpha, taken=None):
    return equal(QUARTIC.pal(x, mu, alpha=taken or alpha)[1] / x, pal_factor(mu / abs(x), alpha))


def three_values(steps):
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


@claim.check("three values leap to and fro")
@claim.control("by h", distance=1e-4)
def neither_nor(distance=5e-5):
    """They reach 1.1e-5 in 100 steps, then leap to and fro by h / 2 = 5e-5, between 1e-5 and 4e-5.

    Next to 0 the far value rules: a = 10^-4 and b = -10^-4 h, up to terms of size |x|, so that the step is h / 2.
    """
    path = three_values(2000)
    tail = np.abs(path[100:])
    return {
        "reached": 0.05e-5 - abs(np.abs(path[:100]).min() - 1.1e-5),
        "not 0": tail.min() - 1e-5,
        "not far": 4e-5 - tail.max(),
        "to and fro": -np.max(path[101:] * path[100:-1]),
        "leaps": close(tail[1:] + tail[:-1], distance, 0.01 * distance),
    }


def grows(x, x_new):
    """It would be farther from 0, as divergence has it."""
    return Contrast(abs(x), abs(x_new), "more than")


@claim.counterexample("distance from 0 after a step of PAL", only(F(1, 3), F(2)))
def after_pal(x, mu):
    return grows(*QUARTIC.pal(x, mu))


@claim.counterexample("distance from 0 after a step of Newton", only(F(1)))
def after_newton(x):
    return grows(x, x * newton_factor(F(4)))


@claim.counterexample("distance from 0 after parabolas through three values, from 5", only(100))
def after_three_values(steps):
    return grows(5, three_values(steps)[-1])
