"""Section C, sixth part: where steps to vertices of parabolas diverge, cycle or converge (sections 2.5, 4.4)."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction as F
from itertools import pairwise
from math import inf
from typing import NamedTuple

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ..cases import positive, rationals
from ..claim import Check, Claim, above, close, equal
from .c_parabolas import QUARTIC, SATURATING, SMALL, Univariate, newton_factor
from .c_slopes import broken

HYPERBOLA = Univariate(lambda x: (1 + x * x) ** 0.5, lambda x: x / (1 + x * x) ** 0.5)

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
    assume(m.l1 - m.l0 > m.b * m.mu)
    pal = methods.pal.PAL(mu=m.mu, alpha=1, s_max=inf)
    s = tb.search(pal, {0: m.l0, m.mu: m.l1}.__getitem__, slope0=m.b).step
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
    top = (s_max - 2) ** 3
    cycle = [top - s_max, top]
    return {
        "arrays": close(np.sort(ours), cycle, 1e-3),
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
    """1500 steps of our rule on arrays, and of eq. 4.2 with 40 digits."""
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


CLAIMS = (LS_15, LS_16)
