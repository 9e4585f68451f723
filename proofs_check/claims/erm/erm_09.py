r"""ERM-09  Steepest descent direction; mini-batch direction may ascend

Where: dissertation, sections 2.2 and 2.4
Claim: Of all unit directions only that of minus the gradient has the least slope, minus the length of the gradient. A
    step along minus a batch gradient increases the full loss, to first order, if and only if the two gradients have a
    negative inner product.
Formula: \min_{\|d\| = 1} \nabla f^\top d = -\|\nabla f\|, \qquad \frac{d}{ds} \mathcal L(\theta - s\, g_{\mathbb B}) >
    0 \iff g^\top g_{\mathbb B} < 0
Verdict: holds
Kind: property
"""

from __future__ import annotations

from fractions import Fraction as F
from typing import NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import EPS, Smooth, powers, seeds, smooth_functions, tol_dot
from ...claim import above, below, close, equal, only, told
from ...ours import moves, on_rule, walk
from .common import parabolas_of

claim = told(__doc__)


class Directions(NamedTuple):
    """A gradient and a unit direction."""

    g: np.ndarray
    d: np.ndarray


@st.composite
def pairs(draw):
    """Also directions that nearly descend most steeply."""
    n, rng, away = draw(st.integers(1, 20)), np.random.default_rng(draw(seeds)), draw(powers(-9, 3))
    g = draw(powers(-3, 3)) * rng.standard_normal(n)
    d = away * rng.standard_normal(n) - g / np.linalg.norm(g)
    return Directions(g, d / np.linalg.norm(d))


def steepest(case, ball=lambda d: d):
    """g'd >= -|g|, by the distance from the steepest direction: g'd + |g| = |g| |d + g / |g||^2 / 2.

    d, g / |g| and the inner product err by (n + 2) eps each.
    """
    g, d = case.g, ball(case.d)
    size, tol = np.linalg.norm(g), (len(g) + 2) * EPS * np.linalg.norm(g)
    return {
        "bound": below(-size, g @ d, tol),
        "attained": close(g @ -(g / size), -size, tol),
        "nowhere else": close(g @ d + size, size * np.sum((d + g / size) ** 2) / 2, 4 * tol),
    }


def largest(case):
    """In the cube, the steepest direction is minus the sign, of slope -|g|_1."""
    g, d = case.g, case.d / np.abs(case.d).max()
    return {
        "cube": below(-np.abs(g).sum(), g @ d, tol_dot(g, np.ones_like(g))),
        "corner": close(g @ -np.sign(g), -np.abs(g).sum(), tol_dot(g, np.ones_like(g))),
    }


@claim.control("the steepest direction of the cube", pairs(), examples=20)
def corner(case):
    """The steepest direction in the cube as the one in the ball."""
    assume(len(case.g) > 1)
    return {"bound": steepest(case, lambda d: -np.sign(case.g))["bound"]}


class Two(NamedTuple):
    """Two samples, each of which is a batch, and six places (6, n); batch 0 is seen at the first three."""

    parts: tuple[Smooth, Smooth]
    x: np.ndarray

    def full(self, x):
        return (self.parts[0].f(x) + self.parts[1].f(x)) / 2

    @property
    def index(self):
        return np.array([0, 0, 0, 1, 1, 1])[:, None]

    @property
    def problem(self):
        def both(theta, index):
            lanes = zip(theta, np.broadcast_to(index, (len(theta), np.shape(index)[-1])), strict=True)
            seen = [[(self.parts[i].f(x), self.parts[i].gradient(x)) for i in row] for x, row in lanes]
            values, gradients = ([[both[k] for both in row] for row in seen] for k in (0, 1))
            return np.mean(values, axis=1), np.mean(gradients, axis=1)

        return tb.problems.FromFunction(both, self.x.shape[-1], 2)


@st.composite
def twos(draw):
    n = st.just(draw(st.integers(1, 6)))
    parts = draw(smooth_functions(n)), draw(smooth_functions(n))
    return Two(parts, np.outer([1, -0.5, 0.25] * 2, parts[0].x))


@claim.check("steps along the batch gradients", twos(), examples=90)
def batch_steps(two, claimed=lambda g, batch: np.sum(batch * g, axis=-1)):
    """Steps of length 1e-6 along minus a batch gradient change the full loss as the inner product says.

    Taylor: by at most L h^2 / 2 more. The value of x'Hx and three cosines of at most 8 terms each loses 24 eps, and an
    argument a'x of a cosine 8 eps |a| |x|. Places with too small an inner product for that are left out.
    """
    h, a = 1e-6, np.abs(two.x)
    gradients = np.array([[part.gradient(x) for x in two.x] for part in two.parts])
    g, batch = gradients.mean(axis=0), gradients[two.index[:, 0], np.arange(6)]
    size, product = np.linalg.norm(batch, axis=-1), np.sum(batch * g, axis=-1)
    lost = sum(24 * (np.sum(a @ np.abs(p.H) * a, -1) + 3) + 8 * (a @ np.abs(p.A).T).sum(-1) for p in two.parts)
    tol = sum(p.L for p in two.parts) / 2 * h * h / 2 + lost * EPS
    clear = (np.abs(product) > 1e-3 * np.linalg.norm(g, axis=-1) * size) & (np.abs(product) / size * h > tol)
    assume(clear.any())
    unit = on_rule(methods.fixed.Fixed(h), methods.fixed.Unit())
    step = walk(two.problem, unit, two.x, sampler=lambda t, j: two.index, batch=1, seeds=range(6), every=None)
    change = np.array([two.full(y) - two.full(x) for x, y in zip(two.x, step.trace.theta, strict=True)])
    slope = claimed(g, batch) / size
    return {
        "first order": close(change[clear], -h * slope[clear], tol[clear]),
        "sign": float(np.min(-np.sign(slope) * change / (h * np.abs(slope)), where=clear, initial=np.inf)),
    }


@claim.control("it always descends", twos(), examples=50)
def always_descends(two):
    """The slope -|g_B|, which is that of the batch's own loss."""
    return batch_steps(two, lambda g, batch: np.sum(batch**2, axis=-1))


@claim.check("two samples, exactly")
@claim.control("the other of two samples", only(0))
def two_samples(index=1):
    """g_1 = 3 and g_2 = -1: the full loss, of slope 1, grows along -g_2."""
    plain = parabolas_of([(F(3),), (F(-1),)])
    move = moves("sgd", plain, (F(0),), [(index,)], rate=F(1, 1000))[0]
    full = (0, 1)
    return {
        "g": equal(plain.gradient((F(0),), full)[0], 1),
        "ascent": above(plain.value(move.x, full), plain.value((F(0),), full)),
    }


claim.check("slopes in the ball and in the cube", pairs())(lambda case: steepest(case) | largest(case))
