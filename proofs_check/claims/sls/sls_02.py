r"""SLS-02  Fejer contraction

Where: dissertation, section 2.6.3; Vaswani et al. 2019, proofs of Theorems 1 and 2
Claim: Let the loss of each sample be convex with the same minimiser, and strongly convex with a constant mu >= 0. With
    c >= 1/2 no step of the stochastic Armijo search leads away from that minimiser: its squared distance shrinks by mu
    eta of itself, and by a multiple of the excess loss.
Formula: \|w^+ - w^*\|^2 \le (1 - \mu_i \eta)\,\|w - w^*\|^2 - \eta \left(2 - \frac1c\right)\left(f_i(w) -
    f_i(w^*)\right)
Verdict: holds
Kind: exact
Found: The inequality itself needs no bound on c; only from 1/2 on is its last term a gain.
"""

from __future__ import annotations

from fractions import Fraction as F

from ... import of_code
from ...claim import at_most, equal, only, told
from ...proof import Theorem
from .common import Piece, exact_step

claim = told(__doc__)
claim.certified()
claim.of_the_code(of_code.armijo.nears)


@claim.proof("the inequality", broken={"mu doubled": {"strength": 2}, "3 - 1/c": {"two": 3}, "apart": {"apart": 1}})
def contracts(V, ge, gg, mu, c, eta, excess, strength=1, two=2, apart=0):
    """e = w - w*, V = |e|^2, ge = g'e. Strong convexity bounds the excess f(w) - f(w*); the excess bounds what an
    accepted step decreases, if w* minimises this loss (apart: it is above the minimum by so much).
    """
    after = V - 2 * eta * ge + eta**2 * gg
    return Theorem(
        (
            *(V > 0, gg >= 0, ge**2 <= gg * V, mu >= 0, c > 0, eta > 0, excess >= 0),
            *(excess <= ge - mu / 2 * V, c * eta * gg <= excess + apart),
        ),
        {"fejer": after <= (1 - strength * mu * eta) * V - eta * (two - 1 / c) * excess},
    )


@claim.proof("from c = 1/2 on no step leads away", broken={"from 1/4 on": {"least": F(1, 4)}})
def no_farther(V, ge, gg, mu, c, eta, excess, least=F(1, 2)):
    return Theorem(
        (
            *(V > 0, gg >= 0, ge**2 <= gg * V, mu >= 0, c >= least, eta > 0, excess >= 0),
            *(excess <= ge - mu / 2 * V, c * eta * gg <= excess),
        ),
        {"contraction": V - 2 * eta * ge + eta**2 * gg <= (1 - mu * eta) * V},
    )


# --- our searches


@claim.check("c = 1/2 contracts", only(F(1, 2)))
@claim.control("c = 1/10 does not", only(F(1, 10)))
@claim.control("c = 1/20 .. 9/20 all do", lambda budget: [F(k, 20) for k in range(1, 10)])
def overshoot(c):
    """The steep side of a piece from 1, with a first trial of 3.47: is there any contraction?"""
    steep = Piece(F(1, 20), F(1))
    move = exact_step(steep, F(1), c, F(9, 10), F(347, 100))
    return at_most(move.x[0] ** 2, 1 - steep.mu * move.step)


@claim.check("c = 1/10 overshoots to", only(F(347, 100), F(-247, 100)))
@claim.control("with a step that is longer by .01, too", only(F(348, 100), F(-248, 100)))
def overshot(first, end):
    """With c = 1/10 the trial 3.47 is accepted from 1; one that is .01 longer is not."""
    return equal(exact_step(Piece(F(1, 20), F(1)), F(1), F(1, 10), F(9, 10), first).x[0], end)
