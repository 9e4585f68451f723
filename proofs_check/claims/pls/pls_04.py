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
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from toybox import methods

from ...claim import Contrast, close, equal, only, told
from .common import EXACT, EXAMPLE, NOISY, exact, floats, observations, rounding, variances

claim = told(__doc__)


def second(believed, x, side):
    """The second derivative of the mean on one side (1 or -1) of x: that of mu', quadratic there, by Richardson."""
    quotient = lambda step: (believed.mean(1, x + step) - believed.mean(1, x)) / step
    return 2 * quotient(side * F(1, 16)) - quotient(side * F(1, 8))


def jumps(believed, places):
    return [second(believed, x, 1) - second(believed, x, -1) for x in places]


def differences(believed, derivative, start, step, order):
    """The order-th difference of a derivative of the mean."""
    values = [believed.mean(derivative, start + k * step) for k in range(order + 1)]
    while len(values) > 1:
        values = [b - a for a, b in pairwise(values)]
    return values[0]


@claim.control("differences across a place", only(EXAMPLE), shift=F(1, 2))
def piecewise_cubic(data, noise=EXACT, derivative=0, order=4, shift=F(0)):
    """Fourth differences of mu within a cell are 0, and so are third ones of mu', from its left end on: C1."""
    believed = exact(data, noise)
    cells = [(a + shift, (b - a) / order) for a, b in pairwise(data.s)]
    return equal([differences(believed, derivative, a, step, order) for a, step in cells], [F(0)] * len(cells))


@claim.check("values alone make a spline", observations(st.integers(2, 4)), examples=40)
def values_alone(data):
    """With values alone mu'' has no jump: there it is a cubic spline."""
    return equal(jumps(exact(data, slopes=False), data.s), [F(0)] * len(data.s))


@claim.check("the jumps of an example")
@claim.control("the jump of the example with values alone", of="-8", slopes=False)
def printed_jumps(slopes=True):
    at_1 = lambda noise: jumps(exact(EXAMPLE, noise, slopes=slopes), EXAMPLE.s)[1]
    return {
        "-8": equal(at_1(EXACT), F(-8)),
        "-3.55, noisy": equal(round(at_1(NOISY), 2), F(-355, 100)),
    }


@claim.counterexample("jump of mu'' at the middle place, without noise", only(EXAMPLE, EXACT))
@claim.counterexample("jump of mu'' at the middle place, with noise", only(EXAMPLE, NOISY))
def smooth(data, noise):
    """The printed property at the middle place."""
    return Contrast(0, jumps(exact(data, noise), data.s)[1])


with_noise = st.tuples(observations(st.integers(2, 4)), st.one_of(st.just(EXACT), variances))


@claim.check("second and third derivative on arrays", with_noise, examples=60)
def bends_of_arrays(data, noise):
    """Just right of a place ``bends`` gives mu'' and mu''' of the posterior in fractions; both are sums of weights."""
    belief, believed = methods.belief.believe(*floats(data), *map(float, noise)), exact(data, noise)
    ahead = np.array([[float(max(b - a, 0)) for b in data.s] for a in data.s])
    right = (ahead > 0).astype(float)
    rows = np.concatenate([np.hstack([ahead, right]), np.hstack([-right, 0 * right])])
    expected = [second(believed, x, 1) for x in data.s]
    third = [8 * (second(believed, x + F(1, 8), -1) - b) for x, b in zip(data.s, expected, strict=True)]
    return close(np.concatenate(belief.bends(belief.s)), np.array(expected + third, float), rounding(belief, rows))


@claim.check("cubic between, once differentiable", with_noise, examples=60)
def both_degrees(data, noise=EXACT):
    return {"mu": piecewise_cubic(data, noise), "mu'": piecewise_cubic(data, noise, 1, 3)}


@claim.check("the jump is a weight", with_noise, examples=60)
@claim.control("the weight without m^2", only(EXAMPLE), factor=F(1))
def jump_is_a_weight(data, noise=EXACT, m2=F(4), factor=F(4)):
    """mu'' falls at every place by ``factor`` = m^2 times the weight of the slope observed there."""
    believed = exact(data, noise, m2)
    return equal(jumps(believed, data.s), [-factor * w for w in believed.weights[len(data.s) :]])
