"""Traces and results as records of NumPy, tables of pandas, datasets of xarray: number by number what the trace has."""

import sys

import numpy as np
import pytest

import toybox as tb
from optional import needs
from toybox.extras import install
from toybox.study import Results, Run, Study, compute
from toybox.trace import COSTS

SEEDS = (3, 1, 4)
STEPS, EVERY = 7, 3


def ragged(look):
    """A measurement with one more column from step 4 on."""
    return np.stack([np.sum(look.theta, axis=-1)] * (1 if look.t < 4 else 2), axis=-1)


PROBES = (
    tb.Probe("sum", lambda look: np.sum(look.theta, axis=-1)),
    tb.Probe("positive", lambda look: np.sum(look.theta, axis=-1) > 0),
    tb.Probe("loss", lambda look: look.theta),  # a name that the table has already
    tb.Probe("ragged", ragged),
    tb.Probe("complex", lambda look: (1 + 2j) * np.sum(look.theta, axis=-1)),
    tb.Probe("text", lambda look: np.full(look.theta.shape[:-1], f"at {look.t}")),
)


def walk(**hyper):
    problem = tb.problem("quadratic", dim=3, size=12)
    return tb.run(problem, tb.method("sls", **hyper), steps=STEPS, batch=4, seeds=SEEDS, every=EVERY, probes=PROBES)


@pytest.fixture(scope="module")
def trace():
    return walk(c=np.array([0.1, 0.5]), beta=np.array([[0.5], [0.8], [0.9]]))


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Two ranks x two methods, of which one has two lanes."""
    runs = [
        Run(
            problem="factorization", options={"rank": rank}, method=method, hyper=hyper, steps=4, batch=10, seeds=(5, 2)
        )
        for rank in (1, 4)
        for method, hyper in (("sls", {}), ("sgd", {"rate": [0.1, 0.2]}))
    ]
    return compute(Study(name="frames", runs=runs), tmp_path_factory.mktemp("store"), workers=1)


def test_the_table_has_the_probes(trace):
    frame = trace.to_frame()
    measured = frame.filter(frame["sum"].is_not_null())
    assert measured["t"].unique().to_list() == trace.probe_steps.tolist()
    shape = (len(trace.probe_steps), *trace.lanes)
    for name, column in {"sum": "sum", "positive": "positive", "loss": "probe.loss", "text": "text"}.items():
        values = measured[column].to_numpy()
        assert np.array_equal(values.reshape(*shape, *values.shape[1:]), trace.probes[name]), name
    pairs = measured["complex"].to_numpy().reshape(*shape, 2)
    assert np.array_equal(pairs[..., 0] + 1j * pairs[..., 1], trace.probes["complex"])
    looks = [
        np.array(look.to_list()) for _, look in measured.group_by("t", maintain_order=True) for look in [look["ragged"]]
    ]
    for now, then in zip(looks, trace.probes["ragged"], strict=True):
        assert np.array_equal(now.reshape(then.shape), then)
    assert frame["loss"].null_count() == np.prod(trace.lanes)  # the column, not the probe


def test_probes_of_other_dtypes_become_columns():
    problem = tb.problem("quadratic", dim=2, size=12, dtype="float32")
    one = tb.run(problem, tb.method("sgd"), steps=2, batch=4, probes=[tb.Probe("theta", lambda look: look.theta)])
    values = one.to_frame()["theta"].to_numpy()
    assert values.dtype == np.float64
    assert np.array_equal(values, one.probes["theta"].reshape(-1, 2))
    exact = tb.problem("quadratic", dim=2, size=12, backend="exact")
    one = tb.run(exact, tb.method("sgd"), steps=2, batch=4, probes=[tb.Probe("theta", lambda look: look.theta)])
    assert np.array_equal(one.to_frame()["theta"].to_numpy(), one.probes["theta"].reshape(-1, 2).astype(float))


def test_records_have_the_columns_of_the_table(trace):
    frame, records = trace.to_frame(), trace.to_numpy()
    assert records.dtype.names == tuple(frame.columns)
    assert len(records) == len(frame)
    rows = (STEPS + 1, *trace.lanes)
    for name in ("loss", "size", "arc", "trials"):
        kept = records[name].reshape(rows)
        assert np.array_equal(kept[:-1], getattr(trace, name)), name
        assert np.isnan(kept[-1]).all()
    for kind in COSTS[1:]:
        assert np.array_equal(records[kind].reshape(rows)[1:], trace.cost(kind)), kind
    names = np.array([status.name for status in tb.Status])
    assert np.array_equal(records["status"].reshape(rows)[:-1], names[trace.status])
    assert all(status is None for status in records["status"].reshape(rows)[-1].flat)


@needs("pandas")
def test_pandas_tables_have_the_columns_of_the_table(trace, found):
    for thing in (trace, found):
        frame, table = thing.to_frame(), thing.to_pandas()
        assert list(table.columns) == frame.columns
        for name in ("loss", "trials", "values", "full_loss", "seed"):
            assert np.array_equal(table[name].to_numpy(), frame[name].to_numpy(), equal_nan=True), name
        assert table["status"].dropna().tolist() == frame["status"].drop_nulls().to_list()
    assert np.array_equal(np.stack(trace.to_pandas()["probe.loss"].dropna()), trace.probes["loss"].reshape(-1, 3))


@needs("xarray")
def test_a_dataset_of_a_trace_has_an_axis_for_seeds_every_hyper_parameter_and_steps(trace):
    data = trace.to_xarray()
    order = ("t", "seed", "beta", "c")
    assert data["loss"].dims == ("seed", "c", "beta", "t") or data["loss"].dims == ("seed", "beta", "c", "t")
    assert data["seed"].values.tolist() == [*SEEDS]
    assert data["t"].values.tolist() == [*range(STEPS + 1)]
    assert (data["c"].values.tolist(), data["beta"].values.tolist()) == ([0.1, 0.5], [0.5, 0.8, 0.9])
    for name in ("loss", "size", "arc", "trials"):
        values = data[name].transpose(*order).values
        assert np.array_equal(values[:-1], getattr(trace, name)), name
        assert np.isnan(values[-1]).all()
    names = np.array([status.name for status in tb.Status])
    assert np.array_equal(data["status"].transpose(*order).values[:-1], names[trace.status])
    for kind in COSTS[1:]:
        assert np.array_equal(data[kind].transpose(*order).values[1:], trace.cost(kind)), kind
        assert data[kind].attrs["units"]
        assert data[kind].attrs["description"]
    looks = data.sel(t=trace.probe_steps)
    assert np.array_equal(looks["full_loss"].transpose(*order).values, trace.full_loss)
    assert np.array_equal(looks["sum"].transpose(*order).values, trace.probes["sum"])
    assert np.array_equal(looks["probe.loss"].transpose(*order, "probe.loss.0").values, trace.probes["loss"])
    ends = looks["ragged"].transpose(*order, "ragged.0").values
    assert np.array_equal(ends[-1], trace.probes["ragged"][-1])
    assert np.isnan(ends[0, ..., 1]).all()
    assert np.isnan(data["full_loss"].sel(t=1)).all()  # not measured
    assert data.attrs == {"method": "sls", "problem_size": 12, "batch": 4}


@needs("xarray")
def test_hyper_parameters_that_were_not_crossed_share_an_axis():
    """Paired values are told apart by the first of them; the other is a coordinate along it."""
    data = walk(c=np.array([0.1, 0.5]), beta=np.array([0.5, 0.9])).to_xarray()
    assert data["loss"].dims == ("seed", "c", "t")
    assert data["beta"].dims == ("c",)
    assert data["beta"].values.tolist() == [0.5, 0.9]
    three = walk(c=np.array([0.1, 0.5, 0.1]), beta=np.array([0.5, 0.9, 0.9]))
    data = three.to_xarray()  # three of four combinations
    assert data["loss"].dims == ("seed", "run", "t")
    assert (data["c"].dims, data["c"].values.tolist()) == (("run",), [0.1, 0.5, 0.1])
    assert np.array_equal(data["loss"].transpose("t", "seed", "run").values[:-1], three.loss)


@needs("xarray")
def test_a_dataset_of_results_has_an_axis_for_all_that_was_crossed(found):
    slow = Results(result for result in found if result.run.method == "sgd")
    data = slow.to_xarray()
    assert dict(data.sizes) == {"seed": 2, "rank": 2, "rate": 2, "t": 5}
    assert (data.attrs["method"], data.attrs["problem"], data.attrs["batch"]) == ("sgd", "factorization", 10)
    for result in slow:
        for (rate,), lane in result.frame.group_by("rate"):
            for (seed,), run in lane.group_by("seed"):
                here = data.sel(rank=result.run.options["rank"], rate=rate, seed=seed)
                for name in ("loss", "full_loss", "samples"):
                    assert np.array_equal(here[name].values, run.sort("t")[name].to_numpy(), equal_nan=True)
    assert data["title"].sel(rank=4, rate=0.1) == slow[1].run.title


@needs("xarray")
def test_results_of_which_not_all_combinations_ran_have_one_axis(found):
    data = found.to_xarray()
    assert dict(data.sizes) == {"seed": 2, "run": 6, "t": 5}
    assert data["method"].values.tolist() == ["sls", "sgd", "sgd"] * 2
    assert np.array_equal(data["rate"].values, [np.nan, 0.1, 0.2] * 2, equal_nan=True)
    last = found[3].frame.filter(found[3].frame["t"] == 4)
    mine = data["full_loss"].isel(run=[4, 5], t=-1).transpose("seed", "run").values
    assert np.array_equal(mine.ravel(), last["full_loss"].to_numpy())


@needs("xarray")
def test_runs_of_other_lengths_and_seeds_leave_gaps(tmp_path):
    runs = [
        Run(problem="quadratic", method="sgd", batch=2, hyper={"rate": rate}, steps=steps, seeds=seeds)
        for rate, steps, seeds in ((0.1, 2, (0,)), (0.2, 4, (0, 7)))
    ]
    found = compute(Study(name="gaps", runs=runs), tmp_path, workers=1)
    data = found.to_xarray()
    assert data["values"].dims == ("seed", "rate", "t")
    gradients = data["gradients"].sel(seed=0).values
    assert np.array_equal(gradients, [[0, 1, 2, np.nan, np.nan], [0, 1, 2, 3, 4]], equal_nan=True)
    assert data["steps"].dims == ("rate",)
    twice = Results([found[0], found[0], found[1]]).to_xarray()
    assert twice.identical(data)
    assert np.isnan(data["values"].sel(seed=7, rate=0.1)).all()


@pytest.mark.parametrize("package", ["pandas", "xarray"])
def test_what_is_missing_is_said_in_a_sentence(trace, found, package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    for thing in (trace, found):
        with pytest.raises(ModuleNotFoundError) as raised:
            getattr(thing, f"to_{package}")()
        assert str(raised.value).endswith(
            f" of {package} needs a package that is not installed ({package}): {install(package)}"
        )
