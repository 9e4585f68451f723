"""Section N, first part: gradients, their noise and the Hessian (A Walk with SGD, section 4)."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import product
from typing import Any, NamedTuple

import mpmath
import numpy as np
import sympy as sp
from hypothesis import strategies as st

import toybox as tb
from toybox import losses, methods
from toybox.xp import namespace

from ..cases import EPS, add, batches, dot, mean, populations, rotation, scale, seeds, times, tol_eigen
from ..claim import ERRORS, Check, Claim, Contrast, below, close, equal, only, sigmas
from ..ours import Quadratics, on_rule

# --- WALK-01: the Hessian of a negative log likelihood

X, Y, P = sp.symbols("x y p", positive=True)


class Likelihood(NamedTuple):
    """Probabilities p_i(x, y) of N samples, and a loss of p."""

    p: tuple
    loss: Any = -sp.log(P)
    slope: Any = None  # dL/dp in the third term; None: the derivative of the loss
    lost: int = 0  # C has the divisor N - lost

    @property
    def terms(self):
        """Hessian H, covariance C of the gradients, outer product g g', third term of eq. 2: lists of four entries."""
        N, at = len(self.p), [(i, j) for i in (X, Y) for j in (X, Y)]
        L = [self.loss.subs(P, q) for q in self.p]
        g = {i: sum(sp.diff(f, i) for f in L) / N for i in (X, Y)}
        away = [{i: sp.diff(f, i) - g[i] for i in (X, Y)} for f in L]
        slope = sp.diff(self.loss, P) if self.slope is None else self.slope
        return (
            [sum(sp.diff(f, i, j) for f in L) / N for i, j in at],
            [sum(a[i] * a[j] for a in away) / (N - self.lost) for i, j in at],
            [g[i] * g[j] for i, j in at],
            [sum(slope.subs(P, q) * sp.diff(q, i, j) for q in self.p) / N for i, j in at],
        )

    @property
    def residual(self):
        """H - C - g g' - third term."""
        return [H - C - gg - third for H, C, gg, third in zip(*self.terms, strict=True)]


ANY = [tuple(sp.Function(f"p{i}", positive=True)(X, Y) for i in range(N)) for N in (1, 2, 3)]  # nothing known of them
RATIONAL = [
    (1 / (1 + X**2 + Y), (1 + Y) / (2 + X + 2 * Y)),
    ((1 + X * Y) / (3 + X**2 * Y**2), X / (1 + X + Y), 1 / (2 + Y**3)),
]
SMOOTH = (sp.exp(-X - X * Y**2) / 2, (2 + sp.sin(X + 3 * Y)) / 4, 1 / (1 + sp.exp(2 * X - Y)))


def zero(*entries):
    """Minus the number of sums, of products of powers of p and its derivatives, that are not 0 identically."""
    return -sum(sp.expand(entry) != 0 for entry in entries)


def vanishes(p, **other):
    return zero(*Likelihood(p, **other).residual)


def at_rational_places(p, **other):
    """The residual of rational functions is 0 exactly."""
    residual, slack = Likelihood(p, **other).residual, {}
    for x, y in ((F(1), F(2)), (F(1, 3), F(5, 2))):
        values = (entry.subs({X: sp.Rational(x), Y: sp.Rational(y)}) for entry in residual)
        slack[f"{x}, {y}"] = equal([fraction(v) for v in values], [F(0)] * 4)
    return slack


def to_forty_digits(p, **other):
    """Below 1e-35 in 40 digits, which leaves room for 1e5 roundings of numbers of order 1."""
    with mpmath.workdps(40):
        f = sp.lambdify((X, Y), Likelihood(p, **other).residual, "mpmath")
        worst = max(
            abs(entry) for x, y in ((1, 2), (3, 1), (7, 5)) for entry in f(mpmath.mpf(x) / 3, mpmath.mpf(y) / 4)
        )
        return float(1 - worst / mpmath.mpf("1e-35"))


def facts(slope=-1 / P):
    """Of L = -log p: the slope, and that the second derivative is the square of the first."""
    first, second = sp.diff(-sp.log(P), P), sp.diff(-sp.log(P), P, 2)
    return {"slope": zero(first - slope), "1 / p^2": zero(second - 1 / P**2), "square": zero(second - first**2)}


def of_a_logistic(p):
    """p = e / (1 + e), e = exp(u): kept (1 - p)^2, neglected (1 - p)(2 p - 1), together p (1 - p)."""
    e = sp.Symbol("e", positive=True)
    logistic, by_u = e / (1 + e), lambda f: e * sp.diff(f, e)
    exact = lambda f: fraction(f.subs(e, sp.Rational(p / (1 - p))))
    neglected = exact(-by_u(by_u(logistic)) / logistic)
    return {
        "kept": equal(exact(by_u(-sp.log(logistic)) ** 2), (1 - p) ** 2),
        "neglected": equal(neglected, (1 - p) * (2 * p - 1)),
        "sum": equal(exact(by_u(by_u(-sp.log(logistic)))), p * (1 - p)),
        "negative below 1/2, positive above": equal(sign(neglected), sign(2 * p - 1)),
    }


def of_our_logistic():
    """The curvature of our logistic loss is the sum of both parts: its relative rounding is a few EPS of either."""
    z = np.linspace(-20, 20, 401)
    loss, xp, label = losses.Logistic(), namespace("numpy"), -np.ones(401)
    q, p = np.exp(-z) / (1 + np.exp(-z)), 1 / (1 + np.exp(-z))
    kept, neglected = loss.residual(xp, z, label) ** 2, q * (p - q)
    return close(loss.bend(xp, z, label, 1.0) - kept, neglected, 16 * EPS * (q * q + p * q))


def fraction(v):
    """A rational number of SymPy's as one of ours."""
    return F(v.p, v.q)


def sign(v):
    return (v > 0) - (v < 0)


WALK_01 = Claim(
    id="WALK-01",
    title="Hessian decomposition for the negative log likelihood",
    source="A Walk with SGD, eqs. 2 and 6 to 11",
    statement="The Hessian of the mean of -log p_i is the covariance of the sample gradients, plus the outer product of"
    " the mean gradient with itself, plus a term with the second derivatives of the probabilities.",
    formula=r"H = C + g g^\top + \frac1N \sum_{i=1}^N \frac{\partial L_i}{\partial p_i}"
    r" \frac{\partial^2 p_i}{\partial\theta^2}",
    kind="symbolic",
    verdict="holds",
    finding="True for all positive, twice differentiable p_i, where C has the divisor N and the slope of L is -1/p. The"
    " covariance of eq. 3 needs the divisor N - 1 (WALK-03): one C cannot serve both equations. The third term is no"
    " remainder: for a logistic p the first two make (1-p)^2, the third (1-p)(2p-1), which is 0 only at p = 1/2 and 1"
    " and negative below 1/2.",
    checks=[
        Check("any functions p_i of two variables", vanishes, lambda budget: [(p,) for p in ANY]),
        Check("rational functions", at_rational_places, lambda budget: [(p,) for p in RATIONAL]),
        Check("exp, sin and logistic to 40 digits", to_forty_digits, lambda budget: [(SMOOTH,)]),
        Check("derivatives of the loss in p", facts),
        Check("a logistic p", of_a_logistic, lambda budget: [F(k, 8) for k in range(1, 8)]),
        Check(
            "zeros of its third term",
            lambda: equal(sorted(sp.solve((1 - P) * (2 * P - 1), P)), [sp.Rational(1, 2), sp.Integer(1)]),
        ),
        Check("our logistic loss", of_our_logistic),
    ],
    controls=[
        Check("C with the divisor N - 1", lambda: at_rational_places(RATIONAL[0], lost=1)),
        Check("the same to 40 digits", lambda: to_forty_digits(SMOOTH, lost=1)),
        Check("the loss (1 - p)^2", lambda: at_rational_places(RATIONAL[0], loss=(1 - P) ** 2)),
        Check("slope -p for -1/p", lambda: at_rational_places(RATIONAL[0], slope=-P)),
        Check("slope -p for -1/p, directly", lambda: facts(-P)),
    ],
)

# --- WALK-02: the mean gradient and the top eigenvector


class Spread(NamedTuple):
    """A mean gradient and the covariance C of the gradients, symmetric, of norm ratio |g|^2."""

    g: np.ndarray
    C: np.ndarray
    ratio: float


def spread(rng, n, ratio, phi, lowest) -> Spread:
    """C's top eigenvector stands at the angle phi to g; its other eigenvalues are 0 .. lowest times the largest."""
    W = rotation(rng, n)
    top = np.cos(phi) * W[:, 0] + np.sin(phi) * W[:, 1]
    U = np.linalg.qr(np.column_stack([top, rng.standard_normal((n, n - 1))]))[0]
    eigenvalues = np.append(1.0, rng.uniform(0, 1, n - 1) ** rng.choice([1, 8]) * rng.choice([1, lowest], n - 1))
    size = 10 ** rng.uniform(-3, 3)
    C = ratio * size**2 * (U * eigenvalues) @ U.T
    return Spread(size * W[:, 0], (C + C.T) / 2, ratio)


@st.composite
def spreads(draw, lowest=1.0):
    rng, n = np.random.default_rng(draw(seeds)), draw(st.integers(2, 10))
    return spread(rng, n, draw(st.floats(1e-3, 0.95)), draw(st.floats(0, np.pi / 2)), lowest)


def angle(g, C):
    """Sine and cosine of the angle between g and the top eigenvector of C + g g', and how far rounding may turn it.

    A backward error 8 n EPS |C + g g'| turns an eigenvector by that over the distance to the second eigenvalue.
    """
    values, vectors = np.linalg.eigh(C + np.outer(g, g))
    unit, top = g / np.linalg.norm(g), vectors[:, -1]
    cosine = abs(unit @ top)
    turned = tol_eigen(len(g), values[-1]) / (values[-1] - values[-2])
    return np.linalg.norm(unit - (unit @ top) * top), cosine, turned


def aligned(case, factor=1.0):
    """sin 2 theta <= ratio, which is sharp, and sin theta <= ratio / (2 (1 - ratio)), which follows: what is left of
    each bound, as a fraction of it."""
    sine, cosine, turned = angle(case.g, case.C)
    left = lambda found, bound, tolerance: (bound + tolerance - found) / bound
    return {
        "twice the angle": left(2 * sine * cosine, factor * case.ratio, 2 * turned),
        "below 45 degrees": left(sine, np.sqrt(0.5), turned),
        "the angle": left(sine, factor * case.ratio / (2 * (1 - case.ratio)), turned),
    }


def extremal(ratio):
    """C of rank one, at an angle phi to g with cos 2 phi = -ratio."""
    phi = np.arccos(-ratio) / 2
    u = np.array([np.cos(phi), np.sin(phi)])
    return Spread(np.array([1.0, 0.0]), ratio * np.outer(u, u), ratio)


def attained(ratio):
    """The top eigenvector is turned until sin 2 theta = ratio."""
    sine, cosine, turned = angle(*extremal(ratio)[:2])
    return close(2 * sine * cosine, ratio, 2 * turned)


def printed_first_order():
    """For small ratios the weaker bound is also as good as attained: .9998 of it."""
    ratio = 2e-4
    sine, _, _ = angle(*extremal(ratio)[:2])
    return close(sine / (ratio / (2 * (1 - ratio))), 0.9998, 5e-5)


SLOPE, BEND = sp.symbols("a K", positive=True)
ACROSS = Likelihood((sp.exp(-SLOPE * X - BEND * Y**2) / 2,))  # one sample, looked at in the origin


def across(a, K):
    """H, H without the third term, and g at the origin, exactly."""
    at = {SLOPE: sp.Rational(a), BEND: sp.Rational(K), X: 0, Y: 0}
    square = lambda term: tuple(tuple(fraction(f.subs(at)) for f in row) for row in (term[:2], term[2:]))
    H, C, gg, _ = map(square, ACROSS.terms)
    g = tuple(fraction(sp.diff(-sp.log(ACROSS.p[0]), i).subs(at)) for i in (X, Y))
    return H, tuple(add(v, 1, w) for v, w in zip(C, gg, strict=True)), g


def off(H, g):
    """The squared sine of the angle between g and the top eigenvector of a diagonal H."""
    assert H[0][1] == 0 == H[1][0]
    return (g[1] if H[0][0] > H[1][1] else g[0]) ** 2 / dot(g, g)


def orthogonal(a, K):
    """The whole Hessian sends g to 0; without its third term g is the top eigenvector, C being 0."""
    H, H0, g = across(a, K)
    return {
        "H g": equal(times(H, g), (0, 0)),
        "H": equal(H, ((0, 0), (0, 2 * K))),
        "H0": equal(H0, ((a * a, 0), (0, 0))),
        "along H0's": equal(off(H0, g), 0),
        "across H's": equal(off(H, g), 1),
    }


def slopes_and_bends(budget):
    return [(F(1), F(1)), (F(3), F(1, 7)), (F(1, 5), F(4))]


TWENTIETHS = lambda budget: [k / 20 for k in range(1, 20)]

WALK_02 = Claim(
    id="WALK-02",
    title="The mean gradient is aligned with the top eigenvectors",
    source="A Walk with SGD, section 4.1, after eq. 2",
    statement="Where the mean gradient is large against the covariance of the gradients it must point along the top"
    " eigenvectors of the Hessian, if the term with second derivatives of the probabilities is left out.",
    formula=r"\|C\| \ll \|g\|^2 \Rightarrow g \parallel v_{\max}(H)",
    kind="property",
    verdict="corrected",
    finding="True of the Hessian without its third term, with a sharp bound on the angle: for the top eigenvector v and"
    " a unit vector w across it in the plane of v and g, w'(C + gg')v = 0 gives |g|^2 sin cos = |w'Cv|, which is at"
    " most |C|/2 since C is positive semi-definite; below 45 degrees by continuity. Untrue of the whole Hessian: with"
    " one sample of p = exp(-a x - K y^2)/2, C is 0 and yet g lies across the only curved direction, for all a and K.",
    corrected=r"\sin 2\vartheta \le \frac{\|C\|}{\|g\|^2} < 1 \quad (H_0 = C + g g^\top)",
    checks=[
        Check("angle to the top eigenvector of C + gg'", aligned, spreads()),
        Check("the bound is attained", attained, TWENTIETHS),
        Check("so is its first order, .9998 of it", printed_first_order),
        Check("the example with its third term", orthogonal, slopes_and_bends),
    ],
    controls=[
        Check("nine tenths of the bound", lambda ratio: aligned(extremal(ratio), 0.9), TWENTIETHS),
        Check("C not semi-definite", aligned, spreads(lowest=-1.0), examples=100),
    ],
    counterexamples=[
        Check(
            "squared sine between g and the top eigenvector for exp(-a x - K y^2) / 2, where C = 0",
            lambda a, K: Contrast(0, off(*across(a, K)[::2])),
            only(F(1), F(1)),
        )
    ],
)

# --- WALK-03: covariance of mini-batch gradients


def tuples(N, B):
    """Batches drawn with replacement."""
    return product(range(N), repeat=B)


apart = lambda N, B: F(1, B) - F(1, N)
with_replacement = lambda N, B: F(1, B)
with_K = lambda N, B: F(N - B, B * (N - 1))


def outer(away, divisor):
    """The sum of v v' over the divisor, row after row."""
    n = len(away[0])
    return [sum(v[i] * v[j] for v in away) / divisor for i in range(n) for j in range(n)]


def covariances(g, drawn=batches, factor=apart, lost=1, most=7):
    """The covariance of the gradients of all batches of a size is factor(N, B) times that of the samples.

    lost: the latter has the divisor N - lost.
    """
    N, expected = len(g), of_samples(g, lost)
    return {
        f"B = {B}": equal(of_batches(g, drawn(N, B)), [factor(N, B) * c for c in expected])
        for B in range(1, min(N, most) + 1)
    }


def of_samples(g, lost):
    return outer([add(v, -1, mean(g)) for v in g], len(g) - lost)


def of_batches(g, drawn):
    """The gradients are those of L_i(x) = |x + g_i|^2 / 2 at 0, on exact numbers."""
    n, centre = len(g[0]), mean(g)
    eye, origin = tuple(tuple(F(i == j) for j in range(n)) for i in range(n)), (F(0),) * n
    problem = Quadratics([eye] * len(g), [scale(-1, v) for v in g])
    away = [add(problem.gradient(origin, batch), -1, centre) for batch in drawn]
    return outer(away, len(away))


def as_in_equation_3(g, B):
    N = len(g)
    return Contrast(apart(N, B) * of_samples(g, lost=0)[0], of_batches(g, batches(N, B))[0])


POPULATIONS = st.tuples(populations())  # a case is the tuple of its margin's arguments


def of_our_steps(sampler, factor, lost, limit, seed, many):
    """One step of our SGD with rate 1 in many lanes: second moments of its noise within so many standard errors."""
    rng, N, B = np.random.default_rng(seed), 5, 3
    g = rng.standard_exponential((N, 2)) * [1, 3]
    problem = tb.problems.NoisyQuadratic(np.eye(2), -g, start=np.zeros(2))
    optimizer = on_rule(methods.fixed.Fixed(rate=1.0))
    trace = tb.run(problem, optimizer, steps=1, batch=B, seeds=range(many), sampler=sampler, every=None)
    alpha = -trace.theta - g.mean(axis=0)
    squares = alpha[:, :, None] * alpha[:, None, :]
    expected = float(factor(N, B)) * np.cov(g.T, ddof=lost)
    return sigmas(squares.mean(axis=0), expected, squares.std(axis=0) / np.sqrt(many), limit)


def steps_of(*settings, limit=ERRORS):
    return lambda budget: [(*setting, limit, budget.seed, budget.many(20_000, 500_000)) for setting in settings]


SQUARE = ((F(2), F(1)), (F(-2), F(1)), (F(1), F(4)), (F(-1), F(0)))  # four gradients


WALK_03 = Claim(
    id="WALK-03",
    title="Mini-batch gradient covariance",
    source="A Walk with SGD, eq. 3",
    statement="The covariance of a mini-batch gradient is 1/B - 1/N times the covariance C of the sample gradients, the"
    " one of eq. 2.",
    formula=r"\mathrm{cov}(g_B, g_B) = \left(\frac1B - \frac1N\right) C",
    kind="enumeration",
    verdict="corrected",
    finding="True of distinct samples with the unbiased covariance S (divisor N - 1). With the C of eq. 2 (divisor N)"
    " the factor is (N - B) / (B (N - 1)). Of samples drawn with replacement the covariance is C / B, also at B = N.",
    corrected=r"\mathrm{cov}(g_B, g_B) = \left(\frac1B - \frac1N\right) S, \quad S = \frac{N}{N-1} C",
    checks=[
        Check("all batches of distinct samples, with S", covariances, POPULATIONS, examples=60),
        Check("the same, with C", lambda g: covariances(g, factor=with_K, lost=0), POPULATIONS, examples=60),
        Check(
            "all batches with replacement",
            lambda g: covariances(g, tuples, with_replacement, lost=0, most=3),
            st.tuples(populations(st.integers(2, 5), st.integers(1, 2))),
            examples=20,
        ),
        Check(
            "steps of our SGD, by sampler",
            of_our_steps,
            steps_of(("fresh", apart, 1), ("epochs", apart, 1), ("replacement", with_replacement, 0)),
        ),
    ],
    controls=[
        Check("eq. 3 for samples with replacement", lambda: covariances(SQUARE, tuples, apart)),
        Check("our sampler with replacement", of_our_steps, steps_of(("replacement", apart, 1), limit=10)),
        Check("our sampler of distinct samples, with C", of_our_steps, steps_of(("fresh", apart, 0), limit=10)),
    ],
    counterexamples=[
        Check("variance of the first coordinate of g_B, by C of eq. 2", as_in_equation_3, only(SQUARE, 2)),
    ],
)

# --- WALK-04: alignment


class Landscape(NamedTuple):
    """Our quadratic with three samples, a place, and its Hessian's eigenvalues (ascending) and eigenvectors."""

    problem: Any
    theta: np.ndarray  # (lanes, n)
    eigenvalues: np.ndarray
    U: np.ndarray

    @property
    def tolerance(self):
        return tol_eigen(len(self.U), np.abs(self.eigenvalues).max())

    def alignment(self, g, power=2):
        """Eq. 4 of gradients (lanes, n), by our Hessian-vector product."""
        whole = self.problem.at(self.theta, self.problem.population)
        return (g * whole.hvp(g)).sum(axis=-1) / np.linalg.norm(g, axis=-1) ** power


@st.composite
def landscapes(draw):
    """Definite and indefinite Hessians; the sample gradients are normal numbers, however H is conditioned."""
    n, rng, decades = draw(st.integers(1, 8)), np.random.default_rng(draw(seeds)), draw(st.floats(0, 6))
    eigenvalues = 10 ** rng.uniform(0, decades, n) * 10 ** rng.uniform(-3, 3)
    eigenvalues *= rng.choice([-1, 1], n) if draw(st.booleans()) else 1
    U = rotation(rng, n)
    H = (U * eigenvalues) @ U.T
    H = (H + H.T) / 2
    centres = np.linalg.solve(H, -rng.standard_normal((n, 3))).T
    problem = tb.problems.NoisyQuadratic(H, centres)
    return Landscape(problem, np.zeros((4, n)), *np.linalg.eigh(H))


def quotient(place, power=2):
    """Between the extreme eigenvalues; how far from one is how far the gradient is from its eigenvectors.

    R - h_1 = sum of (h_k - h_1) c_k^2 for the components c_k of the unit gradient in the eigenvectors.
    """
    h, tolerance = place.eigenvalues, place.tolerance
    g = place.problem.at(place.theta, place.problem.draw(np.arange(4), 0, 0, 2, "fresh")).gradient
    R, squares = place.alignment(g, power), (g @ place.U) ** 2 / (g**2).sum(axis=-1, keepdims=True)
    return {
        "lowest": below(h[0], R, tolerance),
        "highest": below(R, h[-1], tolerance),
        "above the lowest": close(R - h[0], squares @ (h - h[0]), tolerance),
        "below the highest": close(h[-1] - R, squares @ (h[-1] - h), tolerance),
        "at eigenvectors": close(place.alignment(5 * place.U.T[:, None], power), h[:, None], tolerance),
    }


WALK_04 = Claim(
    id="WALK-04",
    title="Alignment is a Rayleigh quotient",
    source="A Walk with SGD, eq. 4",
    statement="The alignment of a mini-batch gradient with the Hessian lies between the Hessian's extreme eigenvalues"
    " and reaches one of them exactly where the gradient is an eigenvector of it.",
    formula=r"\lambda_{\min}(H) \le \frac{g_B^\top H g_B}{\|g_B\|_2^2} \le \lambda_{\max}(H)",
    kind="property",
    verdict="holds",
    checks=[
        Check("gradients of batches of ours, and eigenvectors", quotient, landscapes()),
    ],
    controls=[Check("divided by the length", lambda place: quotient(place, power=1), landscapes(), examples=20)],
)

CLAIMS = (WALK_01, WALK_02, WALK_03, WALK_04)
