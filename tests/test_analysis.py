"""Looking over a rule's shoulder changes nothing, and shows what really happened."""

import numpy as np
import pytest
from scipy.interpolate import CubicHermiteSpline

import toybox as tb
from toybox.analysis import beliefs, watch
from zoo_cases import METHODS, says

OPTIONS = {"batch": 20, "sampler": "fresh", "seeds": (3,)}


@pytest.fixture(scope="module")
def factorization():
    return tb.problem("factorization", rank=4)


@pytest.mark.parametrize("name", METHODS)
def test_what_is_seen_is_the_step_of_the_run(name, factorization):
    """The same step as in the run, asked with as many questions as the ledger counts for a rule of lines."""
    method = tb.method(name)
    trace = tb.run(factorization, method, steps=4, every=None, **OPTIONS)
    seen = watch(factorization, method, 3, **OPTIONS)
    np.testing.assert_array_equal(seen.step.size, trace.size[3])
    np.testing.assert_array_equal(seen.step.status, trace.status[3])
    assert seen.ray.t == 3
    for question in seen.questions:
        ray, j, kind = seen.ray, question.j, question.kind
        line = ray.full() if j < 0 else ray.pool(question.pooled) if question.pooled > 1 else ray.line(j)
        again = ray.gradient(question.s) if kind == "gradient" else getattr(line, kind)(question.s)
        np.testing.assert_array_equal(np.asarray(again), np.asarray(question.answer))
    extra = says(method, "afresh") or says(
        method, "whole"
    )  # there, the loss at 0 is an evaluation that nobody asks for
    assert len(seen.questions) == trace.trials[3, 0] or (extra and len(seen.questions) <= trace.trials[3, 0])


def test_beliefs_without_noise_are_cubic_hermite_interpolants(factorization):
    seen = watch(factorization, tb.method("pls", first=1.0), 2, batch=800, seeds=(3,), sampler="fresh")
    b = beliefs(seen, np.linspace(0, 2.0, 21))
    order = np.argsort(b.s)
    assert len(b.s) >= 3
    assert b.value_sd == b.slope_sd == 0
    spline = CubicHermiteSpline(b.s[order], b.values[order], b.slopes[order])
    np.testing.assert_allclose(b.mean, spline(b.grid), rtol=0, atol=1e-9 * np.ptp(b.values))
    line = seen.ray.line()
    np.testing.assert_allclose(b.values, line.change(b.s[None])[0], rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(b.slopes, line.slope(b.s[None])[0], rtol=1e-9)
    assert (0 <= b.wolfe).all()
    assert (b.wolfe <= 1).all()
    assert (b.improvement >= 0).all()


def test_beliefs_of_the_first_questions_only(factorization):
    seen = watch(factorization, tb.method("pls", first=1.0), 2, batch=800, seeds=(3,), sampler="fresh")
    first = beliefs(seen, np.linspace(0, 1, 3), evaluations=1)
    assert len(first.s) == 2
    np.testing.assert_array_equal(first.s, beliefs(seen, np.linspace(0, 1, 3)).s[:2])


def test_bad_arguments(factorization):
    with pytest.raises(ValueError, match=r"t=-1 is not accepted"):
        watch(factorization, tb.method("sgd"), -1, batch=10)
