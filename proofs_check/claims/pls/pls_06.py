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

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ... import belief as plain_belief
from ...cases import rotation, seeds
from ...claim import close, only, told
from ...ours import on_rule, walk
from ...proof import Theorem, every
from .common import ASKED, EXAMPLE, NOISY, exact, floats, observations, rounding, rows_of, variances

claim = told(__doc__)


@claim.proof("scale and errors together", broken={"m alone": {"noise_too": False}})
def rescaled(k11, k12, k22, noise1, noise2, c1, c2, b1, b2, square, noise_too=True):
    """Where c solves G c = b for two observations, c / square solves it with the factors; so for more of them. Let b be
    what was seen: the mean (square v)'(c / square) is v'c, as before. Let it be v: the covariance with the factors,
    whose v is square v, is square k - (square v)'c, which is square times that of before."""
    more = square if noise_too else 1
    G = lambda m2, noise, x, y: (
        (m2 * k11 + noise * noise1) * x + m2 * k12 * y,
        m2 * k12 * x + (m2 * k22 + noise * noise2) * y,
    )
    before, after = G(1, 1, c1, c2), G(square, more, c1 / square, c2 / square)
    return Theorem((square > 0, before[0] == b1, before[1] == b2), {"solved": every(after[0] == b1, after[1] == b2)})


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


SEARCHES = st.tuples(seeds, st.sampled_from((-7, 5)))


@claim.check("our searches in other units of the loss", SEARCHES, examples=6)
@claim.control("a first trial in the old units", SEARCHES, examples=2, first_too=False)
def search_in_other_units(number, factor, first_too=True, steps=6):
    """Losses times 2^k, the first trial divided by it, since it multiplies the gradient: the same iterates, by bit."""
    rng, sampler = np.random.default_rng(number), lambda t, j: np.arange(6)[None] + 6 * ((t + j) % 2)
    U, eigenvalues, m, theta = (
        rotation(rng, 3),
        rng.uniform(0.5, 5, 3),
        rng.standard_normal((12, 3)),
        rng.normal(0, 4, 3),
    )
    paths = [
        walk(
            tb.problems.NoisyQuadratic(c * (U * eigenvalues) @ U.T, m),
            on_rule(methods.pls.PLS(first=0.3 / c if first_too else 0.3)),
            theta,
            steps,
            sampler,
            batch=6,
        ).theta
        for c in (1.0, 2.0**factor)
    ]
    return -float(np.abs(paths[0] - paths[1]).max())
