"""Section C, fourth part: parabolas through measurements, and what they do on other functions (sections 2.5, 4.4)."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction as F
from itertools import pairwise
from math import inf, log10, sqrt
from typing import Any, NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox.rules import closed

from ..cases import EPS, float_quadratics, positive, rationals, tol_curvature
from ..claim import Check, Claim, above, at_most, close, equal
from ..ours import Plain, function, moves, on_rule, univariate, walk
from .c_searches import broken


class Univariate(NamedTuple):
    """A function of one variable and its slope, on numbers of any kind."""

    f: Any
    slope: Any

    def pal(self, x, mu, steps=1, alpha=1, s_max=inf):
        """Iterates of our twin of PAL on plain numbers, x among them."""
        plain = Plain(lambda x: self.f(x[0]), lambda x: (self.slope(x[0]),))
        made = moves(tb.tiny.pal, plain, (x,), [(0,)] * steps, mu=mu, alpha=alpha, beta=0, s_max=s_max)
        return [x, *(move.x[0] for move in made)]

    def digits(self, x, mu, steps, alpha=1):
        """The same on numbers of many digits (mpmath or decimal), by the twin's parabola."""
        from toybox.tiny.closed import parabola_step

        path = [x]
        for _ in range(steps):
            way = -1 if x > 0 else 1
            step, _, _ = parabola_step(lambda s: self.f(x + way * s), way * self.slope(x), mu, alpha, inf)  # noqa: B023
            x = x + way * step
            path.append(x)
        return path

    def arrays(self, x, steps=1, **hyper):
        """Iterates of our rule on arrays (steps + 1, *lanes); its numbers may be arrays."""
        rule = closed.PAL(**{"s_max": inf} | hyper)
        return walk(univariate(self.f, self.slope), on_rule(rule), np.array([x]), steps).theta[:, 0, ..., 0]

    def curvature(self, x, mu):
        """The a of eq. 4.2 along the descent direction."""
        way = -1 if self.slope(x) > 0 else 1
        return (self.f(x + way * mu) - self.f(x) - way * self.slope(x) * mu) / mu**2


QUARTIC = Univariate(lambda x: x**4, lambda x: 4 * x**3)
SATURATING = Univariate(lambda x: x * x / (1 + abs(x)), lambda x: x * (2 + abs(x)) / (1 + abs(x)) ** 2)
HYPERBOLA = Univariate(lambda x: (1 + x * x) ** 0.5, lambda x: x / (1 + x * x) ** 0.5)

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
        slack["twin"] = twin_goes_to_vertex(line)
    return slack


def twin_goes_to_vertex(line):
    """Our twin goes to the vertex, where the parabola has a minimum; else by |mu| downhill (case 2)."""
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
    rule = closed.PAL(mu=q.mu, s_max=inf)
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
    step = walk(lines, on_rule(closed.PAL(mu=0.01, s_max=inf)), np.zeros(1), seeds=range(400)).trace.arc[0]
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
        Check("curvature, vertex, and our twin goes there", fitted, cubics(), examples=300),
        Check("our rule on quadratics", on_quadratics, float_quadratics(), examples=200),
        Check("a cubic term adds gamma mu", lambda line: fitted(line, 1), cubics(rationals()), examples=100),
        Check("single precision", single_precision, lambda budget: [(0.01, -3), (1e-4, 1)]),
        Check("our rule in single precision", single_precision_rule),
    ],
    controls=[
        broken("a cubic term", fitted, cubics(rationals(nonzero=True))),
        broken(
            "the twin with a cubic term",
            twin_goes_to_vertex,
            cubics(rationals(nonzero=True)).filter(lambda line: line.b != 0),
        ),
    ],
)

# --- LS-14: parabolas on x^4


def shrinks(curve, x, x_new):
    """The next iterate is nearer to 0."""
    return above(abs(x), abs(x_new))


def grows(curve, x, x_new):
    """It is farther from 0, as divergence would have it."""
    return above(abs(x_new), abs(x))


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
    tiny = F(1, 10**6)
    far, near = QUARTIC.pal(F(1), tiny)[1], QUARTIC.pal(tiny, F(1))[1]
    return {
        "far": tiny - abs(far - F(2, 3)),
        "near": 10 * tiny - abs((1 / near**2 - 1 / tiny**2) / 4 - 1),
        "hit": equal(QUARTIC.pal(F(7, 3), F(14, 3))[1], F(0)),
    }


def settled(n):
    """x_n sqrt(n) / mu is in [.49, .5] for x_0 = 5, mu = 1: our twin n / 10 steps, its exact factor n, arrays 1000."""
    x, path = 5.0, [5.0]
    for _ in range(n):
        square = (1 / x - 2) ** 2
        x *= square / (square + 2)
        path.append(x)
    twin, ours = QUARTIC.pal(5.0, 1.0, n // 10), QUARTIC.arrays(5.0, 1000, mu=1.0)
    inside = lambda x, n: min(x * sqrt(n) - 0.49, 0.5 - x * sqrt(n))
    return {
        "factor": inside(path[n], n),
        "twin": inside(twin[-1], n // 10),
        "arrays": close(ours, path[:1001], 1e-9 * np.array(path[:1001])),  # errors of a step are some 1e-14, and shrink
    }


def newton_factor(p):
    """Newton's x_new / x on |x|^p, where f' / f'' = x / (p - 1)."""
    return 1 - 1 / (p - 1)


def three_values(steps=20000):
    """Vertices of the parabola through losses at 0, h = 10^-4 and 10^-2, from 5, with 60 digits."""
    from toybox.tiny.measured import three_point_parabola

    with localcontext() as context:
        context.prec = 60
        x: Any = Decimal(5)
        nodes: Any = Decimal("1e-4"), Decimal("1e-2")
        path = []
        for _ in range(steps):
            way = -1 if x > 0 else 1
            a, b = three_point_parabola(lambda s: (x + way * s) ** 4, *nodes)  # noqa: B023
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
    title='"Parabolic approximations already diverge on x^4"',
    source="dissertation, section 2.5",
    statement="Searches that step to the minimum of a fitted parabola diverge already on the fourth power.",
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
        broken("PAL", lambda x, mu: grows(QUARTIC, *QUARTIC.pal(x, mu)), STARTS),
        broken("Newton", lambda: grows(None, F(1), newton_factor(F(4)))),
        broken("three values", lambda: grows(None, 5.0, three_values(100)[-1])),
    ],
)

# --- LS-15: on what they diverge


def diverges(x, mu, curve=SATURATING):
    """Every iterate of 6 steps is 1.2 times the one before and more, all along parabolas with a > 0."""
    path = curve.pal(x, mu, 6)
    return {
        "growth": min(abs(b) / abs(a) for a, b in pairwise(path)) - F(6, 5),
        "a > 0": min(curve.curvature(x, mu) for x in path[:-1]),
    }


PRINTED = {  # first iterates, to within half a unit of their last digit
    (F(1), SMALL): [("-1.99", "0.005"), ("9.78", "0.005"), ("-611", "0.5"), ("1e8", "0.5e8")],
    (F(1), F(1, 2)): [("-1.25", "0"), ("2.3", "0.05"), ("-11.6", "0.05"), ("945", "0.5")],
    (F(2), F(1)): [("-6", "0"), ("138", "0")],
}


def printed(start):
    """The iterates as they are quoted."""
    path = SATURATING.pal(*start, len(PRINTED[start]))[1:]
    return min(F(unit) - abs(x - F(text)) for x, (text, unit) in zip(path, PRINTED[start], strict=True))


def converges():
    """From 1/4 it converges; a distance of 2 |x_0| hits 0 in one step."""
    path = SATURATING.pal(F(1, 4), SMALL, 5)
    return {"1/4": F(1, 10**7) - abs(path[-1]), "2 |x_0|": equal(SATURATING.pal(F(7, 3), F(14, 3))[1], F(0))}


def newton_steps():
    """Newton's factors x_new / x for x > 0, and f'' of x^2 / (1 + |x|), which is in (0, 2]: all differences are 0."""
    import sympy as sp

    x, p = sp.symbols("x p", positive=True)
    factor = lambda f: 1 - sp.diff(f, x) / (x * sp.diff(f, x, 2))
    differences = {
        "f''": sp.diff(x**2 / (1 + x), x, 2) - 2 / (1 + x) ** 3,
        "x^2 / (1 + |x|)": factor(x**2 / (1 + x)) - (1 - (1 + x) * (2 + x) / 2),
        "sqrt(1 + x^2)": factor(sp.sqrt(1 + x**2)) + x**2,
        "|x|^p": factor(x**p) - newton_factor(p),
    }
    return {name: 0 if sp.simplify(difference) == 0 else -1 for name, difference in differences.items()}


def newton_diverges(x, root=17):
    """|factor| > 1 iff x > (sqrt 17 - 3) / 2; for |x|^p, p = 1 + x, iff p < 3/2; for sqrt(1 + x^2) iff x > 1."""
    return {
        "x^2 / (1 + |x|)": equal(int(abs(1 - (1 + x) * (2 + x) / 2) > 1), int((2 * x + 3) ** 2 > root)),
        "|x|^p": equal(int(abs(newton_factor(1 + x)) > 1), int(1 + x < F(3, 2))),
        "sqrt(1 + x^2)": equal(int(abs(-(x**3)) > x), int(x > 1)),
    }


def hyperbola(x):
    """PAL with mu = 1/100 on sqrt(1 + x^2), 5 steps with 500 digits: the least growth, beyond 1.2."""
    import mpmath as mp

    with mp.workdps(500):
        curve = Univariate(lambda x: mp.sqrt(1 + x * x), lambda x: x / mp.sqrt(1 + x * x))
        path = curve.digits(mp.mpf(x), mp.mpf(1) / 100, 5)
        return float(min(abs(b / a) for a, b in pairwise(path))) - 1.2


def stagnates():
    """On arrays it stops at 1e8, where the curvature is lost in rounding: for 30 steps within 1 %."""
    path = np.abs(HYPERBOLA.arrays(2.0, 40, mu=0.01))
    return {"far": path[10] / 1e8 - 1, "and no farther": close(path[10:], path[10], path[10] / 100)}


class Measured(NamedTuple):
    """l(0), l(mu), l'(0) < 0 and mu > 0: any numbers."""

    l0: F
    l1: F
    b: F
    mu: F


def safeguard(m, half=F(1, 2)):
    """With a > 0: s > 0; s > mu iff l falls by more than half of what its slope says; s <= mu / 2 iff it rises."""
    from toybox.tiny.closed import parabola_step

    assume(m.l1 - m.l0 > m.b * m.mu)
    s = parabola_step({0: m.l0, m.mu: m.l1}.__getitem__, m.b, m.mu, 1, inf)[0]
    return {
        "s > 0": above(s, 0),
        "s > mu": equal(int(s > m.mu), int(m.l1 - m.l0 < half * m.b * m.mu)),
        "s <= mu / 2": equal(int(s <= half * m.mu), int(m.l1 >= m.l0)),
    }


def oscillates(mu=1e-4, s_max=10**0.5):
    """From 2 every step soon has the length s_max: from -1.59 to 1.57 and back, for ever.

    Exactly there: the cycle is what Newton's step from 2 - s_max, to (s_max - 2)^3, leaves; mu shifts it by some mu.
    """
    ours = HYPERBOLA.arrays(2.0, 400, mu=mu, s_max=s_max)[-2:]
    twin = HYPERBOLA.pal(2.0, mu, 400, s_max=s_max)[-2:]
    top = (s_max - 2) ** 3
    cycle = [top - s_max, top]
    return {
        "arrays": close(np.sort(ours), cycle, 1e-3),
        "tiny": close(np.sort(twin), cycle, 1e-3),
        "quoted": close(cycle, [-1.59, 1.57], 0.005),
    }


measured = st.builds(Measured, rationals(), rationals(), positive().map(lambda b: -b), positive())

LS_15 = Claim(
    id="LS-15",
    title="On what parabolic approximations do diverge",
    source="dissertation, section 2.5 (what can be said instead of LS-14)",
    statement="They diverge on convex functions that flatten far out, such as x^2 / (1 + |x|) and sqrt(1 + x^2), and"
    " Newton on powers between 1 and 3/2. A measuring distance at which the loss rises keeps steps below half of it.",
    formula=r"f(x) = \frac{x^2}{1+|x|}:\ \frac{x^+}{x} = 1 - \frac{(1+x)(2+x)}{2}; \qquad"
    r" l(\mu) \ge l(0) \Leftrightarrow s \le \frac{\mu}{2}",
    kind="exact",
    verdict="holds",
    checks=[
        Check("x^2 / (1 + |x|): growth", diverges, lambda budget: list(PRINTED)),
        Check("the quoted iterates", printed, lambda budget: [(start,) for start in PRINTED]),
        Check("where it converges", converges),
        Check("Newton's steps", newton_steps),
        Check("where Newton diverges", newton_diverges, positive(400, 200), examples=300),
        Check("sqrt(1 + x^2), many digits", lambda: hyperbola(2)),
        Check("sqrt(1 + x^2), floats", stagnates),
        Check("the safeguard", safeguard, measured, examples=300),
        Check("a largest step", oscillates),
    ],
    controls=[
        broken("from 1/4", lambda: diverges(F(1, 4), SMALL)),
        broken("mu = 2 |x_0|", lambda: min(abs(x) for x in SATURATING.pal(F(1), F(2))[1:]) - F(6, 5)),
        broken("x^4", lambda: diverges(F(1), SMALL, QUARTIC)),
        broken("sqrt(1 + x^2) from 1/2", lambda: hyperbola(0.5)),
        broken("sqrt 16 for sqrt 17", lambda x: newton_diverges(x, 16), lambda budget: [F(53, 100)]),
        broken("a quarter for half", lambda m: safeguard(m, F(1, 4)), measured),
        broken("a largest step, but mu = 1", lambda: oscillates(mu=1.0)),
    ],
)

# --- LS-16: PAL near a minimum


class Well(NamedTuple):
    """h / 2 x^2 + gamma x^3 + delta x^4, the minimum 0, seen from the side of the sign of ``side``."""

    h: F
    gamma: F
    delta: F
    mu: F
    alpha: F
    side: int

    @property
    def curve(self):
        return Univariate(
            lambda x: x * x * (self.h / 2 + x * (self.gamma + x * self.delta)),
            lambda x: x * (self.h + x * (3 * self.gamma + x * 4 * self.delta)),
        )

    @property
    def mean(self):
        """The fitted curvature at the minimum, measured across it."""
        return self.curve.f(-self.side * self.mu) / self.mu**2


wells = st.builds(
    Well,
    positive(),
    rationals(),
    positive(),
    positive(),
    st.integers(1, 40).map(lambda k: F(k, 20)),
    st.sampled_from((-1, 1)),
)


def local_factor(well, across=1):
    """From 10^-9 next to the minimum: x_new / x is 1 - alpha h / (2 mean), within 10^-9 times 1.2e5.

    f'(x) / x and the fitted curvature differ from their limits by 3 * 9 |x| and (2 h / mu + 3 |gamma| + 4 delta mu)
    |x| <= 441 |x|, which the factor, of curvatures of at least 1/5, multiplies by 10 and by 225 at most.
    """
    assume(well.mean >= F(1, 5))
    x = well.side * F(1, 10**9)
    mean = well._replace(side=across * well.side).mean
    ratio = well.curve.pal(x, well.mu, alpha=well.alpha)[1] / x
    return F(12, 10**5) - abs(ratio - (1 - well.alpha * well.h / (2 * mean)))


def on_parabola(well, factor=lambda well: 1 - well.alpha):
    """Without the terms beyond the second it is 1 - alpha, whatever mu."""
    flat = well._replace(gamma=F(0), delta=F(0))
    x = flat.side * F(1, 10)
    return equal(flat.curve.pal(x, flat.mu, alpha=flat.alpha)[1] / x, factor(flat))


ENDS = {  # mu, alpha: where |x_n| ends from .05 on x^2 / (1 + |x|), whose factor is 1 - alpha (1 + mu)
    (0.5, 1.0): 0.0,
    (0.8, 1.0): 0.0,
    (0.95, 1.0): 0.0,
    (2.5, 0.5): 0.0,
    (1.05, 1.0): 0.0063,
    (1.5, 1.0): 0.067,
    (3.0, 1.0): 0.287,
}


def ends(paths, expected):
    """Two last iterates: of opposite sign, and of the size said, to within half a unit of its last digit."""
    size = np.abs(paths)
    unit = np.where(expected == 0, 1e-14, np.where(expected < 0.01, 0.00005, 0.0005))
    same_side = np.max((paths[0] * paths[1])[expected > 0], initial=-1)
    return {"size": close(size, np.broadcast_to(expected, size.shape), unit), "sides": -same_side}


def runs(mu, alpha, expected):
    """1500 steps of our rule on arrays, and of the twin's parabola with 40 digits."""
    mu, alpha, expected = (np.array(v) for v in (mu, alpha, expected))
    ours = SATURATING.arrays(0.05, 1500, mu=mu, alpha=alpha)
    with localcontext() as context:
        context.prec = 40
        start, cases = Decimal("0.05"), zip(mu, alpha, strict=True)
        last = np.array([SATURATING.digits(start, Decimal(m), 1500, Decimal(a))[-2:] for m, a in cases], float).T
    return {"arrays": min(ends(ours[-2:], expected).values()), "digits": min(ends(last, expected).values())}


def known_ends():
    return runs(*zip(*ENDS, strict=True), list(ENDS.values()))


LS_16 = Claim(
    id="LS-16",
    title="Local convergence of PAL on non-quadratics",
    source="dissertation, sections 2.5 and 4.4 (derived)",
    statement="Next to a minimum PAL multiplies the distance by a factor that depends on the mean curvature as far as"
    " the measuring distance; it converges iff the curvature there is less than 4 / alpha times the fitted one.",
    formula=r"\frac{x^+ - x^*}{x - x^*} \to 1 - \frac{\alpha f''(x^*)}{2\bar a}, \qquad"
    r" \bar a = \frac{f(x^* \pm \mu) - f(x^*)}{\mu^2}",
    kind="highprec",
    verdict="holds",
    finding="The measuring distance must not exceed the length over which the line is parabolic.",
    checks=[
        Check("the factor next to a minimum", local_factor, wells, examples=300),
        Check("on a parabola", on_parabola, wells, examples=200),
        Check("x^2 / (1 + |x|): converges or cycles", known_ends),
    ],
    controls=[
        broken("measured on the wrong side", lambda well: local_factor(well, -1), wells),
        broken("the factor -mu on a parabola", lambda well: on_parabola(well, lambda w: -w.mu), wells),
        broken("mu = 1.5 converges", lambda: runs([1.5], [1.0], [0.0])),
    ],
)

CLAIMS = (LS_13, LS_14, LS_15, LS_16)
