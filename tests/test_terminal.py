"""Terminals that lack signs or columns, pipes that nobody reads, packages and networks that are not there."""

import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from toybox.zoo import METHODS, PROBLEMS, defaults

COMMAND = [sys.executable, "-c", "from toybox.cli import main; raise SystemExit(main())"]
WITHOUT = "import sys; sys.modules[{!r}] = None; from toybox.cli import main; raise SystemExit(main())"
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
SPEC = """
problem = "quadratic"
method = "sgd"
steps = 2
batch = 5
label = "γ → ∞ für d = λ"
"""


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOYBOX_STORE", str(tmp_path / "store"))
    Path("s.toml").write_text(SPEC, "utf-8")
    return tmp_path


def called(line: str, command: list[str] = COMMAND, **environment: str) -> subprocess.CompletedProcess:
    """One command line in a process of its own; what it prints as bytes."""
    return subprocess.run([*command, *line.split()], capture_output=True, check=False, env=os.environ | environment)


def test_a_terminal_that_lacks_signs_shows_question_marks(here):
    """And files are UTF-8 all the same."""
    done = called("run s.toml --csv out.csv", **ASCII)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"? ? ? f?r d = ?" in done.stdout
    assert pl.read_csv("out.csv")["title"].unique().to_list() == ["γ → ∞ für d = λ"]


@pytest.mark.parametrize("line", ["--help", "list", "list demos", "list methods", "cite pal mahsereci2015"])
def test_what_has_plain_signs_only_is_the_same_everywhere(line):
    plain, usual = called(line, **ASCII), called(line, PYTHONIOENCODING="utf-8")
    assert (plain.returncode, plain.stderr) == (0, b"")
    words = lambda printed: {
        word.strip("|") for word in printed.decode().split() if word.isascii() and word.strip("-+|")
    }
    assert words(plain.stdout) == words(usual.stdout)


@pytest.mark.parametrize("line", ["--help", "list methods", "cite pal", "run s.toml", "claims --only LAB-03 --jobs 1"])
def test_a_pipe_that_nobody_reads_is_no_error(line):
    """As in ``toybox list methods | head``."""
    read, write = os.pipe()
    os.close(read)
    buffered = os.environ | {"PYTHONUNBUFFERED": ""}
    done = subprocess.run([*COMMAND, *line.split()], stdout=write, stderr=subprocess.PIPE, check=False, env=buffered)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize(("what", "zoo"), [("methods", METHODS), ("problems", PROBLEMS)])
@pytest.mark.parametrize("columns", [80, 200])
def test_lists_cut_nothing(what, zoo, columns):
    """In 80 columns as in 200: words stand whole, and no line is longer."""
    out = called(f"list {what}", PYTHONIOENCODING="utf-8", COLUMNS=str(columns)).stdout.decode()
    table = out[: out.rindex("toybox cite")].splitlines()[:-2]
    assert max(map(len, table)) <= columns
    assert "…" not in out
    for name, entry in zoo.items():
        assert {name, *entry.summary.split()} <= set(out.split())
        assert all(f"{key}={value}" in " ".join(out.split()) for key, value in defaults(entry).items()), name


def test_a_figure_of_claims_names_the_extra_it_needs():
    done = called("figure F21 --smoke", [sys.executable, "-c", WITHOUT.format("sympy")])
    sentence = (
        b'toybox: figure F21 needs a package that is not installed (sympy): pip install "toybox-linesearch[proofs]"\n'
    )
    assert (done.returncode, done.stdout, done.stderr) == (2, b"", sentence)


def test_fetching_without_a_network_is_one_sentence(here):
    nowhere = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"), "http://127.0.0.1:9")
    done = called("data fetch ijcnn1 --folder data", **nowhere, NO_PROXY="", no_proxy="")
    assert (done.returncode, done.stdout, done.stderr.count(b"\n")) == (2, b"", 1)
    assert b"cannot be reached (ProxyError); accepted: with a network, or its files ijcnn1.tr.bz2, " in done.stderr
