r"""PLS-06  The scale of the prior

Where: dissertation, after eq. 2.28
Claim: The factor m of the prior can be scaled away: multiplied together with the standard deviations of both errors it
    leaves the mean as it is, and its square multiplies the covariance.
Formula: (m, \sigma_l, \sigma_{l'}) \to \gamma (m, \sigma_l, \sigma_{l'}) \;\Rightarrow\; \mu \to \mu,\ \tilde k \to
    \gamma^2 \tilde k
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ... import belief as plain_belief
from ...cases import positive, rotation
from ...claim import close, equal, only, told
from ...ours import on_rule, walk
from .common import ASKED, EXAMPLE, NOISY, exact, floats, observations, rounding, rows_of, variances

claim = told(__doc__)


@claim.check(
    "ours divides by m", st.tuples(observations(st.integers(1, 3)), variances, st.integers(-6, 6)), examples=60
)
@claim.control("ours with errors left as they are", only(EXAMPLE, NOISY, 3), noise_too=False)
def without_m(data, noise, factor, noise_too=True):
    """Ours, where m is always 1: observations divided by m and variances by m^2 give the posterior over m.

    m is a power of two, so that nothing is rounded in this; the means then are off as said at ``rounding``.
    """
    m = 2.0**factor
    s, values, slopes = floats(data)
    given = [float(v) / m**2 if noise_too else float(v) for v in noise]
    belief = methods.belief.believe(s, values / m, slopes / m, *given)
    plain = plain_belief.believe(list(s), list(values / m), list(slopes / m), *given)
    believed = exact(data, noise, F(m) ** 2)
    expected = np.array([believed.mean(*f) for f in ASKED], float)
    there = belief.at(np.array([float(x) for _, x in ASKED]))
    room = m * rounding(belief, rows_of(belief, ASKED))
    return {
        "arrays": close([m * there.value()[0][0], m * there.slope()[0][1]], expected, room),
        "plain": close([m * plain.mean([(1, i, float(x))]) for i, x in ASKED], expected, room),
    }


class Bowl(NamedTuple):
    """Sums of squares around different centres, times a factor."""

    Q: np.ndarray
    m: np.ndarray
    theta: np.ndarray


def bowl(rng):
    U = rotation(rng, 3)
    return Bowl((U * rng.uniform(0.5, 5, 3)) @ U.T, rng.standard_normal((12, 3)), 4 * rng.standard_normal(3))


def bowls(few, deep):
    def cases(budget):
        rng = budget.rng()
        return [(bowl(rng), factor) for _ in range(budget.many(few, deep)) for factor in (-7, 5)]

    return cases


@claim.check("our searches in other units of the loss", bowls(3, 40))
@claim.control("a first trial in the old units", bowls(1, 1), first_too=False)
def search_in_other_units(place, factor, first_too=True, steps=6):
    """Losses times 2^k, the first trial divided by it, since it multiplies the gradient: the same iterates, by bit."""
    sampler = lambda t, j: np.arange(6)[None] + 6 * ((t + j) % 2)
    scale = 2.0**factor
    first = 0.3 / scale if first_too else 0.3
    problems = [tb.problems.NoisyQuadratic(c * place.Q, place.m) for c in (1.0, scale)]
    one, other = (
        walk(p, on_rule(methods.pls.PLS(first=f)), place.theta, steps, sampler, batch=6).theta
        for p, f in zip(problems, (0.3, first), strict=True)
    )
    return -float(np.abs(one - other).max())


scaled = st.tuples(observations(st.integers(1, 3)), variances, positive())


@claim.check("scale and errors together", scaled, examples=60)
@claim.control("m alone", only(EXAMPLE, NOISY, F(2)), noise_too=False)
def rescaled(data, noise, factor, noise_too=True):
    """m, sigma_l, sigma_l' times a factor: the same mean, factor^2 the covariance."""
    square = factor * factor
    one = exact(data, noise, F(4))
    other = exact(data, tuple(square * v for v in noise) if noise_too else noise, 4 * square)
    return {
        "mean": equal([other.mean(*f) for f in ASKED], [one.mean(*f) for f in ASKED]),
        "covariance": equal(other.covariance(*ASKED), square * one.covariance(*ASKED)),
        "variance": equal(other.covariance(*ASKED[:1] * 2), square * one.covariance(*ASKED[:1] * 2)),
    }
