"""Lines that nobody would choose: flat, torn, walled, overflowing, drowned, with slopes that are wrong or no numbers.

    LINES            a few hundred of them, each a shape stretched, scaled, lifted, shaken and moved
    place(lines)     a problem of one variable whose lanes walk over these lines, one each; SIZE samples
    assert_true(...) whether what a run says of its steps is so, computed from the iterates and the lines alone

A shape is a function of x that gives value and slope, elementwise; it starts at x = 0. On sample i of a line theta has
the loss ``level + scale (shape(x) + noise (c_i x + e_i))`` with ``x = stretch (theta - start)``.
"""

from functools import singledispatch
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from oracles import SCHEDULES
from toybox import Status, hyper
from toybox.methods.accelerated import Nesterov, Polyak
from toybox.methods.alig import ALIG
from toybox.methods.armijo import Armijo
from toybox.methods.exact import Exact
from toybox.methods.extragradient import Extragradient
from toybox.methods.fixed import Fixed
from toybox.methods.goldstein import Goldstein
from toybox.methods.golsi import GOLSI
from toybox.methods.hypergradient import Hypergradient
from toybox.methods.labpal import LABPAL
from toybox.methods.pal import PAL
from toybox.methods.pls import PLS
from toybox.methods.wolfe import StrongWolfe
from toybox.problems import FromFunction

SIZE, BATCH, STEPS = 8, 3, 4
NAN, INF = np.nan, np.inf
beyond = lambda x, here, there: np.where(x > 1, there, here)

SHAPES = {
    "flat": lambda x: (0 * x, 0 * x),
    "linear": lambda x: (-x, 0 * x - 1),
    "parabola": lambda x: ((x - 1) ** 2 / 2, x - 1),
    "its minimum is the first trial": lambda x: (x * x / 2 - x, x - 1),
    "quartic": lambda x: ((x - 1) ** 4 / 4, (x - 1) ** 3),
    "kink": lambda x: (np.abs(x - 1), np.sign(x - 1)),
    "kink, steep behind": lambda x: (beyond(x, -x, 1e20 * (x - 1)), beyond(x, -1.0, 1e20)),
    "root": lambda x: (np.sqrt(np.abs(x - 1)), np.sign(x - 1) / np.sqrt(np.abs(x - 1)) / 2),
    "stairs": lambda x: (-np.floor(3 * x), 0 * x - 1),
    "a step down": lambda x: (beyond(x, -x, -9 - x), 0 * x - 1),
    "a step up": lambda x: (beyond(x, -x, 9 - x), 0 * x - 1),
    "plateau": lambda x: (-np.minimum(x, 1), beyond(x, -1.0, 0.0)),
    "plateau above": lambda x: (beyond(x, -x, 5.0), beyond(x, -1.0, 0.0)),
    "infinite beyond": lambda x: (beyond(x, -x, INF), beyond(x, -1.0, NAN)),
    "infinite beyond, and sloping on": lambda x: (beyond(x, -x, INF), 0 * x - 1),
    "infinite beyond, and rising": lambda x: (beyond(x, -x, INF), beyond(x, -1.0, 1.0)),
    "no number beyond": lambda x: (beyond(x, -x, NAN), beyond(x, -1.0, NAN)),
    "no slope beyond": lambda x: (-x, beyond(x, -1.0, NAN)),
    "minus infinity beyond": lambda x: (beyond(x, -x, -INF), 0 * x - 1),
    "no number ahead": lambda x: (np.where(x == 0, 1.0, NAN), np.where(x == 0, -1.0, NAN)),
    "infinite ahead": lambda x: (np.where(x == 0, 1.0, INF), np.where(x == 0, -1.0, NAN)),
    "concave": lambda x: (-x - x * x, -1 - 2 * x),
    "concave, overflowing": lambda x: (-np.expm1(x), -np.exp(x)),
    "decay": lambda x: (np.exp(-x), -np.exp(-x)),
    "waves": lambda x: (np.sin(7 * x) - x, 7 * np.cos(7 * x) - 1),
    "fine waves": lambda x: (np.sin(1e5 * x) / 1e4 - x, 10 * np.cos(1e5 * x) - 1),
    "jitter": lambda x: (np.sin(1e9 * x) - x, np.cos(1e9 * x) - 2),
    "the slope has the wrong sign": lambda x: ((x - 1) ** 2 / 2, 1 - x),
    "the slope is a thousandth": lambda x: ((x - 1) ** 2 / 2, (x - 1) / 1000),
    "the slope is a thousandfold": lambda x: ((x - 1) ** 2 / 2, 1000 * (x - 1)),
    "the slope is 0": lambda x: (-x, 0 * x),
    "the slope is no number": lambda x: (-x, 0 * x + NAN),
    "the slope is infinite": lambda x: (-x, 0 * x - INF),
    "the loss is infinite": lambda x: (0 * x + INF, 0 * x - 1),
    "the loss is no number": lambda x: (0 * x + NAN, 0 * x - 1),
}


class Line(NamedTuple):
    """Of scale, level and start the common logarithm of the size, in parts of the largest power of ten of the dtype
    (308, or 38); None: 0."""

    shape: str
    scale: float = 0.0
    stretch: float = 1.0
    level: float | None = None
    negative: bool = False  # the level
    noise: float = 0.0
    start: float | None = None


DROWNED = 16 / 308  # 1 / eps, in both dtypes about
VARIATIONS: list[dict[str, Any]] = [
    {},
    *({"scale": scale} for scale in (0.97, 0.49, -0.03, -0.49, -0.53, -0.97, -1.04)),
    {"stretch": 1e-5},
    {"stretch": 1e5},
    {"level": 0.0, "negative": True},
    {"level": DROWNED},
    {"level": 0.97, "negative": True},
    {"noise": 0.5},
    {"noise": 5.0},
    {"noise": 0.5, "scale": -0.49},
    {"start": 0.0},
    {"start": 1.2 * DROWNED},
]
LINES = [Line(shape, **variation) for shape, variation in product(SHAPES, VARIATIONS)]


class Place(FromFunction):
    """Lanes of one variable, each on a line of its own."""

    def __init__(self, lines, dtype):
        self.lines, kind = lines, np.dtype(dtype).type
        most, shapes = 308 if dtype == "float64" else 38, [line.shape for line in lines]
        self._rows = [(SHAPES[name], np.flatnonzero([s == name for s in shapes])) for name in dict.fromkeys(shapes)]
        number = lambda part: np.array([0.0 if p is None else 10.0 ** (most * p) for p in part]).astype(kind)
        self.scale, self.begin = (number([getattr(line, name) for line in lines]) for name in ("scale", "start"))
        self.level = number([line.level for line in lines]) * np.array([-1 if v.negative else 1 for v in lines], kind)
        self.stretch, self.noise = (np.array([getattr(v, name) for v in lines], kind) for name in ("stretch", "noise"))
        rng = np.random.default_rng(2)
        self.tilt, self.lift = (rng.choice([-1, 1], SIZE) * rng.uniform(0.5, 1.5, SIZE) for _ in range(2))
        self.tilt, self.lift = self.tilt.astype(kind), self.lift.astype(kind)
        super().__init__(self.mean, 1, SIZE, samples=self.each, dtype=dtype)

    def shape(self, theta):
        """x, value and slope of the shapes (*lanes,)."""
        x = self.stretch * (theta[:, 0] - self.begin)
        value, slope = np.empty_like(x), np.empty_like(x)
        for shape, rows in self._rows:
            value[rows], slope[rows] = shape(x[rows])
        return x, value, slope

    def shape_at(self, x):
        """The slopes of all shapes at one x, on both sides of 0."""
        slopes = np.empty_like(self.stretch)
        for shape, rows in self._rows:
            slopes[rows] = shape(slopes.dtype.type(x))[1] + shape(slopes.dtype.type(-x))[1]
        return slopes

    def each(self, theta, index):
        x, value, slope = (part[:, None] for part in self.shape(theta))
        index = np.broadcast_to(index, (len(theta), index.shape[-1]))
        scale, noise, tilt = self.scale[:, None], self.noise[:, None], self.tilt[index]
        values = self.level[:, None] + scale * (value + noise * (tilt * x + self.lift[index]))
        return values, (scale * self.stretch[:, None] * (slope + noise * tilt))[..., None]

    def mean(self, theta, index):
        x, value, slope = self.shape(theta)
        index = np.broadcast_to(index, (len(theta), index.shape[-1]))
        tilt, lift = self.tilt[index].mean(axis=-1), self.lift[index].mean(axis=-1)
        value = self.level + self.scale * (value + self.noise * (tilt * x + lift))
        return value, (self.scale * self.stretch * (slope + self.noise * tilt))[:, None]


# --- what a run says of its steps, and whether it is so


class Taken:
    """One step of all lanes (*lanes,): from x, d times s to y; and the lines to ask for what is true."""

    def __init__(self, problem, method, seeds, t, trace, theta, d):
        self.problem, self.t, self._seeds = problem, t, seeds
        self.x, self.y, self.d = theta[t], theta[t + 1], d[t]
        self.s, self.loss, self.status, self.trials = trace.size[t], trace.loss[t], trace.status[t], trace.trials[t]
        self.batches = method.batches(STEPS)[t] if method.batches else 1
        self.length = np.abs(self.d[:, 0])
        self.eps, self.least = np.finfo(theta.dtype).eps, np.finfo(theta.dtype).smallest_subnormal

    def says(self, *statuses):
        return np.isin(self.status, statuses)

    @property
    def accepts(self):
        return self.says(Status.FOUND, Status.CAPPED, Status.UNMOVED)

    def ask(self, s=0.0, j=0):
        """Loss and slope after s on sample j, or on all of them (None)."""
        value, gradient = self.point(s, j)
        return value, gradient * self.d[:, 0]

    def point(self, s, j=0):
        """Loss and gradient there."""
        if j is None:
            index = self.problem.population
        else:
            many = range(self.batches) if np.ndim(j) == 0 and j == 0 else [j]
            index = np.concatenate([self.sample(i) for i in many], axis=-1)
        value, gradient = self.problem.f(self.x + np.asarray(s, self.x.dtype).reshape(-1, 1) * self.d, index)
        return value, gradient[:, 0]

    def sample(self, j):
        """Sample j of each lane; j may differ from lane to lane."""
        if np.ndim(j) == 0:
            return self.problem.draw(self._seeds, self.t, j, BATCH, "fresh")
        rows = {i: self.problem.draw(self._seeds, self.t, int(i), BATCH, "fresh") for i in np.unique(j)}
        return np.stack([rows[i][lane] for lane, i in enumerate(j)])

    def change(self, s, j=0):
        return self.ask(s, j)[0] - self.ask(0.0, j)[0]

    def decreases(self, c, slope0, j=0):
        """Sufficient decrease at s, eq. 2.17, up to the rounding of its right side."""
        change, wanted = self.change(self.s, j), c * self.s * slope0
        return np.isfinite(change) & (change < 0) & (change <= wanted * (1 - 8 * self.eps) + 8 * self.least)

    def require(self, of, holds, what):
        wrong = np.flatnonzero(of & ~holds)
        assert not wrong.size, f"{what}: " + "; ".join(self.shown(i) for i in wrong[:3]) + f" ({wrong.size} lanes)"

    def shown(self, i):
        numbers = f"x={self.x[i]} d={self.d[i]} s={self.s[i]!r} y={self.y[i]} loss={self.loss[i]!r}"
        return f"{self.problem.lines[i]} t={self.t} {Status(self.status[i]).name} trials={self.trials[i]} {numbers}"


def near(a, b, taken):
    return np.abs(a - b) <= 32 * taken.eps * np.abs(b) + 8 * taken.least


@np.errstate(all="ignore")
def assert_true(problem, method, seeds, trace, theta, d):
    """Every status of a run, from theta (steps + 1, *lanes, 1) and d (steps, *lanes, 1)."""
    rule = hyper.bind(method.rule, problem.xp, problem.dtype)
    assert np.isfinite(theta).all()
    ended = np.zeros(len(seeds), bool)
    for t in range(STEPS):
        taken = Taken(problem, method, seeds, t, trace, theta, d)
        moved = (taken.x != taken.y).any(axis=-1)
        taken.require(taken.says(Status.FOUND, Status.CAPPED), moved, "accepted, and theta stays")
        taken.require(taken.says(Status.UNMOVED, Status.NONFINITE), ~moved, "theta moves")
        taken.require(taken.says(Status.STATIONARY, Status.ASCENT), taken.s == 0, "step 0")
        taken.require(~taken.says(Status.NONFINITE), np.isfinite(taken.loss + taken.s * taken.length), "finite")
        taken.require(ended, taken.says(Status.NONFINITE), "a lane that has ended")
        adds = getattr(rule, "momentum", 0) > 0 or isinstance(rule, Nesterov)
        taken.require((taken.s == 0) & ~np.bool_(adds), ~moved, "step 0, and theta moves")
        holds(rule, taken, ended)
        ended |= taken.says(Status.NONFINITE)


def assert_slope(taken, slope0, ended, bound, reasons=False, underflows=False):
    """What the slope at 0 decides for every search; at most ``bound`` questions. reasons: what else may end a lane.
    underflows: s is computed from what is accepted, and may be too small a number."""
    taken.require(taken.accepts & ~np.bool_(underflows), taken.s > 0, "no step")
    taken.require(taken.says(Status.STATIONARY), slope0 == 0, "the slope is not 0")
    taken.require(taken.says(Status.ASCENT), (0 < slope0) & (slope0 < INF), "it does not ascend")
    descends = (slope0 < 0) & np.isfinite(slope0) & np.isfinite(taken.loss) & np.isfinite(taken.length)
    taken.require(taken.accepts | taken.says(Status.EXHAUSTED), descends, "it does not descend")
    searched = taken.accepts | taken.says(Status.EXHAUSTED)
    taken.require(~ended & descends, searched | (taken.says(Status.NONFINITE) & reasons), "it descends, all is finite")
    others = taken.says(Status.STATIONARY, Status.ASCENT)
    taken.require(~ended & (slope0 >= 0) & np.isfinite(slope0 + taken.loss), others, "it does not descend")
    taken.require(taken.trials >= 0, taken.trials <= bound, f"more than {bound} questions")


@singledispatch
def holds(rule, taken, ended):
    raise NotImplementedError(f"nobody checks the statuses of {type(rule).__name__}")


@holds.register
def _(rule: Fixed, taken, ended):
    still, rate = taken.d[:, 0] == 0, rule.rate * SCHEDULES[rule.schedule](taken.t, STEPS)
    taken.require(taken.accepts, ~still & near(taken.s, rate, taken), "another rate")
    taken.require(taken.says(Status.STATIONARY), still, "d is not 0")
    fine = np.isfinite(taken.loss) & np.isfinite(rate * taken.length) & np.isfinite(taken.x + rate * taken.d)[:, 0]
    taken.require(~ended, (taken.accepts | taken.says(Status.STATIONARY)) == fine, "no rate, or it is not finite")
    taken.require(taken.trials != 0, taken.trials < 0, "questions")


@holds.register
def _(rule: Hypergradient, taken, ended):
    taken.require(taken.says(Status.STATIONARY), taken.d[:, 0] == 0, "d is not 0")
    taken.require(~ended, taken.accepts | taken.says(Status.STATIONARY, Status.NONFINITE), "no rate")
    taken.require(taken.trials != 0, taken.trials < 0, "questions")


@holds.register
def _(rule: ALIG, taken, ended):
    loss, slope = taken.ask()
    g2 = np.abs(slope / np.where(taken.d[:, 0] == 0, 1, taken.d[:, 0])) ** 2
    eta = np.where(g2 + taken.length > 0, np.minimum(np.maximum(loss, 0) / (g2 + rule.eps), rule.max_rate), 0)
    finite = np.isfinite(loss) & np.isfinite(eta * taken.length)
    taken.require(~ended & finite, near(taken.s, eta, taken) & (taken.s >= 0), "not loss over squared gradient")
    taken.require(taken.says(Status.STATIONARY), taken.length == 0, "g is not 0")
    taken.require(taken.accepts & (rule.momentum == 0), taken.length > 0, "g is 0")
    said = taken.accepts | taken.says(Status.STATIONARY)
    taken.require(~ended, said | ~finite | (rule.momentum > 0), "all is finite")
    taken.require(taken.says(Status.CAPPED), taken.s == rule.max_rate, "not the largest")
    taken.require(taken.says(Status.FOUND), taken.s < rule.max_rate, "the largest")
    taken.require(taken.trials != 0, taken.trials < 0, "questions")


@holds.register
def _(rule: Armijo, taken, ended):
    slope0 = taken.ask(0.0, rule.sample)[1]
    if rule.variant == "released":
        slope0 = np.where(taken.length < 1e-8, 0, slope0)
    assert_slope(taken, slope0, ended, rule.tries + (rule.sample > 0))
    taken.require(taken.accepts, taken.decreases(rule.c, slope0, rule.sample), "no decrease")
    taken.require(taken.says(Status.CAPPED), taken.s == rule.max_step, "not the largest")
    taken.require(taken.says(Status.FOUND), taken.s < rule.max_step, "the largest")
    gave_up = (taken.trials == rule.tries + (rule.sample > 0)) & near(
        taken.s, 1e-6 * (rule.variant == "released"), taken
    )
    taken.require(taken.says(Status.EXHAUSTED), gave_up, "tries are left")


@holds.register
def _(rule: Polyak | Nesterov, taken, ended):
    holds(rule.search, taken, ended)


@holds.register
def _(rule: Goldstein, taken, ended):
    slope0, change = taken.ask()[1], taken.change(taken.s)
    assert_slope(taken, slope0, ended, rule.tries, ~np.isfinite(taken.s * taken.length))
    taken.require(taken.accepts, taken.decreases(rule.c, slope0), "no decrease")
    long = change >= (1 - rule.c) * taken.s * slope0 * (1 + 8 * taken.eps) - 8 * taken.least
    taken.require(taken.says(Status.FOUND), long, "too short")
    taken.require(taken.says(Status.CAPPED), taken.s == rule.max_step, "not the largest")
    stuck = (taken.trials == rule.tries) | (taken.s == rule.max_step) | near(taken.s, rule.SMALLEST, taken)
    taken.require(taken.says(Status.EXHAUSTED), stuck, "tries are left")


@holds.register
def _(rule: Extragradient, taken, ended):
    (_, g), (_, ahead) = taken.point(0.0), taken.point(taken.s)
    assert_slope(taken, taken.ask()[1], ended, rule.tries, ~np.isfinite(taken.x[:, 0] - taken.s * ahead))
    taken.require(taken.accepts, np.abs(ahead - g) <= rule.c * np.abs(g) * (1 + 8 * taken.eps) + 8 * taken.least, "far")
    taken.require(taken.accepts, near(taken.y[:, 0], taken.x[:, 0] - taken.s * ahead, taken), "another place")
    taken.require(taken.says(Status.EXHAUSTED), (taken.trials == rule.tries) & (taken.s == 0), "tries are left")


@holds.register
def _(rule: StrongWolfe, taken, ended):
    slope0, slope = taken.ask()[1], taken.ask(taken.s)[1]
    assert_slope(taken, slope0, ended, rule.tries)
    taken.require(taken.accepts, taken.decreases(rule.c1, slope0), "no decrease")
    flat = np.abs(slope) <= -rule.c2 * slope0 * (1 + 8 * taken.eps)
    taken.require(taken.says(Status.FOUND), flat, "too steep")
    capped = (taken.s == rule.max_step) & (slope <= -rule.c2 * slope0 * (1 + 8 * taken.eps))
    taken.require(taken.says(Status.CAPPED), capped, "not the largest, or rising")
    taken.require(taken.says(Status.EXHAUSTED), (taken.trials == rule.tries) & (taken.s == 0), "tries are left")


@holds.register
def _(rule: Exact, taken, ended):
    j = None if rule.whole else 0
    slope0, slope = (taken.ask(s, j)[1] for s in (0.0, taken.s))
    assert_slope(taken, slope0, ended, rule.ROUNDS + rule.whole)
    around = [taken.s]
    for end in (0.0, INF):
        s = taken.s
        for _ in range(16):
            s = np.nextafter(s, s.dtype.type(end))
            around.append(s)
    slopes = np.stack([taken.ask(s, j)[1] for s in sorted(around, key=lambda s: tuple(s))])
    falls = (slopes < 0) & (slopes > -INF)  # a slope that is not finite is behind a wall
    turns = falls.any(axis=0) & ~falls.all(axis=0)
    vanishes = np.abs(slope) <= rule.VANISHED * np.abs(slope0)
    minimum, capped = np.isfinite(slope) & (turns | vanishes), (taken.s == rule.s_max) & (slope < 0)
    taken.require(taken.says(Status.FOUND), minimum, "no minimum")
    taken.require(taken.says(Status.CAPPED), capped, "not the largest, or rising")
    taken.require(taken.says(Status.UNMOVED), minimum | capped, "no minimum")
    over = (taken.trials == rule.ROUNDS + rule.whole) | np.isinf(rule.s_max)
    over |= ~np.isfinite(taken.ask(taken.least, j)[1])
    taken.require(taken.says(Status.EXHAUSTED), (taken.s == 0) & over, "rounds are left")


@holds.register
def _(rule: GOLSI, taken, ended):
    slope0 = -(taken.d[:, 0] ** 2)  # of the batch that gave d, which may be one of the step before
    largest = np.minimum(1 / np.where(taken.length == 0, 1, taken.length), 1e7)
    wild = ~np.isfinite(sum(taken.problem.shape_at(x) for x in (taken.least, 1.0, 2.0, 1e9))) | ~np.isfinite(
        slope0 * 1e9
    )
    assert_slope(taken, slope0, ended, rule.tries, wild)
    n, s, factor, limit = taken.trials, taken.s, rule.factor, -rule.c2 * slope0

    def slopes(s, j):
        """Those at s and its neighbours: a quotient by the factor is rounded."""
        s = s.astype(taken.x.dtype)
        return np.stack(
            [taken.ask(np.nextafter(s, s.dtype.type(end)), j)[1] for end in (0, INF)] + [taken.ask(s, j)[1]]
        )

    last = np.maximum(n, 1)
    slope, rose = taken.ask(s, last)[1], ~(slopes(s * factor, np.maximum(n - 1, 1)) < 0)
    fell, released = slopes(s / factor, np.maximum(n - 1, 1)) < 0, rule.carries
    at_once = (0 < slope) & (slope < limit) if released else (0 <= slope) & (slope <= limit)
    edge = s * (1 + 8 * taken.eps)
    grown = fell.any(axis=0) & ~(slope < 0) & (released | (s <= largest / factor))
    shrunk = rose.any(axis=0) & (slope < 0) & (released | (edge >= rule.smallest * factor)) & (s * factor <= largest)
    found = np.where(n == 1, at_once & (s <= largest), grown | shrunk)
    taken.require(taken.says(Status.FOUND), found, "no change of sign")
    grows = (slope < 0) if released else (slopes(s / factor, last) < 0).any(axis=0)
    taken.require(taken.says(Status.CAPPED), grows & (edge >= largest / factor), "not beyond the largest")
    small = (s <= rule.smallest * factor * (1 + 8 * taken.eps)) & (s > 0)
    taken.require(taken.says(Status.EXHAUSTED), small | ((s == 0) & (n == rule.tries)), "not beyond the smallest")


@holds.register
def _(rule: PLS, taken, ended):
    (loss, slope0), (there, slope) = taken.ask(), taken.ask(taken.s)
    assert_slope(taken, slope0, ended, rule.evaluations + 2, underflows=True)
    taken.require(taken.accepts, np.isfinite(there + slope), "a wall")
    certain = taken.accepts & (taken.problem.noise == 0) & (taken.t == 0)
    wanted, unit = rule.c1 * taken.s * slope0, 1e-5 * np.abs(slope0)  # a nugget's deviation: (1e-14 333)^.5 units
    slack = unit * rule.first + 64 * taken.eps * (np.abs(loss) + np.abs(there))
    taken.require(certain, there - loss <= wanted + slack, "no decrease")
    taken.require(certain, slope >= rule.c2 * slope0 - unit, "too steep")
    taken.require(taken.says(Status.EXHAUSTED), taken.trials >= rule.evaluations, "evaluations are left")


@holds.register
def _(rule: PAL, taken, ended):
    j, length = None if rule.whole else 0, np.where(taken.length == 0, 1, taken.length)
    b = taken.ask(0.0, j)[1] / length if rule.exact_slope else -taken.length
    a = (taken.change(rule.mu / length, j) - b * rule.mu) / (rule.mu * rule.mu)
    s = np.where(a > 0, -rule.alpha * b / (2 * a), rule.mu)
    unknown = ~np.isfinite(a) | ~np.isfinite(np.minimum(s, rule.s_max) / length)
    assert_slope(taken, b, ended, 1 + rule.whole, unknown, underflows=True)
    taken.require(taken.accepts, near(taken.s * length, np.minimum(s, rule.s_max), taken), "not the parabola's minimum")
    taken.require(taken.says(Status.CAPPED), near(taken.s * length, rule.s_max, taken), "not the largest")
    taken.require(taken.says(Status.FOUND), taken.s < rule.s_max / length, "the largest")
    taken.require(taken.says(Status.EXHAUSTED), taken.s < 0, "nothing was tried")


@holds.register
def _(rule: LABPAL, taken, ended):
    """Between two searches it does not ask whether the line descends."""
    slope0, searches = taken.ask()[1], taken.trials > 0
    taken.require(taken.says(Status.STATIONARY), slope0 == 0, "the slope is not 0")
    taken.require(taken.says(Status.ASCENT), slope0 > 0, "it does not ascend")
    taken.require(taken.accepts & searches, slope0 < 0, "it does not descend")
    taken.require(taken.says(Status.EXHAUSTED), slope0 < 0, "it does not descend")
    taken.require(taken.accepts, taken.s > 0, "no step")
    taken.require(taken.says(Status.CAPPED), searches, "no search")
    taken.require(searches, taken.trials <= 3 * rule.pooled(taken.batches), "too many questions")
