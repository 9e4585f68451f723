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

import numpy as np
from hypothesis import strategies as st

from toybox import methods

from ...cases import EPS, dot
from ...claim import Contrast, close, equal, only, told
from ...proof import Theorem
from .common import (
    CELL,
    EXACT,
    EXAMPLE,
    HERMITE,
    LAST,
    NOISY,
    STRAIGHT,
    exact,
    floats,
    observations,
    p,
    plainly,
    prior,
    q,
    residual,
    rows_of,
    t,
    unexplained,
    variances,
    zero,
)

claim = told(__doc__)


@claim.proof("one observation at a time", broken={"without the inverse": {"inverse": False}})
def batch_is_sequence(k, v1, v2, u1, u2, g11, g12, g22, y1, y2, inverse=True):
    """Mean and covariance k of two terms by eqs. 2.34 and 2.35 with the inverse, after two observations with the
    matrix G, and after one observation at a time: a division by a number each. Every further one does the same."""
    det = g11 * g22 - g12 * g12 if inverse else 1
    solved = lambda a, b: ((g22 * a - g12 * b) / det, (g11 * b - g12 * a) / det) if inverse else (a, b)
    batch = lambda a, b: v1 * solved(a, b)[0] + v2 * solved(a, b)[1]
    left = lambda a, b: b - g12 * a / g11  # of a second number, once the first is known
    after = lambda a, b: v1 * a / g11 + left(v1, v2) * left(a, b) / left(g12, g22)
    given = (g11 > 0, g11 * g22 - g12 * g12 > 0)
    return Theorem(
        given, {"mean": batch(y1, y2) == after(y1, y2), "covariance": k - batch(u1, u2) == k - after(u1, u2)}
    )


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


@claim.check("the size of a literal variance", only((F(0), F(1), F(4))))
@claim.control("the size at other places", only((F(0), F(1), F(3))))
def printed_variance(places):
    """Of l(1/2) after observations at 0, 1 and 4: -6.4e5."""
    return equal(round(literal_variance(places, F(1, 2)), -4), F(-640000))


@claim.check("variances without noise", degree="proved")
@claim.control("another power between", power=1)
def known_variances(power=3):
    """The weights of PLS-03 leave the variance of l: w^3 (v (1 - v))^3 / 3 at v = p / w within a cell of width w, which
    is 0 at its ends, and p^3 / 3 beyond the last place, both times m^2."""
    w, v, asked = p + q, p / (p + q), (0, t + p)
    between, beyond = unexplained(HERMITE, CELL, asked), unexplained(STRAIGHT, LAST, asked)
    return {"between": zero(between - w**3 * (v * (1 - v)) ** power / 3), "beyond": zero(beyond - p**3 / 3)}


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
