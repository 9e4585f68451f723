r"""LAB-C3  Is Proposition 1 valid for LABPAL?

Where: dissertation, appendix C.3
Claim: The proof that PAL converges is also valid for LABPAL: batch losses may have any form as long as their mean is a
    quadratic.
Formula: \mathcal L = \frac1m \sum_i \mathcal L_i = c + r^\top x + x^\top Q x,\ Q \succ 0 \ \Rightarrow\ x_n \to x^*
Verdict: refuted
Kind: exact
Found: LABPAL goes along gradients of batches and reuses what it measured. For (x - 1)^2 and (x + 1)^2 the mean's
    minimum may lie behind (at x = 1/2 the measured step is -1/2); a rate of 3/4 measured at x = 3 and reused leaves a
    variance that rises to 3; a reused length makes it jump to and fro by that length. With directions of the whole data
    set and a search on it in every step LABPAL is PAL on the mean loss, and the proposition holds.
True: g = \nabla \mathcal L,\ \text{a search in every step} \ \Rightarrow\ x_n \to x^*
"""

from __future__ import annotations

from fractions import Fraction as F
from itertools import pairwise, product
from math import inf

import numpy as np

import toybox as tb
from toybox import methods

from ...cases import EPS, add, mean
from ...claim import Contrast, close, equal, holds, only, told
from ...ours import Plain, moves, on_rule, through, walk
from ...proof import Theorem
from ..pal.common import step_of
from .common import PRINTED

claim = told(__doc__)

APART, ALIKE = (F(1), F(-1)), (F(1), F(1))  # minimisers of the two losses (x - m)^2
OTHER = {"fresh": lambda t, j: (j % 2,), "alpha": 1, "approximation_batches": 2, "s_max": inf, "schedule": "constant"}
# both batches measure


def losses(ms):
    return Plain(parts=[(lambda x, m=m: (x[0] - m) ** 2, lambda x, m=m: (2 * (x[0] - m),)) for m in ms])


def vertex(ms):
    """Where the mean loss is lowest along the negative gradient of the first batch, from x = 1/2."""
    plain, x = losses(ms), (F(1, 2),)
    d = tuple(-v / abs(v) for v in plain.gradient(x, (0,)))
    a, b = through(lambda s: plain.value(add(x, s, d), (0, 1)), *PRINTED)
    return -b / (2 * a)


@claim.proof("a search on the whole data set", broken={"directions of one batch": {"turned": 2}})
def is_pals(a, b, mu, h1, h2, turned=1):
    """On the parabola of the mean along its gradient the three values give PAL's step; PAL converges (PAL-P1).

    turned: by how much the slope is another one, along another direction.
    """
    line = lambda s: a * s**2 + turned * b * s
    found, slope = through(line, h1, h2)
    step = step_of(0, a * mu**2 + b * mu, b, mu)
    return Theorem((a > 0, b < 0, mu > 0, h1 != 0, h2 != 0, h1 != h2), {"step": -slope / (2 * found) == step})


@claim.proof("its noise floor", broken={"equal losses": {"apart": 0}})
def floor(x, apart=1):
    """The reused rate 3/4 leads from x to -x/2 + 3/2 or -x/2 - 3/2: on average 3 - x^2 is divided by 4."""
    after = [(x - F(3, 4) * 2 * (x - apart * m)) ** 2 for m in APART]
    return Theorem((), {"mean square": 3 - sum(after) / 2 == (3 - x**2) / 4})


@claim.check("a minimum behind")
@claim.control("equal losses: a minimum behind", ms=ALIKE)
def refuses(ms=APART):
    """There LABPAL finds no rate and stays."""
    move = moves("labpal-sgd", losses(ms), (F(1, 2),), [(0,)], **OTHER)[0]
    return {
        "vertex": equal(vertex(ms), F(-1, 2)),
        "stays": equal(move.x, (F(1, 2),)),
        "status": holds(move.status == tb.Status.EXHAUSTED),
    }


def reusing(order, ms=APART, method="labpal-sgd"):
    """LABPAL's iterates from 3; it measures in the first step, on batch 0 and batch 1, and never again."""
    return [move.x[0] for move in moves(method, losses(ms), (F(3),), [(0,), *((i,) for i in order)], **OTHER)]


def second_moments(ms=APART, steps=5):
    """E x^2 over all orders of the batches after the search, step by step."""
    paths = [reusing(order, ms) for order in product((0, 1), repeat=steps)]
    return [mean([x * x for x in column]) for column in zip(*paths, strict=True)]


@claim.check("its noise floor")
@claim.control("equal losses: a noise floor", only(ALIKE))
def noise_floor(ms=APART):
    """E x^2 = 3 (1 - 4^-n): it rises to 3."""
    return equal(second_moments(ms), [3 * (1 - F(1, 4**n)) for n in range(6)])


@claim.counterexample("E x^2 after steps at a reused rate, against before", only(APART, 5))
def mean_square_falls(minima, steps):
    moments = second_moments(minima, steps)
    return Contrast(moments[0], moments[-1], "at most")


def lengths(order, ms=APART):
    xs = reusing(order, ms, "labpal-nsgd")
    return [abs(b - a) for a, b in pairwise(xs)]


@claim.check("a reused length")
@claim.control("equal losses: a cycle", only(ALIKE))
def cycle(ms=APART):
    """With lengths instead of rates it jumps to and fro by the measured length, 3."""
    return equal(lengths((1, 0, 1, 0), ms), [F(3)] * 4)


@claim.counterexample("length of the last step at a reused length, against the first", only(APART, (1, 0, 1, 0)))
def steps_shorten(minima, batches):
    first, *_, last = lengths(batches, minima)
    return Contrast(first, last, "less than")


@claim.check("reused on arrays")
@claim.control("measured in every step", reuse=1)
def reused_on_arrays(reuse=10):
    """The rate 3/4 from 3, so that x+ = -x/2 + 3/2 or -x/2 - 3/2, and the length 3.

    The slopes over 0.0001 and 0.01 differ by 0.01 a, which rounding of slopes of at most 8 blurs.
    """
    order, slack = (0, 1, 0, 1, 0), {}
    blur = len(order) * 16 * EPS * 8 / (methods.labpal.FAR - methods.labpal.NEAR) * 3
    problem = tb.problems.NoisyQuadratic(np.array([[2.0]]), np.array([[1.0], [-1.0]]))
    sampler = lambda t, j: np.array([[(order[t] + j) % 2]])  # the j-th batch of step t
    for keeps, along in (("rate", tb.methods.fixed.Gradient()), ("length", tb.methods.fixed.Unit())):
        rule = methods.labpal.LABPAL(alpha=1, approximation_batches=2, s_max=inf, keeps=keeps, reuse=reuse)
        found = walk(problem, on_rule(rule, along), np.array([3.0]), len(order), sampler, 1).theta[1:, 0, 0]
        wanted = reusing(order[1:], method="labpal-sgd" if keeps == "rate" else "labpal-nsgd")
        slack[keeps] = close(found, np.array(wanted, float), blur)
    return slack


@claim.check("the whole data set in every step")
@claim.control("directions of one batch at 1/2", batches=1)
def arrives(batches=2):
    """From 1/2 LABPAL, measuring on both batches, is at the minimum of the mean. batches: of the direction."""
    hyper = {**OTHER, "schedule": lambda t: batches, "reuse": 1}
    return equal(moves("labpal-sgd", losses(APART), (F(1, 2),), [(0,)], **hyper)[0].x, (F(0),))


@claim.counterexample("measured step at 1/2", only(APART))
def ahead(minima):
    return Contrast(0, vertex(minima), "more than")
