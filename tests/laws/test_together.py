"""Laws of methods that walk in lockstep: each has the bits of its own run, and what they share is computed once."""

import numpy as np
import pytest

import toybox as tb
from test_lanes import KERNELS, engine
from toybox import meeting, optimizer
from toybox.meeting import joined, meet, shared
from toybox.problems import Factorization, KernelClassifier
from zoo_cases import (
    AMPLIFIED,
    METHODS,
    assert_same,
    every_problem,
    factorization_data,
    numbers,
    problem,
    run,
    variants,
)

dtypes = pytest.mark.parametrize("dtype", ["float64", "float32"])


def assert_together(place, methods, **options):
    """All of these walk together as each does alone."""
    found = run(place, methods, **options)
    assert list(found) == list(methods)
    for name, method in methods.items():
        assert_same(found[name], run(place, method, **options))
    return found


@every_problem
@dtypes
def test_methods_that_walk_together_walk_as_alone(case, dtype):
    """Those with lanes of hyper-parameters among them."""
    methods = {name: tb.method(name) for name in METHODS}
    methods |= {f"{name}, lanes": tb.method(name, **numbers(name)) for name in METHODS[::4] if numbers(name)}
    assert_together(problem(case, dtype=dtype), methods, seeds=(0, 5), every=3)


def test_variants_walk_together_as_alone():
    methods = {f"{name} {options}": tb.method(name, **options) for name, options in variants()}
    assert_together(problem("factorization, rank 4"), methods, seeds=(3,), every=None)


@pytest.mark.parametrize("case", KERNELS)
def test_products_with_a_kernel_have_the_bits_of_every_methods_own(case):
    place = engine(case)
    assert_together(place, {name: tb.method(name) for name in METHODS}, seeds=(0, 4, 1), steps=5, batch=5, every=2)


def test_groups_of_seeds_make_no_difference_together(monkeypatch):
    place, methods = engine("full, 1 outputs, float32"), {name: tb.method(name) for name in ("sls", "pls", "adam")}
    whole = run(place, methods, seeds=range(5), steps=4, batch=5)
    monkeypatch.setattr(optimizer, "GATHER", 2 * 5 * place.sample_bytes)
    for name, trace in run(place, methods, seeds=range(5), steps=4, batch=5).items():
        assert_same(trace, whole[name])


def test_probes_samplers_and_first_iterates_are_those_of_every_method():
    place, methods = problem("kernel, logistic"), {name: tb.method(name) for name in ("sls", "pal", "golsi")}
    lengths = tb.Probe("length", lambda look: look.ray.norm if look.ray else np.zeros(2))
    options = {"seeds": (1, 2), "theta": np.linspace(-1, 1, place.dim), "probes": [lengths], "every": 4}
    own = lambda t, j: (7 * t + 3 * j + np.arange(10)) % place.size
    for sampler in ("epochs", "replacement", own):
        for name, trace in run(place, methods, sampler=sampler, **options).items():
            alone = run(place, methods[name], sampler=sampler, **options)
            assert_same(trace, alone)
            np.testing.assert_array_equal(trace.probes["length"], alone.probes["length"])


def test_rows_are_gathered_and_the_kernel_is_read_once_for_all(monkeypatch):
    """Of every step one batch is gathered; at every look one product with K, and one with the rows of the test."""
    gathers, products = [], []
    rows, read = KernelClassifier._rows, KernelClassifier._product.__wrapped__
    monkeypatch.setattr(KernelClassifier, "_rows", lambda self, sample: gathers.append(sample) or rows(self, sample))
    monkeypatch.setattr(
        KernelClassifier, "_product", joined(lambda self, v, X: products.append(len(v)) or read(self, v, X))
    )
    place = engine("full, 1 outputs, float64")
    run(place, {name: tb.method(name) for name in ("sgd", "adam", "sls", "pal")}, steps=7, batch=5, every=3)
    assert len(gathers) == 7
    assert products == [4, 4] * 4  # looks at 0, 3, 6 and 7


def test_a_method_that_ends_leaves_the_others_alone():
    place = problem("quadratic")
    methods = {"wild": tb.method("sgd", rate=1e200), "sls": tb.method("sls"), "adam": tb.method("adam")}
    found = assert_together(place, methods, seeds=(0, 1), steps=15)
    assert (found["wild"].ended < 15).all()


def test_an_error_names_its_method():
    @tb.hyper.hyperparameters
    class Breaks(tb.Search):
        def search(self, here, state):
            if here.t == 3:
                raise RuntimeError("three is too many")
            return tb.found(0.1)

    methods = {"fine": tb.method("sls"), "mine": tb.Optimizer(tb.Gradient(), Breaks())}
    with pytest.raises(RuntimeError, match="three is too many") as caught:
        run(problem("quadratic"), methods)
    assert "'mine'" in caught.value.__notes__[0]
    assert meeting.shared(lambda: 3, meeting) == 3  # the meeting is over
    with pytest.raises(ValueError, match="accepted: an optimizer, or a name and an optimizer each"):
        run(problem("quadratic"), {})
    with pytest.raises(TypeError, match="is no optimizer"):
        run(problem("quadratic"), {"sls": "sls"})


class Adds:
    """Counts its calls; fails where it is asked to."""

    def __init__(self, fails=False):
        self.xp, self.calls, self.fails = problem("quadratic").xp, [], fails

    @joined
    def double(self, vectors, table):
        self.calls.append(vectors.shape)
        if self.fails:
            raise MemoryError("full")
        return 2 * vectors


def test_a_call_of_all_answers_each_with_its_own_rows():
    owner, table = Adds(), object()
    walks = [lambda n=n: owner.double(np.full((n, 3), float(n)), table) for n in (1, 2, 4)]
    for n, found in zip((1, 2, 4), meet(walks), strict=True):
        np.testing.assert_array_equal(found, np.full((n, 3), 2.0 * n))
    assert owner.calls == [(7, 3)]
    meet([*walks, lambda: owner.double(np.zeros((1, 3)), object())])  # of another table
    assert sorted(owner.calls[1:]) == [(1, 3), (7, 3)]
    assert owner.double(np.ones((1, 3)), table).sum() == 6  # outside of a meeting


def test_a_call_that_fails_fails_for_all_who_asked():
    owner = Adds(fails=True)
    found = meet([lambda: owner.double(np.ones((1, 3)), None), lambda: owner.double(np.ones((2, 3)), None), lambda: 5])
    assert [type(one) for one in found] == [MemoryError, MemoryError, int]


def test_what_is_large_is_kept_no_longer_than_somebody_holds_it(monkeypatch):
    made = []
    compute = lambda: made.append(1) or np.zeros(100)

    def brief():
        shared(compute, meeting, "key")
        return len(made)

    assert meet([brief, brief]) == [1, 1]
    monkeypatch.setattr(meeting, "KEPT", 10)
    assert sorted(meet([brief, brief])) == [2, 3]
    held = lambda: [shared(compute, meeting, "key"), meeting.end_step()]
    meet([held, held])
    assert len(made) == 4


def test_a_meeting_within_a_walk_is_one_of_its_own():
    place = problem("kernel, logistic")
    inner = {name: tb.method(name) for name in ("sgd", "pal")}
    seen = []
    probe = tb.Probe("inner", lambda look: seen.append(run(place, inner, steps=2)) or np.zeros(1))
    run(place, {"sls": tb.method("sls"), "adam": tb.method("adam")}, steps=3, probes=[probe])
    for found in seen:
        for name, method in inner.items():
            assert_same(found[name], run(place, method, steps=2))


@dtypes
@pytest.mark.parametrize("rank", [None, 1, 4])
@pytest.mark.parametrize("name", METHODS)
def test_problems_beside_each_other_are_walked_on_as_alone(name, rank, dtype):
    X, Y = factorization_data()
    places = [Factorization(scale * X, Y[:, ::flip], rank, dtype=dtype) for scale, flip in ((1, 1), (0.5, -1))]
    whose = [places[0], places[1], places[1]]
    found = run(places[0].beside(whose), tb.method(name), seeds=(4, 4, 7), every=5)
    for i, (place, seed) in enumerate(zip(whose, (4, 4, 7), strict=True)):
        assert_same(found.part(i, i + 1), run(place, tb.method(name), seeds=(seed,), every=5))


@pytest.mark.parametrize("case", ["kernel, logistic", "factorization, rank 4"])
@pytest.mark.parametrize("backend", ["strict", "torch"])
def test_off_numpy_every_method_has_its_own_batches(backend, case, monkeypatch):
    """Nothing is kept beyond a call, so that memory is used again at once: rows are those of the sample that is asked
    for, whatever lay at its address before."""
    if backend == "torch":
        pytest.importorskip("torch")
    monkeypatch.setattr(meeting, "KEPT", 0)
    methods = {name: tb.method(name) for name in ("golsi", "pls", "labpal-sgd", "sls")}
    place = problem(case, backend=backend)
    found = run(place, methods, seeds=(0, 1), steps=6)
    for name, method in methods.items():
        alone = run(place, method, seeds=(0, 1), steps=6)
        np.testing.assert_array_equal(found[name].status, alone.status)
        np.testing.assert_array_equal(found[name].trials, alone.trials)
        np.testing.assert_allclose(found[name].loss, alone.loss, rtol=AMPLIFIED * 2.0**-52)
