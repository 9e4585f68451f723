r"""RM-05  The second condition is not necessary here

Where: dissertation, eq. 2.13 and the text around it
Claim: To converge, SGD must follow an infinitely long path with decreasing steps: the rates must have an infinite sum
    and a finite sum of squares.
Formula: e_t \to 0 \Rightarrow \sum_t \lambda_t = \infty,\ \sum_t \lambda_t^2 < \infty
Verdict: refuted
Kind: highprec
Found: On a parabola with noise of a bounded variance, rates that tend to 0 and have an infinite sum suffice. With 1 /
    sqrt(t), whose squares have no finite sum, the mean square falls like the rate itself. And without noise the path to
    the minimum of a quadratic has a finite length: at most the sum of the distances of all coordinates.
True: \lambda_t \to 0,\ \sum_t \lambda_t = \infty \Rightarrow e_t \approx \frac{\lambda_t \sigma^2}{2 h} \to 0
"""

from __future__ import annotations

from fractions import Fraction as F
from math import hypot

import numpy as np

import toybox as tb
from toybox import methods

from ...claim import Contrast, close, only, told
from ...ours import on_rule, walk
from ...proof import Theorem, larger, size
from .common import LONG, SEED, after, one_step, powers, simulated

claim = told(__doc__)

ROOT = 0.5  # the power


@claim.proof("it converges", broken={"a constant rate": {"small": lambda rate, h, noise, bound: rate > 0}})
def converges(e, rate, h, noise, bound, small=lambda rate, h, noise, bound: rate * noise <= h * bound):
    """Of any ``bound`` > 0, once the rate is small enough for it: what e exceeds it by is multiplied by 1 - rate h, or
    gone. The product of all 1 - rate h is 0 if the rates have an infinite sum, so that no excess is left."""
    excess = lambda e: larger(e - bound, 0)
    return Theorem(
        (e >= 0, h > 0, rate > 0, noise > 0, bound > 0, rate * h <= 1, small(rate, h, noise, bound)),
        {"excess": excess(one_step(e, rate, h, noise)) <= (1 - rate * h) * excess(e)},
    )


@claim.proof("like the rate itself", broken={"rates that fall too fast": {"slowly": False}})
def follows_the_rate(e, rate, later, h, noise, eps, slowly=True):
    """Of falling rates, by the part eps rate h at most: noise / 2 h times the rate, and up to the factor 2 / (2 - eps -
    rate h) the same. What e exceeds these bounds by falls by (1 - rate h)^2, faster than the rate; what it does not
    exceed them by stays so."""
    least, most, after = noise / (2 * h), noise / (h * (2 - eps - rate * h)), one_step(e, rate, h, noise)
    given = (e >= 0, h > 0, rate > 0, noise > 0, eps > 0, rate * h <= 1, eps + rate * h < 2, 0 < later, later <= rate)
    return Theorem(
        (*given, later >= (1 - eps * rate * h) * rate) if slowly else given,
        {
            "from below": least * later - after <= (1 - rate * h) ** 2 * (least * rate - e),
            "from above": after - most * later <= (1 - rate * h) ** 2 * (e - most * rate),
        },
    )


@claim.proof("no long way without noise", broken={"rates above 1 / h": {"largest": 2}})
def path(x, u, v, length, rate, h, largest=1):
    """A coordinate goes straight towards 0, so that its whole way is no longer than its distance; and a step of two
    parts is no longer than both. (Of n parts: one after the other.)"""
    after = (1 - rate * h) * x
    return Theorem(
        (h > 0, rate > 0, rate * h <= largest, length >= 0, length**2 == u**2 + v**2),
        {"coordinate": size(x - after) == size(x) - size(after), "sum": length <= size(u) + size(v)},
    )


@claim.check("1/sqrt(t), 10^6 steps", lambda budget: [(1, 1.0), (0.5, 4.0), (2, 0.25), (5, 1.0)])
@claim.control("constant rate", only(1, 1.0), rates=np.full(LONG, 0.5))
def follows(h, noise, rates=None):
    """After 10^6 steps lambda_T sigma^2 / 2 h, up to a tenth."""
    rates = powers(ROOT) if rates is None else rates
    return close(after(rates, h, noise) / (LONG**-ROOT * noise / (2 * h)), 1, 0.1)


def path_length(h, x, steps):
    """Of our SGD on x'diag(h)x / 2 with the rates 1, 1/sqrt 2, ..."""
    problem = tb.problems.NoisyQuadratic(np.diag(np.array(h, float)), np.zeros((1, len(h))))
    rule = on_rule(methods.fixed.Fixed(1.0, schedule="1/sqrt(t)"))
    return walk(problem, rule, np.array(x, float), steps, every=None).trace.arc.sum()


LONG_WAY = (F(1, 9), F(1)), (F(3), F(4)), 1000


claim.check(
    "our SGD with 1/sqrt(t), 10^4 chains", SEED, degree="simulated", schedule="1/sqrt(t)", expected="1/sqrt(t)"
)(simulated)
claim.control("chains against what 1/t makes", SEED, schedule="1/sqrt(t)", limit=10, many=2000)(simulated)


@claim.counterexample(
    "sum of squares of T rates t^-p that converge, against what those of t^-0.55 never exceed", only(ROOT, LONG)
)
def finite_squares(p, T):
    return Contrast(1 + 1 / (2 * 0.55 - 1), float((powers(p, T) ** 2).sum()), "at most")


@claim.counterexample("length of the path from x on x'diag(h)x / 2, against three times the distance", only(*LONG_WAY))
def infinite_path(h, x, steps):
    return Contrast(3 * hypot(*x), path_length(h, x, steps), "more than")
