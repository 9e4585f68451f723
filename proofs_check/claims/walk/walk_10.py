r"""WALK-10  When the floor rises

Where: A Walk with SGD, section 3 and fig. 1
Claim: Derived for the rising and falling floor of fig. 1: full-batch gradient descent with a constant rate of at most
    two over the largest eigenvalue never raises it on a convex quadratic.
Formula: m_t = \min_\tau \frac12 \sum_i \frac{(1 - \tau\lambda_i)^2}{\lambda_i} g_i^2, \qquad \eta \le
    \frac{2}{\lambda_{\max}} \Rightarrow m_{t+1} \le m_t
Verdict: holds
Kind: property
Found: For every tau the loss on the line is monotone in the squared components of the gradient, and these do not grow;
    so the minimum over the line falls, and that over the step (tau up to eta). With mini-batches the floor rises in 44
    to 49 per cent of the stationary steps, though there is no barrier: the walk is nearly reversible, so that floors
    rise as often as they fall, and some are shared by two steps.
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import EPS, positive, powers, rational_quadratics, rotation, scale, seeds, vectors
from ...claim import ERRORS, at_most, close, only, told
from ...ours import Quadratics, moves, on_rule, walk
from .common import FRACTIONS, bend_of, noisy

claim = told(__doc__)


def floors(problem, x, batches, rate, full):
    """Along SGD: minima of the full-batch lines along its gradient, and of the steps themselves, on exact numbers."""
    on_lines, on_steps = [], []
    for batch in batches:
        low = moves("exact-full", problem, x, [batch])[0]
        after = moves("sgd", problem, x, [batch], rate=rate)[0].x
        on_lines.append(problem.value(low.x, full))
        on_steps.append(on_lines[-1] if low.step < rate else problem.value(after, full))
        x = after
    return on_lines, on_steps


@claim.check(
    "exactly, in any axes", st.tuples(rational_quadratics(st.integers(2, 3)), st.sampled_from(FRACTIONS)), examples=20
)
def sinks_rotated(q, factor):
    """In any axes, with factor times 2 / largest row sum, which is at least the largest eigenvalue."""
    H = tuple(scale(2, row) for row in q.Q)
    return both_fall(Quadratics([H], [q.r]), q.x, 2 * factor / max(sum(map(abs, row)) for row in H))


def both_fall(problem, x, rate):
    on_lines, on_steps = floors(problem, x, [(0,)] * 4, rate, (0,))
    return {"lines": falling(on_lines), "steps": falling(on_steps)}


def falling(found):
    return min(at_most(later, former) for former, later in pairwise(found))


@claim.control("two batches in turn")
def two_batches():
    """Two minimisers, and batches of one sample each in turn, from the common minimum on."""
    problem = Quadratics([((F(1), F(0)), (F(0), F(3)))] * 2, [(F(1), F(0)), (F(-1), F(1))])
    return falling(floors(problem, (F(0), F(1, 2)), [(0,), (1,)] * 2, F(1, 5), (0, 1))[1])


class Bowl(NamedTuple):
    """f(x) = 1/2 x'Hx, four starts (4, 1, n) and five rates."""

    H: np.ndarray
    x: np.ndarray
    rates: np.ndarray


@st.composite
def bowls(draw, largest=1.0):
    """Up to ``largest`` times 2 / largest eigenvalue, which is among the rates; conditions up to 1e3."""
    n, rng = draw(st.integers(2, 5)), np.random.default_rng(draw(seeds))
    U, h = rotation(rng, n), 10 ** rng.uniform(0, draw(st.floats(0, 3)), n) * draw(powers(-3, 3))
    H = (U * h) @ U.T
    rates = 2 * largest / h.max() * np.append(draw(powers(-3, 0)) * rng.uniform(0, 1, 4), 1)
    return Bowl((H + H.T) / 2, (rng.standard_normal((4, 1, n)) * 10 ** rng.uniform(-2, 0, n)) @ U.T, rates)


@claim.check("our lines on arrays", bowls())
@claim.control("rates up to 2.2 / largest eigenvalue", bowls(1.1), examples=50)
def arrays_sink(case):
    """The same on our arrays: 4 starts, 5 rates, 2 iterates. By how much the floor m sank, in units of m.

    Rounding: T-quad of the loss, of which m is what the line leaves, n EPS |x| |H| |x|; and an iterate that misses
    dx = (n + 4) EPS (|x| + eta |H| |x|), which changes m by |(1 - tau H)^2 g| |dx|, tau the step to the line's minimum.
    """
    problem, n = tb.problems.NoisyQuadratic(case.H, np.zeros(case.H.shape[0])), len(case.H)
    theta = walk(problem, on_rule(methods.fixed.Fixed(rate=case.rates)), case.x, 1, seeds=range(4)).theta
    point = problem.at(theta, problem.population)
    line = point.along(-point.gradient)
    tau = -line.slope0 / bend_of(line)
    floor = line.value0 + line.slope0 * tau / 2
    left = lambda v: v - tau[..., None] * (v @ case.H)
    away = np.abs(theta) @ np.abs(case.H)
    dx = (n + 4) * EPS * np.linalg.norm(np.abs(theta) + case.rates[:, None] * away, axis=-1)
    quad = (2 * n + 4) * EPS * (away * np.abs(theta)).sum(axis=-1)
    tolerance = 2 * quad + 2 * dx * np.linalg.norm(left(left(point.gradient)), axis=-1)
    allowed = tolerance[:-1] + tolerance[1:]
    return float(np.min((floor[:-1] - floor[1:] + allowed) / (floor[:-1] + allowed)))


def floor_statistics(case):
    """Lowest losses of the steps of stationary SGD: the shares of rises and falls in each lane (many, 2)."""
    problem, path = case.run()
    line = problem.at(path[:-1], problem.population).along(np.diff(path, axis=0))
    vertex = np.clip(-line.slope0 / bend_of(line), 0, 1)
    low = line.value0 + line.change(vertex[..., None])[..., 0]
    end = problem.at(path[-1], problem.population).value
    low = np.where(vertex == 1, np.append(line.value0[1:], end[None], axis=0), low)  # shared with the next step's
    return np.stack([(low[1:] > low[:-1]).mean(axis=0), (low[1:] < low[:-1]).mean(axis=0)], axis=-1)


@claim.check("mini-batches: up and down", noisy(0.3, 1.5))
def goes_up_and_down(case, limit=ERRORS):
    """In 44 to 49 per cent of the steps the floor rises, and it falls as often."""
    up, down = floor_statistics(case).T
    error = lambda v: limit * v.std() / np.sqrt(case.many)
    return {
        "share": close(up.mean(), 0.465, 0.03 + error(up)),
        "as often": close(up.mean(), down.mean(), error(up - down)),
    }


@claim.control("mini-batches at stationarity", noisy(0.3, 1.5))
def never_rises(case):
    """Minus the share of rises, in units of ten standard errors, but for these."""
    up = floor_statistics(case)[:, 0]
    return float(1 - up.mean() / (10 * up.std() / np.sqrt(case.many)))


def spectra(factors):
    """Eigenvalues, components of the start, and a factor."""
    vector = lambda n: st.tuples(st.tuples(*[positive()] * n), vectors(n, nonzero=True), factors)
    return st.integers(2, 4).flatmap(vector)


@claim.check("exactly, up to 2 / largest eigenvalue", spectra(st.sampled_from(FRACTIONS)), examples=60)
@claim.control("2.2 / largest eigenvalue, exactly", only((F(9), F(10)), (F(1), F(1)), F(11, 10)))
def sinks(h, c, factor):
    """Gradient descent with factor times 2 / largest eigenvalue, axes along the eigenvectors: neither floor rises."""
    Q = tuple(tuple(v * (i == j) for j in range(len(h))) for i, v in enumerate(h))
    return both_fall(Quadratics([Q], [(F(0),) * len(h)]), c, 2 * factor / max(h))


claim.check("and no barrier: all lines are convex", noisy(0.3))(lambda case: float(bend_of(case.lines()).min()))
