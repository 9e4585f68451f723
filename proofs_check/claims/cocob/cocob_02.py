r"""COCOB-02  Wealth and regret bounds

Where: Orabona & Tommasi 2017, Algorithm 1, cited in the dissertation, section 2.8; constants derived anew
Claim: If no gradient exceeds L, the wealth grows exponentially with the squared sum of the gradients, and hence the
    regret against any fixed u is of the order |u| sqrt(L G ln G) + L.
Formula: \ln\frac{\mathrm{Wealth}_T}{L} \ge \frac{\theta_T^2}{2L(G_T+L)} - \frac12 \ln\frac{G_T}{L}, \qquad \sum_t g_t
    (u - w_t) \le |u - w_1| \sqrt{L(G_T+L) \ln\left(1 + \frac{(G_T+L)^2 (u-w_1)^2}{L^2}\right)} + L
Verdict: holds
Kind: enumeration
Found: The first bound was found to hold for all sequences of tosses that are multiples of L, L/2, L/4, L/8 or L/16, up
    to sums G of 400, 300, 150, 60 or 20 L, and in games of other tosses; it is not proved here, and a round may lose
    more than its share. The second follows by conjugation. At u = w_1 it is attained in the limit: tossed against by L
    every time, the wealth is the product of all 1 - tanh(1 / (2 j + 1)), which tends to 0 as the sum of 1 / (2 j + 1)
    diverges. Our Coin bets linearly: with alpha = 1 it has the first bound less ln(pi / 2) / 2, the price of Krichevsky
    and Trofimov's bettor; with the default alpha = 100 it falls far below.
Sampled: The bound of the wealth was tried for finitely many tosses. It compares a product of hyperbolic tangents with
    an exponential, which is no algebra, and an induction over the rounds fails: a round may lose more than its share.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from hypothesis import strategies as st

from toybox import methods
from toybox.xp import namespace

from ...cases import EPS, powers
from ...claim import at_most, close, only, told
from .common import bet, games, long_games, too_large

claim = told(__doc__)


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


@claim.check("wealth in games of any L", games(), examples=200)
@claim.check("wealth in games of 200 rounds", long_games, degree="sampled")
@claim.control("wealth in games, without the logarithm", games(), examples=20, logarithm=0)
def wealth_of_game(game, logarithm=0.5):
    """The same for any L, along a game; 25 roundings of the wealth a round."""
    T = len(game.g)
    G, theta = game.L + np.abs(game.g).cumsum(axis=0), game.g.cumsum(axis=0)
    bound = theta**2 / (2 * game.L * (G + game.L)) - logarithm * np.log(G / game.L)
    return float(np.min(np.log(game.wealth[1:] / game.L) - bound + 25 * T * EPS * (1 + np.abs(bound))))


@claim.control("round by round, at G = 1.93", lambda budget: [(-0.93, 1.93, 1.0)])
def one_round(theta, G, g):
    """Were the bound provable round by round, ln(1 + tanh(theta / (G + 1)) g) would exceed its own change."""
    potential = lambda theta, G: theta**2 / (2 * (G + 1)) - np.log(G) / 2
    change = potential(theta + g, G + abs(g)) - potential(theta, G)
    return float(np.log(tanh_round(1.0, theta, G, g)) - change)


@claim.check("our Coin, alpha = 1", lambda budget: [(0.25, budget.many(40, 120)), (1, budget.many(60, 200))])
@claim.control("our Coin, alpha = 100", only(0.25, 40, 100.0))
def our_bound(q, top, alpha=1.0):
    """Our Coin with alpha = 1: above the bound less ln(pi / 2) / 2, the price of Krichevsky and Trofimov's bettor."""
    return float(excess(q, top, coin_round(alpha)).min() + np.log(np.pi / 2) / 2)


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


def all_signs(T=11):
    """All sequences of T tosses of L = 1 or -1, a lane each."""
    choice = np.arange(2**T) >> np.arange(T)[:, None] & 1
    return bet(lambda t, w: 2.0 * choice[t] - 1, 1.0, T, 2**T)


@claim.check("regret of all sequences of signs", only(all_signs()))
@claim.check("regret in games of any L", games(), examples=200)
@claim.check("regret in games of 200 rounds", long_games, degree="sampled")
@claim.control("regret, tosses of 50 L", lambda budget: [too_large()])
@claim.control("regret without the L", games(), examples=20, offset=0.0)
def regret(game, **options):
    """Against 31 fixed u, after every round; 25 roundings of the wealth a round."""
    sizes = np.abs(game.g).cumsum(axis=0)[..., None] * np.abs(SOME_U) + game.wealth[1:, :, None]
    bound = regret_bound(game, SOME_U, **options)
    return float(np.min((bound - regrets(game) + 25 * (len(game.g) + 2) * EPS * sizes) / (bound + game.L)))


@claim.check("the regret's bound is sharp at u = w_1", lambda budget: [2000])
@claim.control("a wealth that falls like 1/n", only(2000), power=1.0)
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


QUANTA = ((1, 400), (0.5, 300), (0.25, 150), (0.125, 60), (0.0625, 20))


@claim.check("least wealth of all sequences", lambda budget: QUANTA)
@claim.control("without the logarithm", only(0.25, 1.25), of="above", logarithm=0)
@claim.control("tosses up to 5/4 L", only(0.25, 60), of="above", most=1.25)
@claim.control("our Coin in the place of tanh", only(0.25, 40), of="above", rounds=coin_round(1.0))
def wealth_bound(q, top, **options):
    """All sequences are above the bound; for q <= 1/2 the first toss comes closest to it, and closer than q / 2."""
    least = excess(q, top, **options).min()
    slack = {"above": float(least) or -1.0}
    if q <= 0.5:
        first = np.log(1 + q) / 2 - q * q / (2 * (2 + q))  # of one toss q: the wealth is still 1
        slack |= {"first": close(least, first, 8 * EPS), "tends to 0": at_most(least, q / 2)}
    return slack


CURVES = st.tuples(powers(-6, 6), powers(-6, 6), st.floats(0, 20))


@claim.check("conjugate function", CURVES)
@claim.control("conjugate with half of the root", lambda budget: [(1.0, 2.0, 5.0)], half=0.5)
def conjugate(alpha, beta, y, half=1.0):
    """sup over x of u x - beta exp(x^2 / (2 alpha)) against its bound; concave, with its peak at x for this u."""
    x, peak = y * np.sqrt(alpha), beta * np.exp(y * y / 2)
    u = x / alpha * peak
    bound = half * u * np.sqrt(alpha * np.log1p(alpha * u * u / beta**2)) - beta
    return (bound - (u * x - peak)) / (u * x + peak) + 10 * EPS
