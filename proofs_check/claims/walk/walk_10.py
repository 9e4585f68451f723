r"""WALK-10  When the floor rises

Where: A Walk with SGD, section 3 and fig. 1
Claim: Derived for the rising and falling floor of fig. 1: full-batch gradient descent with a constant rate of at most
    two over the largest eigenvalue never raises it on a convex quadratic.
Formula: m_t = \min_\tau \frac12 \sum_i \frac{(1 - \tau\lambda_i)^2}{\lambda_i} g_i^2, \qquad \eta \le
    \frac{2}{\lambda_{\max}} \Rightarrow m_{t+1} \le m_t
Verdict: holds
Kind: exact
Found: For every tau the loss on the line is monotone in the squared components of the gradient, and these do not grow;
    so the minimum over the line falls, and that over the step (tau up to eta). With mini-batches the floor rises in 44
    to 49 per cent of the stationary steps, though there is no barrier: the walk is nearly reversible, so that floors
    rise as often as they fall, and some are shared by two steps.
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st

from ...cases import rational_quadratics, scale
from ...claim import ERRORS, at_most, close, told
from ...ours import Quadratics, moves
from ...proof import Theorem
from .common import bend_of, noisy

claim = told(__doc__)


@claim.proof("no term of the floor rises", broken={"2.2 / largest eigenvalue": {"limit": F(11, 5)}})
def sinks(h, x, tau, rate, limit=2):
    """x is a component along an eigenvector with eigenvalue h, g = h x: its term of the loss, a step tau along the line
    from before, and from after a step of gradient descent. All terms fall, for every tau, hence the sum and its minima
    over all tau and over those up to the rate."""
    term = lambda g: (1 - tau * h) ** 2 / h * g**2
    g = h * x
    given = (h > 0, rate > 0, rate * h <= limit)
    return Theorem(given, {"loss": h * (x - tau * g) ** 2 == term(g), "floor": term((1 - rate * h) * g) <= term(g)})


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


def falling(found):
    return min(at_most(later, former) for former, later in pairwise(found))


BOWLS = st.tuples(rational_quadratics(st.integers(2, 3)), st.sampled_from((F(1, 20), F(1, 3), F(9, 10), F(1))))


@claim.check("our gradient descent and exact search, on exact numbers", BOWLS, examples=40)
@claim.control("our rates far beyond 2 / largest eigenvalue", BOWLS, examples=20, times=6)
def ours_sinks(q, factor, times=1):
    """With factor times 2 / largest row sum, which is at least the largest eigenvalue."""
    H = tuple(scale(2, row) for row in q.Q)
    rate = times * 2 * factor / max(sum(map(abs, row)) for row in H)
    lines, steps = floors(Quadratics([H], [q.r]), q.x, [(0,)] * 4, rate, (0,))
    return {"lines": falling(lines), "steps": falling(steps)}


@claim.control("two batches in turn")
def two_batches():
    """Two minimisers, and batches of one sample each in turn, from the common minimum on."""
    problem = Quadratics([((F(1), F(0)), (F(0), F(3)))] * 2, [(F(1), F(0)), (F(-1), F(1))])
    return falling(floors(problem, (F(0), F(1, 2)), [(0,), (1,)] * 2, F(1, 5), (0, 1))[1])


def floor_statistics(case):
    """Lowest losses of the steps of stationary SGD: the shares of rises and falls in each lane (many, 2)."""
    problem, path = case.run()
    line = problem.at(path[:-1], problem.population).along(np.diff(path, axis=0))
    vertex = np.clip(-line.slope0 / bend_of(line), 0, 1)
    low = line.value0 + line.change(vertex[..., None])[..., 0]
    end = problem.at(path[-1], problem.population).value
    low = np.where(vertex == 1, np.append(line.value0[1:], end[None], axis=0), low)  # shared with the next step's
    return np.stack([(low[1:] > low[:-1]).mean(axis=0), (low[1:] < low[:-1]).mean(axis=0)], axis=-1)


@claim.check("mini-batches: up and down", noisy(0.3, 1.5), degree="simulated")
@claim.control("mini-batches: hardly ever up", noisy(0.3, 1.5), limit=10, share=0.05)
def goes_up_and_down(case, limit=ERRORS, share=0.465):
    """In 44 to 49 per cent of the steps the floor rises, and it falls as often; all lines are convex."""
    up, down = floor_statistics(case).T
    error = lambda v: limit * v.std() / np.sqrt(case.many)
    return {
        "share": close(up.mean(), share, 0.03 + error(up)),
        "as often": close(up.mean(), down.mean(), error(up - down)),
    }
