"""Section H: Wolfe conditions of the probabilistic line search (dissertation, section 2.6.5, eqs. 2.37 and 2.38)."""

from __future__ import annotations

from fractions import Fraction as F
from functools import partial
from math import asin, pi, sqrt
from typing import Any, NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st
from scipy.special import ndtr
from scipy.stats import multivariate_normal

from toybox import methods

from .. import belief as plain_belief
from ..cases import EPS, powers, seeds, tol_dot
from ..claim import ERRORS, Check, Claim, below, close, holds, sigmas
from .h_improvement import Given, for_arrays, panels, phi, spreads
from .h_posterior import residual
from .h_probabilistic import floats, observations, plainly, rounding, rows_of

# --- PLS-08: the Wolfe variables


class Look(NamedTuple):
    """Noisy observations on arrays, and a place to ask about."""

    belief: Any
    x: float


@st.composite
def looks(draw):
    n, rng = draw(st.integers(1, 4)), np.random.default_rng(draw(seeds))
    s, noise = np.sort(rng.uniform(0, 6, n)), 10.0 ** rng.uniform(-3, 1, 2)
    seen = s, rng.standard_normal(n), rng.standard_normal(n)
    return Look(methods.belief.believe(*seen, *noise), rng.uniform(0.1, 8))


def joint(belief, x):
    """Posterior covariance of l(0), l'(0), l(x), l'(x), straight from eq. 2.35 with its inverse."""
    places, order = np.array([0.0, x]), [0, 2, 1, 3]
    rows = rows_of(belief, [(0, 0), (1, 0), (0, x), (1, x)])
    return methods.belief.covariance(places, places)[np.ix_(order, order)] - rows @ np.linalg.solve(belief.gram, rows.T)


def written_out(S, x, c1, c2, lumped=False):
    """C^aa, C^bb, C^ab; ``lumped``: Cov(l(0), l'(x)) taken for Cov(l'(0), l(x))."""
    k00, dk00, ddk00 = S[0, 0], S[0, 1], S[1, 1]
    k0x, kd0x, dk0x, ddk0x = S[0, 2], S[0, 3], S[1, 2], S[1, 3]
    kxx, dkxx, ddkxx = S[2, 2], S[2, 3], S[3, 3]
    mixed = (1 + c2) * dk0x if lumped else kd0x + c2 * dk0x
    aa = k00 + (c1 * x) ** 2 * ddk00 + kxx + 2 * (c1 * x * (dk00 - dk0x) - k0x)
    bb = c2**2 * ddk00 - 2 * c2 * ddk0x + ddkxx
    ab = -c2 * (dk00 + c1 * x * ddk00) + mixed + c1 * x * ddk0x - dkxx
    return np.array([aa, bb, ab])


def is_linear_map(look, c1=0.05, c2=0.8, lumped=False):
    """The entries are those of T S T'; and the arrays' ones, which collect them from other parts, are the same.

    There the room is that of residuals of T-solve, and the rounding of the prior.
    """
    belief, x = look
    S = joint(belief, x)
    T = np.array([[1, c1 * x, -1, 0], [0, -c2, 0, 1]])
    C, entries = T @ S @ T.T, written_out(S, x, c1, c2, lumped)
    found = belief.at(np.array([x])).wolfe_terms(c1, c2)[1][0]
    room = wolfe_room(belief, x)
    return {
        "T S T'": close(entries, [C[0, 0], C[1, 1], C[0, 1]], 1e-11 * np.abs(S).max() * (1 + x)),
        "arrays": close(entries, [found[0, 0], found[1, 1], found[0, 1]], room),
        "symmetric": close(found[0, 1], found[1, 0], room[2]),
        "semi-definite": below(-np.linalg.eigvalsh(found)[0], 0.0, room.max()),
    }


def wolfe_room(belief, x):
    value0, slope0, value, slope = spreads(belief, x)
    a, b = 2 * value0 + 4 * x * slope0 + 2 * value, 4 * slope0 + 2 * slope
    of_prior = 8 * EPS * (10 + x) ** 3 * (1 + x)
    return residual(belief, 1.0) * np.array([a * a, b * b, a * b]) + of_prior


def wolfe_terms(x, c1, c2):
    """a and b for the plain belief (eq. 2.37)."""
    return [(1, 0, 0.0), (c1 * x, 1, 0.0), (-1, 0, x)], [(1, 1, x), (-c2, 1, 0.0)]


def plain_agrees(look, c1=0.05, c2=0.8):
    """Means and covariances of both variables, plain and arrays."""
    belief, x = look
    plain = plain_belief.believe(*(list(row) for row in belief[:3]), belief.value_noise[0], belief.slope_noise[0])
    a, b = wolfe_terms(x, c1, c2)
    mean, found = (part[0] for part in belief.at(np.array([x])).wolfe_terms(c1, c2))
    rows = rows_of(belief, [(0, 0), (1, 0), (0, x), (1, x)])
    entries = [plain.covariance(a, a), plain.covariance(b, b), plain.covariance(a, b)]
    T = np.abs([[1, c1 * x, -1, 0], [0, -c2, 0, 1]])
    return {
        "means": close(mean, [plain.mean(a), plain.mean(b)], 2 * T @ rounding(belief, rows) * (1 + x)),
        "covariances": close([found[0, 0], found[1, 1], found[0, 1]], entries, 2 * wolfe_room(belief, x)),
    }


PLS_08 = Claim(
    id="PLS-08",
    title="The Wolfe variables",
    source="dissertation, eq. 2.37; Mahsereci and Hennig 2015, eq. 13",
    statement="What is left of each Wolfe condition is a linear combination of the values and slopes at the start and"
    " at the point; both are jointly normal, with covariances made of those of the posterior.",
    formula=r"\begin{pmatrix} a \\ b \end{pmatrix} = \begin{pmatrix} 1 & c_1\lambda & -1 & 0 \\ 0 & -c_2 & 0 & 1"
    r" \end{pmatrix} \begin{pmatrix} l(0) \\ l'(0) \\ l(\lambda) \\ l'(\lambda) \end{pmatrix}",
    kind="property",
    verdict="holds",
    finding="The covariances, which the text leaves to its source, were derived. Cov(l'(0), l(s)) and Cov(l(0), l'(s))"
    " differ and must not be lumped.",
    checks=[
        Check("entries of T S T', on arrays", is_linear_map, looks()),
        Check("the plain belief", plain_agrees, looks(), examples=100),
    ],
    controls=[
        Check("cross terms lumped", partial(is_linear_map, lumped=True), looks(), examples=10),
    ],
)

# --- PLS-09: the probability that both conditions hold


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


def probability(ab, spread, rho, sign=1):
    """Arrays within the rounding of the integral (and of z and rho, a few eps over the root), plain numbers in 1e-10
    (its rule doubles exponentially), a library within the 1e-6 it promises."""
    C = covariance_of(spread, rho)
    h, k = (m / s for m, s in zip(ab, spread, strict=True))
    expected, room = over_the_line(h, k, sign * rho)
    room += 32 * EPS / sqrt((1 - rho) * (1 + rho))
    return {
        "arrays": close(wolfe_by_arrays(ab, C), expected, room),
        "plain": close(wolfe_plainly(ab, C), expected, room + 1e-10),
        "library": close(multivariate_normal([0, 0], [[1, rho], [rho, 1]]).cdf([h, k]), expected, 1e-6),
    }


def quadrant(rho, sign=1):
    """Zero means: 1/4 + arcsin(rho) / 2 pi."""
    C, expected = covariance_of((1.0, 1.0), rho), 0.25 + asin(sign * rho) / (2 * pi)
    room = 32 * EPS / sqrt((1 - rho) * (1 + rho))
    return {
        "arrays": close(wolfe_by_arrays((0.0, 0.0), C), expected, room),
        "plain": close(wolfe_plainly((0.0, 0.0), C), expected, room + 1e-10),
    }


def sampled(h, k, rho, number, sign=1, limit=ERRORS):
    """Among 400000 samples of N((h, k), C), the share with both coordinates positive."""
    x, y = np.random.default_rng(number).standard_normal((2, 400_000))
    share = np.mean((h + x > 0) & (k + sign * rho * x + sqrt(1 - rho * rho) * y > 0))
    found = wolfe_by_arrays((h, k), covariance_of((1.0, 1.0), rho))
    return sigmas(share, found, sqrt(found * (1 - found) / 400_000), limit)


def limits(h, k):
    """rho = 1: the smaller of the two probabilities; rho = -1: what their sum exceeds 1; both vanishing: 0 or 1."""
    p, q = ndtr(h), ndtr(k)
    assume(min(abs(h), abs(k)) > 1e-6)
    clear = float(h > 0 and k > 0)
    slack: dict[str, float] = {}
    for rho, expected in ((1, min(p, q)), (-1, max(p + q - 1, 0.0))):
        C = covariance_of((1.0, 1.0), rho)
        slack[f"arrays, {rho}"] = close(wolfe_by_arrays((h, k), C), expected, 8 * EPS)
        slack[f"plain, {rho}"] = close(wolfe_plainly((h, k), C), expected, 1e-7)
    for name, form in (("arrays", wolfe_by_arrays), ("plain", wolfe_plainly)):
        slack[f"{name}, certain"] = close(form((h, k), covariance_of((1e-9, 1e-9), 0.3)), clear, 1e-10)
        slack[f"{name}, both 0"] = close(form((h, k), covariance_of((0.0, 0.0), 0.0)), clear, 1e-10)
    return slack


def started(data):
    """The same observations with the first place at 0."""
    return data._replace(s=tuple(x - data.s[0] for x in data.s))


def where_all_is_known(data):
    """At places without noise both conditions can be read off the data, in fractions, and C is singular.

    The search does not ask at s = 0; it would be told a probability.
    """
    data, c1, c2 = started(data), F(1, 20), F(4, 5)
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


WIDE = st.tuples(st.floats(-5, 5), st.floats(-5, 5))
PAIR = st.tuples(st.floats(-3, 3), st.floats(-3, 3))
TILTED = st.tuples(PAIR, st.tuples(powers(-0.2, 2), powers(-0.2, 2)), st.floats(-0.999, 0.999))
SAMPLES = lambda budget: [
    (*case, (budget.seed, i))
    for i, case in enumerate([(0.5, -0.3, 0.6), (0.0, 0.0, -0.9), (1.5, 1.0, 0.95), (-0.5, 1.0, -0.4)])
]

PLS_09 = Claim(
    id="PLS-09",
    title="The Wolfe probability",
    source="dissertation, eq. 2.38",
    statement="The probability that both Wolfe conditions hold is the integral of the standard bivariate normal density"
    " with the correlation of the two variables, from minus their standardised means on.",
    formula=r"p^{Wolfe} = \int_{-\mu_a / \sqrt{C^{aa}}}^\infty \int_{-\mu_b / \sqrt{C^{bb}}}^\infty \mathcal{N}\left("
    r"0, \begin{pmatrix} 1 & \rho \\ \rho & 1 \end{pmatrix}\right), \quad \rho = \frac{C^{ab}}{\sqrt{C^{aa} C^{bb}}}",
    kind="property",
    verdict="holds",
    checks=[
        Check("one integral less, and a library", probability, TILTED),
        Check("zero means", quadrant, st.floats(-0.999, 0.999), examples=100),
        Check("samples", sampled, SAMPLES),
        Check(
            "correlations of 1 and -1, no variance", limits, st.tuples(st.floats(-5, 5), st.floats(-5, 5)), examples=200
        ),
        Check("observed without noise", where_all_is_known, observations(st.integers(2, 4)), examples=50),
    ],
    controls=[
        Check("another sign of the correlation", partial(probability, sign=-1), TILTED, examples=10),
        Check("another sign, zero means", partial(quadrant, sign=-1), st.floats(-0.999, 0.999), examples=10),
        Check("another sign, samples", partial(sampled, sign=-1, limit=10), SAMPLES),
    ],
)

CLAIMS = (PLS_08, PLS_09)
