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
from toybox.study import compute
from toybox_figures import f6_lines, f9_strip, f12_strategies, f15_batches, f21_claims, f22_balance, f23_dial
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


def late(result, column):
    """Run by run, the mean of the last tenth of what was measured."""
    frame = result.frame.drop_nulls(column).sort("t")
    runs = [frame.filter(pl.col("seed") == seed)[column].to_list() for seed in result.run.seeds]
    return np.array([np.mean(run[-max(1, len(run) // 10) :]) for run in runs])


def test_every_batch_size_and_series_of_the_batches(tmp_path):
    """All from late means: the medians of the table, the places of SGD, and quartiles of ratios seed by seed."""
    caption, medians = drawn(f15_batches.RECIPE, tmp_path)
    results = compute(f15_batches.study("smoke"), tmp_path / "store", workers=1)
    found = {(r.run.label, r.run.batch): r for r in results}
    rows = dict(re.findall(r"^\| ([^|]+) \| (.*) \|$", caption, re.M))
    for series, look in f15_batches.SERIES.items():
        at = [found.get((series, batch)) for batch in f15_batches.BATCHES]
        said = [
            ", ".join(f"{scale * np.median(late(result, column)):{form}}" if result else "-" for result in at)
            for column, scale, form in (("full_loss", 1, ".2f"), ("test_accuracy", 100, ".1f"))
        ]
        assert rows[look.name].split(" | ")[:2] == said
        ratio = late(at[-1], "full_loss") / late(next(filter(None, at)), "full_loss")
        assert medians["loss, last tenth: smallest batches over largest", look.name] == [np.median(ratio)]
        low, high = np.quantile(ratio, [0.25, 0.75])
        if series in ("pal", "sls"):
            assert low != high
            assert f"{low:.2f} to {high:.2f} for {series.upper()}" in caption
    place = []
    for batch in f15_batches.BATCHES:
        ends = {name: np.median(late(r, "full_loss")) for (name, size), r in found.items() if size == batch}
        place.append(1 + sum(end < ends["sgd"] for end in ends.values()))
    assert f"has place {listed(place)} of the methods drawn" in caption


def test_both_verdicts_of_the_documents_on_sls(tmp_path):
    caption, _ = drawn(f15_batches.RECIPE, tmp_path)
    assert f"{quote('SLS stays similar')}, but of batches of 32 that {quote('others decrease')}" in caption
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
        assert f"{low:.2f} to {high:.2f} ({rate:g}; {2 - 1 / np.median(y):.2f})" in caption
    assert len(best) > len(f12_strategies.CASES)


def test_both_problems_of_the_lines():
    """Fits, misses and improvements of the regression and the network; multiples of the exact search with quartiles."""
    best = {(key, rate): [0.5, 0.5] for key, case in f12_strategies.CASES.items() for rate in case.rates}
    found = strategies(best)
    caption = f12_strategies.caption(found)

    def middle(case, metric, series):
        return np.quantile(
            found.filter(pl.col("case") == case, pl.col("metric") == metric, pl.col("series") == series)["value"],
            [0.25, 0.5, 0.75],
        )

    for metric, form in (("r2", ".3f"), ("over_constant", ".2f"), ("rank", ".2f")):
        pairs = [
            "/".join(f"{middle(key, metric, name)[1]:{form}}" for name in ("1", "25"))
            for key in ("regression", "digits")
        ]
        assert listed(pairs) in caption
    for metric, series in (("backwards", "all"), ("error", "half"), *(("share", n) for n in ("sgd", "half", "fbpal"))):
        assert listed(f"{100 * middle(key, metric, series)[1]:.0f} %" for key in ("regression", "digits")) in caption
    for key, case in f12_strategies.CASES.items():
        low, median, high = middle(key, "share", "exact")
        assert f"{median:.3g} [{low:.3g}, {high:.3g}] ({case.title})" in caption
    assert f"{quote('almost as well')} as FBPAL" in caption


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


def test_claims_are_counted_by_degree():
    """Also that the bars of a family are the shares of its checks, the surest below."""
    checks = [
        ("A-1", "A", "holds", True, "proved", 0.0),
        ("A-1", "A", "holds", True, "of the code", 0.0),
        ("A-2", "A", "corrected", False, "sampled", 0.4),
        ("A-2", "A", "corrected", False, "sampled", 0.7),
        ("B-1", "B", "refuted", False, "simulated", 0.2),
    ]
    rows = [("proof", *told, "", value == 0, value, 0.0, 0.0, True) for *told, value in checks]
    rows.append(("theory", "EMP-01", "", "open", False, "", "confirmed", False, 0.5, 0.4, 0.6, True))
    rows.append(("document", "EMP-01", "", "open", False, "", "open", False, 1.0, 0.4, 1.6, True))
    _, table, caption = f21_claims.draw(pl.DataFrame(rows, schema=f21_claims.COLUMNS, orient="row"))
    assert "the 3 claims that can be decided, 3 of which ended as they must. 1 are proved" in caption
    assert "of the 5 checks 1 proved, 1 of the code, 2 sampled and 1 simulated" in caption
    assert "2 checks compare without a tolerance" in caption
    assert "Confirmed: 0 of 1 predictions that follow from the documents, 1 of 1 of theory." in caption
    bars = [
        (series, x, low, high) for panel, series, x, _, low, high in table.rows if panel == "degrees" and high > low
    ]
    assert bars == [
        ("proved", 0.5, 0.0, 0.25),
        ("of the code", 0.5, 0.25, 0.5),
        ("sampled", 0.5, 0.5, 1.0),
        ("simulated", 2.0, 0.0, 1.0),
    ]
