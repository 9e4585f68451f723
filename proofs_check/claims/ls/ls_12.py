r"""LS-12  Backtracking converges on real-analytic functions

Where: dissertation, section 2.5 (Absil et al. 2005)
Claim: Descent with backtracking on a real-analytic function either leaves every bounded set or converges to a single
    point.
Formula: \|\theta_t\| \to \infty \quad\text{or}\quad \theta_t \to \theta^*
Verdict: argument
Kind: argument
Found: No finite run decides it; paths on three analytic functions illustrate both ways out. The known exception is a
    smooth but not analytic valley that spirals, which a finite run cannot tell apart.
Sampled: a limit of infinitely many steps on every analytic function, which no finite check settles.
"""

from __future__ import annotations

import numpy as np

import toybox as tb
from toybox import methods

from ...claim import only, told
from ...ours import on_rule, univariate, walk

claim = told(__doc__)


def circle(x, index):
    """(|x|^2 - 1)^2: a circle of minima."""
    away = (x * x).sum(-1) - 1
    return away**2, 4 * away[..., None] * x


def cross(x, index):
    """x^2 y^2: two lines of minima, degenerate where they cross."""
    square = x * x
    return square.prod(-1), 2 * x * square[..., ::-1]


@claim.check("a circle of minima", only(circle, 300))
@claim.check("a cross of minima", only(cross, 3000))
def settles(f, steps):
    """From 20 starts, the last tenth of the steps makes less than a hundredth of the path."""
    rule = methods.armijo.Armijo(c=0.1, beta=0.5, first=1.0, reset=2, tries=60)
    path = walk(tb.problems.FromFunction(f, 2, 1), on_rule(rule), None, steps, seeds=range(20)).trace.arc
    return np.min(0.01 - path[9 * steps // 10 :].sum(axis=0) / path.sum(axis=0))


@claim.check("no minimum")
def escapes(steps=1000):
    """exp(-x) from 0, the other way out: s = 1 is taken every time, so that x_t >= ln(t + 1), beyond all bounds."""
    f, slope = lambda x: np.exp(-x), lambda x: -np.exp(-x)
    rule = methods.armijo.Armijo(c=0.1, first=1.0, reset=2)
    return walk(univariate(f, slope), on_rule(rule), np.zeros(1), steps).theta[-1, 0, 0] - np.log(steps + 1)
