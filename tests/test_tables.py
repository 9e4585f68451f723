"""Tables of results: what ran is in their columns, option by option, and they are pandas' where that is installed."""

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

import toybox as tb
from toybox import study, zoo
from toybox.extras import install
from toybox.study import Run, Study, compute, stack, summary
from toybox.zoo import METHODS, SHARED, defaults

RUNS = [
    {"problem": "quadratic", "options": {"dim": 3, "size": 20}, "method": "sls", "hyper": {"gamma": [1.5, 2.0]}},
    {"problem": "factorization", "options": {"rank": None}, "method": "sls", "hyper": {"c": 0.2}, "batch": 7},
    {"problem": "digits", "options": {"hidden": [2, 3], "rows": 50}, "method": "sgd", "hyper": {"rate": 1}},
    {"problem": "quadratic", "options": {"size": 20}, "method": "labpal-sgd", "hyper": {"momentum": [0.1, 0.9]}},
]  # fmt: skip


def results(runs, store):
    common = {"steps": 3, "batch": 5, "seeds": 2}
    return compute(Study(name="tables", runs=[Run(**common | run) for run in runs]), store, workers=1)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return results(RUNS, tmp_path_factory.mktemp("store"))


@pytest.mark.parametrize("table", [stack, summary])
def test_every_option_and_hyper_parameter_is_a_column(table, found):
    """Defaults filled in, lanes with their own values, null where a run has none; and of one type."""
    rows = table(found)
    for result, run in zip(found, RUNS, strict=True):
        mine = rows.filter(pl.col("title") == result.run.title)
        options = defaults(zoo.PROBLEMS[run["problem"]]) | SHARED | run["options"]
        hyper = defaults(METHODS[run["method"]]) | run["hyper"]
        chosen = {"problem": run["problem"], "method": run["method"], "steps": 3, "batch": run.get("batch", 5)}
        chosen |= {f"problem.{name}" if name in ("size", "loss") else name: value for name, value in options.items()}
        chosen |= hyper
        if run["problem"] == "digits":  # numbers beside factorization's texts, and a list
            chosen |= {"rows": "50", "hidden": "[2, 3]"}
        for name in set(rows.columns[: rows.columns.index("t" if table is stack else "lane")]) - {"title", "sampler"}:
            expected = chosen.get(name)
            values = expected if isinstance(expected, list) else [expected]
            assert mine[name].unique(maintain_order=True).to_list() == values, name


def test_what_ran_comes_first_and_in_one_order(found):
    rows, ends = stack(found), summary(found)
    first = ["title", "problem", "method", "steps", "batch", "every", "sampler"]
    problems = [
        "backend",
        "common",
        "condition",
        "data_seed",
        "dim",
        "dtype",
        "line",
        "problem.size",
        "spectrum",
        "spread",
    ]
    assert rows.columns[: len(first + problems)] == first + problems
    start = rows.columns.index("t")
    assert rows.columns[start : start + 4] == ["t", "seed", "loss", "size"]
    assert rows.columns[:start] == ends.columns[:start]
    assert ends.columns[start:][:4] == ["lane", "seeds", "full_loss", "lower"]
    assert ends["lane"].to_list() == ["gamma=1.5", "gamma=2", "", "", "momentum=0.1", "momentum=0.9"]


def test_names_that_problem_and_method_share_have_an_owner(tmp_path, monkeypatch):
    """In all runs of a table, also in those that know one of the two only; lanes, too."""

    def sgd(rate=0.1, dim=3.0):
        return METHODS["nsgd"].make(rate)

    def pal(dim=0.1):
        return tb.Optimizer(tb.methods.fixed.Gradient(), tb.methods.pal.PAL(mu=dim))

    monkeypatch.setitem(METHODS, "sgd", METHODS["sgd"]._replace(make=sgd))
    monkeypatch.setitem(METHODS, "pal", METHODS["pal"]._replace(make=pal))
    runs = [
        {"problem": "quadratic", "options": {"dim": 4}, "method": "sgd", "hyper": {"dim": 5}},
        {"problem": "factorization", "method": "pal", "hyper": {"dim": [0.1, 0.2]}},
    ]
    rows = stack(results(runs, tmp_path))
    assert "dim" not in rows.columns
    assert rows["problem.dim"].unique(maintain_order=True).to_list() == [4, None]
    assert rows["method.dim"].unique(maintain_order=True).to_list() == [5.0, 0.1, 0.2]


def laned(name):
    """The hyper-parameters of a method that may be arrays, each with two values."""
    for option, default in defaults(METHODS[name]).items():
        try:
            largest = float(default) or 1.0
            values = [0.5 * largest, largest] if np.isfinite(largest) else [0.5, 1.0]
            if tb.method(name, **{option: values}).lanes:
                yield option, values
        except (TypeError, ValueError):  # whole numbers, choices
            pass


@pytest.mark.parametrize("name", METHODS)
def test_lanes_are_called_as_the_options_are(name, tmp_path):
    """Whatever the fields of a direction or rule are called: LABPAL's momentum is a field beta."""
    assert list(laned(name)) or name.startswith("exact")
    for option, values in laned(name):
        run = {"problem": "mirrored", "method": name, "hyper": {option: values}, "batch": 2}
        assert stack(results([run], tmp_path))[option].unique().sort().to_list() == values, option


def test_tables_become_pandas(found):
    pytest.importorskip("pandas", reason=install("pandas"))
    pytest.importorskip("pyarrow", reason=install("pandas"))
    rows = stack(found)
    frame = rows.to_pandas()
    assert list(frame.columns) == rows.columns
    assert frame["loss"].sum() == pytest.approx(rows["loss"].sum())
    assert set(frame["status"].dropna()) == set(rows["status"].drop_nulls())
    assert summary(found).to_pandas().shape == summary(found).shape
    assert found[0].frame.to_pandas().shape == found[0].frame.shape


ELSEWHERE = """
import sys
from toybox.study import Run, Study, compute
compute(Study(name="tables", runs=[Run(problem="logistic", method="sls", steps=3, batch=5, seeds=2)]), sys.argv[1])
"""


def test_a_table_that_mixes_machines_says_so_once(tmp_path, capfd, monkeypatch):
    """One run on this machine, the same on another processor as far as BLAS can tell."""
    [here] = results([{"problem": "logistic", "method": "sls"}], tmp_path / "here")
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Nehalem" if "Nehalem" not in here.meta["blas"] else "Haswell")
    subprocess.run([sys.executable, "-c", ELSEWHERE, str(tmp_path / "there")], check=True)
    there = study.Result(here.run, study.Store(tmp_path / "there"))
    if there.meta["blas"] == here.meta["blas"]:
        pytest.skip(f"{here.meta['blas']} does not let its kernel be chosen")
    stack([here, here]), summary([there])
    assert capfd.readouterr().err == ""
    for table in (stack, summary, stack):
        table([here, there, here])
    err = capfd.readouterr().err
    assert err.startswith("toybox: blas differs among these results: openblas ")
    assert f"{here.meta['blas']} (2)" in err
    assert f"{there.meta['blas']} (1)" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", ["code", "processor", "numpy"])
def test_other_mixtures_are_told_of(found, capfd, name):
    other = dict(found[0].meta)
    other |= {"versions": other["versions"] | {"numpy": "0.1"}} if name == "numpy" else {name: "other"}
    elsewhere = SimpleNamespace(run=found[0].run, frame=found[0].frame, meta=other)
    summary([*found, elsewhere])
    assert capfd.readouterr().err.startswith(f"toybox: {name} differs among these results: ")


def test_statuses_stand_in_one_order():
    """As many of one as of another: by their names."""
    statuses = ["FOUND", "CAPPED", "ASCENT"] * 4
    rng, seen = np.random.default_rng(0), set()
    for _ in range(20):
        frame = pl.DataFrame({"t": range(12), "seed": 0, "loss": 0.0, "status": rng.permutation(statuses).tolist()})
        frame = frame.with_columns(full_loss=0.0, test_accuracy=None, values=0, gradients=0)
        run = Run(problem="quadratic", method="exact", steps=11, batch=1)
        seen.add(summary([SimpleNamespace(run=run, frame=frame, meta={"seconds": 0.0})])["statuses"][0])
    assert seen == {"ASCENT 4, CAPPED 4, FOUND 4"}
