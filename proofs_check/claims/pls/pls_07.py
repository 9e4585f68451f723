r"""PLS-07  Expected improvement

Where: dissertation, eq. 2.36
Claim: How much a loss is expected to fall below the lowest one is the expectation of the minimum of 0 and the
    difference of the two; the lowest is taken over the candidates.
Formula: u_{EI}(\lambda) = \mathbb{E}\left[\min(0, l_{\min} - l(\lambda))\right], \quad l_{\min} = \min_{\lambda_{cand}}
    l(\lambda_{cand})
Verdict: corrected
Kind: property
Found: It is the expectation of the maximum. The printed one is never positive, nearly 0 wherever an improvement is
    certain, and the largest product with Wolfe probabilities is then that of a candidate with probability 0. The lowest
    value is the lowest posterior mean at an evaluated point: of a candidate nothing is known yet.
True: u_{EI} = \mathbb{E}\left[\max(0, \eta - l)\right] = (\eta - \mu) \Phi(z) + \sigma \varphi(z), \quad z = \frac{\eta
    - \mu}{\sigma}
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise
from math import erf, pi, sqrt
from typing import Any

import numpy as np
from hypothesis import strategies as st
from scipy.special import ndtr

from toybox import methods

from ... import belief as plain_belief
from ...cases import EPS, powers
from ...claim import Contrast, above, below, close, only, told
from .common import (
    EXAMPLE,
    NOISE,
    Given,
    exact,
    floats,
    for_arrays,
    improvement_room,
    observations,
    panels,
    phi,
    plainly,
)

claim = told(__doc__)


def improvement(mu, eta, sigma):
    """E max(0, eta - l), as corrected."""
    z = (eta - mu) / sigma
    return (eta - mu) * ndtr(z) + sigma * phi(z)


def literal(mu, eta, sigma):
    """E min(0, eta - l), as printed."""
    z = (eta - mu) / sigma
    return (eta - mu) * ndtr(-z) - sigma * phi(z)


def with_erf(mu, eta, sigma):
    """As Mahsereci and Hennig (2015) write it."""
    gain = eta - mu
    return gain / 2 * (1 + erf(gain / (sqrt(2) * sigma))) + sigma / sqrt(2 * pi) * np.exp(-(gain**2) / (2 * sigma**2))


def by_arrays(mu, eta, sigma):
    return for_arrays(mu, sigma, eta).expected_improvement()[0]


def by_plain(mu, eta, sigma):
    believed: Any = Given(eta, mu, sigma)
    return plain_belief.expected_improvement(believed, 1.0)


def integrated(mu, eta, sigma, sign=1):
    """E max(0, eta - l), or with sign -1 E min(0, eta - l), integrated over |l - mu| < 9 sigma."""
    z = min(max((eta - mu) / sigma, -9.0), 9.0)
    x, w = panels(-9.0, z, 40) if sign > 0 else panels(z, 9.0, 40)
    return w @ ((eta - mu - sigma * x) * phi(x))


@claim.counterexample("expected improvement", only(0.0, 0.0, 1.0))
@claim.counterexample("expected improvement where it is certain", only(-100.0, 0.0, 0.1))
def as_printed(mu, eta, sigma):
    return Contrast(literal(mu, eta, sigma), improvement(mu, eta, sigma), rounding=1e-9)


@claim.check("separates good from better", only(by_arrays))
def separates(form):
    """Of N(-1, .1^2) and N(-100, .1^2) below eta = 0 the latter is better, by more than an integral can be wrong."""
    return {"arrays or formula": form(-100.0, 0.0, 0.1) - form(-1.0, 0.0, 0.1) - 1e-10 * (0.1 + 100)}


def between_and_beyond(data):
    """The candidates: in the middle of each cell and beyond the last place."""
    return [*((a + b) / 2 for a, b in pairwise(data.s)), 2 * data.s[-1] + 1]


@claim.check(
    "below the lowest mean of evaluated points", st.tuples(observations(st.integers(2, 3)), NOISE), examples=50
)
def of_evaluated_points(data, noise):
    """Means and deviations in fractions, eta the lowest mean at a place that was evaluated."""
    belief, plain, believed = (
        methods.belief.believe(*floats(data), *map(float, noise)),
        plainly(data, noise),
        exact(data, noise),
    )
    candidates, eta = between_and_beyond(data), float(min(believed.mean(0, x) for x in data.s))
    found = belief.at(np.array(candidates, float)).expected_improvement()
    slack = {}
    for x, arrayed in zip(candidates, found, strict=True):
        mu, sigma = float(believed.mean(0, x)), sqrt(believed.covariance((0, x), (0, x)))
        expected, room = improvement(mu, eta, sigma), improvement_room(belief, x)
        slack[f"arrays at {x}"] = close(arrayed, expected, room)
        slack[f"plain at {x}"] = close(plain_belief.expected_improvement(plain, float(x)), expected, room)
    return slack


@claim.counterexample("expected improvement upon the lowest candidate", only(EXAMPLE, (F(1, 50), F(3, 10)), F(2)))
def lowest_of_candidates(data, noise, x):
    """The improvement at x upon the lowest mean of the candidates, against that of arrays."""
    believed = exact(data, noise)
    mu, sigma = float(believed.mean(0, x)), sqrt(believed.covariance((0, x), (0, x)))
    eta = float(min(believed.mean(0, c) for c in between_and_beyond(data)))
    belief = methods.belief.believe(*floats(data), *map(float, noise))
    found = belief.at(np.array([float(x)])).expected_improvement()[0]
    return Contrast(improvement(mu, eta, sigma), found, rounding=improvement_room(belief, x))


CANDIDATES = ((-1.0, 0.2, 0.9), (-0.5, 0.5, 0.4), (2.0, 0.2, 0.0))  # mean, deviation, Wolfe probability


def chosen(form, candidates=CANDIDATES):
    """The Wolfe probability of the candidate with the largest product."""
    return max(candidates, key=lambda c: form(c[0], 0.0, c[1]) * c[2])[2]


BELL = st.tuples(st.floats(-3, 3), st.floats(-3, 3), powers(-2, 1))


@claim.check("rises with the deviation, falls with the mean", BELL, examples=200)
@claim.control("the printed sign is not monotone alike", BELL, examples=10, forms=[literal])
def monotone(mu, eta, sigma, forms=(by_arrays, by_plain)):
    """Rises with sigma and falls with mu; the room is T-ineq after some ten operations."""
    room = 100 * EPS * (1 + sigma + abs(eta - mu))
    slack = {}
    for form in forms:
        here = form(mu, eta, sigma)
        slack[f"{form.__name__}, sigma"] = below(here, form(mu, eta, 1.25 * sigma), room)
        slack[f"{form.__name__}, mu"] = below(form(mu + 0.25, eta, sigma), here, room)
    return slack


@claim.check("the printed one is the other part", BELL, examples=200)
def two_parts(mu, eta, sigma):
    """min + max = eta - mu, and the printed one is E min, never positive."""
    room = 1e-10 * (sigma + abs(eta - mu))
    printed = literal(mu, eta, sigma)
    return {
        "sum": close(printed + improvement(mu, eta, sigma), eta - mu, room),
        "E min": close(printed, integrated(mu, eta, sigma, -1), room),
        "sign": below(printed, 0.0, room),
    }


@claim.check("the integral, and four ways to it", BELL)
@claim.control("the printed sign", BELL, examples=10, printed=literal)
def is_the_mean(mu, eta, sigma, **forms):
    """Within 1e-10 (sigma + |eta - mu|) of the integral, of which the tails leave 1e-19 and the panels less."""
    forms = forms or {"formula": improvement, "with erf": with_erf, "arrays": by_arrays, "plain": by_plain}
    room = 1e-10 * (sigma + abs(eta - mu))
    return {name: close(form(mu, eta, sigma), integrated(mu, eta, sigma), room) for name, form in forms.items()}


claim.check("a candidate of positive probability")(lambda: above(chosen(by_arrays), 0))
claim.counterexample("Wolfe probability of the chosen candidate (mean, deviation, probability)", only(CANDIDATES))(
    lambda candidates: Contrast(chosen(literal, candidates), chosen(by_arrays, candidates))
)
