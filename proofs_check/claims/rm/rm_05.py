r"""RM-05  The second condition is not necessary here

Where: dissertation, eq. 2.13 and the text around it
Claim: To converge, SGD must follow an infinitely long path with decreasing steps: the rates must have an infinite sum
    and a finite sum of squares.
Formula: e_t \to 0 \Rightarrow \sum_t \lambda_t = \infty,\ \sum_t \lambda_t^2 < \infty
Verdict: refuted
Kind: highprec
Found: On a parabola with noise of a bounded variance, rates that tend to 0 and have an infinite sum suffice. With 1 /
    sqrt(t), whose squares have no finite sum, the mean square falls like the rate itself. And without noise the path to
    the minimum of a quadratic has a finite length: at most the sum of the distances of all coordinates.
True: \lambda_t \to 0,\ \sum_t \lambda_t = \infty \Rightarrow e_t \approx \frac{\lambda_t \sigma^2}{2 h} \to 0
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise
from math import hypot
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import EPS, dot, vectors
from ...claim import Contrast, close, equal, only, told
from ...ours import Plain, moves, on_rule, walk
from .common import LONG, SEED, after, inverse, powers, simulated

claim = told(__doc__)

ROOT = 0.5  # the power


@claim.check("1/sqrt(t), 10^6 steps", lambda budget: [(1, 1.0), (0.5, 4.0), (2, 0.25), (5, 1.0)])
@claim.control("constant rate", only(1, 1.0, np.full(LONG, 0.5)))
def follows(h, noise, rates=None):
    """After 10^6 steps lambda_T sigma^2 / 2 h, up to a tenth."""
    rates = powers(ROOT) if rates is None else rates
    return close(after(rates, h, noise) / (LONG**-ROOT * noise / (2 * h)), 1, 0.1)


@claim.check("the quoted value")
def still_converges():
    return close(after(powers(ROOT)), 5e-4, 0.05e-4)


class Way(NamedTuple):
    """x'diag(h)x / 2 with h <= 1, and a start."""

    h: tuple
    x: tuple


@st.composite
def ways(draw):
    n = draw(st.integers(1, 4))
    h = draw(st.tuples(*[st.integers(1, 9).map(lambda v: F(v, 9))] * n))
    return Way(h, draw(vectors(n).filter(any)))


@claim.check("paths of coordinates, exactly", ways(), examples=60)
def coordinate_paths(way):
    """Rates 1, 1/2, ...: every coordinate goes straight towards 0, so that its path is |x_0| - |x_T|, exactly."""
    gradient = lambda x: tuple(h * v for h, v in zip(way.h, x, strict=True))
    plain = Plain(lambda x: dot(x, gradient(x)) / 2, gradient)
    walked = moves("sgd", plain, way.x, [0] * 8, rate=inverse)
    xs = [way.x, *(move.x for move in walked)]
    lengths = [sum(abs(b - a) for a, b in pairwise(v)) for v in zip(*xs, strict=True)]
    return equal(lengths, [abs(a) - abs(b) for a, b in zip(xs[0], xs[-1], strict=True)])


def path_length(way, steps):
    problem = tb.problems.NoisyQuadratic(np.diag(np.array(way.h, float)), np.zeros((1, len(way.h))))
    rule = on_rule(methods.fixed.Fixed(1.0, schedule="1/sqrt(t)"))
    return walk(problem, rule, np.array(way.x, float), steps, every=None).trace.arc.sum()


@claim.check("paths of our SGD on arrays", ways(), examples=60)
def short_path(way):
    """Rates 1, 1/sqrt 2, ...: the whole path is no longer than |x_0|_1; 100 steps add up n + 4 roundings each."""
    bound = float(sum(map(abs, way.x)))
    return float(1 + 100 * (len(way.x) + 4) * EPS - path_length(way, 100) / bound)


claim.check("our SGD with 1/sqrt(t), 10^4 chains", SEED, schedule="1/sqrt(t)", expected="1/sqrt(t)")(simulated)
claim.control("chains against what 1/t makes", SEED, schedule="1/sqrt(t)", limit=10, many=2000)(simulated)
claim.counterexample(
    "sum of squares of T rates t^-p that converge, against what those of t^-0.55 never exceed", only(ROOT, LONG)
)(lambda p, T: Contrast(1 + 1 / (2 * 0.55 - 1), float((powers(p, T) ** 2).sum()), "at most"))
claim.counterexample(
    "length of the path from x on x'diag(h)x / 2, against three times the distance",
    only((F(1, 9), F(1)), (F(3), F(4)), 1000),
)(lambda h, x, steps: Contrast(3 * hypot(*x), path_length(Way(h, x), steps), "more than"))
