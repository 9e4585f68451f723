r"""PAL-AVG  Averages of PAL's ends

Where: dissertation, section 4.4.4
Claim: Running PAL on every batch to its minimum and averaging the ends gives the minimiser of the mean loss, if the
    batches share their Q; the error is at most the mean of theirs.
Formula: \left\|\frac1m \sum_i x_i - x^*\right\| \le \frac1m \sum_i \|x_i - x_i^*\| \le \frac1m \sum_i \frac{\|\nabla
    \mathcal L_{\mathbb B_i}(x_i)\|}{2 \lambda_{\min}}
Verdict: holds
Kind: exact
Found: In general PAL needs infinitely many steps on every batch; for one variable, or from an eigenvector, one
    suffices.
"""

from __future__ import annotations

from ...claim import told
from ...proof import Theorem, every, some

claim = told(__doc__)


@claim.proof("two errors", broken={"a shorter sum": {"share": 0}})
def triangle(one, other, product, both, share=1):
    """|u + v| <= |u| + |v|, by the inequality of Cauchy and Schwarz; so with more of them, and with a mean.

    By Proposition 2 the minimiser is the mean of the minimisers, so that the average is off by the mean of the errors.
    """
    return Theorem(
        (one >= 0, other >= 0, both >= 0, product**2 <= (one * other) ** 2, both**2 == one**2 + 2 * product + other**2),
        {"triangle": both <= one + share * other},
    )


@claim.proof("an error and its gradient", broken={"eigenvalues below the smallest": {"below": 2}})
def near(smallest, h, e, error, gradient, below=1):
    """To |gradient|^2 an eigenvector adds (2 h e)^2, to |error|^2 e^2, whose sums keep the bound; then roots."""
    return Theorem(
        (smallest > 0, below * h >= smallest, error >= 0, gradient >= 0, gradient**2 >= (2 * smallest * error) ** 2),
        {"each": (2 * h * e) ** 2 >= (2 * smallest * e) ** 2, "root": error <= gradient / (2 * smallest)},
    )


@claim.proof("finitely many steps do not do", broken={"from an eigenvector": {"both": False}})
def never_finishes(p, q, x, y, both=True):
    """In the plane of two eigenvectors: a start with a part in both has one in both after an exact search."""
    rate = ((p * x) ** 2 + (q * y) ** 2) / (p * (p * x) ** 2 + q * (q * y) ** 2)
    return Theorem(
        (p > 0, q > 0, p != q, x != 0, some(not both, y != 0)),
        {"off": every(x - rate * p * x != 0, y - rate * q * y != 0)},
    )
