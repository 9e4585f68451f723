"""Section M: the bookkeeping of LABPAL (dissertation, sections 6.3 and 6.4)."""

from __future__ import annotations

from fractions import Fraction as F
from itertools import count, groupby
from math import ceil
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

import toybox as tb
from toybox import methods
from toybox.exact import root
from toybox.quotations import quote

from ..cases import add, dot, positive, rational_quadratics, solve, times
from ..claim import Check, Claim, Contrast, close, equal, only
from ..ours import Plain, moves, on_rule, walk

# --- LAB-01: the rate and the length of way are one estimate


class Place(NamedTuple):
    """f(x) = 1/2 (x - m)'Q(x - m), and a point where the length of the gradient is rational."""

    Q: tuple
    m: tuple
    x: tuple
    alpha: F

    def f(self, x):
        away = add(x, -1, self.m)
        return dot(away, times(self.Q, away)) / 2

    def gradient(self, x):
        return times(self.Q, add(x, -1, self.m))


@st.composite
def pythagorean(draw):
    """The gradient at x is a multiple of a Pythagorean vector; no step is longer than the search's largest, 1."""
    q = draw(rational_quadratics(n=st.just(2)))
    u, v = draw(st.tuples(st.integers(1, 5), st.integers(1, 5)).filter(lambda uv: uv[0] != uv[1]))
    g = (F(u * u - v * v, 500), F(2 * u * v, 500))
    return Place(q.Q, q.r, add(q.r, 1, solve(q.Q, g)), draw(positive(9, 5)))


def length_of_step(place):
    """LABPAL&SGD's first step on exact numbers has the length alpha s_min, and is LABPAL&NSGD's."""
    g = place.gradient(place.x)
    curvature = dot(g, times(place.Q, g)) / dot(g, g)
    wanted = min(place.alpha * length(g) / curvature, F(1))
    sgd, nsgd = (first_move(place, name) for name in ("labpal-sgd", "labpal-nsgd"))
    return {
        "rate times |g|": equal(sgd.step * length(g), wanted),
        "step along the unit direction": equal(nsgd.step, wanted),
        "same iterate": equal(sgd.x, nsgd.x),
    }


def labpal(place, name, steps):
    """Its moves on exact numbers, all batches alike."""
    return moves(name, Plain(place.f, place.gradient), place.x, [(0,)] * steps, alpha=place.alpha, schedule="constant")


def first_move(place, name):
    return labpal(place, name, 1)[0]


def length(g):
    return root(dot(g, g))


def arrays_agree(place):
    """The rules on arrays take that step, and reuse it as a rate or as a length.

    A parabola measured at 1e-4 and 1e-2 keeps 2^-52 f / 1e-4^2 / a of its curvature, which lines that know differences
    without cancellation do not lose; 1e-9 leaves room for the rounding of Q alone. A first step that ends in the
    minimum leaves a gradient of rounding errors, whose direction means nothing: there is no second one to compare.
    """
    arrived = not any(place.gradient(first_move(place, "labpal-sgd").x))
    steps = 1 if arrived else 2
    problem = tb.problems.NoisyQuadratic(np.array(place.Q, float)[None], np.array([place.m], float))
    slack = {}
    for keeps, name, direction in (
        ("rate", "labpal-sgd", tb.methods.fixed.Gradient()),
        ("length", "labpal-nsgd", tb.methods.fixed.Unit()),
    ):
        rule = methods.labpal.LABPAL(alpha=float(place.alpha), approximation_batches=1, keeps=keeps)
        found = walk(problem, on_rule(rule, direction), np.array(place.x, float), steps)
        wanted = np.array([move.x for move in labpal(place, name, steps)], float)
        slack[keeps] = close(found.theta[1:, 0], wanted, 1e-9 * (1 + np.abs(wanted).max()))
    return slack


def reused_elsewhere():
    """A rate measured where |g| = 5, used where |g| = 5/2: the way is half as long, not alpha s_min."""
    place = Place(((F(1), F(0)), (F(0), F(1))), (F(0), F(0)), (F(3, 5), F(4, 5)), F(1, 2))
    first, second = labpal(place, "labpal-sgd", 2)
    return equal(length(add(second.x, -1, first.x)), length(add(first.x, -1, place.x)))


LAB_01 = Claim(
    id="LAB-01",
    title="Rate and step forms agree",
    source="dissertation, eq. 6.6",
    statement="Dividing the estimated step by the length of the gradient turns it into the learning rate with which SGD"
    " goes exactly alpha times the distance to the minimum of the measured line.",
    formula=r"\lambda = \frac{\alpha\, s_{\min}}{\|g_{\mathbb B}\|} \Rightarrow \|\lambda g_{\mathbb B}\| ="
    r" \alpha\, s_{\min}",
    kind="exact",
    verdict="holds",
    checks=[
        Check("first steps on exact numbers", length_of_step, pythagorean(), examples=100),
        Check("the rules on arrays, searching and reusing", arrays_agree, pythagorean(), examples=100),
    ],
    controls=[Check("reused where the gradient has another length", reused_elsewhere)],
)

# --- LAB-02: what a search costs


def share(reuse, k=1, approximation=1280, batch=128):
    """Of the time units of one round of Algorithm 9, those of its search."""
    search = k * ceil(F(approximation, k * batch))
    return F(search, search + k * reuse)


def printed_shares():
    return {
        "100 updates": equal(share(100), F(10, 110)),
        "9 %": equal(round(share(100), 2), F(9, 100)),
        "1000 updates": equal(round(share(1000), 4), F(99, 10000)),
        "k = 4": equal(4 * ceil(F(1280, 512)), 12),
        "samples": equal(12 * 128, 1536),
    }


def drawn(k, approximation_batches=10, steps=21, reuse=10):
    """The batches that our rule draws in each of ``steps`` updates."""
    rng = np.random.default_rng(1)
    problem = tb.problems.NoisyQuadratic(np.eye(3), 5 + 0.1 * rng.standard_normal((500, 3)))
    rule = methods.labpal.LABPAL(alpha=0.01, approximation_batches=approximation_batches, reuse=reuse)
    optimizer = tb.Optimizer(tb.methods.fixed.Gradient(), rule, batches=lambda steps: [k] * steps)
    trace = tb.run(problem, optimizer, steps=steps, batch=5, sampler="fresh", every=None)
    return np.diff(trace.cost("batches")[:, 0], prepend=0).tolist()


def ours(k):
    """A search every ``reuse`` updates draws ceil(10 / k) times k batches, every other update k.

    Algorithm 9 counts the search and its direction's update apart; ours makes the search part of an update (the head
    of methods/labpal.py), so a round is shorter by one batch of k.
    """
    search = k * ceil(F(10, k))
    return equal(drawn(k), [search if t % 10 == 0 else k for t in range(21)])


LAB_02 = Claim(
    id="LAB-02",
    title="Cost of the line search",
    source="dissertation, section 6.4.1",
    statement="With 1280 samples per search, 128 per update and 100 updates per search, searches take 9 per cent of the"
    " training steps. Where a gradient averages 4 batches, a search makes 3 calls and draws 1536 samples.",
    formula=r"\frac{10}{10+100} = 9.09\,\%, \qquad 4\left\lceil\frac{1280}{512}\right\rceil = 12",
    kind="exact",
    verdict="holds",
    checks=[
        Check("the printed shares", printed_shares),
        Check("batches that our rule draws", ours, lambda budget: [1, 2, 4, 5]),
    ],
    controls=[
        Check("k = 1 draws 10, not 12", lambda: equal(1 * ceil(F(1280, 128)), 12)),
        Check("our rule with 9 approximation batches", lambda: equal(drawn(1, 9)[0], 10)),
    ],
)

# --- LAB-03: the schedule of the batch size


def updates(T, by_time=True):
    """Algorithm 9 without searches: k of each update; t counts time, or else updates."""
    t, made = 0, []
    while t < T:
        k = methods.labpal.SCHEDULES["doubling"](T)(t)
        made.append(k)
        t += k if by_time else 1
    return made


def phases(T, by_time=True):
    """Of these updates: (k, how many, time units)."""
    return [(k, n := len(list(group)), k * n) for k, group in groupby(updates(T, by_time))]


def quarters(T):
    """k = 1 up to half of the time, 2 up to three quarters, then 4: half, a quarter, a quarter of the time.

    A phase ends with the update that passes its end, so that times are met up to one update.
    """
    found = {k: time for k, _, time in phases(T)}
    return {
        f"k = {k}": F(k) - abs(found[k] - share_of_time * T)
        for k, share_of_time in ((1, F(1, 2)), (2, F(1, 4)), (4, F(1, 4)))
    }


def schedules_agree(n):
    """A run of n updates has the schedule of the first t_max that suffices for them. (A search that measures on one
    batch draws nothing beside its update's batches.)"""
    schedule = methods.labpal.BatchSchedule(methods.labpal.LABPAL(approximation_batches=1), "doubling")
    made = next(made for T in count() if len(made := updates(T)) >= n and sum(made[:n]) <= T)
    return equal(schedule(n), made[:n])


def by_updates(T):
    """Counting updates instead of time, the phases take times in the ratio 1 : 1 : 2."""
    found = {k: time for k, _, time in phases(T, by_time=False)}
    return {k: F(k) - abs(found[k] - F(sum(found.values()), 4) * (2 if k == 1 else 1)) for k in (1, 2, 4)}


LENGTHS = lambda budget: range(8, budget.many(200, 2000), 4)

LAB_03 = Claim(
    id="LAB-03",
    title="Batch-size schedule",
    source="dissertation, section 6.3.2 and Algorithm 9",
    statement=f"The schedule of batch sizes is piece-wise constant, {quote('doubling')}.",
    formula=r"k(t) = 1, 2, 4 \text{ for } t \le \tfrac12 t_{\max},\ \tfrac34 t_{\max},\ t_{\max}",
    kind="exact",
    verdict="corrected",
    finding="After one half and after three quarters of the time t, where one update takes k(t) units of it, as the"
    " algorithm has it: a word is missing. The counterexample takes the printed words as they stand, which is an"
    " uncharitable reading: nobody means two units of time.",
    checks=[
        Check("times of the phases", quarters, LENGTHS),
        Check("the rules use this schedule", schedules_agree, LENGTHS),
    ],
    controls=[Check("counting updates for time", by_updates, lambda budget: [200])],
    counterexamples=[
        Check(
            "batches at the time t, the printed words taken literally: after two units of it",
            lambda t, t_max: Contrast(2, methods.labpal.SCHEDULES["doubling"](t_max)(t)),
            only(3, 100),
        ),
    ],
)

CLAIMS = (LAB_01, LAB_02, LAB_03)
