"""What a run leaves behind: every step of every lane, its costs, and the full-batch measurements."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np

from .hyper import refuse_unknown

COSTS = ("steps", "batches", "epochs", "values", "gradients", "samples", "seconds")


@dataclasses.dataclass(frozen=True)
class Trace:
    """A finished run of lanes = (len(seeds), *hyper). All arrays are NumPy's.

    Step t of ``loss, size, arc, status, trials`` (steps, *lanes): the batch loss at the iterate the step starts from,
    the step in multiples of d, its length |s d|, its ``Status`` and the evaluations the search made. A lane that ended
    (status 5, NONFINITE) keeps its last finite iterate in ``theta``; its later rows repeat what stopped it.
    ``full_loss`` and ``test_accuracy`` (P, *lanes) belong to ``probe_steps`` (P,).
    """

    theta: np.ndarray  # (*lanes, dim), after the last step
    loss: np.ndarray
    size: np.ndarray
    arc: np.ndarray
    status: np.ndarray
    trials: np.ndarray
    counts: dict[str, np.ndarray]  # cumulative, after each step (steps, *lanes)
    seconds: np.ndarray  # (steps,), cumulative, of all lanes together
    probe_steps: np.ndarray
    full_loss: np.ndarray
    test_accuracy: np.ndarray | None
    probes: dict[str, Any]
    seeds: np.ndarray
    method: str
    problem_size: int
    batch: int
    hyper: dict[str, np.ndarray]  # hyper-parameters that span lanes

    @property
    def steps(self) -> int:
        return len(self.loss)

    @property
    def lanes(self) -> tuple[int, ...]:
        return self.theta.shape[:-1]

    @property
    def ended(self) -> np.ndarray:
        """The step at which each lane ended, something not being finite; ``steps`` where it never did (*lanes,)."""
        if not self.steps:
            return np.zeros(self.lanes, int)
        bad = self.status == 5
        return np.where(bad.any(axis=0), bad.argmax(axis=0), self.steps)

    def cost(self, kind: str) -> np.ndarray:
        """Cumulative cost after each step (steps, *lanes): steps, batches (drawn), epochs (samples drawn / D), values
        (forward passes), gradients (backward passes), samples (touched by either), seconds (of all lanes together)."""
        refuse_unknown("cost", kind, COSTS)
        rows = (self.steps, *[1] * len(self.lanes))
        if kind in ("steps", "seconds"):
            column = np.arange(1, self.steps + 1) if kind == "steps" else self.seconds
            return np.broadcast_to(column.reshape(rows), (self.steps, *self.lanes)).copy()
        return self.counts["drawn"] / self.problem_size if kind == "epochs" else self.counts[kind]

    def probe_cost(self, kind: str) -> np.ndarray:
        """The same cost at the probes (P, *lanes): what had been paid before step ``probe_steps``."""
        cost = self.cost(kind)
        return np.concatenate([np.zeros((1, *self.lanes), cost.dtype), cost])[self.probe_steps]

    def to_frame(self):
        """A polars table, one row per step and lane, and one per lane after the last step: t, seed, hyper-parameters
        that span lanes, loss, size, arc, status, trials, costs paid before the step, full_loss and test_accuracy (null
        where not measured)."""
        import polars as pl

        T, lanes = self.steps, self.lanes
        n = (T + 1) * int(np.prod(lanes))
        wide = lambda a: np.broadcast_to(a, (T + 1, *lanes)).reshape(n)
        axes = lambda a, first: np.reshape(a, (*np.shape(a), *[1] * (len(lanes) - 1)) if first else np.shape(a))
        table: dict[str, Any] = {
            "t": wide(np.arange(T + 1).reshape(-1, *[1] * len(lanes))),
            "seed": wide(axes(self.seeds, True)),
        }
        table |= {name: wide(value) for name, value in self.hyper.items()}
        for name in ("loss", "size", "arc", "trials", "status"):
            values = getattr(self, name)
            table[name] = pl.concat(
                [
                    pl.Series(name, values.reshape(-1)),
                    pl.Series(name, [None] * int(np.prod(lanes)), dtype=pl.Series(values[:0].ravel()).dtype),
                ]
            )
        paid = lambda c: np.concatenate([np.zeros((1, *lanes), c.dtype), c]).reshape(n)
        table |= {kind: paid(self.cost(kind)) for kind in COSTS[1:]}
        measured = np.zeros((T + 1, *lanes), bool)
        measured[self.probe_steps] = True
        for name in ("full_loss", "test_accuracy"):
            values = getattr(self, name)
            if values is not None:
                column = np.full((T + 1, *lanes), np.nan)
                column[self.probe_steps] = values
                table[name] = pl.select(
                    pl.when(pl.Series(measured.reshape(n))).then(pl.Series(column.reshape(n)))
                ).to_series()
        return pl.DataFrame(table)

    @classmethod
    def join(cls, parts: list[Trace]) -> Trace:
        """Traces of groups of seeds as one."""
        if len(parts) == 1:
            return parts[0]
        first = parts[0]
        along = {"theta": 0, "seeds": 0} | dict.fromkeys(
            ("loss", "size", "arc", "status", "trials", "full_loss", "test_accuracy"), 1
        )
        joined: dict[str, Any] = {
            name: None if getattr(first, name) is None else np.concatenate([getattr(p, name) for p in parts], axis=axis)
            for name, axis in along.items()
        }
        joined["counts"] = {kind: np.concatenate([p.counts[kind] for p in parts], axis=1) for kind in first.counts}
        joined["seconds"] = np.sum([p.seconds for p in parts], axis=0)
        joined["probes"] = {name: np.concatenate([p.probes[name] for p in parts], axis=1) for name in first.probes}
        return dataclasses.replace(first, **joined)

    def save(self, path: str | Path) -> Path:
        """Write to one .npz file, atomically; returns its path."""
        import os

        path = Path(path).with_suffix(".npz")
        arrays: dict[str, Any] = {}
        plain: dict[str, Any] = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, dict):
                arrays |= {f"{field.name}/{key}": np.asarray(v) for key, v in value.items()}
            elif isinstance(value, np.ndarray):
                arrays[field.name] = value
            else:
                plain[field.name] = value
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        with part.open("wb") as file:
            np.savez_compressed(file, _plain=np.array(json.dumps(plain)), **arrays)
        os.replace(part, path)
        return path

    @classmethod
    def load(cls, path: str | Path) -> Trace:
        """Read what ``save`` wrote."""
        with np.load(path, allow_pickle=False) as file:
            if "_plain" not in file.files:
                raise ValueError(f"path={str(path)!r} is no trace; accepted: a file that Trace.save wrote")
            values: dict[str, Any] = {"counts": {}, "probes": {}, "hyper": {}} | json.loads(str(file["_plain"]))
            for name in file.files:
                if "/" in name:
                    group, key = name.split("/", 1)
                    values[group][key] = file[name]
                elif name != "_plain":
                    values[name] = file[name]
        return cls(**values)
