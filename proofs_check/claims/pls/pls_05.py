r"""PLS-05  The posterior covariance

Where: dissertation, eqs. 2.34 and 2.35
Claim: The posterior covariance is the prior one minus the product of the two vectors of covariances with the
    observations. Errors of values and of slopes enter with one variance.
Formula: \tilde k(\lambda, \lambda') = k(\lambda, \lambda') - v^\top(\lambda)\, v(\lambda')
Verdict: corrected
Kind: exact
Found: Between the two vectors stands the inverse of the matrix in eq. 2.34, whose lower right block takes the variance
    of the slopes. Without noise that leaves 0 at the observed places, the printed cubic powers between and beyond them.
True: \tilde k = k - v^\top G^{-1} v, \qquad G_{22} = {}^\partial k^\partial + \sigma_{l'}^2 I, \qquad \tilde
    k(\lambda_i + u w) = m^2 \tfrac{w^3}{3} \left(u (1 - u)\right)^3
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from toybox import methods

from ...cases import EPS, dot
from ...claim import Contrast, close, equal, only, told
from .common import (
    ASKED,
    EXACT,
    EXAMPLE,
    NOISY,
    exact,
    floats,
    observations,
    plainly,
    prior,
    residual,
    rows_of,
    variances,
)

claim = told(__doc__)


def one_by_one(data, noise, asked):
    """Means and covariances of terms after one observation at a time: a division by a number each, no inverse."""
    parts = enumerate((data.values, data.slopes))
    seen = [((i, x), y, noise[i]) for i, ys in parts for x, y in zip(data.s, ys, strict=True)]
    terms = [*asked, *(f for f, *_ in seen)]
    mean, C = [F(0)] * len(terms), [[prior(f, g) for g in terms] for f in terms]
    for k, (_, y, variance) in enumerate(seen, len(asked)):
        gain = [row[k] / (C[k][k] + variance) for row in C]
        surprise, column = y - mean[k], C[k]
        mean = [a + b * surprise for a, b in zip(mean, gain, strict=True)]
        C = [[a - b * c for a, c in zip(row, column, strict=True)] for row, b in zip(C, gain, strict=True)]
    n = len(asked)
    return mean[:n], [row[:n] for row in C[:n]]


@claim.check("one observation at a time", st.tuples(observations(st.integers(1, 3)), variances), examples=60)
def batch_is_sequence(data, noise):
    """Eqs. 2.34 and 2.35 with the inverse."""
    believed = exact(data, noise)
    mean, covariance = one_by_one(data, noise, ASKED)
    return {
        "mean": equal([believed.mean(*f) for f in ASKED], mean),
        "covariance": equal([[believed.covariance(f, g) for g in ASKED] for f in ASKED], covariance),
    }


def literal_variance(places, x):
    """Eq. 2.35 as printed, without an inverse."""
    row = [prior((0, x), (i, s)) for i in (0, 1) for s in places]
    return prior((0, x), (0, x)) - dot(row, row)


@claim.counterexample("variance of l(x) by eq. 2.35", only(EXAMPLE, F(1, 2)))
def without_inverse(data, x):
    return Contrast(literal_variance(data.s, x), exact(data).covariance((0, x), (0, x)))


@claim.counterexample("mean of l(x) with one variance for both", only(EXAMPLE, NOISY, F(1, 2)))
def one_variance(data, noise, x):
    """sigma_l^2 for the slopes' errors, too."""
    return Contrast(exact(data, (noise[0], noise[0])).mean(0, x), exact(data, noise).mean(0, x))


@claim.check("the size of a literal variance")
def printed_variance():
    """Of l(1/2) after observations at 0, 1 and 4: -6.4e5."""
    return equal(round(literal_variance((F(0), F(1), F(4)), F(1, 2)), -4), F(-640000))


@claim.check("variances without noise", observations(st.integers(2, 4)), examples=30)
@claim.control("another power between", only(EXAMPLE), between=lambda w, v: w**3 * v * (1 - v) / 12)
def known_variances(data, m2=F(4), between=lambda w, v: w**3 * (v * (1 - v)) ** 3 / 3):
    """Without noise: 0 at places, m^2 w^3 (v (1 - v))^3 / 3 within a cell of width w, m^2 e^3 / 3 beyond the last."""
    believed = exact(data, m2=m2)
    variance = lambda x: believed.covariance((0, x), (0, x))
    cells = list(pairwise(data.s))
    parts = (F(1, 2), F(4, 5))
    return {
        "observed": equal([variance(x) for x in data.s], [F(0)] * len(data.s)),
        "between": equal(
            [variance(a + v * (b - a)) for a, b in cells for v in parts],
            [m2 * between(b - a, v) for a, b in cells for v in parts],
        ),
        "midpoint": equal(variance((cells[0][0] + cells[0][1]) / 2), m2 * (cells[0][1] - cells[0][0]) ** 3 / 192),
        "beyond": equal([variance(data.s[-1] + e) for e in (1, 3)], [m2 * F(e**3, 3) for e in (1, 3)]),
    }


@claim.check(
    "arrays and plain belief",
    st.tuples(observations(st.integers(1, 4)), st.one_of(st.just(EXACT), variances)),
    examples=60,
)
@claim.control("ours with the two variances exchanged", only(EXAMPLE, NOISY), confused=True)
def variances_of_ours(data, noise, confused=False):
    """Arrays and plain belief against the posterior in fractions.

    Every solution of G c = v has a residual of T-solve, 64 n eps |G| |c|; where l(s) = l(0) + s l'(0) + w(s) is
    collected from its parts, so is |c|. The subtraction from the prior adds its rounding.
    """
    given = tuple(reversed(noise)) if confused else noise
    belief, plain, believed = (
        methods.belief.believe(*floats(data), *map(float, given)),
        plainly(data, given),
        exact(data, noise),
    )
    slack = {}
    for x in (data.s[-1], (data.s[0] + data.s[-1]) / 2, data.s[-1] + F(3, 2)):
        place = np.array([float(x)])
        parts = np.linalg.solve(belief.gram, rows_of(belief, [(0, 0), (1, 0), (0, x), (1, x)]).T)
        value0, slope0, value, slope = np.linalg.norm(parts, axis=0)
        there = belief.at(place)
        for i, spread, found in (
            (0, value0 + place[0] * slope0 + (value + value0 + place[0] * slope0), there.value()[1]),
            (1, slope0 + (slope + slope0), there.slope()[1]),
        ):
            expected = float(believed.covariance((i, x), (i, x)))
            room = spread * residual(belief, spread)
            room += 8 * EPS * float(prior((i, x), (i, x)))
            term = [(1, i, float(x))]
            slack[f"arrays, {i} at {x}"] = close(found**2, expected, room)
            slack[f"plain, {i} at {x}"] = close(max(plain.covariance(term, term), 0.0), expected, room)
    return slack
