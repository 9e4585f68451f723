r"""LS-05  Small steps: sufficient decrease accepts them, curvature excludes them

Where: dissertation, eqs. 2.17 and 2.18
Claim: Every short enough step decreases the loss sufficiently; the curvature condition rules short steps out.
Formula: s \le \frac{2(1-c_1)|f'(0)|}{L\|d\|^2} \Rightarrow f(s) \le f(0) + c_1 s f'(0), \qquad s <
    \frac{(1-c_2)|f'(0)|}{L\|d\|^2} \Rightarrow f'(s) < c_2 f'(0)
Verdict: holds
Kind: property
"""

from __future__ import annotations

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import EPS
from ...claim import close, told
from .common import bowls, constants, descents, enough, room, searched

claim = told(__doc__)

GRID_50 = np.arange(1, 51) / 50


def sufficient(case, c1, tested=None, factor=1, pick=np.min):
    """The 50 steps up to factor times 2 (1 - c1) |f'(0)| / (L |d|^2) decrease enough, for c1 (or ``tested``)."""
    s = GRID_50 * factor * 2 * (1 - c1) * -case.slope0 / case.bend
    return pick(enough(case, s, c1 if tested is None else tested))


def steep(case, c2, factor=1):
    """The 50 steps up to factor times (1 - c2) |f'(0)| / (L |d|^2) violate eq. 2.18, or meet it with equality."""
    s = GRID_50 * factor * (1 - c2) * -case.slope0 / case.bend
    return np.min(room(case.slope(s), c2 * case.slope0, case.slope_noise(s), -case.slope0))


@claim.check("enough decrease and too steep below the thresholds", st.tuples(descents(), constants))
def thresholds(case, c):
    return {"decrease": sufficient(case, c), "steepness": steep(case, c)}


@claim.check("our Armijo rule accepts", st.tuples(descents(), constants), examples=150)
def accepted_at_once(case, c1):
    """Our Armijo rule takes 49 such steps at the first try, where the room for them exceeds rounding; 7 on a bare
    line."""
    bar = 2 * (1 - c1) * -case.slope0 / case.bend
    s = GRID_50[:-1] * bar
    assume(np.all(case.bend / 2 * s * (bar - s) > case.noise(s)))
    rule = lambda first: methods.armijo.Armijo(c=c1, first=first, reset=2, tries=1)
    trace = searched(case, rule(s))
    alone = [tb.search(rule(first), case.change, slope0=case.slope0).status for first in s[::8]]
    return {"arrays": close(trace.size[0, 0] / s, 1.0, EPS), "alone": alone.count(tb.Status.FOUND) - len(alone)}


@claim.check("our Wolfe search goes beyond", st.tuples(descents(definite=True), st.floats(0.1, 0.9)), examples=150)
def never_shorter(case, c2):
    """Our Wolfe searches, from a tenth of the threshold, end beyond it (up to rounding of the slope)."""
    bar = (1 - c2) * -case.slope0 / case.bend
    rule = methods.wolfe.StrongWolfe(c1=1e-4, c2=c2, first=bar / 10)
    ours = {"arrays": searched(case, rule).size[0, 0], "alone": tb.search(rule, case.change, case.slope).step}
    return {name: room(bar, s, case.slope_noise(s) / case.bend, bar) for name, s in ours.items()}


claim.control("c1 = 1 on strictly convex lines: none of the steps", bowls())(
    lambda case: sufficient(case, 0.5, tested=1.0, pick=np.max)
)
claim.control("twice the first threshold", bowls())(lambda case: sufficient(case, 0.5, factor=2))
claim.control("twice the second threshold", bowls())(lambda case: steep(case, 0.5, factor=2))
