r"""LS-07  Zoutendijk: one-step inequality and summability

Where: dissertation, section 2.5 and eq. 2.19
Claim: Descent with Wolfe steps converges from anywhere if the cosine of the angle between direction and steepest
    descent stays above a positive number.
Formula: \cos\alpha_t \ge \delta > 0 \Rightarrow \lim_{t\to\infty} \|\nabla f(\theta_t)\| = 0
Verdict: corrected
Kind: exact
Found: True if f is bounded below, its gradient Lipschitz and the cosine that of LS-02: then every step has a guaranteed
    length and decrease, and the decreases have a finite sum. Unbounded below, steepest descent with exact steps may
    keep gradients of constant length; without the Lipschitz constant there is no such bound.
True: f(\theta_t) - f(\theta_{t+1}) \ge \frac{c_1(1-c_2)}{L} \cos^2\alpha_t \|\nabla f(\theta_t)\|^2, \qquad \sum_t
    \cos^2\alpha_t \|\nabla f(\theta_t)\|^2 \le \frac{L (f(\theta_0) - \inf f)}{c_1(1-c_2)}
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction as F
from typing import NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import Smooth, seeds, smooth_functions
from ...claim import Contrast, only, told
from ...ours import Plain, moves, on_rule, walk
from ...proof import Theorem, implies
from .common import Descent, both, problem

claim = told(__doc__)


@claim.proof("length and decrease of a step", broken={"not Lipschitz": {"bends": 2}, "ascent": {"way": -1}})
def one_step(gd, dd, L, c1, c2, s, slope, change, bends=1, way=1):
    """Of a Wolfe step s along d, from its slope g'd at 0 and at s; L |d|^2 bounds how the slope changes.

    cos^2 |g|^2 is (g'd)^2 / |d|^2.
    """
    return Theorem(
        (
            *(dd > 0, way * gd < 0, L > 0, 0 < c1, c1 < 1, c2 < 1, s > 0),
            *(change <= c1 * s * gd, slope >= c2 * gd, slope - gd <= bends * L * s * dd),
        ),
        {"length": L * s * dd >= -(1 - c2) * gd, "decrease": -change >= c1 * (1 - c2) / L * gd**2 / dd},
    )


@claim.proof("sums of all steps", broken={"half of it": {"share": F(1, 2)}})
def summed(total, constant, fallen, term, decrease, lowest, share=1):
    """By induction: a total of cos^2 |g|^2 that the constant L / (c1 (1 - c2)) times the fall of f bounds stays so in
    the next step, which decreases f as said; and f falls by no more than to inf f, the lowest.

    Terms that are not negative and have a bounded sum tend to 0; where cos >= delta, so does |g|.
    """
    return Theorem(
        (0 < constant, 0 <= term, 0 <= total, total <= constant * fallen, term <= constant * decrease),
        {
            "next": total + term <= share * constant * (fallen + decrease),
            "lowest": implies(fallen + decrease <= lowest, total + term <= constant * lowest),
        },
    )


# --- walks of our search


@dataclass(frozen=True)
class Tilted:
    """Directions as long as the gradient, at the angle to its negative whose cosine at step t is cosine(t)."""

    cosine: Callable
    seed: int = 0

    def init(self, xp, point):
        return 0

    def step(self, xp, point, t):
        g, cosine = point.gradient, self.cosine(t)
        length = np.linalg.norm(g, axis=-1, keepdims=True)
        unit, aside = g / xp.divisor(length), np.random.default_rng((self.seed, t)).standard_normal(g.shape)
        aside -= (aside * unit).sum(-1, keepdims=True) * unit
        aside /= np.linalg.norm(aside, axis=-1, keepdims=True)
        return length * ((1 - cosine**2) ** 0.5 * aside - cosine * unit), t + 1


class Search(NamedTuple):
    """A smooth function, and arrays of angles and of the constants of Wolfe; a seed of directions."""

    q: Smooth
    cosine: np.ndarray
    c1: np.ndarray
    c2: np.ndarray
    seed: int

    def walk(self, steps):
        rule = methods.wolfe.StrongWolfe(c1=self.c1, c2=self.c2, tries=40)
        direction = Tilted(lambda t: self.cosine[..., None], self.seed)
        return walk(problem(self.q), on_rule(rule, direction), self.q.x, steps)


@st.composite
def searches(draw, many=16):
    """Of one function, bounded below, in two and more dimensions."""
    rng = np.random.default_rng(draw(seeds))
    c1 = 10 ** rng.uniform(-3, np.log10(0.9), many)
    c2 = c1 + rng.uniform(0.05, 0.95, many) * (1 - c1)
    q = draw(smooth_functions(n=st.integers(2, 6), definite=True))
    return Search(q, rng.uniform(0.05, 1, many), c1, c2, draw(seeds))


@claim.check("partial sums over 100 steps, 16 walks at a time", searches(), examples=12)
@claim.control("a twentieth of the sum", searches(), allowed=1 / 20)
def partial_sums(case, allowed=1.0):
    """The sum of cos^2 |g|^2 over up to 100 steps stays below L (f_0 - f_T) / (c1 (1 - c2)).

    Every walk until its search fails, as it does where decreases are lost in rounding.
    """
    q, found = case.q, case.walk(100)
    kept, x = np.logical_and.accumulate(found.trace.status == tb.Status.FOUND), found.theta
    assume(kept.any())
    move, (value, g) = np.diff(x, axis=0), both(q, x)
    square = np.where(kept, (move * move).sum(-1), 1)
    total = np.where(kept, (g[:-1] * move).sum(-1) ** 2 / square, 0).sum(axis=0)
    last = np.take_along_axis(value, kept.sum(axis=0)[None], axis=0)[0]
    reach = np.where(kept[..., None], np.abs(x[1:] - q.x), 0).max(axis=0)
    noise = len(x) * Descent(q, reach).noise(1.0)
    bound = allowed * q.L / (case.c1 * (1 - case.c2)) * (value[0] - last + noise)
    return np.min((bound / np.where(total > 0, total, 1) - 1)[total > 0])


@claim.check("cos = .1 converges", only(lambda t: 0.1))
@claim.control("cos = 1 / (t + 2), not bounded away from 0, stalls at |x_0| / sqrt 2", only(lambda t: 1 / (t + 2)))
def gradient_vanishes(cosine):
    """1200 exact steps on |x|^2 / 2 along tilted directions, each of which multiplies |x| by the sine."""
    bowl, start = tb.problems.NoisyQuadratic(np.eye(3), np.zeros(3)), np.ones(3) / 3**0.5
    end = walk(bowl, on_rule(methods.exact.Exact(), Tilted(cosine)), start, 1200).theta[-1, 0]
    return 0.01 - np.linalg.norm(end)


def valley(x, index=None):
    """x^2 - y, unbounded below: values and gradients."""
    return x[..., 0] ** 2 - x[..., 1], np.stack([2 * x[..., 0], -1 + 0 * x[..., 1]], axis=-1)


@claim.counterexample("|g|^2 after exact Wolfe steps along -g on x^2 - y", only((F(1, 2), F(0)), 50))
def unbounded(x, steps):
    """From (1/2, 0), s = 1 minimises along -g = (-2 x, 1), and leads to (-x, y + 1), where |g| is the same for ever.

    So every step of our search, on exact numbers and on floats, is a Wolfe step at cosine 1: |g|^2 should fall.
    """
    plain = Plain(lambda x: x[0] * x[0] - x[1], lambda x: (2 * x[0], F(-1)))
    exactly = moves("strong-wolfe", plain, x, [(0,)] * steps, c1=F(1, 10), c2=F(1, 2), first=F(1))
    rule = methods.wolfe.StrongWolfe(c1=0.1, c2=0.5)
    ours = walk(tb.problems.FromFunction(valley, 2, 1), on_rule(rule), np.array(x, float), steps)
    assert all(move.status == tb.Status.FOUND and move.step == 1 for move in exactly), "no Wolfe steps"
    assert np.all(ours.theta[1:, 0] == [move.x for move in exactly]), "no Wolfe steps on arrays"
    square = (valley(ours.theta[:, 0])[1] ** 2).sum(-1)
    return Contrast(square[0], square[-1], "less than")
