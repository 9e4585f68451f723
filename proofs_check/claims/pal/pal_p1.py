r"""PAL-P1  Proposition 1: PAL converges

Where: dissertation, Proposition 1
Claim: PAL with exact slopes, without momentum, relaxation and largest step, converges to the minimum of every positive
    definite quadratic from every start and for every mu; only its first case occurs.
Formula: \beta = 0,\ \alpha = 1,\ s_{\max} = \infty,\ Q \succ 0 \ \Rightarrow\ x_n \to -\tfrac12 Q^{-1} r
Verdict: holds
Kind: property
Found: At Kantorovich's rate, as long as rounding leaves anything of the fitted curvature.
"""

from __future__ import annotations

from ... import of_code
from ...cases import EPS
from ...claim import below, close, told
from ...proof import Theorem, implies
from ...worst_cases import kantorovich
from .common import step_of, trajectories

claim = told(__doc__)
claim.certified()
claim.of_the_code(of_code.pal.minimises)


@claim.proof("a step", broken={"alpha = 2": {"alpha": 2}, "an indefinite Q": {"least": -1}})
def falls(gap, length, bend, mu, share, alpha=1, least=0):
    """gap = f - f*. Along -g the loss falls by length s - bend s^2, length = |g|, bend = d'Qd: at its best by a
    share 4r/(r+1)^2 of the gap or more (PAL-RATE).

    So after n steps the gap is at most (1 - share)^n times the first, and lmin |x - x*|^2 <= gap.
    """
    f = lambda s: gap - length * s + bend * s**2
    step = alpha * step_of(f(0), f(mu), -length, mu)
    return Theorem(
        (gap > 0, length > 0, bend > least, bend != 0, mu > 0, share > 0),
        {
            "first case": step == length / (2 * bend),
            "rate": implies(length**2 / (4 * bend) >= share * gap, f(step) <= (1 - share) * gap),
        },
    )


@claim.check("the rate on floats", trajectories, degree="sampled")
@claim.control("relaxed by 2", lambda budget: trajectories(budget, 3, alpha=2.0))
def falls_fast(t):
    """f(x+) <= f(x) (1 - (1 - delta^2) 4r/(r+1)^2): a step off by delta is alpha = 1 - delta or 1 + delta.

    Rounding of values and gradients: T-eig, relative to the smallest eigenvalue.
    """
    bound = t.f[:-1] * (1 - (1 - t.off**2) * kantorovich(t.condition))
    return below(t.f[1:], bound, 64 * t.n * EPS * t.condition * t.f[:-1])


@claim.check("exact searches on floats", trajectories, degree="sampled")
@claim.control("relaxed by 1/2", lambda budget: trajectories(budget, 1, alpha=0.5))
def first_case_only(t):
    """Every step is that of an exact search: no a <= 0, no step mu."""
    return close(t.arc, t.best, t.off * t.best)
