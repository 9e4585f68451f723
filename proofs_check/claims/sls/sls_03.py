r"""SLS-03  Linear rate, strongly convex

Where: dissertation, sections 2.6.3 and 6.2; Vaswani et al. 2019, Theorem 1
Claim: Under interpolation, with smooth and strongly convex sample losses and c >= 1/2, the expected squared distance to
    the minimiser shrinks in every step by a constant factor, which depends on the mean of the constants of strong
    convexity and on the largest Lipschitz constant.
Formula: E\|w_T - w^*\|^2 \le \left(1 - \bar\mu \min\left\{\eta_{\max}, \frac{2\beta(1-c)}{L_{\max}}\right\}\right)^T
    \|w_0 - w^*\|^2
Verdict: holds
Kind: enumeration
Found: With beta, as SLS-01 has it. For c = 1/2 and without beta it is the printed maximum of two factors. It has the
    order of gradient descent, not its constant: the mean of the mu_i is at most the mu of the mean, and the largest L_i
    at least its L.
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
from hypothesis import strategies as st

from ...cases import EPS, interpolating_sums, positive, powers, tol_eigen
from ...claim import equal, only, told
from .common import HALF, MIRRORED, NINE, ONE, TENTH, Piece, armijo, contracts, extremes, linear_rate, path, quadratics

claim = told(__doc__)


@claim.check("constants of the mean", interpolating_sums(), examples=150)
def compared_with_descent(case):
    """The mean of the constants of strong convexity is at most that of the mean; the largest L is at least its L."""
    low, L = extremes(case.A)
    whole = np.linalg.eigvalsh(case.A.mean(axis=0))
    slop = tol_eigen(len(whole), L.max())
    return {"mu": float(whole[0] - low.mean() + slop), "L": float(L.max() - whole[-1] + slop)}


@claim.check("form for c = 1/2", st.tuples(positive(), positive(), positive()), examples=150)
def printed_form(mean, more, first):
    """For c = 1/2 and without beta the factor is the larger of two."""
    L = mean + more
    rate = linear_rate([Piece(mean, L)], F(1, 2), F(1), first)
    return equal(rate, max(1 - mean / L, 1 - mean * first))


@st.composite
def strongly_convex_sums(draw):
    """G-INT with matrices of full rank."""
    case, extra = draw(interpolating_sums()), draw(powers(-2, 0))
    return case._replace(A=case.A + extra * np.eye(case.A.shape[1]))


@claim.check(
    "one step on quadratics",
    st.tuples(strongly_convex_sums(), st.floats(0.5, 0.95), st.floats(0.3, 0.95), powers(-2, 2)),
    examples=300,
)
def average_step(case, c, beta, first):
    """One step on strongly convex quadratics, averaged over the samples."""
    m, n = case.A.shape[:2]
    low, L = extremes(case.A)
    first = first / L.max()
    p = path(quadratics(case), armijo(c, beta, first), case.w, np.arange(m)[None])
    V, after = ((p.theta - case.best) ** 2).sum(-1).mean(-1)
    slop = 20 * n * EPS * (1 + float((p.size * L).max()))
    return float(1 - low.mean() * min(first, 2 * beta * (1 - c) / L.max()) - after / V + slop)


def rational_sums(budget):
    """Two or three pieces with the common minimiser 0, walked for up to three steps."""
    random, pick = budget.random(), F(1)
    some = lambda: F(random.randint(1, 9), random.randint(1, 5))
    for _ in range(budget.many(80, 1000)):
        m = random.choice([2, 3])
        pick = random.choice([-1, 1]) * some()
        c, beta = F(random.randint(10, 19), 20), random.choice([F(1, 2), F(9, 10)])
        yield [Piece(some(), some()) for _ in range(m)], pick, c, beta, some(), random.randint(1, 5 - m)


claim.check("all paths on pieces of parabolas, exactly", rational_sums)(contracts)
claim.control("minimisers apart", only([Piece(ONE, ONE, ONE), Piece(ONE, ONE, -ONE)], F(0), HALF, NINE, ONE, 1))(
    contracts
)
claim.control("c = 1/10", only(MIRRORED, ONE, TENTH, NINE, F(11, 3), 2))(contracts)
claim.control("bound without beta", only([Piece(ONE, ONE)], ONE, HALF, NINE, F(101, 100), 2), claimed=ONE)(contracts)
