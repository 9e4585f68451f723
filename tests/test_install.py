"""What is said about installing holds: extras exist, verbs of make ask for no more than they use, versions agree."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import get_args

import pytest

import optional
import toybox as tb
from toybox import extras
from toybox.references import entries

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = set(PROJECT["optional-dependencies"])


# --- extras


def test_hints_name_extras_that_exist():
    """Type checking lets hints name no other than those of ``Extra``."""
    assert PROJECT["name"] == extras.DISTRIBUTION
    assert set(get_args(extras.Extra)) <= EXTRAS
    assert extras.install("cuda12", "cuda13") == (
        'pip install "toybox-linesearch[cuda12]" or pip install "toybox-linesearch[cuda13]"'
    )


def test_the_readme_says_what_every_extra_is_for():
    section = (ROOT / "README.md").read_text("utf-8").partition("\n## Install\n")[2].partition("\n## ")[0]
    explained = [name for row in re.findall(r"^\| (`.*?) \|", section, re.M) for name in re.findall(r"`(\S+)`", row)]
    assert sorted(explained) == sorted(EXTRAS)


def test_no_other_hint_is_given():
    """Nobody else writes the command, so that none names another distribution or an extra that is gone."""
    texts = {path: path.read_text("utf-8") for part in ("toybox", "figures", "benchmarks", "proofs_check")
             for path in (ROOT / part).rglob("*.py")}  # fmt: skip
    assert [path.name for path, text in texts.items() if "pip install" in text] == ["extras.py"]
    named = re.findall(r"toybox-linesearch\[([^\]]*)\]", (ROOT / "README.md").read_text("utf-8"))
    assert named
    assert set(named) <= EXTRAS


def test_what_is_missing_skips_a_test_or_fails_it(monkeypatch):
    """It fails where everything was to be installed."""
    for package in ("pytest", "no_such_package"):
        monkeypatch.setitem(optional.EXTRA, package, "test")
    monkeypatch.setattr(optional, "ALL", False)
    assert optional.needs("no_such_package").args == (True,)
    assert "no no_such_package: pip install" in optional.needs("no_such_package").kwargs["reason"]
    assert optional.needs("pytest").args == (False,)
    monkeypatch.setattr(optional, "ALL", True)
    assert optional.needs("no_such_package").args == (False,)


# --- make


@pytest.fixture
def planned(tmp_path, monkeypatch):
    """planned(verb, *stamps): what ``make`` would do in an environment where these extras are installed."""
    if shutil.which("make") is None:
        pytest.skip("no make")
    for name in ("TOYBOX_SHARED", "TOYBOX_CUPY_ON_CPU", "MAKEFLAGS", "MAKELEVEL"):
        monkeypatch.delenv(name, raising=False)

    def plan(verb, *stamps):
        for name in ("pyvenv.cfg", *(f".{stamp}" for stamp in stamps)):
            (tmp_path / name).touch()
        command = ["make", "--dry-run", verb, f"VENV={tmp_path}"]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    return plan


VERBS = {
    "figures": set(),
    "demo": {"demo"},
    "test": {"test", "proofs"},
    "test-all": {"test", "proofs", "torch", "pep", "demo", "browser", "pandas", "xarray"},
    "claims": {"proofs"},
    "check": {"test", "proofs"},
    "bench": {"torch", "bench"},
    "gpu-check": {"test", "proofs", "cuda13"},
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_installs_what_it_needs_and_no_more(planned, verb):
    told = planned(verb)
    assert "pip install" in told
    assert set(re.findall(r'pip install .*"\.\[(.*?)\]"', told)) == VERBS[verb]


@pytest.mark.parametrize("verb", VERBS)
def test_what_is_installed_is_left_alone(planned, verb):
    """So that every verb works without a network from then on."""
    assert "pip install" not in planned(verb, "core", *VERBS[verb])


def test_all_that_tests_can_use_is_installed_where_none_may_be_skipped(planned):
    assert set(optional.EXTRA.values()) <= VERBS["test-all"]
    assert "TOYBOX_ALL=1" in planned("test-all")
    assert "TOYBOX_ALL" not in planned("test")


# --- the software itself


def cff() -> dict[str, str]:
    """The fields of CITATION.cff that are one line."""
    lines = (ROOT / "CITATION.cff").read_text("utf-8").splitlines()
    pairs = (re.fullmatch(r"([\w-]+): +(.*)", line) for line in lines)
    return {pair[1]: pair[2].strip('"') for pair in pairs if pair}


def test_all_that_cite_the_software_agree():
    told, entry = cff(), entries()["toybox"]
    assert (told["cff-version"], told["type"]) == ("1.2.0", "software")
    assert told["version"] == tb.__version__
    assert f"{PROJECT['name']}, version {tb.__version__}}}," in entry
    assert f"  title = {{{told['title']}}}," in entry
    assert told["title"] == f"toybox: {PROJECT['description']}"
    assert told["license"] == PROJECT["license"]
    (author,), year = PROJECT["authors"], re.search(r"year = \{(\d+)\}", entry)[1]
    assert f"\nauthors:\n  - name: {author['name']}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"  author = {{{{{author['name']}}}}}," in entry
    assert f"Copyright (c) {year} {author['name']}\n" in (ROOT / "LICENSE").read_text("utf-8")


def test_the_package_is_a_program(tmp_path):
    command = [sys.executable, "-m", "toybox"]
    said = subprocess.run([*command, "--version"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == tb.__version__
    refused = subprocess.run([*command, "lst"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert 'Did you mean "list"?' in refused.stderr
