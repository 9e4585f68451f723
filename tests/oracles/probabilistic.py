"""The probabilistic line search.

Along a line the loss l is believed to be a once integrated Wiener process. Everything asked of it is linear in l: a
`Term` a l(s) + b l'(t) + ... is a list of (factor, order of the derivative, place), with a prior covariance between
any two, and observations are terms, too. Places are multiples u of the search's first trial.

Where this text leaves the printed rules, and where the authors' released code does:

- (2.34) takes the variance of the slopes in its lower block, (2.35) the inverse of (2.34), (2.36) is
  E max(0, lowest - l) with the lowest posterior mean at an *evaluated* point.
- algorithm 5 does not say which of several acceptable points is returned: the one with the lowest mean. The budget
  over, the lowest mean among the points ahead of 0 is taken (EXHAUSTED); point 0 itself would be no step.
- noise: the spread of losses and directional derivatives within the gradient's batch at 0, one more evaluation, with
  the factor 1 - B/D of sampling without replacement. Authors: slopes' noise from the variances of coordinates. A batch
  of one shows no spread: there that of it and the first fresh one, two evaluations.
- losses and slopes that are not finite, or beyond WALL and 3 WALL, are observed as a wall of that height, which is
  never accepted. Nor is a point whose own observation violates a condition by more than CONTRADICTED
  deviations of the noise: the belief is made of rounding where places are too close together. After nothing but walls
  there is no step, and the next search begins with the shortest trial.
- all terms get a relative variance NUGGET, so that two observations at one place are no contradiction.
- candidates: one extrapolation, to twice the largest u. Where the mean rises at 0 and has no minimum in the first
  cell, a hundredth of that cell is next; the authors' code ends there.
- a search starts from 1.3 times the last step, from the running average of steps if that is a hundred times longer;
  the average starts with the first step (released: with the first trial).
- released only: c2 = .5, 6 or 7 evaluations, strong Wolfe, an acceptable last point is returned at once and its
  gradient is the next step's.
"""

import math
from itertools import pairwise
from typing import NamedTuple

from .basics import (
    EXHAUSTED,
    FOUND,
    Batch,
    Batches,
    Fresh,
    Move,
    Moves,
    Problem,
    Vector,
    add,
    dot,
    finite,
    outlook,
    scale,
    watched,
)

Term = list[tuple[float, int, float]]

TAU = 10.0  # (2.28)
NUGGET = 1e-14
WALL = 1e3
CONTRADICTED = 10.0
TINY = 1e-150  # for standard deviations that vanish

# --- what is believed before and after observations


def kernel(i: int, s: float, j: int, t: float) -> float:
    """Covariance of the i-th derivative at s with the j-th at t, i and j 0 or 1, for m = 1 and tau = 0."""
    if s > t:
        return kernel(j, t, i, s)
    if i == 0:
        return s * s * t / 2 - s * s * s / 6 if j == 0 else s * s / 2  # (2.29), (2.31)
    return s * t - s * s / 2 if j == 0 else s  # (2.32), (2.33)


def prior(f: Term, g: Term) -> float:
    """Prior covariance of two terms (2.30).

    With tau, l(s) = l(0) + s l'(0) + w(s): the rest w has the covariances for tau = 0, and l(0) and l'(0), on which it
    does not depend, have those of tau with tau. Summed up like this, short steps cost no digits.
    """
    f0, f1, g0, g1 = *start(f), *start(g)
    level = f0 * g0 * TAU**3 / 3 + (f0 * g1 + f1 * g0) * TAU**2 / 2 + f1 * g1 * TAU
    return level + math.fsum(a * b * kernel(i, s, j, t) for a, i, s in f for b, j, t in g)


def start(f: Term) -> tuple[float, float]:
    """The factors of l(0) and of l'(0) in a term."""
    return math.fsum(a for a, i, _ in f if i == 0), math.fsum(a if i else a * s for a, i, s in f)


class Belief(NamedTuple):
    """The posterior of l after some observations."""

    places: list[float]  # where l was observed
    terms: list[Term]  # what was observed
    root: list[list[float]]  # rows of the Cholesky factor of their covariance
    weights: list[float]  # inverse covariance times observations: the factors of v in (2.34)

    def mean(self, f: Term) -> float:
        return math.fsum(prior(f, g) * w for g, w in zip(self.terms, self.weights, strict=True))  # (2.34)

    def covariance(self, f: Term, g: Term) -> float:
        v, w = (forward(self.root, [prior(x, term) for term in self.terms]) for x in (f, g))
        return prior(f, g) - math.fsum(a * b for a, b in zip(v, w, strict=True))  # (2.35)

    def deviation(self, f: Term) -> float:
        return max(math.sqrt(max(self.covariance(f, f), 0)), TINY)

    def change(self, u: float) -> float:
        """Mean of l(u) - l(0)."""
        return self.mean([(1, 0, u), (-1, 0, 0)])

    def minimum(self, left: float, right: float) -> float | None:
        """Where between two neighbouring places the mean, there a cubic, has a minimum, if it has one.

        Just right of `left` only observations further right bend it: (2.29) and (2.31) have the second derivatives
        t - s and 1, the third ones -1 and 0.
        """
        ahead = [(w, *term[0]) for w, term in zip(self.weights, self.terms, strict=True) if term[0][2] > left]
        first = self.mean([(1, 1, left)])
        second = math.fsum(w if order else w * (t - left) for w, _, order, t in ahead)
        third = -math.fsum(0 if order else w for w, _, order, _ in ahead)
        radicand = second * second - 2 * first * third
        if radicand <= 0 or (second <= 0 and third <= 0):
            return None
        top = math.sqrt(radicand)
        step = (top - second) / third if second < 0 else -2 * first / (second + top)  # no cancellation in either
        return left + step if 0 < step < right - left else None


def believe(places: list[float], values, slopes, value_noise=0.0, slope_noise=0.0) -> Belief:
    """Observations l(u), l'(u) with independent errors of these variances (2.27)."""
    terms: list[Term] = [[(1, order, u)] for u in places for order in (0, 1)]
    gram = [[prior(f, g) for g in terms] for f in terms]
    for k, row in enumerate(gram):
        row[k] += NUGGET * row[k] + (slope_noise if k % 2 else value_noise)
    root = cholesky(gram)
    seen = [y for both in zip(values, slopes, strict=True) for y in both]
    return Belief(places, terms, root, backward(root, forward(root, seen)))


def cholesky(A: list[list[float]]) -> list[list[float]]:
    """Rows of the lower triangle L with L L' = A. No pivot of A is below its nugget, whatever rounding says."""
    L: list[list[float]] = []
    for i, row in enumerate(A):
        new = forward(L, row[:i])
        pivot = row[i] - math.fsum(a * a for a in new)
        L.append([*new, math.sqrt(max(pivot, NUGGET * row[i]))])
    return L


def forward(L: list[list[float]], y: list[float]) -> list[float]:
    """The solution of L x = y."""
    x: list[float] = []
    for row, b in zip(L, y, strict=True):
        x.append((b - math.fsum(a * c for a, c in zip(row, x, strict=False))) / row[-1])
    return x


def backward(L: list[list[float]], y: list[float]) -> list[float]:
    """The solution of L' x = y."""
    x = list(y)
    for i in reversed(range(len(x))):
        x[i] = (x[i] - math.fsum(L[k][i] * x[k] for k in range(i + 1, len(x)))) / L[i][i]
    return x


# --- what is expected of a place


def below(z: float) -> float:
    """The standard normal distribution function."""
    return math.erfc(-z / math.sqrt(2)) / 2


def both_below(h: float, k: float, rho: float) -> float:
    """P(x < h, y < k) for standard normal x, y with correlation rho: its derivative in rho is their density at (h, k).

    That is integrated over rho = sin(angle) from 0, where the two are independent, with the doubly exponential
    substitution angle = end / (1 + exp(-pi sinh v)), because all that happens may happen next to rho = 1 or -1.
    """
    h, k = (min(max(z, -40.0), 40.0) for z in (h, k))
    end, step, integral = math.asin(min(max(rho, -1.0), 1.0)), 1 / 16, 0.0
    for n in range(-64, 65):
        part = 1 / (1 + math.exp(-math.pi * math.sinh(n * step)))
        sine, cosine = math.sin(end * part), math.cos(end * part)
        away = (h - k * sine) / cosine
        integral += math.pi * math.cosh(n * step) * part * (1 - part) * math.exp(-(away * away + k * k) / 2)
    return min(max(below(h) * below(k) + end * step * integral / (2 * math.pi), 0.0), 1.0)


def wolfe_probability(belief: Belief, u: float, c1, c2) -> float:
    """P(a > 0 and b > 0), the belief in both Wolfe conditions (2.38)."""
    a: Term = [(1, 0, 0), (c1 * u, 1, 0), (-1, 0, u)]  # (2.37)
    b: Term = [(1, 1, u), (-c2, 1, 0)]
    spread_a, spread_b = belief.deviation(a), belief.deviation(b)
    rho = belief.covariance(a, b) / (spread_a * spread_b)
    return both_below(belief.mean(a) / spread_a, belief.mean(b) / spread_b, rho)


def expected_improvement(belief: Belief, u: float) -> float:
    """E max(0, lowest - l(u)) with the lowest mean at an observed place (2.36)."""
    gain = min(map(belief.change, belief.places)) - belief.change(u)
    sd = belief.deviation([(1, 0, u)])
    z = gain / sd
    return max(gain * below(z) + sd * math.exp(-z * z / 2) / math.sqrt(2 * math.pi), 0)


def promising(belief: Belief, c1, c2) -> float:
    """The next u (algorithm 5, lines 13-16)."""
    s = sorted(belief.places)
    minima = [belief.minimum(left, right) for left, right in pairwise(s)]
    if minima[0] is None and belief.mean([(1, 1, 0)]) > 0:
        return min(u for u in s if u > 0) / 100
    candidates = [2 * s[-1] if u is None else u for u in [*minima, None]]
    return max(candidates, key=lambda u: expected_improvement(belief, u) * wolfe_probability(belief, u, c1, c2))


# --- the search


class Scaled(NamedTuple):
    """The losses along x + s d in units of the prior: l(0) = 0, and l'(0) = -1 for the batch that gave d."""

    problem: Problem
    x: Vector
    d: Vector
    first: float
    value0: float
    steep: float

    def observe(self, u: float, batch: Batch) -> tuple[float, float]:
        """Loss and slope at u first d."""
        there = add(self.x, u * self.first, self.d)
        loss, slope = self.problem.value(there, batch), dot(self.problem.gradient(there, batch), self.d)
        return (float(loss) - self.value0) / (self.steep * self.first), float(slope) / self.steep

    def noise(self, shown: Batch, n: int, samples: int) -> list[float]:
        """The variances of loss and slope of a batch of n at 0 that is drawn without replacement, from those shown."""
        variances = []
        for each in zip(*(self.observe(0, (i,)) for i in shown), strict=True):
            centre = sum(each) / len(shown)
            squares = sum((v - centre) * (v - centre) for v in each)
            variance = squares / max(len(shown) - 1, 1) / n * (1 - n / samples)
            variances.append(variance if variance < WALL * WALL else WALL * WALL)
        return variances


def wall(v: float, height: float) -> float:
    return min(max(v, -height), height) if finite(v) else height


def search(scaled: Scaled, batches, noise, c1, c2, threshold) -> tuple[float, str, int, float]:
    """Algorithm 5 on these fresh batches. Returns u, status, evaluations, the shortest trial."""
    places, values, slopes, u = [0.0], [0.0], [-1.0], 1.0  # lines 1-4
    best, n = 0.0, 0
    passable: list[float] = []
    errors = [CONTRADICTED * math.sqrt(variance) for variance in noise]
    for n, batch in enumerate(batches, 1):
        value, slope = scaled.observe(u, batch)
        places, values, slopes = [*places, u], [*values, wall(value, WALL)], [*slopes, wall(slope, 3 * WALL)]  # line 7
        passable += [u] if values[-1] < WALL and slopes[-1] < 3 * WALL else []
        belief = believe(places, values, slopes, *noise)  # line 8
        seen = dict(zip(places, zip(values, slopes, strict=True), strict=True))
        allowed = [u for u in passable if seen[u][0] + c1 * u <= errors[0] and seen[u][1] + c2 >= -errors[1]]
        good = [u for u in allowed if wolfe_probability(belief, u, c1, c2) > threshold]  # lines 9, 10
        best = min(good or passable or [0.0], key=belief.change)
        if good:
            return best, FOUND, n, min(places[1:])  # line 11
        u = promising(belief, c1, c2)  # lines 13-16
    return best, EXHAUSTED, n, min(places[1:])  # line 19


@watched
def pls(
    problem: Problem,
    x: Vector,
    batches: Batches,
    *,
    fresh: Fresh,
    full: Batch,
    c1,
    c2,
    threshold,
    evaluations,
    first,
) -> Moves:
    """Probabilistic line search (Mahsereci & Hennig 2015; section 2.6.5, algorithm 5). full: all sample numbers.

    The trials are those on fresh batches and the pass or two for the noise, which are counted even where nothing is
    searched, as on arrays, where they come before the look at the slope.
    """
    trial, average = float(first), None
    for t, batch in enumerate(batches):
        g = problem.gradient(x, batch)
        loss, slope = problem.value(x, batch), -dot(g, g)
        _, status, _ = outlook(loss, slope)
        s, n, alone = 0.0, 0, len(batch) == 1 < len(full)
        if status == FOUND:
            scaled = Scaled(problem, x, scale(-1, g), trial, float(loss), -float(slope))
            further = (fresh(t, j) for j in range(1, evaluations + 1))
            noise = scaled.noise((*batch, *fresh(t, 1)) if alone else batch, len(batch), len(full))
            u, status, n, shortest = search(scaled, further, noise, c1, c2, threshold)
            s = u * trial
            if s:
                average = s if average is None else 0.95 * average + 0.05 * s
                trial = average if 1.3 * s < average / 100 else 1.3 * s
            else:
                trial = max(shortest * trial, TINY)
        move = Move(add(x, s, scale(-1, g)), s, status, 1 + alone + n)
        yield move
        x = move.x
