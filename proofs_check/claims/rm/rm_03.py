r"""RM-03  Constant learning rate leaves a floor

Where: dissertation, eq. 2.13 (its second condition violated)
Claim: With a constant learning rate below twice the inverse curvature, the mean square on a noisy parabola converges to
    a positive floor; with a larger one it diverges.
Formula: e_\infty = \frac{\lambda \sigma^2}{h (2 - \lambda h)}, \quad 0 < \lambda h < 2
Verdict: holds
Kind: highprec
"""

from __future__ import annotations

from itertools import product

import numpy as np

from toybox.problems import quadratic

from ...cases import EPS
from ...claim import ERRORS, close, sigmas, told
from ...proof import Theorem, implies
from .common import SEED, chains, noisy, one_step

claim = told(__doc__)


def floor(rate, h, noise=1.0):
    return rate * noise / (h * (2 - rate * h))


@claim.proof(
    "any rate, curvature and variance",
    broken={"lambda sigma^2 / 2 h": {"floor": lambda rate, h, noise: rate * noise / (2 * h)}},
)
def settles(e, rate, h, noise, floor=floor):
    """The distance from the floor is multiplied by a number below 1 in every step."""
    share, after = rate * h, one_step(e, rate, h, noise)
    return Theorem(
        (e >= 0, h > 0, rate > 0, noise > 0, share != 2),
        {
            "distance": after - floor(rate, h, noise) == (1 - share) ** 2 * (e - floor(rate, h, noise)),
            "factor": implies(share < 2, (1 - share) ** 2 < 1),
            "positive": implies(share < 2, floor(rate, h, noise) > 0),
        },
    )


@claim.proof("lambda h >= 2", broken={"lambda h < 2": {"least": 1}, "no noise": {"noisy": False}})
def diverges(e, rate, h, noise, least=2, noisy=True):
    """In every step e grows by rate^2 noise at least."""
    after = one_step(e, rate, h, noise)
    return Theorem(
        (e >= 0, h > 0, rate > 0, noise > 0 if noisy else noise == 0, rate * h >= least),
        {"grows": after > e, "summands": after - e >= rate**2 * noise},
    )


RISKS = lambda budget: product((0.5, 1.0, 4.0), (0.05, 0.5, 1.0, 1.9))


@claim.check("our expected risk", RISKS)
@claim.control("half of the variance", RISKS, noise=0.5)
def expected_risk(h, share, noise=1.0):
    """Our exact risk, h e / 2 above the floor of the loss; batches of 1, drawn with replacement.

    A step loses some 8 eps, and 1 / (1 - 0.95^2) of them are remembered.
    """
    s, rate = 1 / h, share / h  # sigma = h s = 1
    risk = quadratic.expected_risk(noisy(h, s), rate, 1, 2000, start=[2.0])
    return close(risk[-1] / (h * s * s / 2 + h / 2 * floor(rate, h, noise)), 1, 80 * EPS)


@claim.check("our SGD, 10^4 chains", SEED, degree="simulated")
@claim.control("chains with another variance", SEED, noise=1.6, limit=10, many=3000)
def chains_settle(seed, noise=1.0, limit=ERRORS, many=10_000):
    """Our SGD after 40 steps; 0.75^80 of the start 4 is left, less than 1e-7 of a standard error."""
    rates = (0.25, 0.5, 0.8, 1.5)
    mean, error = chains("constant", 40, rates, many, seed)
    return sigmas(mean, noise * floor(np.array(rates), 1.0), error, limit)
