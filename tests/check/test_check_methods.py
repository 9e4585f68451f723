"""``tb.check`` on methods: every law holds of all of the package; what is broken fails in the law that it breaks."""

import sys

import numpy as np
import pytest

import toybox as tb
from broken import Broken, assert_fails, in_an_empty_folder, written
from toybox import laws, zoo

here = in_an_empty_folder
FIRST, END = "slope0, s = line.slope0, 2 * s", "return tb.Step(size, s, status)"


def first(s, more=""):
    """Another first trial, and what follows it."""
    return {FIRST: f"slope0, s = line.slope0, {s}{more}"}


def answers(size="size", s="s", status="status", of="tb.Step"):
    return {END: f"return {of}({size}, {s}, {status})"}


STEP, NUMBER = "def step", r"\d+\.\d+"
METHODS = {
    "a mean over lanes": Broken(
        "lanes",
        r"among seeds \[0, 5, 2\], c 0.1 and 0.08, first 1 and 0.8, seed 0 has size 1.79\d* at step 0 instead of 1.6,",
        STEP,
        first("2 * xp.mean(s) + 0 * s"),
    ),
    "what ends in one lane": Broken(
        "lanes",
        r"theta\[1\] = 8.99e\+307, where that lane ends, seed 0 has status EXHAUSTED at step 1 instead of FOUND",
        STEP,
        answers(s="s + 0 * xp.max(ray.origin.value)"),
    ),
    "a state on self": Broken(
        "state",
        r"a copy of the rule as it was before the run answers size \[3.24, .*\] at step 1, the rule itself \[2.916",
        STEP,
        {
            FIRST: 'object.__setattr__(self, "last", 0.9 * getattr(self, "last", 1.0)); '
            "slope0, s = line.slope0, 2 * s * self.last"
        },
    ),
    "a loop without end": Broken(
        "bounded",
        r"on the line 'a step up' step 1 does not end: 30000 lines of code have run, .*, and 6000 questions were",
        STEP,
        {"for _ in range(self.tries):": "while True:"},
    ),
    "a loop that asks nothing": Broken(
        "bounded",
        r"'a slope that is no number' step 0 does not end: .* now mine.py, line 2\d, and 0 questions were asked",
        STEP,
        first("2 * s", "\n        while np.isnan(slope0).all():\n            pass"),
    ),
    "too many questions": Broken(
        "bounded", r"'a step up' a step asks 2400 questions", STEP, {"integer(60, 1)": "integer(2_400, 1)"}
    ),
    "a step that is none": Broken(
        "statuses",
        r"on the line 'parabola' step 1 says FOUND of size 0.0 where the slope at 0 is 0.0: that is no step; accepted",
        STEP,
        answers(status="0 * status"),
    ),
    "another reason": Broken(
        "statuses",
        r"step 1 says STATIONARY of size 0.0 where the slope at 0 is -1.0; accepted: STATIONARY where it is 0",
        STEP,
        answers(status="xp.where(status == 2, 4, status)"),
    ),
    "no status": Broken("statuses", r"answers status 9; .* FOUND 0, CAPPED 1", STEP, answers(status="status + 9")),
    "0 / 0": Broken(
        "statuses",
        r"on the line 'parabola' step 1 says STATIONARY of size nan .* and the line is finite everywhere; accepted: a",
        STEP,
        answers(size="size * (slope0 / slope0)"),
    ),
    "a lane that goes on": Broken(
        "statuses",
        r"step 1 says NONFINITE of size 0.01 where the slope at 0 is -1.0; accepted: size 0, or NaN for NONFINITE",
        STEP,
        answers(size="xp.where(status == 2, 0.01, size)", status="xp.where(status == 2, 5, status)"),
    ),
    "the loss itself": Broken(
        "level",
        rf"with -1 added to the loss seed 0 has size {NUMBER} at step 0 instead of {NUMBER}, and absolute_loss = ",
        STEP,
        first("2 * s * (1 + line.value0)"),
    ),
    "a length": Broken(
        "units",
        r"along 4 d and d / 4 in turn it moves as along d on quadratic, .*, and scale_free = True is not declared",
        STEP,
        first("2 * s / ray.norm") | answers(s="s * ray.norm"),
    ),
    "no length": Broken(
        "units",
        rf"seed 0 has arc {NUMBER} at step 1 instead of {NUMBER}, which it has along d, though its rule declares",
        STEP,
        {"    def init": "    scale_free = True\n\n    def init"},
    ),
    "one coordinate": Broken(
        "turned",
        r"in coordinates turned by an orthogonal U seed \d has .* instead of .*, and per_coordinate = True is",
        STEP,
        first("xp.where(ray.d[..., 0] > 0, s, 2 * s)"),
    ),
    "answers in float64": Broken(
        "float32",
        r"size=an array of shape \(3,\) and dtype float64; accepted: an array of shape \(3,\) of float32",
        STEP,
        answers(size="size + np.zeros(1)"),
    ),
    "questions in float64": Broken(
        "float32",
        r"on a problem in float32 steps are asked in float64",
        STEP,
        {"change(s[..., None]": "change(s[..., None] + np.zeros(1)"},
    ),
    "behind the meter": Broken(
        "charged",
        r"the loss is evaluated \d+ times and 8 are paid for; accepted: questions to ray.line\(\)",
        STEP,
        {"line.change(s[..., None], where=seeking)": "ray.origin.along(ray.d).change(s[..., None])"},
    ),
    "a float": Broken("runs", r"Halving.step answered size=0.1; accepted: an array of", STEP, answers(size="0.1")),
    "a wrong shape": Broken(
        "runs", r"size=an array of shape \(3, 1\) .*; accepted: .* \(3,\)", STEP, answers(size="size[..., None]")
    ),
    "no Step": Broken("runs", r"Halving.step answered \(array.*; accepted: toybox.Step\(size", STEP, answers(of="")),
    "no decorator": Broken(
        "runs",
        r"is no rule \(its class Halving is not decorated\); accepted: .* @tb.register\(name\)",
        STEP,
        {'@tb.register("halving", "halves the step until the loss has decreased enough")\n': ""},
    ),
    "no init": Broken("runs", r"is no rule \(it has no 'init'\); accepted: an", STEP, {"def init": "def begin"}),
    "no step": Broken(
        "parts", r"Halving.* is neither a method nor a problem; accepted: a rule: a", "def init", {STEP: "def go"}
    ),
    "a number on self": Broken(
        "runs",
        r"cannot assign to field 'first'; accepted: what a step remembers is the state",
        FIRST,
        first("2 * s", "; self.first = s"),
    ),
    "an error": Broken("runs", r"raises ZeroDivisionError: division by zero", "1 / 0", first("2 * s", "; 1 / 0")),
    "an error where nothing is finite": Broken(
        "bounded", r"raises ZeroDivisionError", "1 / 0", first("2 * s", "; np.isfinite(slope0).all() or 1 / 0")
    ),
    "an argument": Broken(
        "runs", r"takes 2 positional arguments but 3 were", STEP, {"def step(self, ray, s)": "def step(self, ray)"}
    ),
}

SEARCH, QUESTION = "def search", "change = yield tb.change(s)"
TEXTS = {
    "a loop without end": Broken(
        "bounded",
        r"on the line 'a step up' step 1 does not end: 30000 lines .* mine.py, line 2\d, and \d{4} questions were",
        SEARCH,
        {"for _ in range(self.tries):": "while True:"},
    ),
    "a loop that asks nothing": Broken(
        "bounded",
        r"on the line 'parabola' step 1 does not end: .* mine.py, line 19, and 0 questions were asked",
        SEARCH,
        {"s = 2 * s": "s = 2 * s\n        while here.slope0 == 0: pass"},
    ),
    "no question": Broken(
        "runs", r"yields 2.0; accepted: a question, such as toybox.change\(s\)", SEARCH, {QUESTION: "change = yield s"}
    ),
    "no ending": Broken(
        "runs", r"returns 1.0; accepted: toybox.found\(s\), exh", SEARCH, {"return tb.found(s, s)": "return s"}
    ),
    "no return": Broken("bounded", r"returns None; accepted: toybox.found", SEARCH, {"return tb.exh": "tb.exh"}),
    "no yield": Broken(
        "runs", r"raises TypeError: '<' not supported", "if change < 0", {QUESTION: "change = tb.change(s)"}
    ),
    "no search": Broken(
        "runs", r"Halving has no search; accepted: def search\(self, here, state\)", SEARCH[:3], {SEARCH: "def serach"}
    ),
    "no Search": Broken(
        "parts",
        r"is neither a method nor a problem; accepted: a rule: a class derived from toybox.Search that has",
        "def begin",
        {"(tb.Search)": ""},
    ),
    "1 / 0": Broken(
        "statuses",
        r"on the line 'parabola' step 1 says NONFINITE of size nan where the slope at 0 is 0.0 and the line is finite",
        SEARCH,
        {"s = 2 * s": "s = 2 * s + 0 / here.slope0"},
    ),
    "an error": Broken("runs", r"raises NameError: name 'x'", "s = 2 * x", {"s = 2 * s": "s = 2 * x"}),
    "the loss itself": Broken(
        "level", r"with -1 added to the loss seed 0 has size", SEARCH, {"s = 2 * s": "s = 2 * s + here.value"}
    ),
    "what rounding does": Broken(
        "exact",
        r"on exact numbers seed 0 has size \d\.\d+ at step 0 instead of \d\.\d+ on floats",
        SEARCH,
        {"s = 2 * s": "s = 2 * s if self.c * 3 / 3 == self.c else 1.9 * s"},
    ),
    "a status": Broken(
        "statuses",
        r"'a step up' step 1 says FOUND of size 0.0 where the slope at 0 is -1.0: that is no step; accepted: EXHAUSTED",
        SEARCH,
        {"return tb.exhausted(s)": "return tb.found(0, s)"},
    ),
}


@pytest.mark.parametrize("name", zoo.METHODS)
def test_every_law_holds_of_every_method(name):
    report = tb.check(name)
    assert report.ok, str(report)
    assert len(report.rows) == len(laws.methods.LAWS)
    declared = {"level": "absolute_loss", "turned": "per_coordinate"}
    for row in report.rows:
        assert row.verdict == "ok" or row.said == f"it declares {declared[row.law]}"


@pytest.mark.parametrize("file", ["halving.py", "halving_text.py"])
def test_every_law_holds_of_a_rule_of_ones_own(file, here):
    report = tb.check(written(file, {}, here))
    assert {row.verdict for row in report.rows} == {"ok"}, str(report)
    assert all(row.tried for row in report.rows)


@pytest.mark.parametrize("broken", METHODS)
def test_what_is_broken_fails_in_the_law_that_it_breaks(broken, here):
    assert_fails(written("halving.py", METHODS[broken].edits, here), METHODS[broken], here)


@pytest.mark.parametrize("broken", TEXTS)
def test_what_is_broken_in_a_text_fails_in_the_law_that_it_breaks(broken, here):
    assert_fails(written("halving_text.py", TEXTS[broken].edits, here), TEXTS[broken], here)


def test_what_is_kept_between_runs_is_found(here):
    """Then runs that should be equal are not, and other laws fail, too."""
    edits = {"@tb": "seen = [1.0]\n\n\n@tb", **first("2 * s * seen[0]; seen[0] *= 0.9")}
    report = tb.check(written("halving.py", edits, here))
    said = {row.law: row.said for row in report.rows}
    assert "a second run of seed 0 has size" in said["state"], str(report)


def test_what_cannot_be_made_with_its_defaults_is_a_failure(here):
    report = tb.check(written("halving.py", {"number(0.1": "number(2.0"}, here))
    assert str(report).split("\n")[1].split(maxsplit=2) == [
        "failed",
        "parts",
        "with its defaults c=2.0 is outside its range; accepted: (0, 1) (mine.py:halving) (1 tried)",
    ]


def test_every_law_is_broken_by_something():
    assert {broken.law for broken in (*METHODS.values(), *TEXTS.values())} == {
        law.__name__ for law in laws.methods.LAWS
    } | {"parts"}


def test_an_optimizer_and_a_direction_of_ones_own():
    @tb.hyper.hyperparameters
    class Lazy:
        def init(self, xp, point):
            return ()

        def step(self, xp, point, state):
            object.__setattr__(self, "d", getattr(self, "d", 0 * point.gradient) - point.gradient)
            return self.d, state

    assert tb.check(tb.method("pal", mu=0.3)).ok
    report = tb.check(tb.Optimizer(Lazy(), tb.method("sgd").rule, "lazy"))
    assert [row.law for row in report.rows if row.verdict == "failed"] == ["state"], str(report)
    assert "a copy of the direction as it was before the run answers d" in str(report)


def test_what_watches_is_put_back(here):
    """A check counts lines of code; a debugger or a coverage tool that does so, too, goes on afterwards."""
    watch = lambda frame, event, arg: None
    sys.settrace(watch)
    try:
        tb.check(written("halving.py", {"for _ in range(self.tries):": "while True:"}, here))
        assert sys.gettrace() is watch
    finally:
        sys.settrace(None)


def test_lines_are_what_they_are_called():
    for name in laws.lines.LINES:
        point = tb.laws.line(name).at(np.zeros((1, 1)), np.zeros((1, 3), int))
        assert np.isfinite(point.value).all() or "no number" in name
    for name in laws.lines.TAME:
        problem, theta = tb.laws.line(name), np.linspace(-50, 50, 501)[:, None]
        assert np.isfinite(problem.at(theta, problem.population).value).all(), name
        assert np.isfinite(problem.at(theta, problem.population).gradient).all(), name
    with pytest.raises(ValueError, match="line 'kinc' is unknown; did you mean 'kink'"):
        tb.laws.line("kinc")
