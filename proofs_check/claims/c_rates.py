"""Section C, eighth part: how fast exact steepest descent converges, and what must be Lipschitz (sections 2.5, 6.2)."""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ..cases import rationals, rotation
from ..claim import Check, Claim, Contrast, above, at_most, equal, only
from ..ours import on_rule, univariate, walk
from .c_slopes import broken

# --- LS-17: the asymptotic rate of exact steepest descent


def bent(seed):
    """1/2 x'Hx + .3 sum of x_i^4 + .2 x_1^3, H of spectrum 1, 3, 10: condition 10 at its minimum 0."""
    U = rotation(np.random.default_rng(seed), 3)
    H = (U * np.array([1.0, 3.0, 10.0])) @ U.T

    def f(x, index):
        Hx, cube = x @ H, x**3
        bend = np.concatenate([0.6 * x[..., :1] ** 2, 0 * x[..., 1:]], axis=-1)
        return (x * Hx / 2 + 0.3 * x * cube).sum(-1) + 0.2 * cube[..., 0], Hx + 1.2 * cube + bend

    return f


def flat_bottom(x, index):
    """x^4 + y^2: the minimum is degenerate."""
    return x[..., 0] ** 4 + x[..., 1] ** 2, np.stack([4 * x[..., 0] ** 3, 2 * x[..., 1]], axis=-1)


def ratios(f, dim, steps=60):
    """f(x_{k+1}) / f(x_k), from six starts, while f is between 10^-9 and 10^-5; f = 0 at the minimum."""
    problem = tb.problems.FromFunction(
        f, dim, 1, start=lambda seed: 0.5 * np.random.default_rng(seed).standard_normal(dim)
    )
    value = walk(problem, on_rule(methods.exact.Exact()), None, steps, seeds=range(6)).trace.full_loss
    small = (value[:-1] > 1e-9) & (value[:-1] < 1e-5)
    return (value[1:] / value[:-1])[small]


def rate(f, dim, r=10):
    """No ratio exceeds ((r - 1) / (r + 1))^2 by over a thousandth, which is left to terms beyond the second."""
    bound = ((r - 1) / (r + 1)) ** 2
    return 1.001 - np.max(ratios(f, dim)) / bound


def nearly_attained():
    """Steepest descent tends to the worst ratio: that of some start comes within 1 %."""
    return np.max([ratios(bent(seed), 3).max() for seed in range(4)]) / (9 / 11) ** 2 - 0.99


def end(start):
    """Where 20 exact steps of steepest descent on (x^2 - 1)^2 lead, whose minimum 1 has f'' = 8."""
    f, slope = lambda x: (x * x - 1) ** 2, lambda x: 4 * x * (x * x - 1)
    return walk(univariate(f, slope), on_rule(methods.exact.Exact()), np.array([start]), 20).theta[-1, 0, 0]


LS_17 = Claim(
    id="LS-17",
    title="Asymptotic linear rate of exact steepest descent",
    source="dissertation, section 6.2",
    statement="Steepest descent with exact line search converges linearly on every twice differentiable function that"
    " has a relative minimum with positive eigenvalues.",
    formula=r"\frac{f(x_{k+1}) - f^*}{f(x_k) - f^*} \le \left(\frac{r-1}{r+1}\right)^2",
    kind="highprec",
    verdict="corrected",
    finding="The rate is the limit superior's, with the condition number r at that minimum, and holds if the iterates"
    " converge to it; where there are several minima they may go elsewhere.",
    corrected=r"x_k \to x^* \Rightarrow \limsup_{k\to\infty} \frac{f(x_{k+1}) - f^*}{f(x_k) - f^*} \le"
    r" \left(\frac{r-1}{r+1}\right)^2",
    checks=[
        Check("ratios near the minimum", lambda seed: rate(bent(seed), 3), lambda budget: range(budget.many(8, 80))),
        Check("nearly attained", nearly_attained),
        Check("the minimum reached from its own side", lambda: 1e-6 - abs(end(0.5) - 1)),
    ],
    controls=[broken("a degenerate minimum: x^4 + y^2", lambda: rate(flat_bottom, 2))],
    counterexamples=[
        Check(
            "where exact steepest descent on (x^2 - 1)^2 ends",
            lambda start: Contrast(1, end(start), rounding=1e-6),
            only(-0.5),
        )
    ],
)

# --- LS-18: Lipschitz continuity of what


def quotient(f, x, y):
    return abs(f(x) - f(y)) / abs(x - y)


def gradient_is_lipschitz(slope, x, y):
    """|f'(x) - f'(y)| <= 2 |x - y|."""
    return at_most(quotient(slope, x, y), F(2))


def square_is_not(R):
    """x^2: quotients on [0, R] come up to 2 R; those of its slope 2 x are 2."""
    square, slope = lambda x: x * x, lambda x: 2 * x
    return {
        "f": above(quotient(square, R, R - F(1, 2)), 2 * R - 1),
        "f'": equal(quotient(slope, R, R - F(1, 2)), F(2)),
    }


RADII = lambda budget: [F(10) ** k for k in range(1, 40)]
PAIRS = st.tuples(rationals(), rationals()).filter(lambda pair: pair[0] != pair[1])

LS_18 = Claim(
    id="LS-18",
    title="Definition of Lipschitz continuity",
    source="dissertation, section 2.5",
    statement="The convergence theorem for Wolfe steps is for functions that are Lipschitz continuous.",
    formula=r"|f(x_1) - f(x_2)| \le L |x_1 - x_2|",
    kind="exact",
    verdict="corrected",
    finding="It is the gradient that must be Lipschitz: the parabola, to which the theorem surely applies, is not"
    " Lipschitz itself.",
    corrected=r"\|\nabla f(x_1) - \nabla f(x_2)\| \le L \|x_1 - x_2\|",
    checks=[
        Check("quotients of the parabola", square_is_not, RADII),
        Check("any two points", lambda x, y: gradient_is_lipschitz(lambda x: 2 * x, x, y), PAIRS),
    ],
    controls=[
        broken("x^4: not even its gradient", lambda x, y: gradient_is_lipschitz(lambda x: 4 * x**3, x, y), PAIRS)
    ],
    counterexamples=[
        Check(
            "|f(x) - f(y)| / |x - y| of x^2, which should not exceed L",
            lambda L, x, y: Contrast(L, quotient(lambda x: x * x, x, y), "at most"),
            only(F(10), F(10), F(9)),
        )
    ],
)


CLAIMS = (LS_17, LS_18)
