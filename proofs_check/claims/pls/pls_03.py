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
from ...claim import close, equal, only, told
from .common import EXACT, EXAMPLE, NOISY, exact, floats, observations, plainly, rows_of

claim = told(__doc__)


def hermite(left, right, x, derivative=0):
    """The cubic through values and slopes at two places: (s, value, slope) each; exact on fractions."""
    (a, ya, pa), (b, yb, pb) = left, right
    w = b - a
    v, rise = (x - a) / w, (yb - ya) / w
    c2, c3 = 3 * rise - 2 * pa - pb, pa + pb - 2 * rise
    if derivative:
        return pa + v * (2 * c2 + 3 * v * c3)
    return ya + w * v * (pa + v * (c2 + v * c3))


def inside(data):
    """Three inner points of every cell, with its ends."""
    rows = list(zip(*data, strict=True))
    return [(a, b, a[0] + part * (b[0] - a[0])) for a, b in pairwise(rows) for part in (F(1, 7), F(1, 2), F(4, 5))]


@claim.check("mean of the posterior in fractions", observations(), examples=80)
@claim.control("noisy observations", only(EXAMPLE, NOISY))
@claim.control("values alone", only(EXAMPLE), of="cubic between", slopes=False)
def interpolates(data, noise=EXACT, slopes=True):
    believed = exact(data, noise, slopes=slopes)
    last, value, slope = data.s[-1], data.values[-1], data.slopes[-1]
    return {
        "values": equal([believed.mean(0, x) for x in data.s], data.values),
        "slopes": equal([believed.mean(1, x) for x in data.s], data.slopes),
        "cubic between": equal([believed.mean(0, x) for *_, x in inside(data)], [hermite(*c) for c in inside(data)]),
        "straight beyond": equal([believed.mean(0, last + e) for e in (1, 9)], [value + e * slope for e in (1, 9)]),
    }


@claim.check("scale and offset of the prior", observations(), examples=40)
@claim.control("the offset before the first place", only(EXAMPLE), before=True)
@claim.control("the prior where observations are noisy", only(EXAMPLE), noise=NOISY)
def whatever_the_prior(data, m2=F(9, 4), tau=F(3), noise=EXACT, before=False):
    """Scale and offset of the prior do not matter from the first place on. Before it, the offset does."""
    one, other = exact(data, noise), exact(data, noise, m2, tau)
    places = [data.s[0] - F(1, 2)] if before else [*data.s, *(x for *_, x in inside(data)[::2]), data.s[-1] + 2]
    return equal([one.mean(0, x) for x in places], [other.mean(0, x) for x in places])


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
    values += [(x, hermite(a, b, x), room) for a, b, x, room in cells]
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
