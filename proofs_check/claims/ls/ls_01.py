r"""LS-01  Directional derivative

Where: dissertation, eqs. 2.14 and 2.15 and the sentence after
Claim: The slope of the loss along a line is the inner product of gradient and direction; along the unit negative
    gradient it is, at the start, minus the length of the direction.
Formula: f_{\mathrm{line}}'(s) = \nabla f(\theta + s d)^T d, \qquad f_{\mathrm{line}}'(0) = -\|d\|
Verdict: corrected
Kind: exact
Found: At the start the slope is minus the length of the gradient; a unit direction has length 1.
True: f_{\mathrm{line}}'(0) = -\|\nabla f(\theta)\|
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from hypothesis import strategies as st

from toybox import methods

from ...cases import Smooth, seeds, smooth_functions
from ...claim import Contrast, close, holds, only, told
from ...proof import Theorem
from .common import Descent, problem

claim = told(__doc__)


@claim.check("slopes are inner products", degree="proved")
@claim.control("of the gradient at the start", moved=0)
def chain_rule(moved=1):
    """Of any differentiable function of three variables; of more, every one adds such a term."""
    s, x, d = sp.Symbol("s"), sp.symbols("x:3"), sp.symbols("d:3")
    f = sp.Function("f")
    on_line = {a: a + moved * s * b for a, b in zip(x, d, strict=True)}
    gradient = [f(*x).diff(a).subs(on_line, simultaneous=True) for a in x]
    slope = f(*[a + s * b for a, b in zip(x, d, strict=True)]).diff(s)
    return holds(sp.simplify(slope.doit() - sum(g * b for g, b in zip(gradient, d, strict=True)).doit()) == 0)


@claim.proof("-|g| at the start", broken={"minus the length of the direction": {"length": lambda norm: 1}})
def at_start(gg, norm, length=lambda norm: norm):
    """Along d = -g / |g|, which makes g'd = -g'g / |g|."""
    return Theorem((norm > 0, norm**2 == gg), {"slope": -gg / norm == -length(norm)})


# --- of our lines


def point_of(q):
    """The point at x on the only sample."""
    place = problem(q)
    return place.at(q.x, place.population)


@st.composite
def unit_lines(draw):
    """G-SMOOTH along a random unit direction, and a step."""
    q, rng = draw(smooth_functions()), np.random.default_rng(draw(seeds))
    d = rng.standard_normal(len(q.x))
    return Descent(q, d / np.linalg.norm(d)), draw(st.floats(-3, 3))


@claim.check("slopes of our lines", unit_lines(), examples=200)
@claim.control("another direction", unit_lines(), sign=-1)
def derivative(case, s, sign=1):
    """Against a complex step, which does not cancel: Im f(y + i h d) / h with h = 1e-30."""
    exact = np.imag(case.q.f(case.q.x + (s + 1e-30j) * case.d)) / 1e-30
    ours = point_of(case.q).along(sign * case.d)
    return close(ours.slope(np.array([s]))[0], exact, 2 * case.slope_noise(s))


def start(q, name="Unit"):
    """One of our directions, and the slope at 0 of our line along it."""
    point = point_of(q)
    d, _ = getattr(methods.fixed, name)().step(point.problem.xp, point, ())
    return d, point.along(d).slope0


@claim.counterexample("slope from x along the unit negative gradient of |x|^2 / 2", only((3.0, 4.0)))
def is_minus_length(x):
    """As it is printed, of |x|^2 / 2."""
    d, slope = start(Smooth(np.eye(len(x)), np.zeros((1, len(x))), np.array(x), 1.0))
    return Contrast(-np.linalg.norm(d), slope, rounding=1e-9)
