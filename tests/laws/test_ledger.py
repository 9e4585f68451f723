"""Law: what the ledger charges is what a black box would have done, counted by a black box.

Every method walks over problems that evaluate and count. One forward pass gives a loss, one backward pass a gradient
(and needs the forward pass), one more each Hessian-vector product. What the runner itself looks at is no cost of the
method: the full loss before the first step, whose point serves a search on all data, too, and after the last one.
"""

from functools import cached_property, partial

import numpy as np
import pytest

import toybox as tb
from toybox.lines import GenericLine
from toybox.parts import gradients
from toybox.problems import FromFunction
from zoo_cases import BATCH, CLOSED, SIZE, every_method, every_variant, problem, run, says

STEPS, LOOKS = 12, 2


class Counting:
    """A problem that evaluates another one and counts: forward and backward passes, samples, batches drawn."""

    def __init__(self, inner):
        self.inner = inner
        self.xp, self.dim, self.size, self.dtype = inner.xp, inner.dim, inner.size, inner.dtype
        self.initial, self.population, self.line = inner.initial, inner.population, "generic"
        self.forward = self.backward = self.touched = 0
        self.drawn = set()  # a batch is what its address says: (t, j), drawn once more it is the same

    @property
    def batches(self):
        return len(self.drawn)

    def draw(self, seeds, t, j, *how):
        self.drawn.add((t, j))
        return self.inner.draw(seeds, t, j, *how)

    def at(self, theta, sample):
        return CountedPoint(self, theta, sample, self.inner.at(theta, sample))


class CountedPoint:
    def __init__(self, problem, theta, sample, inner):
        self.problem, self.theta, self.sample, self._inner = problem, theta, sample, inner
        self._many = SIZE if isinstance(sample, slice) else sample.shape[-1]

    @cached_property
    def value(self):
        self.problem.forward += 1
        self.problem.touched += self._many
        return self._inner.value

    @cached_property
    def gradient(self):
        self.value  # noqa: B018 - a backward pass needs the forward one
        self.problem.backward += 1
        return self._inner.gradient

    def hvp(self, v):
        self.gradient  # noqa: B018
        self.problem.backward += 1
        return self._inner.hvp(v)

    def examples(self, d):
        self.gradient  # noqa: B018 - per-example values and slopes: one pass each way
        return self._inner.examples(d)

    def along(self, d):
        at = lambda s: self.problem.at(self.theta + s[..., None] * d, self.sample)
        return GenericLine(self.problem.xp, self, d, at)


def assert_counted(name, options, case):
    place, method = Counting(problem(case, line="generic")), tb.method(name, **options)
    trace = run(place, method, steps=STEPS, every=None)
    known = STEPS - 1 if says(method, "carries") else 0  # a black box would remember these points
    looks = LOOKS - says(method, "whole")
    assert trace.cost("values")[-1, 0] == place.forward - looks - known
    assert trace.cost("gradients")[-1, 0] == place.backward - known
    assert trace.cost("samples")[-1, 0] == place.touched - looks * SIZE - known * BATCH
    assert trace.cost("batches")[-1, 0] == place.batches
    assert trace.cost("epochs")[-1, 0] == place.batches * BATCH / SIZE
    of_directions = sum(gradients(method.direction, t) for t in range(STEPS))
    assert trace.trials.sum() == trace.cost("values")[-1, 0] - of_directions + known


@pytest.mark.parametrize("case", CLOSED)
@every_method
def test_charges_are_counted_passes(name, case):
    assert_counted(name, {}, case)


@every_variant
def test_charges_of_every_variant_are_counted_passes(name, options):
    assert_counted(name, options, "quadratic")


@pytest.mark.parametrize("case", CLOSED)
@every_method
def test_cheap_lines_are_charged_like_expensive_ones(name, case):
    """As far as rounding does not decide how long a search is."""
    method = tb.method(name)
    closed, generic = (run(problem(case, line=line), method, steps=STEPS) for line in ("closed", "generic"))
    for kind in ("values", "gradients", "samples", "batches", "epochs"):
        if kind in ("batches", "epochs") or not says(method, "to_rounding"):
            np.testing.assert_array_equal(closed.cost(kind), generic.cost(kind), err_msg=kind)


@every_method
def test_a_users_function_is_called_as_often_as_charged(name):
    """One call gives value and gradient: as many calls as forward passes."""
    inner, calls = problem("a user's function"), []

    def counted(function, *arguments):
        calls.append(len(arguments))
        return function(*arguments)

    functions = {key: partial(counted, getattr(inner, key)) for key in ("samples", "hvp")}
    method = tb.method(name)
    trace = run(FromFunction(partial(counted, inner.f), inner.dim, SIZE, **functions), method, steps=STEPS, every=None)
    assert trace.cost("values")[-1, 0] == len(calls) - LOOKS + says(method, "whole")


@every_method
def test_lanes_that_do_not_ask_are_not_charged(name):
    """Three lanes together cost what each of them costs on its own."""
    place, method = problem("a user's function"), tb.method(name)
    together = run(place, method, seeds=(0, 1, 2), steps=STEPS)
    for i in range(3):
        alone = run(place, method, seeds=(i,), steps=STEPS)
        np.testing.assert_array_equal(together.trials[:, i], alone.trials[:, 0])
        for kind in ("values", "gradients", "samples", "batches"):
            np.testing.assert_array_equal(together.cost(kind)[:, i], alone.cost(kind)[:, 0], err_msg=kind)
