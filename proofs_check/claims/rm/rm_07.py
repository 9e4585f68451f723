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

from hypothesis import strategies as st

from ...cases import positive, vectors
from ...claim import Contrast, at_most, equal, only, told

claim = told(__doc__)


def probability_beyond(law, eps):
    """P(abs(X) > eps) of a law of (value, probability)."""
    return sum((p for x, p in law if abs(x) > eps), F(0))


def second_moment(law):
    return sum((x * x * p for x, p in law), F(0))


def spike(t):
    """t with probability 1/t, else 0."""
    return [(F(t), F(1, t)), (F(0), 1 - F(1, t))]


@st.composite
def random_laws(draw):
    """Two to four values with their probabilities, and an eps."""
    n = draw(st.integers(2, 4))
    weights = draw(st.tuples(*[st.integers(1, 9)] * n))
    return [(x, F(w, sum(weights))) for x, w in zip(draw(vectors(n)), weights, strict=True)], draw(positive())


@claim.check("the mean square bounds the probability", random_laws(), examples=300)
@claim.control("twice the probability", only([(F(1), F(1))], F(9, 10)), factor=2)
def markov(law, eps, factor=1):
    """What converges in the mean square converges in probability."""
    return at_most(factor * eps * eps * probability_beyond(law, eps), second_moment(law))


@claim.check("and conversely, for bounded variables", random_laws(), examples=300)
def bounded(law, eps, M=None):
    """Of variables below M, what converges in probability converges in the mean square."""
    M = max(abs(x) for x, _ in law) if M is None else M
    return at_most(second_moment(law), eps * eps + M * M * probability_beyond(law, eps))


@claim.counterexample("mean square at 2 t, if it fell with the probability", only(3))
def falls(t):
    """From t to 2 t the mean square would fall as the probability does: to one half."""
    falling = [probability_beyond(spike(s), F(1)) for s in (t, 2 * t)]
    return Contrast(second_moment(spike(t)) * falling[1] / falling[0], second_moment(spike(2 * t)), "at most")


TIMES = lambda budget: range(3, budget.many(200, 2000))


@claim.check("t with probability 1/t", TIMES)
def spikes(t):
    return {
        "probability": equal([probability_beyond(spike(t), eps) for eps in (F(1, 100), F(1), F(t) - 1)],
                             [F(1, t)] * 3),
        "mean square": equal(second_moment(spike(t)), t),
    }  # fmt: skip


claim.control("no common bound", TIMES)(lambda t: bounded(spike(t), F(1), M=3))
