r"""SGD-04  The loss of the direction-defining batch is lower, its optimal step longer

Where: dissertation, sections 5.3 and 4.6; Mutschler & Zell 2021 (ICANN), section 3
Claim: Along the line the loss of the batch that defines the direction is always lower than other losses.
Formula: l_{\mathbb{B}}(s) < l(s)
Verdict: corrected
Kind: exact
Found: For a common Hessian: in the mean, from s = 0 on, where both are equal in the mean. The losses of other batches
    are equal to the full loss in the mean. The full loss asks for a step that is not longer than the mini-batch's just
    where the batch is steeper in the sense of SGD-03.
True: \mathbf{E}[l_{\mathbb{B}}(s) - l(s)] = -s\,\mathbf{E}[(g_{\mathbb{B}} - g)^\top\hat g_{\mathbb{B}}] \le 0 \quad (s
    \ge 0)
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import EPS, rotation, scale, seeds
from ...claim import Contrast, below, close, only, told
from ...ours import Quadratics, line
from ...proof import Theorem, same
from ..noise.common import UNBIASED, subsets, unbiased
from .common import INSIDE

claim = told(__doc__)


@claim.proof(
    "lower in the mean",
    broken={"s < 0": {"ahead": -1}, "a batch with a curvature of its own": {"common": False}},
)
def lower_in_the_mean(s, value, length, slope, bend, bent, ahead=1, common=True):
    """Means over all batches, along the direction of each: both losses begin at the full one and curve alike; length
    and slope are those of |g_B| and of g'g_B/|g_B|, of which the first is not smaller (SGD-03)."""
    own = value - s * length + s**2 / 2 * (bend if common else bent)
    full = value - s * slope + s**2 / 2 * bend
    return Theorem(
        (ahead * s >= 0, bend > 0, bent > 0, length >= slope),
        {"difference": own - full == -s * (length - slope), "not higher": own <= full},
    )


@claim.proof("the step of the full loss is not longer", broken={"where the batch is flatter": {"turned": -1}})
def longer(gb, bb, bHb, turned=1):
    """Just where |g_B|^2 >= g'g_B. As rates: both losses have the curvature g_B'H g_B, their slopes are these two."""
    return Theorem((bb > 0, bHb > 0), {"iff": same(gb / bHb <= bb / bHb, turned * (bb - gb) >= 0)})


claim.proof("losses of other batches, at any place", **UNBIASED)(unbiased)


@st.composite
def bowls(draw):
    """H and the c_i of L_i = 1/2 (x - c_i)'H(x - c_i)."""
    D, n, rng = draw(st.integers(2, 7)), draw(st.integers(1, 3)), np.random.default_rng(draw(seeds))
    g, U = rng.integers(-9, 10, (D, n)) / rng.integers(1, 5, (D, n)), rotation(rng, n)
    H = (U * 10 ** rng.uniform(-1, 1, n)) @ U.T
    return (H + H.T) / 2, -np.linalg.solve((H + H.T) / 2, g.T).T


@claim.check("our lines, every batch", bowls())
@claim.control("our lines, s < 0", bowls(), examples=20, steps=(-1.0,))
def on_our_lines(H, c, steps=(0.0, 0.1, 1.0, 3.0)):
    """E [l_B(s) - l(s)] is -s E [|g_B| - g'g_B/|g_B|], which is not positive, and 0 for s = 0; g_i = -H c_i.

    Tolerance: losses are sums of n^2 products, of the size of |x - c|'|H||x - c|, over D samples and over the batches.
    """
    (D, n), problem, found = c.shape, tb.problems.NoisyQuadratic(H, c), {}
    steps = np.array(steps)
    far = np.abs(c).max(axis=0) + np.abs(steps).max()
    for B in range(1, D + 1):
        index = np.array(list(subsets(D, B)))
        point, unit = problem.at(np.zeros((len(index), n)), index), methods.fixed.Unit()
        d, _ = unit.step(problem.xp, point, unit.init(problem.xp, point))
        batch, whole = point.along(d), problem.at(np.zeros((len(index), n)), problem.population).along(d)
        wanted = -steps * (whole.slope0 - batch.slope0).mean()
        s = np.broadcast_to(steps, (len(index), len(steps)))
        own, full = (ray.value0[..., None] + ray.change(s) for ray in (batch, whole))
        excess = (own - full).mean(axis=0)
        tolerance = 10 * (D + n * n + len(index)) * EPS * (far @ np.abs(H) @ far)
        found[f"mean, B = {B}"] = close(excess, wanted, tolerance)
        found[f"lower, B = {B}"] = below(excess, 0, tolerance)
    return found


def losses_at(s, g):
    """Of (x + g_i)^2 / 2 from 0 along -1: of both samples, and of all."""
    problem = Quadratics([((F(1),),)] * 2, [scale(-1, v) for v in g])
    return [line(problem, (F(0),), (F(-1),), batch)[0](s) for batch in ((0,), (1,), (0, 1))]


@claim.counterexample("loss of the first of two samples at s, against that of both", only(F(2), INSIDE))
def always_lower(s, g):
    first, _, full = losses_at(s, g)
    return Contrast(full, first, "less than")


@claim.counterexample("mean loss of the batches at s, against that of both", only(F(0), INSIDE))
def strictly_in_the_mean(s, g):
    first, second, full = losses_at(s, g)
    return Contrast(full, (first + second) / 2, "less than")
