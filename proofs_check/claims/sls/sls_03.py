r"""SLS-03  Linear rate, strongly convex

Where: dissertation, sections 2.6.3 and 6.2; Vaswani et al. 2019, Theorem 1
Claim: Under interpolation, with smooth and strongly convex sample losses and c >= 1/2, the expected squared distance to
    the minimiser shrinks in every step by a constant factor, which depends on the mean of the constants of strong
    convexity and on the largest Lipschitz constant.
Formula: E\|w_T - w^*\|^2 \le \left(1 - \bar\mu \min\left\{\eta_{\max}, \frac{2\beta(1-c)}{L_{\max}}\right\}\right)^T
    \|w_0 - w^*\|^2
Verdict: holds
Kind: exact
Found: With beta, as SLS-01 has it. For c = 1/2 and without beta it is the printed maximum of two factors. It has the
    order of gradient descent, not its constant: the mean of the mu_i is at most the mu of the mean, and the largest L_i
    at least its L.
"""

from __future__ import annotations

from fractions import Fraction as F

from ...claim import only, told
from ...estimation import for_all
from ...proof import Theorem, every, larger, smaller
from .common import HALF, MIRRORED, NINE, ONE, TENTH, Piece, contracts

claim = told(__doc__)
claim.certified()
for c in (F(1, 2), F(3, 4), F(9, 10)):
    sharper = claim.proof(
        f"an accepted step leaves (1 - 2 (1 - c) mu/L)^2 at most, c = {c}", {"power 4": {"power": 4}}, c=c
    )
    sharper(for_all.accepted_contracts)


@claim.proof("every sample's step", broken={"c >= 1/4": {"least": F(1, 4)}, "apart": {"apart": 1}})
def step(V, ge, gg, mu, c, eta, excess, shortest, least=HALF, apart=0):
    """As in SLS-02, with steps that are not shorter than SLS-01 has it: |w - w*|^2 = V shrinks to this share of it."""
    return Theorem(
        (
            *(V > 0, gg >= 0, ge**2 <= gg * V, mu >= 0, c >= least, excess >= 0, eta >= shortest, shortest > 0),
            *(excess <= ge - mu / 2 * V, c * eta * gg <= excess + apart),
        ),
        {"share": V - 2 * eta * ge + eta**2 * gg <= (1 - mu * shortest) * V},
    )


@claim.proof("their mean", broken={"the larger mu": {"mean": larger}})
def mean_of_two(V, mu1, mu2, after1, after2, shortest, mean=lambda one, other: (one + other) / 2):
    """Of two samples, and so of any number: the bounds are linear in mu. Over T steps the shares multiply, since each
    bounds the mean that is left, whatever was drawn before.
    """
    return Theorem(
        (V > 0, shortest > 0, after1 <= (1 - mu1 * shortest) * V, after2 <= (1 - mu2 * shortest) * V),
        {"rate": (after1 + after2) / 2 <= (1 - mean(mu1, mu2) * shortest) * V},
    )


@claim.proof("for c = 1/2 and without beta the larger of two", broken={"c = 3/4": {"c": F(3, 4)}})
def printed_form(mean, L, largest, c=HALF):
    rate = 1 - mean * smaller(largest, 2 * (1 - c) / L)
    return Theorem((mean > 0, L > 0, largest > 0), {"maximum": rate == larger(1 - mean / L, 1 - mean * largest)})


@claim.proof("constants of the mean", broken={"the larger mu": {"mean": larger}})
def compared_with_descent(q1, q2, mu1, mu2, L1, L2, mean=lambda one, other: (one + other) / 2):
    """q: how two losses bend along a unit vector, v'A_i v, each between its mu and L; so does their mean."""
    return Theorem(
        (mu1 <= q1, q1 <= L1, mu2 <= q2, q2 <= L2),
        {"between": every(mean(mu1, mu2) <= (q1 + q2) / 2, (q1 + q2) / 2 <= larger(L1, L2))},
    )


def rational_sums(budget):
    """Two or three pieces with the common minimiser 0, walked for up to three steps."""
    random, pick = budget.random(), F(1)
    some = lambda: F(random.randint(1, 9), random.randint(1, 5))
    for _ in range(budget.many(40, 1000)):
        m = random.choice([2, 3])
        pick = random.choice([-1, 1]) * some()
        c, beta = F(random.randint(10, 19), 20), random.choice([F(1, 2), F(9, 10)])
        yield [Piece(some(), some()) for _ in range(m)], pick, c, beta, some(), random.randint(1, 5 - m)


claim.check("all paths of our search on pieces of parabolas", rational_sums, degree="sampled")(contracts)
claim.control("minimisers apart", only([Piece(ONE, ONE, ONE), Piece(ONE, ONE, -ONE)], F(0), HALF, NINE, ONE, 1))(
    contracts
)
claim.control("c = 1/10", only(MIRRORED, ONE, TENTH, NINE, F(11, 3), 2))(contracts)
claim.control("bound without beta", only([Piece(ONE, ONE)], ONE, HALF, NINE, F(101, 100), 2), claimed=ONE)(contracts)
