"""`toybox compare` as it is typed: refused, killed and resumed."""

import json
import os
import signal
import subprocess
import sys
import time

import polars as pl
import pytest

import toybox as tb
from toybox import zoo
from toybox.cli import main
from toybox.comparison import Plan
from toybox.rays import Status

SMALL = ["--budget", "3", "--seeds", "3", "--tuning-seeds", "2", "--workers", "1"]
TABLES = ("curves", "costs", "profiles", "ranks", "pairs", "draws", "chosen", "stability")
MINE = """
import toybox as tb

@tb.register("short", grid={GRID})
class Short(tb.Search):
    mu: tb.Hyper = tb.number(0.01, "(0, inf)", "the step")

    def search(self, here, state):
        yield tb.change(self.mu)
        return tb.found(self.mu)
"""


def command(*words):
    return [sys.executable, "-c", "from toybox.cli import main; raise SystemExit(main())", "compare", *map(str, words)]


def told(folder):
    """The tables without what a clock says."""
    return {name: pl.read_csv(folder / f"{name}.csv").drop("seconds", strict=False) for name in TABLES}


def test_killed_ten_times_gives_the_same_tables(tmp_path):
    words = ["factorization,rank=4", "logistic", "--methods", "pal", "sgd", *SMALL[2:], "--budget", "10"]
    assert subprocess.run(command(*words, "--out", tmp_path / "whole", "--store", tmp_path / "a")).returncode == 0
    whole, store = sorted(p.name for p in (tmp_path / "a").glob("*.toybox")), tmp_path / "b"
    finished: dict[str, int] = {}
    for _ in range(10):
        process = subprocess.Popen(
            command(*words, "--out", tmp_path / "killed", "--store", store), start_new_session=True
        )
        waited = len(finished)
        while process.poll() is None and len([*store.glob("*.toybox")]) <= min(waited, len(whole) - 2):
            time.sleep(0.01)  # until it has kept another run
        os.killpg(process.pid, signal.SIGKILL) if process.poll() is None else None
        process.wait()
        now = {p.name: p.stat().st_mtime_ns for p in store.glob("*.toybox")}
        assert finished.items() <= now.items(), "a finished run was computed again"
        finished = now
    assert 0 < len(finished) <= len(whole)
    assert subprocess.run(command(*words, "--out", tmp_path / "killed", "--store", store)).returncode == 0
    after = {p.name: p.stat().st_mtime_ns for p in store.glob("*.toybox")}
    assert sorted(after) == whole
    assert finished.items() <= after.items()
    for name, table in told(tmp_path / "whole").items():
        assert table.equals(told(tmp_path / "killed")[name]), name


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["logistic", "--methods", "sls"], "methods=sls are not accepted; accepted: at least 2"),
        (["logistic", "--methods", "sls", "sls"], "each under another name"),
        (["logistik", "--methods", "sls", "pal"], "did you mean 'logistic'"),
        (["logistic", "--methods", "sls", "pall"], "did you mean 'pal'"),
        (["logistic,sice=9", "--methods", "sls", "pal"], "option 'sice' is unknown"),
        (["logistic", "--methods", "sls,gama=2", "pal"], "option 'gama' is unknown"),
        (["logistic", "--methods", "sls,gamma", "pal"], "accepted: NAME or NAME,OPTION=VALUE"),
        (["logistic", "--methods", "sls", "pal", "--seeds", "1"], "of which intervals need two"),
        (["logistic", "--methods", "sls", "pal", "--budget", "0"], "budget=0 is not accepted"),
        (["logistic", "--methods", "sls", "pal", "--targets", "2"], "numbers between 0 and 1"),
        (["logistic", "--methods", "sls", "pal", "--tracks", "tuned", "best"], "accepted: defaults, tuned"),
        (["logistic", "--methods", "sls", "pal", "--plan", "x.json"], "accepted: --plan alone"),
        (["--plan", "nowhere.json"], "pal-against-sgd"),
        (["logistic,batch=500", "--methods", "sls", "pal"], "batch=500"),
    ],
)
def test_what_cannot_be_is_refused(words, sentence, tmp_path, capsys):
    assert main(["compare", *words, "--out", str(tmp_path / "out"), "--store", str(tmp_path / "store")]) == 2
    assert sentence in capsys.readouterr().err


def test_seeds_that_tune_do_not_judge():
    with pytest.raises(ValueError, match="seeds 3, 4 are in seeds and in tuning_seeds"):
        Plan.of(["logistic"], ["sls", "pal"], seeds=[1, 3, 4], tuning_seeds=[4, 3])


def test_plan_is_written_first_rerun_and_noticed(tmp_path, capsys):
    (tmp_path / "mine.py").write_text(MINE.replace("{GRID}", '{"mu": [0.01, 0.1, 1.0]}'), "utf-8")
    words = ["logistic", "--methods", "pal", f"{tmp_path}/mine.py:short", *SMALL, "--store", str(tmp_path / "store")]
    assert main(["compare", *words, "--out", str(tmp_path / "out")]) == 0
    plan = tmp_path / "out" / "plan.json"
    assert json.loads(plan.read_text("utf-8"))["methods"][1]["grid"] == {"mu": [0.01, 0.1, 1.0]}
    again = ["compare", "--plan", str(plan), "--workers", "1", "--store", str(tmp_path / "store"), "--out"]
    assert main([*again, str(tmp_path / "again")]) == 0
    assert (tmp_path / "again" / "plan.json").read_bytes() == plan.read_bytes()
    for name in TABLES:
        assert (tmp_path / "again" / f"{name}.csv").read_bytes() == (tmp_path / "out" / f"{name}.csv").read_bytes()
    assert "changed" not in capsys.readouterr().err
    assert main(["compare", *words[:4], "--out", str(tmp_path / "out")]) == 2
    assert "holds the plan of another comparison" in capsys.readouterr().err
    text = (tmp_path / "mine.py").read_text("utf-8").replace('0.01, "(0', '0.02, "(0')
    (tmp_path / "mine.py").write_text(text, "utf-8")
    assert main([*again, str(tmp_path / "again")]) == 0
    assert "changed since the plan was made: mine.py:short" in capsys.readouterr().err


def test_a_grid_of_what_is_not_there_is_refused(tmp_path):
    (tmp_path / "mine.py").write_text(MINE.replace("{GRID}", '{"nu": [1.0]}'), "utf-8")
    with pytest.raises(ValueError, match="grid of 'nu' is unknown; accepted: mu"):
        tb.method(f"{tmp_path}/mine.py:short")


@pytest.mark.parametrize("name", zoo.METHODS)
def test_a_step_touches_what_is_declared_at_least(name):
    problem, batch = tb.problem("logistic"), 10
    hyper = {"reuse": 5} if "reuse" in zoo.defaults(zoo.METHODS[name]) else {}
    trace = tb.run(problem, tb.method(name, **hyper), steps=20, batch=batch, seeds=range(3))
    paid = trace.cost("samples")
    paid[1:] -= paid[:-1].copy()
    batches, whole = zoo.METHODS[name].least
    walked = ~((trace.status == Status.STATIONARY) | (trace.status == Status.NONFINITE))
    assert walked.any()
    assert (paid[walked] >= batches * batch + whole * problem.size).all()


@pytest.mark.parametrize("name", zoo.METHODS)
def test_declared_grids_are_accepted_and_span_decades(name):
    grid = zoo.METHODS[name].grid
    plan = Plan.of(["logistic"], [name, "sgd,rate=1"])  # refuses a setting that the method refuses
    assert len(plan.methods[0].settings) <= 40
    main_values = next(iter(grid.values()), None)
    assert main_values is None or (len(main_values) >= 7 and max(main_values) >= 100 * min(main_values) > 0)
