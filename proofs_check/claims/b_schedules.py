"""Section B: which schedules of the rate meet the two conditions, and where they lead (dissertation, eq. 2.13)."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product
from math import ceil, exp, inf
from typing import Any, NamedTuple

import mpmath
import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ..cases import EPS, positive, rationals
from ..claim import ERRORS, Check, Claim, below, close, equal, sigmas
from ..ours import Quadratics, moves, on_rule, walk

LONG = 10**6

# --- RM-01: which powers


def powers(p, T=LONG):
    """t^-p for t = 1 .. T."""
    return np.arange(1.0, T + 1) ** -p


def needed(p, M):
    """The T at which the integral of t^-p from 1 to T is M, at most LONG."""
    T = exp(M) if p == 1 else (1 + (1 - p) * M) ** (1 / (1 - p)) if p < 1 else inf
    return ceil(min(T, LONG))


def reaches(p, c, M):
    """The sum of c t^-p is at least its integral, and so M at an explicit T."""
    return float(c * powers(p, needed(p, M / c)).sum() - M)


def stays(p, claimed=None):
    """For p > 1 the sum of t^-p stays below 1 + 1 / (p - 1)."""
    return float(1 - powers(p).sum() / (1 + 1 / ((claimed or p) - 1)))


def squares_reach(p, c, M):
    return reaches(2 * p, c * c, M)


def squares_stay(p, claimed=None):
    return stays(2 * p, 2 * claimed if claimed else None)


def limits():
    """The sums to infinity lie between those of LONG terms and these plus the integral of the rest."""
    first = float(powers(2).sum())
    tails = {p: mpmath.zeta(p) - mpmath.mpf(float(powers(p).sum())) for p in (1.5, 2, 3)}
    rest = {p: LONG ** (1 - p) / (p - 1) for p in tails}
    error = {p: 1e-15 * float(mpmath.zeta(p)) for p in tails}  # pairwise sums of 10^6 terms: 20 roundings
    return {
        "1.645 for p = 2": close(first, 1.645, 5e-4),
        "not less": min(below(0, float(tails[p]), 20 * error[p]) for p in tails),
        "not more": min(below(float(tails[p]), rest[p], 20 * error[p]) for p in tails),
    }


def our_schedules(name, p):
    """What our rules make of the rate 2: 2 (t + 1)^-p at step t = 0, 1, ... Two or three roundings."""
    steps = 60
    wanted = 2 * powers(p, steps)
    problem = tb.problems.NoisyQuadratic(np.eye(1) / 4, np.zeros((1, 1)))
    trace = walk(problem, on_rule(methods.fixed.Fixed(2.0, schedule=name)), [1.0], steps=steps).trace
    return close(trace.size[:, 0], wanted, 4 * EPS * wanted)


FACTORS = [0.5, 1.0, 3.0]
INSIDE = lambda budget: [0.51, 0.6, 0.75, 0.9, 1]
UP_TO_1 = lambda budget: [(p, c, M) for p in (0, 0.3, 0.5, 0.75, 1) for c in FACTORS for M in (1, 3, 6)]
UP_TO_HALF = lambda budget: [(p, c, M) for p in (0, 0.25, 0.4, 0.5) for c in FACTORS for M in (0.5, 1, 3)]
ABOVE_1 = lambda budget: [1.05, 1.5, 2, 3]

RM_01 = Claim(
    id="RM-01",
    title="Which power schedules satisfy 2.13",
    source="dissertation, eq. 2.13",
    statement="Learning rates c / t^p have an infinite sum and a finite sum of squares if and only if p is above one"
    " half and at most 1; the example 1 / t is one of them.",
    formula=r"\sum_t c\,t^{-p} = \infty,\ \sum_t c^2 t^{-2p} < \infty \iff \tfrac12 < p \le 1",
    kind="highprec",
    verdict="holds",
    finding="The printed sums begin at t = 0, where 1 / t is undefined: the schedule is 1 / (t + 1).",
    checks=[
        Check("p <= 1: the sum reaches any number", reaches, UP_TO_1),
        Check("p > 1/2: the squares stay below a number", squares_stay, INSIDE),
        Check("p > 1: the sum does not", stays, ABOVE_1),
        Check("p <= 1/2: the squares do not", squares_reach, UP_TO_HALF),
        Check("sums to infinity", limits),
        Check("our schedules", our_schedules, lambda budget: [("1/t", 1), ("1/sqrt(t)", 0.5), ("constant", 0)]),
    ],
    controls=[
        Check("p = 2: the sum reaches 2", lambda: reaches(2, 1.0, 2)),
        Check("p = 1/2: squares below what holds for 0.55", lambda: squares_stay(0.5, 0.55)),
        Check("constant: squares below what holds for 0.55", lambda: squares_stay(0, 0.55)),
        Check("1/sqrt(t) for 1/t", lambda: our_schedules("1/sqrt(t)", 1)),
    ],
)

# --- RM-02: mean squares on a noisy quadratic


def compose(a, b):
    """The composition of the maps e -> a_t e + b_t in their order, pair by pair: (factor, summand)."""
    while len(a) > 1:
        if len(a) % 2:
            a, b = np.append(a, 1.0), np.append(b, 0.0)
        a, b = a[1::2] * a[::2], a[1::2] * b[::2] + b[1::2]
    return a[0], b[0]


def after(rates, h=1.0, noise=1.0, e=4.0):
    """The mean square after steps with these rates from e, for curvature h and the variance ``noise``."""
    a, b = compose((1 - rates * h) ** 2, rates**2 * noise)
    return float(a * e + b)


def recursion(e, rates, h, noise, power=2):
    """E theta^2 before and after each step."""
    found = [e]
    for rate in rates:
        found.append((1 - rate * h) ** power * found[-1] + rate**2 * noise)
    return found


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


def noisy(h=1.0, s=1.0):
    return tb.problems.NoisyQuadratic(np.array([[h]]), np.array([[s], [-s]]))


noisies = st.builds(Noisy, positive(5), positive(), rationals(), positive(3))
PATHS = [*product(range(2), repeat=4)]


def inverse(t):
    """1 / (t + 1) by our schedule, which keeps fractions."""
    schedule: Any = methods.fixed.SCHEDULES["1/t"]
    return schedule(F(t), None)


def rate_of(case):
    return lambda t: case.c * inverse(t)


def all_paths(case):
    """SGD along all samples of 4 steps, on exact numbers: (paths, steps) of iterates."""
    paths = ([(i,) for i in path] for path in PATHS)
    walks = [moves("sgd", case.plain, (case.x,), path, rate=case.c, schedule="1/t") for path in paths]
    return [[move.x[0] for move in walked] for walked in walks]


def mean_squares(case, power=2):
    found = [sum(x * x for x in column) / len(PATHS) for column in zip(*all_paths(case), strict=True)]
    rates = [rate_of(case)(t) for t in range(4)]
    return equal(found, recursion(case.x**2, rates, case.h, case.noise, power)[1:])


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


def harmonic(h=F(1), e=F(7), noise=F(3, 2), schedule="1/t"):
    """sigma^2 / t after t steps of 1, 1/2, ..., by our schedule."""
    table: Any = methods.fixed.SCHEDULES
    found = recursion(e, [table[schedule](F(t), None) for t in range(200)], h, noise)
    return equal(found[1:], [noise / t for t in range(1, 201)])


def asymptotic(p, h, c):
    """lambda_T sigma^2 / 2 h, for p = 1 c^2 sigma^2 / (2 c h - 1) / T."""
    return c * LONG**-p / (2 * h) if p < 1 else c * c / (2 * c * h - 1) / LONG


def decays(p, h, c, rates=None):
    """At most three times that rate, and not less than 0.95 of it."""
    ratio = after(c * powers(p) if rates is None else rates, h) / asymptotic(p, h, c)
    return {"at most": 1 - ratio / 3, "at least": ratio - 0.95}


def quoted_values():
    """For c h = 0.1 what is left of the start decays like t^-0.2 only."""
    slow = [after(0.1 * powers(1, T)) for T in (LONG // 10, LONG)]
    return {
        "1.6e-5": close(after(powers(0.75)), 1.6e-5, 0.05e-5),
        "0.22": close(slow[1], 0.22, 0.005),
        "t^-0.2": close(slow[1] / slow[0], 10**-0.2, 0.01),
    }


def chains(schedule, steps, rates, many, seed):
    """Our SGD on arrays from 2, for h = sigma = 1, with these rates as lanes: mean square and its standard error."""
    rule = on_rule(methods.fixed.Fixed(np.array(rates), schedule=schedule))
    seeds = range(many * seed, many * (seed + 1))
    run = tb.run(noisy(), rule, steps=steps, batch=1, seeds=seeds, theta=[2.0], sampler="fresh", every=None)
    squares = run.theta[..., 0] ** 2
    return squares.mean(axis=0), squares.std(axis=0) / many**0.5


def simulated(seed, schedule="1/t", rates=(0.5, 1.0, 2.0), expected="1/t", power=2, limit=ERRORS, many=10_000):
    """The mean over the chains is what the recursion expects."""
    steps, table = 40, methods.fixed.SCHEDULES
    mean, error = chains(schedule, steps, rates, many, seed)
    sizes = [np.array(rates) * table[expected](t, steps) for t in range(steps)]
    return sigmas(mean, recursion(4.0, sizes, 1.0, 1.0, power)[-1], error, limit)


SEED = lambda budget: [budget.seed]
GRID = lambda budget: [
    *product((0.55, 0.75), (0.2, 1, 5), (1, 2)),
    *product((0.9,), (0.5, 1, 5), (1, 2)),
    *product((1,), (1, 2, 5), (1, 2)),
]

RM_02 = Claim(
    id="RM-02",
    title="Mean-square convergence on a noisy quadratic",
    source="dissertation, eq. 2.13",
    statement="SGD on a parabola with independent gradient errors of mean 0 converges in the mean square under the two"
    " conditions on its rates. With the rates 1, 1/2, 1/3, ... and curvature 1 the mean square after t steps is the"
    " variance over t.",
    formula=r"e_{t+1} = (1 - \lambda_t h)^2 e_t + \lambda_t^2 \sigma^2 \to 0, \qquad"
    r" \lambda_t = \frac1t,\ h = 1: e_{t+1} = \frac{\sigma^2}{t}",
    kind="exact",
    verdict="holds",
    finding="It may take long: for rates c / t with c h below one half the start is forgotten like t^(-2 c h) only,"
    " and for powers just below 1 not much faster.",
    checks=[
        Check("the recursion, from all samples", mean_squares, noisies, examples=50),
        Check("the same samples on arrays", paths_on_arrays, noisies, examples=50),
        Check("1/t", harmonic),
        Check("other powers, after 10^6 steps", decays, GRID),
        Check("quoted values and a slow case", quoted_values),
        Check("our SGD, 10^4 chains", simulated, SEED),
    ],
    controls=[
        Check("constant rate", lambda: decays(0.75, 1, 1, np.full(LONG, 0.5))),
        Check("summable rates", lambda: decays(0.75, 1, 1, powers(2) / 2)),
        Check("1/t for curvature 2", lambda: harmonic(h=F(2))),
        Check("no square of the factor, exact", lambda case: mean_squares(case, power=1), noisies, examples=20),
        Check("c h = 0.1 for p = 0.9: the start is not forgotten", lambda: decays(0.9, 0.2, 0.5)),
        Check("no square of the factor, chains", lambda seed: simulated(seed, power=1, limit=10, many=2000), SEED),
    ],
)


CLAIMS = (RM_01, RM_02)
