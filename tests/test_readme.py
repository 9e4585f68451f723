"""The README's examples run as they stand, and its tables are those of the zoo."""

import doctest
import importlib.util
import re
from pathlib import Path

from toybox.zoo import METHODS, PROBLEMS

ROOT = Path(__file__).parent.parent


def test_examples_run():
    result = doctest.testfile(str(ROOT / "README.md"), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert result.attempted > 20
    assert result.failed == 0


def test_tables_are_current():
    spec = importlib.util.spec_from_file_location("readme_tables", ROOT / "scripts" / "readme_tables.py")
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)
    text = tables.README.read_text("utf-8")
    assert tables.fill(text) == text, "run: python scripts/readme_tables.py"


def test_every_entry_names_paper_equation_and_file():
    known = set(re.findall(r"@\w+\{(\w+),", (ROOT / "toybox" / "references.bib").read_text("utf-8")))
    for name, entry in (METHODS | PROBLEMS).items():
        assert (ROOT / "toybox" / entry.file).is_file(), name
        assert set(entry.papers) <= known, name
        assert entry.equation, name


def test_pictures_are_there():
    for path in re.findall(r"\]\((figures/[^)]+)\)", (ROOT / "README.md").read_text("utf-8")):
        assert (ROOT / path).is_file(), path
