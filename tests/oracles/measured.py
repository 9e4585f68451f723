"""Rules that measure the loss on more than the gradient's batch.

Where this text leaves the printed rules, and where the authors' released code does:

- fbpal: chapter 5 records where PAL on all samples would go; here it goes there.
- labpal: the printed text is a sketch. As in the released code the direction is that of the search's first batch,
  this batch is one of the approximation batches, and the step after a search goes along the measured direction
  (printed: the first of the next n_SGD batches'), so that a search is part of an update and `reuse` updates share it.
  The largest step, which only the captions of figures 6.8 and 6.9 name, holds after alpha. Where the direction does
  not descend x stays, and the next step searches; where the parabola has no minimum ahead the last estimate stays in
  force (EXHAUSTED; without one x stays, and the next step searches). t of k(t) counts the batches of searches as if
  each found a minimum.
- labpal, variant="released": points 0, .000177, .01; slopes between the points are taken for slopes at the points
  at the left edge, twice, which halves the curvature; the largest step holds before alpha and grows by alpha
  whenever it is needed; steps and rates are at least 1e-6; directions with a length outside [1e-3, 100] are not
  searched; a new k(t) asks for a search, and so does the update untrustworthy + 2, from which on the estimates are
  averaged; k(t) batches each count as one of `approximation_batches` (printed: all of them together); with momentum
  and k = 1 the updates between searches go along the gradient, divided (nsgd) by the length of the momentum vector.
"""

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from math import inf
from typing import Any

from .basics import (
    CAPPED,
    EXHAUSTED,
    FOUND,
    Batch,
    Batches,
    Fresh,
    Move,
    Moves,
    Number,
    Phi,
    Problem,
    Vector,
    add,
    dot,
    line,
    mean,
    norm,
    outlook,
    scale,
    watched,
)
from .closed import fixed, parabola_step

PRINTED = Fraction(1, 10**4), Fraction(1, 100)  # where LABPAL measures beside 0
RELEASED = Fraction(177, 10**6), Fraction(1, 100)


@watched
def fbpal(problem: Problem, x: Vector, batches: Batches, *, full: Batch, mu, alpha, s_max) -> Moves:
    """PAL along the mini-batch gradient, measured on all samples (chapter 5)."""
    for batch in batches:
        g = problem.gradient(x, batch)
        length = norm(g)
        unit = scale(-1 / length, g) if length else g
        phi, slope = line(problem, x, unit, full)
        s, status, trials = parabola_step(phi, slope(0), mu, alpha, s_max)
        x = add(x, s, unit)
        yield Move(x, s, status, trials)


def doubling(t: int, t_max: int) -> int:
    """k(t) of algorithm 9: batches per update, after t of t_max batches."""
    return 1 if t <= t_max // 2 else 2 if t <= 3 * t_max // 4 else 4


def three_point_parabola(phi: Phi, h1: Number, h2: Number) -> tuple[Number, Number]:
    """a and b of the parabola a s^2 + b s + c through phi(0), phi(h1), phi(h2) (section 6.3.2, derivation step 2)."""
    slope1, slope2 = ((phi(h) - phi(0)) / h for h in (h1, h2))
    a = (slope2 - slope1) / (h2 - h1)
    return a, slope1 - a * h1


def released_parabola(phi: Phi, h1: Number, h2: Number) -> tuple[Number, Number]:
    """The same as the released code has it: for a parabola half the curvature, and the slope of h1 / 2 at 0."""
    left, right = (phi(h1) - phi(0)) / h1, (phi(h2) - phi(h1)) / (h2 - h1)
    middle = ((h2 - h1) * left + h1 * right) / h2  # the slope at h1
    return (middle - left) / h1 / 2, left


def released_step(s: Number, alpha, s_max) -> tuple[Number, Number, str]:
    """alpha times a step that s_max bounds, the s_max of the next search, status."""
    if s > s_max:
        return max(alpha * s_max, 1e-6), alpha * s_max, CAPPED
    return max(alpha * s, 1e-6), s_max, FOUND


def mean_line(problem: Problem, x: Vector, d: Vector, batches: list[Batch]) -> Phi:
    return lambda s: sum(problem.value(add(x, s, d), batch) for batch in batches) / len(batches)


@watched
def labpal(
    problem: Problem,
    x: Vector,
    batches: Batches,
    *,
    fresh: Fresh,
    mode,
    alpha,
    approximation_batches,
    reuse,
    schedule: Callable[[int], int] | None,
    noise_factor,
    s_max,
    momentum,
    variant,
    untrustworthy,
    average,
) -> Moves:
    """Large-batch parabolic approximation line search (chapter 6, algorithm 9).

    mode: the estimate is a rate ("sgd") or a length ("nsgd"). schedule: k(t), the batches that make one gradient,
    multiplied by noise_factor (6.8); t counts batches, None: one. Batch 0 of an update is the one of `batches`, the
    others are fresh(update, j).
    """

    def pool(update: int, batch: Batch, n: int) -> list[Batch]:
        return [batch, *(fresh(update, j) for j in range(1, n))]

    def clock() -> Iterator[tuple[int, Callable[[int], list[Batch]]]]:
        """Update by update k(t), and a function that gives the first n of its batches."""
        t, k, age = 0, 0, reuse
        for update, batch in enumerate(batches):
            k_old, k = k, max(int(noise_factor * (schedule(t) if schedule else 1)), 1)
            yield k, partial(pool, update, batch)
            if variant == "paper":
                searches, searched = age >= reuse, k * math.ceil(approximation_batches / k)
            else:
                searches = age >= reuse or k != k_old or update == untrustworthy + 2
                searched = k * approximation_batches
            t, age = (t + searched, 1) if searches else (t + k, age + 1)  # lines 22 and 34

    steps = clock()
    common = problem, x, steps, mode, alpha, approximation_batches, reuse, s_max, momentum
    return as_released(*common, untrustworthy, average) if variant == "released" else as_printed(*common)


def as_printed(problem, x, steps, mode, alpha, approximation_batches, reuse, s_max, momentum) -> Moves:
    """Algorithm 9."""
    m, used = scale(0, x), 0
    step: Number | None = None
    for k, draw in steps:
        searches = step is None or used >= reuse  # line 32
        pool = draw(k * math.ceil(approximation_batches / k) if searches else k)  # lines 20-22, 33
        g = mean([problem.gradient(x, b) for b in pool[:k]])
        m = add(g, momentum, m)  # (2.39)
        length = norm(m)
        unit = scale(-1 / length, m) if length else m
        d, per_length = (unit, 1) if mode == "nsgd" else (scale(-1, m), length)
        if length and not searches:
            move = fixed(x, step, 0, d, g)  # line 33
        elif (move := Move(x, *outlook(problem.value(x, pool[0]), dot(g, unit)))).status == FOUND:
            a, b = three_point_parabola(mean_line(problem, x, unit, pool), *PRINTED)  # line 24
            status, used = EXHAUSTED, 0
            if inf > a > 0 > b:
                s = -alpha * b / (2 * a)  # line 25
                s, status = (s, FOUND) if s < s_max else (s_max, CAPPED)
                step = s / per_length  # (6.6)
            move = Move(add(x, step or 0, d), step or 0, status, 2 * len(pool))
        x, used = move.x, used + 1  # line 35
        yield move


def as_released(
    problem, x, steps, mode, alpha, approximation_batches, reuse, s_max, momentum, untrustworthy, average
) -> Moves:
    """What the authors' code makes of it."""
    m, k_old, used, updates = scale(0, x), 0, 0, 0
    arc: Any = None  # step and rate in force
    rate: Any = None
    estimates: list[Vector] = []  # (update, step, rate)
    for k, draw in steps:
        searches, k_old = k != k_old or rate is None or used >= reuse or updates == untrustworthy + 2, k
        pool = draw(k * approximation_batches if searches else k)
        g = mean([problem.gradient(x, b) for b in pool[:k]])
        m = add(g, momentum, m)
        length = norm(m)
        unit = scale(-1 / length, m) if length else m
        if length and not searches:
            step, stretch = (arc, -1 / length) if mode == "nsgd" else (rate, -1)
            move = fixed(x, step, 0, scale(stretch, g if k == 1 else m), g)
            updates += 1
        elif (move := Move(x, *outlook(problem.value(x, pool[0]), dot(g, unit)))).status == FOUND:
            if not 1e-3 <= length <= 100:
                move = Move(x, 0, EXHAUSTED, 0)
            else:
                a, b = released_parabola(mean_line(problem, x, unit, pool), *RELEASED)
                status, used = EXHAUSTED, 0
                if inf > a > 0 > b:
                    s, s_max, status = released_step(-b / (2 * a), alpha, s_max)
                    estimates.append((updates, s, max(s / length, 1e-6)))
                    trusted = [e for e in estimates if e[0] >= untrustworthy + 2][-average:] or estimates[-1:]
                    _, arc, rate = mean(trusted)
                if rate is not None:
                    move = Move(add(x, arc, unit), arc if mode == "nsgd" else arc / length, status, 2 * len(pool))
                    updates += 1
        x, used = move.x, used + 1
        yield move


labpal_sgd = partial(labpal, mode="sgd")
labpal_nsgd = partial(labpal, mode="nsgd")
