r"""LS-06  Wolfe steps decrease the loss

Where: dissertation, eqs. 2.17 and 2.18
Claim: A positive step that satisfies the Wolfe conditions lowers the loss; the first condition is enough.
Formula: s > 0,\ c_1 > 0,\ f'(0) < 0,\ f(s) \le f(0) + c_1 s f'(0) \Rightarrow f(s) < f(0)
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from ... import of_code
from ...claim import told
from ...proof import Theorem, every

claim = told(__doc__)
claim.of_the_code(of_code.armijo.accepts, of_code.armijo.hands_on, of_code.wolfe.accepts)


@claim.proof("the first condition is enough", broken={"c1 < 0": {"side": -1}, "the second alone": {"first": False}})
def lower(a, b, c, s, change, side=1, first=True):
    """The second alone is tried on a s^2 + b s."""
    condition = change <= c * s * b if first else every(change == a * s**2 + b * s, 2 * a * s + b >= c * b)
    return Theorem((s > 0, b < 0, side * c > 0, condition), {"lower": change < 0})
