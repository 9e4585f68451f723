r"""RM-07  Convergence in probability is not convergence in the mean square

Where: dissertation, section 2.4
Claim: <<in probability>> the expected squared distance from the minimiser goes to zero.
Formula: \theta_t \to \theta^* \text{ in probability} \iff E\,\|\theta_t - \theta^*\|^2 \to 0
Verdict: refuted
Kind: exact
Found: That is convergence in the mean square. It implies convergence in probability, but not conversely: what is t with
    probability 1/t and else 0 converges to 0 in probability, while its mean square is t. Of variables with a common
    bound both notions are the same.
True: \epsilon^2 P(|X| > \epsilon) \le E X^2 \le \epsilon^2 + M^2 P(|X| > \epsilon) \text{ for } |X| \le M
"""

from __future__ import annotations

from fractions import Fraction as F

from ...claim import Contrast, only, told
from ...proof import Theorem, size, where

claim = told(__doc__)


@claim.proof(
    "any values and probabilities", broken={"twice the probability": {"factor": 2}, "no bound": {"bounded": False}}
)
def both_bounds(x, p, eps, M, factor=1, bounded=True):
    """What a value x of the probability p adds to both sides: sums and integrals of it are the two inequalities."""
    beyond = where(size(x) > eps, p, 0)
    return Theorem(
        (p >= 0, eps > 0, size(x) <= M) if bounded else (p >= 0, eps > 0),
        {
            "in the mean square, so in probability": factor * eps**2 * beyond <= p * x**2,
            "conversely, below M": p * x**2 <= eps**2 * p + M**2 * beyond,
        },
    )


@claim.proof("t with probability 1/t", broken={"with the root of it": {"square": lambda p: p**2}})
def spike(t, eps, p, square=lambda p: p):
    """It is beyond eps with the probability 1/t, while its mean square is t."""
    return Theorem(
        (t > 1, eps > 0, eps < 1, p > 0, square(p) == 1 / t),
        {"P": where(t > eps, p, 0) == 1 / t, "square": p * t**2 == t},
    )


@claim.counterexample("mean square at 2 t, if it fell with the probability", only(3))
def falls(t):
    """From t to 2 t the mean square would fall as the probability does: to one half."""
    probability, mean_square = (lambda t: F(1, t)), (lambda t: F(1, t) * t**2)
    return Contrast(mean_square(t) * probability(2 * t) / probability(t), mean_square(2 * t), "at most")
