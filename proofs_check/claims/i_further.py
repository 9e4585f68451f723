"""Section I, third part: hypergradients and ALI-G (dissertation, section 2.8)."""

from __future__ import annotations

from fractions import Fraction as F
from functools import partial
from typing import NamedTuple

import numpy as np
import sympy as sp
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ..cases import EPS, add, dot, norm, positive, powers, rational_quadratics, rationals, seeds, vectors
from ..claim import Check, Claim, Contrast, above, at_most, below, close, equal, holds, only
from ..ours import Plain, Quadratics, line, moves, on_rule, walk

# --- HD-01: the derivative in the learning rate

X = sp.symbols("x y z")
RATE = sp.Symbol("lambda")


def gradient(f):
    return [sp.diff(f, x) for x in X]


def at(expression, place):
    return expression.subs(dict(zip(X, place, strict=True)), simultaneous=True)


def losses(budget):
    """Pairs of a polynomial with whole coefficients and one plus exponentials: the losses of two batches."""
    random = budget.random()
    whole = lambda: random.randint(-2, 2)
    for k in range(budget.many(16, 100)):
        terms = [whole() * sp.prod(random.choices(X, k=random.randint(1, 3))) for _ in range(8)]
        waves = [whole() * sp.exp(whole() * random.choice(X) + random.choice(X)) for _ in range(k % 3)]
        yield sum(terms[:4]) + X[0] ** 2, sum(terms[4:]) + sum(waves) + X[1] * X[2]


def hypergradient(first, second, sign=-1, new=True):
    """d/d lambda of the second loss at theta - lambda g is -g_t' g, with g_t there (or, not new, at theta)."""
    g = gradient(first)
    there = [x - RATE * d for x, d in zip(X, g, strict=True)]
    slope = sp.diff(at(second, there), RATE)
    product = sum(at(a, there if new else X) * b for a, b in zip(gradient(second), g, strict=True))
    return holds(sp.expand(slope - sign * product) == 0)


def polynomials(budget):
    """Two polynomials, a place and rates of few binary digits, for which floats are exact. There the second gradient is
    not 0: where it is, no rate is used."""
    random = budget.random()
    for first, second in losses(budget):
        if not second.has(sp.exp):
            place = tuple(F(random.randint(-2, 2)) for _ in X)
            rate, hyper_rate = F(random.randint(1, 8), 8), F(random.randint(1, 8), 16)
            step = [sp.Rational(rate.numerator, rate.denominator) * at(d, place) for d in gradient(first)]
            if any(at(d, [x - s for x, s in zip(place, step, strict=True)]) for d in gradient(second)):
                yield first, second, place, rate, hyper_rate


def descends(first, second, place, rate, hyper_rate, sign=-1):
    """Our second rate is the first after a gradient step on the loss of the second batch."""
    g = gradient(first)
    line = at(second, [x - RATE * d for x, d in zip(X, g, strict=True)])
    slope = at(sp.diff(line, RATE), place).subs(RATE, sp.Rational(rate.numerator, rate.denominator))
    wanted = rate + sign * hyper_rate * F(int(slope.p), int(slope.q))
    return {kind: equal(found, wanted) for kind, found in second_rates(first, second, place, rate, hyper_rate).items()}


def second_rates(first, second, place, rate, hyper_rate):
    parts = [(sp.lambdify(X, f, modules=[]), sp.lambdify(X, gradient(f), modules=[])) for f in (first, second)]
    plain = Plain(parts=[(lambda x, f=f: f(*x), lambda x, g=g: g(*x)) for f, g in parts])
    exactly = moves("sgd-hd", plain, place, [(0,), (1,)], rate=rate, hyper_rate=hyper_rate)

    def both(theta, index):
        f, g = parts[np.ravel(index)[0]]
        columns = np.moveaxis(theta, -1, 0)
        return f(*columns) + 0 * columns[0], np.stack([c + 0 * columns[0] for c in g(*columns)], axis=-1)

    problem = tb.problems.FromFunction(both, len(X), 2)
    rule = methods.hypergradient.Hypergradient(float(rate), float(hyper_rate))
    run = walk(problem, on_rule(rule), np.array(place, float), 2, lambda t, j: np.array([[t]]), batch=1)
    return {"exact": exactly[1].step, "arrays": F(float(run.trace.size[1, 0]))}


HD_01 = Claim(
    id="HD-01",
    title="Hypergradient",
    source="dissertation, eqs. 2.48 and 2.49",
    statement="The derivative of the newest batch's loss in the rate of the last step is minus the product of the"
    " newest and the last gradient, so that adding a multiple of this product to the rate is a gradient step.",
    formula=r"\frac{\partial}{\partial\lambda} \mathcal L_{\mathbb B,t}(\theta_{t-1} - \lambda g_{t-1}) ="
    r" -g_t^\top g_{t-1}, \qquad \lambda_{t+1} = \lambda_t + \alpha\, g_t^\top g_{t-1}",
    kind="symbolic",
    verdict="holds",
    checks=[
        Check("the derivative", hypergradient, losses),
        Check("the update of our rule", descends, polynomials),
    ],
    controls=[
        Check("the other sign", partial(hypergradient, sign=1), losses),
        Check("the new gradient at the old place", partial(hypergradient, new=False), losses),
        Check("an ascent", partial(descends, sign=1), polynomials),
    ],
)

# --- HD-02: towards the line's minimum


def step_of_rate(q, rate, hyper_rate):
    """The rate that leaves the second place, on one and the same loss (at its minimum there is none)."""
    plain = Plain(q.f, q.gradient)
    second = moves("sgd-hd", plain, q.x, [(0,)] * 2, rate=rate, hyper_rate=hyper_rate)[1]
    assume(second.status == tb.Status.FOUND)
    return second.step


def to_minimum(q):
    """The rate that leads to the minimum of the line along -g, and the curvature g'Hg (here H = 2 Q)."""
    g = q.gradient(q.x)
    assume(any(g))
    bend = 2 * dot(g, tuple(dot(row, g) for row in q.Q))
    return dot(g, g) / bend, bend


def contracts_by(q, rate, share, rounds=3):
    """With alpha = share / g'Hg the distance to the best rate changes by 1 - share, in every step from this place."""
    best, bend = to_minimum(q)
    slack = []
    for _ in range(rounds):
        new = step_of_rate(q, rate, share / bend)
        slack.append(equal(new - best, (1 - share) * (rate - best)))
        rate = new
        if rate < 0:  # from which no run begins
            break
    return min(slack)


def approaches(q, rate, share):
    """The distance to the best rate falls."""
    best, bend = to_minimum(q)
    assume(rate != best)
    return above(abs(rate - best), abs(step_of_rate(q, rate, share / bend) - best))


class Whole(NamedTuple):
    """f(x) = 1/2 (x - m)'(M M' + I)(x - m) of whole numbers, with rates of few binary digits: floats are exact."""

    M: tuple
    m: tuple
    x: tuple
    rate: F
    hyper_rate: F


@st.composite
def wholes(draw):
    n = draw(st.integers(1, 3))
    vector = lambda most: st.tuples(*[st.integers(-most, most).map(F)] * n)
    eighths = st.integers(1, 16).map(lambda k: F(k, 8))
    return Whole(draw(st.tuples(*[vector(2)] * n)), draw(vector(9)), draw(vector(9)), draw(eighths), draw(eighths))


def same_on_arrays(case):
    M = np.array(case.M, float)
    problem = tb.problems.NoisyQuadratic((M @ M.T + np.eye(len(M)))[None], np.array([case.m], float))
    rule = methods.hypergradient.Hypergradient(float(case.rate), float(case.hyper_rate))
    sizes = walk(problem, on_rule(rule), np.array(case.x, float), 2).trace.size[:, 0].tolist()
    Q = [tuple(dot(a, b) + (i == j) for j, b in enumerate(case.M)) for i, a in enumerate(case.M)]
    plain = Quadratics([Q], [case.m])
    exact = moves("sgd-hd", plain, case.x, [(0,)] * 2, rate=case.rate, hyper_rate=case.hyper_rate)
    return equal([F(size) for size in sizes], [move.step for move in exact])


QUADRATICS = rational_quadratics(n=st.integers(1, 3))
INSIDE = st.integers(1, 19).map(lambda k: F(k, 10))  # of (0, 2)

HD_02 = Claim(
    id="HD-02",
    title="SGD-HD moves the rate towards the line's minimum",
    source="dissertation, the text after eq. 2.49",
    statement="The hypergradient changes the learning rate such that a step comes closer to the minimum of the line.",
    formula=r"\lambda^+ - \lambda^* = (1 - \alpha\, g^\top H g)(\lambda - \lambda^*)",
    kind="exact",
    verdict="holds",
    finding="On a fixed quadratic line, and if and only if alpha is positive and below 2 / g'Hg.",
    checks=[
        Check("contraction", contracts_by, st.tuples(QUADRATICS, positive(), INSIDE), examples=80),
        Check("closer", approaches, st.tuples(QUADRATICS, positive(), INSIDE), examples=80),
        Check("the factor, also beyond", contracts_by, st.tuples(QUADRATICS, positive(), positive()), examples=80),
        Check("the rule on arrays", same_on_arrays, wholes(), examples=100),
    ],
    controls=[
        Check("at the limit", approaches, st.tuples(QUADRATICS, positive(), st.just(F(2))), examples=5),
        Check("alpha beyond the limit", approaches, st.tuples(QUADRATICS, positive(), st.just(F(5, 2))), examples=5),
        Check("alpha = 0", approaches, st.tuples(QUADRATICS, positive(), st.just(F(0))), examples=5),
    ],
)

# --- ALIG-01: the two forms of the rate


def alig(plain, x, eps, max_rate=float("inf")):
    """The step on exact numbers."""
    return moves("ali-g", plain, x, [(0,)], eps=eps, max_rate=max_rate)[0]


def by_line(plain, x, eps, way, sign=1):
    """l(0) / (sign l'(0) + eps) of the line along way times the gradient, or its unit vector ("unit": downhill)."""
    g = plain.gradient(x, (0,))
    d = tuple(-a / norm(g) for a in g) if way == "unit" else tuple(way * a for a in g)
    phi, slope = line(plain, x, d, (0,))
    return phi(F(0)) / (sign * slope(F(0)) + eps)


def forms_agree(q, eps, *forms):
    """The rate is loss / (|g|^2 + eps), and that of these forms, for losses that are not negative."""
    plain, g = Plain(q.f, q.gradient), q.gradient(q.x)
    assume(any(g) and q.f(q.x) >= 0)
    rate = alig(plain, q.x, eps).step
    slack = [equal(rate, q.f(q.x) / (dot(g, g) + eps))]
    return min(slack + [equal(rate, by_line(plain, q.x, eps, *form)) for form in forms])


HALF_SQUARE = Plain(lambda x: x[0] * x[0] / 2, lambda x: x)
TWO = (F(2),)


def by_slope(theta, way):
    x, eps = (theta,), F(0)
    return Contrast(by_line(HALF_SQUARE, x, eps, way), alig(HALF_SQUARE, x, eps).step)


def four_conventions():
    """At theta = 2 on theta^2 / 2: .5, and for the lines along g, -g and the unit vector .5, -.5, -1."""
    rates = [alig(HALF_SQUARE, TWO, F(0)).step, *(by_line(HALF_SQUARE, TWO, F(0), way) for way in (1, -1, "unit"))]
    problem = tb.problems.NoisyQuadratic(np.eye(1)[None], np.zeros((1, 1)))
    run = walk(problem, on_rule(methods.alig.ALIG(eps=0.0)), np.array([2.0]))
    return {
        "printed numbers": equal(rates, [F(1, 2), F(1, 2), F(-1, 2), F(-1)]),
        "arrays": equal(float(run.trace.size[0, 0]), 0.5),
    }


def alig_on_arrays(case):
    """The rule on arrays; loss and |g|^2 are whole numbers, and a root, a square, a sum and a quotient round."""
    M, eps = np.array(case.M, float), float(case.rate)
    problem = tb.problems.NoisyQuadratic((M @ M.T + np.eye(len(M)))[None], np.array([case.m], float))
    found = walk(problem, on_rule(methods.alig.ALIG(eps=eps)), np.array(case.x, float)).trace.size[0, 0]
    Q = [tuple(dot(a, b) + (i == j) for j, b in enumerate(case.M)) for i, a in enumerate(case.M)]
    wanted = float(alig(Quadratics([Q], [case.m]), case.x, case.rate).step)
    return close(found, wanted, 4 * EPS * abs(wanted))


PLACES = rational_quadratics(n=st.integers(1, 4))
ALIG_01 = Claim(
    id="ALIG-01",
    title="The two forms of ALI-G's rate",
    source="dissertation, eq. 2.50",
    statement="The mini-batch loss over the squared length of the gradient is the line's value over its slope at 0.",
    formula=r"\frac{\mathcal L_{\mathbb B}(\theta)}{\|g\|^2 + \epsilon} = \frac{l_{\mathbb B}(0)}{l_{\mathbb B}'(0) +"
    r" \epsilon}",
    kind="exact",
    verdict="corrected",
    finding="Only for the line of eq. 2.22, uphill along the gradient itself, where the slope is |g|^2. The line that"
    " is searched goes along -g with the slope -|g|^2: the sign must be changed. On the unit line of eq. 4.1 the slope"
    " is -|g|, and neither sign is right. On theta^2 / 2 at 2 the forms are .5, .5, -.5 and -1. All of this for losses"
    " that are not negative: our rule takes a negative one for 0.",
    corrected=r"\lambda = \frac{l_{\mathbb B}(0)}{-l_{\mathbb B}'(0) + \epsilon} \text{ for } l_{\mathbb B}(s) ="
    r" \mathcal L_{\mathbb B}(\theta - s\, g)",
    checks=[
        Check(
            "uphill as printed, downhill with the sign changed",
            lambda q, eps: forms_agree(q, eps, (1, 1), (-1, -1)),
            st.tuples(PLACES, positive()),
            examples=150,
        ),
        Check("theta = 2", four_conventions),
        Check("the rule on arrays", alig_on_arrays, wholes(), examples=100),
    ],
    controls=[
        Check(
            "changed sign uphill",
            lambda: equal(by_line(HALF_SQUARE, TWO, F(1), 1, -1), alig(HALF_SQUARE, TWO, F(1)).step),
        ),
        Check("changed sign on the unit line", lambda: equal(by_line(HALF_SQUARE, TWO, F(0), "unit", -1), F(1, 2))),
        Check(
            "eps subtracted", lambda: equal(by_line(HALF_SQUARE, TWO, F(-1), -1, -1), alig(HALF_SQUARE, TWO, F(1)).step)
        ),
    ],
    counterexamples=[
        Check("rate on theta^2 / 2, by the line along -g", lambda theta: by_slope(theta, -1), only(F(2))),
        Check("rate on theta^2 / 2, by the unit line", lambda theta: by_slope(theta, "unit"), only(F(2))),
    ],
)

# --- ALIG-02: Newton's step for the root


def newton(q, max_rate):
    """eps = 0: one Newton step from 0 for the root along -g, the Polyak step with f* = 0; at most max_rate."""
    plain, g = Plain(q.f, q.gradient), q.gradient(q.x)
    assume(any(g) and q.f(q.x) >= 0)
    phi, slope = line(plain, q.x, tuple(-a for a in g), (0,))
    free, capped = alig(plain, q.x, F(0)), alig(plain, q.x, F(0), max_rate)
    root = 0 - phi(F(0)) / slope(F(0))
    return {
        "Newton": equal(free.step, root),
        "Polyak": equal(free.step, (q.f(q.x) - 0) / dot(g, g)),
        "clipped": equal(capped.step, min(root, max_rate)),
    }


def hits_root(a, b, x, max_rate=float("inf")):
    """The loss |a'x + b| is 0 after one step."""
    assume(any(a))
    if dot(a, x) + b < 0:
        a, b = tuple(-c for c in a), -b
    end = alig(Plain(lambda x: dot(a, x) + b, lambda x: a), x, F(0), max_rate).x
    return equal(dot(a, end) + b, F(0))


def halves(h, x, least=F(0)):
    """On h |x|^2 / 2 (+ its minimum) the rate is 1 / (2 h), x is halved and the loss quartered."""
    assume(any(x))
    f = lambda x: h * dot(x, x) / 2 + least
    step = alig(Plain(f, lambda x: tuple(h * a for a in x)), x, F(0))
    return {
        "rate": equal(step.step, 1 / (2 * h)),
        "x": equal(step.x, tuple(a / 2 for a in x)),
        "loss": equal(f(step.x), f(x) / 4),
    }


def halves_on_arrays(k, x):
    """The same on arrays, for h = 2^k and whole x in one dimension, exactly; and clipped at a rate of 1/4."""
    problem = tb.problems.NoisyQuadratic(np.full((1, 1, 1), 2.0**k), np.zeros((1, 1)))
    free, capped = (
        walk(problem, on_rule(methods.alig.ALIG(max_rate, eps=0.0)), np.array([float(x)]), 3)
        for max_rate in (np.inf, 0.25)
    )
    return {
        "halves": equal([F(float(v)) for v in free.theta[:, 0, 0]], [F(x) / 2**t for t in range(4)]),
        "clipped": equal(capped.trace.size[:, 0].tolist(), [min(0.5 / 2.0**k, 0.25)] * 3),
    }


ALIG_02 = Claim(
    id="ALIG-02",
    title="Clipped Newton root and Polyak step",
    source="dissertation, the text after eq. 2.50",
    statement="ALI-G is Newton's method for a root of the loss in gradient direction, bounded by a largest step, and"
    " its rate is the step size of Polyak.",
    formula=r"\lambda = 0 - \frac{\phi(0)}{\phi'(0)} = \frac{\mathcal L_{\mathbb B}(\theta) - 0}{\|g\|^2}, \qquad"
    r" \phi(\lambda) = \mathcal L_{\mathbb B}(\theta - \lambda g)",
    kind="exact",
    verdict="holds",
    finding="For eps = 0 one Newton step, and Polyak's with the minimum 0. It hits the root of linear losses; on"
    " quadratic ones it halves the distance to the minimum. All of this for losses that are not negative.",
    checks=[
        Check("one Newton step", newton, st.tuples(PLACES, positive()), examples=150),
        Check("linear losses", hits_root, st.tuples(vectors(3), rationals(), vectors(3)), examples=150),
        Check("quadratic losses", halves, st.tuples(positive(), vectors(3)), examples=150),
        Check(
            "quadratic losses on arrays",
            halves_on_arrays,
            st.tuples(st.integers(-5, 5), st.integers(-9, 9).filter(bool)),
            examples=50,
        ),
    ],
    controls=[
        Check("a minimum that is not 0", halves, st.just((F(1), (F(2), F(1)), F(1))), examples=1),
        Check("a step that is clipped", hits_root, st.just(((F(1), F(2)), F(9), (F(3), F(1)), F(1))), examples=1),
    ],
)

# --- ALIG-03: no step leads away from the minimum


class Summands(NamedTuple):
    """16 lanes of three losses with the common minimiser best (n,), where all are 0; loss k of a lane is

    |z|^p / p with z = a'(w - best), for p = 1, 2, 4, or the squared hinge max(0, 1 - a'w)^2, for p = 0.
    """

    a: np.ndarray  # (3, 16, n)
    p: np.ndarray  # (16,)
    best: np.ndarray
    start: np.ndarray  # (16, n)
    max_rate: np.ndarray  # (16,)
    eps: np.ndarray

    def __call__(self, theta, index, least=0.0):
        a, p = self.a[np.ravel(index)[0]], self.p
        u = np.where(p, (a * (theta - self.best)).sum(-1), np.maximum(1 - (a * theta).sum(-1), 0))
        value = np.where(p, np.abs(u) ** p / np.maximum(p, 1), u**2)
        factor = np.where(p, np.sign(u) * np.abs(u) ** np.maximum(p - 1, 0), -2 * u)
        return value + least, factor[..., None] * a


@st.composite
def summands(draw):
    rng, n = np.random.default_rng(draw(seeds)), draw(st.integers(1, 5))
    a, best = rng.standard_normal((3, 16, n)), 0.1 + rng.random(n)
    p = rng.choice([0, 1, 2, 4], 16)
    separated = a / (a @ best)[..., None] * rng.uniform(1, 3, (3, 16, 1))  # a'best >= 1
    a = np.where((p == 0)[:, None], separated, a * draw(powers(-2, 2)))
    start = best + draw(powers(-2, 2)) * rng.standard_normal((16, n))
    return Summands(a, p, best, start, 10.0 ** rng.uniform(-3, 3, 16), rng.choice([0.0, 1e-5, 1.0], 16))


def fejer(case, least=0.0, steps=2):
    """|w+ - w*|^2 <= |w - w*|^2 - rate L_i(w).

    A loss and its slope are those of one u, which is off by (n + 3) eps |a| (|w| + |w*|), and rate |g| is at most
    |w - w*|; w+ and the squares round like it.
    """
    problem = tb.problems.FromFunction(partial(case, least=least), len(case.best), 3)
    rule = methods.alig.ALIG(case.max_rate, case.eps)
    run = walk(problem, on_rule(rule), case.start[None], steps, lambda t, j: np.array([[[t % 3]]]), batch=1)
    away = np.linalg.norm(run.theta - case.best, axis=-1)
    size = away[:-1] * (np.linalg.norm(run.theta[:-1], axis=-1) + np.linalg.norm(case.best) + away[:-1])
    tolerance = 10 * (len(case.best) + 5) * EPS * size + 1e-300
    return below(away[1:] ** 2, away[:-1] ** 2 - run.trace.size * run.trace.loss, tolerance)


def fejer_exactly(A, best, w, eps, max_rate):
    """The same, exactly: three steps on 1/2 (a'(w - best))^2."""
    part = lambda a: (
        lambda x: dot(a, add(x, -1, best)) ** 2 / 2,
        lambda x: tuple(dot(a, add(x, -1, best)) * b for b in a),
    )
    plain, slack = Plain(parts=[part(a) for a in A]), []
    path = moves("ali-g", plain, w, [(i,) for i in range(len(A))], eps=eps, max_rate=max_rate)
    for i, move in enumerate(path):
        before, after = add(w, -1, best), add(move.x, -1, best)
        slack.append(at_most(dot(after, after), dot(before, before) - move.step * plain.value(w, (i,))))
        w = move.x
    return min(slack)


def parabola():
    """w^2 / 2 in all 16 lanes, from w = .1."""
    lanes = np.ones(16)
    return Summands(
        np.ones((3, 16, 1)), 2 * np.ones(16, int), np.zeros(1), 0.1 * lanes[:, None], np.inf * lanes, 0 * lanes
    )


def thrown_away():
    """On w^2 / 2 + 1 a step from .1 ends at -9.95."""
    exact = alig(Plain(lambda x: x[0] ** 2 / 2 + 1, lambda x: x), (F(1, 10),), F(0)).x[0]
    return equal(exact, F(-995, 100))


ALIG_03 = Claim(
    id="ALIG-03",
    title="Fejer monotone under interpolation with minimum 0",
    source="dissertation, the text before eq. 2.50",
    statement="If all mini-batch losses are convex, with a common minimiser at which they are 0, no step of ALI-G"
    " increases the distance to it.",
    formula=r"\|w^+ - w^*\|^2 \le \|w - w^*\|^2 - \lambda L_i(w), \qquad \lambda ="
    r" \min\left(\frac{L_i}{\|g\|^2+\epsilon}, \eta\right)",
    kind="property",
    verdict="holds",
    finding="With equality where a loss is linear. Where the minimum is 1 and not 0, a step from w = .1 on w^2 / 2 + 1"
    " ends at -9.95.",
    checks=[
        Check("powers and squared hinges", fejer, summands()),
        Check(
            "on exact numbers",
            fejer_exactly,
            st.tuples(st.tuples(*[vectors(2)] * 3), vectors(2), vectors(2), rationals(0, 9), positive()),
            examples=100,
        ),
        Check("where a step from .1 ends", thrown_away),
    ],
    controls=[Check("minimum 1", lambda: fejer(parabola(), least=1.0, steps=1))],
)

CLAIMS = (HD_01, HD_02, ALIG_01, ALIG_02, ALIG_03)
