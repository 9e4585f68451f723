r"""RM-04  Summable steps stall

Where: dissertation, eq. 2.13 (its first condition violated)
Claim: If the learning rates have a finite sum and none exceeds half the inverse curvature, SGD without noise stays away
    from the minimum of a parabola for ever.
Formula: \theta_T = \theta_0 \prod_{t<T} (1 - \lambda_t h) \ge \theta_0\, 4^{-h \sum_t \lambda_t} > 0
Verdict: holds
Kind: highprec
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product

import mpmath
import numpy as np

import toybox as tb
from toybox import methods

from ...claim import above, close, equal, only, told
from ...ours import Plain, moves, on_rule
from .common import LONG, after, powers

claim = told(__doc__)

START = 2  # its square is 4


def noiseless(rate, steps, h=1, start=START):
    """Iterates of our SGD on h x^2 / 2."""
    plain = Plain(lambda x: h * x[0] ** 2 / 2, lambda x: (h * x[0],))
    return [start, *(move.x[0] for move in moves("sgd", plain, (start,), [0] * steps, rate=rate))]


def summable(p, share=F(1, 2), h=1):
    """lambda_t h = share / (t + 1)^p."""
    return lambda t: share / h / (t + 1) ** p


@claim.check("the product, exactly", lambda budget: product((2, 3), (F(1, 3), 1, 4)))
def stalls_exactly(p, h):
    """theta_T is theta_0 times the product of 1 - lambda_t h, and positive."""
    found, left = noiseless(summable(p, h=h), 12, h, F(START)), F(START)
    slack = [F(0)]
    for t, x in enumerate(found[1:]):
        left *= 1 - summable(p, h=h)(t) * h
        slack.append(equal(x, left))
    return {"product": min(slack), "positive": above(found[-1], 0)}


@claim.control("a first step with lambda h = 1", only(summable(2, share=1.0), float(mpmath.zeta(2))))
@claim.control("1/(t + 2) reaches 0", only(lambda t: 1 / (t + 2), float(mpmath.zeta(2) / 2)))
def stalls(rate, total, steps=3000):
    """Since 1 - u >= 4^-u for u <= 1/2, no theta is below theta_0 4^-(sum of lambda_t h): a number without T."""
    found = START * np.cumprod([1 - float(rate(t)) for t in range(steps)])
    return {"bound": float(found.min() / (START * 4.0**-total) - 1)}


@claim.check("the quoted start and value")
def rests():
    """0.513 after 10^6 steps, and 4 (sin(pi / sqrt 2) / (pi / sqrt 2))^2 = 0.513 for ever."""
    z = mpmath.pi / mpmath.sqrt(2)
    found = after(powers(2) / 2, noise=0.0)
    return {
        "0.513": close(found, 0.513, 5e-4),
        "limit": close(found / float(4 * (mpmath.sin(z) / z) ** 2), 1, 2 / LONG),  # the rest of the sum is 1e-6 / 2
    }


@claim.control("our rule with 1/(2t + 2)")
def ours_moves_on():
    """Our rule on arrays with 1/2, 1/4, 1/6, ...: what stalls would stay above a quarter."""
    problem = tb.problems.NoisyQuadratic(np.eye(1), np.zeros((1, 1)))
    rule = on_rule(methods.fixed.Fixed(0.5, schedule="1/t"))
    theta = tb.run(problem, rule, steps=3000, batch=1, theta=[float(START)], every=None).theta[0, 0]
    return float(theta / (START * 4.0 ** -float(mpmath.zeta(2) / 2)) - 1)


claim.check("the bound", lambda budget: [1.5, 2, 3])(lambda p: stalls(summable(p), float(mpmath.zeta(p) / 2)))
