"""Section B, concluded: what converges, in which sense, and how fast (dissertation, section 2.4)."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods
from toybox.quotations import quote

from ..cases import EPS, add, dot, interpolating_sums, mean, positive, rationals, times, vectors
from ..claim import Check, Claim, Contrast, at_most, close, equal, only
from ..ours import Plain, Quadratics, moves, on_rule, univariate, walk

# --- RM-06: one stationary point is not enough

QUARTIC = Plain(lambda x: x[0] ** 4, lambda x: (4 * x[0] ** 3,))
HILL = Plain(lambda x: -(x[0] ** 2), lambda x: (-2 * x[0],))


def later(first=0):
    """1, 1/2, 1/3, ..., from the one numbered ``first``."""
    schedule: Any = methods.fixed.SCHEDULES["1/t"]
    return lambda t: schedule(F(t + first), None)


def iterates(plain, x, steps, first=0):
    """x and where our SGD without noise goes from it, on exact numbers."""
    return [x, *(move.x[0] for move in moves("sgd", plain, (x,), [0] * steps, rate=later(first)))]


def grows(x=F(2), steps=5, factor=3):
    return min(at_most(factor * abs(a), abs(b)) for a, b in pairwise(iterates(QUARTIC, x, steps)))


def first_iterates():
    found = iterates(QUARTIC, F(2), 2)
    return equal(found, [2, -30, 53970])


def induction(t, x):
    """If x_t^2 >= t, then x_(t+1) is at least 3 times as far away, and x_(t+1)^2 >= t + 1."""
    assume(x * x >= t)
    after = iterates(QUARTIC, x, 1, first=t - 1)[1]
    return {
        "factor": equal(abs(after), abs(x) * (4 * x * x / t - 1)),
        "3": at_most(3 * abs(x), abs(after)),
        "once more": at_most(t + 1, after * after),
    }


def diverges_on_arrays():
    """The rule on arrays takes the same steps, until a number is not finite.

    A step loses some 4 eps, and its cube triples what was lost before.
    """
    problem = univariate(lambda x: x**4, lambda x: 4 * x**3)
    found = walk(problem, on_rule(methods.fixed.Fixed(1.0, schedule="1/t")), [2.0], steps=12)
    exact = iterates(QUARTIC, F(2), 5)
    errors = [abs(F(float(x)) / wanted - 1) for x, wanted in zip(found.theta[:6, 0, 0], exact, strict=True)]
    return {
        "same": min(float(1 - error / F(6 * 3**k * EPS)) for k, error in enumerate(errors)),
        "ends": at_most(int(found.trace.ended[0]), 11),
    }


def nearer(plain, x):
    """Three steps on, the iterate would be nearer to the stationary point 0."""
    return Contrast(abs(x), abs(iterates(plain, x, 3)[-1]), "less than")


def never_farther(x):
    return min(at_most(abs(b), abs(a)) for a, b in pairwise(iterates(QUARTIC, x, 5)))


RM_06 = Claim(
    id="RM-06",
    title="Conditions 2.13 plus a unique stationary point are not sufficient",
    source="dissertation, eq. 2.13 and the text around it",
    statement="SGD converges to the only stationary point of a loss if its rates have an infinite sum and a finite sum"
    " of squares.",
    formula=r"\sum_t \lambda_t = \infty,\ \sum_t \lambda_t^2 < \infty \Rightarrow \theta_t \to \theta^*",
    kind="exact",
    verdict="refuted",
    finding="On the fourth power of x, without noise and with the rates 1/t, the iterates from 2 are 2, -30, 53970, ..."
    " Whenever the square of an iterate is at least t, the next one is at least 3 times as far away, so that this goes"
    " on for ever. The gradient must not grow faster than linearly, or the iterates must be bounded. And a stationary"
    " point may be a maximum, which only the word minimiser excludes.",
    corrected=r"x_t^2 \ge t \Rightarrow |x_{t+1}| = |x_t| \left(\frac{4 x_t^2}{t} - 1\right) \ge 3 |x_t|",
    checks=[
        Check("the first iterates", first_iterates),
        Check("five steps, each at least 3 times as far", grows),
        Check("the step of the induction", induction, st.tuples(st.integers(1, 50), rationals(-60, 60))),
        Check("our rule on arrays", diverges_on_arrays),
        Check("from 1/4 it is never farther", never_farther, lambda budget: [F(1, 4), F(-1, 4), F(1, 2)]),
    ],
    controls=[
        Check("from 1/4", lambda: grows(F(1, 4))),
        Check("5 times as far, from x^2 = t", lambda: grows(F(1), factor=5)),
        Check("never farther, from 2", lambda: never_farther(F(2))),
    ],
    counterexamples=[
        Check("distance from 0 after three steps from x on x^4", lambda x: nearer(QUARTIC, x), only(F(2))),
        Check("distance from the maximum after three steps from x on -x^2", lambda x: nearer(HILL, x), only(F(1, 10))),
    ],
)

# --- RM-07: two notions of convergence


def probability_beyond(law, eps):
    """P(abs(X) > eps) of a law of (value, probability)."""
    return sum((p for x, p in law if abs(x) > eps), F(0))


def second_moment(law):
    return sum((x * x * p for x, p in law), F(0))


def spike(t):
    """t with probability 1/t, else 0."""
    return [(F(t), F(1, t)), (F(0), 1 - F(1, t))]


def spikes(t):
    return {
        "probability": equal([probability_beyond(spike(t), eps) for eps in (F(1, 100), F(1), F(t) - 1)],
                             [F(1, t)] * 3),
        "mean square": equal(second_moment(spike(t)), t),
    }  # fmt: skip


@st.composite
def random_laws(draw):
    """Two to four values with their probabilities, and an eps."""
    n = draw(st.integers(2, 4))
    weights = draw(st.tuples(*[st.integers(1, 9)] * n))
    return [(x, F(w, sum(weights))) for x, w in zip(draw(vectors(n)), weights, strict=True)], draw(positive())


def markov(law, eps, factor=1):
    """What converges in the mean square converges in probability."""
    return at_most(factor * eps * eps * probability_beyond(law, eps), second_moment(law))


def bounded(law, eps, M=None):
    """Of variables below M, what converges in probability converges in the mean square."""
    M = max(abs(x) for x, _ in law) if M is None else M
    return at_most(second_moment(law), eps * eps + M * M * probability_beyond(law, eps))


def falls(t):
    """From t to 2 t the mean square would fall as the probability does: to one half."""
    falling = [probability_beyond(spike(s), F(1)) for s in (t, 2 * t)]
    return Contrast(second_moment(spike(t)) * falling[1] / falling[0], second_moment(spike(2 * t)), "at most")


TIMES = lambda budget: range(3, budget.many(200, 2000))

RM_07 = Claim(
    id="RM-07",
    title="Convergence in probability is not convergence in the mean square",
    source="dissertation, section 2.4",
    statement=f"{quote('in probability')} the expected squared distance from the minimiser goes to zero.",
    formula=r"\theta_t \to \theta^* \text{ in probability} \iff E\,\|\theta_t - \theta^*\|^2 \to 0",
    kind="exact",
    verdict="refuted",
    finding="That is convergence in the mean square. It implies convergence in probability, but not conversely: what is"
    " t with probability 1/t and else 0 converges to 0 in probability, while its mean square is t. Of variables with"
    " a common bound both notions are the same.",
    corrected=r"\epsilon^2 P(|X| > \epsilon) \le E X^2 \le \epsilon^2 + M^2 P(|X| > \epsilon) \text{ for } |X| \le M",
    checks=[
        Check("t with probability 1/t", spikes, TIMES),
        Check("the mean square bounds the probability", markov, random_laws(), examples=300),
        Check("and conversely, for bounded variables", bounded, random_laws(), examples=300),
    ],
    controls=[
        Check("no common bound", lambda t: bounded(spike(t), F(1), M=3), TIMES),
        Check("twice the probability", lambda: markov([(F(1), F(1))], F(9, 10), factor=2)),
    ],
    counterexamples=[Check("mean square at 2 t, if it fell with the probability", falls, only(3))],
)  # fmt: skip

# --- RM-08: constant rates under interpolation


class Shared(NamedTuple):
    """f_i = 1/2 (x - best)'A_i(x - best) with rational A_i, a start x, and a share of the largest rate."""

    A: tuple
    best: tuple
    x: tuple
    share: F

    @property
    def rate(self):
        """At most 1 / L_i, as the trace of A_i is at least its largest eigenvalue L_i."""
        return self.share / max(trace(A) for A in self.A)

    @property
    def e(self):
        return add(self.x, -1, self.best)


def trace(A):
    return sum((A[i][i] for i in range(len(A))), F(0))


@st.composite
def shared(draw):
    """A_i = b b' + c c', 2 x 2; the mean is regular."""
    few = vectors(2, low=-3, high=3, denominators=3)
    outer = lambda b: tuple(tuple(u * v for v in b) for u in b)
    pairs = draw(st.lists(st.tuples(few, few), min_size=1, max_size=3))
    A = tuple(tuple(add(u, 1, v) for u, v in zip(outer(b), outer(c), strict=True)) for b, c in pairs)
    case = Shared(A, draw(vectors(2)), draw(vectors(2)), draw(st.sampled_from([F(1, 4), F(1, 2), F(1)])))
    assume(any(trace(a) for a in A))
    return case


def after_one(case):
    """The errors after a step of our SGD on each of the samples."""
    problem = Quadratics(case.A, [case.best] * len(case.A))
    found = [moves("sgd", problem, case.x, [(i,)], rate=case.rate)[0].x for i in range(len(case.A))]
    return [add(x, -1, case.best) for x in found]


def square(v):
    return dot(v, v)


def one_step(case):
    """The identity of a step, its bound by |A_i e|^2 <= tr(A_i) e'A_i e, and the mean over i."""
    e, rate, moved = case.e, case.rate, [square(e) for e in after_one(case)]
    gradients = [times(A, e) for A in case.A]
    exact = [square(e) - 2 * rate * dot(e, g) + rate**2 * square(g) for g in gradients]
    bounds = [square(e) - rate * (2 - rate * trace(A)) * dot(e, g) for A, g in zip(case.A, gradients, strict=True)]
    return {
        "identity": equal(moved, exact),
        "bound": min(at_most(found, bound) for found, bound in zip(moved, bounds, strict=True)),
        "mean": at_most(mean(moved), contracted(case) * square(e)),
    }


def contracted(case):
    """1 - rate mu; of a 2 x 2 matrix the determinant over the trace is at most its least eigenvalue mu."""
    (a, b), (_, d) = (mean([A[k] for A in case.A]) for k in (0, 1))
    return 1 - case.rate * (a * d - b * b) / (a + d)


class Rated(NamedTuple):
    """1/2 (x - m_i)'A_i(x - m_i), a start (None: the minimiser of the sum), a rate, and the least eigenvalue mu."""

    A: np.ndarray
    m: np.ndarray
    start: np.ndarray | None
    rate: float
    mu: float


@st.composite
def rated(draw, shift=0.0):
    """All m_i the same, but for the shift of the first; a rate up to 1 / L_max."""
    case, share = draw(interpolating_sums()), draw(st.floats(0.01, 1))
    m = np.tile(case.best, (len(case.A), 1))
    m[0] += shift
    mu = max(np.linalg.eigvalsh(case.A.mean(axis=0)).min(), 0.0)
    return Rated(case.A, m, None if shift else case.w, share / np.linalg.eigvalsh(case.A).max(), mu)


class Walked(NamedTuple):
    """Two steps of our SGD on all m^2 pairs of samples, as lanes."""

    first: np.ndarray  # samples of the first step (lanes,)
    e: np.ndarray  # the error before it
    squares: np.ndarray  # |e_t|^2 (3, lanes)
    tol: float


def walked(case):
    """A step makes of w, and of the gradient, n + 4 roundings of numbers as large as |w| + |e|."""
    problem = tb.problems.NoisyQuadratic(case.A, case.m)
    (m, n), best = case.m.shape, problem.solution
    start = best if case.start is None else case.start
    index = np.array([(i, j) for i in range(m) for j in range(m)])
    draw = lambda t, j: index[:, t : t + 1]
    theta = walk(problem, on_rule(methods.fixed.Fixed(case.rate)), start, 2, draw, 1, seeds=range(m * m)).theta
    size = np.linalg.norm(start - best)
    tol = 10 * (n + 4) * EPS * size * (size + np.linalg.norm(start))
    return Walked(index[:, 0], start - best, np.sum((theta - best) ** 2, axis=-1), float(tol))


def contraction(case, found=None):
    """E |e_t|^2 <= (1 - rate mu)^t |e_0|^2 for t = 1, 2, in parts of the largest of the three."""
    found = found or walked(case)
    means = found.squares.mean(axis=-1)
    allowed = means[0] * (1 - case.rate * case.mu) ** np.arange(1, 3)
    return float(np.min(allowed - means[1:] + found.tol) / means.max())


def two_steps(case):
    """Also |e - rate A_i e|^2, the identity of the first step."""
    found = walked(case)
    e, rate, g = found.e, case.rate, case.A[found.first] @ found.e
    identity = e @ e - 2 * rate * g @ e + rate**2 * np.sum(g**2, axis=-1)
    return {"identity": close(found.squares[1], identity, found.tol), "contraction": contraction(case, found)}


def disagree(case):
    """At the minimiser of the sum, where the samples disagree about it."""
    assume(len(case.A) > 1 and np.any(case.A[0].sum(axis=0)))
    return contraction(case)


def too_fast(case):
    return contraction(case._replace(rate=3 * case.rate))


RM_08 = Claim(
    id="RM-08",
    title="SGD update identity and constant-rate convergence under interpolation",
    source="dissertation, section 2.4 (eq. 2.12) and section 4.7",
    statement="If all samples have parabolas with the same minimiser, SGD with a constant rate, at most the inverse of"
    " the largest curvature, approaches it: the expected squared distance shrinks by a factor in every step.",
    formula=r"E\,\|w_{t+1} - w^*\|^2 \le (1 - \lambda \mu)\, \|w_t - w^*\|^2, \quad \mu ="
    r" \lambda_{\min}\left(\frac1m \sum_i A_i\right)",
    kind="enumeration",
    verdict="holds",
    checks=[
        Check("one step on every sample, exact numbers", one_step, shared(), examples=120),
        Check("two steps on all samples, arrays", two_steps, rated(), examples=300),
    ],
    controls=[
        Check("one minimiser shifted: a floor remains", disagree, rated(shift=1.0), examples=20),
        Check(
            "three times the largest rate",
            too_fast,
            rated(),
            examples=30,
        ),
    ],
)

CLAIMS = (RM_06, RM_07, RM_08)
