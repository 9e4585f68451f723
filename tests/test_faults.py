"""The table of faults names tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROWS = re.findall(r"^\| (?!fault|---)(.*) \|$", (ROOT / "FAULTS.md").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("row", ROWS)
def test_every_row_names_its_tests(row):
    fault, happens, tests = row.split(" | ")
    assert fault
    assert happens
    for test in tests.split(", "):
        file, name = test.split("::")
        assert f"def {name}(" in (ROOT / file).read_text("utf-8"), test


def test_the_table_is_read():
    assert len(ROWS) > 50
    assert len(set(ROWS)) == len(ROWS)
