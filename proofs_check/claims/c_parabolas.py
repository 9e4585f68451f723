"""Section C, fifth part: parabolas through measurements, and where they lead on x^4 (section 2.5, eqs. 4.2 and 5.2)."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction as F
from math import inf, log10, sqrt
from typing import Any, NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods
from toybox.quotations import quote

from ..cases import EPS, float_quadratics, positive, rationals, tol_curvature
from ..claim import Check, Claim, Contrast, above, at_most, close, equal, only
from ..ours import Plain, function, moves, on_rule, through, univariate, walk
from .c_slopes import broken


class Univariate(NamedTuple):
    """A function of one variable and its slope, on numbers of any kind."""

    f: Any
    slope: Any

    def pal(self, x, mu, steps=1, alpha=1, s_max=inf):
        """Iterates of PAL on exact numbers, x among them."""
        plain = Plain(lambda x: self.f(x[0]), lambda x: (self.slope(x[0]),))
        made = moves("pal", plain, (x,), [(0,)] * steps, mu=mu, alpha=alpha, beta=0, s_max=s_max)
        return [x, *(move.x[0] for move in made)]

    def digits(self, x, mu, steps, alpha=1):
        """The same on numbers of many digits (mpmath or decimal), by eq. 4.2 with a > 0."""
        path = [x]
        for _ in range(steps):
            a, b = self.curvature(x, mu), -abs(self.slope(x))
            assert a > 0, "no parabola with a minimum"
            x = x + (-1 if x > 0 else 1) * -alpha * b / (2 * a)
            path.append(x)
        return path

    def arrays(self, x, steps=1, **hyper):
        """Iterates of our rule on arrays (steps + 1, *lanes); its numbers may be arrays."""
        rule = methods.pal.PAL(**{"s_max": inf} | hyper)
        return walk(univariate(self.f, self.slope), on_rule(rule), np.array([x]), steps).theta[:, 0, ..., 0]

    def curvature(self, x, mu):
        """The a of eq. 4.2 along the descent direction."""
        way = -1 if self.slope(x) > 0 else 1
        return (self.f(x + way * mu) - self.f(x) - way * self.slope(x) * mu) / mu**2


QUARTIC = Univariate(lambda x: x**4, lambda x: 4 * x**3)
SATURATING = Univariate(lambda x: x * x / (1 + abs(x)), lambda x: x * (2 + abs(x)) / (1 + abs(x)) ** 2)

# --- LS-13: three measurements determine the parabola


class Cubic(NamedTuple):
    """gamma s^3 + a s^2 + b s + c, a not 0, and where it is measured."""

    a: F
    b: F
    c: F
    gamma: F
    mu: F

    def f(self, s):
        return ((self.gamma * s + self.a) * s + self.b) * s + self.c

    def slope(self, s):
        return (3 * self.gamma * s + 2 * self.a) * s + self.b


@st.composite
def cubics(draw, gamma=st.just(F(0))):
    values = draw(rationals(nonzero=True)), draw(rationals()), draw(rationals())
    return Cubic(*values, draw(gamma), draw(rationals(nonzero=True)))


def fitted(line, grows=0):
    """Curvature (grows: plus grows gamma mu) and vertex from l(0), l'(0) and l(mu), for mu of either sign."""
    rise = line.f(line.mu) - line.f(0) - line.slope(0) * line.mu
    slack = {"a": equal(rise / line.mu**2, line.a + grows * line.gamma * line.mu)}
    if line.gamma == 0:
        slack["vertex"] = equal(-line.slope(0) * line.mu**2 / (2 * rise), -line.b / (2 * line.a))
    if line.b != 0 and grows == 0:
        slack["exact"] = goes_to_vertex(line)
    return slack


def goes_to_vertex(line):
    """PAL on exact numbers goes to the vertex, where the parabola has a minimum; else by |mu| downhill (case 2)."""
    wanted = -line.b / (2 * line.a) if line.a > 0 else abs(line.mu) * (-1 if line.b > 0 else 1)
    return equal(Univariate(line.f, line.slope).pal(F(0), abs(line.mu))[1], wanted)


def on_quadratics(q):
    """Our rule on G-PDF: curvature and step against the tolerances T-a and T-s, where the former is < 5 % of a.

    The rule's a is recovered from its step; the true d'Qd has errors of its own, and a relative error e of a makes one
    of at most e / (1 - e) in the step.
    """
    g = q.gradient(q.x)
    d = -g / np.linalg.norm(g)
    a, tolerance = d @ q.Q @ d, tol_curvature(q, q.x, d, q.mu)
    tolerance += (2 * len(d) + 4) * EPS * (np.abs(d) @ np.abs(q.Q) @ np.abs(d))
    assume(tolerance / a < 0.05)
    rule = methods.pal.PAL(mu=q.mu, s_max=inf)
    step = walk(function(q.f, q.gradient, len(d)), on_rule(rule), q.x).trace.arc[0, 0]
    best, share = np.linalg.norm(g) / (2 * a), tolerance / a
    return {
        "a": close(np.linalg.norm(g) / (2 * step), a, tolerance + 4 * EPS * a),
        "step": close(step, best, (share / (1 - share) + 4 * EPS) * best),
    }


def single_precision(mu, order):
    """Parabolas of size 1 in single precision: the largest error of a is some 10^order, and as large as is said.

    Each of the two values is rounded by half an eps of its size; the other operations concern smaller numbers.
    """
    eps, rng = np.float32(2.0**-23), np.random.default_rng(0)
    a, b, c = (rng.uniform(low, high, 4000).astype(np.float32) for low, high in ((0.5, 2), (-2, -0.5), (0.9, 1.1)))
    mu = np.float32(mu)
    l0, l1 = c, (a * mu + b) * mu + c
    error = np.abs((l1 - l0 - b * mu) / mu**2 - a)
    return {"order": 0.5 - abs(log10(error.max()) - order), "formula": 1 - np.max(error / (eps * (l0 + l1) / mu**2))}


def single_precision_rule():
    """Our rule in single precision, mu = 1/100: its a, recovered from its steps, is off by some 10^-3."""
    rng = np.random.default_rng(0)
    a, c = (rng.uniform(low, high, 400).astype(np.float32)[:, None] for low, high in ((0.5, 2), (0.9, 1.1)))
    value = lambda theta, index: (((a * theta - 1) * theta + c)[..., 0], 2 * a * theta - 1)
    lines = tb.problems.FromFunction(value, 1, 1, dtype="float32")
    step = walk(lines, on_rule(methods.pal.PAL(mu=0.01, s_max=inf)), np.zeros(1), seeds=range(400)).trace.arc[0]
    return 0.5 - abs(log10(np.max(np.abs(1 / (2 * step) - a[:, 0]))) + 3)


LS_13 = Claim(
    id="LS-13",
    title="Three measurements determine the parabola",
    source="dissertation, section 2.5, eqs. 4.2 and 5.2; Mutschler & Zell 2021 (ICANN), eq. 2",
    statement="Value and slope at the start and one more value give all coefficients of a parabolic line, and so its"
    " vertex, wherever the other value is taken.",
    formula=r"a = \frac{l(\mu) - l(0) - l'(0)\mu}{\mu^2}, \qquad s = -\frac{b}{2a} ="
    r" \frac{-l'(0)\mu^2}{2(l(\mu) - l(0) - l'(0)\mu)}",
    kind="exact",
    verdict="holds",
    finding="Rounding of the losses changes a by eps (|l(0)| + |l(mu)|) / mu^2: in single precision and for losses of"
    " size 1 by 0.001 at mu = 0.01, and by 10 at mu = 0.0001.",
    checks=[
        Check("curvature, vertex, and PAL goes there", fitted, cubics(), examples=300),
        Check("our rule on quadratics", on_quadratics, float_quadratics(), examples=200),
        Check("a cubic term adds gamma mu", lambda line: fitted(line, 1), cubics(rationals()), examples=100),
        Check("single precision", single_precision, lambda budget: [(0.01, -3), (1e-4, 1)]),
        Check("our rule in single precision", single_precision_rule),
    ],
    controls=[
        broken("a cubic term", fitted, cubics(rationals(nonzero=True))),
        broken(
            "with a cubic term",
            goes_to_vertex,
            cubics(rationals(nonzero=True)).filter(lambda line: line.b != 0),
        ),
    ],
)

# --- LS-14: parabolas on x^4


def shrinks(curve, x, x_new):
    """The next iterate is nearer to 0."""
    return above(abs(x), abs(x_new))


def grows(x, x_new):
    """It would be farther from 0, as divergence has it."""
    return Contrast(abs(x), abs(x_new), "more than")


def on_quartic(x, mu, alpha):
    """PAL's factor 1 - 2 alpha / (6 - 4 t + t^2), t = mu / |x|, exactly; in (-1, 1), for alpha = 1 in [0, 1)."""
    t, plain, relaxed = mu / abs(x), QUARTIC.pal(x, mu)[1] / x, QUARTIC.pal(x, mu, alpha=alpha)[1] / x
    return {
        "factor": equal([plain, relaxed], [(t - 2) ** 2 / ((t - 2) ** 2 + 2), 1 - 2 * alpha / (6 - 4 * t + t * t)]),
        "at least 0": at_most(0, plain),
        "below 1": shrinks(QUARTIC, F(1), plain),
        "relaxed": shrinks(QUARTIC, F(1), relaxed),
    }


def quartic_on_arrays(x, mu):
    """One step of our rule against the exact one: values, up to rounding of x^4 and of x - mu, give a."""
    exact, x, mu = QUARTIC.pal(x, mu)[1], float(abs(x)), float(mu)
    sizes = x**4 + (x - mu) ** 4 + 4 * x**3 * mu + 4 * max(x, mu) * abs(x - mu) ** 3
    share = 8 * EPS * sizes / mu**2 / (6 * x * x - 4 * mu * x + mu * mu)
    assume(share < 0.05)
    return close(QUARTIC.arrays(x, mu=mu)[1], float(abs(exact)), x * (share / (1 - share) + 8 * EPS))


def limits():
    """Far away the factor is 2/3, up to t; near 0, 1 / x^2 grows by 4 / mu^2, up to 10 / t of it."""
    little = F(1, 10**6)
    far, near = QUARTIC.pal(F(1), little)[1], QUARTIC.pal(little, F(1))[1]
    return {
        "far": little - abs(far - F(2, 3)),
        "near": 10 * little - abs((1 / near**2 - 1 / little**2) / 4 - 1),
        "hit": equal(QUARTIC.pal(F(7, 3), F(14, 3))[1], F(0)),
    }


def settled(n):
    """x_n sqrt(n) / mu is in [.49, .5] for x_0 = 5, mu = 1: our steps n / 10, their exact factor n."""
    x, path = 5.0, [5.0]
    for _ in range(n):
        square = (1 / x - 2) ** 2
        x *= square / (square + 2)
        path.append(x)
    ours = QUARTIC.arrays(5.0, n // 10, mu=1.0)
    inside = lambda x, n: min(x * sqrt(n) - 0.49, 0.5 - x * sqrt(n))
    return {
        "factor": inside(path[n], n),
        "ours": inside(ours[-1], n // 10),
        "arrays": close(ours[:1001], path[:1001], 1e-9 * np.array(path[:1001])),  # of a step some 1e-14, and shrinking
    }


def newton_factor(p):
    """Newton's x_new / x on |x|^p, where f' / f'' = x / (p - 1)."""
    return 1 - 1 / (p - 1)


def three_values(steps=20000):
    """Vertices of the parabola through losses at 0, h = 10^-4 and 10^-2, from 5, with 60 digits."""
    with localcontext() as context:
        context.prec = 60
        x: Any = Decimal(5)
        nodes: Any = Decimal("1e-4"), Decimal("1e-2")
        path = []
        for _ in range(steps):
            way = -1 if x > 0 else 1
            a, b = through(lambda s: (x + way * s) ** 4, *nodes)  # noqa: B023
            assert a > 0 > b, "no step"
            x = x - way * b / (2 * a)
            path.append(x)
    return np.array(path, float)


def neither_nor():
    """It reaches 1.1e-5 in 100 steps, then leaps to and fro by h / 2 = 5e-5, for ever between 1e-5 and 4e-5.

    Next to 0 the far value rules: a = 10^-4 and b = -10^-4 h, up to terms of size |x|, so that the step is h / 2.
    """
    path = three_values()
    tail = np.abs(path[100:])
    return {
        "reached": 0.05e-5 - abs(np.abs(path[:100]).min() - 1.1e-5),
        "not 0": tail.min() - 1e-5,
        "not far": 4e-5 - tail.max(),
        "to and fro": -np.max(path[101:] * path[100:-1]),
        "leaps": close(tail[1:] + tail[:-1], 5e-5, 0.01 * 5e-5),
    }


STARTS = st.tuples(rationals(-500, 500, nonzero=True), positive(400))
SMALL = F(1, 100)

LS_14 = Claim(
    id="LS-14",
    title="Do parabolic approximations diverge on the fourth power?",
    source="dissertation, section 2.5",
    statement=f"Searches that step to the minimum of a fitted parabola often diverge: {quote('x^4')}.",
    formula=r"f(x) = x^4 \Rightarrow |x_n| \to \infty",
    kind="exact",
    verdict="refuted",
    finding="None of them does. PAL's iterates shrink to 0 from every start and with every measuring distance, by 2/3 a"
    " step far away and like 1 / sqrt(n) near 0, relaxed by any alpha < 2, too; Newton's shrink by 2/3; the parabola"
    " through three values ends leaping to and fro by half its first distance.",
    corrected=r"\frac{x_{n+1}}{x_n} = \frac{(t-2)^2}{(t-2)^2+2} \in [0, 1), \qquad t = \frac{\mu}{|x_n|}",
    checks=[
        Check(
            "PAL's factor",
            on_quartic,
            st.tuples(rationals(-500, 500, nonzero=True), positive(400), st.integers(1, 39).map(lambda k: F(k, 20))),
            examples=300,
        ),
        Check("our rule on arrays", quartic_on_arrays, STARTS, examples=200),
        Check("limits of the factor", limits),
        Check("2e5 steps", settled, lambda budget: [200_000]),
        Check("Newton's factor", lambda: equal(newton_factor(F(4)), F(2, 3))),
        Check("three values", neither_nor),
    ],
    controls=[
        broken("PAL on x^2 / (1 + |x|)", lambda: shrinks(SATURATING, *SATURATING.pal(F(1), SMALL))),
        broken("Newton on |x|^(4/3)", lambda: shrinks(None, F(1), newton_factor(F(4, 3)))),
        broken("alpha = 2", lambda x, mu: on_quartic(x, 2 * abs(x), F(2)), STARTS),
    ],
    counterexamples=[
        Check("distance from 0 after a step of PAL", lambda x, mu: grows(*QUARTIC.pal(x, mu)), only(F(1, 3), F(2))),
        Check("distance from 0 after a step of Newton", lambda x: grows(x, x * newton_factor(F(4))), only(F(1))),
        Check(
            "distance from 0 after parabolas through three values, from 5",
            lambda steps: grows(5, three_values(steps)[-1]),
            only(100),
        ),
    ],
)


CLAIMS = (LS_13, LS_14)
