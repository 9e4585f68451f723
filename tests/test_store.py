"""Results on disk: whole or absent, never wrong, whoever writes, dies or runs out of room meanwhile."""

import io
import os
import random
import re
import subprocess
import sys
import time
import uuid
from pathlib import Path

import polars as pl
import pytest

from toybox import cli, study
from toybox.store import DAY, Store, Unwritable

FRAME = pl.DataFrame({"t": range(200), "x": [None, *(float(i) ** 0.5 for i in range(199))]}).with_columns(
    pl.Series("status", ["FOUND", "CAPPED"] * 100, dtype=pl.Enum(["FOUND", "CAPPED", "ASCENT"]))
)
META = {"floor": 0.1 + 0.2, "top": float("inf"), "papers": ["a"], "none": None}  # fmt: skip


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "results")
    store.put("k", FRAME, META)
    return store


def intact(store, key="k"):
    frame, meta = store.get(key)
    return frame.equals(FRAME) and frame.schema == FRAME.schema and meta == META


def test_what_is_put_comes_back(store):
    assert intact(store)
    assert store.has("k")


def test_what_was_never_put_is_absent_without_a_word(store, capfd):
    assert store.get("other") is None
    assert not store.has("other")
    assert not Store(store.path / "nowhere").has("k")
    assert capfd.readouterr() == ("", "")


def test_a_part_is_one_file_that_says_what_it_is(store):
    assert [path.name for path in store.path.iterdir()] == ["k.toybox"]
    magic, record, table = (store.path / "k.toybox").read_bytes().split(b"\n", 2)
    assert magic.startswith(b"toybox ")
    assert record.startswith(b'{"key": "k", "meta": {"floor": 0.30000000000000004, ')
    assert pl.read_parquet(io.BytesIO(table)).equals(FRAME)


def test_a_second_put_replaces(store):
    store.put("k", FRAME.head(3), {"n": 1})
    frame, meta = store.get("k")
    assert (frame.height, meta) == (3, {"n": 1})


# --- damage ------------------------------------------------------------------------------------------------------

HARM = {
    "cut": lambda content: content[:-20],
    "empty": lambda content: b"",
    "flip in the table": lambda content: content[:-100] + bytes([content[-100] ^ 1]) + content[-99:],
    "a number in the dictionary": lambda content: content.replace(b"0.30000000000000004", b"0.40000000000000004"),
    "no part": lambda content: b"[1]",
    "nothing but lines": lambda content: b"\n\n\n",
    "longer": lambda content: content + b"\0",
    "twice": lambda content: content + content,
    "the table of before": lambda content: content.replace(b"PAR1", b"PAR2"),
}


@pytest.mark.parametrize("harm", HARM)
def test_a_damaged_part_is_absent_with_a_warning(store, capfd, harm):
    file = store.path / "k.toybox"
    file.write_bytes(HARM[harm](file.read_bytes()))
    assert store.get("k") is None
    assert capfd.readouterr() == ("", f"toybox: {file} is damaged and taken for absent\n")
    assert not store.has("k")
    store.put("k", FRAME, META)
    assert intact(store)


def test_no_damage_gives_other_numbers(store, capfd):
    """Thousands of bits, bytes, lengths and places changed at random: absent, or as it was."""
    file, rng = store.path / "k.toybox", random.Random(1)
    whole = file.read_bytes()
    for turn in range(3000):
        content, at = bytearray(whole), rng.randrange(len(whole))
        if turn % 3 == 0:
            content[at] ^= 1 << rng.randrange(8)
        elif turn % 3 == 1:
            del content[at : at + rng.choice([1, 7, len(whole)])]
        else:
            content[at:at] = rng.randbytes(rng.choice([1, 64]))
        file.write_bytes(content)
        assert bytes(content) == whole or store.get("k") is None, (turn, at)
    capfd.readouterr()


def test_the_part_of_another_key_is_absent(store, capfd):
    (store.path / "k.toybox").rename(store.path / "other.toybox")
    assert store.get("other") is None
    assert not store.has("other")
    assert "other.toybox is damaged and taken for absent" in capfd.readouterr().err


def test_a_part_that_is_vouched_for_but_not_a_part_is_absent(store, capfd):
    from toybox.store import MAGIC, _sha256

    for record in (b"[1]\nx", b"{}\nx", b'{"key": "k"}\nx', b"[" * 100_000 + b"\nx", b"\xff\nx"):
        (store.path / "k.toybox").write_bytes(MAGIC + _sha256(record) + b"\n" + record)
        assert store.get("k") is None
    assert capfd.readouterr().err.count("is damaged and taken for absent") == 5


def test_a_folder_in_the_place_of_a_part_is_an_error(tmp_path):
    run = study.Run(problem="quadratic", method="sgd", steps=1, batch=1)
    (tmp_path / f"{run.key}.toybox").mkdir()
    for ask in (Store(tmp_path).has, Store(tmp_path).get):
        with pytest.raises(Unwritable, match=r"\.toybox cannot be read \(Is a directory\); accepted: a result, or"):
            ask(run.key)
    with pytest.raises(Unwritable, match="Is a directory"):
        study.compute(study.Study(name="x", runs=[run]), tmp_path)


# --- several processes, and processes that die -------------------------------------------------------------------

HEAD = """
import os, sys
import polars as pl
from toybox.store import Store
store = Store(sys.argv[1])
"""
WRITER = """
for turn in range(3):
    for key in range(150):
        mine = int(sys.argv[2]) + turn
        store.put(str(key), pl.DataFrame({"x": [mine] * (1 + 40 * mine)}), {"writer": mine})
        other = store.get(str((7 * key) % 150))
        assert other is None or set(other[0]["x"]) == {other[1]["writer"]}
        assert other is None or other[0].height == 1 + 40 * other[1]["writer"]
"""


def python(code, *arguments, **named):
    command = [sys.executable, "-c", HEAD + code, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **named)


def test_four_writers_and_readers_of_the_same_keys(tmp_path):
    """Every part is that of one of them, at every moment."""
    writers = [python(WRITER, tmp_path, 3 * number) for number in range(4)]
    for writer in writers:
        _, err = writer.communicate()
        assert (writer.returncode, err) == (0, "")
    assert len(list(tmp_path.iterdir())) == 150
    for key in range(150):
        frame, meta = Store(tmp_path).get(str(key))
        assert set(frame["x"]) == {meta["writer"]}


DIES = """
from pathlib import Path
def dies(self, content, write=Path.write_bytes):
    write(self, content[: len(content) // 2])
    os.kill(os.getpid(), 9)
Path.write_bytes = dies
store.put("k", pl.DataFrame({"x": [1]}), {})
"""


def test_a_writer_that_is_killed_leaves_the_old_part_and_its_rubbish_is_swept(store):
    killed = python(DIES, store.path)
    assert killed.wait() == -9
    killed.communicate()
    assert intact(store)
    [part] = store.path.glob("*.part")
    assert part.name.startswith("k.toybox.")
    store.check()
    store.sweep()
    assert [path.name for path in store.path.iterdir()] == ["k.toybox"]


def test_what_others_may_still_be_writing_is_not_swept(store):
    living = python("sys.stdin.read()", store.path, stdin=subprocess.PIPE)
    ended = python("", store.path)
    ended.communicate()
    here = os.uname().nodename
    name = lambda process, host: store.path / f"k.toybox.{uuid.uuid4().hex}.{process}@{host}.part"
    young = [name(living.pid, here), name(ended.pid, "elsewhere"), name("who", here), store.path / "k.part"]
    old = [name(ended.pid, here), name(living.pid, here), name(1, "elsewhere"), store.path / "old.json.12.part"]
    for part in (*young, *old):
        part.write_bytes(b"half")
    for part in old[1:]:
        os.utime(part, (time.time() - 1.1 * DAY,) * 2)
    store.sweep()
    assert sorted(store.path.glob("*.part")) == sorted(young)
    living.communicate()


FULL = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
from toybox.store import Unwritable
big = pl.DataFrame({"x": [float(i) ** 0.5 for i in range(20_000)]})
for _ in range(2):
    try:
        store.put("k", big, {})
        print("kept")
    except Unwritable as error:
        print(error)
store.put("small", pl.DataFrame({"x": [1]}), {})
"""


def test_a_disk_without_room_keeps_what_was_there(store):
    """The system refuses the file at 20 kB, as a full disk does: at some write in the middle."""
    full = python(FULL, store.path, 20_000)
    out, err = full.communicate()
    sentence = f"store {store.path} cannot keep a result (File too large); accepted: a folder that you may write to, on"
    assert [line.startswith(sentence) for line in out.splitlines()] == [True, True], out + err
    assert err == ""
    assert sorted(path.name for path in store.path.iterdir()) == ["k.toybox", "small.toybox"]
    assert intact(store)


def test_a_failed_rename_keeps_what_was_there(store, monkeypatch):
    def refuse(*names):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(Unwritable, match="No space left on device"):
        store.put("k", FRAME.head(3), {"n": 1})
    assert [path.name for path in store.path.iterdir()] == ["k.toybox"]
    assert intact(store)


# --- the folder --------------------------------------------------------------------------------------------------


def test_the_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TOYBOX_STORE", raising=False)
    assert Store().path == tmp_path / "results"
    monkeypatch.setenv("TOYBOX_STORE", str(tmp_path / "mine"))
    assert Store().path == tmp_path / "mine"
    assert Store("here").path == tmp_path / "here"
    assert not any(tmp_path.iterdir())  # made by the first put


def test_the_folder_of_the_user(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Store("~/mine").path == tmp_path / "mine"
    monkeypatch.setenv("TOYBOX_STORE", "~")
    assert Store().path == tmp_path


@pytest.mark.parametrize("below", ["", "a/b"])
def test_a_file_or_device_is_no_store(tmp_path, monkeypatch, below):
    (tmp_path / "f").write_text("", "utf-8")
    for place in (tmp_path / "f", Path(os.devnull)):
        monkeypatch.setenv("TOYBOX_STORE", str(place / below))
        named = re.escape(f"{place} is a file; accepted: a folder" if below else f"'{place}' is a file; accepted: a")
        for path in (None, place / below):
            with pytest.raises(ValueError, match=named):
                Store(path)
        assert cli.main(["run", "quadratic", "sgd", "--store", str(place / below)]) == 2


@pytest.mark.parametrize("name", ["/proc/self/none", "/dev/fd/none", "x" * 300])
def test_a_store_that_cannot_be_written_is_refused_before_anything_is_computed(name, monkeypatch, tmp_path, capfd):
    """Folders that not even an administrator can write to, whatever their permissions say."""
    if name[0] == "/" and not os.path.isdir(os.path.dirname(name)):
        pytest.skip(f"there is no {os.path.dirname(name)} here")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(study, "_job", None)
    run = study.Run(problem="quadratic", method="sgd", steps=1, batch=1)
    with pytest.raises(Unwritable, match=r"cannot (keep a result|be read) \(.*\); accepted: a"):
        study.compute(study.Study(name="x", runs=[run]), name)
    assert cli.main(["run", "quadratic", "sgd", "--store", name]) == 2
    assert capfd.readouterr().err.count("\n") == 1


def test_a_locked_store_gives_what_it_has(tmp_path, monkeypatch):
    results = study.Study(name="x", runs=[study.Run(problem="quadratic", method="sgd", steps=1, batch=1)])
    [computed] = study.compute(results, tmp_path, workers=1)

    def refuse(*anything, **named):
        raise PermissionError(13, "Permission denied")

    for name in ("write_bytes", "mkdir"):
        monkeypatch.setattr(f"pathlib.Path.{name}", refuse)
    [read] = study.compute(results, tmp_path)
    assert read.frame.equals(computed.frame)
