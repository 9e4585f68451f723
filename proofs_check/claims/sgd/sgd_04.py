r"""SGD-04  The loss of the direction-defining batch is lower, its optimal step longer

Where: dissertation, sections 5.3 and 4.6; Mutschler & Zell 2021 (ICANN), section 3
Claim: Along the line the loss of the batch that defines the direction is always lower than other losses.
Formula: l_{\mathbb{B}}(s) < l(s)
Verdict: corrected
Kind: enumeration
Found: For a common Hessian: in the mean, from s = 0 on, where both are equal in the mean. The losses of other batches
    are equal to the full loss in the mean. The full loss asks for a step that is not longer than the mini-batch's just
    where the batch is steeper in the sense of SGD-03.
True: \mathbf{E}[l_{\mathbb{B}}(s) - l(s)] = -s\,\mathbf{E}[(g_{\mathbb{B}} - g)^\top\hat g_{\mathbb{B}}] \le 0 \quad (s
    \ge 0)
"""

from __future__ import annotations

from fractions import Fraction as F
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb

from ...cases import EPS, dot, mean, populations, positive, rotation, scale, seeds, solve
from ...claim import Contrast, below, close, holds, only, told
from ...ours import Quadratics, line, moves
from ..noise.common import gradients, many_populations, subsets
from .common import INSIDE, lines

claim = told(__doc__)


class Bowl(NamedTuple):
    """L_i = 1/2 (x - c_i)'H(x - c_i) at x = 0, where the gradients are g_i = -H c_i."""

    H: np.ndarray
    c: np.ndarray

    @property
    def problem(self):
        return tb.problems.NoisyQuadratic(self.H, self.c)


@st.composite
def bowls(draw):
    g, rng = draw(many_populations()), np.random.default_rng(draw(seeds))
    U = rotation(rng, g.shape[1])
    H = (U * 10 ** rng.uniform(-1, 1, len(U))) @ U.T
    H = (H + H.T) / 2
    return Bowl(H, -np.linalg.solve(H, g.T).T)


STEPS = np.array([0.0, 0.1, 1.0, 3.0])


@claim.check("our lines, every batch", bowls())
@claim.control("the loss of another batch", bowls(), examples=20, independent=True)
def lower(bowl, steps=STEPS, independent=False):
    """E [l_B(s) - l(s)] is -s E [|g_B| - g'g_B/|g_B|], which is not positive, and 0 for s = 0.

    independent: the losses of all batches, along the direction of each of them. Tolerance: losses are sums of n^2
    products, of the size of |x - c|'|H||x - c|, over D samples and over the batches.
    """
    (D, n), problem, found = bowl.c.shape, bowl.problem, {}
    far = np.abs(bowl.c).max(axis=0) + np.abs(steps).max()
    for B in range(1, D + 1):
        index = np.array(list(subsets(D, B)))
        batch, whole = lines(problem, np.zeros((len(index), n)), index)
        wanted = -steps * (whole.slope0 - batch.slope0).mean()
        excess = (others if independent else own)(problem, index, steps).mean(axis=0)
        tolerance = 10 * (D + n * n + len(index)) * EPS * (far @ np.abs(bowl.H) @ far)
        found[f"mean, B = {B}"] = close(excess, wanted, tolerance)
        found[f"lower, B = {B}"] = below(excess, 0, tolerance)
    return found


def own(problem, index, steps):
    """l_B(s) - l(s) along the direction of every batch (batches, steps)."""
    batch, whole = lines(problem, np.zeros((len(index), problem.dim)), index)
    s = np.broadcast_to(steps, (len(index), len(steps)))
    return batch.value0[:, None] + batch.change(s) - whole.value0[..., None] - whole.change(s)


def others(problem, index, steps):
    """The same of the mean loss of all batches, each of them along all directions."""
    point = problem.at(np.zeros((len(index), problem.dim)), index)
    d = -point.gradient / problem.xp.divisor(np.linalg.norm(point.gradient, axis=1))[:, None]
    places = steps[:, None] * d[:, None, :]  # (directions, steps, n)
    spread = np.broadcast_to(places[:, :, None], (*places.shape[:2], len(index), problem.dim))
    return problem.at(spread, index).value.mean(axis=-1) - problem.at(places, problem.population).value


@claim.check("other batches, equal in the mean", bowls(), examples=100)
def others_equal(bowl):
    """Other batches: 0 for every direction and step, with the tolerance of ``lower``."""
    D, n = bowl.c.shape
    index, far = np.array(list(subsets(D, (D + 1) // 2))), np.abs(bowl.c).max(axis=0) + STEPS.max()
    return close(
        others(bowl.problem, index, STEPS), 0, 10 * (D + n * n + len(index)) * EPS * (far @ np.abs(bowl.H) @ far)
    )


@st.composite
def planes(draw):
    a, b, c = draw(st.tuples(positive(), positive(), positive()))
    return draw(populations(st.integers(2, 5), st.just(2))), ((a + c, c), (c, b + c))


@claim.check("our exact searches", planes(), examples=40)
def longer(g, H):
    """Our exact searches on exact numbers: the full loss asks for a shorter step just where SGD-03 says steeper."""
    D, found = len(g), {}
    problem = Quadratics([H] * D, [scale(-1, solve(H, v)) for v in g])
    origin, centre = (F(0),) * len(H), mean(g)
    for B in range(1, D + 1):
        for batch, v in zip(subsets(D, B), gradients(g, subsets(D, B)), strict=True):
            if dot(centre, v) > 0:
                own = moves("exact", problem, origin, [batch])[0].step
                full = moves("exact-full", problem, origin, [batch])[0].step
                found[batch] = holds((full <= own) == (dot(v, v) >= dot(centre, v)))
    return found or {"no batch descends": 0}


def losses_at(s, g):
    """Of (x + g_i)^2 / 2 from 0 along -1: of both samples, and of all."""
    problem = Quadratics([((F(1),),)] * 2, [scale(-1, v) for v in g])
    return [line(problem, (F(0),), (F(-1),), batch)[0](s) for batch in ((0,), (1,), (0, 1))]


@claim.counterexample("loss of the first of two samples at s, against that of both", only(F(2), INSIDE))
def lower_everywhere(s, g):
    first, _, full = losses_at(s, g)
    return Contrast(full, first, "less than")


@claim.counterexample("mean loss of the batches at s, against that of both", only(F(0), INSIDE))
def lower_in_the_mean(s, g):
    first, second, full = losses_at(s, g)
    return Contrast(full, (first + second) / 2, "less than")


claim.control("s < 0", bowls(), examples=20)(lambda bowl: lower(bowl, np.array([-1.0])))
