"""Section G, continued: the limits of GOLS-I and its end (dissertation, section 2.6.4 and Algorithm 4)."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import count
from math import ceil, floor, log
from typing import NamedTuple

import numpy as np

import toybox as tb
from toybox import methods
from toybox.rays import Status

from ..cases import EPS
from ..claim import Check, Claim, Contrast, close, equal, only
from ..ours import on_rule, walk
from .g_brackets import SCALE, alone, search

# --- GOLS-03, GOLS-04


class Runs(NamedTuple):
    """One step of our rule per lane, with its limits."""

    mode: np.ndarray
    d: np.ndarray
    first: np.ndarray
    factor: np.ndarray
    size: np.ndarray
    trials: np.ndarray
    status: np.ndarray

    @property
    def largest(self):
        return np.minimum(1 / self.d, 1e7)

    @property
    def start(self):
        return np.minimum(np.maximum(self.first, SMALLEST), self.largest)


SMALLEST = 1e-8
NOISE, FALLS, RISES, BOWL = range(4)


class Oracle(NamedTuple):
    """Slopes of all sorts in lanes, l'(0) = -d^2: noise, falling for ever, rising on all fresh batches, a parabola."""

    mode: np.ndarray
    d: np.ndarray
    first: np.ndarray
    factor: np.ndarray
    vertex: np.ndarray
    noise: np.ndarray  # (lanes, samples)

    def ratio(self, s, j):
        """l'(s) / l'(0) on the samples j (lanes,)."""
        drawn = self.noise[np.arange(len(self.d)), j]
        fresh = np.where(self.mode == RISES, -1.0, np.where(self.mode == BOWL, 1 - s / self.vertex, drawn))
        return np.where((j == 0) | (self.mode == FALLS), 1.0, fresh)

    def lane(self, i):
        return Oracle(*(part[i : i + 1] for part in self))

    def run(self):
        def f(theta, index):
            x, j = theta[..., 0], np.broadcast_to(index[..., 0], theta.shape[:-1])
            return 0 * x, (self.d * self.ratio(-x / self.d, j[0]))[..., None]

        problem = tb.problems.FromFunction(f, 1, self.noise.shape[1])
        rule = on_rule(methods.golsi.GOLSI(first=self.first, factor=self.factor))
        sampler = lambda t, j: np.full((1, len(self.d), 1), j % self.noise.shape[1])
        w = walk(problem, rule, np.zeros((1, len(self.d), 1)), sampler=sampler, batch=1)
        size, trials, status = (part[0, 0] for part in (w.trace.size, w.trace.trials, w.trace.status))
        return Runs(self.mode, self.d, self.first, self.factor, size, trials, status)

    def alone(self):
        """The step and the trials of one lane on its bare lines, one per batch."""
        d, batch = self.d[0].item(), count(1)
        slope = lambda s: -d * d * self.ratio(np.array([s]), np.array([next(batch) % self.noise.shape[1]]))[0].item()
        golsi = methods.golsi.GOLSI(first=self.first[0].item(), factor=self.factor[0].item(), smallest=SMALLEST)
        end = tb.search(golsi, lambda s: 0.0, slope, slope0=-d * d, norm=d)
        return end.step, len(end.questions)


def oracle(budget, lowest=-8.0, highest=7.0):
    rng, n = budget.rng(), budget.many(2000, 100000)
    d, first, vertex = (10 ** rng.uniform(low, high, n) for low, high in ((lowest, highest), (-12, 9), (-10, 8)))
    noise = rng.choice([-1.0, 1.0], (n, 97), p=[0.2, 0.8]) * rng.uniform(0.1, 3, (n, 97))
    return Oracle(rng.integers(4, size=n), d, first, rng.uniform(1.2, 4, n), vertex, noise)


def lane_by_lane(budget, **limits):
    runs = oracle(budget, **limits).run()
    largest, start = runs.largest, runs.start
    for i in range(len(runs.d)):
        yield Lane(*(part[i].item() for part in (*runs, largest, start)))


class Lane(NamedTuple):
    mode: int
    d: float
    first: float
    factor: float
    size: float
    trials: int
    status: int
    largest: float
    start: float


def within(lane):
    """smallest / factor <= step <= factor largest, and after two or more changes even within the limits themselves.

    Products that would be equal are rounded differently.
    """
    slop = 4 * EPS
    slack = {
        "low": lane.size / (SMALLEST / lane.factor) - 1 + slop,
        "high": 1 - lane.size / (lane.factor * lane.largest) + slop,
    }
    if abs(log(lane.size / lane.start)) > 1.5 * log(lane.factor):
        slack |= {"chain low": lane.size / SMALLEST - 1 + slop, "chain high": 1 - lane.size / lane.largest + slop}
    return slack


def attained(lane):
    """A slope that stays negative from the upper limit on ends beyond it, a positive one from the lower limit below.

    Neither has met a change of sign.
    """
    if lane.mode == FALLS and lane.first >= lane.largest:
        return {
            "high": close(lane.size, lane.factor * lane.largest, 4 * EPS * lane.size),
            "status": equal(lane.status, Status.CAPPED),
        }
    if lane.mode == RISES and lane.first <= SMALLEST:
        return {
            "low": close(lane.size, SMALLEST / lane.factor, 4 * EPS * lane.size),
            "status": equal(lane.status, Status.EXHAUSTED),
        }
    return 0.0


FALLING = (lambda s: -s), (lambda s: F(-1))  # value and slope


def exactly():
    """On exact numbers: both ends, and a way |d| step of 2."""
    rises, hyper = (lambda s: F(-1) if s == 0 else F(1)), {"factor": 2, "smallest": F(1, 100)}
    high = alone(*FALLING, first=F(1000), **hyper)
    low = alone(FALLING[0], rises, first=F(1, 100), **hyper)
    return {
        "way": equal(high.step * F(SCALE), 2),
        "high": equal(high.step, 2 / F(SCALE)),
        "low": equal(low.step, F(1, 200)),
        "capped": equal(high.status == tb.Status.CAPPED, True),
        "exhausted": equal(low.status == tb.Status.EXHAUSTED, True),
    }


def as_meant(d, first, factor):
    return Contrast(1, d * alone(*FALLING, first=first, factor=factor).step, "at most")


def contradiction(d):
    """largest < smallest just where |d| > 1e8."""
    return equal(min(1 / d, F(10**7)) < F(1, 10**8), d > 10**8)


def first_lanes(budget):
    """Steps and trials of the first lanes, in a run and on bare lines."""
    these = Oracle(*(part[:150] for part in oracle(budget)))
    runs = these.run()
    for i in range(150):
        yield runs.size[i].item(), runs.trials[i].item(), these.lane(i).alone()


def same_step(size, trials, alone):
    return {"step": equal(size, alone[0]), "trials": equal(trials, alone[1])}


GOLS_03 = Claim(
    id="GOLS-03",
    title="The limits are not respected",
    source="dissertation, Algorithm 4",
    statement="The step that GOLS-I returns lies between its smallest and its largest step, so that the way is at most"
    " 1.",
    formula=r"\lambda_{\min} \le \lambda \le \lambda_{\max} = \min\{1 / \|d\|,\ 10^7\}",
    kind="property",
    verdict="refuted",
    finding="Limits are tested after the step was multiplied or divided, so it may pass both by the factor, and does:"
    " where the slope stays negative from the largest step on, and where it stays positive from the smallest on. A"
    " way may be 2. From the second change on the limits are kept. Such an exit has seen no sign change. For"
    " |d| > 1e8 the limits contradict each other.",
    corrected=r"\lambda_{\min} / \eta \le \lambda \le \eta \lambda_{\max} \quad (\|d\| \le 10^8)",
    checks=[
        Check("passed by the factor at most", within, lane_by_lane),
        Check("and attained", attained, lane_by_lane),
        Check("exactly", exactly),
        Check(
            "where the limits contradict",
            contradiction,
            lambda budget: [F(10) ** k + e for k in range(6, 11) for e in (-1, 0, 1)],
        ),
        Check("bare lines go the same way", same_step, first_lanes),
    ],
    controls=[
        Check("|d| > 1e8: the corrected limits", within, lambda budget: lane_by_lane(budget, lowest=8.1, highest=10.0)),
        Check("bounds of half a factor", lambda lane: within(lane._replace(factor=lane.factor**0.5)), lane_by_lane),
    ],
    counterexamples=[
        Check("way, where the slope stays negative", as_meant, only(F(SCALE), F(1000), 2)),
    ],
)


def most(lane):
    """Slopes asked for after the first: at most ceil(log(largest / smallest) / log factor) + 3."""
    return ceil(log(lane.largest / SMALLEST) / log(lane.factor)) + 3 - (lane.trials - 1)


def fewest(lane, extra=-1):
    """At most floor(log(largest / smallest) / log factor) - 1, since what lies beyond a limit is not asked for."""
    return floor(log(lane.largest / SMALLEST) / log(lane.factor)) + extra - (lane.trials - 1)


def doublings():
    """From 1e-8 to the first power beyond 1: 27 doublings, on arrays and on exact numbers."""
    size, _, trials = search(lambda s: (s - 1) ** 2 / 2, lambda s: s - 1, 1, first=np.array([1e-8]))
    exactly = alone(lambda s: (s - 1) ** 2 / 2, lambda s: s - 1, first=F(1, 10**8), smallest=F(1, 10**8))
    return {
        "arrays": equal(int(trials[0]), 28),
        "size": close(size[0], 1e-8 * 2.0**27, EPS),
        "exact": equal(exactly.trials, 28),
        "step": equal(exactly.step, F(2**27, 10**8)),
        "27": equal(ceil(log(1e8, 2)), 27),
    }


def never_growing(factor):
    """A slope that would turn at its 1000th question: how many may be asked?"""
    asked = count(1)
    golsi = tb.hyper.with_numbers(methods.golsi.GOLSI(), {"factor": float(factor)})  # 1 is refused, rightly
    slope = lambda s: -1.0 if next(asked) < 1000 else 1.0
    trials = len(tb.search(golsi, lambda s: 0.0, slope, slope0=-1.0, norm=1.0).questions)
    return ceil(log(1 / 1e-8, 2)) + 3 - (trials - 1)


GOLS_04 = Claim(
    id="GOLS-04",
    title="Termination",
    source="dissertation, Algorithm 4",
    statement="Whatever slopes it sees, GOLS-I ends after a number of them that its limits bound. From its default"
    " first step of 1e-8 it needs about 27 doublings to reach 1.",
    formula=r"n \le \left\lceil \log_\eta \frac{\lambda_{\max}}{\lambda_{\min}} \right\rceil + 3",
    kind="property",
    verdict="holds",
    finding="The bound is generous: floor(log) - 1 slopes are enough, and sometimes needed.",
    checks=[
        Check("slopes asked for after the first", most, lane_by_lane),
        Check("as few as floor(log) - 1", fewest, lane_by_lane),
        Check("27 doublings", doublings),
        Check("a factor of 2 ends in time", lambda: never_growing(2)),
    ],
    controls=[
        Check("a factor of 1", lambda: never_growing(1)),
        Check("floor(log) - 2", lambda lane: fewest(lane, -2), lane_by_lane),
    ],
)

CLAIMS = (GOLS_03, GOLS_04)
