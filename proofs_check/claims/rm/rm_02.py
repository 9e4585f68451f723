r"""RM-02  Mean-square convergence on a noisy quadratic

Where: dissertation, eq. 2.13
Claim: SGD on a parabola with independent gradient errors of mean 0 converges in the mean square under the two
    conditions on its rates. With the rates 1, 1/2, 1/3, ... and curvature 1 the mean square after t steps is the
    variance over t.
Formula: e_{t+1} = (1 - \lambda_t h)^2 e_t + \lambda_t^2 \sigma^2 \to 0, \qquad \lambda_t = \frac1t,\ h = 1: e_{t+1} =
    \frac{\sigma^2}{t}
Verdict: holds
Kind: exact
Found: It may take long: for rates c / t with c h below one half the start is forgotten like t^(-2 c h) only, and for
    powers just below 1 not much faster.
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from toybox import methods

from ...cases import EPS, positive, rationals
from ...claim import close, equal, only, told
from ...ours import Quadratics, moves, on_rule, walk
from .common import LONG, SEED, after, inverse, noisy, powers, recursion, simulated

claim = told(__doc__)


class Noisy(NamedTuple):
    """h / 2 (x - s)^2 and h / 2 (x + s)^2: gradients h x with an error of plus or minus h s; first x, first rate c."""

    h: F
    s: F
    x: F
    c: F

    @property
    def noise(self):
        return (self.h * self.s) ** 2

    @property
    def plain(self):
        return Quadratics([((self.h,),)] * 2, [(self.s,), (-self.s,)])

    @property
    def arrays(self):
        return noisy(float(self.h), float(self.s))


noisies = st.builds(Noisy, positive(5), positive(), rationals(), positive(3))
PATHS = [*product(range(2), repeat=4)]


def rate_of(case):
    return lambda t: case.c * inverse(t)


def all_paths(case):
    """SGD along all samples of 4 steps, on exact numbers: (paths, steps) of iterates."""
    paths = ([(i,) for i in path] for path in PATHS)
    walks = [moves("sgd", case.plain, (case.x,), path, rate=case.c, schedule="1/t") for path in paths]
    return [[move.x[0] for move in walked] for walked in walks]


@claim.check("the recursion, from all samples", noisies, examples=50)
@claim.control("no square of the factor, exact", noisies, examples=20, power=1)
def mean_squares(case, power=2):
    found = [sum(x * x for x in column) / len(PATHS) for column in zip(*all_paths(case), strict=True)]
    rates = [rate_of(case)(t) for t in range(4)]
    return equal(found, recursion(case.x**2, rates, case.h, case.noise, power)[1:])


@claim.check("the same samples on arrays", noisies, examples=50)
def paths_on_arrays(case):
    """One lane per path. An iterate up to M errs by 8 eps M (1 + c h) a step, which later steps stretch."""
    index = np.array(PATHS)
    rule = on_rule(methods.fixed.Fixed(float(case.c), schedule="1/t"))
    draw = lambda t, j: index[:, t : t + 1]
    found = walk(case.arrays, rule, [float(case.x)], 4, draw, 1, seeds=range(len(PATHS)))
    wanted = np.array(all_paths(case), float)
    M = max(float(abs(case.x) + case.s), np.abs(wanted).max())
    stretch = np.prod([max(1.0, abs(1 - float(rate_of(case)(t) * case.h))) for t in range(4)])
    return close(found.theta[1:, :, 0], wanted.T, 32 * EPS * M * float(1 + case.c * case.h) * stretch)


@claim.check("1/t")
@claim.control("1/t for curvature 2", h=F(2))
def harmonic(h=F(1), e=F(7), noise=F(3, 2), schedule="1/t"):
    """sigma^2 / t after t steps of 1, 1/2, ..., by our schedule."""
    table: Any = methods.fixed.SCHEDULES
    found = recursion(e, [table[schedule](F(t), None) for t in range(200)], h, noise)
    return equal(found[1:], [noise / t for t in range(1, 201)])


def asymptotic(p, h, c):
    """lambda_T sigma^2 / 2 h, for p = 1 c^2 sigma^2 / (2 c h - 1) / T."""
    return c * LONG**-p / (2 * h) if p < 1 else c * c / (2 * c * h - 1) / LONG


@claim.check("quoted values and a slow case")
def quoted_values():
    """For c h = 0.1 what is left of the start decays like t^-0.2 only."""
    slow = [after(0.1 * powers(1, T)) for T in (LONG // 10, LONG)]
    return {
        "1.6e-5": close(after(powers(0.75)), 1.6e-5, 0.05e-5),
        "0.22": close(slow[1], 0.22, 0.005),
        "t^-0.2": close(slow[1] / slow[0], 10**-0.2, 0.01),
    }


GRID = lambda budget: [
    *product((0.55, 0.75), (0.2, 1, 5), (1, 2)),
    *product((0.9,), (0.5, 1, 5), (1, 2)),
    *product((1,), (1, 2, 5), (1, 2)),
]


@claim.check("other powers, after 10^6 steps", GRID)
@claim.control("constant rate", only(0.75, 1, 1, np.full(LONG, 0.5)))
@claim.control("summable rates", only(0.75, 1, 1, powers(2) / 2))
@claim.control("c h = 0.1 for p = 0.9: the start is not forgotten", only(0.9, 0.2, 0.5))
def decays(p, h, c, rates=None):
    """At most three times that rate, and not less than 0.95 of it."""
    ratio = after(c * powers(p) if rates is None else rates, h) / asymptotic(p, h, c)
    return {"at most": 1 - ratio / 3, "at least": ratio - 0.95}


claim.check("our SGD, 10^4 chains", SEED)(simulated)
claim.control("no square of the factor, chains", SEED, power=1, limit=10, many=2000)(simulated)
