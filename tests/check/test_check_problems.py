"""``tb.check`` on problems: every law holds of all of the package; what is flawed fails in the law that it breaks."""

import numpy as np
import pytest

import toybox as tb
from broken import Broken, assert_fails, in_an_empty_folder, written
from toybox import laws
from zoo_cases import PROBLEMS, problem

here = in_an_empty_folder
SMALL = {"mushrooms": {"rows": 200}, "misfire": {"rows": 200}, "digits": {"rows": 200}, "logistic": {"size": 100}}
NO_HVP, VALUE, GRADIENT = {", hvp=hvp": ""}, "return (self.e**2).sum(-1).mean(-1)", "return 2 * self.e.mean(-2)"
F, PARTS = "def f(", "at, dim, size, xp, dtype, population"
FUNCTIONS = {
    "a coordinate of the gradient": Broken(
        "gradient",
        r"coordinate 2 of the gradient at theta = \[.*\] .* on samples \[\[.*\]\] is -?[\d.]+, and differences say "
        r"-?[\d.]+ to \d.*: from h = .* to .* they miss it by (.*) to .*, which falls like h\^0.\d\d and not like h\^2",
        F,
        NO_HVP | {"gradients.mean(-2)": "gradients.mean(-2) * [1, 1, 1.0001, 1]"},
    ),
    "a sign of the gradient": Broken("gradient", "coordinate 0 of", F, NO_HVP | {"rows * (4": "-rows * (4"}),
    "a Hessian": Broken(
        "hvp", r"component \d is .* like h\^0.\d\d and not", "def hvp", {"12 * r * r": "12.01 * r * r"}
    ),
    "a sum": Broken(
        "mean",
        r"on a batch of 5 samples the value is [\d.]+, the mean over them [\d.]+",
        F,
        NO_HVP | {"return values.mean(-1), gradients.mean(-2)": "return values.sum(-1), gradients.sum(-2)"},
    ),
    "company": Broken(
        "lanes",
        r"among 3 x 2 lanes lane \(0, 1\) has the value \d.* on a batch, alone \d",
        F,
        {"values, gradients =": "theta = theta + 1e-12 * theta.shape[0]\n        values, gradients ="},
    ),
    "a mean over lanes": Broken(
        "shapes",
        r"f returned as value an array of shape \(\).*; accepted: .* \(3,\)",
        F,
        {"values.mean(-1)": "values.mean()"},
    ),
    "an error": Broken(
        "shapes", "it raises NameError: name 'X' is not defined", "return X", {"return r**4": "return X * r**4"}
    ),
}
CLASSES = {
    "a float": Broken(
        "shapes",
        r"the value for theta of shape \(3, 3\)=\d.*; accepted: an array of shape \(3,\) of float64",
        "@property",
        {VALUE: f"{VALUE}.ravel()[0].item()"},
    ),
    "one array for all": Broken(
        "repeats",
        r"the gradient at theta .* is \[.*\], and the array is \[.*\] after evaluations elsewhere; accepted: a",
        "@property",
        {
            "m = np": "kept = {}\nm = np",
            GRADIENT: f"kept.setdefault(self.theta.shape, 0 * self.theta)[...] = {GRADIENT[7:]}\n"
            "        return kept[self.theta.shape]",
        },
    ),
    "theta in place": Broken(
        "repeats", r"theta \[.*\] is \[.*\] afterwards", "def at", {VALUE: f"self.theta += 1; {VALUE}"}
    ),
    "a line": Broken("lines", r"slope\(1\) is .*, by evaluations", "def along", {"+ 2 * s": "+ 2.001 * s"}),
    "no population": Broken(
        "parts", f"Bowl has no 'population'; accepted: what has {PARTS}", "def at", {"self.population =": "self.all ="}
    ),
    "no size": Broken("parts", "Bowl has no 'size'", "def at", {"dim, size, xp": "dim, many, xp"}),
    "too small a population": Broken(
        "mean", r"on all 20 samples the value is [\d.]+, the mean over them", "@property", {"arange(20)": "arange(19)"}
    ),
    "first iterates": Broken(
        "parts",
        r"initial\(seeds\)=an array of shape \(3, 2\) .*; accepted: an array of shape \(3, 3\) of float64",
        "def initial",
        {"len(seeds), 3": "len(seeds), 2"},
    ),
    "samples that are not there": Broken(
        "parts", r"draw\(.*'epochs'\) gives \[.*accepted: .* numbers below 20", "def draw", {"size, 20)": "size, 400)"}
    ),
}


@pytest.mark.parametrize("case", PROBLEMS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_law_holds_of_every_family(case, dtype):
    report = tb.check(problem(case, dtype=dtype))
    assert report.ok, str(report)


@pytest.mark.parametrize("name", sorted({*tb.PROBLEMS} - {"ijcnn1"}))
def test_every_law_holds_of_every_problem(name):
    report = tb.check(tb.problem(name, **SMALL.get(name, {})))
    assert report.ok, str(report)
    assert len(report.rows) == len(laws.problems.LAWS)


@pytest.mark.parametrize("file", ["ridge.py", "bowl.py"])
def test_every_law_holds_of_a_problem_of_ones_own(file, here):
    report = tb.check(written(file, {}, here))
    verdicts = {row.law: row.verdict for row in report.rows}
    does_not_apply = {"ridge.py": "lines", "bowl.py": "hvp"}[file]
    assert verdicts == {law.__name__: "ok" for law in laws.problems.LAWS} | {does_not_apply: "not applicable"}, str(
        report
    )


@pytest.mark.parametrize(("file", "name"), [("ridge.py", n) for n in FUNCTIONS] + [("bowl.py", n) for n in CLASSES])
def test_what_is_flawed_fails_in_the_law_that_it_breaks(file, name, here):
    broken = (FUNCTIONS | CLASSES)[name]
    assert_fails(written(file, broken.edits, here), broken, here)


def test_every_law_is_broken_by_something():
    assert {broken.law for broken in (FUNCTIONS | CLASSES).values()} == {law.__name__ for law in laws.problems.LAWS}


def test_chance_in_a_problem_is_found(here):
    """Then nothing else can be trusted."""
    edits = {"return values.mean(-1)": "return values.mean(-1) * (1 + 1e-9 * rng.standard_normal())"}
    report = tb.check(written("ridge.py", edits, here))
    said = {row.law: row.said for row in report.rows}
    assert "and the second time" in said["repeats"]


def test_a_wrong_coordinate_among_many_is_named():
    """By halves: there are more coordinates than differences."""

    def f(theta, index):
        g = 2 * theta
        g[..., 777] *= 1.001
        return (theta * theta).sum(-1), g

    report = tb.check(tb.problems.FromFunction(f, 1000, 10))
    (failed,) = [row for row in report.rows if row.verdict == "failed"]
    assert failed.law == "gradient"
    assert failed.said.startswith("coordinate 777 of the gradient at theta = [")


def test_kinks_are_no_mistakes():
    """Near a kink differences are wrong at every h that is longer than the way to it."""
    kinked = lambda theta, index: (np.abs(theta - 1e-7).sum(-1), np.sign(theta - 1e-7))
    start = lambda seed: -0.3 * tb.sampling.generator(seed).standard_normal(3)
    assert tb.check(tb.problems.FromFunction(kinked, 3, 10, start=start)).ok
