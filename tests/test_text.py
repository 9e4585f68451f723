"""Searches written as texts: who asks what, in which call, on whose numbers, and who pays."""

from types import SimpleNamespace

import numpy as np
import pytest

import toybox as tb
from toybox.hyper import Hyper, choice, hyperparameters, number
from toybox.methods.fixed import Gradient, Unit
from toybox.optimizer import Optimizer
from toybox.problems import FromFunction, NoisyQuadratic
from toybox.text import (
    ALL,
    End,
    Pool,
    Search,
    both,
    change,
    converse,
    diverged,
    exhausted,
    found,
    nowhere,
    once,
    slope,
    turn,
)

MINIMA = np.array([[0.0], [1.0], [3.0], [7.0]])
PLACE = NoisyQuadratic(np.eye(1), MINIMA)  # 1/2 (x - m)^2, a sample per minimum
STARTS = [[8.0], [16.0], [32.0]]


def in_turn(t, j):
    """Batch j is sample j, of three lanes."""
    return np.full((3, 1), j)


@hyperparameters
class Told(Search):
    """A search that is a function given to it, and writes down what it was told."""

    text: object = None
    own: object = 0

    @property
    def batch(self):
        return self.own

    def begin(self):
        return ()

    def search(self, here, state):
        return self.text(here, state)


def walk(text, own=0, steps=1, place=PLACE, direction=None, **options):
    """Three lanes on a parabola whose minimum is 0 on their own batch, along minus the gradient."""
    method = Optimizer(direction or Gradient(), Told(text, own))
    given = {"batch": 1, "seeds": range(3), "theta": STARTS, "sampler": in_turn, "every": None}
    return tb.run(place, method, steps=steps, **given | options)


# --- what is answered


def test_what_a_lane_sees_before_it_asks():
    seen = []

    def text(here, state):
        names = ("slope0", "norm", "value", "fraction", "t", "steps", "batches", "dim", "eps")
        seen.append([getattr(here, name) for name in names])
        return found(0.5)

    walk(text, steps=2, direction=Unit())
    assert seen == [
        [-x, 1, x * x / 2, 0.25, t, 2, 1, 1, 2.0**-52]
        for t, xs in enumerate([(8, 16, 32), (7.5, 15.5, 31.5)])
        for x in xs
    ]
    assert all(type(one) in (int, float) for row in seen for one in row)


def test_questions_are_answered_on_the_batch_that_they_name():
    """At s = 1/2 of d = -x, x is halved: on the parabola around m, with own the batch of a question without one."""
    said = {}

    def text(here, state):
        x = here.norm
        said[x] = [
            (yield change(0.5)), (yield change(0.5, 1.0)), (yield once(0.5, batch=3)), (yield slope(0.5, batch=2)),
            (yield both(0.5, batch=1)), (yield turn(0.5)), (yield change(0.5, batch=Pool(2))),
            (yield change(0.5, batch=ALL)), (yield slope(0.5, batch=0)),
        ]  # fmt: skip
        return exhausted()

    phi = lambda x, m: (x - m) ** 2 / 2
    fell = lambda x, s, m: phi(x - s * x, m) - phi(x, m)
    for own in (0, 2):
        walk(text, own)
        for (x,) in STARTS:
            mine, mean = float(MINIMA[own, 0]), 2.75
            expected = [
                fell(x, 0.5, mine), [fell(x, 0.5, mine), fell(x, 1.0, mine)], fell(x, 0.5, 7), -x * (x / 2 - 3),
                [fell(x, 0.5, 1), -x * (x / 2 - 1)], x / 2, (fell(x, 0.5, 0) + fell(x, 0.5, 1)) / 2,
                fell(x, 0.5, mean), -x * (x / 2),
            ]  # fmt: skip
            for one, other in zip(said[x], expected, strict=True):
                assert one == pytest.approx(other, rel=1e-13)


def test_slopes_that_are_seen_are_those_of_the_rule_s_batch():
    """x times minus (x - m): of the batch of one's own, another one, or all data."""
    seen = []

    def text(here, state):
        seen.append((here.slope0, here.value))
        return nowhere(here.slope0)

    for own, m in ((0, 0), (2, 3), (ALL, 2.75)):
        seen.clear()
        walk(text, own)
        spread = np.var(MINIMA) / 2 if own == ALL else 0
        assert seen == [(-x * (x - m), (x - m) ** 2 / 2 + spread) for (x,) in STARTS]


# --- in rounds


class Counting:
    """A line that counts its calls and passes them on."""

    def __init__(self, calls):
        self.calls = calls

    def __call__(self, kind, batch, count, lanes, steps):
        self.calls.append((kind, batch, count, list(lanes), list(steps)))
        return [(lane, kind, step) for lane, step in zip(lanes, steps, strict=True)]


def test_questions_of_one_kind_and_batch_are_one_call_in_every_round():
    """Lanes 0 and 1 ask alike, lane 2 the same of another batch and at two steps, lane 3 nothing, lane 4 later."""

    def text(*questions):
        answers = []
        for question in questions:
            answers.append((yield question))
        return found(1, answers)

    calls = []
    lanes = [
        text(change(1), slope(2)), text(change(3), slope(4), change(5)), text(change(6, batch=1), change(7, 8)),
        text(), text(slope(9), slope(10)),
    ]  # fmt: skip
    ends = converse(lanes, Counting(calls))
    assert calls == [
        ("change", None, 1, [0, 1], [1, 3]),
        ("change", 1, 1, [2], [6]),
        ("slope", None, 1, [4], [9]),
        ("slope", None, 1, [0, 1, 4], [2, 4, 10]),
        ("change", None, 2, [2], [(7, 8)]),
        ("change", None, 1, [1], [5]),
    ]
    assert [end.state for end in ends] == [
        [(0, "change", 1), (0, "slope", 2)],
        [(1, "change", 3), (1, "slope", 4), (1, "change", 5)],
        [(2, "change", 6), (2, "change", (7, 8))],
        [],
        [(4, "slope", 9), (4, "slope", 10)],
    ]


def test_who_asks_pays():
    """Trials and samples of a lane are those of its own questions, however long its neighbours go on; and their
    answers are their own."""

    def text(here, state):
        times = int(here.norm) // 8  # 1, 2 and 4
        fell = []
        for i in range(times):
            fell.append((yield change(2.0**-i)))
        if times == 2:
            yield both(1.0, batch=1)
        return found(0.25, fell)

    trace = walk(text)
    assert trace.trials.tolist() == [[1, 2 + 2, 4]]  # a fresh batch's loss at 0 is one more
    assert trace.cost("gradients").tolist() == [[1, 2, 1]]
    assert trace.cost("samples").tolist() == [[2, 1 + 2 + 2, 5]]
    assert trace.size.tolist() == [[0.25] * 3]


def test_a_search_that_asks_no_more_pays_for_one_loss():
    """The loss at 0 of a fresh batch is part of the bill, whether asked once or again."""
    for ask in (change, once):

        def text(here, state, ask=ask):
            yield ask(1.0, batch=1)
            return found(0.5)

        assert walk(text).trials.tolist() == [[2, 2, 2]]


def test_answers_go_to_whom_they_belong():
    """The middle lane is out of step, so that the others are asked without it."""
    told = {}

    def text(here, state):
        x = here.norm
        if x == 16:
            yield slope(0.0)
        told[x] = [(yield change(1.0)), (yield slope(1.0)), (yield change(1.0, 2.0))]
        return found(0.5)

    walk(text)
    assert told == {x: [-x * x / 2, 0, [-x * x / 2, 0]] for (x,) in STARTS}


# --- numbers and states


@hyperparameters
class Halving(Search):
    """One number, and one that is not."""

    first: Hyper = number(1.0, "(0, inf)", "what is tried first")
    again: bool = choice(False, False, True, meaning="whether the last step is kept")

    def begin(self):
        return self.first

    def search(self, here, s):
        if not here.slope0 < 0:
            return nowhere(here.slope0, s)
        while not (yield change(s)) < 0:
            s = s / 2
        return found(s, s if self.again else self.first)


@pytest.mark.parametrize("again", [False, True])
def test_every_text_has_the_numbers_and_the_state_of_its_lane(again):
    """From 8, every s below 2 is good. 6 and 2.5 are halved until they are, and one of both is handed on."""
    method = Optimizer(Gradient(), Halving(first=np.array([0.5, 6.0, 2.5]), again=again))
    sampler = lambda t, j: np.array([[[0]]])
    trace = tb.run(PLACE, method, steps=2, batch=1, seeds=[0], theta=[8.0], sampler=sampler)
    assert trace.size.tolist() == [[[0.5, 1.5, 1.25]]] * 2
    assert trace.trials.reshape(2, 3).tolist() == [[1, 3, 2], [1, 1, 1] if again else [1, 3, 2]]


def test_numbers_of_float32_stay_such():
    """Those that are seen, answered, given and handed on: they round as arrays do, 1/10 of 1/10 to another number than
    in double precision."""
    kinds, products = set(), []

    @hyperparameters
    class Tenth(Search):
        first: Hyper = number(0.1, "(0, inf)", "anything")

        def begin(self):
            return self.first

        def search(self, here, state):
            value, rise = yield both(self.first)
            kinds.update(map(type, (here.slope0, here.norm, here.value, value, rise, self.first, state)))
            products.append(self.first * state)
            assert here.eps == 2.0**-23
            return found(self.first, self.first)

    place = NoisyQuadratic(np.eye(1), MINIMA, dtype="float32")
    trace = tb.run(place, Optimizer(Gradient(), Tenth()), steps=2, batch=1, theta=[8.0])
    assert kinds == {np.float32}
    assert trace.size.dtype == np.float32
    assert products == [np.float32(0.1) * np.float32(0.1)] * 2 != [0.1 * 0.1] * 2


def test_lines_are_asked_in_the_dtype_of_the_run():
    """A double-precision step would turn all predictions of a problem in float32 into doubles."""
    kinds = []

    def f(theta, index):
        kinds.append(theta.dtype)
        return theta[..., 0] ** 2, 2 * theta

    def text(here, state):
        yield change(0.1)
        yield slope(0.1)
        return found(0.1)

    trace = walk(text, place=FromFunction(f, 1, 4, dtype="float32"))
    assert set(kinds) == {np.dtype("float32")}
    assert trace.size[0, 0] == np.float32(0.1)


# --- how a text ends


def test_ends():
    assert found(2.0, "s") == End(2.0, tb.Status.FOUND, "s", None)
    assert found(2.0, capped=True).status == tb.Status.CAPPED
    assert exhausted("s") == End(0, tb.Status.EXHAUSTED, "s", None)
    assert exhausted(size=1e-6).size == 1e-6
    assert diverged("s")[1:3] == (tb.Status.NONFINITE, "s")
    assert np.isnan(diverged().size)
    assert nowhere(0.0, "s") == End(0, tb.Status.STATIONARY, "s", None)
    assert nowhere(0.5, "s") == End(0, tb.Status.ASCENT, "s", None)
    for slope0 in (np.nan, np.inf, -np.inf):
        assert nowhere(slope0).status == tb.Status.NONFINITE
    assert all(type(end.status) is int for end in (found(1), exhausted(), diverged(), nowhere(1)))


@pytest.mark.parametrize("wrong", [lambda: 1 / 0, lambda: 10.0**400, lambda: (-1) ** 1e400 * 2.0**1e9])
def test_what_python_refuses_to_compute_ends_the_lane(wrong):
    """At the iterate where it was; its neighbours go on."""

    def text(here, state):
        yield change(1.0)
        if here.norm == 16:
            wrong()
        return found(0.5)

    trace = walk(text)
    assert trace.status.tolist() == [[tb.Status.FOUND, tb.Status.NONFINITE, tb.Status.FOUND]]
    assert trace.theta.ravel().tolist() == [4, 16, 16]


def test_a_search_that_asks_nothing_may_divide_by_0_too():
    def text(here, state):
        return found(1 / (here.norm - 16))

    assert walk(text).status.tolist() == [[tb.Status.FOUND, tb.Status.NONFINITE, tb.Status.FOUND]]
    assert tb.search(Told(lambda here, state: found(1 / here.slope0)), lambda s: 0, lambda s: 0)[1] == 5


def test_a_lane_that_has_ended_goes_on_from_the_state_that_it_had():
    """Nobody looks at what it does, but it does it beside the others: without a state it would not run."""
    states = []

    def text(here, state):
        states.append((here.norm, state))
        yield change(0.5)
        return found(0.5 if here.norm > 8 else 1 / 0, (*state, here.t))

    walk(text, steps=3)
    assert states == [
        (8, ()), (16, ()), (32, ()), (8, ()), (8, (0,)), (16, (0,)), (8, ()), (8, (0,)), (8, (0, 1)),
    ]  # fmt: skip


def test_a_search_that_asks_nothing_is_a_function():
    trace = walk(lambda here, state: found(here.t + 0.5, state))
    assert trace.size.tolist() == [[0.5] * 3]
    assert trace.trials.tolist() == [[0] * 3]


@pytest.mark.parametrize("what", [0.5, None, ("change", 1.0), [change(1.0)], found(1.0)])
def test_a_text_that_yields_something_else_is_refused(what):
    def text(here, state):
        yield what
        return found(1.0)

    with pytest.raises(ValueError, match=r"text \(.*test_text.py, line \d+\) yields .*; accepted: a question, such as"):
        walk(text)


@pytest.mark.parametrize("what", [0.5, None, (1.0, 0), change(1.0)])
def test_a_text_that_returns_something_else_is_refused(what):
    def text(here, state):
        yield change(1.0)
        return what

    with pytest.raises(ValueError, match=r"text \(.*\) returns .*; accepted: toybox.found\(s\), exhausted"):
        walk(text)
    with pytest.raises(ValueError, match=r"a search returns .*; accepted: toybox.found\(s\), exhausted"):
        walk(lambda here, state: what)


def test_what_a_text_raises_is_not_hidden():
    def text(here, state):
        yield change(1.0)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        walk(text)


def test_what_leads_elsewhere_is_told_of_all_lanes():
    """``leads`` gets what every end had beside it, in the order of the lanes."""
    told = []

    class Leading(Told):
        def leads(self, ray, size, extras):
            told.append((size.tolist(), extras))
            return {}

    text = lambda here, state: found(0.5, extra=here.norm)
    rule = Leading(text)
    tb.run(PLACE, Optimizer(Gradient(), rule), steps=1, batch=1, seeds=range(3), theta=STARTS, sampler=in_turn)
    assert told == [([0.5] * 3, [8, 16, 32])]


def test_only_the_last_fresh_batches_are_kept():
    """Lines of batches beyond the first are asked once, and are brief: none of them stays."""
    asked = []
    line = lambda j, brief: asked.append((j, brief))
    ray = SimpleNamespace(line=line, full=lambda: asked.append("all"), pool=lambda n: asked.append(n))
    for batch in (0, 1, 2, 3, ALL, Pool(4)):
        tb.text.line(ray, batch)
    assert asked == [(0, False), (1, False), (2, True), (3, True), "all", 4]
