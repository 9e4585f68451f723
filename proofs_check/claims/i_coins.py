"""Section I, fourth part: coin betting (dissertation, section 2.8, COCOB).

The claims are about the bettor with the fraction tanh(theta / (G + L)) / L of its wealth (Orabona & Tommasi 2017,
Algorithm 1), which toybox does not have. Its ``Coin`` is their COCOB-Backprop (Algorithm 2): a fraction linear in
theta, and a reward that is cut at 0. Where a statement has a meaning for it, it is checked beside.
"""

from __future__ import annotations

from fractions import Fraction as F
from functools import partial
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from toybox import methods
from toybox.xp import namespace

from ..cases import EPS, positive, powers, seeds
from ..claim import Check, Claim, Contrast, above, at_most, below, close, only
from ..ours import Plain, moves

# --- a game: negative gradients g against positions w


class Game(NamedTuple):
    """Rounds of lanes. After round t the wealth is wealth[t] and the position w[t], from which g[t] is tossed."""

    L: float
    g: np.ndarray  # (T, lanes)
    w: np.ndarray  # (T + 1, lanes), from the start w_1 = 0
    fraction: np.ndarray  # (T + 1, lanes), of the wealth
    wealth: np.ndarray  # (T + 1, lanes)


def bet(toss, L, T, lanes):
    """The tanh bettor: wealth L + sum of w g, and the next w is tanh(theta / (G + L)) / L of it."""
    G, theta, wealth, w = np.full(lanes, L), np.zeros(lanes), np.full(lanes, L), np.zeros(lanes)
    rows = [(0 * w, w, 0 * w, wealth)]
    for t in range(T):
        g = toss(t, w)
        wealth = wealth + w * g
        G, theta = G + np.abs(g), theta + g
        fraction = np.tanh(theta / (G + L)) / L
        w = fraction * wealth
        rows.append((g, w, fraction, wealth))
    g, w, fraction, wealth = (np.stack(column) for column in zip(*rows, strict=True))
    return Game(L, g[1:], w, fraction, wealth)


def mixed(rng, L, T):
    """Tosses up to L: random ones, always against the position, and random signs; four lanes each."""
    uniform, signs = rng.uniform(-1, 1, (T, 4)), rng.choice([-1.0, 1.0], (T, 4))
    hard = rng.uniform(0, 1, 4) ** np.array([0, 1, 1, 4])  # how hard the adversary tosses
    against = lambda w: -np.where(w < 0, -1.0, 1.0) * hard
    return bet(lambda t, w: L * np.concatenate([uniform[t], against(w[4:8]), signs[t]]), L, T, 12)


@st.composite
def games(draw):
    return mixed(np.random.default_rng(draw(seeds)), draw(powers(-2, 2)), draw(st.sampled_from((1, 2, 3, 5, 10, 30))))


def long_games(budget):
    rng = budget.rng()
    return [mixed(rng, L, 200) for L in (0.01, 0.1, 1.0, 10.0, 100.0) for _ in range(budget.many(2, 20))]


def too_large():
    """A game of two rounds with L = 1: 50, then -50."""
    return bet(lambda t, w: np.array([50.0 - 100 * t]), 1.0, 2, 1)


# --- COCOB-01: wealth stays positive


def positive_wealth(game):
    """The wealth is above 0, a product, and no round (of three roundings) costs more than the share tanh 1 of it."""
    factor = game.wealth[1:] / game.wealth[:-1]
    return {
        "positive": float(game.wealth.min() / game.L) or -1.0,
        "factor": below(1 - np.tanh(1.0), factor, 4 * EPS * np.abs(factor)),
        "product": product(game),
    }


def product(game):
    """L plus all rewards is the product of the factors 1 + fraction g.

    A round's three roundings grow by the factor's condition, (1 + tanh 1) / (1 - tanh 1) < 8.
    """
    total, wealth = game.L + np.cumsum(game.w[:-1] * game.g, axis=0), multiplied(game)
    rounds = np.arange(1, len(total) + 1)[:, None]
    return close(total, wealth, 25 * rounds * EPS * wealth)


def multiplied(game):
    return game.L * np.cumprod(1 + game.fraction[:-1] * game.g, axis=0)


def other_reward(L, g, reward):
    """L plus all rewards, as they are described, against the product."""
    game = bet(lambda t, w: np.array([g[t]]), L, len(g), 1)
    return Contrast(L + reward(game).sum(), multiplied(game)[-1, 0], rounding=1e-9)


def by_update(game):
    """The reward as described: the last change of the weight times the gradient."""
    return np.diff(game.w, axis=0, prepend=0)[:-1] * game.g


class Purse(NamedTuple):
    """A game of our Coin: what it owns, L + R, where it stands, and its L, after every round."""

    wealth: np.ndarray  # (T, lanes)
    w: np.ndarray
    L: np.ndarray


def our_game(coin, g):
    """Our direction from 0 on the gradients -g (T, lanes): each lane a coordinate."""
    xp, w, rows = namespace("numpy"), np.zeros(g.shape[1]), []
    state = coin.init(xp, SimpleNamespace(theta=w))
    for toss in g:
        d, state = coin.step(xp, SimpleNamespace(theta=w, gradient=-toss), state)
        w = w + d
        rows.append((state.largest + state.reward, w, state.largest))
    return Purse(*(np.stack(column) for column in zip(*rows, strict=True)))


@st.composite
def tosses(draw, size=1.0):
    """alpha and tosses (T, 8) below 1, after a first one of 1 that lets Coin know its L."""
    rng, T = np.random.default_rng(draw(seeds)), draw(st.integers(1, 20))
    g = np.where(rng.random(8) < 0.5, rng.uniform(-1, 1, (T, 8)), rng.choice([-1.0, 1.0], (T, 8)))
    return draw(st.sampled_from((1.0, 3.0, 100.0))), np.concatenate([np.ones((1, 8)), size * g])


def coin_solvent(alpha, g):
    """It never bets more than it owns: whatever |g| <= L comes, something is left; then the cut at L is made.

    w is a sum of differences, off by one rounding a round; L is 1, and w below the wealth.
    """
    purse = our_game(methods.cocob.Coin(alpha), g)
    left = purse.wealth[:-1] + purse.w[:-1] * g[1:]
    error = 4 * len(g) * EPS * np.abs(purse.wealth).max(axis=0)
    return {
        "something is left": float((left / purse.wealth[:-1]).min(initial=1.0)) or -1.0,
        "then cut": close(purse.wealth[1:], np.maximum(purse.L[:-1], left), error),
        "at least L": below(purse.L, purse.wealth, EPS * purse.wealth),
    }


def solvent_exactly(g, alpha):
    """On exact numbers: L |w| is below what it owns, by its own account L + R of the rewards, cut at 0."""
    plain = Plain(parts=[(lambda x, a=a: -a * x[0], lambda x, a=a: (-a,)) for a in (F(1), *g)])
    path = moves("cocob", plain, (F(0),), [(t,) for t in range(len(g) + 1)], alpha=alpha, eps=F(1, 10**8))
    w, R, slack = F(0), F(0), []
    for move, toss in zip(path, (F(1), *g), strict=True):
        R, w = max(R + w * toss, F(0)), move.x[0]
        slack.append(above(1 + R, abs(w)))
    return min(slack)


def run_is_direction(alpha, g):
    """A run on exact numbers and the direction stand at the same places, up to some roundings a round."""
    found = our_game(methods.cocob.Coin(alpha), g[:, :1]).w[:, 0]
    plain = Plain(parts=[(lambda x, a=a: -a * x[0], lambda x, a=a: (-a,)) for a in g[:, 0].tolist()])
    path = moves("cocob", plain, (0.0,), [(t,) for t in range(len(g))], alpha=alpha, eps=1e-8)
    wanted = np.array([move.x[0] for move in path])
    most = np.maximum.accumulate(1 + np.abs(wanted))
    return close(found, wanted, 25 * np.arange(1, len(g) + 1) * EPS * most)


TOSSED = 1.0, (1.0, 1.0, 0.5)  # L and negative gradients
RATIONAL_TOSSES = st.lists(st.integers(-6, 6).map(lambda k: F(k, 6)), min_size=1, max_size=8)

COCOB_01 = Claim(
    id="COCOB-01",
    title="Wealth stays positive",
    source="dissertation, section 2.8, COCOB",
    statement="A gambler bets that the next gradient has the sign of the weight update. The reward is the update times"
    " the gradient, and a fraction of what has been won so far is the next update.",
    formula=r"\mathrm{reward}_{t+1} = (w_t - w_{t-1})\, \nabla_{t+1}, \qquad w_{t+1} - w_t = \beta_t"
    r" \sum_{i \le t} \mathrm{reward}_i",
    kind="property",
    verdict="corrected",
    finding="The bet is not the update but the whole displacement w_t - w_1, the coin is the negative gradient g, and"
    " the fraction is of the wealth, L included. Then the wealth is a product, and positive as long as |g| <= L: no"
    " round costs more than tanh(1) = 76 per cent of it. Our Coin, too, never bets more than it owns.",
    corrected=r"\mathrm{Wealth}_t = L + \sum_{i \le t} (w_{i-1} - w_1) g_i, \quad w_t - w_1 = \beta_t\,"
    r" \mathrm{Wealth}_t \Rightarrow \mathrm{Wealth}_{t+1} = \mathrm{Wealth}_t (1 + \beta_t g_{t+1}) > 0",
    checks=[
        Check("wealth", positive_wealth, games()),
        Check("wealth in 200 rounds", positive_wealth, long_games),
        Check("our Coin never bets more than it owns", coin_solvent, tosses(), examples=200),
        Check("on exact numbers", solvent_exactly, st.tuples(RATIONAL_TOSSES, positive()), examples=100),
        Check("run and direction", run_is_direction, tosses(), examples=100),
    ],
    controls=[
        Check("tosses of 50 L", lambda game: positive_wealth(game)["positive"], lambda budget: [too_large()]),
        Check(
            "our Coin, tosses up to 50 L",
            lambda alpha, g: coin_solvent(alpha, g)["something is left"],
            tosses(50.0),
            examples=20,
        ),
    ],
    counterexamples=[
        Check("wealth if the update is the bet", lambda L, g: other_reward(L, g, by_update), only(*TOSSED)),
        Check(
            "wealth if the gradient is the coin",
            lambda L, g: other_reward(L, g, lambda game: -game.w[:-1] * game.g),
            only(*TOSSED),
        ),
    ],
)

# --- COCOB-02: lower bound of the wealth


def tanh_round(wealth, theta, G, g):
    """The wealth of the tanh bettor (L = 1) after a toss."""
    return wealth * (1 + np.tanh(theta / (G + 1)) * g)


def coin_round(alpha):
    """The same of our Coin, whose G leaves out L; a toss of 0 shows where it stands."""
    coin, xp = methods.cocob.Coin(alpha), namespace("numpy")

    def after(wealth, theta, G, g):
        origin = 0 * wealth
        state = methods.cocob.Wealth(origin, origin + 1, origin + G - 1, theta, wealth - 1)
        w, _ = coin.step(xp, SimpleNamespace(theta=origin, gradient=origin), state)
        _, state = coin.step(xp, SimpleNamespace(theta=w, gradient=origin - g), state)
        return state.largest + state.reward

    return after


def least_wealth(q, top, rounds=tanh_round, most=1):
    """For every G = 1, 1 + q, ... up to ``top`` the sums theta and the least wealth that any tosses lead to.

    All sequences of tosses with sizes q, 2 q, ... ``most`` (L = 1); a toss of 0 changes nothing. A larger wealth before
    a toss is a larger one after it, so that the least one per (theta, G) is enough to go on with. After sizes that add
    up to k q, theta is -k q, (2 - k) q, ... k q.
    """
    levels = [(np.zeros(1), np.ones(1))]
    for k in range(1, round((top - 1) / q) + 1):
        least = np.full(k + 1, np.inf)
        for a in range(1, min(round(most / q), k) + 1):
            theta, wealth = levels[k - a]
            G = 1 + (k - a) * q
            for reached, toss in ((least[a:], a * q), (least[: k + 1 - a], -a * q)):
                np.minimum(reached, rounds(wealth, theta, G, toss), out=reached)
        levels.append((q * np.arange(-k, k + 1.0, 2), least))
    return levels[1:]


def excess(q, top, rounds=tanh_round, most=1, logarithm=0.5):
    """ln wealth - theta^2 / (2 (G + 1)) + ln(G) / 2, its minima over theta for G = 1 + q, 1 + 2 q, ..."""
    found = []
    for k, (theta, wealth) in enumerate(least_wealth(q, top, rounds, most), 1):
        G = 1 + k * q
        with np.errstate(invalid="ignore", divide="ignore"):
            found.append(np.min(np.log(wealth) - theta**2 / (2 * (G + 1)) + logarithm * np.log(G)))
    return np.array(found)


def first_excess(q):
    """Of one toss q: the wealth is still 1."""
    return np.log(1 + q) / 2 - q * q / (2 * (2 + q))


def wealth_bound(q, top):
    """All sequences are above the bound; for q <= 1/2 the first toss comes closest to it, and closer than q / 2."""
    found = excess(q, top)
    slack = {"above": float(found.min()) or -1.0}
    if q <= 0.5:
        slack["first"] = close(found.min(), first_excess(q), 8 * EPS)
        slack["tends to 0"] = at_most(found.min(), q / 2)
    return slack


def wealth_of_game(game):
    """The same for any L, along a game; 25 roundings of the wealth a round."""
    T = len(game.g)
    G, theta = game.L + np.abs(game.g).cumsum(axis=0), game.g.cumsum(axis=0)
    bound = theta**2 / (2 * game.L * (G + game.L)) - np.log(G / game.L) / 2
    return float(np.min(np.log(game.wealth[1:] / game.L) - bound + 25 * T * EPS * (1 + np.abs(bound))))


def one_round(theta, G, g):
    """Were the bound provable round by round, ln(1 + tanh(theta / (G + 1)) g) would exceed its own change."""
    potential = lambda theta, G: theta**2 / (2 * (G + 1)) - np.log(G) / 2
    change = potential(theta + g, G + abs(g)) - potential(theta, G)
    return float(np.log(tanh_round(1.0, theta, G, g)) - change)


def our_bound(q, top, alpha=1.0):
    """Our Coin with alpha = 1: above the bound less ln(pi / 2) / 2, the price of Krichevsky and Trofimov's bettor."""
    return float(excess(q, top, coin_round(alpha)).min() + np.log(np.pi / 2) / 2)


# --- and upper bound of the regret


def conjugate(alpha, beta, y, half=1.0):
    """sup over x of u x - beta exp(x^2 / (2 alpha)) against its bound; concave, with its peak at x for this u."""
    x, peak = y * np.sqrt(alpha), beta * np.exp(y * y / 2)
    u = x / alpha * peak
    bound = half * u * np.sqrt(alpha * np.log1p(alpha * u * u / beta**2)) - beta
    return (bound - (u * x - peak)) / (u * x + peak) + 10 * EPS


def regret_bound(game, u, offset=1.0):
    """The bound of sum g (u - w) after every round (T, lanes, len(u)), w_1 = 0."""
    G = game.L + np.abs(game.g).cumsum(axis=0)[..., None]
    logarithm = np.log1p((G + game.L) ** 2 * u * u / game.L**2)
    return np.abs(u) * np.sqrt(game.L * (G + game.L) * logarithm) + offset * game.L


SOME_U = np.concatenate([[0.0], np.geomspace(1e-3, 1e4, 15), -np.geomspace(1e-3, 1e4, 15)])


def regrets(game):
    """Sums of g (u - w) after every round (T, lanes, len(u)): theta u less what was won.

    The wealth is a product (COCOB-01): no digits are lost where much is won and lost again.
    """
    won = game.wealth[1:, :, None] - game.L
    return game.g.cumsum(axis=0)[..., None] * SOME_U - won


def regret(game, **options):
    """Against 31 fixed u, after every round; 25 roundings of the wealth a round."""
    sizes = np.abs(game.g).cumsum(axis=0)[..., None] * np.abs(SOME_U) + game.wealth[1:, :, None]
    bound = regret_bound(game, SOME_U, **options)
    return float(np.min((bound - regrets(game) + 25 * (len(game.g) + 2) * EPS * sizes) / (bound + game.L)))


def all_signs(T=11):
    """All sequences of T tosses of L = 1 or -1, a lane each."""
    choice = np.arange(2**T) >> np.arange(T)[:, None] & 1
    return bet(lambda t, w: 2.0 * choice[t] - 1, 1.0, T, 2**T)


def sharp(rounds, power=0.25):
    """Tossed against with L = 1 every time, theta is -1 and 0 in turn, and every second round, the 2 j-th, costs the
    share tanh(1 / (2 j + 1)) of the wealth, by 25 roundings: what is left is a product.

    As tanh x >= x/2 up to 1, and the sum of 1 / (2 j + 1) for j <= n exceeds ln((2 n + 3) / 3) / 2, this product is
    below ((2 n + 3) / 3)^(-1/4) and tends to 0: the regret at u = w_1, L less the wealth, tends to its bound L.
    """
    game = bet(lambda t, w: -np.where(w < 0, -1.0, 1.0), 1.0, rounds, 1)
    left, n = game.wealth[2::2, 0], np.arange(1, rounds // 2 + 1)
    factors = np.cumprod(1 - np.tanh(1 / (2 * n + 1)))
    regret = (regrets(game) / regret_bound(game, SOME_U))[1::2, 0, 0]  # at u = 0
    return {
        "product": close(left, factors, 50 * n * EPS * factors),
        "falls": float(np.min(((2 * n + 3) / 3) ** -power - left)),
        "regret": close(regret, 1 - factors, 100 * n * EPS),
    }


def both_bounds(game):
    return {"wealth": wealth_of_game(game), "regret": regret(game)}


QUANTA = ((1, 400), (0.5, 300), (0.25, 150), (0.125, 60), (0.0625, 20))
CURVES = st.tuples(powers(-6, 6), powers(-6, 6), st.floats(0, 20))

COCOB_02 = Claim(
    id="COCOB-02",
    title="Wealth and regret bounds",
    source="Orabona & Tommasi 2017, Algorithm 1, cited in the dissertation, section 2.8; constants derived anew",
    statement="If no gradient exceeds L, the wealth grows exponentially with the squared sum of the gradients, and"
    " hence the regret against any fixed u is of the order |u| sqrt(L G ln G) + L.",
    formula=r"\ln\frac{\mathrm{Wealth}_T}{L} \ge \frac{\theta_T^2}{2L(G_T+L)} - \frac12 \ln\frac{G_T}{L}, \qquad"
    r" \sum_t g_t (u - w_t) \le |u - w_1| \sqrt{L(G_T+L) \ln\left(1 + \frac{(G_T+L)^2 (u-w_1)^2}{L^2}\right)} + L",
    kind="enumeration",
    verdict="holds",
    finding="The first bound was found to hold for all sequences of tosses that are multiples of L, L/2, L/4, L/8 or"
    " L/16, up to sums G of 400, 300, 150, 60 or 20 L, and in games of other tosses; it is not proved here, and a round"
    " may lose more than its share. The second follows by conjugation. At u = w_1 it is attained in the limit: tossed"
    " against by L every time, the wealth is the product of all 1 - tanh(1 / (2 j + 1)), which tends to 0 as the sum"
    " of 1 / (2 j + 1) diverges. Our Coin bets linearly: with"
    " alpha = 1 it has the first bound less ln(pi / 2) / 2, the price of Krichevsky and Trofimov's bettor; with the"
    " default alpha = 100 it falls far below.",
    checks=[
        Check("least wealth of all sequences", wealth_bound, lambda budget: QUANTA),
        Check("games of any L", both_bounds, games(), examples=200),
        Check("games of 200 rounds", both_bounds, long_games),
        Check("conjugate function", conjugate, CURVES),
        Check("regret of all sequences of signs", lambda: regret(all_signs())),
        Check("the regret's bound is sharp at u = w_1", sharp, lambda budget: [2000]),
        Check(
            "our Coin, alpha = 1", our_bound, lambda budget: [(0.25, budget.many(40, 120)), (1, budget.many(60, 200))]
        ),
    ],
    controls=[
        Check("without the logarithm", lambda: float(excess(0.25, 1.25, logarithm=0).min())),
        Check("round by round, at G = 1.93", one_round, lambda budget: [(-0.93, 1.93, 1.0)]),
        Check("tosses up to 5/4 L", lambda: float(excess(0.25, 60, most=1.25).min())),
        Check("our Coin in the place of tanh", lambda: float(excess(0.25, 40, coin_round(1.0)).min())),
        Check("our Coin, alpha = 100", lambda: our_bound(0.25, 40, 100.0)),
        Check(
            "conjugate with half of the root",
            partial(conjugate, half=0.5),
            lambda budget: [(1.0, 2.0, 5.0)],
        ),
        Check("a wealth that falls like 1/n", lambda: sharp(2000, power=1.0)),
        Check("regret, tosses of 50 L", regret, lambda budget: [too_large()]),
        Check("regret without the L", lambda game: regret(game, offset=0.0), games(), examples=20),
    ],
)

CLAIMS = (COCOB_01, COCOB_02)
