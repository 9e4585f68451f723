r"""SGD-08  Twice the optimal step improves nothing

Where: dissertation, section 5.5
Claim: On a parabola the point at twice the optimal step has the loss of the origin. If the rate 0.05 is exactly
    optimal, 0.1 improves nothing locally.
Formula: l(2\,s_{\mathrm{opt}}) = l(0)
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F

from ...cases import dot, times
from ...claim import equal, told
from ...ours import moves
from ...proof import Theorem
from .common import minibatches

claim = told(__doc__)


@claim.proof(
    "every parabola, and the rate that is twice as large",
    broken={"a cubic term": {"cubic": F(1, 10)}, "thrice the step": {"times": 3}},
)
def twice(value, slope, curvature, rate, length, cubic=0, times=2):
    """From ``value`` along a unit direction; the rate is optimal if rate times |g_B| is the optimal step."""
    change = lambda s: slope * s + curvature / 2 * s**2 + cubic * s**3
    optimal = -slope / curvature
    return Theorem(
        (slope < 0, curvature > 0, length > 0, rate * length == optimal),
        {
            "loss of the origin": value + change(times * optimal) == value,
            "twice the rate": change(times * rate * length) == 0,
        },
    )


@claim.check("PAL with alpha = 2 on exact numbers", minibatches(), examples=60)
@claim.control("PAL with alpha = 1", minibatches(), examples=20, alpha=1)
def on_exact_numbers(batch, alpha=2):
    loss = lambda x: batch.exactly.value(x, (0,))
    hyper = {"alpha": alpha, "beta": 0, "mu": F(1, 3), "s_max": F(10**9)}
    move = moves("pal", batch.exactly, batch.origin, [(0,)], **hyper)[0]
    along = dot(batch.g, times(batch.Q, batch.g))
    return {
        "loss": equal(loss(move.x), loss(batch.origin)),
        "step": equal(move.step, 2 * batch.length**3 / along),  # |g| over the curvature along the unit direction
    }
