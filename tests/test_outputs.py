"""What cannot be written is refused before anything is computed; what can be is left as it was."""

import os
import re

import pytest

from toybox.outputs import writable_file, writable_folder


@pytest.fixture
def locked(tmp_path, monkeypatch):
    """A folder and a file in it that may not be written to, also where the tests run as an administrator."""
    folder = tmp_path / "locked"
    folder.mkdir()
    (folder / "file").write_text("old", "utf-8")
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: "locked" not in str(path) and access(path, mode))
    return folder


def test_what_can_be_written_comes_back_untouched(tmp_path):
    old = tmp_path / "old"
    old.write_text("as it was", "utf-8")
    assert writable_file(old, "--json") == old
    assert writable_file(str(tmp_path / "new"), "--json") == tmp_path / "new"
    assert writable_file(os.devnull, "--json").exists()
    assert writable_folder(tmp_path, "--out") == tmp_path
    assert writable_folder(tmp_path / "a" / "b", "--out") == tmp_path / "a" / "b"
    assert old.read_text("utf-8") == "as it was"
    assert list(tmp_path.iterdir()) == [old]


def test_relative_names_are_of_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert str(writable_file("x.json", "--json")) == "x.json"
    assert str(writable_folder("out", "--out")) == "out"


def test_a_file_that_cannot_be_written_is_refused(tmp_path, locked):
    old = tmp_path / "old"
    old.write_text("", "utf-8")
    refused = {
        tmp_path: f"--json {tmp_path} is a folder; accepted: a file",
        tmp_path / "no" / "x": f"--json {tmp_path / 'no' / 'x'}: the folder {tmp_path / 'no'} does not exist; accepted",
        old / "x": f"the folder {old} does not exist",
        locked / "file": f"--json {locked / 'file'} may not be written; accepted: a file that you have permission",
        locked / "new": f"--json {locked / 'new'} may not be written",
    }
    for path, sentence in refused.items():
        with pytest.raises(ValueError, match=re.escape(sentence)):
            writable_file(path, "--json")


def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path, locked):
    old = tmp_path / "old"
    old.write_text("", "utf-8")
    refused = {
        old: f"--out {old}: {old} is a file; accepted: a folder, which is made where it is missing",
        old / "a" / "b": f"--out {old / 'a' / 'b'}: {old} is a file",
        locked: f"--out {locked}: {locked} may not be written to; accepted: a folder that you may write to",
        locked / "a" / "b": f"{locked} may not be written to",
    }
    for path, sentence in refused.items():
        with pytest.raises(ValueError, match=re.escape(sentence)):
            writable_folder(path, "--out")
