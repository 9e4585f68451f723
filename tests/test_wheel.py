"""The wheel in an environment of its own, beside a user's folders of the names that the checkout gives its own."""

import os
import subprocess
import sys
import sysconfig
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
    return SimpleNamespace(
        packages=packages, work=work, run=lambda program, *rest: done(programs / program, *rest, cwd=work, env=clean)
    )


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
