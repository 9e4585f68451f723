"""Figure F19: the boxes against solo runs of every combination, one after the other, without study, store and lanes."""

import csv
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest

import toybox as tb

sensitivity = pytest.importorskip("toybox_figures.f19_sensitivity")
STEPS, BATCH = 20, 100  # of the smoke budget


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """The numbers that the figure leaves: (panel, series) -> rows of x, median, low, high."""
    out = tmp_path_factory.mktemp("f19")
    paths = sensitivity.RECIPE.make(size="smoke", out=out, store=out / "store", workers=1)
    found: dict[tuple, list] = {}
    with next(path for path in paths if path.suffix == ".csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            numbers = [float(row[name]) for name in ("x", "median", "low", "high")]
            found.setdefault((row["panel"], row["series"]), []).append(numbers)
    return {key: np.array(rows) for key, rows in found.items()}


def solo(panel, method):
    """The end of each combination's solo run, inf where it is lost, by the combination."""
    problem = tb.problem("factorization", **sensitivity.PANELS[panel])
    floor = problem.floor if panel == sensitivity.NOISY else 0.0
    grid, ends = sensitivity.GRIDS[method], {}
    for values in product(*grid.values()):
        options = sensitivity.FIXED.get(method, {}) | dict(zip(grid, values, strict=True))
        trace = tb.run(problem, tb.method(method, **options), steps=STEPS, batch=BATCH, every=5)
        end = trace.full_loss[trace.probe_cost("batches")[:, 0] <= STEPS, 0][-1]
        paid = [0, *trace.cost("batches")[:, 0]]
        alive = trace.ended[0] == STEPS or paid[trace.ended[0]] > STEPS
        ends[values] = end - floor if alive and end <= trace.full_loss[0, 0] else np.inf
    return ends


def five(ends):
    """By sorting: the elements at the places nearest to quarters of the way, halves to the even place."""
    ends = sorted(ends)
    return [ends[round(quarter * (len(ends) - 1) / 4)] for quarter in range(5)]


@pytest.mark.parametrize(
    ("panel", "method", "usual", "loses"),
    [
        ("factorization, rank 10", "pal", (0.1, 1.0, 0.4, 3.16), True),
        ("factorization, rank 10", "momentum", None, False),
        ("factorization, rank 4", "labpal-sgd", (10, 1000, 1.8, 0.0, 1.0), True),
    ],
)
def test_boxes_are_quantiles_of_solo_runs(drawn, panel, method, usual, loses):
    ends, name = solo(panel, method), sensitivity.NAMES[method]
    assert np.isinf(list(ends.values())).any() == loses
    boxes = {(f"{panel}: methods", None): list(ends.values())}
    for i, (parameter, values) in enumerate(sensitivity.GRIDS[method].items()) if usual else ():
        for value in values:
            boxes[f"{panel}: {parameter}", value] = [end for key, end in ends.items() if key[i] == value]
            rows = drawn[f"{panel}: {parameter}", f"{name}: others at default"]
            alone = ends[(*usual[:i], value, *usual[i + 1 :])]
            assert rows[rows[:, 0] == value, 1] == alone
    for (title, value), found in boxes.items():
        least, lower, median, upper, largest = five(found)
        share = np.isinf(found).mean()
        expected = {
            "quartiles": (median, lower, upper),
            "least and largest": (median, least, largest),
            "share lost": (share, share, share),
        }
        for what, numbers in expected.items():
            rows = drawn[title, f"{name}: {what}"]
            at = rows[:, 0] == (list(sensitivity.GRIDS).index(method) if value is None else value)
            np.testing.assert_array_equal(rows[at], [[rows[at][0, 0], *numbers]], err_msg=f"{title} {value} {what}")


def test_factors_are_worst_over_best_median(drawn):
    """Of PAL on the first problem; the strip's columns stand in the order of the grids."""
    panel, first = "factorization, rank 10", drawn["worst over best median", "factorization, rank 10"][:, 1]
    for column, parameter in enumerate(sensitivity.GRIDS["pal"]):
        medians = drawn[f"{panel}: {parameter}", "PAL: quartiles"][:, 1]
        assert first[column] == medians.max() / medians.min() > 1


def test_what_counts_as_lost():
    """Five lanes of two steps by hand, within a budget of two batches: fine, above its start, nan, ended within the
    budget at a low loss, ended after it."""
    import polars as pl

    lanes = [
        ([1.0, 0.5, 0.25], ["FOUND", "FOUND"], [0, 1, 2], 0.25),
        ([1.0, 0.5, 1.5], ["FOUND", "FOUND"], [0, 1, 2], np.inf),
        ([1.0, 0.5, np.nan], ["FOUND", "FOUND"], [0, 1, 2], np.inf),
        ([1.0, 0.5, 0.5], ["FOUND", "NONFINITE"], [0, 1, 2], np.inf),
        ([1.0, 0.5, 7.0], ["FOUND", "NONFINITE"], [0, 3, 4], 1.0),
    ]
    columns = ["t", "seed", "alpha", "status", "batches", "full_loss"]
    rows = [
        (t, 0, 25.0 * (i + 1), [*status, None][t], batches[t], losses[t])
        for i, (losses, status, batches, _) in enumerate(lanes)
        for t in range(3)
    ]
    run = SimpleNamespace(method="cocob", label="mushrooms", steps=2, hyper={})
    result = SimpleNamespace(run=run, frame=pl.DataFrame(rows, schema=columns, orient="row"), meta={})
    assert sensitivity.ends(result)["end"].to_list() == [end for *_, end in lanes]
