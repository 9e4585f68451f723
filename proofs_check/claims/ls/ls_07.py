r"""LS-07  Zoutendijk: one-step inequality and summability

Where: dissertation, section 2.5 and eq. 2.19
Claim: Descent with Wolfe steps converges from anywhere if the cosine of the angle between direction and steepest
    descent stays above a positive number.
Formula: \cos\alpha_t \ge \delta > 0 \Rightarrow \lim_{t\to\infty} \|\nabla f(\theta_t)\| = 0
Verdict: corrected
Kind: property
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

from ...cases import EPS, Smooth, seeds, smooth_functions
from ...claim import Contrast, close, only, told
from ...ours import Plain, moves, on_rule, univariate, walk
from .common import Descent, both, problem

claim = told(__doc__)


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
    """A smooth function, an angle, the constants of Wolfe, a seed of directions; or arrays of the middle three."""

    q: Smooth
    cosine: float
    c1: float
    c2: float
    seed: int

    def walk(self, steps, lanes):
        rule = methods.wolfe.StrongWolfe(c1=self.c1, c2=self.c2, tries=40)
        direction = Tilted(lambda t: np.asarray(self.cosine)[..., None], self.seed)
        return walk(problem(self.q), on_rule(rule, direction), self.q.x, steps, seeds=range(lanes))


definite = smooth_functions(n=st.integers(2, 6), definite=True)  # bounded below, in two and more dimensions


@st.composite
def searches(draw):
    c1 = draw(st.floats(1e-3, 0.9))
    return Search(
        draw(definite), draw(st.floats(0.05, 1)), c1, c1 + draw(st.floats(0.05, 0.95)) * (1 - c1), draw(seeds)
    )


@st.composite
def many_searches(draw, many=16):
    """Of one function."""
    rng = np.random.default_rng(draw(seeds))
    c1 = 10 ** rng.uniform(-3, np.log10(0.9), many)
    c2 = c1 + rng.uniform(0.05, 0.95, many) * (1 - c1)
    return Search(draw(definite), rng.uniform(0.05, 1, many), c1, c2, draw(seeds))


def wolfe_bounds(g, move, decrease, L, c1, c2):
    """Ratios to their bounds of the step, as L |move|^2 >= (1 - c2) |g'move|, and of the decrease, and this bound."""
    along, square = -(g * move).sum(-1), (move * move).sum(-1)
    bound = c1 * (1 - c2) / L * along**2 / square  # along^2 / square = cos^2 |g|^2
    return L * square / ((1 - c2) * along), decrease / bound, bound


@claim.check("length and decrease of a step", searches())
def one_step(case):
    """Both inequalities, in several directions; a step is found where the guaranteed decrease exceeds rounding.

    move = x_new - x is known up to eps |x|, which changes the bounds by 8 eps |x| / (|move| cos) at most.
    """
    q, found = case.q, case.walk(1, lanes=4)
    g, move = q.gradient(q.x), found.theta[1] - q.x
    away = Descent(q, np.max(np.abs(move), axis=0))
    guaranteed = case.c1 * (1 - case.c2) / q.L * case.cosine**2 * (g @ g)
    assume(guaranteed > 1e3 * away.noise(1.0))
    if (found.trace.status != tb.Status.FOUND).any():
        return -1
    decrease = q.f(q.x) - both(q, found.theta[1])[0]
    step, lower, bound = wolfe_bounds(g, move, decrease, q.L, case.c1, case.c2)
    length = np.linalg.norm(move, axis=-1)
    blur = 8 * EPS * (np.linalg.norm(q.x) + length) / (length * case.cosine)
    slope_blur = away.slope_noise(1.0) / ((1 - case.c2) * np.abs(move @ g))
    return {
        "step": np.min(step - 1 + blur + slope_blur),
        "decrease": np.min(lower - 1 + blur + away.noise(1.0) / bound),
    }


@claim.check("partial sums over 100 steps, 16 walks at a time", many_searches(), examples=12)
def partial_sums(case, allowed=1.0):
    """The sum of cos^2 |g|^2 over up to 100 steps stays below L (f_0 - f_T) / (c1 (1 - c2)) <= L (f_0 - inf f) / ...

    Every walk until its search fails, as it does where decreases are lost in rounding.
    """
    q, found = case.q, case.walk(100, lanes=1)
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


def not_lipschitz(L):
    """|x|^(3/2) near 0, where it bends more than any L: our Wolfe step is shorter than L would have it."""
    f, slope = lambda x: np.abs(x) ** 1.5, lambda x: 1.5 * np.sign(x) * np.abs(x) ** 0.5
    start, rule = np.array([1e-3 / L**2]), methods.wolfe.StrongWolfe(c1=0.1, c2=0.5)
    after = walk(univariate(f, slope), on_rule(rule), start).theta[1, 0]
    step, lower, _ = wolfe_bounds(slope(start), after - start, (f(start) - f(after))[0], L, 0.1, 0.5)
    return min(step, lower) - 1


def shrinkage(cosine, steps):
    """|x_T| / |x_0| by exact steps on |x|^2 / 2 along tilted directions."""
    bowl, start = tb.problems.NoisyQuadratic(np.eye(3), np.zeros(3)), np.ones(3) / 3**0.5
    return np.linalg.norm(walk(bowl, on_rule(methods.exact.Exact(), Tilted(cosine)), start, steps).theta[-1, 0])


@claim.check("cos = .1 converges", only(lambda t: 0.1))
@claim.control("cos = 1 / (t + 2), not bounded away from 0", only(lambda t: 1 / (t + 2)))
def gradient_vanishes(cosine):
    return 0.01 - shrinkage(cosine, 1200)


@claim.check("at the predicted rate", only(lambda t: 0.1, 0.99**150))
@claim.check("cos = 1 / (t + 2) stalls at |x_0| / sqrt 2", only(lambda t: 1 / (t + 2), (302 / 602) ** 0.5))
def products(cosine, expected):
    """Every exact step multiplies |x| by the sine, up to some 8 roundings."""
    return close(shrinkage(cosine, 300), expected, 300 * 8 * EPS)


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


claim.control("a twentieth of the sum", many_searches())(lambda case: partial_sums(case, 1 / 20))
claim.control("a gradient that is not Lipschitz")(lambda: max(not_lipschitz(L) for L in (1.0, 1e3, 1e6)))
