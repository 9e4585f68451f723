"""What captions say is what their figures draw: numbers from the plotted table, over all settings, words by the data.

Experiments at the smallest size, or tables of made-up numbers where an experiment would take long.
"""

import csv
import re

import numpy as np
import polars as pl
import pytest

from toybox.looks import LOOKS
from toybox.quotations import quote
from toybox_figures import f6_lines, f9_strip, f12_strategies, f15_batches, f22_balance, f23_dial
from toybox_figures.words import listed, places, span


def test_words():
    assert [listed(range(n)) for n in (1, 2, 3)] == ["0", "0 and 1", "0, 1 and 2"]
    assert span([0.5, 0.1, 0.3]) == "0.10 to 0.50"
    assert span([-0.001, 0.001]) == "0.00"
    assert span([1, 2, 3, 4, 5], "g", (0.25, 0.75)) == "2 to 4"
    assert places([3.0, 1.0, 2.0]) == [3, 1, 2]


def drawn(recipe, out):
    """The caption of a figure at smoke size, and the medians of its plotted table: (panel, series) -> list."""
    paths = recipe.make(size="smoke", out=out, store=out / "store", workers=1)
    text = {path.suffix: path for path in paths}
    medians: dict[tuple, list] = {}
    with text[".csv"].open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            medians.setdefault((row["panel"], row["series"]), []).append(float(row["median"]))
    return text[".md"].read_text("utf-8"), medians


def test_places_of_the_dial(tmp_path):
    caption, medians = drawn(f23_dial.RECIPE, tmp_path)
    place = {name: medians["place", LOOKS[name].name] for name in f23_dial.METHODS}
    end = {name: np.array(medians["end", LOOKS[name].name]) for name in f23_dial.METHODS}
    for i in (0, -1):
        order = sorted(end, key=lambda name: end[name][i])
        assert [place[name][i] for name in order] == list(range(1, 1 + len(end)))
    said = {name: f"{place[name][0]:.0f} to {place[name][-1]:.0f}" for name in place}
    assert (
        f"goes from place {said['exact']} of {len(end)}, PAL (here the same search along momentum) from {said['pal']}"
        in caption
    )
    assert f"the exact search goes from {said['exact-full']}" in caption
    assert f"SLS has places {', '.join(f'{p:.0f}' for p in place['sls'])} from left to right." in caption
    times = [f"{end[name][-1] / end['sgd'][-1]:.2g}" for name in ("exact", "pal")]
    assert f"{times[0]} and {times[1]} times at spread 1." in caption


def test_every_batch_size_and_series_of_the_batches(tmp_path):
    caption, medians = drawn(f15_batches.RECIPE, tmp_path)
    rows = dict(re.findall(r"^\| ([^|]+) \| (.*) \|$", caption, re.M))
    ends = {}
    for look in f15_batches.SERIES.values():
        loss = [medians.get((f"batch {batch}: loss", look.name)) for batch in f15_batches.BATCHES]
        accuracy = [medians.get((f"batch {batch}: accuracy", look.name)) for batch in f15_batches.BATCHES]
        ends[look.name] = [y[-1] if y else None for y in loss]
        said = [
            ", ".join(f"{y[-1]:{form}}" if y else "-" for y in found)
            for found, form in ((loss, ".2f"), (accuracy, ".1f"))
        ]
        assert rows[look.name].split(" | ")[:2] == said
    for name, series in (("PAL", "pal"), ("SLS", "sls")):
        first, *_, last = ends[f15_batches.SERIES[series].name]
        assert f"{last / first:.2f} for {name}" in caption
    sgd = ends[f15_batches.SERIES["sgd"].name]
    place = [1 + sum(y[i] is not None and y[i] < sgd[i] for y in ends.values()) for i in range(3)]
    assert f"has place {listed(place)} of the methods drawn" in caption
    assert quote("SGD performs well") in caption


def test_shares_of_the_lines():
    shares = np.random.default_rng(0).random((3, 4))
    names = ("steeper", "falls more", "lower", "lowest")
    rows = [("quadratic", 2, "other batches", 100.0, 0.0)]
    rows += [("published kernel", -1, "without minimum", 0.0, 0.25), ("published kernel", -1, "counted", 0.0, 40.0)]
    for number, (title, found) in enumerate(zip(f6_lines.PROBLEMS, shares, strict=True)):
        rows += [(title, t, "taken", number + t / 1000, 0.0) for t in f6_lines.STEPS.values()]
        rows += [(title, -1, name, 0.0, y) for name, y in zip(names, found, strict=True)]
        rows += [(title, -1, "ratio", 0.0, 2.0 + number), (title, -1, "ahead", 0.0, 50.0 + number)]
        rows += [(title, -1, "counted", 0.0, 60.0)]
    caption = f6_lines.caption(pl.DataFrame(rows, schema=["problem", "t", "series", "s", "y"], orient="row"))
    said = {name: listed(f"{100 * y:.0f} %" for y in column) for name, column in zip(names, shares.T, strict=True)}
    assert f"it is steeper than all data on {said['steeper']} of the lines of the three problems" in caption
    assert (
        f"lower than all data on {said['lower']}, and lower than each of 20 other batches on {said['lowest']}."
        in caption
    )
    assert f"{quote('steeper')}, and that {quote('lower and steeper')}. Here, also without momentum" in caption
    assert "the step taken (dashed upright) is 0.00 to 0.50, 1.00 to 1.50 and 2.00 to 2.50 of these" in caption
    assert re.findall(r"\| (\S+ \(\d+ lines\)) \|", caption) == ["2.0 (50 lines)", "3.0 (51 lines)", "4.0 (52 lines)"]
    assert "25 % of the first 40 lines of a run (rate 50) have no minimum within 8 Newton steps." in caption


def strategies(best):
    """A table of F12 with these best rates (seeds, over the training rate) by case and rate, all else random."""
    rng, rows = np.random.default_rng(1), []
    for key, case in f12_strategies.CASES.items():
        series = {"share": f12_strategies.STRATEGIES, "error": f12_strategies.STRATEGIES, "backwards": ["all"]}
        series |= {"missing": ["all"], "r2": ["1", "25"], "over_constant": ["1", "25"], "rank": ["1", "25"]}
        rows += [
            (key, name, metric, lane, 9, rng.random())
            for metric in series
            for name in series[metric]
            for lane in (0, 1)
        ]
        rows += [(key, name, "total_distance", 0, 9, rng.random()) for name in ("half", "sgd")]
        for rate in case.rates:
            rows += [(key, f"{rate:g}", "best rate", lane, 9, y) for lane, y in enumerate(best[key, rate])]
    return pl.DataFrame(rows, schema=["case", "series", "metric", "lane", "t", "value"], orient="row")


def test_best_rates_of_all_rates():
    """Not the first rate alone: each with its quartiles over the seeds."""
    rng = np.random.default_rng(2)
    best = {(key, rate): rng.random(5) for key, case in f12_strategies.CASES.items() for rate in case.rates}
    caption = f12_strategies.caption(strategies(best))
    for (_, rate), y in best.items():
        low, high = np.quantile(y, [0.25, 0.75])
        assert f"{low:.2f} to {high:.2f} ({rate:g})" in caption
    assert len(best) > len(f12_strategies.CASES)


@pytest.mark.parametrize("low", [0.45, 0.55])
def test_intervals_of_the_balance(low):
    """Those that hold one half are counted, and those that hold 1 / (2 - drift), the softmax network's apart."""
    rows = []
    for number, training in enumerate(f22_balance.TRAININGS):
        for beta in f22_balance.BETAS:
            for i, rate in enumerate(training.rates):
                y = 0.6 + number + 0.1 * i + beta
                rows.append((training.title, beta, rate, "late", 7.0, y, low, y + 1))
                rows += [
                    (training.title, beta, rate, name, 0.0, 0.1 + number / 2 + beta / 9, 0.0, 0.0)
                    for name in ("drift", "mean", "sd", "negative")
                ]
    rows += [("epochs", 0.0, 0.1, name, 7.0, 0.5, 0.0, 0.0) for name in ("all", "first batch", "last batch")]
    schema = ["panel", "beta", "rate", "series", "x", "y", "low", "high"]
    caption = f22_balance.caption(pl.DataFrame(rows, schema=schema, orient="row"))
    half, parabola = (18, 18) if low < 0.5 else (0, 15)  # SGD on the quadratic: 1 / (2 - 0.1) = 0.53
    assert f"with drifts of 0.10 to 1.20 (SGD and momentum), {half} of 18 hold one half" in caption
    assert f"one half and {parabola} hold 1 / (2 - drift)." in caption
    assert "its drift of 1.60 (momentum 1.70) makes that 2.50 (momentum 3.33)." in caption
    assert "quadratic, 0.60 to 0.80 (momentum 1.50 to 1.70); kernel logistic, 1.60 to 1.80" in caption
    assert re.search(r"second half of 7 runs", caption)


def test_steps_that_were_not_asked_for():
    first, second = f9_strip.STEPS
    rows = [(first, "trial", 1, 0.5, 0.0), (first, "taken", 0, 0.5, 0.0), (second, "trial", 1, 0.5, 0.0)]
    found = pl.DataFrame(
        [*rows, (second, "taken", 0, 2.0, 0.0)], schema=["panel", "series", "j", "s", "y"], orient="row"
    )
    assert f9_strip.unasked(found) == f" Here: {second}."
