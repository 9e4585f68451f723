"""The command line: what it prints, what it refuses, and with which exit code."""

import os
import signal
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

import toybox as tb
from toybox import cli, references, study, zoo
from toybox.extras import install
from toybox.problems import data

QUICK = ["--steps", "5", "--batch", "5"]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """An empty folder, with no store, data or cache of the user's in sight."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TOYBOX_DATA", raising=False)
    monkeypatch.delenv("TOYBOX_TRACEBACK", raising=False)
    monkeypatch.delenv("COLUMNS", raising=False)  # which the workers of the tests have
    monkeypatch.setenv("TOYBOX_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def recipes(monkeypatch):
    """Two recipes in place of the installed ones, and the calls of their ``make``."""
    calls = []

    def recipe(id, name):
        def make(*arguments):
            calls.append((id, *arguments))
            return [arguments[1] / f"{id}.png", arguments[1] / f"{id}.csv"]

        return SimpleNamespace(id=id, name=name, title=f"about {name}", make=make, extra="")

    found = {"F1": recipe("F1", "factorization"), "F2": recipe("F2", "kernels")}
    entry = SimpleNamespace(load=lambda: SimpleNamespace(RECIPES=found))
    monkeypatch.setattr(metadata, "entry_points", lambda group, name=None: [entry] if name else [])
    return SimpleNamespace(calls=calls, found=found, entry=entry)


def call(capfd, *arguments) -> tuple[int, str, str]:
    code = cli.main([str(argument) for argument in arguments])
    out, err = capfd.readouterr()
    return code, out, err


def done(capfd, *arguments) -> str:
    code, out, err = call(capfd, *arguments)
    assert (code, err) == (0, "")
    return out


# --- what it does ------------------------------------------------------------------------------------------------


def test_version_and_help(capfd):
    assert done(capfd, "--version").strip() == tb.__version__
    for command in ([], ["list"], ["run"], ["figure"], ["data"], ["data", "list"], ["data", "fetch"]):
        text = done(capfd, *command, "--help")
        assert "Example: toybox " + " ".join(command) in text


def test_lists(capfd, recipes):
    everything = done(capfd, "list")
    assert all(word in everything for word in ("problems", "methods", "figures", "quadratic", "sls", "F2"))
    for kind, registry in (("problems", zoo.PROBLEMS), ("methods", zoo.METHODS)):
        text = " ".join(done(capfd, "list", kind).split())
        for name, entry in registry.items():
            assert name in text
            assert entry.file in text
            assert kind == "problems" or all(word in text for word in entry.deviations.split())
            assert all(f"{k}={v}" in text for k, v in zoo.defaults(entry).items())
    assert "F1 factorization about factorization" in " ".join(done(capfd, "list", "figures").split())


def test_claims(capfd, here):
    """Listed without being run; run with options of their own; and an unknown one is exit code 2."""
    text = done(capfd, "list", "claims")
    assert "PAL-P1" in text
    assert "refuted" in text
    out = done(capfd, "claims", "--only", "LAB-03", "--jobs", "1", "--html", "claims.html")
    assert "all verified" in out
    assert (here / "claims.html").is_file()
    assert call(capfd, "claims", "--only", "LAB-99")[0] == 2
    assert "--seed: 1.5 is not accepted; accepted: a whole number" in call(capfd, "claims", "--seed", "1.5")[2]
    assert "--jobs: 0 is not accepted; accepted: a whole number" in call(capfd, "claims", "--jobs", "0")[2]


def test_claims_without_their_extra(capfd, monkeypatch):
    monkeypatch.setattr(metadata, "entry_points", lambda group, name=None: [])
    code, _, err = call(capfd, "list", "claims")
    assert code == 2
    assert err == f"toybox: the claims need packages of their own ({install('proofs')})\n"


def test_citations(capfd):
    """The papers of a method, the dissertation where the method stands in it, and each entry once."""
    out = done(capfd, "cite", "pal", "mushrooms", "vaswani2019")
    keys = [line.split("{")[1].strip(",") for line in out.splitlines() if line.startswith("@")]
    assert keys == ["mutschler2020", "mutschler2022", "vaswani2019", "schlimmer1987"]
    assert "  author = {Mutschler, Maximus and Zell, Andreas}," in out
    assert out.count("{") == out.count("}")
    assert cli.main(["cite", "pall"]) == 2
    assert "did you mean 'pal'?" in capfd.readouterr().err


@pytest.mark.parametrize("key", references.entries())
def test_every_reference_is_whole(key):
    """Author, title, year and a place, with balanced braces."""
    entry = references.entries()[key]
    assert all(f"  {field} = {{" in entry for field in ("author", "title", "year")), entry
    assert any(f"  {field} = {{" in entry for field in ("journal", "booktitle", "school", "publisher", "howpublished"))
    assert entry.count("{") == entry.count("}")


def test_a_quick_run(capfd, here):
    out = done(capfd, "run", "factorization", "sls", *QUICK, "--seeds", "2", "--set", "gamma=1.5", "--set", "rank=none")
    assert all(text in out for text in ("sls gamma=1.5 on factorization", "rank=None"))
    assert "FOUND 10" in out
    assert len(list((here / "store").glob("*.toybox"))) == 1


def test_a_second_call_computes_nothing(capfd, monkeypatch):
    first = done(capfd, "run", "logistic", "pal", *QUICK)
    monkeypatch.setattr(study, "_job", None)
    assert done(capfd, "run", "logistic", "pal", *QUICK) == first


def test_values_of_settings(capfd):
    out = done(capfd, "run", "quadratic", "sgd", *QUICK, "--set", "rate=[.1,0.2]", "--set", "common=True")
    assert ("rate=0.1 " in out, "rate=0.2 " in out) == (True, True)
    assert "common=True" in out
    assert "spectrum=linear" in done(capfd, "run", "quadratic", "sgd", *QUICK, "--set", "spectrum=linear")


def test_a_name_that_problem_and_method_share(capfd, monkeypatch):
    def sgd(rate=0.1, dim=3.0):
        return zoo.METHODS["nsgd"].make(rate)

    monkeypatch.setitem(zoo.METHODS, "sgd", zoo.METHODS["sgd"]._replace(make=sgd))
    code, _, err = call(capfd, "run", "quadratic", "sgd", "--set", "dim=4")
    assert code == 2
    assert err == "toybox: --set dim is ambiguous; accepted: problem.dim=... or method.dim=...\n"
    out = done(capfd, "run", "quadratic", "sgd", *QUICK, "--set", "problem.dim=4", "--set", "method.dim=5")
    assert "sgd dim=5 on quadratic dim=4" in out


SPEC = """
problem = "quadratic"
options = { dim = 3, size = 20 }
steps = 6
batch = 5
[[run]]
method = "sgd"
hyper = { rate = [0.1, 0.2] }
[[run]]
method = "pal"
label = "parabolas"
"""


def test_a_study_with_exports(capfd, here):
    Path("s.toml").write_text(SPEC, "utf-8")
    out = done(capfd, "run", "s.toml", "--store", "mine", "--workers", "1", "--csv", "a.csv", "--parquet", "a.parquet")
    assert "parabolas" in out
    assert len(list((here / "mine").glob("*.toybox"))) == 2
    table = pl.read_parquet("a.parquet")
    assert table.height == 7 * 3
    assert table["title"].unique(maintain_order=True).to_list()[1] == "parabolas"
    assert pl.read_csv("a.csv").shape == table.shape


def test_figures(capfd, here, recipes):
    out = done(capfd, "figure", "f2", "Factorization", "F2", "--out", "drawn", "--store", "mine", "--workers", "2")
    assert out.split() == [f"drawn/{name}" for name in ("F2.png", "F2.csv", "F1.png", "F1.csv")]
    (id, size, folder, store, workers, overlay, cost, progress), _ = recipes.calls
    assert (id, size, folder, workers, overlay, cost) == ("F2", "default", Path("drawn"), 2, None, "steps")
    assert store.path == here / "mine"
    assert progress is False  # standard error is no terminal here
    done(capfd, "figure", "F1", "--smoke", "--overlay", "published", "--cost", "epochs")
    done(capfd, "figure", "F1", "--full", "--overlay", "none")
    assert [(c[1], c[5], c[6]) for c in recipes.calls[2:]] == [
        ("smoke", "published", "epochs"),
        ("full", "none", "steps"),
    ]


def test_the_installed_figures_are_found(capfd):
    pytest.importorskip("toybox_figures")
    assert "factorization" in done(capfd, "list", "figures")


def test_data(capfd, here, monkeypatch):
    missing = done(capfd, "data", "list")
    assert missing.count("missing: toybox data fetch ijcnn1") == 3
    asked = []
    monkeypatch.setattr(data, "fetch_ijcnn1", lambda folder, progress: asked.append(folder) or [Path("a"), Path("b")])
    assert done(capfd, "data", "fetch", "ijcnn1", "--folder", "d") == "a\nb\n"
    monkeypatch.setenv("TOYBOX_DATA", str(here))
    done(capfd, "data", "fetch", "ijcnn1")
    assert asked == [Path("d"), str(here)]
    (here / "ijcnn1.tr.bz2").write_bytes(b"")
    found = done(capfd, "data", "list")
    assert found.count("missing") == 2
    assert "mushrooms is in the package" in done(capfd, "data", "fetch", "mushrooms")


# --- what it refuses ---------------------------------------------------------------------------------------------

REFUSED = {
    "lst": 'Unknown command "lst". Did you mean "list"?',
    "list method": 'Invalid value "method" for WHAT',
    "run": 'parameter PROBLEM requires an argument',
    "run quadratic": "'quadratic' is no TOML file and no METHOD follows it; accepted: SPEC.toml, or PROBLEM METHOD",
    "run quadratc sgd": "problem 'quadratc' is unknown; did you mean 'quadratic'?",
    "run quadratic sgdd": "method 'sgdd' is unknown; did you mean 'sgd'?",
    "run quadratic sgd x": 'Unused Tokens: [\'x\']',
    "run quadratic sgd --stps 3": "Unknown option: --stps. Did you mean --steps?",
    "run quadratic sgd --steps x": "--steps: x is not accepted; accepted: a whole number of at least 0",
    "run quadratic sgd --steps 1.5": "--steps: 1.5 is not accepted; accepted: a whole number of at least 0",
    "run quadratic sgd --batch 2.0": "--batch: 2.0 is not accepted; accepted: a whole number of at least 1",
    "run quadratic sgd --seeds 1e1": "--seeds: 1e1 is not accepted; accepted: a whole number of at least 1",
    "run quadratic sgd --every 0x1": "--every: 0x1 is not accepted; accepted: a whole number of at least 1",
    "run quadratic sgd --workers 1_0": "--workers: 1_0 is not accepted; accepted: a whole number of at least 1",
    "run quadratic sgd --steps -1": "--steps: -1 is not accepted; accepted: a whole number of at least 0",
    "run quadratic sgd --batch 0": "--batch: 0 is not accepted; accepted: a whole number of at least 1",
    "run quadratic sgd --batch 101": "batch=101 is larger than the problem's D=100 samples; accepted: 1 to 100",
    "run quadratic sgd --seeds 0": "--seeds: 0 is not accepted; accepted: a whole number of at least 1",
    "run quadratic sgd --every 0": "--every: 0 is not accepted; accepted: a whole number of at least 1",
    "run quadratic sgd --workers 0": "--workers: 0 is not accepted; accepted: a whole number of at least 1",
    "run quadratic sgd --sampler epoch": "sampler 'epoch' is unknown; did you mean 'epochs'?",
    "run quadratic sgd --set rat=3": "--set 'rat' is unknown; did you mean 'rate'?",
    "run quadratic sgd --set problem.rate=3": "--set 'rate' is unknown; accepted: dim, size, ",
    "run quadratic sgd --set other.rate=3": "--set 'other.rate=3' is not accepted; accepted: NAME=VALUE",
    "run quadratic sgd --set rate={[]:1}": "rate='{[]:1}' is not a number; accepted: numbers in [0, inf)",
    "run quadratic sgd --set rate={1}": "hyper.rate={1} is not accepted; accepted: a number, a text",
    "run quadratic sgd --set rate=1is": "rate='1is' is not a number",
    f"run quadratic sgd --set rate={'[' * 10_000}": "is not a number; accepted: numbers in [0, inf)",
    f"run quadratic sgd --set rate={'-' * 100_000}1": "is not a number; accepted: numbers in [0, inf)",
    f"run quadratic sgd --set rate={'9' * 9999}": "is not a number; accepted: numbers in [0, inf)",
    "run quadratic sgd --seeds 1000000000": "seeds=1000000000 is not accepted; accepted: at most 1000000 whole numbers",
    "run quadratic sgd --seeds 99999999999999999999": "seeds=99999999999999999999 is not accepted; accepted: at most",
    "run quadratic sgd --every 99999999999999999999": "accepted: a whole number of at least 1, below 2^63",
    "run quadratic sgd --set data_seed=9223372036854775808": "accepted: a whole number of at least 0, below 2^63",
    "run digits sgd --set data_seed=9223372036854775808": "accepted: a whole number of at least 0, below 2^63",
    "run misfire sgd --set data_seed=-1": "data_seed=-1 is not accepted; accepted: a whole number of at least 0",
    "run factorization sgd --set data_seed=4294967296": "accepted: a whole number of at least 0, below 2^32",
    "run deep.toml": "deep.toml cannot be read as TOML: it is nested too deeply",
    "run quadratic sgd --store /dev/null": "store='/dev/null' is a file; accepted: a folder",
    "run quadratic sgd --set rate": "--set 'rate' is not accepted; accepted: NAME=VALUE",
    "run quadratic sgd --set rate=fast": "rate='fast' is not a number; accepted: numbers in [0, inf)",
    "run quadratic sgd --set rate=-1": "rate=-1.0 is outside its range; accepted: [0, inf)",
    "run quadratic sgd --set dim=-1": "dim=-1 is not accepted; accepted: a whole number of at least 1",
    "run quadratic sgd --set dtype=half": "dtype='half' is ",
    "run quadratic sgd --csv no/a.csv": "--csv no/a.csv: the folder no does not exist; accepted: a file in an existing",
    "run quadratic sgd --csv file/a.csv": "--csv file/a.csv: the folder file does not exist",
    "run quadratic sgd --parquet .": "--parquet . is a folder; accepted: a file in an existing folder",
    "run quadratic sgd --store file": "store='file' is a file; accepted: a folder",
    "run quadratic sgd --store file/x": "file is a file; accepted: a folder, which is made where it is missing",
    "run ijcnn1 sgd": "ijcnn1.tr.bz2 is neither in TOYBOX_DATA=None nor in ",
    "run none.toml": "none.toml cannot be read as TOML: No such file or directory",
    "run file": "file cannot be read as TOML: ",
    "run s.toml --steps 3 --set rate=1": "--steps, --set cannot be given beside s.toml; accepted: a change of",
    "run bad.toml": "bad.toml, run 2: method 'palm' is unknown; did you mean 'pal'?",
    "figure": "parameter NAMES requires an argument",
    "figure kernel": "figure 'kernel' is unknown; did you mean 'kernels'?; accepted: f1, factorization, f2, kernels",
    "figure F1 --full --smoke": "--full and --smoke exclude each other; accepted: one of them",
    "figure F1 --overlay mine": 'Invalid value "mine" for --overlay',
    "figure F1 --workers 1.5": "--workers: 1.5 is not accepted; accepted: a whole number of at least 1",
    "figure F1 --out file": "--out file: ",
    "figure F1 --store file/x": "file is a file; accepted: a folder, which is made where it is missing",
    "demo dial --port 70000": "--port: 70000 is not accepted; accepted: a whole number from 1 to 65535",
    "demo dial --port 80.5": "--port: 80.5 is not accepted; accepted: a whole number from 1 to 65535",
    "demo dial --out no/dial.png": "--out no/dial.png: the folder no does not exist; accepted: a file in an existing",
    "data fetch ijcnn1 --folder file": "file is a file; accepted: a folder, which is made where it is missing",
    "figure F1 --cost epoch": "--cost 'epoch' is unknown; did you mean 'epochs'?",
    "data get": 'Unknown command "get"',
    "data fetch ijcn": "data set 'ijcn' is unknown; did you mean 'ijcnn1'?; accepted: ijcnn1, mushrooms",
}  # fmt: skip


@pytest.mark.parametrize("line", REFUSED)
def test_what_cannot_be_had_is_exit_code_2(capfd, here, recipes, line):
    (here / "file").write_text("what?", "utf-8")
    (here / "s.toml").write_text(SPEC, "utf-8")
    (here / "bad.toml").write_text(SPEC.replace('"pal"', '"palm"'), "utf-8")
    (here / "deep.toml").write_text(f"x = {'[' * 9999}{']' * 9999}", "utf-8")
    code, out, err = call(capfd, *line.split())
    assert (code, out) == (2, "")
    assert err.startswith("toybox: ")
    assert REFUSED[line] in err
    assert err.count("\n") == 1
    assert not recipes.calls
    assert not list(here.glob("store/*"))


def fail(*arguments, **named):
    raise RuntimeError("it broke")


def test_a_failing_run_is_exit_code_1(capfd, monkeypatch):
    monkeypatch.setattr(study.optimizer, "run", fail)
    code, _, err = call(capfd, "run", "quadratic", "sgd")
    assert (code, err) == (1, "toybox: sgd on quadratic: RuntimeError: it broke\n")


def test_a_failing_figure_is_exit_code_1(capfd, recipes, monkeypatch):
    recipes.found["F1"].make = fail
    code, _, err = call(capfd, "figure", "F1")
    assert (code, err) == (1, "toybox: RuntimeError: it broke (TOYBOX_TRACEBACK=1 shows where)\n")
    monkeypatch.setenv("TOYBOX_TRACEBACK", "1")
    with pytest.raises(RuntimeError, match="it broke"):
        cli.main(["figure", "F1"])


def test_missing_data_in_a_figure_is_exit_code_2(capfd, recipes):
    def make(*arguments):
        study.compute(study.Study(name="x", runs=[study.Run(problem="ijcnn1", method="sgd", steps=1, batch=1)]))

    recipes.found["F1"].make = make
    code, _, err = call(capfd, "figure", "F1")
    assert code == 2
    assert "ijcnn1.tr.bz2 is neither" in err


def test_a_failing_download_is_exit_code_1(capfd, monkeypatch):
    monkeypatch.setattr(data, "fetch_ijcnn1", fail)
    code, _, err = call(capfd, "data", "fetch", "ijcnn1")
    assert (code, "it broke" in err) == (1, True)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupt_is_exit_code_130(here, workers):
    entries = "".join(f"[[run]]\nhyper = {{ rate = 0.0{i} }}\n" for i in range(1, 7))
    common = 'problem = "quadratic"\noptions = { dim = 3, size = 20 }\nmethod = "sgd"\nsteps = 60000\nbatch = 5\n'
    Path("long.toml").write_text(common + entries, "utf-8")
    script = Path(sys.executable).with_name("toybox")
    command = [str(script), "run", "long.toml", "--workers", str(workers)]
    heard = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # a parent may have had it ignored
    process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE, text=True, preexec_fn=heard)
    while not list(here.glob("store/*.toybox")) and process.poll() is None:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)  # what a terminal sends: to the workers, too
    _, err = process.communicate()
    assert process.returncode == 130
    assert err == "toybox: interrupted; finished runs are kept, and the same command resumes after them\n"
    assert 1 <= len(list(here.glob("store/*.toybox"))) < 6


def test_the_command_line_starts_without_heavy_modules():
    code = "import sys, toybox.cli; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "polars", "pydantic", "joblib", "matplotlib", "pooch", "toybox_figures"} & set(loaded)
