r"""PAL-INT  PAL under interpolation

Where: dissertation, section 4.7
Claim: If all batches are quadratics with a common minimiser, PAL with a relaxation between 0 and 2 on batches drawn at
    random converges linearly. (The text says so of line searches of this kind; this form is derived.)
Formula: \eta = \alpha \frac{\|g_i\|^2}{g_i^\top A_i g_i} \ge \frac{\alpha}{L_i}, \quad \|e^+\|^2 \le \|e\|^2 - \eta (2
    - \alpha)\, e^\top A_i e, \quad \mathbb E \|e^+\|^2 \le \left(1 - \alpha (2 - \alpha) \frac{\mu}{L_{\max}}\right)
    \|e\|^2
Verdict: holds
Kind: exact
"""

from __future__ import annotations

from fractions import Fraction as F

from ...claim import told
from ...proof import Theorem

claim = told(__doc__)


@claim.proof("one batch", broken={"alpha > 2": {"most": 3}, "another minimiser": {"part": F(1, 2)}})
def fejer(distance, first, second, third, largest, alpha, most=2, part=1):
    """distance = |e|^2, and the others e'A^k e of the batch: g = A e, and second^2 <= first third (PAL-A11's pairs).
    part: of e'A e that e'g is, less than 1 where the batch has another minimiser.

    The last bound is linear in e'A e, so that its mean over batches has that of e'A e, which is mu |e|^2 or more.
    """
    eta = alpha * second / third
    after = distance - 2 * eta * part * first + eta**2 * second
    return Theorem(
        (
            *(distance > 0, first > 0, second > 0, third > 0, 0 < alpha, alpha < most),
            *(second**2 <= first * third, third <= largest * second),
        ),
        {
            "step": eta >= alpha / largest,
            "Fejer": after <= distance - eta * (2 - alpha) * first,
            "bound": after <= distance - alpha * (2 - alpha) / largest * first,
        },
    )


@claim.proof("their mean", broken={"alpha > 2": {"most": 3}})
def linear(distance, mean, smallest, largest, alpha, after, most=2):
    """mean: of e'A_i e; after: the mean of |e+|^2."""
    share = alpha * (2 - alpha) / largest
    return Theorem(
        (
            *(distance > 0, smallest > 0, largest > 0, 0 < alpha, alpha < most),
            *(mean >= smallest * distance, after <= distance - share * mean),
        ),
        {"rate": after <= (1 - share * smallest) * distance},
    )
