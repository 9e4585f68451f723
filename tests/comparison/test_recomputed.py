"""Every number of a comparison, from the stored results to the tables, by plain loops over plain lists."""

from itertools import combinations, pairwise
from math import comb, inf, isfinite, log10, sqrt

import numpy as np
import pytest

import toybox as tb
from toybox.comparison import stability
from toybox.comparison.runs import jobs
from toybox.store import Store

PROBLEMS = ["factorization,rank=4", "logistic"]
METHODS = [
    {"method": "pal", "grid": {"mu": [0.01, 0.1, 1.0], "alpha": [1.0, 1.66]}},
    {"method": "sgd", "grid": {"rate": [0.01, 0.1, 1e6], "schedule": ["constant", "piecewise"]}},
    {"method": "exact"},
]
BUDGET, SEEDS, TUNING, TARGETS = 5, (0, 1, 2), (7, 8), (0.5, 0.2)


def student_2(p):
    """The p quantile of Student's t with two degrees of freedom: t = a sqrt(2 / (1 - a^2)), a = 2 p - 1."""
    a = 2 * p - 1
    return a * sqrt(2 / (1 - a * a))


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("store"))
    found = tb.compare(
        PROBLEMS, METHODS, budget=BUDGET, seeds=SEEDS, tuning_seeds=TUNING, targets=TARGETS, store=store, workers=1
    )
    return found, store


@pytest.fixture(scope="module")
def looks(compared):
    """(purpose, problem, method, setting, seed) -> looks within the budget: samples, values, gradients, t, gap."""
    found, store = compared
    table = {}
    for (purpose, problem, method), job in jobs(found.plan).items():
        record = next(m for m in found.plan.methods if m.label == method)
        for run in job.runs:
            frame, meta = store.get(run.key)
            own = frame.columns[2 : frame.columns.index("loss")]
            lanes = {}
            for row in frame.iter_rows(named=True):
                lanes.setdefault((row["seed"], *(row[name] for name in own)), []).append(row)
            for (seed, *numbers), rows in lanes.items():
                said = {k: v for k, v in run.hyper.items() if not isinstance(v, list)} | dict(
                    zip(own, numbers, strict=True)
                )
                setting = tuple(sorted(said.items())) if purpose != "defaults" else ()
                table[purpose, problem, method, setting, seed] = plain(rows, meta)
        assert purpose == "defaults" or len(record.settings) == len(
            {k[3] for k in table if k[:3] == (purpose, problem, method)}
        )
    return table


def plain(rows, meta):
    kept, lost, floor, first = [], False, meta.get("floor") or 0.0, rows[0]["full_loss"]
    for row in rows:
        if row["full_loss"] is not None and row["samples"] <= BUDGET * meta["size"]:
            gap = (row["full_loss"] - floor) / (first - floor)
            kept.append(
                {k: row[k] for k in ("samples", "values", "gradients", "t")}
                | {"gap": inf if lost or not isfinite(gap) else gap}
            )
        lost = lost or row["status"] == "NONFINITE"
    return kept


def end(lane):
    return log10(min(max(lane[-1]["gap"], 1e-16), 1))


def settings(looks, problem, method):
    return list(dict.fromkeys(k[3] for k in looks if k[:3] == ("judging", problem, method)))


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def score(looks, problem, method, setting):
    return mean(end(looks["tuning", problem, method, setting, seed]) for seed in TUNING)


def in_grid_order(compared, looks, problem, method):
    record = next(m for m in compared[0].plan.methods if m.label == method)
    names = [*record.grid]
    asked, found = [()], settings(looks, problem, method)
    for name in names:
        asked = [(*one, (name, value)) for one in asked for value in record.grid[name]]
    return [next(s for s in found if s == tuple(sorted(one))) for one in asked]


def judged(compared, looks, track, problem, method, seed):
    """The looks that a track tells of."""
    if track == "defaults":
        return looks["defaults", problem, method, (), seed]
    best = min(in_grid_order(compared, looks, problem, method), key=lambda s: score(looks, problem, method, s))
    return looks["judging", problem, method, best, seed]


def labels():
    return ["pal", "sgd", "exact"]


def cost(compared, looks, axis, track, target, problem, method, seed):
    for look in judged(compared, looks, track, problem, method, seed):
        if look["gap"] <= target:
            return look[axis]
    return inf


def test_costs(compared, looks):
    table = compared[0].costs
    assert table.height == 2 * 2 * 3 * 3 * 2
    for row in table.to_dicts():
        for axis, own in (("samples", "samples"), ("values", "values"), ("gradients", "gradients"), ("t", "steps")):
            what = (row["track"], row["target"], row["problem"], row["method"], row["seed"])
            assert row[own] == cost(compared, looks, axis, *what), (row, axis)
        assert (row["status"] == "reached") == isfinite(row["samples"])
    assert {"reached", "budget"} <= {*table["status"]}


def areas(compared, looks, track, target, axis, methods):
    """Dolan & More's profile integrated by its definition: shares between the places where it jumps."""
    cases = [(p, s) for p in PROBLEMS for s in SEEDS]
    paid = {m: [cost(compared, looks, axis, track, target, p, m, s) for p, s in cases] for m in methods}
    best = [min(paid[m][i] for m in methods) for i in range(len(cases))]
    ratio = {m: [c / b if isfinite(c) else inf for c, b in zip(paid[m], best, strict=True)] for m in methods}
    area = {}
    for m in methods:
        jumps = sorted({1.0, 4.0, *(r for r in ratio[m] if r < 4)})
        area[m] = sum((b - a) * sum(r <= a for r in ratio[m]) / len(cases) for a, b in pairwise(jumps)) / 3
    return ratio, area


def test_profiles_and_ranks(compared, looks):
    found = compared[0]
    curves = {}
    for row in found.profiles.to_dicts():
        curves.setdefault((row["track"], row["target"], row["axis"]), []).append(row)
    assert len(curves) == 2 * 2 * 3
    for what, rows in curves.items():
        ratio, area = areas(compared, looks, *what, labels())
        for row in rows:
            share = sum(r <= row["tau"] for r in ratio[row["method"]]) / len(ratio[row["method"]])
            assert row["share"] == pytest.approx(share, abs=1e-12)
        rank = {m: 1 + sum(area[o] > area[m] + 1e-12 for o in area) for m in area}
        ranks = {m: [rank[m]] for m in area}
        for out in area:
            _, left = areas(compared, looks, *what, [m for m in labels() if m != out])
            for m in left:
                above = area[out] > area[m] + 1e-12
                ranks[m].append(1 + above + sum(left[o] > left[m] + 1e-12 for o in left))
        track, target, axis = what
        told = [r for r in found.ranks.to_dicts() if (r["track"], r["target"], r["axis"]) == (track, target, axis)]
        assert len(told) == 3
        for row in told:
            m = row["method"]
            assert row["area"] == pytest.approx(area[m], abs=1e-12)
            assert (row["rank"], row["best_rank"], row["worst_rank"]) == (rank[m], min(ranks[m]), max(ranks[m]))


def binomial_bound(wins, n, upper):
    """Clopper & Pearson's bound by bisection of the binomial tail, for whole wins."""
    if wins == (n if upper else 0):
        return 1.0 if upper else 0.0
    low, high = 0.0, 1.0
    for _ in range(100):
        p = (low + high) / 2
        outcomes = range(0, wins + 1) if upper else range(wins, n + 1)
        tail = sum(comb(n, k) * p**k * (1 - p) ** (n - k) for k in outcomes)
        low, high = ((p, high) if tail > 0.025 else (low, p)) if upper else ((p, high) if tail < 0.025 else (low, p))
    return low


def test_pairs(compared, looks):
    table = compared[0].pairs
    assert table.height == 2 * 6 * 3
    for row in table.to_dicts():
        problems = PROBLEMS if row["problem"] == "all" else [row["problem"]]
        track = row["track"]
        mine, its = (
            [[end(judged(compared, looks, track, p, method, s)) for p in problems] for s in SEEDS]
            for method in (row["method"], row["other"])
        )
        differences = [mean(a - b for a, b in zip(x, y, strict=True)) for x, y in zip(mine, its, strict=True)]
        middle = mean(differences)
        reach = student_2(0.975) * sqrt(sum((d - middle) ** 2 for d in differences) / 2 / 3)
        assert (row["difference"], row["lower"], row["upper"]) == pytest.approx(
            (middle, middle - reach, middle + reach)
        )
        pairs = [(a, b) for x, y in zip(mine, its, strict=True) for a, b in zip(x, y, strict=True)]
        wins = sum(a < b for a, b in pairs) + sum(a == b for a, b in pairs) / 2
        assert row["improvement"] == pytest.approx(wins / len(pairs))
        if wins == int(wins):
            bounds = [binomial_bound(int(wins), len(pairs), upper) for upper in (False, True)]
            assert [row["improvement_lower"], row["improvement_upper"]] == pytest.approx(bounds, abs=1e-9)


def test_draws_by_all_subsets(compared, looks):
    for row in compared[0].draws.to_dicts():
        problem, method = row["problem"], row["method"]
        grid = in_grid_order(compared, looks, problem, method)
        scores = {s: score(looks, problem, method, s) for s in grid}
        subsets = [*combinations(grid, row["k"])]
        each = []
        for seed in SEEDS:
            best = [end(looks["judging", problem, method, min(subset, key=scores.get), seed]) for subset in subsets]
            each.append(mean(best))
        middle = mean(each)
        reach = student_2(0.975) * sqrt(sum((e - middle) ** 2 for e in each) / 2 / 3)
        assert (row["expected"], row["lower"], row["upper"]) == pytest.approx((middle, middle - reach, middle + reach))
        touched = sum(looks["tuning", problem, method, s, seed][-1]["samples"] for s in grid for seed in TUNING)
        assert row["samples"] == pytest.approx(row["k"] * touched / len(grid))
    assert {row["method"]: row["settings"] for row in compared[0].chosen.to_dicts()} == {"pal": 6, "sgd": 6, "exact": 1}


def test_stability(compared, looks):
    table = compared[0].stability
    assert table.height == 4
    for row in table.to_dicts():
        problem, method, name = row["problem"], row["method"], row["parameter"]
        ends = {}
        for s in settings(looks, problem, method):
            value = dict(s)[name]
            own = mean(end(looks["judging", problem, method, s, seed]) for seed in SEEDS)
            ends[value] = min(own, ends.get(value, inf))
        values, total = sorted(ends), 0.0
        for i, value in enumerate(values):
            below = log10(value / values[i - 1]) if i else log10(values[1] / value)
            above = log10(values[i + 1] / value) if i + 1 < len(values) else log10(value / values[i - 1])
            total += (below + above) / 2 if ends[value] <= min(ends.values()) + 1 and ends[value] < 0 else 0
        assert row["decades"] == pytest.approx(total)
        assert row["best"] == pytest.approx(min(ends.values()))


def test_settings_that_are_lost_are_not_stable():
    """Nor do those count that have not moved, however near the best they are."""
    values = np.geomspace(1e-4, 1, 9)
    assert stability.decades(values, np.zeros(9), 10) == 0
    one = np.where(np.arange(9) == 4, -0.97, 0.0)
    assert stability.decades(values, one, 10) == pytest.approx(0.5)
    assert stability.decades(values, np.full(9, -0.2), 10) == pytest.approx(4.5)
