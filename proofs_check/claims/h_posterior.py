"""Section H: the posterior of the probabilistic line search (dissertation, section 2.6.5)."""

from __future__ import annotations

from fractions import Fraction as F
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods
from toybox.quotations import quote

from .. import belief as plain_belief
from ..cases import EPS, dot, positive, rotation, tol_solve
from ..claim import Check, Claim, Contrast, close, equal, only
from ..ours import on_rule, walk
from .h_probabilistic import (
    EXACT,
    EXAMPLE,
    NOISY,
    exact,
    floats,
    observations,
    plainly,
    prior,
    rounding,
    rows_of,
    variances,
)

# --- PLS-04: no cubic spline


def second(believed, x, side):
    """The second derivative of the mean on one side (1 or -1) of x: that of mu', quadratic there, by Richardson."""
    quotient = lambda step: (believed.mean(1, x + step) - believed.mean(1, x)) / step
    return 2 * quotient(side * F(1, 16)) - quotient(side * F(1, 8))


def jumps(believed, places):
    return [second(believed, x, 1) - second(believed, x, -1) for x in places]


def jump_is_a_weight(data, noise=EXACT, m2=F(4), factor=F(4)):
    """mu'' falls at every place by ``factor`` = m^2 times the weight of the slope observed there."""
    believed = exact(data, noise, m2)
    return equal(jumps(believed, data.s), [-factor * w for w in believed.weights[len(data.s) :]])


def differences(believed, derivative, start, step, order):
    """The order-th difference of a derivative of the mean."""
    values = [believed.mean(derivative, start + k * step) for k in range(order + 1)]
    while len(values) > 1:
        values = [b - a for a, b in pairwise(values)]
    return values[0]


def piecewise_cubic(data, noise=EXACT, derivative=0, order=4, shift=F(0)):
    """Fourth differences of mu within a cell are 0, and so are third ones of mu', from its left end on: C1."""
    believed = exact(data, noise)
    cells = [(a + shift, (b - a) / order) for a, b in pairwise(data.s)]
    return equal([differences(believed, derivative, a, step, order) for a, step in cells], [F(0)] * len(cells))


def both_degrees(data, noise=EXACT):
    return {"mu": piecewise_cubic(data, noise), "mu'": piecewise_cubic(data, noise, 1, 3)}


def values_alone(data):
    """With values alone mu'' has no jump: there it is a cubic spline."""
    return equal(jumps(exact(data, slopes=False), data.s), [F(0)] * len(data.s))


def printed_jumps(slopes=True):
    at_1 = lambda noise: jumps(exact(EXAMPLE, noise, slopes=slopes), EXAMPLE.s)[1]
    return {
        "-8": equal(at_1(EXACT), F(-8)),
        "-3.55, noisy": equal(round(at_1(NOISY), 2), F(-355, 100)),
    }


def bends_of_arrays(data, noise):
    """Just right of a place ``bends`` gives mu'' and mu''' of the posterior in fractions; both are sums of weights."""
    belief, believed = methods.belief.believe(*floats(data), *map(float, noise)), exact(data, noise)
    ahead = np.array([[float(max(b - a, 0)) for b in data.s] for a in data.s])
    right = (ahead > 0).astype(float)
    rows = np.concatenate([np.hstack([ahead, right]), np.hstack([-right, 0 * right])])
    expected = [second(believed, x, 1) for x in data.s]
    third = [8 * (second(believed, x + F(1, 8), -1) - b) for x, b in zip(data.s, expected, strict=True)]
    return close(np.concatenate(belief.bends(belief.s)), np.array(expected + third, float), rounding(belief, rows))


def smooth(data, noise):
    """The printed property at the middle place."""
    return Contrast(0, jumps(exact(data, noise), data.s)[1])


with_noise = st.tuples(observations(st.integers(2, 4)), st.one_of(st.just(EXACT), variances))

PLS_04 = Claim(
    id="PLS-04",
    title="The mean is no cubic spline",
    source="dissertation, section 2.6.5, after eq. 2.35, and section 4.2",
    statement=f"Of the posterior mean: {quote('cubic spline')} And of all of it: {quote('the mean')}",
    formula=r"\mu \in C^2, \qquad \mu|_{[\lambda_i, \lambda_{i+1}]} \text{ cubic}",
    kind="exact",
    verdict="refuted",
    finding="Between neighbours it is a cubic, so that the first sentence by itself is true. As a whole it is once"
    " continuously differentiable, and no spline by the definition that the text adds: its second derivative jumps at"
    " every place by minus m^2 times the weight of the slope observed there, with noise and without. Where values alone"
    " are observed there is no jump.",
    corrected=r"\mu \in C^1, \qquad \mu''(\lambda_i^+) - \mu''(\lambda_i^-) = -m^2 w_i'",
    checks=[
        Check("the jump is a weight", jump_is_a_weight, with_noise, examples=60),
        Check("cubic between, once differentiable", both_degrees, with_noise, examples=60),
        Check("values alone make a spline", values_alone, observations(st.integers(2, 4)), examples=40),
        Check("the jumps of an example", printed_jumps),
        Check("second and third derivative on arrays", bends_of_arrays, with_noise, examples=60),
    ],
    controls=[
        Check("the jump of the example with values alone", lambda: printed_jumps(slopes=False)["-8"]),
        Check("differences across a place", lambda: piecewise_cubic(EXAMPLE, shift=F(1, 2))),
        Check("the weight without m^2", lambda: jump_is_a_weight(EXAMPLE, factor=F(1))),
    ],
    counterexamples=[
        Check("jump of mu'' at the middle place, without noise", smooth, only(EXAMPLE, EXACT)),
        Check("jump of mu'' at the middle place, with noise", smooth, only(EXAMPLE, NOISY)),
    ],
)

# --- PLS-05: the posterior covariance


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


ASKED = ((0, F(2, 3)), (1, F(9, 4)))


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


def without_inverse(data, x):
    return Contrast(literal_variance(data.s, x), exact(data).covariance((0, x), (0, x)))


def one_variance(data, noise, x):
    """sigma_l^2 for the slopes' errors, too."""
    return Contrast(exact(data, (noise[0], noise[0])).mean(0, x), exact(data, noise).mean(0, x))


def printed_variance():
    """Of l(1/2) after observations at 0, 1 and 4: -6.4e5."""
    return equal(round(literal_variance((F(0), F(1), F(4)), F(1, 2)), -4), F(-640000))


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


def residual(belief, size):
    """T-solve of a solution of this length."""
    n = len(belief.weights)
    return tol_solve(belief.gram, np.full(n, size / n**0.5))


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


PLS_05 = Claim(
    id="PLS-05",
    title="The posterior covariance",
    source="dissertation, eqs. 2.34 and 2.35",
    statement="The posterior covariance is the prior one minus the product of the two vectors of covariances with the"
    " observations. Errors of values and of slopes enter with one variance.",
    formula=r"\tilde k(\lambda, \lambda') = k(\lambda, \lambda') - v^\top(\lambda)\, v(\lambda')",
    kind="exact",
    verdict="corrected",
    finding="Between the two vectors stands the inverse of the matrix in eq. 2.34, whose lower right block takes the"
    " variance of the slopes. Without noise that leaves 0 at the observed places, the printed cubic powers between and"
    " beyond them.",
    corrected=r"\tilde k = k - v^\top G^{-1} v, \qquad G_{22} = {}^\partial k^\partial + \sigma_{l'}^2 I, \qquad"
    r" \tilde k(\lambda_i + u w) = m^2 \tfrac{w^3}{3} \left(u (1 - u)\right)^3",
    checks=[
        Check(
            "one observation at a time",
            batch_is_sequence,
            st.tuples(observations(st.integers(1, 3)), variances),
            examples=60,
        ),
        Check("variances without noise", known_variances, observations(st.integers(2, 4)), examples=30),
        Check("the size of a literal variance", printed_variance),
        Check(
            "arrays and plain belief",
            variances_of_ours,
            st.tuples(observations(st.integers(1, 4)), st.one_of(st.just(EXACT), variances)),
            examples=60,
        ),
    ],
    controls=[
        Check("another power between", lambda: known_variances(EXAMPLE, between=lambda w, v: w**3 * v * (1 - v) / 12)),
        Check("ours with the two variances exchanged", lambda: variances_of_ours(EXAMPLE, NOISY, confused=True)),
    ],
    counterexamples=[
        Check("variance of l(x) by eq. 2.35", without_inverse, only(EXAMPLE, F(1, 2))),
        Check("mean of l(x) with one variance for both", one_variance, only(EXAMPLE, NOISY, F(1, 2))),
    ],
)

# --- PLS-06: only ratios of scales matter


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


def bowls(few, deep):
    def cases(budget):
        rng = budget.rng()
        return [(bowl(rng), factor) for _ in range(budget.many(few, deep)) for factor in (-7, 5)]

    return cases


scaled = st.tuples(observations(st.integers(1, 3)), variances, positive())

PLS_06 = Claim(
    id="PLS-06",
    title="The scale of the prior",
    source="dissertation, after eq. 2.28",
    statement="The factor m of the prior can be scaled away: multiplied together with the standard deviations of both"
    " errors it leaves the mean as it is, and its square multiplies the covariance.",
    formula=r"(m, \sigma_l, \sigma_{l'}) \to \gamma (m, \sigma_l, \sigma_{l'}) \;\Rightarrow\; \mu \to \mu,\ "
    r"\tilde k \to \gamma^2 \tilde k",
    kind="exact",
    verdict="holds",
    checks=[
        Check("scale and errors together", rescaled, scaled, examples=60),
        Check(
            "ours divides by m",
            without_m,
            st.tuples(observations(st.integers(1, 3)), variances, st.integers(-6, 6)),
            examples=60,
        ),
        Check("our searches in other units of the loss", search_in_other_units, bowls(3, 40)),
    ],
    controls=[
        Check("m alone", lambda: rescaled(EXAMPLE, NOISY, F(2), noise_too=False)),
        Check("ours with errors left as they are", lambda: without_m(EXAMPLE, NOISY, 3, noise_too=False)),
        Check(
            "a first trial in the old units",
            partial(search_in_other_units, first_too=False),
            bowls(1, 1),
        ),
    ],
)

CLAIMS = (PLS_04, PLS_05, PLS_06)
