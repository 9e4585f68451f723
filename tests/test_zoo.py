"""Problems and methods show themselves by the call that makes them again, to the last bit."""

from fractions import Fraction

import numpy as np
import pytest

import toybox as tb
from toybox.calls import MOST
from toybox.hyper import shown
from toybox.problems import data
from toybox.zoo import METHODS, PROBLEMS

OPTIONS = {"mushrooms": {"rows": 50}, "misfire": {"rows": 100, "split": "ordered"}, "digits": {"hidden": (3, 2)}}
Q, M = np.diag([2.0, 1 / 3]), np.random.default_rng(0).standard_normal((9, 2))
ROWS, LABELS = np.random.default_rng(1).standard_normal((12, 3)), np.arange(12) % 2
OWN = """
import numpy as np
import toybox as tb

@tb.register("secant")
class Secant(tb.Search):
    mu: tb.Hyper = tb.number(0.1, "(0, inf)")
    kind: str = tb.choice("a", "a", "b")

    def search(self, here, state):
        slope = yield tb.slope(self.mu)
        bend = (slope - here.slope0) / self.mu
        return tb.found(-here.slope0 / bend) if bend > 0 else tb.exhausted()

class Silent(tb.problems.NoisyQuadratic):
    __repr__ = object.__repr__

@tb.register("mine")
def mine(k=2):
    return Silent(np.eye(k), np.arange(5.0 * k).reshape(5, k))
"""


def again(made):
    """What the shown call makes, with nothing but ``tb`` at hand."""
    return eval(repr(made), {"tb": tb})


def bits(trace):
    return [trace.theta.tobytes(), trace.size.tobytes(), trace.full_loss.tobytes(), trace.status.tobytes()]


def walk(problem, optimizer):
    return bits(tb.run(problem, optimizer, steps=3, batch=min(5, problem.size), seeds=(0, 1)))


def equal(a, b):
    """Hyper-parameters by name, arrays to the last bit."""
    return a.keys() == b.keys() and all(
        np.array_equal(a[name], b[name]) and repr(a[name]) == repr(b[name]) for name in a
    )


@pytest.mark.parametrize("name", [name for name in PROBLEMS if name != "ijcnn1"])
@pytest.mark.parametrize("chosen", [{}, {"dtype": "float32"}], ids=["as it is", "float32"])
def test_a_problem_shows_the_call_that_made_it_and_its_size(name, chosen):
    options = OPTIONS.get(name, {}) | chosen
    made = tb.problem(name, **options, line="closed")  # closed: as by default
    said = "".join(f", {option}={value!r}" for option, value in options.items())
    assert repr(made) == f"tb.problem({name!r}{said})  # dim {made.dim}, {made.size} samples"
    other = again(made)
    assert repr(other) == repr(made)
    assert type(other) is type(made)
    assert walk(other, tb.method("sls")) == walk(made, tb.method("sls"))


@pytest.mark.parametrize(
    "made",
    [
        tb.problems.NoisyQuadratic(Q, M, 1 / 3, start=[0.1, 0.2], dtype="float32", line="generic"),
        tb.problems.NoisyQuadratic(np.float32(Q), M[0]),
        tb.problems.Factorization(ROWS, ROWS[:, :2], 2, (ROWS, ROWS[:, :2])),
        tb.problems.KernelClassifier(ROWS, LABELS, 0.7, outputs=2, storage="full"),
        tb.problems.Network(ROWS, LABELS, (4,), "relu", classes=3),
    ],
    ids=lambda made: type(made).__name__,
)
def test_a_problem_made_by_its_class_shows_that_call(made):
    assert repr(made).startswith(f"tb.problems.{type(made).__name__}(")
    assert "tb.problem(" not in repr(made)
    other = again(made)
    assert repr(other) == repr(made)
    assert walk(other, tb.method("sls")) == walk(made, tb.method("sls"))


def test_only_what_differs_from_the_default_is_shown():
    assert repr(tb.problem("factorization", rank=4, split="shuffled")).startswith(
        "tb.problem('factorization', rank=4)  #"
    )
    assert repr(tb.method("sls", c=[0.1, 0.2], beta=0.9)) == "tb.method('sls', c=[0.1, 0.2])"
    assert repr(tb.methods.armijo.Armijo(c=0.2)) == "tb.methods.armijo.Armijo(c=0.2)"


@pytest.mark.parametrize("name", METHODS)
def test_a_method_shows_the_call_that_made_it(name):
    """With its defaults, and with every number as two lanes of others, whose digits do not end."""
    problem = tb.problem("logistic", size=40)
    declared = METHODS[name].options.items()
    numbers = {option: field.metadata["interval"] for option, field in declared if "interval" in field.metadata}
    hyper = {option: np.array([1, 2]) / 3 for option, interval in numbers.items() if interval in ("(0, 1)", "(0, inf)")}
    for given in ({}, dict([*hyper.items()][:1])):
        made = tb.method(name, **given)
        other = again(made)
        assert repr(made) == f"tb.method({', '.join([repr(name), *(f'{k}={v.tolist()}' for k, v in given.items())])})"
        assert (repr(other), other.name, other.lanes) == (repr(made), made.name, made.lanes)
        assert equal(other.hyper, made.hyper)
        assert walk(problem, other) == walk(problem, made)


@pytest.mark.parametrize("name", METHODS)
def test_a_direction_and_a_rule_put_together_show_that_call(name):
    made = tb.Optimizer(*tb.method(name))
    assert repr(made).startswith("tb.Optimizer(direction=tb.")
    other = again(made)
    assert type(other) is tb.Optimizer
    assert equal(other.hyper, made.hyper)
    problem = tb.problem("logistic", size=40)
    assert walk(problem, other) == walk(problem, made)


def test_what_is_changed_afterwards_shows_its_parts():
    """Not the call, which would make something else."""
    changed = tb.method("sls", gamma=1.5)._replace(direction=tb.methods.momentum.Momentum(0.9))
    assert repr(changed) == (
        "tb.Optimizer(direction=tb.methods.momentum.Momentum(), rule=tb.methods.armijo.Armijo(gamma=1.5), name='sls')"
    )
    assert again(changed) == tb.Optimizer(*changed)


def test_those_of_a_file_of_ones_own_show_their_call(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(OWN, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    made = tb.method("mine.py:secant", mu=np.array([0.1, 1 / 3]), kind="a")
    assert repr(made) == f"tb.method('mine.py:secant', mu=[0.1, {1 / 3}])"
    problem = tb.problem("mine.py:mine", k=3)
    assert repr(problem) == "tb.problem('mine.py:mine', k=3)  # dim 3, 5 samples"
    assert walk(again(problem), again(made)) == walk(problem, made)


def test_infinite_numbers_and_fractions_are_written_out():
    capped = tb.method("pal", s_max=float("inf"))
    assert repr(capped) == "tb.method('pal', s_max=float('inf'))"
    assert again(capped).hyper == capped.hyper
    exact = tb.method("sls", c=Fraction(1, 3))
    assert eval(repr(exact), {"tb": tb, "Fraction": Fraction}) == exact


def test_what_no_text_makes_again_cannot_be_taken_for_a_call():
    """Functions and large arrays, and classes derived from toybox's: a syntax error, and never something else."""
    large = np.zeros((MOST + 1, 1))

    class Flat(tb.problems.NoisyQuadratic):
        def __init__(self, k):
            super().__init__(np.eye(k), np.zeros((3, k)))

    for made, part in (
        (tb.problems.FromFunction(bits, 2, 3), "f=<function bits>"),
        (tb.problems.NoisyQuadratic(np.eye(1), large), f"m=<array of shape ({MOST + 1}, 1)>"),
        (Flat(2), "Flat>"),
    ):
        assert part in repr(made)
        with pytest.raises(SyntaxError):
            again(made)
    assert len(repr(tb.problems.NoisyQuadratic(np.eye(1), large))) < 120


def test_arrays_are_shown_as_they_were_given():
    """Whatever becomes of them afterwards; and all of their elements, but in an error message a line."""
    m = np.ones((3, 1))
    made = tb.problems.NoisyQuadratic(np.eye(1), m)
    m[0] = 7
    assert "7" not in repr(made)
    many = tb.method("sgd", rate=np.linspace(0.1, 1, 100))
    assert again(many).hyper["rate"].tobytes() == many.hyper["rate"].tobytes()
    assert len(shown(many)) <= 80


def test_the_data_sets_of_the_kernels_are_shown_with_their_size(monkeypatch):
    monkeypatch.setattr(
        tb.problems.named, "load_ijcnn1", lambda part: data.Dataset(np.eye(10), np.arange(10) % 2, part)
    )
    assert repr(tb.problem("ijcnn1")) == "tb.problem('ijcnn1')  # dim 8, 8 samples"
