"""What is written down of a run while it goes on, and what probes see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .given import measurement
from .meeting import clock
from .rays import Ledger, Ray, Status
from .trace import Trace
from .xp import Array

FLUSH = 512  # steps between transfers of the record to the host


class Look(NamedTuple):
    """What a probe sees at a step: nothing it does can change the run. In NumPy what the run goes on with is read-only;
    on other backends a probe must not write into it."""

    problem: Any
    t: int
    theta: Array  # (*lanes, dim)
    whole: Any  # the Point on the whole data set
    ray: Ray | None  # this step's ray with a ledger of its own; None after the last step


class Probe(NamedTuple):
    """A named measurement: ``measure(look)`` returns an array (*lanes, ...) of numbers, truth values or text, a copy of
    which is recorded in ``trace.probes[name]``."""

    name: str
    measure: Callable[[Look], Array]


class Record:
    """Gathers what happens, moving it to the host every few hundred steps."""

    def __init__(self, problem, lanes, probes, ledger):
        self.problem, self.lanes, self.probes = problem, lanes, probes
        self.ledger, self.began = ledger, clock()
        self.rows, self.blocks, self.seconds = [], [], []
        self.at, self.full, self.accuracy = [], [], []
        self.measured: dict[str, list] = {probe.name: [] for probe in probes}

    def step(self, *row):
        """Note a step's loss, size, arc and status, and whether theta stays where it is (*lanes,)."""
        self.rows.append(row)
        self.seconds.append(clock() - self.began)
        self.ledger.step += 1
        if len(self.rows) == FLUSH:
            self.flush()

    def flush(self):
        if self.rows:
            xp, shape = self.problem.xp, (len(self.rows), *self.lanes)
            columns = [xp.to_host(xp.concat(column)).reshape(shape) for column in zip(*self.rows, strict=True)]
            *columns, status, stays = columns
            accepted = (status == Status.FOUND) | (status == Status.CAPPED)
            columns.append(np.where(accepted & stays, np.int8(Status.UNMOVED), status))
            self.blocks.append((*columns, self.ledger.settle(xp, len(self.rows), self.lanes)))
            self.rows = []

    def look(self, t, theta, whole, ray):
        """Measure full loss, test accuracy and the probes at step t; returns the point on the whole data set."""
        problem, xp = self.problem, self.problem.xp
        whole = whole or problem.at(theta, problem.population)
        self.at.append(t)
        self.full.append(xp.broadcast_to(whole.value, self.lanes))
        if getattr(problem, "test", None) is not None and hasattr(problem, "accuracy"):
            self.accuracy.append(problem.accuracy(theta))
        for probe in self.probes:
            self.measured[probe.name].append(measurement(probe, Look(problem, t, theta, whole, ray), xp, self.lanes))
        return whole

    def trace(self, theta, optimizer, seeds, steps, batch) -> Trace:
        self.flush()
        xp = self.problem.xp
        if not self.blocks:
            nothing = np.zeros((0, *self.lanes))
            self.blocks = [(nothing, nothing, nothing, nothing, self.ledger.settle(xp, 0, self.lanes))]
        loss, size, arc, status = (np.concatenate([block[i] for block in self.blocks]) for i in range(4))
        paid = {kind: np.concatenate([block[4][kind] for block in self.blocks]) for kind in Ledger.KINDS}
        trials = paid.pop("searches")
        return Trace(
            theta=np.array(xp.to_host(theta)),
            loss=loss,
            size=size,
            arc=arc,
            status=status.astype(np.int8),
            trials=trials,
            counts={kind: steps.cumsum(axis=0) for kind, steps in paid.items()},
            seconds=np.array(self.seconds),
            probe_steps=np.array(self.at),
            full_loss=xp.to_host(xp.stack(self.full)),
            test_accuracy=xp.to_host(xp.stack(self.accuracy)) if self.accuracy else None,
            probes={name: _stack(values) for name, values in self.measured.items()},
            seeds=np.asarray(seeds),
            method=optimizer.name,
            problem_size=self.problem.size,
            batch=batch,
            hyper={k: v for k, v in optimizer.hyper.items() if isinstance(v, np.ndarray)},
        )


def _stack(values: list) -> Any:
    """Probe results as one array where they have one shape, else as they are."""
    return np.stack(values) if len({np.shape(v) for v in values}) == 1 else values
