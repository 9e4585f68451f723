"""What a comparison computes: a study of runs, and its stored results as arrays over looks, seeds and settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import zoo
from ..spec import Run, Study
from .plan import Method, Plan, Problem

COUNTED = ("batches", "values", "gradients", "samples", "seconds")
ENDS = (-16.0, 0.0)  # of log10 of a gap: a double tells no less of the start; who ends above it has not moved


@dataclass(frozen=True)
class Walk:
    """A method on a problem, one setting or all, on some seeds: P looks, S seeds, G settings.

    Costs, full_loss, gap (full loss above the floor, of that at the start; infinite from the step on which something
    was not finite) and within (whether the budget allowed it) are (P, S, G).
    """

    t: np.ndarray
    seeds: tuple[int, ...]
    costs: dict[str, np.ndarray]
    full_loss: np.ndarray
    gap: np.ndarray
    within: np.ndarray

    @property
    def end(self) -> np.ndarray:
        """log10 of the gap at the last look within the budget, in ENDS (S, G)."""
        return progress(np.take_along_axis(self.gap, self._last, axis=0)[0])

    @property
    def spent(self) -> np.ndarray:
        """Samples touched up to there (S, G)."""
        return np.take_along_axis(self.costs["samples"], self._last, axis=0)[0]

    @property
    def _last(self) -> np.ndarray:
        return self.within.sum(axis=0, keepdims=True) - 1  # costs never fall, and at the start there are none

    def lane(self, setting: int) -> Walk:
        """That of one setting."""
        one = lambda array: array[:, :, setting : setting + 1]
        costs = {name: one(cost) for name, cost in self.costs.items()}
        return Walk(self.t, self.seeds, costs, one(self.full_loss), one(self.gap), one(self.within))


def progress(gap: np.ndarray) -> np.ndarray:
    """log10 of gaps, in ENDS; what is not finite has not moved."""
    smallest, largest = (10.0**end for end in ENDS)
    return np.log10(np.clip(np.where(np.isnan(gap), np.inf, gap), smallest, largest))


def size(problem: Problem) -> int:
    """The samples of a problem; a kernel is not computed for that."""
    entry = zoo.entry("problem", problem.problem)
    unbuilt = {"build": False} if "storage" in zoo.defaults(entry) else {}
    return int(entry.make(**problem.options, **unbuilt).size)


def steps(plan: Plan, problem: Problem, method: Method, samples: int) -> int:
    """As many as the budget pays for if each costs the least that is declared of the method."""
    batches, whole = zoo.entry("method", method.method).least
    return max(1, int(plan.budget * samples // (batches * problem.batch + whole * samples)))


@dataclass(frozen=True)
class Job:
    """What is computed of a method on a problem on some seeds: runs, and the places of their lanes in the grid."""

    runs: list[Run]
    places: list[list[int]]

    def walk(self, results: dict[str, Any], plan: Plan) -> Walk:
        """The stored results, by the keys of their runs, put together."""
        walks = [
            _walk(results[run.key], run, len(lanes), plan) for run, lanes in zip(self.runs, self.places, strict=True)
        ]
        order = np.argsort([place for lanes in self.places for place in lanes])
        joined = lambda arrays: np.concatenate(arrays, axis=2)[:, :, order]
        first = walks[0]
        return Walk(
            first.t, first.seeds, {name: joined([w.costs[name] for w in walks]) for name in first.costs},
            *(joined([getattr(w, name) for w in walks]) for name in ("full_loss", "gap", "within")),
        )  # fmt: skip


def jobs(plan: Plan) -> dict[tuple[str, str, str], Job]:
    """By what they are for ("defaults", "tuning" or "judging"), problem and method."""
    found = {}
    for problem in plan.problems:
        samples = size(problem)
        for method in plan.methods:
            count = steps(plan, problem, method, samples)
            common = {
                "problem": problem.problem, "options": problem.options, "batch": problem.batch, "method": method.method,
                "steps": count, "every": max(1, count // plan.looks),
            }  # fmt: skip
            for purpose, seeds, grid in (
                ("defaults", plan.seeds, False),
                ("tuning", plan.tuning_seeds, True),
                ("judging", plan.seeds, True),
            ):
                if ("tuned" if grid else "defaults") in plan.tracks:
                    groups = _groups(method) if grid else [({}, [0])]
                    label = f"{method.label} on {problem.label}, {purpose}"
                    runs = [Run(**common, hyper=method.hyper | h, seeds=seeds, label=label) for h, _ in groups]
                    found[purpose, problem.label, method.label] = Job(runs, [lanes for _, lanes in groups])
    return found


def study(plan: Plan, all: dict[Any, Job]) -> Study:
    return Study(name=plan.name, runs=tuple(run for job in all.values() for run in job.runs))


def _groups(method: Method) -> list[tuple[dict[str, Any], list[int]]]:
    """The grid as hyper-parameters of runs, numbers as lanes, with the places of their settings in the grid."""
    declared = zoo.entry("method", method.method).options
    laned = [name for name in method.grid if name in declared and "interval" in declared[name].metadata]
    groups: dict[str, list[int]] = {}
    settings = method.settings
    for place, setting in enumerate(settings):
        groups.setdefault(repr([v for name, v in setting.items() if name not in laned]), []).append(place)
    found = []
    for lanes in groups.values():
        values = {name: [settings[place][name] for place in lanes] for name in laned}
        fixed = {name: value for name, value in settings[lanes[0]].items() if name not in laned}
        found.append((fixed | (values if len(lanes) > 1 else {n: v[0] for n, v in values.items()}), lanes))
    return found


def _walk(result: Any, run: Run, settings: int, plan: Plan) -> Walk:
    """A result as arrays: its frame has a row per step and lane, steps outermost, then seeds."""
    import polars as pl

    frame, shape = result.frame, (run.steps + 1, len(run.seeds), settings)
    array = lambda name: frame[name].to_numpy().reshape(shape)
    broken = (frame["status"].cast(pl.String) == "NONFINITE").fill_null(False).to_numpy().reshape(shape)
    lost = np.concatenate([np.zeros_like(broken[:1]), np.logical_or.accumulate(broken, axis=0)[:-1]])
    looked = frame["full_loss"].is_not_null().to_numpy().reshape(shape)[:, 0, 0]
    loss, lost = array("full_loss")[looked].astype(float), lost[looked]
    floor = float(result.meta.get("floor") or 0.0)
    with np.errstate(all="ignore"):
        gap = (loss - floor) / (loss[0] - floor)
    costs = {name: array(name)[looked] for name in COUNTED}
    within = costs["samples"] <= plan.budget * result.meta["size"]
    return Walk(
        array("t")[looked, 0, 0], run.seeds, costs, loss, np.where(lost | ~np.isfinite(gap), np.inf, gap), within
    )
