"""GOLS-I by hand: what it hands on, and how a search that counts no tries ends."""

from math import inf

import numpy as np
import pytest

import toybox as tb
from places import GENTLE, asked, knots
from toybox.methods.fixed import Gradient
from toybox.methods.golsi import GOLSI
from toybox.problems import FromFunction, NoisyQuadratic


def test_a_gradient_only_search_keeps_its_step_where_it_does_not_search():
    """Curvature 1/4, from 1/4: 3 is before the minimum at 4, the next trial, 6, behind it. The second gradient is 0:
    there is no search. The third search begins with the 6, at a place that accepts it: slopes are at most .9."""
    flat = NoisyQuadratic(np.array([[[0.25]], [[0.0]]]), np.zeros((2, 1)))
    trace = tb.run(
        flat, tb.Optimizer(Gradient(), GOLSI(first=3.0)), steps=3, batch=1, theta=[0.25],
        sampler=lambda t, j: np.array([[int((t, j) == (1, 0))]]),
    )  # fmt: skip
    assert trace.size[:, 0].tolist() == [6, 0, 6]
    assert trace.status[:, 0].tolist() == [tb.Status.FOUND, tb.Status.STATIONARY, tb.Status.FOUND]
    assert trace.trials[:, 0].tolist() == [2, 0, 1]


def test_a_gradient_only_search_ends_where_nothing_is_finite():
    """Its loop has no number of tries: slopes and steps that are no numbers must end it, and the lane."""
    nothing = lambda theta, index: (np.full(theta.shape[:-1], inf), np.full(theta.shape, np.nan))
    wild = FromFunction(nothing, dim=2, size=4)
    trace = tb.run(wild, tb.Optimizer(Gradient(), GOLSI()), steps=5, batch=2)
    assert (trace.status == tb.Status.NONFINITE).all()


@pytest.mark.parametrize("variant", ["paper", "released"])
def test_after_its_tries_a_gradient_only_search_stays_and_goes_on_from_there(variant):
    """Down a slide of slope 2^-10 the largest first trial is 2^10. Three slopes each: 1, 2, 4; 8, 16, 32; 64, 128, 256;
    and at 512 the next step may pass the largest one: unasked, or by the released code asked."""
    method = tb.Optimizer(Gradient(), GOLSI(first=1.0, tries=3, variant=variant))
    trace = tb.run(GENTLE, method, steps=4, batch=1, theta=[0.0])
    assert trace.size[:, 0].tolist() == [0, 0, 0, 1024]
    assert trace.status[:, 0].tolist() == [*[tb.Status.EXHAUSTED] * 3, tb.Status.CAPPED]
    assert trace.trials[:, 0].tolist() == [3, 3, 3, 2 if variant == "released" else 1]


def test_a_factor_of_almost_1_ends():
    trace = tb.run(GENTLE, tb.Optimizer(Gradient(), GOLSI(factor=1 + 1e-8)), steps=1, batch=1, theta=[0.0])
    assert (trace.status[0, 0], trace.trials[0, 0], trace.size[0, 0]) == (tb.Status.EXHAUSTED, 1000, 0)


# --- on a bare line, question by question; the batch of question i is the i-th fresh one


def search(variant, slopes, state=1.0, norm=0.125, **options):
    """A search from these slopes {s: phi'(s)}, with phi'(0) = -1, c2 = 1/2, factor 2 and, by |d| = 1/8, at most 8."""
    rule = GOLSI(**{"c2": 0.5, "variant": variant, "smallest": 1.0} | options)
    found = tb.search(rule, *knots(phi={0: 0}, slope={0: -1} | slopes), state=state, norm=norm)
    assert asked(found) == list(slopes)
    assert [(q.kind, q.batch) for q in found.questions] == [("slope", j) for j in range(1, 1 + len(slopes))]
    return found.step, found.status.name, found.state


EVERY = ("paper", "released")


@pytest.mark.parametrize(
    ("variants", "slopes", "end"),
    [
        (EVERY, {1: 0.25}, (1, "FOUND", 1)),  # line 4
        (("paper",), {1: 0.5}, (1, "FOUND", 1)),
        (("paper",), {1: 0.0}, (1, "FOUND", 1)),
        (EVERY, {1: -9, 2: -9, 4: 9}, (4, "FOUND", 4)),  # lines 11 to 16
        (EVERY, {1: -9, 2: 0}, (2, "FOUND", 2)),
        (("paper",), {1: -9, 2: -9, 4: -9}, (8, "CAPPED", 8)),  # line 15: beyond the largest, unasked
        (("released",), {1: -9, 2: -9, 4: -9, 8: -9}, (8, "CAPPED", 8)),
        (("released",), {1: -9, 2: -9, 4: -9, 8: 9}, (8, "FOUND", 8)),
    ],
)
def test_growing(variants, slopes, end):
    for variant in variants:
        assert search(variant, slopes) == end


@pytest.mark.parametrize(
    ("variants", "slopes", "end"),
    [
        (EVERY, {8: 9, 4: -9}, (4, "FOUND", 4)),  # lines 18 to 22
        (EVERY, {8: 9, 4: 0, 2: -9}, (2, "FOUND", 2)),
        (("released",), {8: 0.5, 4: -9}, (4, "FOUND", 4)),  # its line 4 is strict
        (("released",), {8: 0.0, 4: -9}, (4, "FOUND", 4)),
        (("paper",), {8: 9, 4: 9, 2: 9}, (1, "EXHAUSTED", 1)),  # line 21: below the smallest, unasked
        (("released",), {8: 9, 4: 9, 2: 9, 1: 9}, (1, "EXHAUSTED", 1)),
        (("released",), {8: 9, 4: 9, 2: 9, 1: -9}, (1, "FOUND", 1)),
    ],
)
def test_shrinking(variants, slopes, end):
    for variant in variants:
        assert search(variant, slopes, state=8.0) == end


@pytest.mark.parametrize("variant", EVERY)
def test_the_first_trial_is_between_its_limits(variant):
    """At most 1 / |d| (line 2), at most 1e7 (line 1), at least the smallest; where they contradict, the upper one."""
    fine = lambda s, **given: search(variant, {s: 0.25}, **given) == (s, "FOUND", s)
    assert fine(8, state=99.0)
    assert fine(1, state=0.5)
    assert fine(10**7, state=1e9, norm=1e-9)
    assert fine(0.25, state=9.0, norm=4.0)


def test_the_released_search_goes_no_further_from_a_limit():
    assert search("released", {8: -9}, state=8.0) == (8, "CAPPED", 8)
    assert search("released", {1: 9}) == (1, "EXHAUSTED", 1)
    assert search("paper", {8: -9}, state=8.0) == (16, "CAPPED", 16)
    assert search("paper", {1: 9}) == (0.5, "EXHAUSTED", 0.5)


@pytest.mark.parametrize("variant", EVERY)
def test_what_is_no_number_ends_a_lane(variant):
    assert search(variant, {1: -9, 2: np.nan})[1:] == ("NONFINITE", 1)
    assert search(variant, {4: np.nan, 2: np.nan} | ({} if variant == "paper" else {1: np.nan}), 4.0)[1] == "NONFINITE"


@pytest.mark.parametrize("variant", EVERY)
def test_after_its_tries(variant):
    """The next search goes on from there, if a slope was seen there."""
    assert search(variant, {1: -9, 2: -9}, tries=2) == (0, "EXHAUSTED", 4)
    assert search(variant, {4: np.nan}, 4.0, tries=1) == (0, "EXHAUSTED", 4)
    assert search(variant, {1: -9}, tries=1) == (0, "EXHAUSTED", 2)


@pytest.mark.parametrize("variant", EVERY)
def test_where_nothing_descends_the_step_is_kept(variant):
    found = tb.search(GOLSI(variant=variant), lambda s: 0, lambda s: 0, state=3.0)
    assert found == (0, tb.Status.STATIONARY, [], 3.0)
    assert GOLSI(first=5.0).begin() == 5


def test_the_batch_that_judged_gives_the_released_code_s_next_gradient():
    """Parabolas with minima 1/8, 99, 99, 1/4 of batches 0, .., 3, from 0 and from 1/16: in units of d the first lane
    tries 1, 2, 4, that is 1/8, 1/4, 1/2, and batch 3 accepts. In the second all is the same but batch 1, whose minimum
    is at 3/32, and which accepts 1, that is 1/8. Then a step begins without drawing a batch."""
    minima = np.array([[1 / 8, 99, 99, 1 / 4], [1 / 8, 3 / 32, 99, 99]])
    place = NoisyQuadratic(np.eye(1), minima.reshape(-1, 1))
    sampler = lambda t, j: np.array([[min(j, 3)], [4 + min(j, 3)]])
    run = lambda variant, steps: tb.run(
        place, tb.Optimizer(Gradient(), GOLSI(first=1.0, c2=0.9, variant=variant)), steps=steps, batch=1, seeds=(0, 1),
        theta=[[0.0], [1 / 16]], sampler=sampler,
    )  # fmt: skip
    first, released = run("released", 1), run("released", 2)
    assert first.theta[:, 0].tolist() == [1 / 2, 1 / 8]
    assert released.loss[1].tolist() == [(1 / 2 - 1 / 4) ** 2 / 2, (1 / 8 - 3 / 32) ** 2 / 2]
    assert first.cost("batches").tolist() == [[4, 2]]
    assert run("paper", 2).loss[1].tolist() == [(1 / 2 - 1 / 8) ** 2 / 2, 0]
