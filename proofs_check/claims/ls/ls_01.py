r"""LS-01  Directional derivative

Where: dissertation, eqs. 2.14 and 2.15 and the sentence after
Claim: The slope of the loss along a line is the inner product of gradient and direction; along the unit negative
    gradient it is, at the start, minus the length of the direction.
Formula: f_{\mathrm{line}}'(s) = \nabla f(\theta + s d)^T d, \qquad f_{\mathrm{line}}'(0) = -\|d\|
Verdict: corrected
Kind: property
Found: At the start the slope is minus the length of the gradient; a unit direction has length 1.
True: f_{\mathrm{line}}'(0) = -\|\nabla f(\theta)\|
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from toybox import methods

from ...cases import Smooth, seeds, smooth_functions
from ...claim import Contrast, close, only, told
from .common import Descent, problem

claim = told(__doc__)


def at_start(q):
    """The point at x on the only sample."""
    place = problem(q)
    return place.at(q.x, place.population)


@st.composite
def unit_lines(draw):
    """G-SMOOTH along a random unit direction, and a step."""
    q, rng = draw(smooth_functions()), np.random.default_rng(draw(seeds))
    d = rng.standard_normal(len(q.x))
    return Descent(q, d / np.linalg.norm(d)), draw(st.floats(-3, 3))


@claim.check("slopes are inner products", unit_lines())
def derivative(case, s, along=None):
    """Slopes of our lines against a complex step, which does not cancel: Im f(y + i h d) / h with h = 1e-30.

    ``along``: a wrong direction for the inner product.
    """
    d = case.d if along is None else along(case)
    exact = np.imag(case.q.f(case.q.x + (s + 1e-30j) * case.d)) / 1e-30
    ours = at_start(case.q).along(d)
    return close(ours.slope(np.array([s]))[0], exact, 2 * case.slope_noise(s))


def start(q, direction=methods.fixed.Unit):
    """The (unit) negative gradient, and the slope at 0 of our line along it."""
    point = at_start(q)
    d, _ = direction().step(point.problem.xp, point, ())
    return d, point.along(d).slope0


@claim.check("-|g| at the start", smooth_functions())
def is_minus_norm(q, direction=methods.fixed.Unit):
    d, slope = start(q, direction)
    return close(slope, -np.linalg.norm(q.gradient(q.x)), 2 * Descent(q, d).slope_noise(0.0))


@claim.counterexample("slope from x along the unit negative gradient of |x|^2 / 2", only((3.0, 4.0)))
def is_minus_length(x):
    """As it is printed, of |x|^2 / 2."""
    d, slope = start(Smooth(np.eye(len(x)), np.zeros((1, len(x))), np.array(x), 1.0))
    return Contrast(-np.linalg.norm(d), slope, rounding=1e-9)


claim.control("another direction", unit_lines())(lambda c, s: derivative(c, s, lambda c: -c.d))
claim.control("a direction that is not unit", smooth_functions())(lambda q: is_minus_norm(q, methods.fixed.Gradient))
