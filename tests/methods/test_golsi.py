"""GOLS-I by hand: what it hands on, and how a search that counts no tries ends."""

from math import inf

import numpy as np
import pytest

import toybox as tb
from places import GENTLE
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
