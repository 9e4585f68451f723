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
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods

from ...cases import EPS, add, mean, positive, rational_quadratics, solve
from ...claim import Contrast, close, equal, only, told
from ...ours import Plain, moves, on_rule, through, walk
from .common import PRINTED

claim = told(__doc__)

APART, ALIKE = (F(1), F(-1)), (F(1), F(1))  # minimisers of the two losses (x - m)^2
OTHER = {
    "fresh": lambda t, j: (j % 2,),
    "alpha": 1,
    "approximation_batches": 2,
    "s_max": inf,
    "schedule": "constant",
}  # both batches measure


def losses(ms):
    return Plain(parts=[(lambda x, m=m: (x[0] - m) ** 2, lambda x, m=m: (2 * (x[0] - m),)) for m in ms])


def vertex(ms):
    """Where the mean loss is lowest along the negative gradient of the first batch, from x = 1/2."""
    plain, x = losses(ms), (F(1, 2),)
    d = tuple(-v / abs(v) for v in plain.gradient(x, (0,)))
    a, b = through(lambda s: plain.value(add(x, s, d), (0, 1)), *PRINTED)
    return -b / (2 * a)


@claim.check("a minimum behind")
def refuses():
    """There LABPAL finds no rate and stays, on exact numbers and on arrays."""
    move = moves("labpal-sgd", losses(APART), (F(1, 2),), [(0,)], **OTHER)[0]
    found = on_arrays("rate", [0], 0.5)
    stays = move.status == tb.Status.EXHAUSTED and found.trace.status[0, 0] == tb.Status.EXHAUSTED
    return {
        "vertex": equal(vertex(APART), F(-1, 2)),
        "status": F(0) if stays else F(-1),
        "stays": equal((*move.x, found.theta[1, 0, 0]), (F(1, 2), 0.5)),
    }


def on_arrays(keeps, order, x):
    """Our rule: the j-th batch of step t is the order's t-th, or else, for j = 1, the other one."""
    problem = tb.problems.NoisyQuadratic(np.array([[2.0]]), np.array([[1.0], [-1.0]]))
    rule = methods.labpal.LABPAL(alpha=1, approximation_batches=2, s_max=inf, keeps=keeps)
    along = tb.methods.fixed.Unit() if keeps == "length" else tb.methods.fixed.Gradient()
    return walk(
        problem, on_rule(rule, along), np.array([x]), len(order), lambda t, j: np.array([[(order[t] + j) % 2]]), 1
    )


def reusing(order, ms=APART, method="labpal-sgd"):
    """LABPAL's iterates from 3; it measures in the first step, on batch 0 and batch 1, and never again."""
    return [move.x[0] for move in moves(method, losses(ms), (F(3),), [(0,), *((i,) for i in order)], **OTHER)]


@claim.check("a reused rate", lambda budget: [(order,) for order in product((0, 1), repeat=4)])
def reused(order):
    """The rate is 3/4, so that x+ = -x/2 + 3/2 or -x/2 - 3/2; on arrays, too.

    The slopes over 0.0001 and 0.01 differ by 0.01 a, which rounding of slopes of at most 8 blurs.
    """
    xs = reusing(order)
    exact = [-x / 2 + F(3, 2) * APART[i] for x, i in zip(xs, order, strict=False)]
    found = on_arrays("rate", [0, *order], 3.0).theta[1:, 0, 0]
    return {
        "first": equal(xs[0], 0),
        "then": equal(xs[1:], exact),
        "arrays": close(
            found, np.array(xs, float), len(xs) * 16 * EPS * 8 / (methods.labpal.FAR - methods.labpal.NEAR) * 3
        ),
    }


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


@claim.check("a reused length on arrays")
def cycle_on_arrays():
    found = on_arrays("length", [0, 1, 0, 1, 0], 3.0).theta[:, 0, 0]
    return close(np.abs(np.diff(found)), 3.0, 16 * EPS * 8 / (methods.labpal.FAR - methods.labpal.NEAR) * 3)


class Pair(NamedTuple):
    """Two batches, and a start where the gradient of their mean has a rational length; in two variables so have then
    all gradients, since each is orthogonal to the last."""

    members: list
    x: tuple

    @property
    def plain(self):
        return Plain(parts=[(q.f, q.gradient) for q in self.members])


@st.composite
def pairs(draw):
    one, two = (draw(rational_quadratics(n=st.just(2))) for _ in range(2))
    u, v = draw(st.sampled_from([(3, 4), (5, 12), (8, 15), (-4, 3), (12, -5), (-15, -8)]))
    k = draw(positive(5, 5))
    wanted = (2 * (k * u - (one.r[0] + two.r[0]) / 2), 2 * (k * v - (one.r[1] + two.r[1]) / 2))
    total = [[2 * (a + b) for a, b in zip(*rows, strict=True)] for rows in zip(one.Q, two.Q, strict=True)]
    return Pair([one, two], solve(total, wanted))


@claim.check("PAL on the mean loss", st.tuples(pairs(), positive()), examples=60)
@claim.control("directions of one batch", st.tuples(pairs(), positive()), examples=5, batches=1)
def is_pal(pair, mu, batches=2):
    """Directions of both batches and a search on both in every step: LABPAL is PAL on the mean loss.

    batches: how many give the direction.
    """
    hyper = {**OTHER, "schedule": lambda t: batches, "reuse": 1}
    labpal = moves("labpal-sgd", pair.plain, pair.x, [(0,)] * 2, **hyper)
    pal = moves("pal", pair.plain, pair.x, [(0, 1)] * 2, mu=mu, beta=0, s_max=inf)
    return equal([move.x for move in labpal], [move.x for move in pal])


@claim.check("the same on arrays", st.tuples(pairs(), positive()), examples=60)
def is_pal_on_arrays(pair, mu):
    """The same of our rules: a step's error is that of a's fit over lengths of 0.0001 and 0.01, twice for two steps,
    times the condition for the second direction."""
    Q = np.array([[[2 * v for v in row] for row in q.Q] for q in pair.members], float)
    m = np.array([solve([[2 * v for v in row] for row in q.Q], [-v for v in q.r]) for q in pair.members], float)
    problem, x = tb.problems.NoisyQuadratic(Q, m), np.array(pair.x, float)
    rule = methods.labpal.LABPAL(alpha=1, approximation_batches=2, reuse=1, s_max=inf)
    both = tb.Optimizer(tb.methods.fixed.Gradient(), rule, batches=lambda steps: [2] * steps)
    labpal = walk(problem, both, x, 2, lambda t, j: np.array([[j % 2]]), 1).theta[:, 0]
    pal = walk(problem, on_rule(methods.pal.PAL(float(mu), s_max=inf)), x, 2).theta[:, 0]
    h, reach = np.linalg.eigvalsh(Q.mean(0)), np.abs(x).max() + np.abs(m).max()
    blur = (
        32 * EPS * np.linalg.norm(Q, 2, axis=(1, 2)).max() * reach / (methods.labpal.FAR - methods.labpal.NEAR) / h[0]
    )
    return close(labpal, pal, blur * h[-1] / h[0] * reach)


claim.control("equal losses: a minimum behind")(lambda: equal(vertex(ALIKE), F(-1, 2)))
claim.counterexample("measured step at 1/2", only(APART))(lambda minima: Contrast(0, vertex(minima), "more than"))
