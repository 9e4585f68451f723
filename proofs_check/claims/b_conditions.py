"""Section B, continued: schedules that violate one of the two conditions (dissertation, section 2.4, eq. 2.13)."""

from __future__ import annotations

from fractions import Fraction as F
from functools import partial
from itertools import pairwise, product
from math import hypot
from typing import NamedTuple

import mpmath
import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods
from toybox.problems import quadratic

from ..cases import EPS, dot, vectors
from ..claim import ERRORS, Check, Claim, Contrast, above, at_most, close, equal, only, sigmas
from ..ours import Plain, moves, on_rule, walk
from .b_schedules import LONG, SEED, after, chains, inverse, noisy, powers, recursion, simulated

# --- RM-03: constant rates


def floor(rate, h, noise=1.0):
    return rate * noise / (h * (2 - rate * h))


def settles(h, noise=1.0, factor=1.0):
    """e_2000 is the floor for lambda h from 0.05 to 1.9.

    The start is forgotten by 0.95^4000, and the last 1 / (1 - 0.95^2) steps leave 10 eps.
    """
    rates = np.linspace(0.05, 1.9, 38) / h
    found = recursion(np.full(38, 4.0), [rates] * 2000, h, noise)[-1]
    return close(found / (factor * floor(rates, h)), 1, 1e-12)


def expected_risk(h, share):
    """Our exact risk, h e / 2 above the floor of the loss; batches of 1, drawn with replacement.

    A step loses some 8 eps, and 1 / (1 - 0.95^2) of them are remembered.
    """
    s, rate = 1 / h, share / h  # sigma = h s = 1
    risk = quadratic.expected_risk(noisy(h, s), rate, 1, 2000, start=[2.0])
    return close(risk[-1] / (h * s * s / 2 + h / 2 * floor(rate, h)), 1, 80 * EPS)


def chains_settle(seed, noise=1.0, limit=ERRORS, many=10_000):
    """Our SGD after 40 steps; 0.75^80 of the start 4 is left, less than 1e-7 of a standard error."""
    rates = (0.25, 0.5, 0.8, 1.5)
    mean, error = chains("constant", 40, rates, many, seed)
    return sigmas(mean, noise * floor(np.array(rates), 1.0), error, limit)


def diverges(h, share):
    """At lambda h = 2 by the same summand in each step, beyond it by a factor."""
    rate, steps = F(share) / F(h), 50
    e = recursion(F(4), [rate] * steps, F(h), F(1))[-1]
    return {
        "summands": at_most(4 + steps * rate**2, e),
        "factors": at_most(4 * (1 - F(share)) ** (2 * steps), e),
    }


CURVATURES = lambda budget: [0.2, 1.0, 5.0]

RM_03 = Claim(
    id="RM-03",
    title="Constant learning rate leaves a floor",
    source="dissertation, eq. 2.13 (its second condition violated)",
    statement="With a constant learning rate below twice the inverse curvature, the mean square on a noisy parabola"
    " converges to a positive floor; with a larger one it diverges.",
    formula=r"e_\infty = \frac{\lambda \sigma^2}{h (2 - \lambda h)}, \quad 0 < \lambda h < 2",
    kind="highprec",
    verdict="holds",
    checks=[
        Check("2000 steps", settles, CURVATURES),
        Check("our expected risk", expected_risk, lambda budget: product((0.5, 1.0, 4.0), (0.05, 0.5, 1.0, 1.9))),
        Check("our SGD, 10^4 chains", chains_settle, SEED),
        Check("lambda h >= 2", diverges, lambda budget: product((F(1, 5), 1, 5), (2, F(21, 10), 3))),
    ],
    controls=[
        Check("no noise: no floor", lambda: settles(1.0, noise=0.0)),
        Check("lambda sigma^2 / 2 h", lambda: settles(1.0, factor=np.linspace(1.95, 0.1, 38) / 2)),
        Check("chains with another variance", lambda seed: chains_settle(seed, 1.6, limit=10, many=3000), SEED),
        Check("lambda h < 2", lambda: diverges(1, F(19, 10))),
    ],
)

# --- RM-04: summable rates

START = 2  # its square is 4


def noiseless(rate, steps, h=1, start=START):
    """Iterates of our SGD on h x^2 / 2."""
    plain = Plain(lambda x: h * x[0] ** 2 / 2, lambda x: (h * x[0],))
    return [start, *(move.x[0] for move in moves("sgd", plain, (start,), [0] * steps, rate=rate))]


def summable(p, share=F(1, 2), h=1):
    """lambda_t h = share / (t + 1)^p."""
    return lambda t: share / h / (t + 1) ** p


def stalls_exactly(p, h):
    """theta_T is theta_0 times the product of 1 - lambda_t h, and positive."""
    found, left = noiseless(summable(p, h=h), 12, h, F(START)), F(START)
    slack = [F(0)]
    for t, x in enumerate(found[1:]):
        left *= 1 - summable(p, h=h)(t) * h
        slack.append(equal(x, left))
    return {"product": min(slack), "positive": above(found[-1], 0)}


def stalls(rate, total, steps=3000):
    """Since 1 - u >= 4^-u for u <= 1/2, no theta is below theta_0 4^-(sum of lambda_t h): a number without T."""
    found = START * np.cumprod([1 - float(rate(t)) for t in range(steps)])
    return {"bound": float(found.min() / (START * 4.0**-total) - 1)}


def rests():
    """0.513 after 10^6 steps, and 4 (sin(pi / sqrt 2) / (pi / sqrt 2))^2 = 0.513 for ever."""
    z = mpmath.pi / mpmath.sqrt(2)
    found = after(powers(2) / 2, noise=0.0)
    return {
        "0.513": close(found, 0.513, 5e-4),
        "limit": close(found / float(4 * (mpmath.sin(z) / z) ** 2), 1, 2 / LONG),  # the rest of the sum is 1e-6 / 2
    }


def ours_moves_on():
    """Our rule on arrays with 1/2, 1/4, 1/6, ...: what stalls would stay above a quarter."""
    problem = tb.problems.NoisyQuadratic(np.eye(1), np.zeros((1, 1)))
    rule = on_rule(methods.fixed.Fixed(0.5, schedule="1/t"))
    theta = tb.run(problem, rule, steps=3000, batch=1, theta=[float(START)], every=None).theta[0, 0]
    return float(theta / (START * 4.0 ** -float(mpmath.zeta(2) / 2)) - 1)


RM_04 = Claim(
    id="RM-04",
    title="Summable steps stall",
    source="dissertation, eq. 2.13 (its first condition violated)",
    statement="If the learning rates have a finite sum and none exceeds half the inverse curvature, SGD without noise"
    " stays away from the minimum of a parabola for ever.",
    formula=r"\theta_T = \theta_0 \prod_{t<T} (1 - \lambda_t h) \ge \theta_0\, 4^{-h \sum_t \lambda_t} > 0",
    kind="highprec",
    verdict="holds",
    checks=[
        Check("the product, exactly", stalls_exactly, lambda budget: product((2, 3), (F(1, 3), 1, 4))),
        Check("the bound", lambda p: stalls(summable(p), float(mpmath.zeta(p) / 2)), lambda budget: [1.5, 2, 3]),
        Check("the quoted start and value", rests),
    ],
    controls=[
        Check("a first step with lambda h = 1", lambda: stalls(summable(2, share=1.0), float(mpmath.zeta(2)))),
        Check("1/(t + 2) reaches 0", lambda: stalls(lambda t: 1 / (t + 2), float(mpmath.zeta(2) / 2))),
        Check("our rule with 1/(2t + 2)", ours_moves_on),
    ],
)

# --- RM-05: is the second condition necessary?


ROOT = 0.5  # the power


def follows(h, noise, rates=None):
    """After 10^6 steps lambda_T sigma^2 / 2 h, up to a tenth."""
    rates = powers(ROOT) if rates is None else rates
    return close(after(rates, h, noise) / (LONG**-ROOT * noise / (2 * h)), 1, 0.1)


def still_converges():
    return close(after(powers(ROOT)), 5e-4, 0.05e-4)


class Way(NamedTuple):
    """x'diag(h)x / 2 with h <= 1, and a start."""

    h: tuple
    x: tuple


@st.composite
def ways(draw):
    n = draw(st.integers(1, 4))
    h = draw(st.tuples(*[st.integers(1, 9).map(lambda v: F(v, 9))] * n))
    return Way(h, draw(vectors(n).filter(any)))


def coordinate_paths(way):
    """Rates 1, 1/2, ...: every coordinate goes straight towards 0, so that its path is |x_0| - |x_T|, exactly."""
    gradient = lambda x: tuple(h * v for h, v in zip(way.h, x, strict=True))
    plain = Plain(lambda x: dot(x, gradient(x)) / 2, gradient)
    walked = moves("sgd", plain, way.x, [0] * 8, rate=inverse)
    xs = [way.x, *(move.x for move in walked)]
    lengths = [sum(abs(b - a) for a, b in pairwise(v)) for v in zip(*xs, strict=True)]
    return equal(lengths, [abs(a) - abs(b) for a, b in zip(xs[0], xs[-1], strict=True)])


def path_length(way, steps):
    problem = tb.problems.NoisyQuadratic(np.diag(np.array(way.h, float)), np.zeros((1, len(way.h))))
    rule = on_rule(methods.fixed.Fixed(1.0, schedule="1/sqrt(t)"))
    return walk(problem, rule, np.array(way.x, float), steps, every=None).trace.arc.sum()


def short_path(way):
    """Rates 1, 1/sqrt 2, ...: the whole path is no longer than |x_0|_1; 100 steps add up n + 4 roundings each."""
    bound = float(sum(map(abs, way.x)))
    return float(1 + 100 * (len(way.x) + 4) * EPS - path_length(way, 100) / bound)


RM_05 = Claim(
    id="RM-05",
    title="The second condition is not necessary here",
    source="dissertation, eq. 2.13 and the text around it",
    statement="To converge, SGD must follow an infinitely long path with decreasing steps: the rates must have an"
    " infinite sum and a finite sum of squares.",
    formula=r"e_t \to 0 \Rightarrow \sum_t \lambda_t = \infty,\ \sum_t \lambda_t^2 < \infty",
    kind="highprec",
    verdict="refuted",
    finding="On a parabola with noise of a bounded variance, rates that tend to 0 and have an infinite sum suffice."
    " With 1 / sqrt(t), whose squares have no finite sum, the mean square falls like the rate itself. And without noise"
    " the path to the minimum of a quadratic has a finite length: at most the sum of the distances of all coordinates.",
    corrected=r"\lambda_t \to 0,\ \sum_t \lambda_t = \infty \Rightarrow e_t \approx"
    r" \frac{\lambda_t \sigma^2}{2 h} \to 0",
    checks=[
        Check("1/sqrt(t), 10^6 steps", follows, lambda budget: [(1, 1.0), (0.5, 4.0), (2, 0.25), (5, 1.0)]),
        Check("the quoted value", still_converges),
        Check(
            "our SGD with 1/sqrt(t), 10^4 chains", partial(simulated, schedule="1/sqrt(t)", expected="1/sqrt(t)"), SEED
        ),
        Check("paths of coordinates, exactly", coordinate_paths, ways(), examples=60),
        Check("paths of our SGD on arrays", short_path, ways(), examples=60),
    ],
    controls=[
        Check("constant rate", lambda: follows(1, 1.0, np.full(LONG, 0.5))),
        Check("chains against what 1/t makes", partial(simulated, schedule="1/sqrt(t)", limit=10, many=2000), SEED),
    ],
    counterexamples=[
        Check(
            "sum of squares of T rates t^-p that converge, against what those of t^-0.55 never exceed",
            lambda p, T: Contrast(1 + 1 / (2 * 0.55 - 1), float((powers(p, T) ** 2).sum()), "at most"),
            only(ROOT, LONG),
        ),
        Check(
            "length of the path from x on x'diag(h)x / 2, against three times the distance",
            lambda h, x, steps: Contrast(3 * hypot(*x), path_length(Way(h, x), steps), "more than"),
            only((F(1, 9), F(1)), (F(3), F(4)), 1000),
        ),
    ],
)


CLAIMS = (RM_03, RM_04, RM_05)
