"""Section G: the gradient-only line search GOLS-I (dissertation, section 2.6.4 and Algorithm 4)."""

from __future__ import annotations

from fractions import Fraction as F
from math import ceil, floor, log
from typing import Any, NamedTuple

import numpy as np

import toybox as tb
from toybox.hyper import hyperparameters
from toybox.rays import Status
from toybox.rules import bracketing

from ..cases import EPS, add, dot, rational_quadratics, smooth_functions
from ..claim import Check, Claim, above, at_most, close, equal
from ..ours import Plain, function, moves, on_rule, univariate, walk

# --- losses along a line, with slope -1 at 0


SCALE = 2.0**-6  # |d|, so that no limit is met below 2^6 = 1 / |d|


def search(value, slope, lanes, **hyper):
    """Steps and statuses (lanes,) of our rule on losses value(s), slope(s) along the line, up to the factor |d|^2."""
    problem = univariate(lambda x: SCALE**2 * value(x / SCALE), lambda x: SCALE * slope(x[..., 0] / SCALE)[..., None])
    w = walk(problem, on_rule(bracketing.GOLSI(**hyper)), np.zeros((1, lanes, 1)))
    return w.trace.size[0, 0], w.trace.status[0, 0], w.trace.trials[0, 0]


def twin_search(value, slope, **hyper):
    """The same for one line, by the twin on plain numbers."""
    d = F(SCALE) if isinstance(hyper["first"], F) else SCALE
    plain = Plain(lambda x: d * d * value(x[0] / d), lambda x: (d * slope(x[0] / d),))
    return moves(tb.tiny.golsi, plain, (0 * d,), [True], fresh=lambda t, j: True, **hyper)[0]


# --- GOLS-01


class Wavy(NamedTuple):
    """l'(s) = ((s - z) + q sin 30 s) / z, arrays over lanes; GOLS-I starts from ``first`` and grows by ``factor``."""

    z: np.ndarray
    q: np.ndarray
    first: np.ndarray
    factor: np.ndarray

    def value(self, s):
        return ((s - self.z) ** 2 / 2 - self.q * np.cos(30 * s) / 30) / self.z

    def slope(self, s):
        return ((s - self.z) + self.q * np.sin(30 * s)) / self.z

    def searched(self):
        return search(self.value, self.slope, len(self.z), first=self.first, factor=self.factor)


def wavy(budget):
    rng, n = budget.rng(), budget.many(1000, 20000)
    z, first = 10 ** rng.uniform(-2, 0.7, n), 10 ** rng.uniform(-3, 0.7, n)
    return Wavy(z, rng.uniform(0, 0.5, n), first, rng.uniform(1.2, 3, n))


def brackets(budget):
    """Where a search stopped because the slope changed its sign: which exit, and a and b of the bracket, lane by lane.

    Grown: [step / factor, step]; shrunk: [step, step factor]; accepted at once: [0, step]. Slopes below 1e-6, whose
    sign or effect rounding may hide, are left out.
    """
    lines = wavy(budget)
    size, status, trials = lines.searched()
    grown, shrunk = (trials > 1) & (size > lines.first), size < lines.first
    a = np.where(grown, size / lines.factor, np.where(shrunk, size, 0 * size))
    b = np.where(shrunk, size * lines.factor, size)
    clear = np.minimum(np.abs(lines.slope(a)), np.abs(lines.slope(b))) > 1e-6
    for i in np.flatnonzero((status == Status.FOUND) & clear).tolist():
        line = Wavy(*(part[i].item() for part in lines))
        yield "grown" if grown[i] else "shrunk" if shrunk[i] else "at once", line, a[i].item(), b[i].item()


def encloses(exit, line, a, b):
    """l' < 0 at a, l' > 0 at b, and the lowest point of [a, b] lies inside."""
    left, right = line.slope(a), line.slope(b)
    near = (b - a) * 2.0 ** -np.arange(1.0, 30)
    inside = np.concatenate([np.linspace(a, b, 66)[1:-1], a + near, b - near])
    lowest = min(line.value(a), line.value(b))
    return {"left": -left, "right": right, "inside": float(above(lowest, line.value(inside).min()))}


def which_end(exit, line, a, b):
    """Bisection finds a root of l' inside; a grown search returns the right end, a shrunk one the left: l' < 0."""
    low, high = a, b
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if line.slope(middle) < 0 else (low, middle)
    steepest = (1 + 30 * line.q) / line.z
    returned = a if exit == "shrunk" else b
    return {
        "root": 1 - abs(line.slope(high)) / (steepest * 4 * EPS * b + 8 * EPS * (1 + b / line.z)),
        "returned": line.slope(returned) * (-1 if exit == "shrunk" else 1) + 1e-12,
    }


def twins_agree(budget):
    """Every search of the first lanes ends where its twin's does."""
    lines = Wavy(*(part[:60] for part in wavy(budget)))
    size, _, trials = lines.searched()
    for i in range(60):
        line = Wavy(*(part[i].item() for part in lines))
        twin = twin_search(line.value, line.slope, first=line.first, factor=line.factor)
        yield size[i].item(), twin.step, int(trials[i]), twin.trials


class Straight(NamedTuple):
    """A full loss that only falls."""

    def value(self, s):
        return -2 * s / 3

    def slope(self, s):
        return -2 / 3 + 0 * s


def noisy_bracket():
    """Samples with the constant slopes -1, -2 and 1: the sign changes from the first trial to the second."""
    slopes = np.array([-1.0, -2.0, 1.0])
    problem = tb.problems.FromFunction(
        lambda theta, index: (theta[..., 0] * slopes[index].mean(-1), slopes[index].mean(-1)[..., None] + 0 * theta),
        1,
        3,
    )
    rule = on_rule(bracketing.GOLSI(first=0.25))
    w = walk(problem, rule, 0.0, sampler=lambda t, j: np.array([[j]]), batch=1)
    assert w.trace.status.item() == Status.FOUND
    return encloses("grown", Straight(), w.trace.size.item() / 2, w.trace.size.item())["inside"]


def inflection():
    """l'(s) = -(s - 1)^2 from 1/2: the search returns 1, where l' = 0. Is there no lower point around?"""
    value, slope = (lambda s: -((s - 1) ** 3) / 3), (lambda s: -((s - 1) ** 2))
    exact = twin_search(value, slope, first=F(1, 2), factor=2)
    arrays, status, _ = search(value, slope, 1, first=np.array([0.5]))
    found = {"twin": equal(exact.step, 1), "arrays": equal(F(arrays[0]), 1), "status": equal(status[0], Status.FOUND)}
    return found, at_most(value(F(1)), value(F(3, 2)))


GOLS_01 = Claim(
    id="GOLS-01",
    title="A sign change from - to + encloses a minimum",
    source="dissertation, section 2.6.4 and Algorithm 4",
    statement="Without noise, two steps between which the slope along the line changes from negative to non-negative"
    " enclose a minimum.",
    formula=r"l'(a) < 0 \le l'(b),\ a < b \ \Rightarrow\ \exists\, s \in (a, b]:\ l(s) \ \mathrm{minimal}",
    kind="property",
    verdict="corrected",
    finding="With l'(b) > 0 and a continuous l': then the lowest point of [a, b] lies inside. Where l'(b) = 0 there may"
    " be an inflection. A search that grew returns the right end of its bracket, one that shrank the left end, where"
    " the loss still falls. With noise there need be no minimum at all.",
    corrected=r"l \in C^1,\ l'(a) < 0 < l'(b) \ \Rightarrow\ \mathrm{arg}\min_{[a, b]} l \subset (a, b)",
    checks=[
        Check("brackets of our search on wavy lines", encloses, brackets),
        Check("which end is returned", which_end, brackets),
        Check("twins end in the same place", lambda s, t, n, m: equal([s, n], [t, m]), twins_agree),
        Check("an inflection is returned", lambda: inflection()[0]),
    ],
    controls=[Check("noise: a sign change without a root", noisy_bracket)],
    counterexamples=[Check("the inflection is a minimum", lambda: inflection()[1])],
)

# --- GOLS-02


class Stairs(NamedTuple):
    """l' is constant between the places where it changes."""

    places: tuple  # 0 first
    slopes: tuple

    def slope(self, s):
        return [slope for place, slope in zip(self.places, self.slopes, strict=True) if place <= s][-1]

    def value(self, s):
        ends = [*self.places[1:], max(s, self.places[-1])]
        parts = zip(self.places, ends, self.slopes, strict=True)
        return sum((max(min(s, end) - start, 0) * slope for start, end, slope in parts), F(0))


SKIPPED = Stairs((F(0), F(1, 10), F(4, 10), F(6, 10)), (-1, 100, -1, 1))
UNIMODAL = Stairs((F(0), F(7, 10)), (-1, 1))


def returned(line):
    """Where the search from 1/2 ends, and what the loss is there, beyond that of the start."""
    move = twin_search(line.value, line.slope, first=F(1, 2), factor=2)
    assert move.status == tb.tiny.FOUND
    return move.step, line.value(move.step) - line.value(F(0))


def hill():
    """Arrays step over it, too. The loss at 1 is -.1 + 30 - .2 + .4."""
    each = lambda f: lambda s: np.array([float(f(F(v))) for v in s.ravel()]).reshape(s.shape)
    size, status, _ = search(each(SKIPPED.value), each(SKIPPED.slope), 1, first=np.array([0.5]))
    return {
        "step": equal(returned(SKIPPED)[0], 1),
        "loss": equal(returned(SKIPPED)[1], F(301, 10)),
        "sum": equal(F(-1, 10) + 30 - F(2, 10) + F(4, 10), F(301, 10)),
        "arrays": equal(F(size[0]), 1),
        "status": equal(status[0], Status.FOUND),
    }


GOLS_02 = Claim(
    id="GOLS-02",
    title="The enclosed minimum may be worse than the start",
    source="dissertation, section 2.6.4",
    statement="Powers of the factor can step over a hill: with slopes -1, 100, -1 and 1 from 0, .1, .4 and .6 on, the"
    " search that starts from .5 encloses a minimum at .6 and returns 1, where the loss is 30.1 higher than at 0.",
    formula=r"l(1) - l(0) = -0.1 + 30 - 0.2 + 0.4 = 30.1",
    kind="exact",
    verdict="holds",
    finding="So a sign change indicates a minimum, but not one that is worth the step.",
    checks=[
        Check("step and loss", hill),
        Check("the loss rises", lambda: above(returned(SKIPPED)[1], 0)),
        Check("one valley: it falls", lambda: above(0, returned(UNIMODAL)[1])),
    ],
    controls=[Check("one valley: it rises", lambda: above(returned(UNIMODAL)[1], 0))],
)

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
        rule = on_rule(bracketing.GOLSI(first=self.first, factor=self.factor))
        sampler = lambda t, j: np.full((1, len(self.d), 1), j % self.noise.shape[1])
        w = walk(problem, rule, np.zeros((1, len(self.d), 1)), sampler=sampler, batch=1)
        size, trials, status = (part[0, 0] for part in (w.trace.size, w.trace.trials, w.trace.status))
        return Runs(self.mode, self.d, self.first, self.factor, size, trials, status)

    def value(self, x, j):
        return 0.0

    def gradient(self, x, j):
        return ((self.d * self.ratio(-x[0] / self.d, np.array([j])))[0].item(),)

    def twin(self):
        """The twin's step, of one lane."""
        hyper = {"first": self.first[0].item(), "factor": self.factor[0].item(), "smallest": SMALLEST}
        return next(tb.tiny.golsi(self, (0.0,), [0], fresh=lambda t, j: j % self.noise.shape[1], **hyper))


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


def within(lane, passed=True):
    """smallest / factor <= step <= factor largest, and after two or more changes even within the limits themselves.

    Products that would be equal are rounded differently. ``passed`` = False: the limits as they are meant.
    """
    slop, beyond = 4 * EPS, lane.factor if passed else 1
    slack = {
        "low": lane.size / (SMALLEST / beyond) - 1 + slop,
        "high": 1 - lane.size / (beyond * lane.largest) + slop,
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


def exactly():
    """The twin on exact numbers: both ends, and a way |d| step of 2."""
    falls, rises = (lambda s: F(-1)), (lambda s: F(-1) if s == 0 else F(1))
    value, hyper = (lambda s: -s), {"factor": 2, "smallest": F(1, 100)}
    high = twin_search(value, falls, first=F(1000), **hyper)
    low = twin_search(value, rises, first=F(1, 100), **hyper)
    return {
        "way": equal(high.step * F(SCALE), 2),
        "high": equal(high.step, 2 / F(SCALE)),
        "low": equal(low.step, F(1, 200)),
        "capped": equal(high.status == tb.tiny.CAPPED, True),
        "exhausted": equal(low.status == tb.tiny.EXHAUSTED, True),
    }


def contradiction(d):
    """largest < smallest just where |d| > 1e8."""
    return equal(min(1 / d, F(10**7)) < F(1, 10**8), d > 10**8)


def twins(budget):
    """Steps and trials of the first lanes, ours and the twin's."""
    these = Oracle(*(part[:150] for part in oracle(budget)))
    runs = these.run()
    for i in range(150):
        yield runs.size[i].item(), runs.trials[i].item(), these.lane(i).twin()


def same_step(size, trials, twin):
    return {"step": equal(size, twin.step), "trials": equal(trials, twin.trials)}


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
        Check("twins go the same way", same_step, twins),
    ],
    controls=[
        Check("|d| > 1e8: the corrected limits", within, lambda budget: lane_by_lane(budget, lowest=8.1, highest=10.0)),
        Check("bounds of half a factor", lambda lane: within(lane._replace(factor=lane.factor**0.5)), lane_by_lane),
    ],
    counterexamples=[Check("the limits as they are meant", lambda lane: within(lane, passed=False), lane_by_lane)],
)


def most(lane):
    """Slopes asked for after the first: at most ceil(log(largest / smallest) / log factor) + 3."""
    return ceil(log(lane.largest / SMALLEST) / log(lane.factor)) + 3 - (lane.trials - 1)


def fewest(lane, extra=-1):
    """At most floor(log(largest / smallest) / log factor) - 1, since what lies beyond a limit is not asked for."""
    return floor(log(lane.largest / SMALLEST) / log(lane.factor)) + extra - (lane.trials - 1)


def doublings():
    """From 1e-8 to the first power beyond 1: 27 doublings, on arrays and by the twin."""
    size, _, trials = search(lambda s: (s - 1) ** 2 / 2, lambda s: s - 1, 1, first=np.array([1e-8]))
    twin = twin_search(lambda s: (s - 1) ** 2 / 2, lambda s: s - 1, first=F(1, 10**8), smallest=F(1, 10**8))
    return {
        "arrays": equal(int(trials[0]), 28),
        "size": close(size[0], 1e-8 * 2.0**27, EPS),
        "twin": equal(twin.trials, 28),
        "step": equal(twin.step, F(2**27, 10**8)),
        "27": equal(ceil(log(1e8, 2)), 27),
    }


def never_growing(factor):
    """A slope that would turn at its 1000th question: how many may be asked?"""
    slope = lambda s, j: -1.0 if j < 1000 else 1.0
    *_, trials, _ = tb.tiny.bracketing.sign_change(slope, 1e-8, 0.9, 1e-8, 1.0, factor, False)
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

# --- GOLS-05


@hyperparameters
class Uphill:
    """The direction as eqs. 2.20 to 2.23 print it: +g."""

    def init(self, xp, point: Any):
        return ()

    def step(self, xp, point, state):
        return point.gradient, state


def slopes(case):
    """l'(0) along g, -g and -g / |g|: differences of the loss over an imaginary step, which cancel nothing."""
    g = case.gradient(case.x)
    size = float(np.linalg.norm(g))
    found, allowed = [], []
    for v in (g, -g, -g / size):
        found.append(float(case.f(case.x + 1e-30j * v).imag / 1e-30))
        reach = np.abs(case.A) @ np.abs(v)
        terms = np.abs(v) @ np.abs(case.H) @ np.abs(case.x) + reach @ (1 + np.abs(case.A) @ np.abs(case.x))
        allowed.append((4 * len(g) + 16) * EPS * float(terms))
    return size, found, allowed


def three_slopes(case):
    size, found, allowed = slopes(case)
    return close(found, [size**2, -(size**2), -size], allowed)


def ours_descend(case):
    """The lines that our rules see: along Gradient, Unit, and the printed direction."""
    _, found, allowed = slopes(case)
    problem = function(case.f, case.gradient, len(case.x))
    slack = {}
    for name, direction, wanted, slop in (
        ("printed", Uphill(), found[0], allowed[0]),
        ("-g", tb.directions.Gradient(), found[1], allowed[1]),
        ("unit", tb.directions.Unit(), found[2], allowed[2]),
    ):
        seen: list = []
        probe = tb.Probe(
            "slope", lambda look, seen=seen: seen.append(look.ray and look.ray.line().slope0.item()) or look.theta
        )
        tb.run(problem, on_rule(bracketing.GOLSI(first=1.0), direction), steps=1, batch=1, theta=case.x, probes=[probe])
        slack[name] = close(seen[0], wanted, 2 * slop)
    return slack


def printed_descends(case):
    """What eq. 2.24 and Algorithms 2 to 5 need of a line: l'(0) < 0."""
    return -slopes(case)[1][0]


def shrinks(q, sign=1):
    """Algorithm 4 on a convex bowl along sign times g, on exact numbers: it shrinks the step to its lower limit."""
    g = q.gradient(q.x)
    if not any(g):
        return F(0)
    d = tuple(sign * v for v in g)
    slope = lambda s, j: dot(q.gradient(add(q.x, s, d)), d)
    step, status, *_ = tb.tiny.bracketing.sign_change(
        slope, F(1), F(9, 10) * dot(g, g), F(1, 2**12), F(2**12), 2, False
    )
    return {"step": at_most(step, F(1, 2**12)), "status": equal(status == tb.tiny.EXHAUSTED, True)}


def refuses(case):
    """Our rule does not search uphill at all."""
    w = walk(function(case.f, case.gradient, len(case.x)), on_rule(bracketing.GOLSI(), Uphill()), case.x)
    return {
        "status": equal(w.trace.status.item(), Status.ASCENT),
        "still": -float(np.abs(w.theta[1] - w.theta[0]).max()),
    }


GOLS_05 = Claim(
    id="GOLS-05",
    title="Sign convention",
    source="dissertation, eqs. 2.20 to 2.24",
    statement="The loss along the line of a step is that along plus the mini-batch gradient, and the searches take its"
    " slope at 0 for negative.",
    formula=r"l_{\mathbb B}(s) = \mathcal L_{\mathbb B}(\theta + s\, g_{\mathbb B}), \qquad l'_{\mathbb B}(0) < 0",
    kind="property",
    verdict="corrected",
    finding="Along +g the slope is plus the square of the length of g. Condition 2.24 and Algorithms 2 to 5 need -g, or"
    " -g divided by its length. Along +g GOLS-I would shrink its step to the lower limit on every convex bowl.",
    corrected=r"l_{\mathbb B}(s) = \mathcal L_{\mathbb B}(\theta - s\, g_{\mathbb B}), \qquad"
    r" l'_{\mathbb B}(0) = -\|g_{\mathbb B}\|^2",
    checks=[
        Check("three slopes", three_slopes, smooth_functions(), examples=300),
        Check("lines that our rules see", ours_descend, smooth_functions(), examples=50),
        Check("along +g Algorithm 4 shrinks", shrinks, rational_quadratics(), examples=100),
        Check("our rule does not go uphill", refuses, smooth_functions(), examples=50),
    ],
    controls=[
        Check("along -g, too", lambda q: shrinks(q, -1), rational_quadratics(), examples=30),
    ],
    counterexamples=[Check("the printed line descends", printed_descends, smooth_functions(), examples=20)],
)

CLAIMS = (GOLS_01, GOLS_02, GOLS_03, GOLS_04, GOLS_05)
