"""The belief of the probabilistic line search in plain numbers, which claims compare with the arrays of the package.

Along a line the loss l is believed to be a once integrated Wiener process. Everything asked of it is linear in l: a
`Term` a l(s) + b l'(t) + ... is a list of (factor, order of the derivative, place), with a prior covariance between
any two, and observations are terms, too. Places are multiples u of the search's first trial. All terms get a relative
variance NUGGET, so that two observations at one place are no contradiction.
"""

import math
from itertools import pairwise
from typing import NamedTuple

Term = list[tuple[float, int, float]]

TAU = 10.0  # (2.28)
NUGGET = 1e-14
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
