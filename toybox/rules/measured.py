"""Rules that measure the loss on more than the gradient's batch.

Deviations
  LABPAL   Algorithm 9 is a sketch. As in the released code the direction is that of the search's own batches, which are
           among the approximation batches, and the step after a search goes along the measured direction, so that a
           search is part of an update and ``reuse`` updates share it. The largest step holds after alpha. Where the
           direction does not descend theta stays, and the next step searches; where the parabola has no minimum ahead
           the last estimate stays in force (EXHAUSTED; without one theta stays, and the next step searches). A run is
           told its updates, not its t_max: this is a number of batches that suffices for them while one less does not.
           k(t) counts the batches of searches as if each found a minimum, so that all lanes have one k.
  LABPAL, variant="released"
           Points 0, .000177, .01; slopes between the points are taken for slopes at the points at the left edge, twice,
           which halves the curvature. The largest step holds before alpha and grows by alpha whenever it is needed;
           steps and rates are at least 1e-6; directions with a length outside [1e-3, 100] are not searched. A new k(t)
           asks for a search, and so does the update untrustworthy + 2, from which on the estimates are averaged. k(t)
           batches each count as one of ``approximation_batches``. With k = 1 the updates between searches go along the
           bare gradient, divided (nsgd) by the length of the momentum vector: with momentum they leave the line.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from math import inf, isfinite, nan
from numbers import Real
from typing import NamedTuple

from ..hyper import Hyper, choice, hyperparameters, integer, is_whole, number, refuse_unknown, shown
from ..rays import Iterate, Status, Step, descends, slope_status
from ..xp import Array

NEAR, FAR = 1e-4, 1e-2  # where the parabola is measured beside 0, as lengths
RELEASED_NEAR, RELEASED_FAR = 1.77e-4, 1e-2
SMALLEST = 1e-6  # of the released code's steps and rates
SHORT, LONG = 1e-3, 100.0  # directions that it searches
LARGEST = 2**31  # batches of one gradient: beyond, their counts overflow

SCHEDULES: dict[str, Callable[[int], Callable[[int], int]]] = {  # of t_max: k(t), base batches per gradient
    "constant": lambda t_max: lambda t: 1,
    "doubling": lambda t_max: lambda t: 1 if t <= t_max // 2 else 2 if t <= 3 * t_max // 4 else 4,  # Algorithm 9
}


class NoiseFactor(NamedTuple):
    epsilon: float  # times the batch sizes of LABPAL's schedule
    steps: int  # times epsilon, rounded: the batches to be drawn


def noise_factor(
    batch: int, size: int, steps: int = 150_000, original_batch: int = 128, original_size: int = 40_000
) -> NoiseFactor:
    """What keeps the noise scale of other batches and data (dissertation, eq. 6.8): epsilon, which is LABPAL's
    ``noise_factor``, and the number of batches to be drawn in place of ``steps``.

    batch, size: those of now, in samples; original_batch, original_size, steps: those for which hyper-parameters were
    found. An update of LABPAL averages epsilon times as many batches, so that their number stays; a method that draws
    one batch a step makes ``steps`` of the answer. Raises ``ValueError`` for what is no whole number of at least 1.
    """
    sizes = {"batch": batch, "size": size, "steps": steps, "original_batch": original_batch}
    for name, value in (sizes | {"original_size": original_size}).items():
        if not is_whole(value, 1):
            raise ValueError(f"{name}={shown(value)} is not accepted; accepted: a whole number of at least 1")
    epsilon = original_batch * size / (batch * original_size)
    return NoiseFactor(epsilon, round(steps * epsilon))


@dataclass(frozen=True)
class BatchSchedule:
    """k(t): how many base batches the gradient of an update averages (dissertation, Algorithm 9 and eq. 6.8).

    t counts batches drawn, those of searches included. schedule: a named one, or a function t -> k; its number is
    multiplied by ``noise_factor`` and rounded down to at least 1.
    """

    rule: LABPAL
    schedule: str | Callable[[int], int] = "doubling"
    noise_factor: float = 1

    def __post_init__(self):
        if not callable(self.schedule):
            refuse_unknown("schedule", self.schedule, SCHEDULES)
        factor = self.noise_factor
        if not isinstance(factor, Real) or isinstance(factor, bool) or not (factor > 0 and isfinite(factor)):
            raise ValueError(
                f"noise_factor={shown(factor)} is not accepted; accepted: one number in (0, inf) for all lanes"
            )

    def __call__(self, steps: int) -> list[int]:
        """The base batches of each gradient of a run of this many updates."""
        plan = lambda t_max: self._plan(t_max, steps)
        most = plan(0)[1]  # where t_max is over at once, k is largest
        return plan(bisect_left(range(most), True, key=lambda t_max: plan(t_max)[1] <= t_max))[0]

    def within(self, t_max: int) -> list[int]:
        """The base batches of each gradient of a run that ends when t_max batches are drawn (Algorithm 9, line 9)."""
        return self._plan(t_max, t_max, t_max)[0]

    def _plan(self, t_max: int, steps: int, end: float = inf) -> tuple[list[int], int]:
        """The base batches of each of at most so many gradients, and how many batches are drawn in all."""
        schedule = self.schedule if callable(self.schedule) else SCHEDULES[self.schedule](t_max)
        numbers: list[int] = []
        drawn, used = 0, self.rule.reuse
        for update in range(steps):
            if drawn >= end:
                break
            if not is_whole(k := schedule(drawn), 1):
                raise ValueError(
                    f"schedule({drawn})={shown(k)} is not accepted; accepted: a whole number of at least 1"
                )
            k = max(int(self.noise_factor * k), 1)
            if k > LARGEST:
                raise ValueError(
                    f"noise_factor={self.noise_factor!r} makes a gradient of {k:.3g} batches; accepted: one that makes "
                    f"at most {LARGEST}"
                )
            searches = used >= self.rule.reuse or self.rule.searches_anew(update, k, numbers)
            used = 1 if searches else used + 1
            drawn += self.rule.pooled(k) if searches else k
            numbers.append(k)
        return numbers, drawn


class Printed(NamedTuple):
    estimate: Array  # in force; nan: none yet
    used: Array  # updates since it was measured


class Released(NamedTuple):
    k: int  # of the last step
    s_max: Array
    used: Array  # steps since the last search
    updates: Array
    estimate: Array  # (*lanes, 2), step and rate in force; nan: none yet
    trusted: Array  # how many estimates are averaged, as a float
    recent: Array  # (*lanes, 2, average), the last of them


@hyperparameters
class LABPAL:
    """Large-batch parabolic approximation (Mutschler 2022; dissertation, Algorithm 9 and section 6.3).

    Every ``reuse`` updates the loss on ``approximation_batches`` batches is measured along the direction, and alpha
    times the step to the parabola's minimum is used from then on: as a rate (LABPAL&SGD) or, ``keeps="length"``, as the
    length of the way (LABPAL&NSGD). The released variant wants the bare direction, whatever it keeps.
    """

    alpha: Hyper = number(1.8, "(0, inf)")
    approximation_batches: int = integer(10, 1)
    reuse: int = integer(1000, 1)
    s_max: Hyper = number(1.0, "(0, inf]")
    keeps: str = choice("rate", "rate", "length")
    variant: str = choice("paper", "paper", "released")
    untrustworthy: int = integer(400, 0)
    average: int = integer(25, 1)
    afresh = True

    def pooled(self, k):
        """How many base batches a search measures on, where a gradient averages k."""
        return k * (-(-self.approximation_batches // k) if self.variant == "paper" else self.approximation_batches)

    def searches_anew(self, update, k, before):
        """Whether an update searches, however young the estimate is; k: its base batches, before: those before it."""
        return self.variant == "released" and (update == self.untrustworthy + 2 or before[-1:] != [k])

    @property
    def area(self):
        return NEAR * FAR if self.variant == "paper" else RELEASED_NEAR * RELEASED_FAR

    @property
    def scale_free(self):
        return self.variant == "paper" and self.keeps == "length"

    def init(self, xp, lanes):
        none, never = xp.broadcast_to(nan * self.alpha, lanes), xp.zeros(lanes, dtype=xp.int64)
        if self.variant == "paper":
            return Printed(none, never)
        zero = xp.zeros((*lanes, 2, self.average), dtype=self.alpha.dtype)
        s_max = xp.broadcast_to(self.s_max, lanes)
        return Released(0, s_max, never, never, xp.stack([none, none], axis=-1), zero[..., 0, 0], zero)

    def step(self, ray, state):
        return (_printed if self.variant == "paper" else _released)(self, ray, state)


def _printed(rule, ray, state):
    """Algorithm 9."""
    xp, (estimate, used) = ray.xp, state
    norm, lengths = xp.divisor(ray.norm), rule.keeps == "length"
    searching = (used >= rule.reuse) | ~xp.isfinite(estimate)  # line 32
    moving = searching & descends(ray.line().slope0)
    failed = capped = moving & ~moving
    if xp.any(moving):
        a, b = _through_points(_changes(ray, rule, (NEAR, FAR), moving), NEAR, FAR)  # lines 20 to 24
        s = -rule.alpha * b / (2 * a)  # line 25
        new = xp.minimum(s, rule.s_max) if lengths else xp.minimum(s, rule.s_max) / norm  # eq. 6.6
        good = moving & (a > 0) & (b < 0) & xp.isfinite(a) & xp.isfinite(new)
        failed, capped = moving & ~good, good & (s >= rule.s_max)
        estimate = xp.where(good, new, estimate)
        used = xp.where(moving, 0 * used, used)
    walking = (moving | ~searching) & xp.isfinite(estimate)  # line 33
    size, status = _answer(ray, estimate / norm if lengths else estimate, walking, capped, failed)
    return Step(size, Printed(estimate, used + 1), status)  # line 35


def _released(rule, ray, state):
    """What the authors' code makes of it."""
    xp = ray.xp
    due = (state.used >= rule.reuse) | (state.updates == rule.untrustworthy + 2) | ~xp.isfinite(state.estimate[..., 0])
    searching = due | (ray.batches != state.k)
    moving = searching & descends(ray.line().slope0)
    asking = moving & (ray.norm >= SHORT) & (ray.norm <= LONG)
    found = capped = asking & ~asking
    if xp.any(asking):
        state, found, capped = _search(rule, ray, state, asking)
    arc, rate = state.estimate[..., 0] / xp.divisor(ray.norm), state.estimate[..., 1]
    walking = (asking | ~searching) & xp.isfinite(arc)
    size = arc if rule.keeps == "length" else xp.where(searching, arc, rate)
    size, status = _answer(ray, size, walking, capped, moving & ~found)
    used = xp.where(asking, 0 * state.used, state.used) + 1
    updates = xp.where(walking & (ray.norm > 0), state.updates + 1, state.updates)
    bare = (~searching & (ray.batches == 1))[..., None]
    moved = ray.origin.theta + size[..., None] * xp.where(bare, -ray.origin.gradient, ray.d)
    return Step(size, state._replace(k=ray.batches, used=used, updates=updates), status, Iterate(moved))


def _search(rule, ray, state, asking):
    """The state with new estimates, where one was found, and where s_max bounds it."""
    xp, (h1, h2) = ray.xp, (RELEASED_NEAR, RELEASED_FAR)
    a, b = _from_edges(_changes(ray, rule, (h1, h2), asking), h1, h2)
    s = -b / (2 * a)
    arc = xp.maximum(rule.alpha * xp.minimum(s, state.s_max), SMALLEST)
    rate = xp.maximum(arc / xp.divisor(ray.norm), SMALLEST)
    found = asking & (a > 0) & (b < 0) & xp.isfinite(a) & xp.isfinite(rate)
    capped = found & (s > state.s_max)
    state = _averaged(rule, xp, state, xp.stack([arc, rate], axis=-1), found)
    return state._replace(s_max=xp.where(capped, rule.alpha * state.s_max, state.s_max)), found, capped


def _averaged(rule, xp, state, new, found):
    """The state with a new estimate (*lanes, 2) in force, or, as soon as any is trusted, the mean of the last ones."""
    counts = found & (state.updates >= rule.untrustworthy + 2)
    longer = xp.concat([state.recent[..., 1:], new[..., None]], axis=-1)
    recent = xp.where(counts[..., None, None], longer, state.recent)
    trusted = xp.where(counts, xp.minimum(state.trusted + 1, float(rule.average)), state.trusted)
    mean = xp.rowsum(recent) / xp.divisor(trusted)[..., None]
    latest = xp.where((trusted > 0)[..., None], mean, new)
    return state._replace(recent=recent, trusted=trusted, estimate=xp.where(found[..., None], latest, state.estimate))


def _changes(ray, rule, lengths, where):
    """The changes of the mean loss of a search's batches after these lengths along the ray: two of (*lanes,)."""
    xp, norm = ray.xp, ray.xp.divisor(ray.norm)
    change = ray.pool(rule.pooled(ray.batches)).change(xp.stack([h / norm for h in lengths], axis=-1), where=where)
    return change[..., 0], change[..., 1]


def _through_points(changes, h1, h2):
    """a and b of the parabola a s^2 + b s through the changes after h1 and h2 (section 6.3.2, derivation step 2)."""
    near, far = changes
    a = (far / h2 - near / h1) / (h2 - h1)
    return a, near / h1 - a * h1


def _from_edges(changes, h1, h2):
    """The same as the released code has it: for a parabola half the curvature, and the slope of h1 / 2 at 0."""
    near, far = changes
    left, right = near / h1, (far - near) / (h2 - h1)
    middle = ((h2 - h1) * left + h1 * right) / h2  # the slope at h1
    return (middle - left) / h1 / 2, left


def _answer(ray, size, walking, capped, failed):
    """Size and status (*lanes,). A failed search may walk by an older estimate; a step without a search never asks
    whether the direction descends."""
    xp = ray.xp
    walking = walking & (ray.norm > 0)
    status = xp.where(failed, int(Status.EXHAUSTED), xp.astype(capped, xp.int8))
    status = xp.where(walking, status, slope_status(xp, ray.line().slope0, status))
    return xp.where(walking, size, xp.where(status == int(Status.NONFINITE), nan, xp.zeros_like(size))), status
