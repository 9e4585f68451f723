r"""SLS-04  Convex rate with averaging

Where: dissertation, section 2.6.3; Vaswani et al. 2019, Theorem 2
Claim: Under interpolation, with smooth and convex sample losses and c > 1/2, the expected excess loss of the average of
    the first T iterates is at most a constant over T.
Formula: E[f(\bar w_T) - f^*] \le \frac{c}{(2c-1)\,T} \max\left\{\frac{L_{\max}}{2\beta(1-c)},
    \frac{1}{\eta_{\max}}\right\} \|w_0 - w^*\|^2
Verdict: holds
Kind: exact
Found: With beta, as SLS-01 has it. About a fifth of the bound is all that was ever used in four steps.
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product

import numpy as np
from hypothesis import strategies as st

import toybox as tb

from ...cases import interpolating_sums, powers, seeds
from ...claim import equal, only, told
from ...proof import Theorem, larger, smaller
from .common import HALF, Piece, armijo, exact_step, path

claim = told(__doc__)


def factor(c, beta, first, L, larger=max):
    """What multiplies |w_0 - w*|^2 / T."""
    return c / (2 * c - 1) * larger(L / (2 * beta * (1 - c)), 1 / first)


@claim.proof("every sample's step", broken={"half of it": {"share": HALF}, "c < 1/2": {"least": F(1, 4), "most": HALF}})
def step(V, ge, gg, c, beta, L, largest, eta, excess, least=HALF, most=1, share=1):
    """As in SLS-02 with mu = 0 and steps that are not shorter than SLS-01 has it: the excess loss is paid for by what
    |w - w*|^2 = V shrinks.
    """
    shortest = smaller(largest, 2 * beta * (1 - c) / L)
    return Theorem(
        (
            *(V > 0, gg >= 0, ge**2 <= gg * V, least < c, c < most, 0 < beta, beta < 1, L > 0, largest > 0),
            *(excess >= 0, excess <= ge, c * eta * gg <= excess, eta >= shortest),
        ),
        {"paid": excess <= share * factor(c, beta, largest, L, larger) * (2 * eta * ge - eta**2 * gg)},
    )


@claim.proof("averages", broken={"concave": {"sense": -1}})
def averaged(T, risk, excess, next_risk, price, start, V, V_next, sense=1):
    """By induction on T, in the mean over samples: T times the excess of the average is paid for by what V has shrunk,
    and stays so, as the next average, T parts of the last one and one of w, has at most that mean of their excess.
    """
    return Theorem(
        (
            *(T >= 1, price > 0, V_next >= 0, risk >= 0, excess >= 0),
            *(T * risk <= price * (start - V), excess <= price * (V - V_next)),
            sense * (T + 1) * next_risk <= sense * (T * risk + excess),
        ),
        {
            "next": (T + 1) * next_risk <= price * (start - V_next),
            "bound": next_risk <= price * start / (T + 1),
        },
    )


# --- our search

PATHS = np.array(list(product(range(3), repeat=4))).T  # (steps, paths)


@st.composite
def rank_one_sums(draw):
    """Three quadratics of rank one with a common minimiser."""
    case = draw(interpolating_sums(n=st.integers(1, 4), m=st.just(3)))
    b = np.random.default_rng(draw(seeds)).standard_normal((3, len(case.best)))
    return case._replace(A=b[:, :, None] * b[:, None, :])


@claim.check("equal samples", only(F(198, 1000)))
@claim.control("half of the bound", only(F(1, 2)))
def equal_samples(share):
    """Three times x^2 / 2, c = 7/8, steps of 1/4: .198 of the bound is used, more than in any sum that was drawn."""
    c, beta, first, x, places = F(7, 8), F(99, 100), F(1, 4), F(1), []
    for _ in range(4):
        places.append(x)
        x = exact_step(Piece(F(1), F(1)), x, c, beta, first).x[0]
    risk = (sum(places) / 4) ** 2 / 2
    return equal(round(risk / (factor(c, beta, first, F(1)) / 4), 3), share)


LARGER = st.floats(0.51, 0.95), st.floats(0.3, 0.95), powers(-1, 1)


@claim.check("all 81 paths of 4 steps", st.tuples(rank_one_sums(), *LARGER), examples=150)
@claim.control("c < 1/2: a negative bound", st.tuples(rank_one_sums(), st.floats(0.1, 0.49), *LARGER[1:]), examples=10)
@claim.control("minimisers apart", st.tuples(rank_one_sums(), *LARGER), examples=10, spread=1.0)
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
