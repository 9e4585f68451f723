"""What a run leaves behind: the table against the arrays, files, and groups of seeds against one run."""

import dataclasses
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

import toybox as tb
from toybox import optimizer
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


@pytest.mark.parametrize("content", ["text", "other", "cut", "unknown"])
def test_what_is_no_trace_is_refused(tmp_path, content):
    path = tmp_path / "x.npz"
    if content == "text":
        path.write_text("not a trace", "utf-8")
    elif content == "other":
        np.savez(path, a=np.zeros(3))
    elif content == "unknown":
        np.savez(path, _plain=np.array("{}"), more=np.zeros(3))
    else:
        whole = walk().save(path).read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"x\.npz' is no trace; accepted: a file that Trace\.save wrote"):
        Trace.load(path)


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
