"""The wheel in an environment of its own, beside a user's folders of the names that the checkout gives its own."""

import os
import signal
import subprocess
import sys
import sysconfig
import time
import venv
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

import toybox as tb

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.slow


def done(*command, **options) -> str:
    """What a command that ends well prints; where it does not, the test fails with all that it said."""
    ended = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    done(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder, cwd=ROOT)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def user(wheel, tmp_path_factory):
    """A folder where figures and benchmarks are the user's and break when imported, and an environment with the wheel.

    What toybox needs is looked up in the environment of the tests, by a path; a path does not make the checkout
    visible, into which only a .pth file of that environment leads.
    """
    place, work = tmp_path_factory.mktemp("environment"), tmp_path_factory.mktemp("work")
    venv.create(place, symlinks=os.name != "nt")
    paths = sysconfig.get_paths("venv", {"base": str(place), "platbase": str(place)})
    programs, packages = Path(paths["scripts"]), Path(paths["purelib"])
    python = programs / Path(sys.executable).name
    done(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel)
    here = {sysconfig.get_path(kind) for kind in ("purelib", "platlib")}
    (packages / "of_the_tests.pth").write_text("\n".join(here), "utf-8")
    for name in ("figures", "benchmarks"):
        (work / name).mkdir()
        (work / name / "__init__.py").write_text(f"raise RuntimeError('the {name} of a user')", "utf-8")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TOYBOX"))}
    clean["COLUMNS"] = "200"  # tables break their lines where the terminal ends
    run = lambda program, *rest: done(programs / program, *rest, cwd=work, env=clean)
    return SimpleNamespace(packages=packages, work=work, programs=programs, clean=clean, run=run)


def test_nothing_but_names_of_ours_is_installed(wheel):
    names = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    ours = {name for name in names if name in ("toybox", "proofs_check") or name.startswith("toybox_")}
    assert names == ours
    assert ours == {
        *("toybox", "toybox_figures", "toybox_benchmarks", "proofs_check"),
        f"toybox_linesearch-{tb.__version__}.dist-info",
    }


def test_the_wheel_is_what_is_imported(user):
    code = "import toybox, toybox_figures, toybox_benchmarks, proofs_check as p; print(toybox.__file__, p.__file__)"
    assert all(Path(file).is_relative_to(user.packages) for file in user.run("python", "-c", code).split())
    with pytest.raises(AssertionError, match="the figures of a user"):
        user.run("python", "-c", "import figures")


def test_a_figure(user):
    """With its style, and the curves of the papers."""
    written = user.run("toybox", "figure", "F1", "--smoke", "--overlay", "published").split()
    assert any(name.endswith(".png") for name in written)
    assert all((user.work / name).stat().st_size for name in written)


def test_a_run(user):
    assert "sls on factorization" in user.run("toybox", "run", "factorization", "sls", "--steps", "5")


def test_citations(user):
    assert "@inproceedings{mutschler2020," in user.run("toybox", "cite", "pal")
    assert f"version {tb.__version__}" in user.run("toybox", "cite", "toybox")


def test_claims(user):
    assert "all verified" in user.run("toybox", "claims", "--only", "WA-01", "--html", "claims.html")
    assert (user.work / "claims.html").stat().st_size


def test_benchmarks(user):
    """They name the version, as there is no commit."""
    assert f"- toybox {tb.__version__}, " in user.run("toybox", "bench", "--quick", "--only", "polynomial-steps")


def test_the_module(user):
    assert user.run("python", "-m", "toybox", "--version").strip() == tb.__version__


# --- a file of one's own, from the first look to the figure

MINE = """\
import toybox as tb

LOOK = tb.looks.Look("my secant", "#123456", "*", "--")


@tb.register("secant", "the root of the line through two slopes", paper="@misc{me, title={Secants}}", look=LOOK)
class Secant(tb.Search):
    mu: tb.Hyper = tb.number(0.1, "(0, inf)", "where the second slope is measured")

    def search(self, here, state):
        if not here.slope0 < 0:
            return tb.nowhere(here.slope0)
        bend = ((yield tb.slope(self.mu)) - here.slope0) / self.mu
        return tb.found(-here.slope0 / bend) if bend > 0 else tb.exhausted()
"""
STUDY = """
problem = "factorization"
steps = {steps}
batch = 100
seeds = 2
every = 50
[[run]]
method = "mine.py:secant"
[[run]]
method = "sls"
[[run]]
method = "pal"
"""


@pytest.fixture
def mine(user, tmp_path):
    """A fresh folder with the file, and what runs commands in it."""
    assert len(MINE.splitlines()) <= 15
    (tmp_path / "mine.py").write_text(MINE, "utf-8")
    run = lambda program, *rest: done(user.programs / program, *rest, cwd=tmp_path, env=user.clean)
    return SimpleNamespace(folder=tmp_path, run=run, user=user, store=tmp_path / "results")


def kept(folder):
    """The results of a store by their names, with the times at which they were written."""
    return {file.name: file.stat().st_mtime_ns for file in folder.glob("**/*.toybox")}


def test_a_method_in_fifteen_lines_goes_wherever_a_name_goes(mine):
    assert "0 fail" in mine.run("toybox", "check", "mine.py:secant")
    shown = mine.run("toybox", "show", "mine.py:secant")
    assert "where the second slope is measured" in shown
    ended = mine.run("toybox", "run", "factorization", "mine.py:secant", "--seeds", "5", "--steps", "20")
    assert "mine.py:secant on factorization" in ended
    assert "title={Secants}" in mine.run("toybox", "cite", "mine.py:secant").replace("title = ", "title=")


def test_a_changed_number_of_one_s_own_is_computed_anew_and_a_changed_comment_is_not(mine):
    command = (
        "toybox",
        "run",
        "factorization",
        "mine.py:secant",
        "--seeds",
        "2",
        "--steps",
        "5",
        "--store",
        mine.store,
    )
    mine.run(*command)
    first = kept(mine.store)
    assert len(first) == 1
    (mine.folder / "mine.py").write_text(MINE.replace("    def search", "    # a comment\n    def search"), "utf-8")
    mine.run(*command)
    assert kept(mine.store) == first
    (mine.folder / "mine.py").write_text(MINE.replace("number(0.1", "number(0.2"), "utf-8")
    mine.run(*command)
    assert len(kept(mine.store)) == 2
    assert kept(mine.store).items() > first.items()


def test_a_killed_study_with_a_method_of_one_s_own_resumes_on_two_workers(mine):
    """It stands beside sls and pal, is killed with the first result on disk, and computes the others only; its figure
    then shows all three, each in its look."""
    (mine.folder / "three.toml").write_text(STUDY.format(steps=2000), "utf-8")
    command = ["toybox", "run", "three.toml", "--workers", "2", "--store", mine.store]
    process = subprocess.Popen(
        [mine.user.programs / command[0], *command[1:]],
        cwd=mine.folder,
        env=mine.user.clean,
        start_new_session=True,
        stdout=-1,
        stderr=subprocess.STDOUT,
    )
    while not kept(mine.store) and process.poll() is None:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    before = kept(mine.store)
    assert before
    ended = mine.run(*command)
    assert all(f"{name} on factorization" in ended for name in ("mine.py:secant", "sls", "pal"))
    assert kept(mine.store).items() >= before.items()
    assert len(kept(mine.store)) == 3
    written = mine.run("toybox", "figure", "three.toml", "--store", mine.store, "--out", "drawn").split()
    assert len(kept(mine.store)) == 3
    picture = next(mine.folder / name for name in written if name.endswith(".svg")).read_text("utf-8")
    assert "#123456" in picture
    plotted = next(mine.folder / name for name in written if name.endswith(".csv")).read_text("utf-8")
    assert {line.split(",")[1] for line in plotted.splitlines()[1:]} == {"my secant", "SLS (Armijo)", "PAL"}
