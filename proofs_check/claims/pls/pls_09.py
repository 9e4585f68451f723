r"""PLS-09  The Wolfe probability

Where: dissertation, eq. 2.38
Claim: The probability that both Wolfe conditions hold is the integral of the standard bivariate normal density with the
    correlation of the two variables, from minus their standardised means on.
Formula: p^{Wolfe} = \int_{-\mu_a / \sqrt{C^{aa}}}^\infty \int_{-\mu_b / \sqrt{C^{bb}}}^\infty \mathcal{N}\left(0,
    \begin{pmatrix} 1 & \rho \\ \rho & 1 \end{pmatrix}\right), \quad \rho = \frac{C^{ab}}{\sqrt{C^{aa} C^{bb}}}
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F
from math import sqrt
from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st
from scipy.special import ndtr

from toybox import methods

from ... import belief as plain_belief
from ...cases import EPS, powers, tol_dot
from ...claim import ERRORS, close, holds, sigmas, told
from ...proof import Theorem, every, same
from .common import Given, floats, for_arrays, observations, panels, phi, plainly

claim = told(__doc__)


@claim.proof("standardised", broken={"another sign of the correlation": {"sign": -1}, "from the mean on": {"to": 1}})
def standardised(a, b, mean_a, mean_b, root_a, root_b, rho, sign=1, to=-1):
    """a > 0 and b > 0 where x and y, both less their means over their deviations, are in the integral; the density of
    (a, b) is the standard one of (x, y) over both deviations: one form in the exponent, and the determinant."""
    x, y, dx, dy = (a - mean_a) / root_a, (b - mean_b) / root_b, a - mean_a, b - mean_b
    aa, bb, ab = root_a**2, root_b**2, rho * root_a * root_b
    det = aa * bb - ab * ab
    form = (bb * dx * dx - 2 * ab * dx * dy + aa * dy * dy) / det
    standard = (x * x - 2 * sign * rho * x * y + y * y) / (1 - rho * rho)
    inside = every(x > to * mean_a / root_a, y > to * mean_b / root_b)
    return Theorem(
        (root_a > 0, root_b > 0, rho > -1, rho < 1),
        {
            "region": same(every(a > 0, b > 0), inside),
            "exponent": form == standard,
            "determinant": det == (root_a * root_b) ** 2 * (1 - rho * rho),
        },
    )


def over_the_line(h, k, rho):
    """P(x < h, y < k), as the integral of phi(x) Phi((k - rho x) / root) over x, and its rounding (T-dot)."""
    x, w = panels(-9.0, max(h, -9.0), 200)
    f = phi(x) * ndtr((k - rho * x) / sqrt((1 - rho) * (1 + rho)))
    return w @ f, tol_dot(w, f)


def wolfe_by_arrays(ab, C):
    return for_arrays(ab=ab, C=C).wolfe_probability()[0]


def wolfe_plainly(ab, C):
    believed: Any = Given(ab=ab, C=C)
    return plain_belief.wolfe_probability(believed, 1.0, 0.05, 0.8)


def covariance_of(spread, rho):
    return (spread[0] ** 2, rho * spread[0] * spread[1]), (rho * spread[0] * spread[1], spread[1] ** 2)


BOTH = st.tuples(st.floats(-5, 5), st.floats(-5, 5))


@claim.check("correlations of 1 and -1, no variance", BOTH, examples=200)
@claim.control("correlations of 1 and -1 exchanged", BOTH, examples=10, sign=-1)
def limits(h, k, sign=1):
    """rho = 1: the smaller of the two probabilities; rho = -1: what their sum exceeds 1; both vanishing: 0 or 1."""
    p, q = ndtr(h), ndtr(k)
    assume(min(abs(h), abs(k)) > 1e-6)
    clear = float(h > 0 and k > 0)
    slack: dict[str, float] = {}
    for rho, expected in ((1, min(p, q)), (-1, max(p + q - 1, 0.0))):
        C = covariance_of((1.0, 1.0), sign * rho)
        slack[f"arrays, {rho}"] = close(wolfe_by_arrays((h, k), C), expected, 8 * EPS)
        slack[f"plain, {rho}"] = close(wolfe_plainly((h, k), C), expected, 1e-7)
    for name, form in (("arrays", wolfe_by_arrays), ("plain", wolfe_plainly)):
        slack[f"{name}, certain"] = close(form((h, k), covariance_of((1e-9, 1e-9), 0.3)), clear, 1e-10)
        slack[f"{name}, both 0"] = close(form((h, k), covariance_of((0.0, 0.0), 0.0)), clear, 1e-10)
    return slack


def started(data):
    """The same observations with the first place at 0."""
    return data._replace(s=tuple(x - data.s[0] for x in data.s))


@claim.check("observed without noise", observations(st.integers(2, 4)), examples=50)
@claim.control("observed without noise, another constant", observations(), examples=20, c2=F(1, 5))
def where_all_is_known(data, c1=F(1, 20), c2=F(4, 5)):
    """At places without noise both conditions can be read off the data, in fractions, and C is singular.

    The search does not ask at s = 0; it would be told a probability.
    """
    data = started(data)
    belief, plain = methods.belief.believe(*floats(data)), plainly(data)
    found = belief.at(belief.s).wolfe_probability()
    slack: dict[str, float] = {"s = 0": holds(0 <= found[0] <= 1)}
    for x, value, slope, p in list(zip(*data, found, strict=True))[1:]:
        a, b = data.values[0] + c1 * x * data.slopes[0] - value, slope - c2 * data.slopes[0]
        if a and b:
            expected = float(a > 0 and b > 0)
            slack[f"arrays at {x}"] = close(p, expected, 1e-10)
            slack[f"plain at {x}"] = close(plain_belief.wolfe_probability(plain, float(x), 0.05, 0.8), expected, 1e-10)
    return slack


PAIR = st.tuples(st.floats(-3, 3), st.floats(-3, 3))
TILTED = st.tuples(PAIR, st.tuples(powers(-0.2, 2), powers(-0.2, 2)), st.floats(-0.999, 0.999))


@claim.check("one integral less", TILTED, examples=200)
@claim.control("another sign of the correlation", TILTED, examples=10, sign=-1)
def probability(ab, spread, rho, sign=1):
    """Arrays within the rounding of the integral (and of z and rho, a few eps over the root), plain numbers in 1e-10
    (its rule doubles exponentially)."""
    C = covariance_of(spread, rho)
    h, k = (m / s for m, s in zip(ab, spread, strict=True))
    expected, room = over_the_line(h, k, sign * rho)
    room += 32 * EPS / sqrt((1 - rho) * (1 + rho))
    return {
        "arrays": close(wolfe_by_arrays(ab, C), expected, room),
        "plain": close(wolfe_plainly(ab, C), expected, room + 1e-10),
    }


SAMPLES = lambda budget: [
    (*case, (budget.seed, i))
    for i, case in enumerate([(0.5, -0.3, 0.6), (0.0, 0.0, -0.9), (1.5, 1.0, 0.95), (-0.5, 1.0, -0.4)])
]


@claim.check("samples", SAMPLES, degree="simulated")
@claim.control("another sign, samples", SAMPLES, sign=-1, limit=10)
def sampled(h, k, rho, number, sign=1, limit=ERRORS):
    """Among 400000 samples of N((h, k), C), the share with both coordinates positive."""
    x, y = np.random.default_rng(number).standard_normal((2, 400_000))
    share = np.mean((h + x > 0) & (k + sign * rho * x + sqrt(1 - rho * rho) * y > 0))
    found = wolfe_by_arrays((h, k), covariance_of((1.0, 1.0), rho))
    return sigmas(share, found, sqrt(found * (1 - found) / 400_000), limit)
