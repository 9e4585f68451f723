r"""SLS-02  Fejer contraction

Where: dissertation, section 2.6.3; Vaswani et al. 2019, proofs of Theorems 1 and 2
Claim: Let the loss of each sample be convex with the same minimiser, and strongly convex with a constant mu >= 0. With
    c >= 1/2 no step of the stochastic Armijo search leads away from that minimiser: its squared distance shrinks by mu
    eta of itself, and by a multiple of the excess loss.
Formula: \|w^+ - w^*\|^2 \le (1 - \mu_i \eta)\,\|w - w^*\|^2 - \eta \left(2 - \frac1c\right)\left(f_i(w) -
    f_i(w^*)\right)
Verdict: holds
Kind: property
Found: The inequality itself needs no bound on c; only from 1/2 on is its last term a gain.
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
from hypothesis import strategies as st

from ...cases import EPS, interpolating_sums, positive, powers, rationals, seeds, tol_eigen
from ...claim import above, at_most, equal, only, told
from .common import Piece, armijo, exact_step, extremes, hinge, path, quadratics, separable

claim = told(__doc__)


def fejer(p, best, c, mu, L, last=True, strength=1):
    """The smallest slack of |w+ - w*|^2 <= (1 - mu eta) |w - w*|^2 - eta (2 - 1/c) f(w), as a part of |w - w*|^2.

    A gradient is rounded by n eps L |w - w*| and moves w+ by eta times that; a loss by 4 eps, which may extend
    eta |g|^2 by eta times that over c.
    """
    away = ((p.theta - best) ** 2).sum(-1)
    V, after, eta, f = away[:-1], away[1:], p.size, p.loss
    bound = (1 - strength * mu * eta) * V - (eta * (2 - 1 / c) * f if last else 0)
    slop = 20 * len(best) * EPS * (1 + eta * L) * V + 16 * EPS * eta * f / c
    return float(np.min((bound - after + slop) / np.where(V > 0, V, 1)))


@claim.check("c = 1/2 does not", only(F(1, 2)))
@claim.control("c = 1/10: contraction", only(F(1, 10)))
def overshoot(c):
    """The steep side of a piece from 1, with a first trial of 3.47: is there any contraction?"""
    return piece_step(Piece(F(1, 20), F(1)), F(1), c, F(9, 10), F(347, 100), last=False)


@claim.check("c = 1/10 overshoots")
def overshot():
    """With c = 1/10 this trial is accepted and leads from 1 to -2.47; one that is .01 longer is not."""
    steep = Piece(F(1, 20), F(1))
    return {
        "where": equal(exact_step(steep, F(1), F(1, 10), F(9, 10), F(347, 100)).x[0], F(-247, 100)),
        "longer": above(F(348, 100), exact_step(steep, F(1), F(1, 10), F(9, 10), F(348, 100)).step),
    }


@st.composite
def pieces(draw):
    return Piece(draw(positive()), draw(positive()), draw(rationals()))


LARGE = st.floats(0.5, 0.95), st.floats(0.3, 0.95), powers(-2, 2), seeds


@claim.check("squared hinge on separable data", st.tuples(separable(), *LARGE), examples=150)
def hinge_steps(data, c, beta, first, seed):
    rng = np.random.default_rng(seed)
    picks = rng.integers(len(data.y), size=(4, 4))
    start = data.w + np.linalg.norm(data.w) * rng.standard_normal((4, len(data.w)))
    p = path(hinge(data.X, data.y), armijo(c, beta, first), start, picks)
    return fejer(p, data.w, c, 0.0, 2 * (data.X**2).sum(1)[picks])


@claim.check("quadratics", st.tuples(interpolating_sums(), *LARGE), examples=200)
def quadratic_steps(case, c, beta, first, seed, **wrong):
    m, n = case.A.shape[:2]
    low, L = extremes(case.A)
    picks = np.random.default_rng(seed).integers(m, size=(4, 4))
    p = path(quadratics(case), armijo(c, beta, first), case.w, picks)
    return fejer(p, case.best, c, np.maximum(low - tol_eigen(n, 1) * L, 0)[picks], L[picks], **wrong)


EXACT = pieces(), rationals(), st.integers(10, 19).map(lambda k: F(k, 20)), st.sampled_from([F(1, 2), F(9, 10)])


@claim.check("pieces of parabolas, exactly", st.tuples(*EXACT, positive()), examples=150)
@claim.control("mu doubled", st.tuples(*EXACT, positive()), examples=50, strength=2)
def piece_step(piece, x, c, beta, first, strength=1, last=True):
    """The same, exactly, on pieces of parabolas."""
    move = exact_step(piece, x, c, beta, first)
    V, eta = (x - piece.best) ** 2, move.step
    bound = (1 - strength * piece.mu * eta) * V - (eta * (2 - 1 / c) * piece.f(x) if last else 0)
    return at_most((move.x[0] - piece.best) ** 2, bound)


claim.control("c = 1/20 .. 9/20: contraction", lambda budget: range(1, 10))(lambda k: overshoot(F(k, 20)))
