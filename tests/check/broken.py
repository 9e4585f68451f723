"""Files with methods and problems that are right, and edits that break them in one law each."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

import toybox as tb
from toybox import own

HERE = Path(__file__).parent


class Broken(NamedTuple):
    """Edits of a file, the law that then fails, words of its sentence, and text of the line that it names."""

    law: str
    words: str
    line: str
    edits: dict[str, str]


def written(file: str, edits: dict[str, str], folder: Path) -> str:
    """The name of what ``mine.py``, a file of this folder with edits, has registered (or of its class)."""
    text = (HERE / file).read_text("utf-8")
    if "numpy" not in text:
        text = text.replace("import toybox", "import numpy as np\nimport toybox", 1)
    for old, new in edits.items():
        assert old in text, old
        text = text.replace(old, new)
    (folder / "mine.py").write_text(text, "utf-8")
    return own.names("mine.py")[0] if "@tb.register" in text else "mine.py:Halving"


def assert_fails(name: str, broken: Broken, folder: Path) -> None:
    """The law that is broken fails, no other does, and its sentence says what, with numbers, and where."""
    report = tb.check(name)
    failed = {row.law: row.said for row in report.rows if row.verdict == "failed"}
    assert list(failed) == [broken.law], str(report)
    assert not report.ok
    said = failed[broken.law]
    assert re.search(broken.words, said), said
    place = int(re.findall(r"\(mine\.py, line (\d+)\)", said)[-1])
    assert broken.line in (folder / "mine.py").read_text("utf-8").splitlines()[place - 1], said


@pytest.fixture(name="here")
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TOYBOX_TRACEBACK", raising=False)
    return tmp_path
