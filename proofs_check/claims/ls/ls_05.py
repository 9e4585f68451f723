r"""LS-05  Small steps: sufficient decrease accepts them, curvature excludes them

Where: dissertation, eqs. 2.17 and 2.18
Claim: Every short enough step decreases the loss sufficiently; the curvature condition rules short steps out.
Formula: s \le \frac{2(1-c_1)|f'(0)|}{L\|d\|^2} \Rightarrow f(s) \le f(0) + c_1 s f'(0), \qquad s <
    \frac{(1-c_2)|f'(0)|}{L\|d\|^2} \Rightarrow f'(s) < c_2 f'(0)
Verdict: holds
Kind: exact
"""

from __future__ import annotations

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import EPS
from ...claim import close, told
from ...proof import Theorem
from .common import constants, descents, room, searched

claim = told(__doc__)


@claim.proof("enough decrease", broken={"twice as far": {"far": 4}, "c1 = 1": {"asked": lambda c1: 1}})
def sufficient(b, bend, c1, s, change, far=2, asked=lambda c1: c1):
    """b = f'(0), bend = L |d|^2, and the change of f as the descent lemma bounds it (LS-11)."""
    return Theorem(
        (b < 0, bend > 0, c1 < 1, s > 0, change <= b * s + bend / 2 * s**2, s <= far * (1 - c1) * -b / bend),
        {"eq. 2.17": change <= asked(c1) * s * b},
    )


@claim.proof("too steep", broken={"twice as far": {"far": 2}})
def steep(b, bend, c2, s, slope, far=1):
    """The slope changes by at most bend s, as Lipschitz gradients have it."""
    return Theorem(
        (b < 0, bend > 0, s > 0, slope - b <= bend * s, s < far * (1 - c2) * -b / bend), {"eq. 2.18": slope < c2 * b}
    )


SHARES = np.arange(1, 50) / 50


@claim.check("our Armijo rule accepts", st.tuples(descents(), constants), examples=150)
@claim.control("twice as far", st.tuples(descents(), constants), far=2)
def accepted_at_once(case, c1, far=1):
    """Our Armijo rule takes 49 such steps at the first try, where the room for them exceeds rounding; 7 on a bare
    line."""
    bar = 2 * (1 - c1) * -case.slope0 / case.bend
    s = SHARES * bar
    assume(np.all(case.bend / 2 * s * (bar - s) > case.noise(s)))
    rule = lambda first: methods.armijo.Armijo(c=c1, first=first, reset=2, tries=1)
    trace = searched(case, rule(far * s))
    alone = [tb.search(rule(far * first), case.change, slope0=case.slope0).status for first in s[::8]]
    return {"arrays": close(trace.size[0, 0] / s, far, EPS), "alone": alone.count(tb.Status.FOUND) - len(alone)}


@claim.check("our Wolfe search goes beyond", st.tuples(descents(definite=True), st.floats(0.1, 0.9)), examples=150)
@claim.control("twice as far", st.tuples(descents(definite=True), st.floats(0.1, 0.9)), far=2)
def never_shorter(case, c2, far=1):
    """Our Wolfe searches, from a tenth of the threshold, end beyond it (up to rounding of the slope)."""
    bar = (1 - c2) * -case.slope0 / case.bend
    rule = methods.wolfe.StrongWolfe(c1=1e-4, c2=c2, first=bar / 10)
    ours = {"arrays": searched(case, rule).size[0, 0], "alone": tb.search(rule, case.change, case.slope).step}
    return {name: room(far * bar, s, case.slope_noise(s) / case.bend, bar) for name, s in ours.items()}
