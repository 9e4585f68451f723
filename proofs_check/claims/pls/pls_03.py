r"""PLS-03  Without noise, a cubic Hermite interpolant

Where: dissertation, eq. 2.34 and figure 2.4
Claim: Where values and slopes are observed without error, the posterior mean takes them on; between neighbouring places
    it is the cubic through their values and slopes, beyond the last one a straight line. Neither the scale nor the
    offset of the prior changes it there.
Formula: \sigma_l = \sigma_{l'} = 0 \;\Rightarrow\; \mu(\lambda_i) = l(\lambda_i),\ \mu'(\lambda_i) = l'(\lambda_i),\
    \mu \text{ cubic on } [\lambda_i, \lambda_{i+1}]
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise

import numpy as np

from toybox import methods

from ...cases import tol_dot, tol_solve
from ...claim import close, only, told
from .common import (
    CELL,
    EXACT,
    EXAMPLE,
    HERMITE,
    LAST,
    NOISY,
    STRAIGHT,
    floats,
    h,
    hermite,
    observations,
    p,
    plainly,
    q,
    rows_of,
    t,
    unexplained,
    zero,
)

claim = told(__doc__)


@claim.check("between neighbours, the cubic through them", degree="proved")
@claim.control("values alone, a straight line", weights=(q / (p + q), p / (p + q), 0, 0))
def between(weights=HERMITE):
    """What is left of l, when the weighted observations at the ends of its cell are taken away, has no covariance with
    anything at the ends and beyond. So these weights, and 0 for all other places, solve G c = v (eq. 2.34), and the
    mean is the cubic. Neither m nor tau is in them; at the ends they are 1 for its observation and 0 for the others,
    and so are their derivatives for the slope."""
    outside = (t - h, t, t + p + q, t + p + q + h)
    return zero(*(unexplained(weights, CELL, (i, x)) for i in (0, 1) for x in outside))


@claim.check("beyond the last place, a straight line", degree="proved")
@claim.control("beyond the last place, its value", weights=(1, 0))
def beyond(weights=STRAIGHT):
    return zero(*(unexplained(weights, LAST, (i, x)) for i in (0, 1) for x in (t - h, t)))


def inside(data):
    """Three inner points of every cell, with its ends."""
    rows = list(zip(*data, strict=True))
    return [(a, b, a[0] + part * (b[0] - a[0])) for a, b in pairwise(rows) for part in (F(1, 7), F(1, 2), F(4, 5))]


def cubic(left, right, x):
    """Through values and slopes at two places: (s, value, slope) each."""
    (a, ya, pa), (b, yb, pb) = left, right
    return sum(w * y for w, y in zip(hermite((x - a) / (b - a), b - a), (ya, yb, pa, pb), strict=True))


@claim.check("the posterior of arrays and plain belief", observations(), examples=100)
@claim.control("noisy observations in floats", only(EXAMPLE, NOISY))
def interpolates_in_floats(data, noise=EXACT):
    """Arrays and plain belief: residuals of T-solve at the places, hence between them what Hermite makes of those.

    The basis functions of the two values sum to 1, those of the slopes stay below 4 w / 27 each: r (1 + w) covers a
    residual of r everywhere in a cell of width w. Evaluating the mean adds T-dot.
    """
    belief, plain = methods.belief.believe(*floats(data), *map(float, noise)), plainly(data, noise)
    r = tol_solve(belief.gram, belief.weights)
    cells = [(*cell, r * float(1 + cell[1][0] - cell[0][0])) for cell in inside(data)]
    values = [(x, y, r) for x, y in zip(data.s, data.values, strict=True)]
    values += [(x, cubic(a, b, x), room) for a, b, x, room in cells]
    values += [(data.s[-1] + 2, data.values[-1] + 2 * data.slopes[-1], 3 * r)]
    asked = [(0, x) for x, *_ in values] + [(1, x) for x in data.s]
    expected = np.array([y for _, y, _ in values] + [*data.slopes], float)
    rows = rows_of(belief, asked)
    room = np.array([room for *_, room in values] + [r] * len(data.s)) + [tol_dot(v, belief.weights) for v in rows]
    there = belief.at(np.array([float(x) for _, x in asked]))
    found = np.where(np.arange(len(asked)) < len(values), there.value()[0], there.slope()[0])
    # the change from 0 is the mean without its level, which is the residual at 0 and a T-dot
    change, slope = belief.moments(there.s)
    level = belief.at(np.zeros(1)).value()[0]
    moments = np.where(np.arange(len(asked)) < len(values), level + change, slope)
    return {
        "arrays": close(found, expected, room),
        "arrays, moments": close(moments, expected, 2 * room),
        "plain": close([plain.mean([(1, i, float(x))]) for i, x in asked], expected, room),
    }
