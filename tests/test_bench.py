"""The benchmarks' machinery: tables, slopes, floors, the command, and that what is compared does the same.

No test looks at how long anything takes.
"""

import re
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import toybox as tb
from optional import installed
from toybox import cli
from toybox_benchmarks import draw, measure, others, rates, rows, run, scaling, straight

STEPS = 25


def batches(size: int, batch: int, seed: int = 0):
    """The batches of ``straight.epochs`` as a sampler of ours: a callable (t, j)."""
    drawn = [index for index, _ in zip(straight.epochs(size, batch, seed), range(STEPS), strict=False)]
    return lambda t, j: drawn[t][None]


def small(name: str) -> rows.Place:
    """The places of the benchmarks; the kernel is a small one."""
    if name != "kernel":
        return rows.place(name)
    problem = tb.problem("logistic")
    return rows.Place(problem, 10, (problem._K, 2.0 * problem.y - 1))


def ours(here: rows.Place, method: str) -> np.ndarray:
    optimizer = tb.method(method.lower(), **dict(rows.METHODS)[method])
    sampler = batches(here.problem.size, here.batch)
    return tb.run(here.problem, optimizer, steps=STEPS, batch=here.batch, every=None, sampler=sampler).theta[0]


# --- what is compared does the same --------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["SLS", "PAL"])
@pytest.mark.parametrize("name", ["factorization", "quadratic", "kernel"])
def test_loops_and_closures_walk_as_we_do(name, method):
    here = small(name)
    baselines = rows.baselines(name, here, method, STEPS)
    assert list(baselines) == ["straight NumPy", *(["torch closure"] if installed("torch") else [])]
    expected = ours(here, method)
    assert np.abs(expected - here.theta).max() > 1e-3  # it went somewhere
    for label, walk in baselines.items():
        np.testing.assert_allclose(walk(), expected, rtol=1e-9, atol=1e-11, err_msg=label)


def test_searches_of_jax_walk_as_we_do():
    jaxed = pytest.importorskip("toybox_benchmarks.jaxed", exc_type=ImportError)
    here = small("factorization")
    loss = jaxed.factorization(*here.tables, *here.make)
    for label, library in jaxed.LIBRARIES.items():
        walk = jaxed.walker(library(loss, here.growth), here.tables, here.theta, STEPS, here.batch)
        np.testing.assert_allclose(walk(), ours(here, "SLS"), rtol=1e-9, atol=1e-11, err_msg=label)


@pytest.mark.parametrize(("method", "theirs"), [("strong-wolfe", "wolfe"), ("exact", "brent")])
def test_both_searches_do_the_task(method, theirs):
    """Steps of ours and SciPy's satisfy what was asked for, measured by the plain functions."""
    task = others.search("factorization", method)
    (loss, both), steps = task.functions, {"ours": task.ours(), "scipy": getattr(task, theirs)()}
    for label, found in steps.items():
        for point, s in zip(task.points, found, strict=True):
            theta, g, batch = task._pieces(point)
            value, slope0 = loss(theta, *batch), -g @ g
            after, gradient = both(theta - s * g, *batch)
            if method == "strong-wolfe":
                assert after <= value + 1e-4 * s * slope0, label
                assert abs(gradient @ g) <= -0.9 * slope0, label
            else:
                assert abs(gradient @ g) <= 1e-6 * -slope0, label


# --- tables, slopes, floors ----------------------------------------------------------------------------------------


def test_rows_show_medians_and_mark_what_misses_its_target():
    row = measure.Row("ours", "theirs", np.array([1.0, 3.0, 2.0, 9.0, 2.5]), 12.34, 3.0)
    assert measure.markdown(row) == "| ours | 12.3 | theirs | 2.5 | 2 .. 3 | 3 |"
    assert "| **2.5** |" in measure.markdown(row._replace(target=2.4))
    assert measure.markdown(row._replace(target=None)).endswith("| 2.5 | 2 .. 3 |  |")
    assert all(line.count("|") == 7 for line in [*measure.HEAD, measure.markdown(row)])


def test_pieces_take_turns_and_the_first_round_is_not_counted():
    turns = []
    found = measure.interleaved(3, {"a": lambda: turns.append("a"), "b": lambda: float(len(turns))})
    assert turns == ["a"] * 4
    assert len(found["a"]) == 3
    assert found["b"].tolist() == [2, 3, 4]  # its own measurement, from the second round on


def test_slopes_of_powers():
    x = np.array([1, 3, 10, 40.0])
    assert measure.slope(x, 5e-7 * x**1.7) == pytest.approx(1.7, abs=1e-12)
    assert measure.slope(x, 1 + 0 * x) == pytest.approx(0, abs=1e-12)
    for seconds in ([1, 2, 3, 0.0], [1, 2, 3, -1.0], [1, 2, 3]):
        with pytest.raises(ValueError, match="accepted: two or more positive pairs"):
            measure.slope(x, seconds)


def measured(slope: float, predicted: float = 1) -> scaling.Measured:
    """A curve of five sizes, measured with that slope, twice its floor."""
    sizes = np.array([1, 10, 100, 1000, 10_000])
    curve = scaling.Curve("lanes", "a step", "lanes", tuple(sizes), predicted, None)
    seconds = 1e-6 * sizes**slope
    return scaling.Measured(curve, sizes, seconds, np.stack([seconds, seconds]), 0.5 * seconds, slope)


def test_a_slope_off_its_prediction_stands_out():
    assert [measured(slope).off for slope in (0.89, 0.91, 1.09, 1.11)] == [True, False, False, True]
    assert [measured(slope, 2).off for slope in (1.79, 1.81)] == [True, False]
    assert [measured(slope, 0).off for slope in (0.09, -0.11)] == [False, True]
    head, rule, good = scaling.summary([measured(1.0)])
    assert head.count("|") == rule.count("|") == good.count("|")
    assert "| 10 .. 10000 | 1.00 | 1 | 1.00 | 10 | 5 | 2.0 |" in good
    assert "**1.20**" in list(scaling.summary([measured(1.2)]))[-1]
    points = list(scaling.points([measured(1.0)]))
    assert len(points) == 2 + 5
    assert points[-1] == "| a step | lanes = 10000 | 10 | 10 .. 10 | 1.00 | 5 | 2.0 |"


@pytest.fixture
def rates_known(monkeypatch):
    """A machine of 1 byte, flop or exponential a second, with twice the rate for what it reads."""
    for name, rate in (("copying", 1.0), ("reading", 2.0)):
        monkeypatch.setattr(rates, name, lambda size, rate=rate: rate)
    monkeypatch.setattr(rates, "flops", lambda: 1.0)
    monkeypatch.setattr(rates, "exponentials", lambda: 1.0)


def test_floors_add_bytes_and_take_the_larger_of_bytes_and_arithmetic(rates_known):
    assert rates.floor(rates.Work(copied=3, source=1, read=8, held=1)) == 7
    assert rates.floor(rates.Work(copied=3, source=1, flops=2)) == 3
    assert rates.floor(rates.Work(copied=3, source=1, flops=2, exponentials=4)) == 6


@pytest.mark.parametrize("name", scaling.CURVES)
def test_every_curve_has_five_sizes_and_work(name):
    curve = scaling.CURVES[name]
    assert len(curve.sizes) >= 5
    assert list(curve.sizes) == sorted(curve.sizes)
    assert 2 <= curve.top < len(curve.sizes)
    assert name == curve.name


def test_rates_and_floors_are_positive(monkeypatch):
    monkeypatch.setattr(rates, "LARGEST", 1 << 16)
    monkeypatch.setattr(rates, "SIDE", 64)
    for rate in (rates.copying(1e9), rates.reading(1), rates.flops(), rates.exponentials()):
        assert 0 < rate < np.inf
    made = {name: scaling.CURVES[name].make(300) for name in ("data", "line-data", "dimension", "line-dimension")}
    works = {name: work for name, (_, _, work) in made.items()}
    for work in works.values():
        assert 0 < rates.floor(work) < np.inf
    rates._copying.cache_clear(), rates._reading.cache_clear(), rates.flops.cache_clear()
    assert works["dimension"].read == 3 * 100 * 300 * 8  # three products with 100 rows of 300 numbers
    assert works["dimension"].copied == 2 * 100 * 300 * 8


def test_the_names_of_the_command_are_those_that_measure():
    assert tuple(scaling.CURVES) == run.CURVES
    assert {name for names in draw.PANELS.values() for name in names} == set(run.CURVES)
    for name in run.ROWS:
        assert callable(getattr(rows if hasattr(rows, name) else others, name))


# --- the command ---------------------------------------------------------------------------------------------------


def test_a_selection_through_the_command_line(capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["bench", "--only", "polynomial-steps", "scipy", "--quick"]) == 0
    out, err = capfd.readouterr()
    assert err == ""
    assert "1 thread" in out
    assert out.index("scipy line_search") < out.index("line, factorization")
    assert "SLS step" not in out
    assert list(tmp_path.iterdir()) == []  # only printed


def test_what_cannot_be_had_is_refused(capfd, tmp_path, monkeypatch):
    """Also where the folder is the default one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "benchmarks").write_text("a file", "utf-8")
    for arguments, words in (
        (["--out", "benchmarks/new"], "benchmarks is a file; accepted: a folder"),
        ([], "--out benchmarks: "),
        (["--only", "lane"], "did you mean 'lanes'?"),
        (["--quick", "--out", "somewhere"], "out='somewhere' is not accepted beside quick"),
    ):
        assert cli.main(["bench", *arguments]) == 2
        assert words in capfd.readouterr().err


def test_results_are_written_where_they_are_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(scaling, "measured", lambda curve, quick: measured(1.0)._replace(curve=curve))
    monkeypatch.setattr(rates, "described", lambda: "the rates")
    run.measure(["lanes", "steps"], False, str(tmp_path / "new"))
    text = (tmp_path / "new" / "RESULTS.md").read_text("utf-8")
    assert "(scaling.png)" in text
    assert "the rates" in text
    assert "[on a GPU](GPU.md)" in text
    assert (tmp_path / "new" / "scaling.png").stat().st_size > 10_000


def test_rows_of_jax_say_that_every_step_is_dispatched():
    """In what is measured, and in what was measured."""
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(others, "jax", lambda quick: iter(()))
        run.compare(["jax"], True, said.append)
    assert run.JAX in said[1]
    kept = (run.FOLDER / "RESULTS.md").read_text("utf-8")
    assert run.JAX in kept
    against = re.findall(r"\| ((?:jaxopt|optax)[^|]*) \|", kept)
    assert against
    assert all(label.endswith(f", {others.JITTED}") for label in against)


def test_main_measures_all_in_a_process_with_one_thread(monkeypatch):
    calls = []
    monkeypatch.setattr(subprocess, "run", lambda command, env, check: calls.append((command, env)) or
                        SimpleNamespace(returncode=3))  # fmt: skip
    assert run.main() == 3
    (program, *_, task), variables = calls[0]
    assert program == sys.executable
    assert variables["OPENBLAS_NUM_THREADS"] == "1"
    assert "OPENBLAS_CORETYPE" not in variables
    assert all(repr(name) in task for name in (*run.ROWS, *run.CURVES, "chapter5", "benchmarks"))
