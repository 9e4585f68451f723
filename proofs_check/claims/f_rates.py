"""Section F, second part: how fast the stochastic Armijo search converges (dissertation, section 2.6.3)."""

from __future__ import annotations

from fractions import Fraction as F
from functools import partial
from itertools import product

import numpy as np
from hypothesis import strategies as st

import toybox as tb

from ..cases import EPS, interpolating_sums, positive, powers, seeds, tol_eigen
from ..claim import Check, Claim, at_most, equal
from .f_steps import Piece, armijo, exact_step, extremes, path, quadratics

# --- SLS-03


def expected(pieces, x, c, beta, first, steps, best=F(0)):
    """E (x_T - x*)^2 over all paths of samples, exactly."""
    places = [x]
    for _ in range(steps):
        places = [exact_step(piece, x, c, beta, first).x[0] for x in places for piece in pieces]
    return sum((x - best) ** 2 for x in places) / len(places)


def linear_rate(pieces, c, beta, first):
    """The factor per step that is claimed; beta = 1 is the bound without backtracking."""
    mean = sum((piece.mu for piece in pieces), F(0)) / len(pieces)
    return 1 - mean * min(first, 2 * beta * (1 - c) / max(piece.L for piece in pieces))


def contracts(pieces, x, c, beta, first, steps, claimed=None):
    rate = linear_rate(pieces, c, beta if claimed is None else claimed, first)
    return at_most(expected(pieces, x, c, beta, first, steps), rate**steps * x**2)


def average_step(case, c, beta, first):
    """One step on strongly convex quadratics, averaged over the samples."""
    m, n = case.A.shape[:2]
    low, L = extremes(case.A)
    first = first / L.max()
    p = path(quadratics(case), armijo(c, beta, first), case.w, np.arange(m)[None])
    V, after = ((p.theta - case.best) ** 2).sum(-1).mean(-1)
    slop = 20 * n * EPS * (1 + float((p.size * L).max()))
    return float(1 - low.mean() * min(first, 2 * beta * (1 - c) / L.max()) - after / V + slop)


def compared_with_descent(case):
    """The mean of the constants of strong convexity is at most that of the mean; the largest L is at least its L."""
    low, L = extremes(case.A)
    whole = np.linalg.eigvalsh(case.A.mean(axis=0))
    slop = tol_eigen(len(whole), L.max())
    return {"mu": float(whole[0] - low.mean() + slop), "L": float(L.max() - whole[-1] + slop)}


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


def rational_sums(budget):
    """Two or three pieces with the common minimiser 0, walked for up to three steps."""
    random, pick = budget.random(), F(1)
    some = lambda: F(random.randint(1, 9), random.randint(1, 5))
    for _ in range(budget.many(80, 1000)):
        m = random.choice([2, 3])
        pick = random.choice([-1, 1]) * some()
        c, beta = F(random.randint(10, 19), 20), random.choice([F(1, 2), F(9, 10)])
        yield [Piece(some(), some()) for _ in range(m)], pick, c, beta, some(), random.randint(1, 5 - m)


HALF, ONE, TENTH, NINE = F(1, 2), F(1), F(1, 10), F(9, 10)
FLAT = F(3, 80)
MIRRORED = [Piece(FLAT, ONE), Piece(ONE, FLAT)]

SLS_03 = Claim(
    id="SLS-03",
    title="Linear rate, strongly convex",
    source="dissertation, sections 2.6.3 and 6.2; Vaswani et al. 2019, Theorem 1",
    statement="Under interpolation, with smooth and strongly convex sample losses and c >= 1/2, the expected squared"
    " distance to the minimiser shrinks in every step by a constant factor, which depends on the mean of the constants"
    " of strong convexity and on the largest Lipschitz constant.",
    formula=r"E\|w_T - w^*\|^2 \le \left(1 - \bar\mu \min\left\{\eta_{\max},"
    r" \frac{2\beta(1-c)}{L_{\max}}\right\}\right)^T \|w_0 - w^*\|^2",
    kind="enumeration",
    verdict="holds",
    finding="With beta, as SLS-01 has it. For c = 1/2 and without beta it is the printed maximum of two factors. It has"
    " the order of gradient descent, not its constant: the mean of the mu_i is at most the mu of the mean, and the"
    " largest L_i at least its L.",
    checks=[
        Check("all paths on pieces of parabolas, exactly", contracts, rational_sums),
        Check(
            "one step on quadratics",
            average_step,
            st.tuples(strongly_convex_sums(), st.floats(0.5, 0.95), st.floats(0.3, 0.95), powers(-2, 2)),
            examples=300,
        ),
        Check("constants of the mean", compared_with_descent, interpolating_sums(), examples=150),
        Check("form for c = 1/2", printed_form, st.tuples(positive(), positive(), positive()), examples=150),
    ],
    controls=[
        Check(
            "minimisers apart",
            lambda: contracts([Piece(ONE, ONE, ONE), Piece(ONE, ONE, -ONE)], F(0), HALF, NINE, ONE, 1),
        ),
        Check("c = 1/10", lambda: contracts(MIRRORED, ONE, TENTH, NINE, F(11, 3), 2)),
        Check("bound without beta", lambda: contracts([Piece(ONE, ONE)], ONE, HALF, NINE, F(101, 100), 2, claimed=ONE)),
    ],
)

# --- SLS-04


PATHS = np.array(list(product(range(3), repeat=4))).T  # (steps, paths)


def factor(c, beta, first, L):
    """What multiplies |w_0 - w*|^2 / T."""
    return c / (2 * c - 1) * max(L / (2 * beta * (1 - c)), 1 / first)


def average_risk(case, c, beta, first, spread=0.0):
    """Slack of the mean over all 81 paths, as a part of the bound. ``spread`` drives the minimisers apart."""
    L = float(np.linalg.norm(case.A, 2, axis=(1, 2)).max())
    first = first / L
    best = case.best + spread * np.arange(-1, 2)[:, None] * np.ones(len(case.best))
    problem = tb.problems.NoisyQuadratic(case.A, best)
    start = problem.solution if spread else case.w
    p = path(problem, armijo(c, beta, first), start, PATHS)
    away = p.theta[:4].mean(axis=0)[:, None, :] - best  # (paths, samples, n)
    risk = float(np.einsum("pmi,mij,pmj->pm", away, case.A, away).mean() / 2)
    bound = factor(c, beta, first, L) / 4 * float(((start - problem.solution) ** 2).sum())
    return float(bound - risk + problem.floor if spread else (bound - risk) / abs(bound))


@st.composite
def rank_one_sums(draw):
    """Three quadratics of rank one with a common minimiser."""
    case = draw(interpolating_sums(n=st.integers(1, 4), m=st.just(3)))
    b = np.random.default_rng(draw(seeds)).standard_normal((3, len(case.best)))
    return case._replace(A=b[:, :, None] * b[:, None, :])


def equal_samples():
    """Three times x^2 / 2, c = 7/8, steps of 1/4: .198 of the bound is used, more than in any sum that was drawn."""
    c, beta, first, x, places = F(7, 8), F(99, 100), F(1, 4), F(1), []
    for _ in range(4):
        places.append(x)
        x = exact_step(Piece(F(1), F(1)), x, c, beta, first).x[0]
    risk = (sum(places) / 4) ** 2 / 2
    return equal(round(risk / (factor(c, beta, first, F(1)) / 4), 3), F(198, 1000))


LARGER = st.floats(0.51, 0.95), st.floats(0.3, 0.95), powers(-1, 1)

SLS_04 = Claim(
    id="SLS-04",
    title="Convex rate with averaging",
    source="dissertation, section 2.6.3; Vaswani et al. 2019, Theorem 2",
    statement="Under interpolation, with smooth and convex sample losses and c > 1/2, the expected excess loss of the"
    " average of the first T iterates is at most a constant over T.",
    formula=r"E[f(\bar w_T) - f^*] \le \frac{c}{(2c-1)\,T}"
    r" \max\left\{\frac{L_{\max}}{2\beta(1-c)}, \frac{1}{\eta_{\max}}\right\} \|w_0 - w^*\|^2",
    kind="enumeration",
    verdict="holds",
    finding="With beta, as SLS-01 has it. About a fifth of the bound is all that was ever used in four steps.",
    checks=[
        Check("all 81 paths of 4 steps", average_risk, st.tuples(rank_one_sums(), *LARGER), examples=250),
        Check("equal samples", equal_samples),
        Check(
            "the bound blows up at 1/2",
            lambda k: equal(factor(HALF + F(1, 10**k), NINE, ONE, ONE) > F(10**k, 4), True),
            lambda budget: range(1, 9),
        ),
    ],
    controls=[
        Check(
            "c < 1/2: a negative bound",
            average_risk,
            st.tuples(rank_one_sums(), st.floats(0.1, 0.49), *LARGER[1:]),
            examples=10,
        ),
        Check(
            "minimisers apart",
            partial(average_risk, spread=1.0),
            st.tuples(rank_one_sums(), *LARGER),
            examples=10,
        ),
    ],
)

CLAIMS = (SLS_03, SLS_04)
