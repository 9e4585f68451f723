r"""LS-05  Small steps: sufficient decrease accepts them, curvature excludes them

Where: dissertation, eqs. 2.17 and 2.18
Claim: Every short enough step decreases the loss sufficiently; the curvature condition rules short steps out.
Formula: s \le \frac{2(1-c_1)|f'(0)|}{L\|d\|^2} \Rightarrow f(s) \le f(0) + c_1 s f'(0), \qquad s <
    \frac{(1-c_2)|f'(0)|}{L\|d\|^2} \Rightarrow f'(s) < c_2 f'(0)
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from ... import of_code
from ...claim import told
from ...proof import Theorem

claim = told(__doc__)
claim.of_the_code(of_code.wolfe.capped, of_code.wolfe.doubles, of_code.wolfe.gives_up, of_code.wolfe.nowhere)


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
