r"""ERM-09  Steepest descent direction; mini-batch direction may ascend

Where: dissertation, sections 2.2 and 2.4
Claim: Of all unit directions only that of minus the gradient has the least slope, minus the length of the gradient. A
    step along minus a batch gradient increases the full loss, to first order, if and only if the two gradients have a
    negative inner product.
Formula: \min_{\|d\| = 1} \nabla f^\top d = -\|\nabla f\|, \qquad \frac{d}{ds} \mathcal L(\theta - s\, g_{\mathbb B}) >
    0 \iff g^\top g_{\mathbb B} < 0
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F

from ...claim import above, equal, only, told
from ...ours import moves
from ...proof import Theorem, same, size
from ..noise.common import exactly

claim = told(__doc__)


@claim.proof("any gradient and unit direction", broken={"directions of length 2": {"unit": 4}})
def steepest(gd, length, apart, unit=1):
    """g'd, the length of g, and the square of the distance of d from -g/|g|, which is 0 there only."""
    return Theorem(
        (length > 0, apart >= 0, apart == unit + 2 * gd / length + 1),
        {"least slope": gd >= -length, "there only": same(gd == -length, apart == 0)},
    )


@claim.proof("any smooth loss, for short steps", broken={"the batch's own slope": {"own": True}})
def ascends(change, s, gb, bb, bend, own=False):
    """A step s along -g_B changes the full loss by -s g'g_B, up to ``bend`` s^2: half of a bound of its curvature."""
    rest = size(change + s * gb)
    short = bend * s < size(gb)
    return Theorem(
        (s > 0, bend > 0, bb > 0, gb != 0, rest <= bend * s**2, short),
        {"ascent": same(change > 0, (-bb if own else -gb) > 0)},
    )


@claim.check("two samples, exactly")
@claim.control("the other of two samples", only(0))
def two_samples(index=1):
    """g_1 = 3 and g_2 = -1: the full loss, of slope 1, grows along -g_2."""
    plain, full = exactly([(F(3),), (F(-1),)]), (0, 1)
    move = moves("sgd", plain, (F(0),), [(index,)], rate=F(1, 1000))[0]
    return {
        "g": equal(plain.gradient((F(0),), full)[0], 1),
        "ascent": above(plain.value(move.x, full), plain.value((F(0),), full)),
    }
