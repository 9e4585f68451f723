"""A method or problem of one's own goes where those of toybox go: by the name of its file, or as a package's."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import toybox as tb
from toybox import own, zoo
from toybox.looks import Look
from toybox.references import cite
from toybox.spec import Run, Study
from toybox.store import Store
from toybox.study import compute

MINE = '''
import toybox as tb
from toybox.hyper import Hyper, number
from toybox.looks import Look
from toybox.rays import slope_status
from beside import bend

@tb.register("secant", "the root of a line through two slopes", paper="@misc{me, title={Mine}}",
             look=Look("Secant", "#112233", "o", "-"))
class Secant:
    """Steps to where the slope would vanish."""
    mu: Hyper = number(0.1, "(0, inf)")
    def init(self, xp, lanes):
        return ()
    def step(self, ray, state):
        xp, line = ray.xp, ray.line()
        a = bend(line, 0 * line.slope0 + self.mu)
        s = xp.where((a > 0) & (line.slope0 < 0), -line.slope0 / a, 0.1)
        return tb.Step(s, state, slope_status(xp, line.slope0, xp.astype(s < 0, xp.int8)))

def ridge(size=50, dim=3, noise=0.1):
    """Least squares in a few dimensions."""
    import numpy as np
    rng = np.random.default_rng(0)
    A = rng.standard_normal((size, dim))
    y = A.sum(axis=1) + noise * rng.standard_normal(size)
    def f(theta, index):
        r = (A[index] * theta[..., None, :]).sum(-1) - y[index]
        return (r * r).mean(-1), (2 * A[index] * r[..., None]).mean(-2)
    return tb.problems.FromFunction(f, dim, size)
'''
BESIDE = """
def bend(line, mu):
    return (line.slope(mu[..., None])[..., 0] - line.slope0) / mu
"""
STUDY = """
problem = "factorization"
steps = 20
batch = 100
seeds = 2

[[run]]
method = "mine.py:secant"
hyper = { mu = [0.1, 0.01] }

[[run]]
method = "sls"

[[run]]
method = "pal"

[[run]]
problem = "mine.py:ridge"
options = { dim = 4 }
batch = 10
method = "mine.py:secant"
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "mine.py").write_text(MINE, "utf-8")
    (tmp_path / "beside.py").write_text(BESIDE, "utf-8")
    (tmp_path / "study.toml").write_text(STUDY, "utf-8")
    return tmp_path


def key(folder):
    return Run(problem="factorization", method=f"{folder}/mine.py:secant", steps=3, batch=10).key


def edit(folder, old, new, file="mine.py"):
    path = folder / file
    assert old in path.read_text("utf-8")
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")


def test_a_rule_of_a_file_is_a_method(folder):
    mine = tb.method(f"{folder}/mine.py:secant", mu=np.array([0.1, 0.01]))
    trace = tb.run(tb.problem("factorization"), mine, steps=5, batch=10, seeds=(0, 1))
    assert trace.theta.shape[:2] == (2, 2)
    assert trace.method == "mine.py:secant"
    expected = tb.Optimizer(tb.methods.fixed.Gradient(), type(mine.rule)(mu=mine.rule.mu), "by hand")
    np.testing.assert_array_equal(
        trace.theta, tb.run(tb.problem("factorization"), expected, steps=5, batch=10, seeds=(0, 1)).theta
    )
    assert zoo.look(f"{folder}/mine.py:secant") == Look("Secant", "#112233", "o", "-")
    assert cite([f"{folder}/mine.py:secant"]) == ["@misc{me, title={Mine}}"]


def test_it_need_not_be_registered(folder):
    decorator = MINE[MINE.index("@tb") : MINE.index("class")]
    edit(folder, decorator, "@tb.hyper.hyperparameters\n")
    assert tb.method(f"{folder}/mine.py:Secant", mu=0.2).rule.mu == 0.2
    assert zoo.entry("problem", f"{folder}/mine.py:ridge").summary == "Least squares in a few dimensions"


def test_a_study_on_two_workers_with_resume(folder, monkeypatch):
    study = Study.read(folder / "study.toml")  # from another folder: names are of the study's
    assert study.runs[0].title == "mine.py:secant mu=[0.1, 0.01] on factorization"
    results = compute(study, folder / "results", workers=2)
    for result in results:
        run = result.run
        problem, method = tb.problem(run.problem, **run.options), tb.method(run.method, **run.hyper)
        trace = tb.run(problem, method, steps=run.steps, batch=run.batch, seeds=run.seeds, every=None)
        assert result.frame.equals(trace.to_frame().with_columns(result.frame["seconds"]))
    assert results[0].meta["run"]["method"] == "mine.py:secant"
    assert "@misc{me, title={Mine}}" in results[0].meta["papers"]
    monkeypatch.setattr("toybox.study.optimizer.run", lambda *_, **__: pytest.fail("computed again"))
    assert [r.meta["seconds"] for r in compute(Study.read(folder / "study.toml"), folder / "results")] == [
        r.meta["seconds"] for r in results
    ]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("mine.py", "0.1)\n        return", "0.2)\n        return"),
        ("mine.py", 'number(0.1, "(0, inf)")', 'number(0.3, "(0, inf)")'),
        ("beside.py", "/ mu", "/ (2 * mu)"),
    ],
)
def test_a_change_is_computed_anew(folder, file, old, new):
    before = key(folder)
    edit(folder, old, new, file)
    assert key(folder) != before


def test_a_changed_number_is_used_at_once(folder):
    first = tb.method(f"{folder}/mine.py:secant").rule.mu
    edit(folder, "number(0.1", "number(0.7")
    assert (first, tb.method(f"{folder}/mine.py:secant").rule.mu) == (0.1, 0.7)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("mine.py", "return ()", "return ()  # no state"),
        ("mine.py", "Steps to where the slope would vanish.", "A docstring."),
        ("beside.py", "def bend", "# how the slope changes\ndef bend"),
    ],
)
def test_a_changed_comment_is_not(folder, file, old, new):
    before = key(folder)
    edit(folder, old, new, file)
    assert key(folder) == before


def test_the_place_of_a_file_is_no_part_of_its_key(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    for name in ("mine.py", "beside.py"):
        (other / name).write_text((folder / name).read_text("utf-8"), "utf-8")
    assert key(other) == key(folder)
    edit(other, "number(0.1", "number(0.2")
    assert key(other) != key(folder)
    rules = [tb.method(f"{place}/mine.py:secant").rule for place in (folder, other)]
    assert [rule.mu for rule in rules] == [0.1, 0.2]


def test_what_changes_while_it_is_computed_is_not_kept(folder):
    edit(
        folder,
        "return ()",
        f"""
        import pathlib
        path = pathlib.Path({str(folder / "mine.py")!r})
        path.write_text(path.read_text("utf-8").replace("number(0.1", "number(0.5"))
        return ()""",
    )
    run = Run(problem="factorization", method=f"{folder}/mine.py:secant", steps=3, batch=10)
    before = run.key
    with pytest.raises(tb.study.StudyError, match="changed while its run was computed"):
        compute(Study(name="s", runs=[run]), folder / "results")
    store = Store(folder / "results")
    assert run.key != before
    assert not store.has(before)
    assert not store.has(run.key)


def test_a_study_killed_resumes(folder):
    edit(folder, "return ()", "import time; time.sleep(0.3)\n        return ()")
    code = (
        "import sys; from toybox.study import Study, compute; compute(Study.read('study.toml'), 'results', workers=1)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=folder)
    while not list((folder / "results").glob("*.toybox")) and process.poll() is None:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept = {path.name for path in (folder / "results").glob("*.toybox")}
    study = Study.read(folder / "study.toml")
    missing = [run for run in study.runs if f"{run.key}.toybox" not in kept]
    assert 0 < len(missing) < len(study.runs)
    assert len(compute(study, folder / "results", workers=1)) == len(study.runs)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "mine.py:secnt",
            r"mine.py:secnt: nothing in .*mine.py is called so; did you mean 'secant'\?; accepted: mine.py",
        ),
        ("none.py:secant", "none.py is not there; accepted: a Python file"),
        ("syntax.py:x", r"syntax.py cannot be imported: SyntaxError: .*line 2"),
        ("raises.py:x", r"raises.py cannot be imported: ZeroDivisionError: division by zero \(line 3\)"),
        ("needs.py:rule", "needs.py:rule: x has no default; accepted: options with defaults"),
        ("mine.py:ridge", "method mine.py:ridge made .*, which has no 'direction'; accepted: a method, which has"),
        ("other.py:number", "nothing in .* is called so"),
    ],
)
def test_what_cannot_be_had_is_a_sentence(folder, name, message):
    (folder / "syntax.py").write_text("x = 1\ndef x(:\n", "utf-8")
    (folder / "raises.py").write_text("x = 0\n\ny = 1 / x\n", "utf-8")
    (folder / "needs.py").write_text("def rule(x): return x\n", "utf-8")
    (folder / "other.py").write_text("from toybox.hyper import number\nx = 1\n", "utf-8")
    with pytest.raises(ValueError, match=message):
        tb.method(f"{folder}/{name}")


def test_an_option_is_checked(folder):
    with pytest.raises(ValueError, match=r"mine.py:secant's option 'nu' is unknown; accepted: mu"):
        tb.method(f"{folder}/mine.py:secant", nu=1)
    with pytest.raises(ValueError, match=r"mu=-1.0 is outside its range; accepted: \(0, inf\)"):
        tb.method(f"{folder}/mine.py:secant", mu=-1)
    with pytest.raises(ValueError, match=r"mine.py:ridge's option 'dtype' is unknown"):
        Run(problem=f"{folder}/mine.py:ridge", options={"dtype": "float32"}, method="sgd", steps=1, batch=1)
    with pytest.raises(ValueError, match="name='a b' is not accepted"):
        own.register("a b")


def test_a_package_offers_methods_and_problems(folder, monkeypatch):
    package = folder / "pack"
    package.mkdir()
    (package / "__init__.py").write_text(MINE.replace("from beside", "from .beside"), "utf-8")
    (package / "beside.py").write_text(BESIDE, "utf-8")
    facts = folder / "pack-1.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: pack\nVersion: 1\n", "utf-8")
    points = "[toybox.methods]\npacked-secant = pack:Secant\n\n[toybox.problems]\npacked-ridge = pack:ridge\n"
    (facts / "entry_points.txt").write_text(points, "utf-8")
    monkeypatch.syspath_prepend(str(folder))
    run = Run(problem="packed-ridge", method="packed-secant", steps=3, batch=5)
    (result,) = compute(Study(name="s", runs=[run]), folder / "results")
    assert result.frame.height == 4
    assert {path.name for path in zoo.entry("method", "packed-secant").sources} == {"__init__.py", "beside.py"}
    assert zoo.known("method")["packed-secant"].summary == "the root of a line through two slopes"
    assert "packed-ridge" in zoo.known("problem")
    with pytest.raises(ValueError, match="did you mean 'packed-secant'"):
        tb.method("packed-sekant")
    monkeypatch.delitem(sys.modules, "pack")
    monkeypatch.delitem(sys.modules, "pack.beside")


def test_the_command_line(folder):
    def toybox(*arguments):
        command = [sys.executable, "-m", "toybox", *arguments]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=os.environ | {"COLUMNS": "200"})

    done = toybox("run", "factorization", "mine.py:secant", "--seeds", "2", "--set", "mu=0.2", "--steps", "5")
    assert "mine.py:secant mu=0.2 on factorization" in done.stdout, done.stderr
    assert toybox("run", "mine.py:ridge", "sls", "--set", "noise=0.5", "--steps", "5").returncode == 0
    assert toybox("cite", "mine.py:secant").stdout == "@misc{me, title={Mine}}\n"
    refused = toybox("run", "factorization", "mine.py:sekant")
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    (folder / "study.toml").write_text(STUDY.replace("secant", "sekant"), "utf-8")
    refused = toybox("run", "study.toml")
    assert refused.returncode == 2
    assert "run 1: mine.py:sekant: nothing in" in refused.stderr
