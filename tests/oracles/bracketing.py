"""Searches that enclose a minimum between two slopes.

All search along d = -g, so that the step is a learning rate.

Where this text leaves the printed rules, and where the authors' released code does:

- exact: section 4.6 looks at up to 20 points of a line; here the minimum of a parabola has a formula, others
  are bisected to the spacing of floats (of several minima, one below the first power of two that is uphill), or to
  where the slope is no number any more.
- strong_wolfe: zoom bisects; Nocedal & Wright interpolate, which their text leaves open. All points count as tries.
- golsi: B_0 is the gradient's batch, B_i is fresh(t, i). The step tested before the limits (lines 15 and 21) is
  returned as printed, so it may pass them by the factor: CAPPED above, EXHAUSTED below; nothing is measured there.
  Where both limits of line 2 contradict each other the upper one wins. Where the last slope is not finite the step
  is 0 (NONFINITE). After `tries` slopes, which no published text counts, the step is 0 (EXHAUSTED), and the next
  search goes on from the trial that would have followed. variant="released": the condition of line 4 is strict; a step
  at a limit goes no further; the slope beyond a limit is measured; and the batch that judged the accepted step is the
  next B_0, so that `batches` gives the first B_0 (and the next one after a step without a search) and only counts
  steps otherwise.
"""

from collections.abc import Callable
from itertools import count
from math import inf

from .basics import (
    CAPPED,
    EXHAUSTED,
    FOUND,
    NONFINITE,
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
    decreases,
    dot,
    finite,
    line,
    norm,
    outlook,
    scale,
    watched,
)
from .problems import Quadratics


def exact(problem: Problem, x: Vector, batches: Batches, *, s_max) -> Moves:
    """Exact line search along -g, on the gradient's batch (2.16; section 4.6)."""
    return minima(problem, x, batches, s_max, lambda batch: batch)


def exact_full(problem: Problem, x: Vector, batches: Batches, *, full: Batch, s_max) -> Moves:
    """Direction of the mini-batch, minimum of the line on all samples: s_opt of chapter 5."""
    return minima(problem, x, batches, s_max, lambda batch: full)


@watched
def minima(problem: Problem, x: Vector, batches: Batches, s_max, judged_by: Callable[[Batch], Batch]) -> Moves:
    """A line that only descends ends at s_max (CAPPED) or, without s_max, nowhere (EXHAUSTED).

    trials: points whose slope was asked for; a parabola needs none.
    """
    for batch in batches:
        d = scale(-1, problem.gradient(x, batch))
        judge = judged_by(batch)
        phi, slope = line(problem, x, d, judge)
        s, status, trials = outlook(phi(0), slope(0))
        if status == FOUND:
            if isinstance(problem, Quadratics):
                a = problem.curvature(d, judge) / 2
                s = -slope(0) / (2 * a) if a > 0 else inf  # minimum of a s^2 + b s
            else:
                s, trials = bisect(slope, s_max)
            if not 0 < s < s_max:
                s, status = (s_max, CAPPED) if 0 < s and s_max < inf else (0, EXHAUSTED)
        x = add(x, s, d)
        yield Move(x, s, status, trials)


def bisect(slope: Phi, s_max: Number) -> tuple[float, int]:
    """Where slope < 0 changes to slope >= 0 (inf: nowhere up to s_max), and how many slopes that took."""
    lo, hi, top = 0.0, min(1.0, float(s_max)), min(float(s_max), 1e300)
    for looks in count(1):
        if not slope(hi) < 0:
            break
        if hi == top:
            return inf, looks
        lo, hi = hi, min(2 * hi, top)
    while lo < (mid := (lo + hi) / 2) < hi:
        lo, hi = (mid, hi) if slope(mid) < 0 else (lo, mid)
        looks += 1
    return hi if finite(slope(hi)) else lo, looks


@watched
def strong_wolfe(problem: Problem, x: Vector, batches: Batches, *, c1, c2, first, max_step, tries) -> Moves:
    """Search for the strong Wolfe conditions: sufficient decrease (2.17), |slope| <= c2 |slope at 0| (2.18)."""
    for batch in batches:
        d = scale(-1, problem.gradient(x, batch))
        phi, slope = line(problem, x, d, batch)
        step, status, trials = outlook(phi(0), slope(0))
        if status == FOUND:
            step, status, trials = wolfe(phi, slope, min(first, max_step), c1, c2, max_step, tries)
        x = add(x, step, d)
        yield Move(x, step, status, trials)


def wolfe(phi: Phi, slope: Phi, s: Number, c1, c2, max_step, tries: int) -> tuple[Number, str, int]:
    """Nocedal & Wright 2006, algorithm 3.5 (while hi = inf) and zoom, algorithm 3.6. Returns s, status, points.

    lo is the lowest point so far that decreases enough; the slope there points to hi.
    """
    lo: Number = 0
    hi: Number = inf
    for trial in range(1, tries + 1):
        if not (decreases(phi, s, c1 * s * slope(0)) and phi(s) < phi(lo)):
            hi = s
        elif abs(slope(s)) <= -c2 * slope(0):
            return s, FOUND, trial
        elif slope(s) < 0 and hi == inf and s == max_step:
            return s, CAPPED, trial
        else:
            lo, hi = s, lo if slope(s) * (hi - lo) > 0 else hi
        s = (lo + hi) / 2 if hi < inf else min(2 * s, max_step)
    return 0, EXHAUSTED, tries


@watched
def golsi(
    problem: Problem,
    x: Vector,
    batches: Batches,
    *,
    fresh: Fresh,
    c2,
    factor,
    first,
    smallest,
    tries,
    variant,
) -> Moves:
    """Gradient-only line search that is inexact (Kafka & Wilke 2019; algorithm 4). It looks at slopes alone."""
    s, judge, released = first, None, variant == "released"
    for t, batch in enumerate(batches):
        origin = judge if released and judge is not None else batch  # B_0
        d = scale(-1, problem.gradient(x, origin))
        step, status, trials = outlook(problem.value(x, origin), -dot(d, d))
        judge = None
        if status == FOUND:
            largest = min(1 / norm(d), 10**7)  # line 1
            s0 = min(max(s, smallest), largest)  # line 2
            slope, limit = fresh_slope(problem, x, d, fresh, t), c2 * dot(d, d)
            end, status, trials, last = sign_change(slope, s0, limit, smallest, largest, factor, released, tries)
            if not finite(last):
                step, status = 0, NONFINITE
            else:
                s, judge = end, fresh(t, trials)
                step, status = (0, EXHAUSTED) if status == TRYING else (end, status)
        x = add(x, step, d)
        yield Move(x, step, status, trials)


def fresh_slope(problem: Problem, x: Vector, d: Vector, fresh: Fresh, t: int) -> Callable[[Number, int], Number]:
    """slope(s, j): l'_B(s) on B_j, the j-th fresh batch of step t."""
    return lambda s, j: dot(problem.gradient(add(x, s, d), fresh(t, j)), d)


TRYING = "TRYING"  # the tries are used up


def sign_change(slope, s: Number, limit, smallest, largest, factor, released, tries) -> tuple[Number, str, int, Number]:
    """Algorithm 4, lines 4-25, with limit = c2 |l'_B0(0)|. Returns s, status, slopes asked for, the last of them."""
    b = slope(s, 1)
    if 0 < b < limit if released else 0 <= b <= limit:
        return s, FOUND, 1, b  # (2.24), line 4
    grows = b < 0
    stop = CAPPED if grows else EXHAUSTED
    if released and not (s < largest if grows else s > smallest):
        return s, stop, 1, b
    for j in count(2):
        s = s * factor if grows else s / factor  # lines 14 and 20
        beyond = s > largest / factor if grows else s < smallest * factor
        if beyond and not released:
            return s, stop, j - 1, b  # lines 15 and 21, first half
        if j > tries:
            return s, TRYING, tries, b
        b = slope(s, j)
        if (b < 0) != grows:
            return s, FOUND, j, b  # second half
        if beyond:
            return s, stop, j, b
    raise AssertionError("unreachable")
