"""The numbers of a comparison: from a plan to polars tables, each row by a formula of the modules beside this one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np

from ..store import Store
from . import draws, pairs, profiles, stability
from .plan import Method, Plan
from .runs import Job, Walk, jobs, study

AXES = ("samples", "values", "gradients")
TAUS = np.geomspace(1, 16, 129)  # where profiles are drawn: sixteenths of a doubling and of its half
TOLD = ("versions", "blas", "processor", "date", "digest", "dtype", "backend")  # of the first result


@dataclass(frozen=True)
class Comparison:
    """A plan, what is told of its results (meta), and polars tables. In all of them method and problem are labels, and
    a gap is the full loss above the floor, in fractions of that at the start.

    curves: track, problem, method, seed, t, batches, values, gradients, samples, seconds, full_loss, gap, status: the
        looks of every run within the budget; samples touched by losses and gradients; gap infinite, and status
        NONFINITE, once something was not finite.
    costs: track, problem, method, seed, target, samples, values, gradients, steps, seconds, status: what had been paid
        at the look that first saw a gap of at most the target, infinite where none did; status reached, budget, or
        NONFINITE.
    profiles: track, target, axis, method, tau, share: ``profiles.profile`` over problems x seeds.
    ranks: track, target, axis, method, area, rank, best_rank, worst_rank: ``profiles.area``, ``profiles.ranges``.
    pairs: track, problem, method, other, seeds, difference, lower, upper, improvement, improvement_lower,
        improvement_upper: of log10 of the gaps at the budget, method minus other (``pairs``); problem "all": of each
        seed's mean over the problems, and of all pairs.
    draws: problem, method, k, expected, lower, upper, samples: log10 of the gap after k draws from the grid, with the
        interval over the judging seeds, and the samples touched by tuning k settings, in the mean.
    chosen: problem, method, setting, settings, tuning_samples: which of how many settings was best on the tuning seeds,
        and the samples touched to try all of them.
    stability: problem, method, parameter, decades, factor, best: ``stability.decades`` of the grid's first parameter
        with the best of the others at each value, on the judging seeds; best is log10 of the lowest mean gap.
    """

    plan: Plan
    meta: dict[str, Any]
    curves: Any
    costs: Any
    profiles: Any
    ranks: Any
    pairs: Any
    draws: Any
    chosen: Any
    stability: Any

    @property
    def tables(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)[2:]}

    @property
    def sentences(self) -> list[str]:
        """Of each track, what the first method's differences to the others over all problems say."""
        first = self.plan.methods[0].label
        same = self.pairs.filter((self.pairs["problem"] == "all") & (self.pairs["method"] == first))
        return [_sentence(row) for row in same.to_dicts()]

    def write_csv(self, folder: Path) -> list[Path]:
        """One file a table."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in self.tables.items():
            table.write_csv(folder / f"{name}.csv")
        return [folder / f"{name}.csv" for name in self.tables]


def compare(
    problems: Any = (),
    methods: Any = (),
    *,
    plan: Plan | str | Path | None = None,
    out: str | Path | None = None,
    store: Store | str | Path | None = None,
    workers: int | None = None,
    progress: bool = False,
    **fixed: Any,
) -> Comparison:
    """Methods on problems, as published and tuned: ``tb.compare(["factorization"], ["sls", "pal"], budget=20)``.

    problems, methods and what else is fixed beforehand are as ``Plan.of`` takes them (budget, targets, seeds,
    tuning_seeds, tracks, ...); or a plan, or the file or name of one. out: a folder for the plan, which is written
    before anything is computed, and for the tables. Results are kept in the store, so that a comparison that was killed
    goes on where it was. Raises ``ValueError`` for a plan that cannot be, and what ``study.compute`` raises.
    """
    from ..study import compute

    if plan is None:
        plan = Plan.of(problems, methods, **fixed)
    elif problems or methods or fixed:
        raise ValueError("problems, methods or what is fixed beside a plan are not accepted; accepted: one of both")
    plan = plan if isinstance(plan, Plan) else Plan.read(plan)
    file = Path(out) / "plan.json" if out is not None else None
    if file:
        plan.write(file)
    all = jobs(plan)
    results = {r.run.key: r for r in compute(study(plan, all), store, workers=workers, progress=progress)}
    if file and file.read_text("utf-8") != plan.text:
        raise ValueError(f"{file} changed while its comparison was computed; accepted: the same command again")
    found = numbers(plan, all, results)
    if out is not None:
        from .report import write

        write(found, Path(out))
    return found


def numbers(plan: Plan, all: dict[tuple[str, str, str], Job], results: dict[str, Any]) -> Comparison:
    """The tables of computed results, by the keys of their runs."""
    import polars as pl

    walks = {what: job.walk(results, plan) for what, job in all.items()}
    tuned = {what[1:]: _best(walks["tuning", *what[1:]]) for what in walks if what[0] == "tuning"}
    tracks: dict[str, dict[tuple[str, str], Walk]] = {}
    for track in plan.tracks:
        purpose, place = ("judging", tuned) if track == "tuned" else ("defaults", dict.fromkeys(tuned, 0))
        tracks[track] = {
            (p, m): walk.lane(place.get((p, m), 0)) for (what, p, m), walk in walks.items() if what == purpose
        }
    table = lambda rows, columns: pl.DataFrame([*rows], schema=columns.split(), orient="row", infer_schema_length=None)
    costs = table(
        (row for track, one in tracks.items() for row in _costs(plan, track, one)),
        "track problem method seed target samples values gradients steps seconds status",
    )
    curves = [_curves(track, what, walk) for track, one in tracks.items() for what, walk in one.items()]
    profiled, ranked = _profiles(plan, costs)
    return Comparison(
        plan=plan,
        meta=_meta(plan, results),
        curves=pl.concat(curves),
        costs=costs,
        profiles=table(profiled, "track target axis method tau share"),
        ranks=table(ranked, "track target axis method area rank best_rank worst_rank"),
        pairs=table(
            (row for track, one in tracks.items() for row in _pairs(plan, track, one)),
            "track problem method other seeds difference lower upper improvement improvement_lower improvement_upper",
        ),
        draws=table(_draws(plan, walks), "problem method k expected lower upper samples"),
        chosen=table(_chosen(plan, walks, tuned), "problem method setting settings tuning_samples"),
        stability=table(_stability(plan, walks), "problem method parameter decades factor best"),
    )


def _sentence(row: dict[str, Any]) -> str:
    how = {"defaults": "with defaults", "tuned": "each tuned on other seeds"}[row["track"]]
    verdict = "ends lower than" if row["upper"] < 0 else "ends higher than" if row["lower"] > 0 else "is not told from"
    return (
        f"{how}: {row['method']} {verdict} {row['other']}: its gap is 10^{row['difference']:.2f} times the other's "
        f"(10^{row['lower']:.2f} to 10^{row['upper']:.2f}, {row['seeds']} seeds), and lower in "
        f"{100 * row['improvement']:.0f} % of the pairs of runs"
    )


def _best(tuning: Walk) -> int:
    """The place of the setting that ended lowest in the mean over the tuning seeds."""
    return int(draws.order(tuning.end.mean(axis=0))[0])


def _meta(plan: Plan, results: dict[str, Any]) -> dict[str, Any]:
    first = next(iter(results.values())).meta
    told = {name: first[name] for name in TOLD if name in first}
    papers = sorted({paper for result in results.values() for paper in result.meta["papers"]})
    changed = {"file": "plan.json", "sha256": plan.sha256, "changed": plan.changed}
    return told | {"keys": [*results], "papers": papers, "plan": changed}


def _curves(track: str, what: tuple[str, str], walk: Walk) -> Any:
    import polars as pl

    looks, seeds = walk.gap.shape[:2]
    flat = lambda array: array.transpose(1, 0, 2).ravel()  # seed by seed
    lost = flat(np.isinf(walk.gap))
    return pl.DataFrame({
        "track": [track] * (looks * seeds), "problem": what[0], "method": what[1],
        "seed": np.repeat(walk.seeds, looks), "t": np.tile(walk.t, seeds),
        **{name: flat(cost) for name, cost in walk.costs.items()}, "full_loss": flat(walk.full_loss),
        "gap": flat(walk.gap), "status": np.where(lost, "NONFINITE", "walks"),
    }).filter(flat(walk.within))  # fmt: skip


def _costs(plan: Plan, track: str, walks: dict[tuple[str, str], Walk]) -> Iterator[tuple]:
    for (problem, method), walk in walks.items():
        for target in plan.targets:
            reached = walk.within & (walk.gap <= target)
            for s, seed in enumerate(walk.seeds):
                looks = np.flatnonzero(reached[:, s, 0])
                paid = {
                    name: float(cost[looks[0], s, 0]) if len(looks) else np.inf for name, cost in walk.costs.items()
                }
                steps = float(walk.t[looks[0]]) if len(looks) else np.inf
                lost = np.isinf(walk.gap[walk.within[:, s, 0], s, 0]).any()
                status = "reached" if len(looks) else "NONFINITE" if lost else "budget"
                yield (
                    track, problem, method, seed, target, paid["samples"], paid["values"], paid["gradients"], steps,
                    paid["seconds"], status,
                )  # fmt: skip


def _profiles(plan: Plan, costs: Any) -> tuple[list[tuple], list[tuple]]:
    """Of each track, target and axis: rows of profiles, and of ranks."""
    profiled, ranked = [], []
    labels = [method.label for method in plan.methods]
    for (track, target), same in costs.group_by(["track", "target"], maintain_order=True):
        for axis in AXES:
            by = {label: one for (label,), one in same.group_by(["method"], maintain_order=True)}
            cases = np.array([by[label].sort("problem", "seed")[axis].to_numpy() for label in labels])
            ratio = profiles.ratios(cases)
            areas = profiles.area(ratio)
            columns = zip(labels, areas, profiles.ranks(areas), *profiles.ranges(cases), strict=True)
            for row, (label, share, *places) in enumerate(columns):
                ranked.append((track, target, axis, label, float(share), *map(int, places)))
                shares = profiles.profile(ratio[row], TAUS)
                profiled += [
                    (track, target, axis, label, float(x), float(y)) for x, y in zip(TAUS, shares, strict=True)
                ]
    return profiled, ranked


def _pairs(plan: Plan, track: str, walks: dict[tuple[str, str], Walk]) -> Iterator[tuple]:
    problems = [problem.label for problem in plan.problems]
    ends = {m.label: np.array([walks[p, m.label].end[:, 0] for p in problems]) for m in plan.methods}
    for method, other in permutations(ends, 2):
        for problem, rows in (*((p, [i]) for i, p in enumerate(problems)), ("all", [*range(len(problems))])):
            mine, its = ends[method][rows], ends[other][rows]
            found = pairs.interval((mine - its).mean(axis=0)), pairs.improvement(mine, its)
            yield track, problem, method, other, len(plan.seeds), *found[0], *found[1]


def _tuned(plan: Plan, walks: dict[tuple[str, str, str], Walk]) -> Iterator[tuple[str, Method, Walk, Walk]]:
    for problem in plan.problems:
        for method in plan.methods:
            if ("tuning", problem.label, method.label) in walks:
                tuning, judging = (walks[what, problem.label, method.label] for what in ("tuning", "judging"))
                yield problem.label, method, tuning, judging


def _draws(plan: Plan, walks: dict[tuple[str, str, str], Walk]) -> Iterator[tuple]:
    for problem, method, tuning, judging in _tuned(plan, walks):
        scores, each = tuning.end.mean(axis=0), float(tuning.spent.sum(axis=0).mean())
        for k in range(1, len(scores) + 1):
            yield problem, method.label, k, *pairs.interval(draws.expected(scores, judging.end, k)), k * each


def _chosen(plan: Plan, walks: dict[tuple[str, str, str], Walk], tuned: dict) -> Iterator[tuple]:
    for problem, method, tuning, _ in _tuned(plan, walks):
        setting = method.settings[tuned[problem, method.label]]
        text = " ".join(
            f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}" for name, value in setting.items()
        )
        yield problem, method.label, text or "no grid is declared", len(method.settings), int(tuning.spent.sum())


def _stability(plan: Plan, walks: dict[tuple[str, str, str], Walk]) -> Iterator[tuple]:
    """Of methods whose first tuned hyper-parameter has at least two positive numbers: others have no decades."""
    for problem, method, _, judging in _tuned(plan, walks):
        name = next(iter(method.grid), "")
        values = np.array([v for v in method.grid.get(name, []) if isinstance(v, int | float) and 0 < v < np.inf])
        if len(values) > 1 and len(values) == len(method.grid[name]):
            ends = judging.end.mean(axis=0).reshape(len(values), -1).min(axis=1)
            yield (
                problem,
                method.label,
                name,
                stability.decades(values, ends, plan.factor),
                plan.factor,
                float(ends.min()),
            )
