"""Results on disk: whole or absent, never wrong."""

import os
import re

import polars as pl
import pytest

from toybox import cli, study
from toybox.store import Store, Unwritable

FRAME = pl.DataFrame({"t": range(200), "x": [None, *(float(i) ** 0.5 for i in range(199))]}).with_columns(
    pl.Series("status", ["FOUND", "CAPPED"] * 100, dtype=pl.Enum(["FOUND", "CAPPED", "ASCENT"]))
)
META = {"floor": 0.1 + 0.2, "top": float("inf"), "papers": ["a"], "none": None}  # fmt: skip


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "results")
    store.put("k", FRAME, META)
    return store


def test_what_is_put_comes_back(store):
    frame, meta = store.get("k")
    assert frame.equals(FRAME)
    assert frame.schema == FRAME.schema
    assert meta == META
    assert store.has("k")


def test_what_was_never_put_is_absent_without_a_word(store, capfd):
    assert store.get("other") is None
    assert not store.has("other")
    assert not Store(store.path / "nowhere").has("k")
    assert capfd.readouterr() == ("", "")


def test_only_the_two_files_are_left(store):
    assert sorted(path.name for path in store.path.iterdir()) == ["k.json", "k.parquet"]


def test_a_second_put_replaces(store):
    store.put("k", FRAME.head(3), {"n": 1})
    frame, meta = store.get("k")
    assert (frame.height, meta) == (3, {"n": 1})


def cut(path):
    path.write_bytes(path.read_bytes()[:-20])


def empty(path):
    path.write_bytes(b"")


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)


def remove(path):
    path.unlink()


def replace(path):
    path.write_text("[1]" if path.suffix == ".json" else "no table", "utf-8")


@pytest.mark.parametrize("harm", [cut, empty, flip, replace])
@pytest.mark.parametrize("name", ["k.json", "k.parquet"])
def test_a_damaged_part_is_absent_with_a_warning(store, capfd, harm, name):
    harm(store.path / name)
    assert store.get("k") is None
    out, err = capfd.readouterr()
    assert out == ""
    assert err == f"toybox: {store.path / 'k'} is damaged and taken for absent\n"
    assert not store.has("k")
    store.put("k", FRAME, META)
    assert store.get("k")[0].equals(FRAME)


def test_a_changed_number_in_the_dictionary_is_seen(store):
    path = store.path / "k.json"
    path.write_text(path.read_text("utf-8").replace("0.30000000000000004", "0.40000000000000004"), "utf-8")
    assert not store.has("k")


def test_half_a_part(store, capfd):
    remove(store.path / "k.parquet")
    assert not store.has("k")
    assert "damaged" in capfd.readouterr().err
    store.put("k", FRAME, META)
    remove(store.path / "k.json")  # what a process killed between the two files leaves
    assert not store.has("k")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("calls", [1, 2])
def test_a_failed_write_never_mixes_two_parts(store, monkeypatch, calls):
    """The process ends at the first or second rename of a second put."""
    done = []

    def rename(source, target, replace=os.replace):
        done.append(target)
        if len(done) == calls:
            raise OSError("no space left")
        replace(source, target)

    monkeypatch.setattr(os, "replace", rename)
    with pytest.raises(OSError, match="no space"):
        store.put("k", FRAME.head(3), {"n": 1})
    if calls == 1:
        assert store.get("k")[0].equals(FRAME)
    else:
        assert store.get("k") is None


def test_the_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TOYBOX_STORE", raising=False)
    assert Store().path == tmp_path / "results"
    monkeypatch.setenv("TOYBOX_STORE", str(tmp_path / "mine"))
    assert Store().path == tmp_path / "mine"
    assert Store("here").path == tmp_path / "here"
    assert not any(tmp_path.iterdir())  # made by the first put


def test_a_file_is_no_store(tmp_path):
    (tmp_path / "f").write_text("", "utf-8")
    with pytest.raises(ValueError, match="f' is a file; accepted: a folder"):
        Store(tmp_path / "f")


@pytest.fixture
def locked(tmp_path, monkeypatch):
    """A folder that may not be written to, also where the tests run as an administrator."""
    folder, access = tmp_path / "locked", os.access
    folder.mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode: "locked" not in str(path) and access(path, mode))
    return folder


def test_a_folder_below_a_file_is_refused(tmp_path):
    (tmp_path / "f").write_text("", "utf-8")
    with pytest.raises(ValueError, match=re.escape(f": {tmp_path / 'f'} is a file; accepted: a folder")):
        Store(tmp_path / "f" / "a" / "b")


def test_a_locked_store_is_refused_before_anything_is_computed(locked, monkeypatch):
    monkeypatch.setattr(study, "_job", None)
    run = study.Run(problem="quadratic", method="sgd", steps=1, batch=1)
    with pytest.raises(Unwritable, match="locked may not be written to; accepted: a folder that you may write to"):
        study.compute(study.Study(name="x", runs=[run]), locked / "store")
    assert cli.main(["run", "quadratic", "sgd", "--store", str(locked)]) == 2


def test_a_locked_store_gives_what_it_has(locked, monkeypatch):
    results = study.Study(name="x", runs=[study.Run(problem="quadratic", method="sgd", steps=1, batch=1)])
    with monkeypatch.context() as open_:
        open_.setattr(os, "access", lambda path, mode: True)
        [computed] = study.compute(results, locked, workers=1)
    [read] = study.compute(results, locked)
    assert read.frame.equals(computed.frame)
