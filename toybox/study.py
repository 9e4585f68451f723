"""Studies computed on all cores and kept run by run, so that a killed study resumes where it was.

study = Study.read("rates.toml")                 # or Study(name="rates", runs=[Run(...), ...])
for result in compute(study, "results"):
    print(result.run.title, result.frame["full_loss"][-1], result.meta["seconds"])
"""

from __future__ import annotations

import os
import platform
import signal
import sys
import threading
import time
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from joblib.externals.loky import get_reusable_executor
from threadpoolctl import threadpool_limits

from . import __version__, optimizer, zoo
from .hyper import is_whole
from .rays import Status
from .spec import Run, Study, canonical_json, code_digest
from .store import Store
from .tables import stack, summary
from .xp import BackendError

__all__ = ["Failure", "Result", "Run", "Study", "StudyError", "compute", "stack", "summary"]
FACTS = ("dim", "size", "floor", "condition", "storage")  # what a result says about its problem, where it exists
LARGE = 1 << 30  # bytes from which on a problem is told of, and keeps others from being computed beside it


@dataclass(frozen=True)
class Result:
    """A computed run. Its part of the store is read when it is first looked at."""

    run: Run
    store: Store

    @cached_property
    def _part(self) -> tuple[Any, dict[str, Any]]:
        part = self.store.get(self.run.key)
        if part is None:
            raise FileNotFoundError(f"{self.run.title}: no intact result in {self.store}; compute the study again")
        return part

    @property
    def frame(self) -> Any:
        """The polars table of ``Trace.to_frame``."""
        return self._part[0]

    @property
    def meta(self) -> dict[str, Any]:
        """dim, size, floor, condition, storage of the problem where they exist; statuses: name -> steps that ended so,
        nested lists of shape (seeds, *hyper); seconds, versions, dtype, backend, date, code digest, papers (BibTeX
        keys)."""
        return self._part[1]


class Failure(NamedTuple):
    """A run that raised, with its error's text; ``usage``: what was asked for cannot be had (bad value, no data)."""

    run: Run
    error: str
    usage: bool


class StudyError(RuntimeError):
    """Some runs failed, all others are in the store."""

    def __init__(self, failures: list[Failure]):
        super().__init__("\n".join(f"{failure.run.title}: {failure.error}" for failure in failures))
        self.failures = failures


def compute(
    study: Study, store: Store | str | Path | None = None, *, workers: int | None = None, progress: bool = False
) -> list[Result]:
    """The results of a study's runs, in their order; what the store lacks is computed and written run by run.

    workers: processes; None: one per core, or all of a cluster within ``joblib.parallel_config(backend=...)``, whose
    machines must share the store's folder; 1: this process. There are fewer where memory does not hold so many of the
    largest problem; what that one takes is said on stderr before anything is computed. Results are bit-equal whatever
    the number of workers. Raises ``StudyError`` after the last run if any failed, and ``Unwritable`` before the first
    one where the store could not keep it.
    """
    if workers is not None and not is_whole(workers, 1):
        raise ValueError(f"workers={workers!r} is not accepted; accepted: a whole number of at least 1, or None")
    store = store if isinstance(store, Store) else Store(store)
    missing = [run for key, run in {run.key: run for run in study.runs}.items() if not store.has(key)]
    missing.sort(key=_problem_key)  # neighbours share their problem
    if missing:
        store.check()
    alone = len(missing) == 1
    wanted, allowed = 1 if alone else effective_n_jobs(workers or -1), _allowed(missing)
    jobs = (delayed(_job)(run, run.key, store, progress and alone, os.getpid()) for run in missing)
    pool = Parallel(n_jobs=min(wanted, allowed or wanted), batch_size=1, return_as="generator_unordered")
    failures = []
    with _bar(len(missing)) if progress and len(missing) > 1 else nullcontext(lambda _: None) as tick:
        try:
            for failure in pool(jobs):
                failures += [failure] if failure else []
                tick(0)
        finally:
            _held.clear()
    if allowed and wanted > 1:
        get_reusable_executor().shutdown()  # workers that wait for more would go on holding their problems
    if failures:
        raise StudyError(failures)
    return [Result(run, store) for run in study.runs]


def _job(run: Run, key: str, store: Store, progress: bool, home: int) -> Failure | None:
    """Compute one run and write its part, on one thread: products are not bit-equal between one and two."""
    if os.getpid() != home and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the first one ends its workers
    try:
        with threadpool_limits(1):
            problem, method = _problem(run), zoo.method(run.method, **run.hyper)
        with threadpool_limits(1):  # again: the problem may have loaded another library with threads of its own
            began = time.perf_counter()
            trace = optimizer.run(
                problem, method, steps=run.steps, batch=run.batch, seeds=run.seeds, every=run.every,
                sampler=run.sampler, progress=progress,
            )  # fmt: skip
            meta = _meta(run, problem, trace, time.perf_counter() - began)
        store.put(key, trace.to_frame(), meta)
    except Exception as error:
        usage = isinstance(error, ValueError | FileNotFoundError | BackendError)
        usage = usage and not isinstance(error, np.linalg.LinAlgError)
        return Failure(run, str(error) if usage else f"{type(error).__name__}: {error}", usage)
    return None


_held: dict[bytes, Any] = {}  # the problem this process built last; never two, since a kernel may fill much of memory


def _problem(run: Run) -> Any:
    key = _problem_key(run)
    if key not in _held:
        _held.clear()
        _held[key] = zoo.problem(run.problem, **run.options)
    return _held[key]


def _allowed(runs: list[Run]) -> int | None:
    """How many runs may be computed at once where a problem is large, which is then told of on stderr; else None."""
    found = (_memory(run) for run in {_problem_key(run): run for run in runs}.values())
    tightest = max(found, default=(0, 0, 1), key=lambda memory: (memory[1] >= LARGE, memory[0] / memory[2]))
    needs, takes, free = tightest
    if needs < LARGE:
        return None
    allowed = max(1, int(0.9 * free / takes)) if takes else len(runs)  # a tenth for everything else
    how = f"at most {allowed} at once" if takes else "not kept, but computed anew for every step"
    print(f"toybox: the largest problem needs {needs / 1e9:.3g} GB of {free / 1e9:.3g} GB: {how}", file=sys.stderr)
    return allowed


def _memory(run: Run) -> tuple[int, int, int]:
    """Bytes that the problem of a run needs to be kept, those it will keep, and those its backend has free (no answer
    counts as a lot); nothing large is built."""
    entry, plenty = zoo.PROBLEMS[run.problem], 1 << 50
    if "storage" not in zoo.defaults(entry):
        return 0, 0, plenty
    try:
        problem = entry.make(**run.options, build=False)
    except Exception:  # the run itself says what is wrong
        return 0, 0, plenty
    return max(problem.needs, problem.bytes), problem.bytes, problem.xp.free_memory() or plenty


def _bar(total: int) -> Any:
    from .progress import bar

    return bar(total, "runs")


def _problem_key(run: Run) -> bytes:
    return canonical_json([run.problem, run.canonical()["options"]])


def _meta(run: Run, problem: Any, trace: Any, seconds: float) -> dict[str, Any]:
    counts = {status.name: (trace.status == status).sum(axis=0) for status in Status}
    canonical = run.canonical()
    return {
        **{name: getattr(problem, name) for name in FACTS if hasattr(problem, name)},
        "statuses": {name: count.tolist() for name, count in counts.items() if count.any()},
        "seconds": seconds,
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "toybox": __version__},
        "dtype": canonical["options"]["dtype"],
        "backend": canonical["options"]["backend"],
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "code": code_digest(),
        "papers": sorted({*zoo.METHODS[run.method].papers, *zoo.PROBLEMS[run.problem].papers}),
        "run": canonical,
    }
