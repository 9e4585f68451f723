"""What a rule sees: a ray from theta along d that may ask for the loss line on any batch, and what that costs.

Glossary: ``theta`` parameters, ``d`` direction, ``s`` step (in multiples of d), ``t`` step number, ``j`` sample number
of a step (0: the batch that gave the gradient; 1, 2, ...: fresh batches). Where a gradient averages ``k`` batches,
these are 0 .. k-1 and make one sample, that of line 0.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from enum import IntEnum
from functools import partial
from math import inf, nan
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np

from .given import described, refuse_misfit
from .lines import Line, MeanLine, Metered
from .xp import Array, Namespace


class Status(IntEnum):
    """How a step ended, per lane. All numbers are those computed in the run's dtype.

    What a rule accepts, and so what FOUND guarantees:

        Armijo             the judging batch's loss changes by at most c s phi'(0), and by less than 0, to a finite one
        Goldstein          that, and by at least (1 - c) s phi'(0); CAPPED: only the former
        strong Wolfe       as Armijo, and |phi'(s)| <= c2 |phi'(0)|; CAPPED: as Armijo, and phi'(s) <= c2 |phi'(0)|
        extragradient      the gradient changes by at most c |g| on the way
        exact              phi' vanishes at s, or changes its sign there, or ends beyond (is no number), as far as
                           rounding tells; CAPPED: phi' < 0 at s
        GOLS-I             phi' of a fresh batch is within [0, c2 |phi'(0)|] at s, or has changed its sign since the
                           trial before; CAPPED: neither, up to the largest step
        PLS                both Wolfe conditions hold with more than the wanted probability, at no wall
        PAL, LABPAL        s is that of the minimum of a measured parabola, or PAL's mu; not that the loss falls
        any other          nothing: the step is its formula's. So is that of LABPAL between two searches

    "Step 0" is said of ``size``: momentum that a rule adds (Polyak, Nesterov, ALI-G) moves theta all the same.
    """

    FOUND = 0  # its rule accepts the step, and theta has moved
    CAPPED = 1  # the same, and the step is the largest that the rule allows
    EXHAUSTED = 2  # the line descends, no trial was acceptable: step 0, or what the head of the rule's file says
    ASCENT = 3  # the slope at 0 is positive: step 0
    STATIONARY = 4  # the slope at 0, or of a rule that does not look at it the whole direction, is 0: step 0
    NONFINITE = 5  # loss, slope or step are not finite: the lane has ended at its last finite iterate
    UNMOVED = 6  # its rule accepts the step, but no bit of theta changes: it is 0, or too short for the dtype


class Step(NamedTuple):
    """A rule's answer. ``size`` (*lanes,) multiplies d; ``state`` is the rule's next state; ``status`` (*lanes,).

    report: the iterate (*lanes, dim) to look at, where that is not the one where gradients are taken, such as an
    average: full losses, accuracies, probes and the trace's theta are of it.
    """

    size: Array
    state: Any
    status: Array
    point: Point | Iterate | None = None  # the next iterate where it is not theta + size d
    carry: bool = False  # that point is also the next origin: no new batch is drawn for it
    report: Array | None = None


def refuse_unfit(answer: Any, rule: Any, xp: Namespace, theta: Array) -> None:
    """Raises ``ValueError`` where what a rule has answered at an iterate (*lanes, dim) is no Step of these lanes."""
    who, lanes = f"{type(rule).__name__}.step", tuple(theta.shape[:-1])
    if not isinstance(answer, Step):
        raise ValueError(f"{who} answered {described(answer)}; accepted: toybox.Step(size, state, status)")
    refuse_misfit(f"{who} answered size", answer.size, lanes, theta.dtype, xp)
    refuse_misfit(f"{who} answered status", answer.status, lanes, None, xp)
    if answer.point is not None:
        there = getattr(answer.point, "theta", None)
        refuse_misfit(f"{who} answered point.theta", there, theta.shape, theta.dtype, xp)
    if answer.report is not None:
        refuse_misfit(f"{who} answered report", answer.report, theta.shape, theta.dtype, xp)


def refuse_unfit_point(point: Any, xp: Namespace, theta: Array) -> None:
    """Raises ``ValueError`` where the value or gradient of a point at theta (*lanes, dim) is no array of its lanes."""
    name = type(point).__name__
    refuse_misfit(f"{name}.value", point.value, theta.shape[:-1], theta.dtype, xp)
    refuse_misfit(f"{name}.gradient", point.gradient, theta.shape, theta.dtype, xp)


def refuse_unfit_direction(answer: Any, direction: Any, xp: Namespace, theta: Array) -> None:
    """Raises ``ValueError`` where what a direction has answered at an iterate (*lanes, dim) is no (d, state)."""
    who = f"{type(direction).__name__}.step answered"
    if not (isinstance(answer, tuple) and len(answer) == 2):
        raise ValueError(f"{who} {described(answer)}; accepted: a pair (d, state)")
    refuse_misfit(f"{who} d", answer[0], theta.shape, theta.dtype, xp)


class Iterate(NamedTuple):
    """A next iterate that leaves the line, and of which nothing else is known."""

    theta: Array  # (*lanes, dim)


class Point(Protocol):
    """theta on one sample. Fields are lazy: a value costs no gradient."""

    theta: Array  # (*lanes, dim)
    value: Array  # (*lanes,)
    gradient: Array  # (*lanes, dim)

    def hvp(self, v: Array) -> Array: ...
    def along(self, d: Array) -> Line: ...


class Ledger:
    """What a black-box implementation would pay, per lane: a log of charges, added up when somebody wants to know.

    Charges (step, calls, lanes that asked or None for all) are kept by kind, batch size and whether all lanes asked;
    writing one costs no array operation.
    """

    # kind of call -> forward passes, backward passes
    PASSES: ClassVar = {
        "values": (1, 0),
        "slopes": (1, 1),
        "backward": (0, 1),
        "curvatures": (1, 2),
        "gradients": (1, 1),
    }
    KINDS = ("values", "gradients", "samples", "searches", "drawn", "batches")

    def __init__(self):
        self.step = 0
        self.log: dict[tuple[str, int, bool], list[tuple[int, int, Array | None]]] = defaultdict(list)

    def charge(self, kind: str, size: int, count: int = 1, where: Array | None = None) -> None:
        self.log[kind, size, where is None].append((self.step, count, where))

    def settle(self, xp: Namespace, steps: int, lanes: tuple[int, ...]) -> dict[str, np.ndarray]:
        """Empty the log into costs per step (steps, *lanes) by kind, for charges of steps 0 .. steps-1: values (forward
        passes), gradients (backward passes), samples (touched by either), searches (calls made by the rule), drawn
        (samples drawn) and batches."""
        cost = {kind: np.zeros((steps, *lanes), np.int64) for kind in self.KINDS}
        for (kind, size, everyone), charges in self.log.items():
            at, counts, masks = (list(column) for column in zip(*charges, strict=True))
            rows = np.asarray(counts).reshape(-1, *[1] * len(lanes))
            if not everyone:
                rows = rows * xp.to_host(xp.concat(masks)).reshape(len(at), *lanes)
            calls = np.zeros((steps, *rows.shape[1:]), np.int64)
            np.add.at(calls, at, rows)
            if kind == "batches":
                cost["batches"] += calls
                cost["drawn"] += size * calls
                continue
            forward, backward = self.PASSES[kind]
            cost["values"] += forward * calls
            cost["gradients"] += backward * calls
            cost["samples"] += size * max(forward, backward) * calls
            if kind != "gradients":
                cost["searches"] += calls
        self.log.clear()
        self.step = 0
        return cost


class _Samples:
    """The samples of a step: called with j >= 1, what line(j) of its ray measures on. Only the last one is kept."""

    def __init__(self, sampler: Any, t: int):
        self._sampler, self._t = sampler, t
        self._last: tuple[int, Any] = (-1, None)

    def __call__(self, j: int) -> Any:
        if self._last[0] != j:
            self._last = j, self._sampler(self._t, j)
        return self._last[1]


def _fresh(problem: Any, theta: Array, sample: _Samples, j: int, d: Array) -> Line:
    """A line on sample j; no method of a ray, which lines that know their ray would keep in memory."""
    return problem.at(theta, sample(j)).along(d)


class Walk(NamedTuple):
    """What all steps of a run share."""

    problem: Any
    draw: Callable[[int, int], Any]  # (t, j) -> sample j of step t
    batch: int  # samples of a base batch
    steps: int
    ledger: Ledger


class Ray:
    """A direction from a point, with the loss line on any batch of this step.

    batches: how many base batches gave the gradient. whole: the point on the whole data set, where it is known. memory:
    the state of the direction after it gave d, such as Adam's moments.
    """

    def __init__(
        self, walk: Walk, origin: Any, d: Array, t: int, batches: int = 1, whole: Any = None, memory: Any = None
    ):
        self.walk, self.origin, self.d, self.t, self.batches, self.memory = walk, origin, d, t, batches, memory
        self.xp, self.steps, self.whole = walk.problem.xp, walk.steps, whole
        self.fraction = self.xp.whole(walk.batch) / walk.problem.size
        self._lines: dict[int, Metered] = {}
        self.sample = _Samples(walk.draw, t)
        self._norm: Array | None = None
        self.ahead: Array | None = None  # the gradients of turn()
        self.full_line: Line | None = None  # the bare line of full(), once it was asked for

    @property
    def norm(self) -> Array:
        """|d| (*lanes,)."""
        if self._norm is None:
            self._norm = self.xp.norm(self.d)
        return self._norm

    @property
    def blocks(self) -> Mapping[str, slice]:
        """The parts of theta that the problem names, such as layers: in order, and all of theta together."""
        return getattr(self.walk.problem, "blocks", {"theta": slice(0, self.d.shape[-1])})

    def aside(self, d: Array | None = None, full: Any = None) -> Ray:
        """This ray, or one along another d, with a ledger of its own, for whoever looks on. full: its bare line on the
        whole data set, where it is known."""
        ray = self._replaced(self.walk._replace(ledger=Ledger()), self.d if d is None else d)
        if full is not None:
            known = Metered(lambda: full, ray.walk.ledger, self.walk.problem.size, known=False)
            ray.full_line, ray._lines[-1] = full, known
        return ray

    def beside(self, d: Array) -> Ray:
        """The ray along a second direction (*lanes, dim) from the same point, which the same ledger is charged for."""
        return self._replaced(self.walk, d)

    def _replaced(self, walk: Walk, d: Array) -> Ray:
        return Ray(walk, self.origin, d, self.t, self.batches, self.whole, self.memory)

    def line(self, j: int = 0, brief: bool = False) -> Metered:
        """The metered line on sample j: 0 the batch that gave the gradient, j >= 1 a fresh batch of this step. brief:
        for a search that asks a line once and goes on to the next; no more than one such line is in memory."""
        if j not in self._lines:
            walk = self.walk
            size = walk.batch if j else walk.batch * self.batches
            make = partial(_fresh, walk.problem, self.origin.theta, self.sample, j, self.d)
            make = make if j else partial(self.origin.along, self.d)
            self._lines[j] = Metered(make, walk.ledger, size, known=j == 0, drawn=j == 0, brief=brief)
        return self._lines[j]

    def at(self, theta: Array, sample: Any) -> Point:
        """The point at any theta (*lanes, dim) on any sample, unmetered: a next origin."""
        return self.walk.problem.at(theta, sample)

    def gradient_at(self, theta: Array) -> Array:
        """The gradient of the batch of line 0 at any theta (*lanes, dim), at the price of one."""
        self.walk.ledger.charge("gradients", self.walk.batch * self.batches)
        return self.walk.problem.at(theta, self.origin.sample).gradient

    def gradient(self, s: Array, where: Array | None = None) -> Array:
        """The gradient at theta + s d on the batch of line 0: s (*lanes,) -> (*lanes, dim), at the price of a slope."""
        self.walk.ledger.charge("slopes", self.walk.batch * self.batches, 1, where)
        return self.line().at(s).gradient

    def turn(self, s: Array, where: Array | None = None) -> Array:
        """|g(theta + s d) - g(theta)| (*lanes,) at the price of a slope; ``ahead`` then holds g(theta + s d) of every
        lane that ever asked."""
        there, g = self.gradient(s, where), self.origin.gradient
        kept = g if self.ahead is None else self.ahead
        self.ahead = there if where is None else self.xp.where(where[..., None], there, kept)
        return self.xp.norm(there - g)

    def pool(self, n: int) -> MeanLine:
        """The mean over the base batches 0 .. n-1: line 0, which is the mean of the gradient's, and fresh lines."""
        k = self.batches
        if n < k:
            raise ValueError(f"n={n} is not accepted; accepted: at least the {k} batches of the gradient")
        return MeanLine(self.xp, [self.line(0), *(self.line(j, brief=True) for j in range(k, n))], [k] + [1] * (n - k))

    def full(self) -> Metered:
        """The metered line on the whole data set."""
        if -1 not in self._lines:
            problem = self.walk.problem
            point = self.whole or problem.at(self.origin.theta, problem.population)
            full = self.full_line = point.along(self.d)
            self._lines[-1] = Metered(lambda: full, self.walk.ledger, problem.size, known=False)
        return self._lines[-1]


def descends(slope0: Array) -> Array:
    """Where a search has something to look for: the slope at 0 is negative, and finite (*lanes,)."""
    return (slope0 < 0) & (slope0 > -inf)


def decreases(change: Array, wanted: Array) -> Array:
    """Sufficient decrease, eq. 2.17: the loss changes by at most ``wanted``, falls even where that has underflowed,
    and to a finite one (*lanes,)."""
    return (change <= wanted) & (change < 0) & (change > -inf)


def conclude(xp: Namespace, slope0: Array, s: Array, found: Array, capped: Array) -> tuple[Array, Array]:
    """The size and status (*lanes,) of a step: s where one was found, FOUND or CAPPED; elsewhere 0 and why: EXHAUSTED
    where the ray descends, else STATIONARY, ASCENT or NONFINITE by the slope at 0 (then NaN: the lane ends)."""
    status = xp.astype(capped, xp.int8)  # CAPPED = 1
    if xp.eager and xp.all(found):
        return s, status
    status = slope_status(xp, slope0, xp.where(found, status, int(Status.EXHAUSTED)))
    return xp.where(found, s, xp.where(status == int(Status.NONFINITE), nan, xp.zeros_like(s))), status


def slope_status(xp: Namespace, slope0: Array, otherwise: Array) -> Array:
    """``otherwise`` where the ray descends, else why it does not: STATIONARY, ASCENT or NONFINITE (*lanes,)."""
    if xp.eager and xp.all(descends(slope0)):
        return otherwise
    level = xp.where(slope0 == 0, 0 * otherwise + int(Status.STATIONARY), int(Status.ASCENT))
    return xp.where(xp.isfinite(slope0), xp.where(slope0 < 0, otherwise, level), int(Status.NONFINITE))
