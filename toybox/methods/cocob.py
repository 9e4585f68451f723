"""COCOB, coin betting: no rate at all.

Deviations: the released form, a fraction of the wealth linear in the sum of gradients (Algorithm 2 of the paper). It is
the whole displacement, and goes with Fixed(1).
"""

from __future__ import annotations

from typing import NamedTuple

from ..entry import decades, named, options
from ..hyper import Hyper, hyperparameters, number
from ..optimizer import Optimizer
from ..xp import Array, column
from .fixed import Fixed


class Wealth(NamedTuple):
    x0: Array
    largest: Array  # L, the largest |g| seen
    total: Array  # G, the sum of |g|
    sum: Array  # S, the sum of -g
    reward: Array  # R, at least 0


@hyperparameters
class Coin:
    """COCOB-Backprop: the whole displacement, coordinate by coordinate (Orabona & Tommasi 2017, Algorithm 2)."""

    alpha: Hyper = number(100.0, "(0, inf)", "steps, about, for which the first bets are held small")
    eps: Hyper = number(1e-8, "(0, inf)", "the largest |g| that is assumed before any was seen")
    per_coordinate = True

    def init(self, xp, point):
        zero = xp.zeros_like(point.theta)
        return Wealth(point.theta, zero + column(self.eps), zero, zero, zero)

    def step(self, xp, point, w):
        g, x = point.gradient, point.theta
        L = xp.maximum(w.largest, xp.abs(g))
        S, G = w.sum - g, w.total + xp.abs(g)
        R = xp.maximum(w.reward - g * (x - w.x0), 0.0)
        bet = S * (L + R) / (L * xp.maximum(G + L, column(self.alpha) * L))
        return w.x0 + bet - x, Wealth(w.x0, L, G, S, R)


NAMES = {
    "cocob": named(
        lambda **coin: Optimizer(Coin(**coin), Fixed(1.0)),
        options(Coin),
        "coin betting, no rate",
        "theta_{t+1} = theta_0 + S (L + R) / (L max(G + L, alpha L))",
        "1 gradient",
        "D section 2.8",
        "orabona2017",
        deviations="the fraction bet is linear, not a tanh",
        grid={"alpha": decades(0, 3, 2)},
    )
}
