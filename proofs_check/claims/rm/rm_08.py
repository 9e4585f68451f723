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

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import EPS, interpolating_sums
from ...claim import close, told
from ...ours import on_rule, walk
from ...proof import Theorem

claim = told(__doc__)
claim.certified()


@claim.proof("what A_i adds, by its eigenvalues", broken={"without the largest": {"bounded": False}})
def by_eigenvalue(a, L, e, rate, bounded=True):
    """e: the error along an eigenvector of A_i. The identity of a step and |A_i e|^2 <= L e'A_i e are sums of it."""
    return Theorem(
        (0 <= a, a <= L) if bounded else (0 <= a,),
        {
            "identity": (e - rate * a * e) ** 2 == e**2 - 2 * rate * a * e**2 + rate**2 * (a * e) ** 2,
            "gradient": (a * e) ** 2 <= L * (a * e**2),
        },
    )


@claim.proof(
    "the mean over the samples",
    broken={"thrice the largest rate": {"largest": 3}, "minimisers that differ": {"shared": False}},
)
def contracts(e, energy, square, rest, rate, L, mu, largest=1, shared=True):
    """e: |e|^2; energy and square: means over i of e'A_i e, which is at least mu |e|^2, and of |A_i e|^2; rest: what
    gradients at w* add to that."""
    after = e - 2 * rate * energy + rate**2 * (square + rest)
    noise = rest == 0 if shared else rest >= 0
    given = (e >= 0, rate > 0, L >= mu, mu >= 0, largest >= rate * L, noise)
    return Theorem(
        (*given, mu * e <= energy, energy <= L * e, square >= 0, square <= L * energy, square * e >= energy**2),
        {"contraction": after <= (1 - rate * mu) * e},
    )


CASES = st.tuples(interpolating_sums(), st.floats(0.01, 1))


@claim.check("two steps on all samples, arrays", CASES, examples=300)
@claim.control("three times the largest rate", CASES, examples=30, faster=3)
def two_steps(case, share, faster=1):
    """Two steps of our SGD on all m^2 pairs of samples, as lanes, with a share of the largest rate: |e - rate A_i e|^2,
    the identity of the first step, and E |e_t|^2 <= (1 - rate mu)^t |e_0|^2, in parts of the largest of the three.

    A step makes of w, and of the gradient, n + 4 roundings of numbers as large as |w| + |e|.
    """
    m, n = len(case.A), len(case.w)
    rate, mu = faster * share / np.linalg.eigvalsh(case.A).max(), np.linalg.eigvalsh(case.A.mean(axis=0)).min()
    problem = tb.problems.NoisyQuadratic(case.A, np.tile(case.best, (m, 1)))
    index = np.array([(i, j) for i in range(m) for j in range(m)])
    draw = lambda t, j: index[:, t : t + 1]
    theta = walk(problem, on_rule(methods.fixed.Fixed(rate)), case.w, 2, draw, 1, seeds=range(m * m)).theta
    e, squares = case.w - problem.solution, np.sum((theta - problem.solution) ** 2, axis=-1)  # (3, lanes)
    size = np.linalg.norm(e)
    tol = float(10 * (n + 4) * EPS * size * (size + np.linalg.norm(case.w)))
    g, means = case.A[index[:, 0]] @ e, squares.mean(axis=-1)
    allowed = means[0] * (1 - rate * max(mu, 0.0)) ** np.arange(1, 3)
    return {
        "identity": close(squares[1], e @ e - 2 * rate * g @ e + rate**2 * np.sum(g**2, axis=-1), tol),
        "contraction": float(np.min(allowed - means[1:] + tol) / means.max()),
    }
