"""Section C, seventh part: where descent leads: angles, fixed steps, backtracking (dissertation, section 2.5)."""

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

from ..cases import EPS, Smooth, positive, rationals, seeds, smooth_functions
from ..claim import Check, Claim, Contrast, above, close, only
from ..ours import Plain, moves, on_rule, univariate, walk
from .c_slopes import Descent, both, bowls, broken, problem

# --- LS-07: Zoutendijk's condition


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


def gradient_vanishes(cosine):
    return 0.01 - shrinkage(cosine, 1200)


def products(cosine, expected):
    """Every exact step multiplies |x| by the sine, up to some 8 roundings."""
    return close(shrinkage(cosine, 300), expected, 300 * 8 * EPS)


def valley(x, index=None):
    """x^2 - y, unbounded below: values and gradients."""
    return x[..., 0] ** 2 - x[..., 1], np.stack([2 * x[..., 0], -1 + 0 * x[..., 1]], axis=-1)


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


LS_07 = Claim(
    id="LS-07",
    title="Zoutendijk: one-step inequality and summability",
    source="dissertation, section 2.5 and eq. 2.19",
    statement="Descent with Wolfe steps converges from anywhere if the cosine of the angle between direction and"
    " steepest descent stays above a positive number.",
    formula=r"\cos\alpha_t \ge \delta > 0 \Rightarrow \lim_{t\to\infty} \|\nabla f(\theta_t)\| = 0",
    kind="property",
    verdict="corrected",
    finding="True if f is bounded below, its gradient Lipschitz and the cosine that of LS-02: then every step has a"
    " guaranteed length and decrease, and the decreases have a finite sum. Unbounded below, steepest descent with exact"
    " steps may keep gradients of constant length; without the Lipschitz constant there is no such bound.",
    corrected=r"f(\theta_t) - f(\theta_{t+1}) \ge \frac{c_1(1-c_2)}{L} \cos^2\alpha_t \|\nabla f(\theta_t)\|^2,"
    r" \qquad \sum_t \cos^2\alpha_t \|\nabla f(\theta_t)\|^2 \le \frac{L (f(\theta_0) - \inf f)}{c_1(1-c_2)}",
    checks=[
        Check("length and decrease of a step", one_step, searches()),
        Check("partial sums over 100 steps, 16 walks at a time", partial_sums, many_searches(), examples=12),
        Check("cos = .1 converges", lambda: gradient_vanishes(lambda t: 0.1)),
        Check("at the predicted rate", lambda: products(lambda t: 0.1, 0.99**150)),
        Check(
            "cos = 1 / (t + 2) stalls at |x_0| / sqrt 2",
            lambda: products(lambda t: 1 / (t + 2), (302 / 602) ** 0.5),
        ),
    ],
    controls=[
        broken("a twentieth of the sum", lambda case: partial_sums(case, 1 / 20), many_searches()),
        broken("cos = 1 / (t + 2), not bounded away from 0", lambda: gradient_vanishes(lambda t: 1 / (t + 2))),
        broken("a gradient that is not Lipschitz", lambda: max(not_lipschitz(L) for L in (1.0, 1e3, 1e6))),
    ],
    counterexamples=[
        Check("|g|^2 after exact Wolfe steps along -g on x^2 - y", unbounded, only((F(1, 2), F(0)), 50)),
    ],
)

# --- LS-11: how long a fixed step may be

RATES = np.linspace(0, 2.2, 23)  # times 1 / L


def after_fixed_step(q):
    """f after our steps of fixed rates."""
    trace = walk(problem(q), on_rule(methods.fixed.Fixed(rate=RATES / q.L)), q.x).theta[1, 0]
    return both(q, trace)[0]


def descent_lemma(q, L=None, pick=np.min):
    """Room, in units of |g|^2 / L, at each of the rates other than 0."""
    L, g, rate = L or q.L, q.gradient(q.x), RATES[1:] / q.L
    noise = Descent(q, g).noise(rate)
    bound = q.f(q.x) - rate * (1 - rate * L / 2) * (g @ g)
    assume(g @ g / q.L > 1e4 * noise.max())
    return pick((bound - after_fixed_step(q)[1:] + noise) * q.L / (g @ g))


def decreases(q):
    """Below 2 / L the loss falls: by how much of |g|^2 / L."""
    g, inside = q.gradient(q.x), (0 < RATES) & (RATES < 1.95)
    after = after_fixed_step(q)
    assume(g @ g / q.L > 1e4 * Descent(q, g).noise(2 / q.L))
    return np.min((q.f(q.x) - after[inside]) * q.L / (g @ g))


def increases(h, x, over):
    """h / 2 x^2 and the rate 2 / h + over: our step raises the loss, exactly."""
    f = lambda x: h * x[0] * x[0] / 2
    move = moves("sgd", Plain(f, lambda x: (h * x[0],)), (x,), [(0,)], rate=2 / h + over)[0]
    return above(f(move.x), f((x,)))


TOO_LONG = st.tuples(positive(), rationals(nonzero=True), positive())

LS_11 = Claim(
    id="LS-11",
    title="Too large a fixed step increases the loss",
    source="dissertation, section 2.5",
    statement="A fixed learning rate decreases a loss with L-Lipschitz gradient if it is below 2 / L; one that is too"
    " large increases it.",
    formula=r"f(x - \lambda g) \le f(x) - \lambda\left(1 - \frac{\lambda L}{2}\right)\|g\|^2",
    kind="property",
    verdict="holds",
    checks=[
        Check("rates up to 2.2 / L", descent_lemma, smooth_functions()),
        Check("decrease below 2 / L", decreases, smooth_functions(), examples=250),
        Check("increase beyond 2 / h on a parabola", increases, TOO_LONG, examples=250),
    ],
    controls=[
        broken("half of L: wrong at every rate", lambda c: descent_lemma(c.q, c.q.L / 2, np.max), bowls()),
        broken("2 / h itself", lambda h, x, over: increases(h, x, 0), TOO_LONG),
    ],
)

# --- LS-12: backtracking on analytic functions


def circle(x, index):
    """(|x|^2 - 1)^2: a circle of minima."""
    away = (x * x).sum(-1) - 1
    return away**2, 4 * away[..., None] * x


def cross(x, index):
    """x^2 y^2: two lines of minima, degenerate where they cross."""
    square = x * x
    return square.prod(-1), 2 * x * square[..., ::-1]


def settles(f, steps):
    """From 20 starts, the last tenth of the steps makes less than a hundredth of the path."""
    rule = methods.armijo.Armijo(c=0.1, beta=0.5, first=1.0, reset=2, tries=60)
    path = walk(tb.problems.FromFunction(f, 2, 1), on_rule(rule), None, steps, seeds=range(20)).trace.arc
    return np.min(0.01 - path[9 * steps // 10 :].sum(axis=0) / path.sum(axis=0))


def escapes(steps=1000):
    """exp(-x) from 0, the other way out: s = 1 is taken every time, so that x_t >= ln(t + 1), beyond all bounds."""
    f, slope = lambda x: np.exp(-x), lambda x: -np.exp(-x)
    rule = methods.armijo.Armijo(c=0.1, first=1.0, reset=2)
    return walk(univariate(f, slope), on_rule(rule), np.zeros(1), steps).theta[-1, 0, 0] - np.log(steps + 1)


LS_12 = Claim(
    id="LS-12",
    title="Backtracking converges on real-analytic functions",
    source="dissertation, section 2.5 (Absil et al. 2005)",
    statement="Descent with backtracking on a real-analytic function either leaves every bounded set or converges to a"
    " single point.",
    formula=r"\|\theta_t\| \to \infty \quad\text{or}\quad \theta_t \to \theta^*",
    kind="argument",
    verdict="argument",
    finding="No finite run decides it; paths on three analytic functions illustrate both ways out. The known exception"
    " is a smooth but not analytic valley that spirals, which a finite run cannot tell apart.",
    checks=[
        Check("a circle of minima", lambda: settles(circle, 300)),
        Check("a cross of minima", lambda: settles(cross, 3000)),
        Check("no minimum", escapes),
    ],
)


CLAIMS = (LS_07, LS_11, LS_12)
