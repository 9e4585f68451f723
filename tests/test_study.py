"""Studies: what is one run and what is another, and that results never depend on how they were computed."""

import os
import pickle
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest
from joblib import parallel_config
from joblib.externals.loky import get_reusable_executor
from threadpoolctl import threadpool_info, threadpool_limits

import toybox as tb
from toybox import digest, study, zoo
from toybox.digest import Changed
from toybox.store import Store, Unwritable
from toybox.study import Run, Study, StudyError, compute, stack, summary

PACKAGE = Path(tb.__file__).parent


def make(**changes) -> Run:
    fields = {
        "problem": "quadratic", "options": {"dim": 3, "size": 20}, "method": "sgd", "hyper": {"rate": 0.1},
        "steps": 12, "batch": 5, "seeds": (0, 1), "every": 5,
    }  # fmt: skip
    return Run(**fields | changes)


def sweep(steps=12) -> Study:
    """Small runs of several kinds, among them products that BLAS would split among threads."""
    methods = {"sgd": {"rate": [0.05, 0.1]}, "sls": {}, "pal": {}, "adam": {}}
    problems = {
        "quadratic": {"dim": 3, "size": 20}, "factorization": {"rank": 4}, "logistic": {"size": 700, "sigma": 0.1},
    }  # fmt: skip
    return Study(
        name="sweep",
        runs=[
            make(problem=problem, options=options, method=method, hyper=hyper, steps=steps)
            for problem, options in problems.items()
            for method, hyper in methods.items()
        ],
    )


def measured(results) -> list[pl.DataFrame]:
    """All columns but the seconds."""
    return [result.frame.drop("seconds") for result in results]


def equal(a: list[pl.DataFrame], b: list[pl.DataFrame]) -> bool:
    return len(a) == len(b) and all(x.equals(y) and x.schema == y.schema for x, y in zip(a, b, strict=True))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return compute(sweep(), tmp_path_factory.mktemp("alone"), workers=1)


# --- what is one run and what is another -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"label": "another name"},
        {"options": {"size": 20, "dim": 3}},
        {"options": {"dim": 3, "size": 20, "spread": 1.0}},
        {"options": {"dim": 3, "size": 20, "spread": 1}},
        {"options": {"dim": 3, "size": 20, "dtype": "float64", "line": "closed"}},
        {"hyper": {}},
        {"hyper": {"schedule": "constant", "rate": 0.1}},
        {"seeds": 2},
        {"seeds": [0, 1]},
        {"sampler": "epochs"},
    ],
    ids=str,
)
def test_another_spelling_is_the_same_run(change):
    assert make(**change).key == make().key


CHANGES = [
    {"problem": "paths", "options": {"size": 20}},
    {"options": {"dim": 4, "size": 20}},
    {"options": {"dim": 3, "size": 20, "spread": 2.0}},
    {"options": {"dim": 3, "size": 20, "dtype": "float32"}},
    {"method": "nsgd"},
    {"hyper": {"rate": 0.2}},
    {"hyper": {"rate": [0.1]}},
    {"hyper": {"rate": [0.1, 0.2]}},
    {"hyper": {"rate": [0.2, 0.1]}},
    {"steps": 13},
    {"batch": 4},
    {"seeds": (0, 2)},
    {"seeds": (1, 0)},
    {"every": None},
    {"every": 4},
    {"sampler": "fresh"},
]


def test_whatever_matters_changes_the_key():
    keys = [make(**change).key for change in [{}, *CHANGES]]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("name", zoo.METHODS)
def test_every_default_of_a_method_is_in_the_key(monkeypatch, name):
    before = make(method=name, hyper={})
    assert before.canonical()["hyper"] == zoo.defaults(zoo.METHODS[name])
    for default in zoo.defaults(zoo.METHODS[name]):
        original = zoo.defaults
        with monkeypatch.context() as patch:
            patch.setattr(zoo, "defaults", lambda entry, f=original, d=default: f(entry) | {d: "changed"})
            assert make(method=name, hyper={}).canonical()["hyper"][default] == "changed"


@pytest.mark.parametrize("name", zoo.PROBLEMS)
def test_every_default_of_a_problem_is_in_the_key(name):
    given = make(problem=name, options={}).canonical()["options"]
    assert given == dict(sorted((zoo.defaults(zoo.PROBLEMS[name]) | zoo.SHARED).items()))


def test_a_copy_has_a_key_of_its_own():
    run = make()
    assert run.key
    assert run.model_copy(update={"steps": 3}).key == make(steps=3).key != run.key


def test_the_code_is_in_the_key(monkeypatch):
    before = make().key
    monkeypatch.setattr(digest, "code_digest", lambda: "other")
    assert make().key != before


# --- what is refused ---------------------------------------------------------------------------------------------

REFUSED = [
    ({"problem": "quadratc"}, "problem 'quadratc' is unknown; did you mean 'quadratic'?; accepted: quadratic, "),
    ({"method": "slss"}, "method 'slss' is unknown; did you mean 'sls'?"),
    ({"options": {"dims": 3}}, "quadratic's option 'dims' is unknown; did you mean 'dim'?"),
    ({"hyper": {"rat": 3}}, "sgd's option 'rat' is unknown; did you mean 'rate'?"),
    ({"hyper": {"rate": -1}}, "rate=-1.0 is outside its range; accepted: [0, inf)"),
    ({"hyper": {"rate": [0.1, -1]}}, "rate=-1.0 is outside its range"),
    ({"hyper": {"rate": [0.1, "x"]}}, "rate=[0.1, 'x'] is not a number"),
    ({"hyper": {"rate": {}}}, "hyper.rate={} is not accepted; accepted: a number, "),
    ({"options": 3}, "options=3 is not accepted; accepted: a valid dictionary"),
    ({"steps": -1}, "steps=-1 is not accepted; accepted: a whole number of at least 0"),
    ({"steps": 2.5}, "steps=2.5 is not accepted"),
    ({"batch": 0}, "batch=0 is not accepted; accepted: a whole number of at least 1"),
    ({"batch": True}, "batch=True is not accepted"),
    ({"every": 0}, "every=0 is not accepted"),
    ({"seeds": ()}, "seeds=() is not accepted; accepted: at most 1000000 whole numbers from 0 to 2^63 - 1, or n >= "),
    ({"seeds": 0}, "seeds=0 is not accepted"),
    ({"seeds": 10**9}, "seeds=1000000000 is not accepted; accepted: at most 1000000 whole numbers"),
    ({"seeds": 10**30}, "seeds=1000000000000000000000000000000 is not accepted"),
    ({"seeds": range(10**12)}, "seeds=range(0, 1000000000000) is not accepted"),
    ({"seeds": (0, 2**63)}, "seeds=(0, 9223372036854775808) is not accepted; accepted: at most 1000000 whole numbers"),
    ({"seeds": [[[0]]]}, "seeds=[[[0]]] is not accepted"),
    (
        {"method": "sls", "hyper": {"gamma": [1.5, 2.0], "c": [0.1, 0.2, 0.3]}},
        "hyper-parameters of shapes that do not broadcast",
    ),
    ({"seeds": "012"}, "seeds='012' is not accepted"),
    ({"seeds": (0, 1.5)}, "seeds=(0, 1.5) is not accepted"),
    ({"sampler": "epoch"}, "sampler 'epoch' is unknown; did you mean 'epochs'?"),
    ({"label": 3}, "label=3 is not accepted; accepted: a valid string"),
    ({"stepss": 3}, "stepss is no field of a Run; did you mean 'steps'?"),
]


@pytest.mark.parametrize(("change", "message"), REFUSED, ids=[message[:40] for _, message in REFUSED])
def test_a_run_refuses(change, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the message is compared below
        make(**change)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_values_that_are_nested_without_end():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError, match=r"a Run's values are nested too deeply; accepted: lists of lists"):
        make(hyper={"rate": deep})


def test_every_mistake_of_its_names_is_named():
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the message is compared below
        make(problem="quadratic", options={"dimm": 1, "siz": 2}, hyper={"rat": 1}, sampler="epoch")
    said = ["quadratic's option 'dimm'", "quadratic's option 'siz'", "sgd's option 'rat'", "sampler 'epoch'"]
    assert [line.partition(" is unknown; did")[0] for line in str(caught.value).split("\n")] == said


def test_every_mistake_is_named():
    with pytest.raises(ValueError, match=r"(?s)^method is missing.*\nsteps=-1.*\nbatch=0 .*$"):
        Run(problem="quadratic", steps=-1, batch=0)


def test_a_run_is_frozen():
    with pytest.raises(ValueError, match="frozen"):
        make().steps = 3


SPEC = """
problem = "factorization"
options = { rank = "none" }
steps = 40
batch = 10
seeds = 3
every = "none"

[[run]]
method = "sls"

[[run]]
method = "sgd"
options = { rank = 2 }
hyper = { rate = [0.1, inf] }
label = "plain SGD"
"""


def test_a_study_from_a_file(tmp_path):
    path = tmp_path / "rates.toml"
    path.write_text(SPEC, "utf-8")
    with pytest.raises(ValueError, match=r"rates\.toml, run 2: rate=inf is outside its range"):
        Study.read(path)
    path.write_text(SPEC.replace("inf", "0.2"), "utf-8")
    read = Study.read(path)
    assert read.name == "rates"
    assert [run.method for run in read.runs] == ["sls", "sgd"]
    assert [run.options for run in read.runs] == [{"rank": None}, {"rank": 2}]
    assert read.runs[1].hyper == {"rate": [0.1, 0.2]}
    assert read.runs[1].title == "plain SGD"
    assert {(run.seeds, run.every, run.steps) for run in read.runs} == {((0, 1, 2), None, 40)}


def test_a_file_without_entries_is_one_run(tmp_path):
    path = tmp_path / "one.toml"
    path.write_text('name = "solo"\nproblem = "quadratic"\nmethod = "sgd"\nsteps = 1\nbatch = 1\n', "utf-8")
    assert (Study.read(path).name, len(Study.read(path).runs)) == ("solo", 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SPEC.replace('"sls"', '"slss"'), "bad.toml, run 1: method 'slss' is unknown; did you mean 'sls'?"),
        (SPEC.replace("steps", "stps"), "bad.toml, run 1: stps is no field of a Run; did you mean 'steps'?"),
        (SPEC.replace("batch = 10", ""), "bad.toml, run 1: batch is missing"),
        (SPEC.replace("0.1", "[" * 90 + "]" * 90), "bad.toml, run 2: rate=[[[[["),
        (f"a = {'{b=' * 2000}1{'}' * 2000}", "bad.toml cannot be read as TOML: it is nested too deeply"),
        ("steps = ", "bad.toml cannot be read as TOML: Invalid value"),
        ("run = 3", "bad.toml: run=3 is not accepted; accepted: [[run]] entries"),
        ("run = []", "bad.toml: run=[] is not accepted"),
        (SPEC.replace("problem =", "name = 3\nproblem =").replace("inf", "1"), "name=3 is not accepted"),
    ],
)
def test_a_bad_file_is_refused(tmp_path, text, message):
    (tmp_path / "bad.toml").write_text(text, "utf-8")
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the message is compared below
        Study.read(tmp_path / "bad.toml")
    assert message in str(caught.value)


def test_a_missing_file(tmp_path):
    with pytest.raises(ValueError, match=r"none\.toml cannot be read as TOML: No such file"):
        Study.read(tmp_path / "none.toml")


# --- computing ---------------------------------------------------------------------------------------------------


def test_a_result_is_what_run_returns(undisturbed):
    for result in undisturbed:
        run = result.run
        trace = tb.run(
            tb.problem(run.problem, **run.options), tb.method(run.method, **run.hyper), steps=run.steps,
            batch=run.batch, seeds=run.seeds, every=run.every,
        )  # fmt: skip
        expected = trace.to_frame().drop("seconds", "full_loss")
        assert result.frame.drop("seconds", "full_loss").equals(expected)
        counts = {s.name: (trace.status == s).sum(axis=0).tolist() for s in tb.Status if (trace.status == s).any()}
        assert result.meta["statuses"] == counts


def test_what_a_result_says_about_itself(undisturbed):
    meta = undisturbed[4].meta
    problem = tb.problem("factorization", rank=4)
    facts = {name: getattr(problem, name) for name in ("dim", "size", "floor", "condition")}
    assert {name: meta[name] for name in facts} == pytest.approx(facts, rel=1e-12)
    assert meta["papers"] == ["robbins1951", "vaswani2019"]
    assert (meta["dtype"], meta["backend"], meta["code"]) == ("float64", "numpy", digest.code_digest())
    assert set(meta["versions"]) == {"python", "numpy", "scipy", "toybox"}
    assert meta["processor"]
    assert any(meta["blas"].split()[1] == info.get("version") for info in threadpool_info()) or not threadpool_info()
    assert meta["seconds"] > 0
    assert meta["run"] == undisturbed[4].run.canonical()
    assert "floor" not in undisturbed[8].meta


def test_the_number_of_workers_changes_no_bit(undisturbed, tmp_path):
    assert equal(measured(compute(sweep(), tmp_path, workers=2)), measured(undisturbed))


def test_jobs_run_on_one_thread_and_build_neighbouring_problems_once(monkeypatch, tmp_path):
    threads, built = [], []
    walk, build = study.optimizer.run, zoo.problem

    def spy(problem, *args, **kwargs):
        threads.append({info["num_threads"] for info in threadpool_info()})
        return walk(problem, *args, **kwargs)

    def note(name, **options):
        assert not study._held  # never two at once
        built.append((name, {info["num_threads"] for info in threadpool_info()}))
        return build(name, **options)

    monkeypatch.setattr(study.optimizer, "run", spy)
    monkeypatch.setattr(zoo, "problem", note)
    with threadpool_limits(2):  # whatever the environment allows
        compute(sweep(3), tmp_path, workers=1)
    assert threads == [{1}] * 12
    assert [(name, count) for name, count in built] == [(n, {1}) for n in ("factorization", "logistic", "quadratic")]
    assert not study._held


def test_what_is_stored_is_not_computed_again(monkeypatch, tmp_path):
    first = compute(Study(name="a", runs=[make(), make(label="twice"), make(steps=3)]), tmp_path, workers=1)
    assert len(list(tmp_path.glob("*.toybox"))) == 2
    assert [result.run.label for result in first] == ["", "twice", ""]
    monkeypatch.setattr(study, "_job", None)
    again = compute(Study(name="b", runs=[make(steps=3), make()]), Store(tmp_path), workers=1)
    assert equal(measured(again), measured([first[2], first[0]]))


def test_a_damaged_part_is_computed_again(tmp_path, capfd):
    one = Study(name="one", runs=[make()])
    before = measured(compute(one, tmp_path))
    part = tmp_path / f"{make().key}.toybox"
    part.write_bytes(part.read_bytes()[:-100])
    assert equal(measured(compute(one, tmp_path)), before)
    assert "is damaged and taken for absent" in capfd.readouterr().err


def test_a_part_that_vanishes_is_named(tmp_path):
    (result,) = compute(Study(name="one", runs=[make()]), tmp_path)
    (tmp_path / f"{make().key}.toybox").unlink()
    with pytest.raises(FileNotFoundError, match=r"sgd rate=0\.1 on quadratic dim=3 size=20: no intact result"):
        _ = result.frame


def test_all_that_cannot_be_had_is_said_before_anything_is_computed(tmp_path, monkeypatch):
    """Of runs on different problems and on the same one, and with nothing written."""
    monkeypatch.setattr(study, "_job", None)
    large = [make(batch=21), make(batch=22, steps=3)]
    flat = [
        make(options={"dim": -1}, label="flat"),
        make(problem="logistic", options={"storage": "no"}, label="nowhere"),
    ]
    with pytest.raises(StudyError) as caught:
        compute(Study(name="mixed", runs=[large[0], make(), *flat, large[1], make(steps=3)]), tmp_path / "none")
    failures = {failure.run.key: failure for failure in caught.value.failures}
    assert set(failures) == {run.key for run in (*large, *flat)}
    assert all(failure.usage for failure in failures.values())
    assert "sgd rate=0.1 on quadratic dim=3 size=20: batch=21 is larger than the problem's D=20" in str(caught.value)
    assert "flat: dim=-1 is not accepted" in str(caught.value)
    assert "nowhere: storage='no' is not accepted" in str(caught.value)
    assert not (tmp_path / "none").exists()


POISON = """
import os, time
import toybox.optimizer as optimizer
def run(problem, method, *, steps, walk=optimizer.run, **rest):
    if steps == 7:
        {harm}
    return walk(problem, method, steps=steps, **rest)
optimizer.run = run
"""


@pytest.fixture
def poisoned(tmp_path, monkeypatch):
    """poisoned(harm): from now on, workers do ``harm`` at a run of 7 steps; this process does not."""

    def poison(harm):
        (tmp_path / "site").mkdir()
        (tmp_path / "site" / "sitecustomize.py").write_text(POISON.format(harm=harm), "utf-8")
        path = [str(tmp_path / "site"), *filter(None, [os.environ.get("PYTHONPATH")])]
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path))
        get_reusable_executor().shutdown(kill_workers=True)

    yield poison
    get_reusable_executor().shutdown(kill_workers=True)


def test_a_failing_run_loses_no_other(tmp_path, poisoned):
    poisoned("1 / 0")
    runs = [make(steps=7), make(), make(steps=7, seeds=1, label="another"), make(steps=3)]
    with pytest.raises(StudyError) as caught:
        compute(Study(name="mixed", runs=runs), tmp_path / "store", workers=2)
    sentences = "sgd rate=0.1 on quadratic dim=3 size=20: ZeroDivisionError: division by zero", "another: ZeroDivision"
    assert all(sentence in str(caught.value) for sentence in sentences)
    assert not any(failure.usage for failure in caught.value.failures)
    assert [Store(tmp_path / "store").has(run.key) for run in runs] == [False, True, False, True]


def test_a_run_that_kills_its_process_loses_no_other(tmp_path, poisoned, undisturbed):
    """With two poisons first: all others are computed, and bit-equal; and the same again where these are left."""
    poisoned("os.kill(os.getpid(), 9)")
    deadly = [make(steps=7, seeds=[seed], label=f"deadly {seed}") for seed in (0, 1)]
    whole = Study(name="poisoned", runs=[*deadly, *sweep().runs])
    for _ in range(2):
        with pytest.raises(StudyError) as caught:
            compute(whole, tmp_path / "store", workers=2)
        said = sorted(str(caught.value).split("\n"))
        assert said == [f"{run.title}: its process died: out of memory, killed, or crashed" for run in deadly]
        assert not any(failure.usage for failure in caught.value.failures)
    found = [study.Result(run, Store(tmp_path / "store")) for run in sweep().runs]
    assert equal(measured(found), measured(undisturbed))


def test_a_run_that_only_dies_beside_others_is_computed(tmp_path, poisoned):
    """As where memory does not hold two: tried alone, it ends."""
    flag = tmp_path / "once"
    poisoned(f"os.path.exists({str(flag)!r}) or (open({str(flag)!r}, 'w').close(), os.kill(os.getpid(), 9))")
    results = compute(Study(name="x", runs=[make(steps=7), make(), make(steps=3)]), tmp_path / "store", workers=2)
    assert equal(measured(results), measured(compute(Study(name="x", runs=[r.run for r in results]), tmp_path / "b")))


def test_an_error_while_running_is_no_usage_error(monkeypatch, tmp_path):
    monkeypatch.setattr(study.optimizer, "run", lambda *a, **k: 1 / 0)
    with pytest.raises(StudyError, match="ZeroDivisionError: division by zero") as caught:
        compute(Study(name="x", runs=[make()]), tmp_path)
    assert not caught.value.failures[0].usage


@pytest.mark.parametrize("workers", [0, -1, 1.5, True])
def test_workers_are_checked(tmp_path, workers):
    with pytest.raises(ValueError, match=f"workers={workers!r} is not accepted; accepted: a whole number"):
        compute(sweep(), tmp_path, workers=workers)


KILLED = """
import sys
from toybox.study import Study, compute
if __name__ == "__main__":
    compute(Study.read(sys.argv[1]), sys.argv[2], workers=2)
"""


def test_a_killed_study_resumes_bit_equal(tmp_path):
    path, script, folder = tmp_path / "s.toml", tmp_path / "killed.py", tmp_path / "results"
    entries = "".join(f"[[run]]\nhyper = {{ rate = 0.0{i} }}\n" for i in range(1, 9))
    common = 'problem = "quadratic"\noptions = { dim = 3, size = 20 }\nmethod = "sgd"\nsteps = 8000\nbatch = 5\n'
    path.write_text(common + entries, "utf-8")
    script.write_text(KILLED, "utf-8")
    process = subprocess.Popen([sys.executable, str(script), str(path), str(folder)], start_new_session=True)
    deadline = time.monotonic() + 60
    while len(list(folder.glob("*.toybox"))) < 2 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    kept = {part: part.read_bytes() for part in folder.glob("*.toybox")}
    whole = Study.read(path)
    assert 2 <= len(kept) < len(whole.runs)
    resumed = compute(whole, folder, workers=1)
    assert all(part.read_bytes() == content for part, content in kept.items())
    assert equal(measured(resumed), measured(compute(whole, tmp_path / "alone", workers=1)))


def test_runs_and_studies_travel_to_workers():
    assert pickle.loads(pickle.dumps(sweep())) == sweep()


def test_summary_and_stack(undisturbed):
    table = summary(undisturbed)
    assert table.height == 15
    assert table["lane"].to_list()[:3] == ["rate=0.05", "rate=0.1", ""]
    last = undisturbed[1].frame.filter(pl.col("t") == 12)
    row = table.row(2, named=True)
    assert row["full_loss"] == pytest.approx(last["full_loss"].median(), rel=1e-15)
    assert row["lower"] <= row["full_loss"] <= row["upper"]
    assert row["values/step"] == pytest.approx(last["values"].mean() / 12)
    assert row["statuses"] == "FOUND 24"
    assert table["test_accuracy"].null_count() == 10
    rows = stack(undisturbed)
    assert rows.height == sum(result.frame.height for result in undisturbed)
    assert rows.columns[:3] == ["title", "problem", "method"]
    assert rows.filter(pl.col("method") == "sls")["rate"].null_count() == 3 * 13 * 2


# --- other processes, other threads, other machines ---------------------------------------------------------------


def test_what_another_process_has_just_kept_is_not_computed(tmp_path, monkeypatch):
    """While the first run is computed, somebody else computes the whole study."""
    walk, walks, whole = study.optimizer.run, [], Study(name="x", runs=[make(steps=steps) for steps in range(1, 7)])

    def spy(*anything, steps, **named):
        walks.append(steps)
        if len(walks) == 1:
            compute(whole, tmp_path, workers=1)
        return walk(*anything, steps=steps, **named)

    monkeypatch.setattr(study.optimizer, "run", spy)
    compute(whole, tmp_path, workers=1)
    assert walks == [1, 1, 2, 3, 4, 5, 6]


def test_threads_give_the_same(undisturbed, tmp_path):
    with parallel_config(backend="threading", n_jobs=3):
        assert equal(measured(compute(sweep(), tmp_path)), measured(undisturbed))


def test_what_would_not_be_kept_is_not_computed(tmp_path, monkeypatch):
    """Sources that have changed, or a disk that has no room any more, are seen before hours are spent."""
    walks = []
    monkeypatch.setattr(study.optimizer, "run", lambda *a, **k: walks.append(1))

    def changed(sources):
        raise Changed("directions.py changed")

    with monkeypatch.context() as edited:
        edited.setattr(digest, "refuse_changed", changed)
        with pytest.raises(StudyError, match="directions"):
            compute(sweep(), tmp_path, workers=1)
    check, calls = Store.check, []

    def full(store):
        calls.append(1)
        if len(calls) > 1:
            raise Unwritable("no room")
        check(store)

    monkeypatch.setattr(Store, "check", full)
    with pytest.raises(StudyError, match="no room") as caught:
        compute(sweep(), tmp_path, workers=1)
    assert len(caught.value.failures) == 12
    assert not any(failure.usage for failure in caught.value.failures)
    assert not walks


FULL = """
import resource, sys
from toybox.study import Run, Study, StudyError, compute
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
runs = [Run(problem="quadratic", method="sgd", steps=steps, batch=5) for steps in (3, 20_000, 4)]
try:
    compute(Study(name="x", runs=runs), sys.argv[1], workers=1)
except StudyError as error:
    print(error)
"""


def test_a_disk_without_room_loses_no_other_run(tmp_path):
    """The system refuses the table of the long run, in the middle of writing it; and a smaller one has room."""
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"sgd on quadratic: store {tmp_path} cannot keep a result (File too large); accepted")
    assert (done.stdout.count("\n"), done.stderr) == (1, "")
    assert sorted(tmp_path.glob("*")) == sorted(tmp_path.glob("*.toybox"))
    runs = [Run(problem="quadratic", method="sgd", steps=steps, batch=5) for steps in (3, 20_000, 4)]
    assert [Store(tmp_path).has(run.key) for run in runs] == [True, False, True]


ENDLESS = """
import sys
from toybox.study import Run, Study, compute
if __name__ == "__main__":
    runs = [Run(problem="quadratic", method="sgd", steps=10**8 + i, batch=5) for i in range(3)]
    compute(Study(name="endless", runs=runs), sys.argv[1], workers=2)
"""


def stat(process: int | str) -> list[str]:
    """State, parent, ... of a process as /proc says it; nothing of one that has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    return []


def running(process: int) -> bool:
    return stat(process)[:1] not in ([], ["Z"])


def busy_children(process: int) -> list[int]:
    """Those that have worked for three seconds."""
    numbers = [path.name for path in Path("/proc").glob("[0-9]*")]
    found = {int(number): stat(number) for number in numbers}
    return [pid for pid, said in found.items() if said and int(said[1]) == process and int(said[11]) > 300]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see other processes")
def test_no_worker_outlives_a_process_that_is_killed(tmp_path):
    """Its workers are in the midst of a run of hours then."""
    script = tmp_path / "endless.py"
    script.write_text(ENDLESS, "utf-8")
    process = subprocess.Popen([sys.executable, str(script), str(tmp_path / "store")], start_new_session=True)
    while len(workers := busy_children(process.pid)) < 2:
        assert process.poll() is None
        time.sleep(0.05)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 60
    while (left := [pid for pid in workers if running(pid)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert not left
