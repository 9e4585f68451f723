"""The methods on plain Python numbers: the text to read beside the papers, and the oracle of the tests.

A vector is a tuple of numbers, a batch is whatever the problem understands, a problem is anything with
`value(x, batch)` and `gradient(x, batch)`. A method is a generator that takes one batch per step and yields
one `Move` per step. Numbers are floats or Fractions; additions, products and quotients keep fractions exact.

    problem = Quadratics(Q=[((2.0, 0.0), (0.0, 1.0))], m=[(1.0, 3.0)])
    for move in pal(problem, (0.0, 0.0), [(0,)] * 10): print(move)

Symbols: x parameters (theta), g mini-batch gradient, d direction, s step, t step number, phi loss along d.
The step multiplies d. SLS, backtracking and the exact searches take d = -g: their step is a learning rate;
PAL takes the unit vector d / |d|: its step is a length. Numbers of equations, algorithms and their lines are
those of M. Mutschler's dissertation unless a paper is named.

Where this text leaves the printed rules, and where the authors' released code does:

- every search: if the slope at s = 0 is positive (ASCENT), zero (STATIONARY) or loss or slope there are not
  finite (NONFINITE), x stays and nothing more is evaluated. Only PAL is explicit about this (step 0, too).
- fixed rates (sgd, momentum, nsgd, adam, rmsprop): they step whatever the slope, unless it is not finite.
- backtracking: algorithm 2 loops while phi(s) >= ..., which never ends where the slope is 0; here while >.
- sls: the loop of algorithm 3 need not end; here it does after `tries` evaluations with step 0 (EXHAUSTED),
  and the next search starts from the shrunken eta. `max_step` is an addition. variant="released": the step is
  then 1e-6, and where |g| < 1e-8 there is none (STATIONARY), while eta grows all the same. `fresh`: search on
  an independent batch, as the appendix of the paper wants it (loss and slope of the condition are those of
  that batch, along -g); algorithm 3 and the released code search on the batch of the gradient.
- pal: algorithm 8 measures the second loss (line 7) before it looks at the sign of b; here only where b < 0,
  the only cases that use it. The cap (line 17) comes after alpha and holds for the step mu, too, which counts
  as FOUND. Released defaults: mu 1, alpha 1 / 0.6, beta 0.4, s_max 3.16. exact_slope=False is the
  released option of an inexact directional derivative, b = -|d|.
- exact: section 4.6 looks at up to 20 points of a line; here the minimum of a parabola has a formula, others
  are bisected to the spacing of floats (of several minima, one below the first power of two that is uphill).
"""

import math
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import count
from math import inf
from typing import Any, NamedTuple, Protocol

Number = float | Fraction
Vector = tuple[Number, ...]
Batch = Any
Batches = Iterable[Batch]
Moves = Iterator["Move"]
Phi = Callable[[Number], Number]

FOUND = "FOUND"  # the search ended as its rule wants; fixed rates have no other way
CAPPED = "CAPPED"  # the largest step allowed was taken
EXHAUSTED = "EXHAUSTED"  # no acceptable step in the tries allowed: step 0
ASCENT = "ASCENT"  # the slope at s = 0 is positive: step 0
STATIONARY = "STATIONARY"  # the slope at s = 0 is 0: step 0
NONFINITE = "NONFINITE"  # loss or slope is infinite or not a number: step 0


class Move(NamedTuple):
    """One step: where it led, the multiple of d, how the search ended, its loss evaluations beside s = 0."""

    x: Vector
    step: Number
    status: str
    trials: int


class Problem(Protocol):
    def value(self, x: Vector, batch: Batch) -> Number: ...
    def gradient(self, x: Vector, batch: Batch) -> Vector: ...


# --- vectors and lines


def root(v: Number) -> Number:
    """Square root; of a Fraction (or int) it is exact where it is rational."""
    if not isinstance(v, float):
        p, q = math.isqrt(v.numerator), math.isqrt(v.denominator)
        if (p * p, q * q) == (v.numerator, v.denominator):
            return Fraction(p, q)
    return math.sqrt(v)


def dot(u, v) -> Number:
    return sum(a * b for a, b in zip(u, v, strict=True))


def norm(v: Vector) -> Number:
    return root(dot(v, v))


def scale(s: Number, v: Vector) -> Vector:
    return tuple(s * a for a in v)


def add(x: Vector, s: Number, d: Vector) -> Vector:
    """x + s d; x for s = 0, though d may be infinite."""
    return tuple(a + s * b for a, b in zip(x, d, strict=True)) if s != 0 else x


def mean(vectors: list[Vector]) -> Vector:
    return tuple(sum(column) / len(vectors) for column in zip(*vectors, strict=True))


def finite(v: Number) -> bool:
    return -inf < v < inf


def line(problem: Problem, x: Vector, d: Vector, batch: Batch) -> tuple[Phi, Phi]:
    """phi(s) = L_B(x + s d) and its slope (2.14, 2.15)."""
    phi = lambda s: problem.value(add(x, s, d), batch)
    slope = lambda s: dot(problem.gradient(add(x, s, d), batch), d)
    return phi, slope


def outlook(loss: Number, slope: Number) -> tuple[Number, str, int]:
    """How a search ends at s = 0: step 0, status, no trials. Status FOUND: it should go on."""
    if not (finite(loss) and finite(slope)):
        return 0, NONFINITE, 0
    return 0, FOUND if slope < 0 else STATIONARY if slope == 0 else ASCENT, 0


# --- fixed rates: a number, or a schedule rate(t)


def fixed(x: Vector, rate, t: int, d: Vector, g: Vector) -> Move:
    s = rate(t) if callable(rate) else rate
    return Move(add(x, s, d), s, FOUND, 0) if finite(dot(g, d)) else Move(x, 0, NONFINITE, 0)


def sgd(problem: Problem, x: Vector, batches: Batches, *, rate=0.1) -> Moves:
    """Stochastic gradient descent (Robbins & Monro 1951; algorithm 1)."""
    for t, batch in enumerate(batches):
        g = problem.gradient(x, batch)
        move = fixed(x, rate, t, scale(-1, g), g)  # (2.12)
        yield move
        x = move.x


def momentum(problem: Problem, x: Vector, batches: Batches, *, rate=0.01, beta=0.9) -> Moves:
    """SGD with momentum (Polyak 1964; algorithm 6)."""
    m = scale(0, x)
    for t, batch in enumerate(batches):
        g = problem.gradient(x, batch)
        m = add(g, beta, m)  # (2.39)
        move = fixed(x, rate, t, scale(-1, m), g)  # (2.40)
        yield move
        x = move.x


def nsgd(problem: Problem, x: Vector, batches: Batches, *, rate=0.1) -> Moves:
    """SGD with the gradient scaled to length 1 (chapter 6): the rate is the length of the step."""
    for t, batch in enumerate(batches):
        g = problem.gradient(x, batch)
        length = norm(g)
        move = fixed(x, rate, t, scale(-1 / length, g), g) if length else Move(x, 0, STATIONARY, 0)
        yield move
        x = move.x


def adam(problem: Problem, x: Vector, batches: Batches, *, rate=1e-3, beta1=0.9, beta2=0.999, eps=1e-8) -> Moves:
    """Adam (Kingma & Ba 2015, algorithm 1; algorithm 7)."""
    m = v = scale(0, x)
    for t, batch in enumerate(batches):
        g = problem.gradient(x, batch)
        m = add(scale(beta1, m), 1 - beta1, g)  # (2.41)
        v = add(scale(beta2, v), 1 - beta2, tuple(a * a for a in g))  # (2.42)
        m_hat = scale(1 / (1 - beta1 ** (t + 1)), m)  # (2.44)
        v_hat = scale(1 / (1 - beta2 ** (t + 1)), v)  # (2.45)
        d = tuple(-a / (root(b) + eps) for a, b in zip(m_hat, v_hat, strict=True))  # (2.46)
        move = fixed(x, rate, t, d, g)
        yield move
        x = move.x


def rmsprop(problem: Problem, x: Vector, batches: Batches, *, rate=0.01, decay=0.9, eps=1e-8) -> Moves:
    """RMSProp (Tieleman & Hinton 2012; section 2.8)."""
    v = scale(0, x)
    for t, batch in enumerate(batches):
        g = problem.gradient(x, batch)
        v = add(scale(decay, v), 1 - decay, tuple(a * a for a in g))  # (2.42)
        d = tuple(-a / (root(b) + eps) for a, b in zip(g, v, strict=True))  # (2.47)
        move = fixed(x, rate, t, d, g)
        yield move
        x = move.x


# --- line searches


def armijo(phi: Phi, slope0: Number, s: Number, c, beta, tries: int) -> tuple[Number, str, int]:
    """Algorithm 2: shrink s until the decrease is sufficient. Returns s, status, evaluations."""
    for trial in range(1, tries + 1):
        if phi(s) <= phi(0) + c * s * slope0:  # (2.17)
            return s, FOUND, trial
        s = beta * s
    return s, EXHAUSTED, tries


def backtracking(problem: Problem, x: Vector, batches: Batches, *, c=1e-4, beta=0.9, first=1.0, tries=100) -> Moves:
    """Gradient descent with a backtracking search, from `first` in every step (algorithm 2)."""
    for batch in batches:
        d = scale(-1, problem.gradient(x, batch))
        phi, slope = line(problem, x, d, batch)
        s, status, trials = outlook(phi(0), slope(0))
        if status == FOUND:
            s, status, trials = armijo(phi, slope(0), first, c, beta, tries)
            s = s if status == FOUND else 0
        x = add(x, s, d)
        yield Move(x, s, status, trials)


def sls(
    problem: Problem,
    x: Vector,
    batches: Batches,
    *,
    c=0.1,
    beta=0.9,
    gamma=2.0,
    first=1.0,
    reset=1,
    max_step=inf,
    tries=100,
    steps_per_epoch=1,
    fresh: Batches | None = None,
    variant="paper",
) -> Moves:
    """Stochastic Armijo search (Vaswani et al. 2019, algorithms 1 and 2; algorithm 3).

    reset: start from the last eta (0), from the last eta grown by gamma per epoch (1), from `first` (2).
    fresh: one further batch per step, to search on; by default the gradient's own batch.
    """
    eta = min(first, max_step)
    for batch, judge in ((b, b) for b in batches) if fresh is None else zip(batches, fresh, strict=False):
        if reset == 1:
            eta = min(eta * gamma ** (1 / steps_per_epoch), max_step)  # line 4; steps_per_epoch = D / B
        elif reset == 2:
            eta = min(first, max_step)
        d = scale(-1, problem.gradient(x, batch))
        phi, slope = line(problem, x, d, judge)
        s, status, trials = outlook(phi(0), slope(0))
        if variant == "released" and norm(d) < 1e-8:
            status = STATIONARY
        if status == FOUND:
            eta, status, trials = armijo(phi, slope(0), eta, c, beta, tries)  # lines 5-8
            if status == FOUND:
                s, status = eta, CAPPED if eta == max_step else FOUND
            elif variant == "released":
                s = 1e-6
        x = add(x, s, d)  # line 9
        yield Move(x, s, status, trials)


def pal(
    problem: Problem, x: Vector, batches: Batches, *, mu=0.1, alpha=1, beta=0.4, s_max=3.16, exact_slope=True
) -> Moves:
    """Parabolic approximation line search (Mutschler & Zell 2020, algorithm 1; algorithm 8)."""
    d = scale(0, x)
    for batch in batches:
        g = problem.gradient(x, batch)
        d = add(scale(-1, g), beta, d)  # (4.3)
        length = norm(d)
        unit = scale(1 / length, d) if length else d
        phi, _ = line(problem, x, unit, batch)
        b = dot(g, unit) if exact_slope else -length  # (4.4)
        s, status, trials = outlook(phi(0), b)  # case 3 of section 4.4.2: step 0
        if status == FOUND:
            a, trials = (phi(mu) - phi(0) - b * mu) / (mu * mu), 1  # (4.2), line 9
            s = -alpha * b / (2 * a) if a > 0 else mu  # (4.2) times alpha; cases 1 and 2
            s, status = (s, FOUND) if s <= s_max else (s_max, CAPPED)  # lines 17-19
            s, status = (s, status) if finite(a) else (0, NONFINITE)
        x = add(x, s, unit)  # line 20
        yield Move(x, s, status, trials)


def exact(problem: Problem, x: Vector, batches: Batches, *, s_max=inf, full: Batch = None) -> Moves:
    """Exact line search along -g, on the gradient's batch (2.16; section 4.6) or on the batch `full`.

    A line that only descends ends at s_max (CAPPED) or, without s_max, nowhere (EXHAUSTED).
    trials: points whose slope was asked for; a parabola needs none.
    """
    for batch in batches:
        d = scale(-1, problem.gradient(x, batch))
        judge = batch if full is None else full
        phi, slope = line(problem, x, d, judge)
        s, status, trials = outlook(phi(0), slope(0))
        if status == FOUND:
            if isinstance(problem, Quadratics):
                a = problem.curvature(d, judge) / 2
                s = -slope(0) / (2 * a) if a > 0 else inf  # minimum of a s^2 + b s
            else:
                s, trials = bisect(slope, s_max)
            if not s < s_max:
                s, status = (s_max, CAPPED) if s_max < inf else (0, EXHAUSTED)
        x = add(x, s, d)
        yield Move(x, s, status, trials)


def exact_full(problem: Problem, x: Vector, batches: Batches, *, full: Batch, s_max=inf) -> Moves:
    """Direction of the mini-batch, minimum of the line on all samples: s_opt of chapter 5."""
    return exact(problem, x, batches, s_max=s_max, full=full)


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
    return hi, looks


# --- problems: a batch is a tuple of sample numbers, its loss the mean over its samples


class Quadratics:
    """L_i(x) = 1/2 (x - m_i)' Q_i (x - m_i) + offset_i with symmetric Q_i (section 2.7)."""

    def __init__(self, Q, m, offsets=None):
        self.Q, self.m, self.offsets = Q, m, [0] * len(m) if offsets is None else offsets

    def value(self, x: Vector, batch: Batch) -> Number:
        away = [(i, add(x, -1, self.m[i])) for i in batch]
        return sum(dot(r, self.times(i, r)) / 2 + self.offsets[i] for i, r in away) / len(away)

    def gradient(self, x: Vector, batch: Batch) -> Vector:
        return mean([self.times(i, add(x, -1, self.m[i])) for i in batch])

    def curvature(self, d: Vector, batch: Batch) -> Number:
        """Second derivative along d, the same everywhere."""
        return dot(d, mean([self.times(i, d) for i in batch]))

    def times(self, i: int, v: Vector) -> Vector:
        return tuple(dot(row, v) for row in self.Q[i])


class Factorization:
    """Squared error of W2 W1 x, mean over batch and outputs (Vaswani et al. 2019, section 7.2).

    theta = W1 (rank x inputs), then W2 (outputs x rank), row by row; rank None: theta = W (outputs x inputs).
    """

    def __init__(self, X, Y, rank):
        self.X, self.Y, self.rank = X, Y, rank

    def layers(self, theta: Vector) -> tuple[list[Vector], list[Vector]]:
        inputs, cut = len(self.X[0]), (self.rank or 0) * len(self.X[0])
        rows = lambda flat, width: [flat[k : k + width] for k in range(0, len(flat), width)]
        return rows(theta[:cut], inputs), rows(theta[cut:], self.rank or inputs)

    def predict(self, theta: Vector, i: int) -> tuple[Vector, Vector]:
        """Hidden layer and residual of sample i."""
        W1, W2 = self.layers(theta)
        h = tuple(dot(row, self.X[i]) for row in W1) if self.rank else self.X[i]
        return h, tuple(dot(row, h) - y for row, y in zip(W2, self.Y[i], strict=True))

    def value(self, theta: Vector, batch: Batch) -> Number:
        residuals = [self.predict(theta, i)[1] for i in batch]
        return sum(dot(r, r) / len(r) for r in residuals) / len(batch)

    def gradient(self, theta: Vector, batch: Batch) -> Vector:
        W1, W2 = self.layers(theta)
        samples = []
        for i in batch:
            h, r = self.predict(theta, i)
            back = [dot(r, column) for column in zip(*W2, strict=True)] if W1 else []  # W2' r
            outer = [a * b for a in back for b in self.X[i]] + [a * b for a in r for b in h]
            samples.append(tuple(2 * v / len(r) for v in outer))
        return mean(samples)


class KernelLogistic:
    """Logistic loss of z_i = K_i . theta with y_i in {0, 1}, mean over the batch (Vaswani et al. 2019, 7.3).

    With the margin u = z for y = 1 and u = -z for y = 0 the loss is log(1 + exp(-u)).
    """

    def __init__(self, K, y):
        self.K, self.sign = K, [1 if label else -1 for label in y]

    def margins(self, theta: Vector, batch: Batch) -> list[float]:
        return [float(self.sign[i] * dot(self.K[i], theta)) for i in batch]

    def value(self, theta: Vector, batch: Batch) -> Number:
        losses = [max(-u, 0.0) + math.log1p(math.exp(-abs(u))) for u in self.margins(theta, batch)]
        return sum(losses) / len(losses)

    def gradient(self, theta: Vector, batch: Batch) -> Vector:
        wrong = [math.exp(min(-u, 0.0)) / (1 + math.exp(-abs(u))) for u in self.margins(theta, batch)]
        return mean([scale(-self.sign[i] * p, self.K[i]) for i, p in zip(batch, wrong, strict=True)])
