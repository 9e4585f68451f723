"""``toybox check`` as a command: what it prints and with which exit code; and the same mistakes in a plain run."""

import numpy as np
import pytest

import toybox as tb
from broken import HERE, in_an_empty_folder, written
from toybox import cli
from toybox.xp import namespace

here = in_an_empty_folder


def call(capfd, *arguments):
    code = cli.main([*arguments])
    return code, *capfd.readouterr()


def test_what_holds_is_exit_code_0(here, capfd):
    name = written("halving.py", {}, here)
    code, out, err = call(capfd, "check", name, "mirrored")
    assert (code, err) == (0, "")
    assert out == f"{tb.check(name)}\n\n{tb.check('mirrored')}\n"
    method, problem = out.split("\n\n")
    lines = method.splitlines()
    assert lines[0] == "mine.py:halving: 11 laws hold, 0 do not apply, 0 fail"
    assert len(lines) == 12  # one a law
    (lanes,) = [line for line in lines if line.split()[1] == "lanes"]
    assert lanes == f"  ok              lanes       {tb.laws.methods.lanes.__doc__.rstrip('.')} (16 tried)"
    assert problem.splitlines()[-1] == "  not applicable  lines       its lines evaluate it (0 tried)"
    assert tb.check(name).ok
    assert capfd.readouterr() == ("", "")  # tb.check never prints


def test_all_of_a_file_is_tried_and_what_fails_is_exit_code_1(here, capfd):
    written("halving.py", {"for _ in range(self.tries):": "while True:"}, here)
    with (here / "mine.py").open("a", encoding="utf-8") as file:
        file.write('\n\n@tb.register("other")\ndef other():\n    return tb.problem("quadratic", dim=2, size=9)\n')
    code, out, err = call(capfd, "check", "mine.py")
    assert (code, err) == (1, "")
    method, problem = out.split("\n\n")
    assert method.startswith("mine.py:halving: 10 laws hold, 0 do not apply, 1 fail\n")
    assert "  failed          bounded     on the line 'a step up' step 1 does not end: " in method
    assert problem.startswith("mine.py:other: 8 laws hold, 0 do not apply, 0 fail\n")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("slss", "name 'slss' is unknown; did you mean 'sls'?; accepted: sgd, "),
        ("quadratik", "did you mean 'quadratic'?"),
        ("none.py", "none.py is not there; accepted: a Python file"),
        ("none.py:x", "none.py is not there; accepted: a Python file"),
        ("mine.py:halvin", "did you mean 'halving'?; accepted: mine.py:halving"),
        ("plain.py", 'plain.py: nothing in it is registered; accepted: @tb.register("name") above a class'),
        ("torn.py", "torn.py cannot be imported: SyntaxError"),
        ("ijcnn1", "ijcnn1"),
    ],
)
def test_what_cannot_be_had_is_exit_code_2(name, message, here, capfd, monkeypatch):
    monkeypatch.delenv("TOYBOX_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(here))
    written("halving.py", {}, here)
    (here / "plain.py").write_text("class Rule:\n    pass\n", "utf-8")
    (here / "torn.py").write_text("class Rule(:\n", "utf-8")
    code, out, err = call(capfd, "check", name)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("toybox: ")
    assert message in err


RUNS = {  # edits of halving.py or halving_text.py -> what a plain run says
    "no decorator": (
        {'@tb.register("halving", "halves the step until the loss has decreased enough")\n': ""},
        "is no rule (its class Halving is not decorated); accepted: an object with init and step, of a class decorated",
    ),
    "no init": ({"def init": "def begin"}, "is no rule (it has no 'init')"),
    "no step": (
        {"def step": "def stride"},
        "which has no 'direction'; accepted: a method, which has direction, rule; or a",
    ),
    "a float": (
        {"tb.Step(size,": "tb.Step(0.1,"},
        "Halving.step answered size=0.1; accepted: an array of shape (3,) of",
    ),
    "a shape": (
        {"tb.Step(size,": "tb.Step(size[..., None],"},
        "size=an array of shape (3, 1) and dtype float64; accepted",
    ),
    "no Step": ({"return tb.Step": "return "}, "Halving.step answered (array("),
    "no question": ({"yield tb.change(s)": "yield s"}, "yields 2.0; accepted: a question, such as toybox.change(s)"),
    "no ending": ({"return tb.found(s, s)": "return s"}, "returns 1.0; accepted: toybox.found(s), exhausted()"),
    "no search": ({"def search": "def go"}, "Halving has no search; accepted: def search(self, here, state), which"),
    "no Search": (
        {"(tb.Search)": ""},
        "or a rule: a class derived from toybox.Search that has a search, or one with init",
    ),
    "a word": ({"s, status)": "s, 'found')"}, "Halving.step answered status='found'; accepted: an array of shape (3,)"),
}


@pytest.mark.parametrize("mistake", RUNS)
def test_a_beginners_mistake_is_a_sentence_in_a_run(mistake, here, capfd):
    edits, sentence = RUNS[mistake]
    file = "halving_text.py" if next(iter(edits)) in (HERE / "halving_text.py").read_text("utf-8") else "halving.py"
    name = written(file, edits, here)
    code, out, err = call(capfd, "run", "quadratic", name, "--steps", "3", "--store", "store", "--workers", "1")
    assert code in (1, 2)
    assert out == ""
    assert sentence in err, err
    assert "Traceback" not in err
    with pytest.raises((TypeError, ValueError)) as refusal:
        tb.run(tb.problem("quadratic"), tb.method(name), steps=3, batch=10, seeds=range(3))
    assert sentence in str(refusal.value)


class Point:
    """A point whose answers may be wrong."""

    def __init__(self, theta, value, gradient):
        self.theta, self.sample = theta, None
        self.value, self.gradient = value, gradient


class Place:
    xp, dtype, dim, size, population = namespace("numpy"), np.dtype("float64"), 3, 10, slice(None)

    def __init__(self, value, gradient):
        self.answers = value, gradient

    def initial(self, seeds):
        return np.ones((len(seeds), 3))

    def draw(self, seeds, t, j, size, how):
        return np.zeros((len(seeds), size), int)

    def at(self, theta, sample):
        return Point(theta, *self.answers)


@tb.hyper.hyperparameters
class Along:
    answer: object

    def init(self, xp, point):
        return ()

    def step(self, xp, point, state):
        return self.answer


@pytest.mark.parametrize(
    ("value", "gradient", "d", "sentence"),
    [
        (0.5, np.ones((2, 3)), None, r"Point.value=0.5; accepted: an array of shape \(2,\) of float64"),
        (np.ones((2, 1)), np.ones((2, 3)), None, r"Point.value=an array of shape \(2, 1\)"),
        (
            np.ones(2),
            np.ones(3),
            None,
            r"Point.gradient=an array of shape \(3,\) .*; accepted: an array of shape \(2, 3\)",
        ),
        (np.ones(2), np.ones((2, 3), "f"), None, r"Point.gradient=.* dtype float32; accepted: .* of float64"),
        (np.ones(2), np.ones((2, 3)), -1.0, r"Along.step answered -1.0; accepted: a pair \(d, state\)"),
        (np.ones(2), np.ones((2, 3)), (-1.0, ()), r"Along.step answered d=-1.0; accepted: an array of shape \(2, 3\)"),
    ],
)
def test_answers_of_problems_and_directions_are_looked_at_in_a_run(value, gradient, d, sentence):
    method = tb.method("sgd") if d is None else tb.Optimizer(Along(d), tb.method("sgd").rule)
    with pytest.raises(ValueError, match=sentence):
        tb.run(Place(value, gradient), method, steps=1, batch=2, seeds=(0, 1))


def test_a_problem_without_a_dtype_is_none():
    class Untyped(Place):
        @property
        def dtype(self):
            raise AttributeError

    with pytest.raises(TypeError, match="is no problem \\(it has no 'dtype'\\)"):
        tb.run(Untyped(1, 1), tb.method("sgd"), steps=1, batch=2)
