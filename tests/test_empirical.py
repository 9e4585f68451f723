"""Experiments: how predictions are judged, that results are kept, and that every experiment can be conducted."""

import json
import math

import numpy as np
import pytest
from scipy import stats

pytest.importorskip("sympy", reason="the extra proofs is not installed")

from proofs_check.__main__ import main
from proofs_check.empirical import EXPERIMENTS, conduct, report, select
from proofs_check.empirical.experiment import Experiment, Prediction, interval, judge


def prediction(low=-math.inf, high=math.inf, of="claim"):
    return Prediction(of, "some words", "T1", "ratio", low, high)


@pytest.mark.parametrize(
    ("values", "low", "high", "outcome"),
    [
        ([1, 1.1, 0.9, 1, 1], 0.5, 2, "confirmed"),
        ([1, 1.1, 0.9, 1, 1], 0.95, 2, "open"),  # the interval is .91 .. 1.09
        ([1, 1.1, 0.9, 1, 1], 1.2, 2, "refuted"),
        ([1, 1.1, 0.9, 1, 1], 0, 0.8, "refuted"),
        ([1, 1, 1, 1, 1], 1, math.inf, "confirmed"),
        ([1, 1, 1, 1, math.nan], 0, 2, "refuted"),
        ([-5, 5, 0, 1, -1], -math.inf, 0, "open"),
    ],
)
def test_a_prediction_is_judged_by_the_interval_of_the_mean(values, low, high, outcome):
    assert judge(prediction(low, high), np.array(values)).outcome == outcome


def test_the_interval_is_students():
    values = np.random.default_rng(0).normal(size=7)
    expected = stats.t.interval(0.95, 6, loc=values.mean(), scale=stats.sem(values))
    np.testing.assert_allclose(interval(values), (values.mean(), *expected), rtol=1e-12)


def test_intervals_cover_as_often_as_they_say():
    """2000 samples of five: 95 % +- five standard errors of a binomial share."""
    rows = np.random.default_rng(1).normal(size=(2000, 5))
    covered = np.mean([low <= 0 <= high for _, low, high in map(interval, rows)])
    assert abs(covered - 0.95) < 5 * math.sqrt(0.95 * 0.05 / 2000)


def test_a_prediction_that_predicts_nothing_is_refused():
    with pytest.raises(AssertionError, match="no prediction"):
        prediction()
    with pytest.raises(AssertionError, match="empty range"):
        prediction(2, 1)


def experiment(measure, **changes):
    fields = {
        "id": "EMP-99", "title": "t", "source": "s", "statement": "s", "metric": "m", "problems": {"T1": "words"},
        "measure": measure, "predictions": (prediction(0.5, 2), prediction(3, 4), prediction(0, 9, of="theory")),
    }  # fmt: skip
    return Experiment(**fields | changes)


def test_results_are_kept_and_not_measured_again(tmp_path):
    calls = []

    def measure(seeds, size):
        calls.append(size)
        for seed in seeds:
            yield "T1", "ratio", seed, 1 + 0.01 * seed

    first, second = (conduct(experiment(measure), tmp_path, "smoke") for _ in range(2))
    assert calls == ["smoke"]
    assert (
        [e.outcome for e in first.effects]
        == ["confirmed", "refuted", "confirmed"]
        == [e.outcome for e in second.effects]
    )
    assert (first.verdict, first.theory) == ("mixed", "1 of 1")
    conduct(experiment(measure), tmp_path, "default")
    assert calls == ["smoke", "default"]


@pytest.mark.parametrize(
    ("ranges", "verdict"),
    [([(0.5, 2)], "supported"), ([(3, 4)], "contradicted"), ([(0.99, 9)], "supported"), ([(1.02, 9)], "open")],
)
def test_verdicts(tmp_path, ranges, verdict):
    def measure(seeds, size):
        for seed in seeds:
            yield "T1", "ratio", seed, 1 + 0.01 * seed

    found = conduct(experiment(measure, predictions=tuple(prediction(*r) for r in ranges)), tmp_path, "smoke")
    assert found.verdict == verdict


def test_a_seed_without_a_value_is_an_error(tmp_path):
    def measure(seeds, size):
        for seed in seeds[1:]:
            yield "T1", "ratio", seed, 1.0

    with pytest.raises(LookupError, match=r"seeds \[1, 2, 3, 4\]; wanted 0 .. 4"):
        conduct(experiment(measure), tmp_path, "smoke")


def test_all_empirical_claims_have_an_experiment_and_nobody_forgot_to_write_what_was_found():
    assert list(EXPERIMENTS) == [f"EMP-{i:02d}" for i in range(1, 24)]
    for e in EXPERIMENTS.values():
        assert e.finding, e.id
        assert e.metric[-1] != ".", e.id


@pytest.mark.parametrize("id", EXPERIMENTS)
def test_every_experiment_can_be_conducted(id, tmp_path):
    """A few steps: the numbers mean little, but there is one for every prediction and seed."""
    outcome = conduct(EXPERIMENTS[id], tmp_path, "smoke")
    assert len(outcome.effects) == len(EXPERIMENTS[id].predictions)
    again = {(p, q, s) for p, q, s, _ in outcome.table.rows()}
    assert len(again) == outcome.table.height, "one value per problem, quantity and seed"
    record = report.records([outcome])[0]
    assert json.loads(json.dumps(record)) == record
    assert id in report.page([outcome])
    assert id in report.markdown([outcome])


def test_the_command_line(tmp_path, capsys):
    options = ["--empirical", "--smoke", "--only", "EMP-07", "--store", str(tmp_path), "--jobs", "1"]
    files = [tmp_path / name for name in ("e.json", "e.html", "e.md")]
    assert main([*options, "--json", str(files[0]), "--html", str(files[1]), "--markdown", str(files[2])]) == 0
    assert "EMP-07" in capsys.readouterr().out
    assert [r["id"] for r in json.loads(files[0].read_text("utf-8"))] == ["EMP-07"]
    assert "<svg" in files[1].read_text("utf-8")
    for bad, message in ((["--smoke"], "--smoke belongs to the experiments"), (["--only", "EMP-7"], "unknown")):
        assert main([*bad, "--empirical"] if bad[0] == "--only" else bad) == 2
        assert message in capsys.readouterr().err


def test_experiments_are_chosen_by_their_beginning():
    assert [e.id for e in select(["emp-07"])] == ["EMP-07"]
    assert len(select(["EMP"])) == len(EXPERIMENTS)
