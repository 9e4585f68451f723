"""LABPAL: a parabola through the loss of many batches, whose minimum serves many updates.

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
from typing import Any, NamedTuple

from ..entry import decades, named, options
from ..exact import alike
from ..hyper import Hyper, choice, hyperparameters, integer, is_whole, number, refuse_unknown, shown
from ..optimizer import Optimizer
from ..rays import Iterate, Status, descends
from ..text import End, Pool, Search, change, exhausted, finite, nowhere
from .fixed import Unit
from .momentum import Momentum

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
    estimate: Any = nan  # in force; nan: none yet
    used: int = 0  # updates since it was measured


class Released(NamedTuple):
    s_max: Any
    k: int = 0  # batches of the gradient of the last step
    used: int = 0  # steps since the last search
    updates: int = 0
    estimate: tuple[Any, Any] = (nan, nan)  # length and rate in force; nan: none yet
    recent: tuple[tuple[Any, Any], ...] = ()  # the last of those that are averaged


@hyperparameters
class LABPAL(Search):
    """Large-batch parabolic approximation (Mutschler 2022; dissertation, Algorithm 9 and section 6.3).

    Every ``reuse`` updates the loss on ``approximation_batches`` batches is measured along the direction, and alpha
    times the step to the parabola's minimum is used from then on: as a rate (LABPAL&SGD) or, ``keeps="length"``, as the
    length of the way (LABPAL&NSGD). The released variant wants the bare direction, whatever it keeps.
    """

    alpha: Hyper = number(1.8, "(0, inf)", "factor of the way to the parabola's minimum")
    approximation_batches: int = integer(10, 1, "base batches on which a search measures")
    reuse: int = integer(1000, 1, "updates from a search to the next (n_SGD)")
    s_max: Hyper = number(1.0, "(0, inf]", "the largest step, as a length")
    keeps: str = choice("rate", "rate", "length", meaning="what is used until the next search")
    variant: str = choice("paper", "paper", "released", meaning="as printed, or as the authors' code has it")
    untrustworthy: int = integer(400, 0, "released: updates before estimates are averaged")
    average: int = integer(25, 1, "released: estimates that are averaged at most")
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

    def begin(self):
        return Printed() if self.variant == "paper" else Released(self.s_max)

    def search(self, here, state):
        return (_printed if self.variant == "paper" else _released)(self, here, state)

    def leads(self, ray, size, extras):
        """Released: which lanes go along the bare gradient."""
        if self.variant == "paper":
            return {}
        bare = ray.xp.reshape(ray.xp.asarray([bool(one) for one in extras]), (*size.shape, 1))
        along = ray.xp.where(bare, -ray.origin.gradient, ray.d)
        return {"point": Iterate(ray.origin.theta + size[..., None] * along)}


def _printed(rule, here, state):
    """Algorithm 9; lines 1 to 17, the loop, are the run's."""
    (estimate, used), norm, lengths = state, here.norm, rule.keeps == "length"
    searches = used >= rule.reuse or not finite(estimate)  # line 32
    if not norm > 0 or (searches and not descends(here.slope0)):
        return nowhere(here.slope0, Printed(estimate, used + 1))
    status = Status.FOUND
    if searches:
        used, pool = 0, Pool(rule.pooled(here.batches))  # lines 20 to 22
        near, far = alike(here.slope0, NEAR, FAR)
        a, b = through_points((yield change(near / norm, far / norm, batch=pool)), near, far)  # line 24
        s = -rule.alpha * b / (2 * a) if a > 0 and b < 0 else nan  # line 25
        new = min(s, rule.s_max) if lengths else min(s, rule.s_max) / norm  # eq. 6.6
        good = a > 0 and b < 0 and finite(a) and finite(new)
        estimate = new if good else estimate
        status = Status.EXHAUSTED if not good else Status.CAPPED if s >= rule.s_max else Status.FOUND
    state = Printed(estimate, used + 1)  # line 35
    if not finite(estimate):
        return exhausted(state)
    return End(estimate / norm if lengths else estimate, status, state)  # line 33


def _released(rule, here, state):
    """What the authors' code makes of it; ``extra``: whether the step goes along the bare gradient."""
    k, norm, used = here.batches, here.norm, state.used
    due = used >= rule.reuse or state.updates == rule.untrustworthy + 2 or not finite(state.estimate[0])
    searches, status = due or k != state.k, Status.FOUND
    bare, state = not searches and k == 1, state._replace(k=k, used=used + 1)
    if not norm > 0 or (searches and not descends(here.slope0)):
        return nowhere(here.slope0, state, extra=bare)
    if searches and not SHORT <= norm <= LONG:
        return exhausted(state, extra=bare)
    if searches:
        near, far = alike(here.slope0, RELEASED_NEAR, RELEASED_FAR)
        changes = yield change(near / norm, far / norm, batch=Pool(rule.pooled(k)))
        state, status = _estimated(rule, norm, state._replace(used=1), *from_edges(changes, near, far))
    length, rate = state.estimate
    if not finite(length):
        return exhausted(state, extra=bare)
    state = state._replace(updates=state.updates + 1)
    return End(length / norm if searches or rule.keeps == "length" else rate, status, state, bare)


def _estimated(rule, norm, state, a, b):
    """The state with a new estimate in force, or, as soon as any is trusted, the mean of the last ones; and the status
    of the search. s_max grows where it bounds."""
    s = -b / (2 * a) if a > 0 and b < 0 else nan
    length = max(rule.alpha * min(s, state.s_max), SMALLEST)
    rate = max(length / norm, SMALLEST)
    if not (a > 0 and b < 0 and finite(a) and finite(rate)):
        return state, Status.EXHAUSTED
    recent = state.recent
    if state.updates >= rule.untrustworthy + 2:
        recent = (*recent, (length, rate))[-rule.average :]
    latest = tuple(sum(column) / len(recent) for column in zip(*recent, strict=True)) if recent else (length, rate)
    capped = s > state.s_max
    s_max = rule.alpha * state.s_max if capped else state.s_max
    return state._replace(estimate=latest, recent=recent, s_max=s_max), Status.CAPPED if capped else Status.FOUND


def through_points(changes, h1, h2):
    """a and b of the parabola a s^2 + b s through the changes after h1 and h2 (section 6.3.2, derivation step 2)."""
    near, far = changes
    a = (far / h2 - near / h1) / (h2 - h1)
    return a, near / h1 - a * h1


def from_edges(changes, h1, h2):
    """The same as the released code has it: for a parabola half the curvature, and the slope of h1 / 2 at 0."""
    near, far = changes
    left, right = near / h1, (far - near) / (h2 - h1)
    middle = ((h2 - h1) * left + h1 * right) / h2  # the slope at h1
    return (middle - left) / h1 / 2, left


@dataclass(frozen=True)
class Plan:
    """What labpal is told beside its rule."""

    schedule: str = choice("doubling", *SCHEDULES, meaning="base batches per gradient, by a name or a function of t")
    noise_factor: float = number(1, "(0, inf)", "what multiplies that number (eq. 6.8); one number for all lanes")


def _labpal(keeps):
    def make(schedule, noise_factor, momentum, **rule):
        labpal, along = LABPAL(keeps=keeps, **rule), Momentum(momentum)
        # the released code searches along the momentum vector, whatever it keeps
        direction = Unit(along) if keeps == "length" and labpal.variant == "paper" else along
        return Optimizer(direction, labpal, batches=BatchSchedule(labpal, schedule, noise_factor))

    return make


OPTIONS = {
    **options(LABPAL, "alpha", "approximation_batches", "reuse"),
    **options(Plan),
    **options(LABPAL, "s_max"),
    "momentum": options(Momentum, "beta", beta=0.0)["beta"],
    **options(LABPAL, "variant", "untrustworthy", "average"),
}
GRID = {"alpha": (*decades(-2, 0, 2), 1.8, 1.9), "reuse": (20, 100, 1000)}
NAMES = {
    "labpal-sgd": named(
        _labpal("rate"),
        OPTIONS,
        "a rate from a parabola on many batches, reused",
        "s = alpha (-b / 2a) / |d|, a s^2 + b s through the mean losses of many batches; kept for reuse updates",
        "k gradients; 3 losses of approximation_batches batches every reuse updates",
        "D Algorithm 9, eqs. 6.6, 6.8",
        "mutschler2022",
        deviations="a search is part of an update",
        grid=GRID,
    ),
    "labpal-nsgd": named(
        _labpal("length"),
        OPTIONS,
        "an arc length from a parabola on many batches, reused",
        "s = alpha (-b / 2a) along d / |d|, a s^2 + b s through mean losses of many batches; kept for reuse updates",
        "k gradients; 3 losses of approximation_batches batches every reuse updates",
        "D Algorithm 9, eqs. 6.6, 6.8",
        "mutschler2022",
        deviations="as labpal-sgd",
        grid=GRID,
    ),
}
