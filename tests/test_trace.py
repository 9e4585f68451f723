"""What a run leaves behind: the table against the arrays, files, and groups of seeds against one run."""

import contextlib
import dataclasses
import hashlib
import io
import struct
import subprocess
import sys
import time
import tracemalloc
import zipfile

import numpy as np
import polars as pl
import pytest

import toybox as tb
from toybox import archive, optimizer
from toybox.trace import COSTS, Trace

SEEDS = (3, 1, 4)


def ragged(look):
    """A measurement with one more column from step 4 on."""
    return np.stack([np.sum(look.theta, axis=-1)] * (1 if look.t < 4 else 2), axis=-1)


PROBES = (tb.Probe("sum", lambda look: np.sum(look.theta, axis=-1)), tb.Probe("a/b", ragged))


def walk(problem="quadratic", method="sgd", options=(("dim", 3), ("size", 12)), hyper=(("rate", [0.1, 0.2]),), **how):
    how = {"steps": 7, "batch": 4, "seeds": SEEDS, "every": 3} | how
    return tb.run(tb.problem(problem, **dict(options)), tb.method(method, **dict(hyper)), **how)


def same(a, b):
    """Equal bit for bit, type for type."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    return type(a) is type(b) and a == b


def differing(a: Trace, b: Trace) -> list[str]:
    return [f.name for f in dataclasses.fields(Trace) if not same(getattr(a, f.name), getattr(b, f.name))]


def test_a_trace_shows_itself_in_a_few_lines():
    """What it says is what the arrays say, as text and as a table of HTML."""
    trace = walk("logistic", "sls", (("size", 40),), (("gamma", [1.5, 2.0]),))
    shown = dict(line.split("  ", 1) for line in repr(trace).splitlines() if line[0] != " ")
    quartiles = lambda values: "{1:.4g} [{0:.4g}, {2:.4g}]".format(*np.quantile(values, [0.25, 0.5, 0.75]))
    assert (
        shown["full loss"].strip() == f"{quartiles(trace.full_loss[-1])}, at the start {quartiles(trace.full_loss[0])}"
    )
    assert shown["test accuracy"].strip().startswith(quartiles(trace.test_accuracy[-1]))
    assert {key: text.strip() for key, text in shown.items()}.items() >= {
        "method": "sls",
        "lanes": "3 x 2 (seeds, gamma)",
        "steps": "7, on batches of 4 of 32 samples",
        "statuses": "FOUND 42",
    }.items()
    assert f"values {trace.counts['values'][-1].mean():.6g}, gradients 7, samples " in shown["mean cost"]
    assert len(repr(trace).splitlines()) < 12
    assert max(map(len, repr(trace).splitlines())) <= 80
    page = trace._repr_html_()
    assert all(f"<tr><th>{key}</th><td>{text.strip()}</td></tr>" in page for key, text in shown.items())


def test_lost_lanes_show_as_infinite_and_no_steps_as_none():
    lost = repr(walk(hyper=(("rate", [0.1, 1e200]),)))
    assert "full loss  inf [" in lost
    assert "; 3 lanes ended early" in lost
    assert "statuses   none" in repr(walk(steps=0))


def test_every_cell_of_the_table():
    trace = walk("logistic", "adam", (("size", 40),), (("rate", [0.1, 0.3]), ("beta1", [0.9, 0.5])))
    frame, lanes = trace.to_frame(), [(s, h) for s in range(3) for h in range(2)]
    assert frame.columns == [
        "t", "seed", "beta1", "rate", "loss", "size", "arc", "trials", "status", "batches", "epochs", "values",
        "gradients", "samples", "seconds", "full_loss", "test_accuracy",
    ]  # fmt: skip
    assert frame.height == 8 * 6
    costs = {kind: trace.cost(kind) for kind in COSTS}
    for row, (t, (s, h)) in zip(frame.rows(named=True), ((t, lane) for t in range(8) for lane in lanes), strict=True):
        assert (row["t"], row["seed"]) == (t, SEEDS[s])
        assert (row["rate"], row["beta1"]) == ([0.1, 0.3][h], [0.9, 0.5][h])
        for name in ("loss", "size", "arc", "trials"):
            assert row[name] == (getattr(trace, name)[t, s, h] if t < 7 else None)
        assert row["status"] == (tb.Status(trace.status[t, s, h]).name if t < 7 else None)
        for kind in COSTS[1:]:
            assert row[kind] == (costs[kind][t - 1, s, h] if t else 0)
        looked = list(trace.probe_steps).index(t) if t in (0, 3, 6, 7) else None
        for name in ("full_loss", "test_accuracy"):
            assert row[name] == (None if looked is None else getattr(trace, name)[looked, s, h])


def test_statuses_are_an_enum_of_all_names():
    assert walk().to_frame().schema["status"] == pl.Enum([status.name for status in tb.Status])


def test_two_hyper_axes_and_one_lane():
    grid = walk(hyper=(("rate", [[0.1], [0.2]]), ("schedule", "cosine")), method="momentum").to_frame()
    assert grid.height == 8 * 3 * 2
    single = walk(hyper=(), seeds=(9,)).to_frame()
    assert single.height == 8
    assert single["seed"].unique().to_list() == [9]


def test_a_table_keeps_one_schema_whatever_was_measured():
    wide, narrow = walk(hyper=()), walk(options=(("dim", 3), ("size", 12), ("dtype", "float32")), hyper=())
    accuracy = walk("logistic", options=(("size", 40),), hyper=())
    assert narrow.loss.dtype == np.float32
    assert wide.to_frame().schema == narrow.to_frame().schema == accuracy.to_frame().schema
    assert wide.to_frame()["test_accuracy"].null_count() == 8 * 3
    assert narrow.to_frame()["loss"][0] == float(narrow.loss[0, 0])


def test_not_measured_is_null_and_not_finite_is_not():
    trace = walk(hyper=(), every=None)
    broken = dataclasses.replace(trace, full_loss=np.full((2, 3), np.nan), loss=np.full((7, 3), np.inf))
    frame = broken.to_frame()
    assert frame["full_loss"].is_nan().sum() == 6
    assert frame["full_loss"].null_count() == 6 * 3
    assert frame["loss"].is_infinite().sum() == 7 * 3


def test_a_run_without_steps():
    frame = walk(steps=0).to_frame()
    assert frame.height == 6
    assert frame["full_loss"].null_count() == 0
    assert frame["loss"].null_count() == 6


@pytest.mark.parametrize("problem", ["quadratic", "logistic"])
def test_save_and_load(tmp_path, problem):
    trace = walk(problem, options=(("size", 30),), probes=PROBES)
    assert isinstance(trace.probes["a/b"], list)
    path = trace.save(tmp_path / "deep" / "run.v1")
    assert path == tmp_path / "deep" / "run.v1.npz"
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    assert not differing(Trace.load(path), trace)
    assert not differing(Trace.load(path.with_suffix("")), trace)


def test_numpy_numbers_can_be_saved(tmp_path):
    trace = walk(batch=np.int64(4))
    assert Trace.load(trace.save(tmp_path / "t")).batch == 4


@pytest.mark.parametrize("content", ["text", "empty", "other", "cut", "unknown", "folder"])
def test_what_is_no_trace_is_refused(tmp_path, content):
    path = tmp_path / "x.npz"
    if content in ("text", "empty"):
        path.write_text("not a trace" if content == "text" else "", "utf-8")
    elif content == "folder":
        path.mkdir()
    elif content == "other":
        np.savez(path, a=np.zeros(3))
    elif content == "unknown":
        archive.write(path, {}, {"more": np.zeros(3)})
    else:
        whole = walk().save(path).read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"x\.npz' is no trace; accepted: a file that Trace\.save wrote"):
        Trace.load(path)


def damaged(whole: bytes, rng) -> bytes:
    """A few bytes changed, cut out, put in, or moved, at random."""
    content, at, many = bytearray(whole), int(rng.integers(len(whole))), int(rng.choice([1, 1, 2, 8, 100]))
    some = rng.integers(0, 256, many, np.uint8).tobytes()
    match rng.integers(5):
        case 0:
            content[at] ^= 1 << int(rng.integers(8))
        case 1:
            content[at : at + many] = some
        case 2:
            content[at:at] = some
        case 3:
            del content[at : at + many]
        case 4:
            del content[at:]
    return bytes(content)


def signed(content: bytes) -> bytes:
    """The content with a checksum that vouches for it."""
    return content + archive.MARK + hashlib.sha256(content).hexdigest().encode()


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A trace with everything that one can hold, and the bytes of its file."""
    trace = walk("logistic", options=(("size", 30),), probes=PROBES, steps=5)
    return trace, trace.save(tmp_path_factory.mktemp("kept") / "trace").read_bytes()


@contextlib.contextmanager
def allocating_at_most(most):
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("vouched", "files"), [(False, 2000), (True, 400)])
def test_damaged_files(tmp_path, kept, vouched, files):
    """None of them loads as another trace, fails otherwise than with this sentence, or takes memory for what is not
    there. vouched: damaged behind the back of the checksum, which was made anew."""
    (trace, whole), rng, refused = kept, np.random.default_rng(0), 0
    Trace.load(trace.save(tmp_path / "first"))  # whatever the first call takes
    with allocating_at_most(10 << 20):
        for i in range(files):
            content = signed(damaged(whole[: -archive.COMMENT], rng)) if vouched else damaged(whole, rng)
            path = tmp_path / f"{i}.npz"
            path.write_bytes(content)
            try:
                found = Trace.load(path)
            except ValueError as error:
                refused += str(error) == f"path={str(path)!r} is no trace; accepted: a file that Trace.save wrote"
            else:
                assert not differing(found, trace)
                refused += vouched or content == whole
    assert refused == files


def bomb(member: bytes) -> bytes:
    """An archive whose loss is this member."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("loss.npy", member)
    return signed(buffer.getvalue()[:-2] + struct.pack("<H", archive.COMMENT))


def test_no_memory_is_taken_for_an_array_that_is_not_there(tmp_path):
    """A header that promises a terabyte over no data, and a member that promises more than its bytes can hold."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (1 << 37,)})
    short = bomb(header.getvalue())
    one = io.BytesIO()
    np.save(one, np.zeros(1000))
    boasting = bytearray(bomb(one.getvalue()))
    place = boasting.index(b"PK\x01\x02") + 24  # the member's size, in the archive's directory
    boasting[place : place + 4] = struct.pack("<I", (1 << 32) - 2)
    path = tmp_path / "x.npz"
    for content in (short, signed(bytes(boasting[: -archive.COMMENT]))):
        path.write_bytes(content)
        with allocating_at_most(1 << 20), pytest.raises(ValueError, match=r"loss\.npy is not of the size that it says"):
            archive.read(path)
        with pytest.raises(ValueError, match="is no trace"):
            Trace.load(path)


NO = {
    "theta": ([1.0], np.zeros(3), np.zeros((3, 2, 3), int)),
    "loss": (np.zeros((6, 3, 2)), np.zeros((5, 3)), np.zeros((5, 3, 2), complex)),
    "status": (np.full((5, 3, 2), 9, np.int8), np.zeros((5, 3, 2))),
    "trials": (np.zeros((5, 3, 2)),),
    "counts": ({}, {"values": np.zeros((5, 3, 2), int)}),
    "seconds": (np.zeros(4), np.zeros(5, "m8[s]")),
    "probe_steps": (np.array([0, 3, 6]), np.array([0, 3, -1]), np.zeros(3)),
    "full_loss": (np.zeros((2, 3, 2)),),
    "test_accuracy": (np.zeros((2, 3, 2)), np.zeros((3, 3, 2), int)),
    "seeds": (np.arange(2), np.array([1.0, 2.0, 3.0])),
    "hyper": ({"rate": np.zeros(3)}, {"rate": [0.1, 0.2]}, {1: np.zeros(2)}),
    "probes": ({"p": np.zeros((2, 3, 2))}, {"p": [np.zeros((3, 2))] * 2}, {"p": [np.zeros(3)] * 3}, {"p": [None] * 3}),
    "problem_size": (0, 1.5),
    "batch": (0, True),
    "method": (None, 3),
}


@pytest.mark.parametrize("part", NO)
def test_parts_that_do_not_fit_are_neither_saved_nor_loaded(tmp_path, kept, part):
    for value in NO[part]:
        wrong, path = dataclasses.replace(kept[0], **{part: value}), tmp_path / "x.npz"
        with pytest.raises(ValueError, match=r"is not accepted; accepted: "):
            wrong.save(path)
        assert not path.exists()
    assert {f.name for f in dataclasses.fields(Trace)} - {"size", "arc"} == NO.keys()


def test_nothing_is_pickled(tmp_path, kept):
    """Also not from within a record, which NumPy would pickle whole."""
    for value in (np.full((3, 3, 2), object()), np.zeros((3, 3, 2), [("a", object)]), [np.array([[None] * 2] * 3)] * 3):
        with pytest.raises(ValueError, match=r"probes\['mine'\]=.* is not accepted; accepted: an array of shape"):
            dataclasses.replace(kept[0], probes={"mine": value}).save(tmp_path / "x")
    with pytest.raises(ValueError, match="a holds objects"):
        archive.write(tmp_path / "x.npz", {}, {"a": np.array([None])})
    assert not [*tmp_path.iterdir()]


def test_probes_of_every_kind_and_name_come_back(tmp_path, kept):
    kinds = ("f4", "f8", "f2", "g", "c16", "i1", "i8", "u2", "?", "U3", "S5")
    values = {f"probes/{kind}/../\0é\ud800": np.ones((3, 3, 2, 1)).astype(kind) for kind in kinds}
    values |= {
        "": [np.zeros((3, 2, i)) for i in range(3)],
        "empty": np.zeros((3, 3, 2, 0)),
        "_plain": np.ones((3, 3, 2)),
    }
    trace = dataclasses.replace(kept[0], probes=values)
    assert not differing(Trace.load(trace.save(tmp_path / "t")), trace)


def test_a_save_that_fails_leaves_what_was_there(tmp_path, kept, monkeypatch):
    path = kept[0].save(tmp_path / "x")
    before = path.read_bytes()

    def full(place, content):
        with place.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(path), "write_bytes", full)
    with pytest.raises(OSError, match="No space"):
        walk(steps=1).save(path)
    assert [p.name for p in tmp_path.iterdir()] == ["x.npz"]
    assert path.read_bytes() == before


SAVE_FOR_EVER = """
import sys
from toybox import Trace
one, other, place = sys.argv[1:]
traces = [Trace.load(one), Trace.load(other)]
while True:
    for trace in traces:
        trace.save(place)
        print(flush=True)
"""


def test_a_process_that_is_killed_while_it_saves_leaves_a_whole_file(tmp_path, kept):
    """Killed in the middle of saving, wherever that is: what lies there is one of the two traces."""
    traces, place = [kept[0], walk(steps=40)], tmp_path / "there" / "x.npz"
    files = [trace.save(tmp_path / str(i)) for i, trace in enumerate(traces)]
    for delay in (0, 0.003, 0.007, 0.011):
        command = [sys.executable, "-c", SAVE_FOR_EVER, *files, place]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            time.sleep(delay)
            process.kill()
        assert any(not differing(Trace.load(place), trace) for trace in traces)


def test_loading_nothing(tmp_path):
    with pytest.raises(FileNotFoundError):
        Trace.load(tmp_path / "none")


@pytest.mark.parametrize("problem", ["quadratic", "logistic"])
def test_groups_of_seeds_equal_one_run(monkeypatch, problem):
    how = {"options": (("size", 30),), "probes": PROBES, "method": "sls", "hyper": (("c", [0.1, 0.5]),)}
    whole = walk(problem, **how)
    groups = []
    monkeypatch.setattr(optimizer, "GATHER", 1)
    monkeypatch.setattr(Trace, "join", classmethod(lambda cls, parts: groups.extend(parts) or join(parts)))
    apart = walk(problem, **how)
    assert len(groups) == len(SEEDS)
    assert np.allclose(apart.seconds, sum(part.seconds for part in groups))
    assert differing(whole, apart) == ["seconds"]


join = Trace.join


def test_costs_and_ends():
    trace = walk(method="sls", hyper=())
    assert (trace.cost("steps")[:, 0] == np.arange(1, 8)).all()
    assert (trace.cost("epochs") == trace.counts["drawn"] / 12).all()
    assert (trace.probe_cost("samples")[0] == 0).all()
    assert (trace.probe_cost("samples")[1:] == trace.cost("samples")[[2, 5, 6]]).all()
    with pytest.raises(ValueError, match="did you mean 'epochs'"):
        trace.cost("epoch")
    status = trace.status.copy()
    status[4:, 1] = tb.Status.NONFINITE
    assert dataclasses.replace(trace, status=status).ended.tolist() == [7, 4, 7]


def test_polars_is_loaded_by_to_frame_only():
    code = "import sys, toybox.trace, toybox.store; sys.exit('polars' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
