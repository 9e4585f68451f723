"""Named problems and methods show themselves by the call that makes them again."""

import numpy as np
import pytest

import toybox as tb
from toybox.problems import data
from toybox.zoo import METHODS, PROBLEMS

TYPED = {"tb": tb, "inf": float("inf")}
OPTIONS = {"mushrooms": {"rows": 50}, "misfire": {"rows": 100, "split": "ordered"}, "digits": {"hidden": (3, 2)}}


@pytest.mark.parametrize("name", [name for name in PROBLEMS if name != "ijcnn1"])
def test_a_problem_shows_the_call_that_made_it_and_its_size(name):
    made = tb.problem(name, **OPTIONS.get(name, {}), dtype="float32")
    again = eval(repr(made), TYPED)
    assert repr(again) == repr(made)
    assert repr(made).startswith(f"tb.problem({name!r}, ")
    assert repr(made).endswith(f", dtype='float32')  # dim {made.dim}, {made.size} samples")
    assert (type(again), again.dim, again.size, again.dtype) == (type(made), made.dim, made.size, made.dtype)
    assert (
        again.at(again.initial([1]), again.population).value == made.at(made.initial([1]), made.population).value
    ).all()


def test_a_problem_of_ones_own_shows_its_class_and_size():
    assert repr(tb.problems.NoisyQuadratic(np.eye(2), np.ones((7, 2)))) == "NoisyQuadratic  # dim 2, 7 samples"


@pytest.mark.parametrize("name", METHODS)
def test_a_method_shows_the_call_that_made_it(name):
    first = next(iter(tb.zoo.defaults(METHODS[name]).items()), None)
    for hyper in ({}, dict([first]) if first else {}):
        made = tb.method(name, **hyper)
        assert repr(made) == f"tb.method({', '.join([repr(name), *(f'{k}={v!r}' for k, v in hyper.items())])})"
        assert eval(repr(made), TYPED) == made


def test_lanes_are_shown_as_lists_and_long_ones_are_cut():
    assert repr(tb.method("sgd", rate=np.array([0.1, 0.2]))) == "tb.method('sgd', rate=[0.1, 0.2])"
    assert len(repr(tb.method("sgd", rate=np.linspace(0.1, 1, 100)))) < 120


def test_what_is_changed_afterwards_shows_its_parts():
    """Not the call, which would make something else."""
    changed = tb.method("sls", gamma=1.5)._replace(direction=tb.methods.momentum.Momentum(0.9))
    assert repr(changed).startswith("Optimizer(direction=Momentum(beta=0.9, nesterov=False), rule=Armijo(first=1.0, ")
    assert changed.name == "sls"


def test_the_data_sets_of_the_kernels_are_shown_with_their_size(monkeypatch):
    monkeypatch.setattr(
        tb.problems.named, "load_ijcnn1", lambda part: data.Dataset(np.eye(10), np.arange(10) % 2, part)
    )
    assert repr(tb.problem("ijcnn1")) == "tb.problem('ijcnn1')  # dim 8, 8 samples"
