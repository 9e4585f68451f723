r"""RM-03  Constant learning rate leaves a floor

Where: dissertation, eq. 2.13 (its second condition violated)
Claim: With a constant learning rate below twice the inverse curvature, the mean square on a noisy parabola converges to
    a positive floor; with a larger one it diverges.
Formula: e_\infty = \frac{\lambda \sigma^2}{h (2 - \lambda h)}, \quad 0 < \lambda h < 2
Verdict: holds
Kind: highprec
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product

import numpy as np

from toybox.problems import quadratic

from ...cases import EPS
from ...claim import ERRORS, at_most, close, only, sigmas, told
from .common import SEED, chains, noisy, recursion

claim = told(__doc__)


def floor(rate, h, noise=1.0):
    return rate * noise / (h * (2 - rate * h))


@claim.check("our expected risk", lambda budget: product((0.5, 1.0, 4.0), (0.05, 0.5, 1.0, 1.9)))
def expected_risk(h, share):
    """Our exact risk, h e / 2 above the floor of the loss; batches of 1, drawn with replacement.

    A step loses some 8 eps, and 1 / (1 - 0.95^2) of them are remembered.
    """
    s, rate = 1 / h, share / h  # sigma = h s = 1
    risk = quadratic.expected_risk(noisy(h, s), rate, 1, 2000, start=[2.0])
    return close(risk[-1] / (h * s * s / 2 + h / 2 * floor(rate, h)), 1, 80 * EPS)


@claim.check("our SGD, 10^4 chains", SEED)
def chains_settle(seed, noise=1.0, limit=ERRORS, many=10_000):
    """Our SGD after 40 steps; 0.75^80 of the start 4 is left, less than 1e-7 of a standard error."""
    rates = (0.25, 0.5, 0.8, 1.5)
    mean, error = chains("constant", 40, rates, many, seed)
    return sigmas(mean, noise * floor(np.array(rates), 1.0), error, limit)


@claim.check("lambda h >= 2", lambda budget: product((F(1, 5), 1, 5), (2, F(21, 10), 3)))
@claim.control("lambda h < 2", only(1, F(19, 10)))
def diverges(h, share):
    """At lambda h = 2 by the same summand in each step, beyond it by a factor."""
    rate, steps = F(share) / F(h), 50
    e = recursion(F(4), [rate] * steps, F(h), F(1))[-1]
    return {
        "summands": at_most(4 + steps * rate**2, e),
        "factors": at_most(4 * (1 - F(share)) ** (2 * steps), e),
    }


CURVATURES = lambda budget: [0.2, 1.0, 5.0]


@claim.check("2000 steps", CURVATURES)
@claim.control("no noise: no floor", only(1.0), noise=0.0)
@claim.control("lambda sigma^2 / 2 h", only(1.0), factor=np.linspace(1.95, 0.1, 38) / 2)
def settles(h, noise=1.0, factor=1.0):
    """e_2000 is the floor for lambda h from 0.05 to 1.9.

    The start is forgotten by 0.95^4000, and the last 1 / (1 - 0.95^2) steps leave 10 eps.
    """
    rates = np.linspace(0.05, 1.9, 38) / h
    found = recursion(np.full(38, 4.0), [rates] * 2000, h, noise)[-1]
    return close(found / (factor * floor(rates, h)), 1, 1e-12)


claim.control("chains with another variance", SEED)(lambda seed: chains_settle(seed, 1.6, limit=10, many=3000))
