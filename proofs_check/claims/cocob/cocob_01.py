r"""COCOB-01  Wealth stays positive

Where: dissertation, section 2.8, COCOB
Claim: A gambler bets that the next gradient has the sign of the weight update. The reward is the update times the
    gradient, and a fraction of what has been won so far is the next update.
Formula: \mathrm{reward}_{t+1} = (w_t - w_{t-1})\, \nabla_{t+1}, \qquad w_{t+1} - w_t = \beta_t \sum_{i \le t}
    \mathrm{reward}_i
Verdict: corrected
Kind: exact
Found: The bet is not the update but the whole displacement w_t - w_1, the coin is the negative gradient g, and the
    fraction is of the wealth, L included. Then the wealth is a product, and positive as long as |g| <= L: no round
    costs more than tanh(1) = 76 per cent of it. Our Coin, too, never bets more than it owns.
True: \mathrm{Wealth}_t = L + \sum_{i \le t} (w_{i-1} - w_1) g_i, \quad w_t - w_1 = \beta_t\, \mathrm{Wealth}_t
    \Rightarrow \mathrm{Wealth}_{t+1} = \mathrm{Wealth}_t (1 + \beta_t g_{t+1}) > 0
"""

from __future__ import annotations

from fractions import Fraction as F

import numpy as np
from hypothesis import strategies as st

from ...cases import positive
from ...claim import Contrast, above, only, told
from ...ours import Plain, moves
from ...proof import Theorem, larger, size
from .common import bet

claim = told(__doc__)


@claim.proof("one round", broken={"tosses of 2 L": {"largest": 2}})
def stays_positive(wealth, fraction, g, L, share, largest=1):
    """Any fraction of at most share / L. The tanh bettor's is tanh(theta / (G + L)) / L, and |theta| <= G."""
    after = wealth + fraction * wealth * g
    given = (wealth > 0, L > 0, share < 1, size(fraction) * L <= share, size(g) <= largest * L)
    return Theorem(given, {"product": after == wealth * (1 + fraction * g), "left": after >= (1 - share) * wealth})


@claim.proof("our Coin's bets", broken={"tosses of 2 L": {"largest": 2}})
def solvent(L, R, theta, G, g, alpha, largest=1):
    """theta is the sum of the tosses and G that of their sizes: |theta| <= G, as each toss adds its size to both at
    most."""
    w = theta / (L * larger(G + L, alpha * L)) * (L + R)
    given = (L > 0, R >= 0, alpha > 0, size(theta) <= G, size(g) <= largest * L)
    return Theorem(given, {"bet": size(w) * L < L + R, "something is left": L + R + w * g > 0})


def update(game):
    """The last change of the weight."""
    return np.diff(game.w, axis=0, prepend=0)[:-1]


@claim.counterexample("wealth if the update is the bet", only(1.0, (1.0, 1.0, 0.5)))
@claim.counterexample(
    "wealth if the gradient is the coin", only(1.0, (1.0, 1.0, 0.5)), bet_on=lambda game: -game.w[:-1]
)
def other_reward(L, g, bet_on=update):
    """L plus all rewards, as they are described, against the product; g are negative gradients."""
    game = bet(lambda t, w: np.array([g[t]]), L, len(g), 1)
    product = L * np.prod(1 + game.fraction[:-1] * game.g)
    return Contrast(L + (bet_on(game) * game.g).sum(), product, rounding=1e-9)


RATIONAL = st.tuples(st.lists(st.integers(-6, 6).map(lambda k: F(k, 6)), min_size=1, max_size=8), positive())


@claim.check("our cocob on exact numbers", RATIONAL, examples=100)
@claim.control("our cocob on exact numbers, twice the bet", RATIONAL, examples=20, times=2)
def solvent_exactly(g, alpha, times=1):
    """L |w| is below what it owns, by its own account L + R of the rewards, cut at 0; L is 1."""
    plain = Plain(parts=[(lambda x, a=a: -a * x[0], lambda x, a=a: (-a,)) for a in (F(1), *g)])
    path = moves("cocob", plain, (F(0),), [(t,) for t in range(len(g) + 1)], alpha=alpha, eps=F(1, 10**8))
    w, R, slack = F(0), F(0), []
    for move, toss in zip(path, (F(1), *g), strict=True):
        R, w = max(R + w * toss, F(0)), move.x[0]
        slack.append(above(1 + R, times * abs(w)))
    return min(slack)
