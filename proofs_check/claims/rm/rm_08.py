r"""RM-08  SGD update identity and constant-rate convergence under interpolation

Where: dissertation, section 2.4 (eq. 2.12) and section 4.7
Claim: If all samples have parabolas with the same minimiser, SGD with a constant rate, at most the inverse of the
    largest curvature, approaches it: the expected squared distance shrinks by a factor in every step.
Formula: E\,\|w_{t+1} - w^*\|^2 \le (1 - \lambda \mu)\, \|w_t - w^*\|^2, \quad \mu = \lambda_{\min}\left(\frac1m \sum_i
    A_i\right)
Verdict: holds
Kind: enumeration
"""

from __future__ import annotations

from fractions import Fraction as F
from typing import NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import EPS, add, dot, interpolating_sums, mean, times, vectors
from ...claim import at_most, close, equal, told
from ...ours import Quadratics, moves, on_rule, walk

claim = told(__doc__)


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


@claim.check("one step on every sample, exact numbers", shared(), examples=120)
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


@claim.check("two steps on all samples, arrays", rated(), examples=300)
def two_steps(case):
    """Also |e - rate A_i e|^2, the identity of the first step."""
    found = walked(case)
    e, rate, g = found.e, case.rate, case.A[found.first] @ found.e
    identity = e @ e - 2 * rate * g @ e + rate**2 * np.sum(g**2, axis=-1)
    return {"identity": close(found.squares[1], identity, found.tol), "contraction": contraction(case, found)}


@claim.control("one minimiser shifted: a floor remains", rated(shift=1.0), examples=20)
def disagree(case):
    """At the minimiser of the sum, where the samples disagree about it."""
    assume(len(case.A) > 1 and np.any(case.A[0].sum(axis=0)))
    return contraction(case)


@claim.control("three times the largest rate", rated(), examples=30)
def too_fast(case):
    return contraction(case._replace(rate=3 * case.rate))
