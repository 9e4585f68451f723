r"""PLS-04  The mean is no cubic spline

Where: dissertation, section 2.6.5, after eq. 2.35, and section 4.2
Claim: Of the posterior mean: <<cubic spline>> And of all of it: <<the mean>>
Formula: \mu \in C^2, \qquad \mu|_{[\lambda_i, \lambda_{i+1}]} \text{ cubic}
Verdict: refuted
Kind: exact
Found: Between neighbours it is a cubic, so that the first sentence by itself is true. As a whole it is once
    continuously differentiable, and no spline by the definition that the text adds: its second derivative jumps at
    every place by minus m^2 times the weight of the slope observed there, with noise and without. Where values alone
    are observed there is no jump.
True: \mu \in C^1, \qquad \mu''(\lambda_i^+) - \mu''(\lambda_i^-) = -m^2 w_i'
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
import sympy as sp
from hypothesis import strategies as st

from toybox import methods

from ... import belief as plain_belief
from ...claim import Contrast, close, equal, only, told
from .common import EXACT, EXAMPLE, NOISY, exact, floats, h, observations, rounding, t, variances, zero

claim = told(__doc__)


@claim.check("what the kernels do at a place", degree="proved")
@claim.control("no jump by slopes", jump=0)
def at_a_place(jump=-1):
    """The mean is a sum of weights times kernels k(lambda, lambda_i) and their derivatives by lambda_i, times m^2. Both
    are cubic on either side of lambda_i, with one value and one slope there; the second derivative jumps, by -1, for
    the weights of slopes alone. At any other place they are cubics."""
    slack = {}
    for j, by in ((0, 0), (1, jump)):
        right, left = plain_belief.kernel(0, t + h, j, t), plain_belief.kernel(0, t - h, j, t)
        at_0 = lambda f, order: sp.diff(f, h, order).subs(h, 0)
        slack[f"cubic, {j}"] = zero(*(sp.diff(f, h, 4) for f in (right, left)))
        slack[f"once differentiable, {j}"] = zero(at_0(right, 0) - at_0(left, 0), at_0(right, 1) + at_0(left, 1))
        slack[f"jump, {j}"] = zero(at_0(right, 2) - at_0(left, 2) - by)
    return slack


def second(believed, x, side):
    """The second derivative of the mean on one side (1 or -1) of x: that of mu', quadratic there, by Richardson."""
    quotient = lambda step: (believed.mean(1, x + step) - believed.mean(1, x)) / step
    return 2 * quotient(side * F(1, 16)) - quotient(side * F(1, 8))


def jumps(believed, places):
    return [second(believed, x, 1) - second(believed, x, -1) for x in places]


@claim.check("the jumps of an example: weights, -8, and noisy -3.55", degree="proved")
@claim.control("the jump of the example with values alone", of="-8", slopes=False)
@claim.control("the weights without m^2", of="weights", factor=1)
def printed_jumps(slopes=True, m2=F(4), factor=4):
    at_1 = lambda noise: jumps(exact(EXAMPLE, noise, slopes=slopes), EXAMPLE.s)[1]
    scaled = exact(EXAMPLE, NOISY, m2)
    return {
        "-8": equal(at_1(EXACT), F(-8)),
        "-3.55, noisy": equal(round(at_1(NOISY), 2), F(-355, 100)),
        "weights": equal(jumps(scaled, EXAMPLE.s), [-factor * w for w in scaled.weights[len(EXAMPLE.s) :]]),
        "values alone": equal(jumps(exact(EXAMPLE, slopes=False), EXAMPLE.s), [F(0)] * 3),
    }


@claim.counterexample("jump of mu'' at the middle place, without noise", only(EXAMPLE, EXACT))
@claim.counterexample("jump of mu'' at the middle place, with noise", only(EXAMPLE, NOISY))
def smooth(data, noise):
    """The printed property at the middle place."""
    return Contrast(0, jumps(exact(data, noise), data.s)[1])


WITH_NOISE = st.tuples(observations(st.integers(2, 4)), st.one_of(st.just(EXACT), variances))


@claim.check("second and third derivative on arrays", WITH_NOISE, examples=60)
@claim.control("just left of a place", WITH_NOISE, examples=10, side=-1)
def bends_of_arrays(data, noise, side=1):
    """Just right of a place ``bends`` gives mu'' and mu''' of the posterior in fractions; both are sums of weights."""
    belief, believed = methods.belief.believe(*floats(data), *map(float, noise)), exact(data, noise)
    ahead = np.array([[float(max(b - a, 0)) for b in data.s] for a in data.s])
    right = (ahead > 0).astype(float)
    rows = np.concatenate([np.hstack([ahead, right]), np.hstack([-right, 0 * right])])
    expected = [second(believed, x, side) for x in data.s]
    third = [8 * (second(believed, x + F(1, 8), -1) - b) for x, b in zip(data.s, expected, strict=True)]
    return close(np.concatenate(belief.bends(belief.s)), np.array(expected + third, float), rounding(belief, rows))
