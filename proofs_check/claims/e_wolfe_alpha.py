"""Section E, first part: what each Wolfe condition says on a parabola (dissertation, eqs. 2.17, 2.18 and 6.7)."""

from __future__ import annotations

from fractions import Fraction as F
from typing import NamedTuple

import numpy as np

import toybox as tb
from toybox import methods
from toybox.rays import Status

from ..claim import Check, Claim, Contrast, above, equal, only
from ..ours import Plain, moves, on_rule, univariate, walk

# --- a parabola, exactly


class Parabola(NamedTuple):
    """l(s) = a s^2 + b s + c, and a step y that is alpha times the one to the vertex."""

    a: F
    b: F
    c: F
    alpha: F

    @property
    def y(self):
        return self.alpha * -self.b / (2 * self.a)

    def value(self, s):
        return self.a * s**2 + self.b * s + self.c

    def slope(self, s):
        return 2 * self.a * s + self.b

    def gain(self, w):
        """How far l(y) lies below the line of sufficient decrease: 2.17 holds where this is not negative."""
        return self.value(0) + w * self.y * self.slope(0) - self.value(self.y)

    def rise(self, w):
        """How far the slope at y exceeds w l'(0): 2.18 holds where this is not negative."""
        return self.slope(self.y) - w * self.slope(0)

    @property
    def plain(self):
        """The problem whose search from 0 along -l'(0) reaches y with the step alpha / (2 a)."""
        return Plain(lambda x: self.value(x[0]), lambda x: (self.slope(x[0]),))


TWENTIETHS = tuple(F(k, 20) for k in range(-20, 81))  # for alpha
AHEAD = tuple(alpha for alpha in TWENTIETHS if alpha > 0)
BEHIND = tuple(alpha for alpha in TWENTIETHS if alpha < 0)
CONSTANTS = tuple(F(k, 20) for k in range(-20, 41))
INSIDE = tuple(w for w in CONSTANTS if 0 < w < 1)


def grid(alphas, *constants):
    """Random parabolas at all these alphas with all these constants, so that boundary cases occur."""
    return lambda budget: _grid(budget, alphas, *constants)


def _grid(budget, alphas, constants=(None,)):
    random = budget.random()
    for _ in range(budget.many(1, 10)):
        for alpha in alphas:
            for w in constants:
                p = parabola(random, alpha)
                yield p if w is None else (p, w)


def parabola(random, alpha):
    part = lambda: F(random.randint(1, 1200), 20)
    return Parabola(part(), -part(), F(random.randint(-99, 99), 7), alpha)


def same(condition, predicted):
    """Two conditions, or arrays of them, have the same truth value: minus the number of places where not."""
    return -int(np.count_nonzero(np.asarray(condition) != np.asarray(predicted)))


# --- what our searches accept


class Lanes(NamedTuple):
    """Parabolas whose trials are dyadic numbers of few digits, so that arrays evaluate them without rounding."""

    curvature: np.ndarray
    x: np.ndarray  # where the search starts; the vertex is at 0
    alpha: np.ndarray
    constant: np.ndarray

    @property
    def first(self):
        return self.alpha / self.curvature

    def exact(self, i):
        h, x = F(self.curvature[i]), F(self.x[i])
        return Parabola(h / 2, h * x, F(0), F(self.alpha[i])), F(self.constant[i])


def lanes(alpha=4.0, constant=1.0):
    """alpha in 1/16 .. ``alpha`` with constants 1/16 .. below ``constant``, on parabolas of many shapes."""
    k, j = (part.ravel() for part in np.meshgrid(np.arange(1, 16 * alpha + 1), np.arange(1, 16 * constant)))
    return Lanes(2.0 ** (k % 5 - 2), -(2.0 ** -(4 + j % 3)), k / 16, j / 16)


def one_step(rule, curvature, x):
    """Sizes, statuses, trials and ends of one step of a rule, every lane on its own parabola with vertex 0."""
    problem = univariate(lambda x: 0.5 * curvature * x * x, lambda x: curvature[:, None] * x)
    w = walk(problem, on_rule(rule), x[None, :, None])
    return w.trace.size[0, 0], w.trace.status[0, 0], w.trace.trials[0, 0], w.theta[-1, 0, :, 0]


def found(p, name, **hyper):
    """Whether a search on exact numbers accepts y, its first trial."""
    step = p.alpha / (2 * p.a)
    move = moves(name, p.plain, (F(0),), [True], first=step, **hyper)[0]
    return move.status == tb.Status.FOUND and move.step == step and move.trials == 1


def accepts(given, rule, name, option, predicted, **hyper):
    """On arrays and on exact numbers our rule accepts at once the alphas that ``predicted(alpha, constant)`` names."""
    size, status, trials, _ = one_step(
        rule(**{option: given.constant}, first=given.first, **hyper), given.curvature, given.x
    )
    arrays = (status == Status.FOUND) & (size == given.first) & (trials == 1)
    rational = {key: F(v) if isinstance(v, float) else v for key, v in hyper.items()}
    exact = [found(p, name, **{option: w}, **rational) for p, w in map(given.exact, range(len(given.x)))]
    return {
        "on arrays": same(arrays, predicted(given.alpha, given.constant)),
        "exact": same(exact, predicted(given.alpha, given.constant)),
    }


def armijo(predicted):
    return accepts(lanes(), methods.armijo.Armijo, "sls", "c", predicted, reset=2, tries=1)


def strong_wolfe(given, predicted):
    """c1 is so small that it allows alpha up to 31/16."""
    return accepts(given, methods.wolfe.StrongWolfe, "strong-wolfe", "c2", predicted, c1=2.0**-5, tries=1)


# --- WA-01


def identities(p):
    return {
        "change": equal(p.value(p.y) - p.value(0), p.y * p.b * (1 - p.alpha / 2)),
        "change by a and b": equal(p.value(p.y) - p.value(0), -p.alpha * (2 - p.alpha) * p.b**2 / (4 * p.a)),
        "slope": equal(p.slope(p.y), (1 - p.alpha) * p.b),
    }


def decrease_iff(p, w, turned=1):
    """2.17 with constant w holds iff w <= 1 - alpha / 2; for alpha < 0 (``turned`` = -1) iff w >= 1 - alpha / 2.

    The gain is alpha b^2 / (2 a) (1 - alpha / 2 - w).
    """
    return {
        "iff": same(p.gain(w) >= 0, turned * w <= turned * (1 - p.alpha / 2)),
        "gain": equal(p.gain(w), p.alpha * p.b**2 / (2 * p.a) * (1 - p.alpha / 2 - w)),
    }


def accepted_as_printed(a, b, alpha, w):
    """The first line of eq. 6.7 has the other sign; what it accepts should be a decrease."""
    p = Parabola(a, b, F(0), alpha)
    assert p.gain(-w) >= 0, "not accepted"
    return Contrast(F(0), p.value(p.y) - p.value(0), "less than")


def largest_constants():
    """The largest constants that 2.17 admits, found by trying."""
    p = Parabola(F(3), F(-2), F(5), F(1))
    admits = lambda alpha: max(w for w in CONSTANTS if p._replace(alpha=alpha).gain(w) >= 0)
    tenths = [alpha for alpha in AHEAD if alpha.denominator in (1, 2, 5, 10)]  # 1 - alpha / 2 is a constant tried
    return {
        "everywhere": equal([admits(alpha) for alpha in tenths], [1 - alpha / 2 for alpha in tenths]),
        "the exact minimiser": equal(admits(F(1)), F(1, 2)),
        "no decrease at 2": equal(admits(F(2)), 0),
        "1.8": equal(admits(F(9, 5)), F(1, 10)),
        "below 1: over 1/2": min(above(admits(alpha), F(1, 2)) for alpha in tenths if alpha < 1),
        "below 1: under 1": min(above(1, admits(alpha)) for alpha in tenths if alpha < 1),
    }


WA_01 = Claim(
    id="WA-01",
    title="Armijo constant",
    source="dissertation, eq. 6.7",
    statement="A step of alpha times the distance to the minimum of a parabola, 1 <= alpha < 2, meets the condition of"
    " sufficient decrease where the constant is 1 - alpha / 2. The condition is printed with minus the constant times"
    " step and slope; the next line of the derivation has the plus.",
    formula=r"f(y) \le f(0) - y f'(0)\, w_1 \ \Rightarrow\ w_1 = 1 - \frac{\alpha}{2}",
    kind="exact",
    verdict="corrected",
    finding="The next line is right, a slip of the sign: with plus the condition holds exactly for constants up to"
    " 1 - alpha / 2, with equality there, for every alpha in (0, 2), not only from 1 on. The division by y f'(0) < 0"
    " turns the inequality; for alpha < 0 it points the other way.",
    corrected=r"f(y) \le f(0) + w_1 y f'(0) \ \Leftrightarrow\ w_1 \le 1 - \frac{\alpha}{2}"
    r" \ \Leftrightarrow\ \alpha \le 2(1 - w_1)",
    checks=[
        Check("change and slope at y", identities, grid(TWENTIETHS)),
        Check("alpha > 0", decrease_iff, grid(AHEAD, CONSTANTS)),
        Check("alpha < 0", lambda p, w: decrease_iff(p, w, turned=-1), grid(BEHIND, CONSTANTS)),
        Check("equality at 1 - alpha / 2", lambda p: equal(p.gain(1 - p.alpha / 2), 0), grid(AHEAD)),
        Check("the constants that are quoted", largest_constants),
        Check("accepted by the stochastic Armijo search", lambda: armijo(lambda alpha, c: alpha <= 2 * (1 - c))),
        Check(
            "accepted by backtracking on exact numbers",
            lambda p, w: same(found(p, "backtracking", c=w, tries=1), w <= 1 - p.alpha / 2),
            grid(AHEAD[::2], INSIDE),
        ),
    ],
    controls=[
        Check("alpha < 0, not turned", decrease_iff, grid(BEHIND, CONSTANTS)),
        Check(
            "divided by y f'(0) without turning",
            lambda p, w: same(p.gain(w) >= 0, w >= 1 - p.alpha / 2),
            grid(AHEAD, CONSTANTS),
        ),
        Check("accepted up to alpha = 2 - c", lambda: armijo(lambda alpha, c: alpha <= 2 - c)),
    ],
    counterexamples=[
        Check(
            "change of a s^2 + b s by a step that the printed condition accepts",
            accepted_as_printed,
            only(F(1), F(-1), F(41, 20), F(1, 10)),
        ),
    ],
)

# --- WA-02


def curvature_iff(p, w):
    """2.18 holds iff alpha >= 1 - c2: its sides differ by |b| (alpha - (1 - c2))."""
    return {
        "iff": same(p.rise(w) >= 0, p.alpha >= 1 - w),
        "difference": equal(p.rise(w), -p.b * (p.alpha - (1 - w))),
    }


class Hill(Parabola):
    """A line that bends downwards: y lies ahead, alpha times as far as the maximum lies behind."""

    @property
    def y(self):
        return -super().y


WA_02 = Claim(
    id="WA-02",
    title="Curvature condition",
    source="dissertation, eqs. 2.18 and 6.7",
    statement="A step of alpha times the distance to the minimum of a parabola meets the curvature condition exactly"
    " for alpha from 1 - c2 on.",
    formula=r"f'(y) \ge c_2 f'(0) \ \Leftrightarrow\ \alpha \ge 1 - c_2",
    kind="exact",
    verdict="holds",
    checks=[
        Check("every alpha and constant", curvature_iff, grid(TWENTIETHS, CONSTANTS)),
        Check(
            "undershoots accepted by the strong Wolfe search",
            lambda: strong_wolfe(lanes(alpha=1.0), lambda alpha, c2: alpha >= 1 - c2),
        ),
    ],
    controls=[
        Check("bent downwards", lambda p, w: curvature_iff(Hill(-p.a, *p[1:]), w), grid(AHEAD, CONSTANTS)),
        Check("pointing uphill", lambda p, w: curvature_iff(p._replace(b=-p.b), w)["iff"], grid(AHEAD, CONSTANTS)),
        Check("accepted from c2 on", lambda: strong_wolfe(lanes(alpha=1.0), lambda alpha, c2: alpha >= c2)),
    ],
)

CLAIMS = (WA_01, WA_02)
